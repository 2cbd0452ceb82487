"""How anything is registered: import every module of a package, and let its decorators run; others come by entry point."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def load_all(package: ModuleType) -> None:
    """Import every module below `package`, so that what they declare is known."""
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)


@lru_cache(maxsize=8)
def offered(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    """What installed distributions offer in a group of entry points, by name; nothing of theirs is run to find out."""
    from importlib.metadata import entry_points

    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=group):
        found[point.name] = (*found.get(point.name, ()), point)
    return found
