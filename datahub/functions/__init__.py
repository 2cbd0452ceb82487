"""The builtin functions: one module a category, one declaration a function; and what other distributions declare theirs with.

`from datahub.functions import Outcome, Reject, example, function, outcome` is all that an extension needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from datahub.functions.declare import REGISTRY, Context, Datum, Function, Offsets, Outcome, example, function

__all__ = ["Context", "Datum", "Function", "Offsets", "Outcome", "Reject", "example", "function", "load", "outcome"]


def load() -> dict[str, Function]:
    """Every builtin function by name."""
    from importlib import import_module
    from pkgutil import iter_modules

    if REGISTRY.whole is not None:
        for module in iter_modules(__path__, __name__ + "."):
            import_module(module.name)
        REGISTRY.whole = None
    return REGISTRY


def homes(names: Iterable[str]) -> tuple[str, ...]:
    """The modules that declare builtin functions, of which all modules are loaded."""
    load()
    return tuple(sorted({overload.home.removeprefix(__name__ + ".") for name in names for overload in REGISTRY[name].overloads}))


def load_some(names: Iterable[str], homes: Iterable[str]) -> None:
    """Load some functions alone, whose `homes` are known."""
    from importlib import import_module

    for home in homes:
        import_module(f"{__name__}.{home}")
    if REGISTRY.whole is not None:
        REGISTRY.whole |= set(names)


def __getattr__(name: str) -> Any:
    if name not in ("Reject", "outcome"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from datahub.functions import columns

    return getattr(columns, name)
