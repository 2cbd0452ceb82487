"""The builtin functions: one module a category, one declaration a function."""

from __future__ import annotations

from datahub.functions.declare import REGISTRY, Function


def load() -> dict[str, Function]:
    """Every declared function by name."""
    from importlib import import_module
    from pkgutil import iter_modules

    for module in iter_modules(__path__, __name__ + "."):
        import_module(module.name)
    return REGISTRY
