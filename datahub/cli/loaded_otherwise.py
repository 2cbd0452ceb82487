"""A module of another distribution that this process loads in a way of our own, when it loads it."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from typing import Any


def load_by(name: str, loader: type[SourceFileLoader]) -> None:
    """Let `loader` load the module `name`, if it is not there yet and is made of a file of source."""
    if name not in sys.modules:
        sys.meta_path.insert(0, _Finder(name, loader))


class _Finder:
    """Asked first for every module; it goes when its own has been found."""

    def __init__(self, name: str, loader: type[SourceFileLoader]) -> None:
        self._name, self._loader = name, loader

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = self._loader(spec.loader.name, spec.loader.path)
        return spec
