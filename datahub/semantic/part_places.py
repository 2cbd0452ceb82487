"""Where the fields of structs stand in a file, `[{n: text at "name"}]`: refused where no reader or writer could follow it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.semantic.collect import twice
from datahub.semantic.rules_types import BAD_ARGUMENTS
from datahub.syntax import ast

_CELLS = ("csv", "xlsx", "fixed")
_MANY_NAMES = ("csv", "xlsx", "xml")
"""The kinds of sources whose readers look for each of several names of a part."""


def check_parts(column: ast.ColumnDecl, kind: str, source: bool, emit: Emit) -> None:
    """Tell places of parts of a column that say nothing, or too much."""
    spread = column.at is not None and column.at.pattern is not None
    if source and spread and _numbered_once(column):
        _tell(emit, column.at, "a list of structs is gathered by a number and a name", "one group is too few",
              "write two groups: `at /^Attribute (\\d+) (.+)$/`")  # fmt: skip
    for struct in structs(column.type):
        named: dict[str, ast.Name] = {}
        for one in struct.fields:
            written = one.at.names[0] if one.at is not None and one.at.names else one.name.text
            if not source and written in named:
                emit(twice(ast.Name(written, one.span), named[written]))
            named.setdefault(written, one.name)
            _check(one, _cut(column, kind, source, spread), not source or (kind not in _MANY_NAMES and not spread), emit)


def _check(part: ast.TypeField, cut: bool, alone: bool, emit: Emit) -> None:
    at = part.at
    if at is None:
        return
    if not at.names:
        _tell(emit, at, f"`{part.name.text}` is a part, and a part stands under a name", "not a name", 'write `at "name"`')
    elif cut:
        _tell(emit, at, f"`{part.name.text}` is a part of a cell, where nothing has a name", "parts stand in their order",
              "leave it out: the parts of a cell are told apart by their order")  # fmt: skip
    elif len(at.names) > 1 and alone:
        _tell(emit, at, f"`{part.name.text}` is a part under one name here", "only one can be", f'write `at "{at.names[0]}"`')


def _tell(emit: Emit, at: ast.At | None, message: str, label: str, help: str) -> None:
    assert at is not None
    emit(Diagnostic(BAD_ARGUMENTS, message, Label(at.span, label), help=help))


def _cut(column: ast.ColumnDecl, kind: str, source: bool, spread: bool) -> bool:
    """Whether the parts are pieces of the text of one cell."""
    return any(tag.name.text == "split" for tag in column.tags) or (source and kind in _CELLS and not spread)


def _numbered_once(column: ast.ColumnDecl) -> bool:
    held = column.type.item if isinstance(column.type, ast.TypeList) else None
    if not isinstance(held, ast.TypeStruct) or column.at is None or column.at.pattern is None:
        return False
    try:
        return re.compile(column.at.pattern.source).groups < 2
    except re.error:
        return False


def structs(written: ast.TypeExpr | None) -> Iterator[ast.TypeStruct]:
    """The structs in a type, from the outside."""
    match written:
        case ast.TypeList(item=item):
            yield from structs(item)
        case ast.TypeStruct(fields=fields):
            yield written
            for one in fields:
                yield from structs(one.type)
        case ast.TypeName(arguments=(ast.TypeName() | ast.TypeList() | ast.TypeStruct() as value,)):
            yield from structs(value)
        case _:
            pass
