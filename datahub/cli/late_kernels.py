"""Arrow's functions as Python knows them, each made when it is first called."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import LazyLoader, find_spec, module_from_spec
from typing import Any

from datahub.cli.loaded_otherwise import load_by

_MODULE = "pyarrow.compute"
_SCRAPER = "pyarrow.vendored.docscrape"
"""What reads the texts of options, so that those of functions can be put together."""
_WORDS_OF_PYTHON = {"and": "and_", "or": "or_"}
_NOT_CALLED = ("hash_aggregate",)


def make_kernels_late() -> None:
    """Let this process load `pyarrow.compute` without the four hundred functions that it makes for people at a prompt.

    Their texts and signatures are put together from the docstrings of their options each time, which takes longer than
    Arrow's own code takes to load. What is asked for is made, by Arrow's own means, when it is, and has no text.
    """
    load_by(_MODULE, _Loader)


class _Loader(SourceFileLoader):
    def exec_module(self, module: Any) -> None:
        from pyarrow import _compute

        _load_when_used(_SCRAPER)
        whole = _compute.function_registry
        _compute.function_registry = _None
        # What the module calls by a second name while it is loaded.
        module.utf8_zero_fill = _LATER
        try:
            super().exec_module(module)
        except LookupError:
            # A release of Arrow that uses some of them while it is loaded: all are made, as ever.
            _compute.function_registry = whole
            del module.utf8_zero_fill
            super().exec_module(module)
            return
        finally:
            _compute.function_registry = whole
        module.function_registry = whole
        late = [name for name, value in vars(module).items() if value is _LATER]
        for name in late:
            delattr(module, name)
        module.__getattr__ = _Late(module, dict.fromkeys(late, "utf8_zero_fill"))


_LATER = object()


class _None:
    """The registry while the module is loaded: it seems to hold nothing."""

    def list_functions(self) -> list[str]:
        return []


class _Late:
    """Gives the module what it has not made."""

    def __init__(self, module: Any, others: dict[str, str]) -> None:
        self._module, self._others = module, others

    def __call__(self, name: str) -> Any:
        asked = self._others.get(name, name)
        try:
            kernel = self._module.get_function(asked.removesuffix("_") if asked in _WORDS_OF_PYTHON.values() else asked)
        except KeyError:
            raise AttributeError(f"module {_MODULE!r} has no attribute {name!r}") from None
        if kernel.kind in _NOT_CALLED or (kernel.kind == "scalar_aggregate" and kernel.arity == 0):
            raise AttributeError(f"module {_MODULE!r} has no attribute {name!r}")
        options = self._module._get_options_class(kernel)  # noqa: SLF001 - that is how the module makes them all
        called = _WORDS_OF_PYTHON.get(asked, asked)
        made = self._module._make_generic_wrapper(called, kernel, options, arity=kernel.arity)  # noqa: SLF001
        made.__name__ = made.__qualname__ = called
        setattr(self._module, name, made)
        return made


def _load_when_used(name: str) -> None:
    """Let the module `name` be there at once, and be loaded when something in it is asked for."""
    spec = find_spec(name)
    if spec is not None and spec.loader is not None and name not in sys.modules:
        spec.loader = LazyLoader(spec.loader)
        module = sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(module)
        above, _, last = name.rpartition(".")
        setattr(sys.modules[above], last, module)
