"""Flows: what is written where, where rejects go, and when nothing is written at all."""

from __future__ import annotations

from decimal import Decimal

from datahub.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label
from datahub.diagnostics.suggest import listed
from datahub.semantic import ir
from datahub.semantic.entities import asked, find_entity
from datahub.semantic.expressions import condition
from datahub.semantic.issue_names import ALL_COLUMNS
from datahub.semantic.names import dotted
from datahub.semantic.resolve_types import missing, unknown_name
from datahub.semantic.rules import COUNT_AGAINST_SHARE
from datahub.semantic.rules_types import BAD_ARGUMENTS
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.syntax.literals import EXACT
from datahub.syntax.walk import walk
from datahub.types import model as t

FACTS: dict[str, t.Type] = {
    "count": t.Int(),
    "rejected": t.Int(),
    "rejected_share": t.Decimal(),
    "previous_count": t.Int(nullable=True),
    "unread": t.Int(),
}
"""What `abort when` can ask of a run, each of an entity, `unread` of a source; `previous_count` is null where there was no run before."""


def elaborate_flow(declared: ast.Flow, unit: Unit) -> None:
    """Add a flow to the program."""
    name, unit = unit.full(declared.name.text), unit.at(declared.span)
    writes: list[ir.WriteItem] = []
    routes: list[ir.RouteItem] = []
    aborts: list[ir.AbortItem] = []
    for item in declared.items:
        match item:
            case ast.Write():
                writes.append(_write(item, unit))
            case ast.RejectTo() | ast.ListTo():
                _check_issue_columns(item, unit)
                routes.append(ir.RouteItem(item.codes, _target(item.target, unit), isinstance(item, ast.ListTo)))
            case ast.AbortWhen():
                aborts.extend(_abort(item, name, unit))
    unit.made.flows.append(ir.FlowBody(name, tuple(writes), tuple(routes), tuple(aborts)))


def _write(item: ast.Write, unit: Unit) -> ir.WriteItem:
    found = [(shape, part.place_in_file) for part in item.parts if (shape := find_entity(part.entity, unit)) is not None]
    _check_columns(item, [shape for shape, _ in found], unit)
    entities, places = tuple(shape.name for shape, _ in found), tuple(place for _, place in found)
    return ir.WriteItem(entities, places, item.interleaved, item.patch, _target(item.target, unit))


def _check_columns(item: ast.Write, found: list[ir.EntityShape], unit: Unit) -> None:
    """The columns that a target chooses are fields of what is written to it."""
    target = unit.declared.targets.get(item.target.text)
    fields = tuple(dict.fromkeys(field.name for shape in found for field in shape.fields))
    for column in target.columns if target is not None and len(found) == len(item.parts) else ():
        if column.name.text not in fields:
            written = listed(part.entity.text for part in item.parts)
            also = (Label(item.span, "this is written to it"),)
            unit.emit(missing(f"{written} {'has' if len(found) == 1 else 'have'} no field `{column.name.text}`", "no field has this name",
                              column.name.span, column.name.text, fields, also=also))  # fmt: skip


def _check_issue_columns(item: ast.RejectTo | ast.ListTo, unit: Unit) -> None:
    """The columns that a target of rejects chooses are columns of an issue."""
    target = unit.declared.targets.get(item.target.text)
    for column in target.columns if target is not None else ():
        if column.name.text not in ALL_COLUMNS:
            also = (Label(item.span, "issues are written to it"),)
            unit.emit(missing(f"an issue has no column `{column.name.text}`", "no column of an issue has this name",
                              column.name.span, column.name.text, ALL_COLUMNS, also=also))  # fmt: skip


def _target(name: ast.QName, unit: Unit) -> str:
    full = unit.full_of(name.text)
    known = {target.name for target in unit.made.targets}
    # A target whose kind is unknown was told of where it is declared.
    if full not in known and name.text not in unit.declared.targets and name.parts[0].text not in unit.world.missing:
        unit.emit(unknown_name("target", name, tuple(unit.declared.targets)))
    return full


def _abort(item: ast.AbortWhen, flow: str, unit: Unit) -> list[ir.AbortItem]:
    columns: dict[str, ir.Expression] = {}
    for node in walk(item.condition):
        match node:
            case ast.Call(function=function) if function.text in FACTS:
                columns.update(_fact(node, unit))
            case ast.Binary():
                _check_share(node, unit)
            case _:
                pass
    origin = ir.Origin(map=flow, script=item.span.document.path, line=item.span.line)
    return [ir.AbortItem(condition(item.condition, asked(unit.scope().naming(columns))), origin)]


def _fact(node: ast.Call, unit: Unit) -> dict[str, ir.Expression]:
    """What `rejected(E)` and the like stand for, by how they are written; the column bears the full name of the entity."""
    function = node.function.text
    written, name = _subject(node, unit)
    if name is None:
        return {f"{function}({written})": ir.Constant(None, t.Unknown())}
    return {f"{function}({written})": ir.Column(f"{function}({name})", FACTS[function])}


def _subject(node: ast.Call, unit: Unit) -> tuple[str | None, str | None]:
    """The entity, or the source, that a call is about: as written, and its full name."""
    argument = node.arguments[0].value if len(node.arguments) == 1 else None
    written = dotted(argument) if argument is not None else None
    if argument is None or written is None:
        function = node.function.text
        article, such = ("a", "source") if function == "unread" else ("an", "entity")
        label, helps = Label(node.span, f"no {such}"), f"write `{function}({such if function == 'unread' else 'Entity'})`"
        unit.emit(Diagnostic(BAD_ARGUMENTS, f"`{function}` takes {article} {such} here", label, help=helps))
        return written, None
    name = ast.QName(tuple(ast.Name(part, argument.span) for part in written.split(".")), argument.span)
    if node.function.text == "unread":
        return written, _source(name, unit)
    shape = find_entity(name, unit)
    return written, shape.name if shape is not None else None


def _source(name: ast.QName, unit: Unit) -> str | None:
    """The full name of a source."""
    full, known = unit.full_of(name.text), tuple(one.name for one in unit.made.sources)
    if full in known:
        return full
    if name.parts[0].text not in unit.world.missing:
        unit.emit(unknown_name("source", name, known))
    return None


def _check_share(node: ast.Binary, unit: Unit) -> None:
    """A count is never meant to be above 5 %, which is 0.05."""
    for counted, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(counted, ast.Call) and counted.function.text == "rejected" and isinstance(other, ast.Number) and other.percent:
            at = counted.function.span
            unit.emit(
                Diagnostic(
                    COUNT_AGAINST_SHARE,
                    f"`{counted.span.text}` is a number of rows, and `{other.span.text}` a share",
                    Label(counted.span, "counts rows"),
                    (Label(other.span, f"this is {_plain(other)}"),),
                    help=f"write `rejected_share{counted.span.text[len('rejected') :]}`",
                    fix=Fix("compare the share of rejected rows", (Edit(at, "rejected_share"),)),
                )
            )


def _plain(number: ast.Number) -> str:
    return format(Decimal(number.value).normalize(EXACT), "f")
