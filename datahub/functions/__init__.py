"""The builtin functions: one module a category, one declaration a function; and what other distributions declare theirs with.

`from datahub.functions import Outcome, Reject, example, function, outcome` is all that an extension needs.
"""

from __future__ import annotations

from typing import Any

from datahub.functions.declare import REGISTRY, Context, Datum, Function, Offsets, Outcome, example, function

__all__ = ["Context", "Datum", "Function", "Offsets", "Outcome", "Reject", "example", "function", "load", "outcome"]


def load() -> dict[str, Function]:
    """Every builtin function by name."""
    from importlib import import_module
    from pkgutil import iter_modules

    for module in iter_modules(__path__, __name__ + "."):
        import_module(module.name)
    return REGISTRY


def __getattr__(name: str) -> Any:
    if name not in ("Reject", "outcome"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from datahub.functions import columns

    return getattr(columns, name)
