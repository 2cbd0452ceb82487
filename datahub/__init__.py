"""What a Python caller may use of DataHub: `check`, `compile` and `run`; nothing is loaded before it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["Aborted", "BadInput", "BrokenExtension", "Result", "ScriptError", "UnusableRun", "__version__", "check", "compile", "run"]

_HOMES = dict.fromkeys(("check", "compile", "run", "Aborted", "Result", "ScriptError"), "datahub.runner.embed")
_HOMES |= {"BadInput": "datahub.formats.declare", "UnusableRun": "datahub.engine.start"}
_HOMES |= {"BrokenExtension": "datahub.functions.extensions"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
