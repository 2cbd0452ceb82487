"""Where the grammar and the standard packs lie, in a wheel or in a checkout; and tables that lie beside the modules."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder `name`: the copy inside the installed package, else the one of the checkout."""
    packaged = _PACKAGE / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name


def table(name: str) -> list[str]:
    """The lines of a table inside the package."""
    return (_PACKAGE / name).read_text(encoding="ascii").splitlines()
