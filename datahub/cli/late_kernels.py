"""Arrow's functions as Python knows them, each made when it is first called."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import find_spec
from typing import Any

_MODULE = "pyarrow.compute"
_TAKEN_AT_ONCE = ("utf8_zero_fill",)
"""What the module itself uses while it is loaded."""
_WORDS_OF_PYTHON = {"and": "and_", "or": "or_"}
_NOT_CALLED = ("hash_aggregate",)


def make_kernels_late() -> None:
    """Let this process load `pyarrow.compute` without the four hundred functions that it makes for people at a prompt.

    Their texts and signatures are put together from the docstrings of their options each time, which takes longer than
    Arrow's own code takes to load. What is asked for is made, by Arrow's own means, when it is.
    """
    if _MODULE not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(fullname)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    def exec_module(self, module: Any) -> None:
        from pyarrow import _compute

        whole = _compute.function_registry
        _compute.function_registry = _Few
        try:
            super().exec_module(module)
        except LookupError:
            # A release of Arrow that uses more of them while it is loaded: all are made, as ever.
            _compute.function_registry = whole
            super().exec_module(module)
        finally:
            _compute.function_registry = whole
        module.function_registry = whole
        module.__getattr__ = _Late(module)


class _Few:
    """The registry while the module is loaded: it seems to hold hardly anything."""

    def list_functions(self) -> list[str]:
        return list(_TAKEN_AT_ONCE)

    def get_function(self, name: str) -> Any:
        from pyarrow._compute import get_function

        return get_function(name)


class _Late:
    """Gives the module what it has not made."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __call__(self, name: str) -> Any:
        try:
            kernel = self._module.get_function(name.removesuffix("_") if name in _WORDS_OF_PYTHON.values() else name)
        except KeyError:
            raise AttributeError(f"module {_MODULE!r} has no attribute {name!r}") from None
        if kernel.kind in _NOT_CALLED or (kernel.kind == "scalar_aggregate" and kernel.arity == 0):
            raise AttributeError(f"module {_MODULE!r} has no attribute {name!r}")
        made = self._module._wrap_function(_WORDS_OF_PYTHON.get(name, name), kernel)  # noqa: SLF001 - that is how the module makes them all
        setattr(self._module, name, made)
        return made
