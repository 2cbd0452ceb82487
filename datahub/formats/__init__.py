"""Bytes to columns and back: one module a format."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datahub.formats.declare import Format


def load() -> dict[str, Format]:
    """Every declared format by name."""
    from importlib import import_module
    from pkgutil import iter_modules

    from datahub.formats.declare import FORMATS

    for module in iter_modules(__path__, __name__ + "."):
        import_module(module.name)
    return FORMATS
