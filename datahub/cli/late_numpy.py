"""NumPy without what it holds for people at a prompt and for type checkers, until that is asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any

from datahub.cli.loaded_otherwise import load_by

_TYPING = "numpy._typing"
_MASKED = "numpy.ma"
_TEXTS = ("numpy._core._add_newdocs", "numpy._core._add_newdocs_scalars")
"""What gives docstrings to all that NumPy has in C, and is a module of its own so that it can be left out."""


def make_numpy_light() -> None:
    """Let this process load NumPy, when it does, without docstrings, types for checkers and arrays with masks."""
    load_by("numpy", _Loader)


class _Loader(SourceFileLoader):
    def exec_module(self, module: Any) -> None:
        stand_ins = {name: ModuleType(name) for name in _TEXTS} | {_TYPING: _Typing(_TYPING)}
        sys.modules.update(stand_ins)
        try:
            super().exec_module(module)
        finally:
            for name, one in stand_ins.items():
                if sys.modules.get(name) is one:
                    del sys.modules[name]
        if _MASKED not in sys.modules:
            module.ma = sys.modules[_MASKED] = _Masked(_MASKED)
            # What lies below is found without loading the rest.
            module.ma.__path__ = [f"{place}/ma" for place in module.__path__]


class _Masked(ModuleType):
    """Stands in for arrays with masks: Arrow asks of each array that it is given whether it is one, and NumPy of one whose distinct
    values are wanted. For all else they are loaded.
    """

    def __getattr__(self, name: str) -> Any:
        if name == "MaskedArray" and sys.modules.get(_MASKED) is self:
            return _MASKED_ARRAY
        if name == "is_masked" and sys.modules.get(_MASKED) is self:
            return _is_masked
        return getattr(_loaded(self), name)


def _is_masked(one: object) -> bool:
    """No array has a mask before they are loaded."""
    core = sys.modules.get(f"{_MASKED}.core")
    return core is not None and bool(core.is_masked(one))


class _MaskedArray:
    """No array is one before they are loaded; whoever makes one or derives from them loads them."""

    def __instancecheck__(self, one: object) -> bool:
        core = sys.modules.get(f"{_MASKED}.core")
        return core is not None and isinstance(one, core.MaskedArray)

    def __call__(self, *given: Any, **named: Any) -> Any:
        return self._real()(*given, **named)

    def __mro_entries__(self, _bases: Any) -> tuple[Any, ...]:
        return (self._real(),)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real(), name)

    def _real(self) -> Any:
        return _loaded(sys.modules[_MASKED]).MaskedArray


_MASKED_ARRAY = _MaskedArray()


def _loaded(masked: ModuleType) -> Any:
    """The real arrays with masks."""
    if sys.modules.get(_MASKED) is masked and isinstance(masked, _Masked):
        del sys.modules[_MASKED]
    return import_module(_MASKED)


class _Typing(ModuleType):
    """Stands in for the types while NumPy is loaded, which annotates with one of them; for any other the real ones are loaded."""

    NDArray = list

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        sys.modules.pop(_TYPING, None)
        return getattr(import_module(_TYPING), name)
