"""Under which names a target writes its columns: each where its kind tells them apart by name, and none that its kind cannot write."""

from __future__ import annotations

import re
from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.document import Span
from datahub.semantic.collect import twice
from datahub.semantic.part_places import structs
from datahub.semantic.rules_types import BAD_ARGUMENTS
from datahub.syntax import ast

ELEMENT = re.compile(r"[^\W\d][\w.\-]*")
"""The names that elements and attributes of XML get."""
_BY_PLACE = ("csv", "xlsx")
"""The kinds whose columns are told apart by their place too; some who read them want a heading several times."""


def check_written(declared: ast.Target, kind: str, emit: Emit) -> None:
    """Tell names of columns that come twice where only one can be read again, and those that XML cannot have."""
    named: dict[str, ast.Name] = {}
    for column in declared.columns:
        written = _written(column)
        if written is None:
            continue
        # An element may come several times, an attribute once.
        once = kind not in _BY_PLACE and (kind != "xml" or written.text.startswith("@"))
        if once and written.text in named and named[written.text].span != column.name.span:
            emit(twice(written, named[written.text]))
        named.setdefault(written.text, written)
    if kind == "xml":
        for span, name in _names(declared):
            if not ELEMENT.fullmatch(name.removeprefix("@")):
                emit(_no_element(span, name))


def _written(column: ast.ColumnDecl) -> ast.Name | None:
    """The name under which a column is written, where it is one."""
    if column.at is None:
        return column.name
    return ast.Name(column.at.names[0], column.at.span) if column.at.names else None


def _names(declared: ast.Target) -> Iterator[tuple[Span, str]]:
    for column in declared.columns:
        if (written := _written(column)) is not None:
            yield written.span, written.text
        for struct in structs(column.type):
            yield from ((one.at.span, one.at.names[0]) for one in struct.fields if one.at is not None and one.at.names)
    for option in declared.options:
        if option.name.text in ("root", "row") and isinstance(option.value, ast.String):
            yield option.value.span, option.value.value


def _no_element(span: Span, name: str) -> Diagnostic:
    return Diagnostic(
        BAD_ARGUMENTS,
        f"`{name}` cannot be the name of an element",
        Label(span, "it has letters, digits, `.`, `-` and `_`, and begins with a letter"),
        help="name it so; elements within others, and names with a prefix, are written by a `template` of the job",
    )
