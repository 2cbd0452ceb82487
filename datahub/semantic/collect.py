"""What one module declares, by kind and by name; of two declarations with one name the first counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.records import record
from datahub.semantic.rules import DUPLICATE, RESERVED_NAME
from datahub.syntax import ast

BUILTIN_TYPES = ("bool", "int", "decimal", "float", "text", "date", "time", "datetime", "local_datetime", "duration", "enum", "map", "json")
RESERVED = ("_dhm_", "_row", "_issues")
"""How names begin that the engine gives to its own columns and files."""

Callable_ = ast.Lookup | ast.Decide | ast.Fn
Rowset = ast.Source | ast.View | ast.Entity
One = TypeVar("One", bound=ast.Declaration)


@record(frozen=True, slots=True)
class Declarations:
    """The declarations of one module. Lookups, decisions and functions share their names, as sources, views and entities do."""

    params: dict[str, ast.Param]
    types: dict[str, ast.TypeDecl]
    callables: dict[str, Callable_]
    rowsets: dict[str, Rowset]
    targets: dict[str, ast.Target]
    rules: dict[str, ast.Rules]
    flows: dict[str, ast.Flow]
    maps: tuple[ast.Map, ...]
    checks: tuple[ast.Checks, ...]
    overrides: tuple[ast.Override, ...]
    tests: tuple[ast.Test, ...]

    def of(self, kind: type[One]) -> Iterable[One]:
        """The declarations of one kind, in the order of the file."""
        everything = (*self.params.values(), *self.types.values(), *self.callables.values(), *self.rowsets.values(), *self.targets.values())
        return (one for one in everything if isinstance(one, kind))


def collect(declarations: Iterable[ast.Declaration], emit: Emit) -> Declarations:
    """Sort `declarations`, and report names that stand twice or are reserved."""
    every = tuple(declarations)
    _unique_maps([one for one in every if isinstance(one, ast.Map)], emit)
    return Declarations(
        params=_named([one for one in every if isinstance(one, ast.Param)], emit),
        types=_named(_own_types([one for one in every if isinstance(one, ast.TypeDecl)], emit), emit),
        callables=_named([one for one in every if isinstance(one, ast.Lookup | ast.Decide | ast.Fn)], emit),
        rowsets=_named([one for one in every if isinstance(one, ast.Source | ast.View | ast.Entity)], emit),
        targets=_named([one for one in every if isinstance(one, ast.Target)], emit),
        rules=_named([one for one in every if isinstance(one, ast.Rules)], emit),
        flows=_named([one for one in every if isinstance(one, ast.Flow)], emit),
        maps=tuple(one for one in every if isinstance(one, ast.Map)),
        checks=tuple(one for one in every if isinstance(one, ast.Checks)),
        overrides=tuple(one for one in every if isinstance(one, ast.Override)),
        tests=tuple(one for one in every if isinstance(one, ast.Test)),
    )


Named = TypeVar(
    "Named",
    bound=ast.Param
    | ast.TypeDecl
    | ast.Lookup
    | ast.Decide
    | ast.Fn
    | ast.Source
    | ast.View
    | ast.Entity
    | ast.Target
    | ast.Rules
    | ast.Flow,
)


def _named(declarations: list[Named], emit: Emit) -> dict[str, Named]:
    found: dict[str, Named] = {}
    for declaration in declarations:
        name = declaration.name
        check_reserved(name, emit)
        first = found.setdefault(name.text, declaration)
        if first is not declaration:
            emit(twice(name, first.name))
    return found


def check_reserved(name: ast.Name, emit: Emit) -> None:
    """Report a name that only the engine may give."""
    if name.text.startswith(RESERVED):
        emit(
            Diagnostic(
                RESERVED_NAME,
                f"the name `{name.text}` is reserved",
                Label(name.span, "only the engine gives such names"),
                notes=("names that begin with `_dhm_`, `_row` or `_issues` are columns and files of a run",),
            )
        )


def twice(name: ast.Name, first: ast.Name, what: str = "declared") -> Diagnostic:
    """Two things with one name, shown side by side."""
    return Diagnostic(
        DUPLICATE,
        f"`{name.text}` is {what} twice",
        Label(name.span, "the second"),
        (Label(first.span, "the first"),),
        help="rename one of them",
    )


def _own_types(types: list[ast.TypeDecl], emit: Emit) -> list[ast.TypeDecl]:
    kept = []
    for declared in types:
        if declared.name.text in BUILTIN_TYPES:
            emit(Diagnostic(DUPLICATE, f"`{declared.name.text}` is a type of the language", Label(declared.name.span, "declared again")))
        else:
            kept.append(declared)
    return kept


def _unique_maps(maps: list[ast.Map], emit: Emit) -> None:
    found: dict[str, ast.Name] = {}
    for one in maps:
        if one.name is not None:
            first = found.setdefault(one.name.text, one.name)
            if first is not one.name:
                emit(twice(one.name, first))
