"""Time zones by their names: the tables of the package `tzdata`, whatever tables the machine has."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def zone_named(name: str) -> ZoneInfo:
    """The time zone of this name in the tz database; `KeyError` where there is none.

    `ZoneInfo(name)` looks at the tables of the machine first. Those are of another year on each, and `localtime` is a name there.
    """
    if not is_zone(name):
        raise KeyError(f"no time zone is called `{name}`")
    return _read(name)


def is_zone(name: str) -> bool:
    """Whether the tz database has a zone of this name."""
    return name in _names()


@cache
def _names() -> frozenset[str]:
    return frozenset(_table("zones").read_text(encoding="utf-8").split())


@cache
def _read(name: str) -> ZoneInfo:
    with _table("zoneinfo", *name.split("/")).open("rb") as table:
        return ZoneInfo.from_file(table, key=name)


def _table(*path: str) -> Traversable:
    # Loaded by whoever asks for a zone alone: most scripts name none.
    from importlib.resources import files

    return files("tzdata").joinpath(*path)
