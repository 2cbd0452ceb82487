"""Targets: options checked against their kind, and which columns are written under which names."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.suggest import listed
from datahub.semantic import ir
from datahub.semantic.collect import twice
from datahub.semantic.constants import name_pattern, tell_dates
from datahub.semantic.kinds import TARGETS
from datahub.semantic.options import find_kind, read_options
from datahub.semantic.part_places import check_parts
from datahub.semantic.rules_types import BAD_ARGUMENTS
from datahub.semantic.tags import SPLIT, TARGET_TAGS, check_tags
from datahub.semantic.unit import Unit
from datahub.semantic.written_names import check_written
from datahub.syntax import ast

SPREADING = ("csv", "xlsx", "json", "jsonl")
"""The kinds of targets that write a map, list or struct over as many columns as it has parts."""


def elaborate_target(declared: ast.Target, unit: Unit) -> None:
    """Add the shape of a target to the program."""
    kind = find_kind(declared.kind, TARGETS, unit.emit)
    options = read_options(declared.options, kind, unit.emit) if kind is not None else {}
    tell_dates(declared.options, unit.scope())
    columns: dict[str, tuple[ast.Name, str]] = {}
    for column in declared.columns:
        check_tags(column.tags, TARGET_TAGS, unit.emit)
        if kind is not None and kind.name not in SPREADING and column.at is not None and column.at.pattern is not None:
            unit.emit(_not_spread(column.at, kind.name))
        if column.at is not None and column.at.pattern is not None:
            name_pattern(column.at.pattern, unit.scope())
        if kind is not None:
            check_parts(column, kind.name, False, unit.emit)
        if column.name.text in columns:
            unit.emit(twice(column.name, columns[column.name.text][0]))
        else:
            columns[column.name.text] = (column.name, _header(column))
    if kind is not None:
        check_written(declared, kind.name, unit.emit)
        pairs = tuple((name, header) for name, (_, header) in columns.items())
        splits = tuple((column.name.text, marks) for column in declared.columns if (marks := _marks(column)) != ir.Marks())
        words = tuple((column.name.text, found) for column in declared.columns if (found := words_of(column.type)) != ir.Words())
        names = tuple((column.name.text, parts) for column in declared.columns if (parts := _names_in(column.type)) != ir.PartNames())
        name = unit.full(declared.name.text)
        unit.made.targets.append(ir.TargetShape(name, kind.name, tuple(options.items()), pairs, splits, words, names))


def _not_spread(at: ast.At, kind: str) -> Diagnostic:
    return Diagnostic(
        BAD_ARGUMENTS,
        f"a target of kind `{kind}` has the columns that are declared, and no others",
        Label(at.span, "would be as many columns as there are keys"),
        help=f"leave the pattern out, so that the map is one value; {listed(SPREADING)} can spread it",
    )


def _marks(said: ast.ColumnDecl | ast.TypeField) -> ir.Marks:
    """The marks of `@split` between the parts of a value, and wherever in its type there are others."""
    tags = (tag for tag in said.tags if tag.name.text == SPLIT.name)
    own = tuple(one.value for tag in tags for one in tag.arguments if isinstance(one, ast.String))
    return ir.Marks(own, _marks_in(said.type).parts)


def _marks_in(written: ast.TypeExpr | None) -> ir.Marks:
    parts = ((name, _marks(field) if field is not None else _marks_in(inner)) for name, inner, field in _inside(written))
    return ir.Marks(parts=tuple((name, marks) for name, marks in parts if marks != ir.Marks()))


def words_of(written: ast.TypeExpr | None) -> ir.Words:
    """The words for true and false that a type names, wherever in it."""
    match written:
        case ast.TypeName(arguments=(str(true), str(false))) if written.name.text == "bool":
            return ir.Words((true, false))
        case _:
            parts = ((name, words_of(inner)) for name, inner, _ in _inside(written))
            return ir.Words(parts=tuple((name, words) for name, words in parts if words != ir.Words()))


def _names_in(written: ast.TypeExpr | None) -> ir.PartNames:
    """The names that the fields of structs get by `at "…"`, wherever in a type they are."""
    parts = ((name, ir.PartNames(_written_as(field), _names_in(inner).parts)) for name, inner, field in _inside(written))
    return ir.PartNames(parts=tuple((name, names) for name, names in parts if names != ir.PartNames()))


def _inside(written: ast.TypeExpr | None) -> tuple[tuple[str, ast.TypeExpr, ast.TypeField | None], ...]:
    """The types directly inside of one: of the fields of a struct by their names, of what a list or a map holds under none."""
    match written:
        case ast.TypeList(item=item):
            return (("", item, None),)
        case ast.TypeStruct(fields=fields):
            return tuple((one.name.text, one.type, one) for one in fields)
        case ast.TypeName(arguments=(ast.TypeName() | ast.TypeList() | ast.TypeStruct() as value,)) if written.name.text == "map":
            return (("", value, None),)
        case _:
            return ()


def _written_as(field: ast.TypeField | None) -> str:
    return field.at.names[0] if field is not None and field.at is not None and field.at.names else ""


def _header(column: ast.ColumnDecl) -> str:
    """The name under which a column is written; a pattern between slashes spreads it over several."""
    if column.at is not None and column.at.names:
        return column.at.names[0]
    return f"/{column.at.pattern.source}/" if column.at is not None and column.at.pattern is not None else column.name.text
