"""Functions of other distributions: found by entry point, loaded when a script names them, and held to what they declare."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING

from datahub.diagnostics.row_codes import ROW_CODES
from datahub.functions.declare import OUTSIDE, Function, Kernel, Overload
from datahub.registry import offered
from datahub.types.shapes import shape

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "datahub.functions"
"""The entry points of distributions that bring functions: the function's name, and `package.module:kernel`."""

_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)+")
_ONE_BY_ONE = frozenset(("to_pylist",))


class BrokenExtension(Exception):
    """A function of another distribution that cannot be used, or broke what it declares: which one, whose, why, what to do."""

    def __init__(self, function: str, origin: str, reason: str, help: str = "") -> None:
        whose = f" of {origin}" if origin else ""
        super().__init__(f"the function `{function}`{whose} {reason}")
        self.function, self.origin, self.message = function, origin, str(self)
        self.help = help or (f"it is a mistake of {origin}: tell its makers, or install another version" if origin else "")


def names() -> tuple[str, ...]:
    """The names of all extensions, none of which is loaded to find out."""
    return tuple(offered(GROUP))


def is_extension(name: str) -> bool:
    """Whether an installed distribution offers a function of this name; a builtin's name has no point, so none is hidden."""
    return "." in name and name in offered(GROUP)


@lru_cache(maxsize=1024)
def extension(name: str) -> Function:
    """The function that a distribution offers as `name`, checked and guarded; `BrokenExtension` where it cannot be used."""
    points = offered(GROUP).get(name)
    if points is None:
        if "." in name:
            raise BrokenExtension(name, "", "is offered by no installed distribution", "install the one that the script was written with")
        raise KeyError(name)
    origins = [_origin(point) for point in points]
    if len(points) > 1:
        raise BrokenExtension(name, " and ".join(origins), "is offered more than once", "uninstall one of them")
    function = _declared(points[0], name, origins[0])
    for reason in _faults(function):
        raise BrokenExtension(name, origins[0], reason)
    from datahub.functions.guard import guarded

    overloads = tuple(replace(one, kernel=guarded(function, one)) for one in function.overloads)
    return replace(function, overloads=overloads)


def every() -> tuple[dict[str, Function], tuple[BrokenExtension, ...]]:
    """All extensions that can be used, by name, and why the others cannot."""
    found: dict[str, Function] = {}
    broken: list[BrokenExtension] = []
    for name in sorted(names()):
        try:
            found[name] = extension(name)
        except BrokenExtension as problem:
            broken.append(problem)
    return found, tuple(broken)


def distributions() -> Mapping[str, str]:
    """The versions of the distributions that bring functions, by name."""
    return {point.dist.name: point.dist.version for points in offered(GROUP).values() for point in points if point.dist is not None}


def _origin(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value


def _declared(point: EntryPoint, name: str, origin: str) -> Function:
    """What the entry point's module declares under the name."""
    try:
        kernel = point.load()
    except (Exception, SystemExit) as problem:
        raise BrokenExtension(name, origin, f"cannot be loaded: {type(problem).__name__}: {problem}") from problem
    function = OUTSIDE.get(getattr(kernel, "__module__", ""), {}).get(name)
    if function is None:
        reason = f"is not declared by `{point.value}`"
        raise BrokenExtension(name, origin, reason, f'its kernel needs the decorator `@function("{name}(…) -> …")`')
    return replace(function, category="extensions", origin=origin)


# ---------------------------------------------------------------- what a declaration must say


def _faults(function: Function) -> Iterator[str]:
    """What is wrong with a declaration, as the end of a sentence."""
    if not _NAME.fullmatch(function.name):
        yield "has no name such as `acme.stock_code`: small letters, and a point that keeps it apart from builtin functions"
    if function.kind not in ("function", "aggregate"):
        yield f"is declared as {function.kind}, and only functions and aggregates can be added"
    for overload in function.overloads:
        yield from _overload_faults(function, overload)


def _overload_faults(function: Function, overload: Overload) -> Iterator[str]:
    for text in (*(one.type for one in overload.parameters), *((overload.returns,) if overload.rule is None else ())):
        if not _is_type(text):
            yield f"says `{overload.signature}`, and `{text}` is no type"
            return
    unknown = [code for code in overload.rejects if code not in ROW_CODES]
    if unknown:
        yield f"rejects with `{unknown[0]}`, which is no code of rows; R603 says that there is no answer"
    if overload.kind == "function" and all(one.constant for one in overload.parameters):
        yield f"takes no column: `{overload.signature}`"
    if function.row_wise and (overload.kind == "aggregate" or overload.rule is not None or _is_open(overload.returns)):
        yield f"goes value by value, and `{overload.signature}` does not say one type that it gives"
    yield from _kernel_faults(function, overload)


def _is_type(text: str) -> bool:
    try:
        shape(text)
    except (AssertionError, KeyError, IndexError, ValueError):
        return False
    return bool(text)


def _is_open(returns: str) -> bool:
    """Whether a type holds a variable or family, so that it depends on the arguments."""
    return bool(re.search(r"\b([A-Z]|any|number|struct|enum)\b(?!\()", returns))


def _kernel_faults(function: Function, overload: Overload) -> Iterator[str]:
    places = len(overload.parameters) + (overload.kind == "aggregate")
    least = sum(not one.optional for one in overload.parameters) + (overload.kind == "aggregate")
    more = {"context": None} if overload.context else {}
    signature = inspect.signature(overload.kernel)
    for count in {places, least} if not any(one.variadic for one in overload.parameters) else ():
        try:
            signature.bind_partial(*[None] * count, **more)
        except TypeError as problem:
            yield f"is declared as `{overload.signature}`, and its kernel has other parameters ({problem})"
            return
    if not function.row_wise and not function.distinct and (word := _looks_at_values(overload.kernel)):
        yield f"goes over its values one by one (`{word}`) and does not say so; declare it with `row_wise=True`, or `distinct=True`"


def _looks_at_values(kernel: Kernel) -> str:
    """The method by which a kernel makes Python values of a column, "" where it does not; what it calls is not looked into."""
    code = getattr(inspect.unwrap(kernel), "__code__", None)
    return next((name for name in _names_in(code) if name in _ONE_BY_ONE), "") if code is not None else ""


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names_in(inner)
