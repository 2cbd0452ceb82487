"""Views and maps: lets and fields over the rows that their clauses make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.document import Span
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.clauses import apply
from datahub.semantic.collect import check_reserved
from datahub.semantic.complete import absent, complete
from datahub.semantic.entities import find_entity, unknown_field
from datahub.semantic.evidence import evidence_of
from datahub.semantic.expressions import elaborate
from datahub.semantic.fitting import fit
from datahub.semantic.included import included
from datahub.semantic.rowsets import Rows, read_from
from datahub.semantic.rules import MAPPED_TWICE, ONLY_IN_OVERRIDE
from datahub.semantic.scope import RowName, RowsetName
from datahub.semantic.unit import Unit
from datahub.semantic.walk import columns_read
from datahub.syntax import ast


@record(slots=True)
class _Body:
    """The inside of a view or map as it is read from top to bottom."""

    rows: Rows
    shape: ir.EntityShape | None
    lets: list[ir.Assignment] = field(default_factory=list)
    fields: dict[str, ir.Assignment] = field(default_factory=dict)
    written: dict[str, Span] = field(default_factory=dict)
    """Where each field is written; several maps of one entity have one each."""


def elaborate_view(declared: ast.View, unit: Unit) -> None:
    """Add a view to the program, and its rows to what can be read."""
    name = unit.full(declared.name.text)
    origin = ir.Origin(map=name, script=declared.span.document.path, line=declared.name.span.line, translate=unit.codes)
    body = _body(declared, unit.at(declared.span), origin, None)
    rowset = _rowset(name, body, declared.clauses, tuple(body.fields.values()))
    unit.made.views.append(ir.ViewBody(rowset, tuple((one.name, one.value.type) for one in rowset.fields)))
    unit.made.codes[name] = {one.name: body.rows.carried(one.value) for one in rowset.fields}
    unit.world.rowsets[declared.name.text] = RowsetName(
        name,
        tuple((one.name, one.value.type) for one in rowset.fields),
        tuple((one.name, one.origin.evidence) for one in rowset.fields if one.origin.evidence),
        declared.name.span,
        frozenset(one.name for one in rowset.fields if _is_passed_on(one.value, body.rows)),
    )


def _is_passed_on(value: ir.Expression, rows: Rows) -> bool:
    """Whether a field is a column of the rows read, as it stands there, of which it is known whether the source had it."""
    row, _, column = value.name.partition(".") if isinstance(value, ir.Column) else ("", "", "")
    return row == rows.alias and row in rows.scope.rows and column in rows.scope.rows[row].marked


def elaborate_map(declared: ast.Map, unit: Unit) -> None:
    """Add a map to the program, every field of its entity filled."""
    shape = find_entity(declared.entity, unit)
    name = _called(declared, shape, unit)
    entity = shape.name if shape is not None else ""
    translate = shape.translate if shape is not None else ()
    origin = ir.Origin(entity, map=name, script=declared.span.document.path, line=declared.entity.span.line, translate=translate)
    body = _body(declared, unit, origin, shape)
    if shape is None:
        return
    fields = complete(shape, tuple(body.fields.values()), declared, body.rows)
    unit.made.maps.append(ir.MapBody(shape.name, _rowset(name, body, declared.clauses, fields)))


def _called(declared: ast.Map, shape: ir.EntityShape | None, unit: Unit) -> str:
    """The name of a map: as said, else that of its entity, with a number from the second on."""
    if declared.name is not None:
        return unit.full(declared.name.text)
    name = shape.name if shape is not None else declared.entity.text
    taken = {body.body.name for body in unit.made.maps}
    number = 2
    while name in taken:
        name = f"{shape.name if shape is not None else declared.entity.text} {number}"
        number += 1
    return name


def _rowset(name: str, body: _Body, clauses: tuple[ast.Clause, ...], fields: tuple[ir.Assignment, ...]) -> ir.RowsetBody:
    return ir.RowsetBody(name, body.rows.alias, body.rows.inputs, tuple(body.rows.clauses), tuple(body.lets), fields)


def _body(declared: ast.View | ast.Map, unit: Unit, origin: ir.Origin, shape: ir.EntityShape | None) -> _Body:
    rows = read_from(declared.source, unit.at(declared.source.span), origin)
    rows.unit, rows.scope = unit, replace(rows.scope, world=unit.world, emit=unit.emit)
    for clause in declared.clauses:
        _apply(clause, rows, unit)
    rows.scope = replace(rows.scope, patch=shape is not None and shape.patch)
    body = _Body(rows, shape)
    _check_once(declared.items, body)
    # What an override drops is no more included than what a line of its own fills.
    explicit = frozenset(item.name.text for item in declared.items if isinstance(item, ast.FieldItem)) | _dropped(declared, body)
    unmapped = isinstance(declared, ast.Map) and shape is None
    _show_out(body)
    for item in declared.items:
        match item:
            case ast.Let():
                _let(item, body)
            case ast.FieldItem():
                _field(item, body, unmapped)
            case ast.Include():
                _include(item, explicit, body)
            case ast.Drop(names=names) if _is_written(item, declared):
                message = f"`drop {names[0].text}` stands outside an override"
                helps = "leave the field out, or `include … except (…)`"
                unit.emit(Diagnostic(ONLY_IN_OVERRIDE, message, Label(item.span, "nothing is inherited here"), help=helps))
            case ast.Drop():
                pass
        _show_out(body)
    return body


def _apply(clause: ast.Clause, rows: Rows, unit: Unit) -> None:
    """Add a clause, with the names that can be used where it is written: one of an override stands in another script."""
    home = unit.at(clause.span)
    rows.unit, rows.scope = home, replace(rows.scope, world=home.world, emit=home.emit)
    apply(clause, rows)
    rows.unit, rows.scope = unit, replace(rows.scope, world=unit.world, emit=unit.emit)


def _is_written(item: ast.MapItem, declared: ast.View | ast.Map) -> bool:
    """Whether a line was written in the map itself, not in an override of it."""
    return item.span.document is declared.span.document


def _dropped(declared: ast.View | ast.Map, body: _Body) -> frozenset[str]:
    """The fields that overrides drop; one that the entity does not have is reported."""
    drops = [item for item in declared.items if isinstance(item, ast.Drop) and not _is_written(item, declared)]
    names = [name for item in drops for name in item.names]
    known = tuple(one.name for one in body.shape.fields) if body.shape is not None else ()
    for name in names:
        if body.shape is not None and name.text not in known:
            body.rows.unit.emit(unknown_field(body.shape.name, name, known))
    return frozenset(name.text for name in names)


def _check_once(items: Iterable[ast.MapItem], body: _Body) -> None:
    first: dict[str, ast.Name] = {}
    for item in items:
        if isinstance(item, ast.FieldItem):
            name = item.name
            before = first.setdefault(name.text, name)
            if before is not name:
                body.rows.unit.emit(
                    Diagnostic(
                        MAPPED_TWICE,
                        f"`{name.text}` is filled twice",
                        Label(name.span, "the second"),
                        (Label(before.span, "the first"),),
                        help="keep one of them",
                    )
                )


def _show_out(body: _Body) -> None:
    """Let the fields so far be read as `out.field`."""
    if "out" in body.rows.names:
        return
    columns = {name: ir.Column(name, one.value.type) for name, one in body.fields.items()}
    body.rows.scope = body.rows.scope.with_row(RowName("out", columns))


def _let(item: ast.Let, body: _Body) -> None:
    rows = body.rows
    value = elaborate(item.value, rows.unit.placed(rows.scope, item.span))
    if not rows.take_name(item.name):
        return
    if columns_read(value) & body.fields.keys():
        # Lets are made before the fields; one that reads a field is part of what reads it.
        rows.scope = rows.scope.naming({item.name.text: value})
        return
    name = f"let.{item.name.text}"
    evidence = evidence_of(value, rows.known)
    rows.known[name], rows.codes[name] = evidence, rows.carried(value)
    body.lets.append(ir.Assignment(name, value, rows.at(item.span, evidence)))
    rows.scope = rows.scope.naming({item.name.text: ir.Column(name, value.type)})


def _field(item: ast.FieldItem, body: _Body, unmapped: bool) -> None:
    rows, name = body.rows, item.name.text
    target = next((one for one in body.shape.fields if one.name == name), None) if body.shape is not None else None
    scope = rows.unit.placed(rows.scope, item.span)
    if body.shape is not None and target is not None and _may_be_made_a_patch(body.shape, rows.unit.at(item.span)):
        scope = replace(scope, absent=absent(target))
    value = elaborate(item.value, scope, target.type if target is not None else None)
    if name in body.written:
        return
    if target is not None:
        value = fit(value, target.type, scope, item.value.span, target.rounding, name)
    elif body.shape is not None:
        known = tuple(one.name for one in body.shape.fields)
        rows.unit.emit(unknown_field(body.shape.name, item.name, known))
        rows.unclear = True
        return
    elif unmapped:
        return
    else:
        check_reserved(item.name, rows.unit.emit)
    body.written[name] = item.span
    _put(name, value, item.span, body)


def _may_be_made_a_patch(shape: ir.EntityShape, home: Unit) -> bool:
    """Whether a pack fills an entity of another one: it does not know whether whoever uses both makes that a patch."""
    return not shape.patch and home.packed and home.full(shape.name.rpartition(".")[2]) != shape.name


def _put(name: str, value: ir.Expression, span: Span, body: _Body) -> None:
    rows = body.rows
    evidence = evidence_of(value, rows.known)
    rows.known[name], rows.codes[name] = evidence, rows.carried(value)
    body.fields[name] = ir.Assignment(name, value, replace(rows.at(span, evidence), field=name))


def _include(item: ast.Include, explicit: frozenset[str], body: _Body) -> None:
    rows = body.rows
    for name, value in included(item, rows).items():
        target = next((one for one in body.shape.fields if one.name == name), None) if body.shape is not None else None
        if name in explicit or (body.shape is not None and target is None):
            continue
        if name in body.fields:
            rows.unit.emit(
                Diagnostic(
                    MAPPED_TWICE,
                    f"`{name}` is included twice",
                    Label(item.span, f"`{item.of.text}` has it"),
                    (Label(body.written[name], "and this has it too"),),
                    help=f"write `include {item.of.text} except ({name})`, or say what it is: `{name}: …`",
                )
            )
            continue
        if target is not None:
            value = fit(value, target.type, rows.scope, item.of.span, target.rounding, name)
        body.written[name] = item.span
        _put(name, value, item.span, body)
