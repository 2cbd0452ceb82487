"""What flows say of codes and of entities, held against what the program can give."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.row_codes import ROW_CODES
from datahub.diagnostics.suggest import listed
from datahub.document import Span
from datahub.semantic import ir
from datahub.semantic.expressions import codes
from datahub.semantic.rules import REFERENCE_NOT_WRITTEN, ROUTE_MATCHES_NOTHING
from datahub.semantic.unit import Made, Unit
from datahub.semantic.user_codes import is_own
from datahub.semantic.walk import walk
from datahub.syntax import ast


def check_routes(unit: Unit) -> None:
    """Report routes that take no code, and entities that are written without those they belong to."""
    if not unit.declared.flows:
        return
    possible = frozenset(_possible(unit.made))
    for declared in unit.declared.flows.values():
        _check_codes(declared, possible, unit)
        _check_entities(declared, unit)


def _possible(made: Made) -> Iterator[str]:
    """Every code under which the program can reject or list a row; of the language's own, all that are not ruled out."""
    yield from (code for code in ROW_CODES if code[1] in "0123567")
    for body in (*(one.body for one in made.views), *(one.body for one in made.maps)):
        for clause in body.clauses:
            if isinstance(clause, ir.UniqueClause):
                yield clause.code
            if isinstance(clause, ir.JoinClause):
                yield from ("R403", "R404")
        for expression in _expressions(body):
            yield from codes(expression)
            for node in walk(expression):
                if isinstance(node, ir.Recover) and node.code:
                    yield node.code
    for _, check in made.checks:
        yield check.code
    for entity in made.entities:
        yield from (code for _, code in entity.translate)


def _expressions(body: ir.RowsetBody) -> Iterator[ir.Expression]:
    yield from (one.value for one in (*body.lets, *body.fields))
    for clause in body.clauses:
        match clause:
            case ir.WhereClause(condition=condition):
                yield condition
            case ir.GroupClause(keys=keys):
                yield from (key.value for key in keys)
            case ir.EachClause(over=over):
                yield over
            case ir.UniqueClause(keys=keys):
                yield from keys
            case ir.JoinClause(left=left, right=right):
                yield from (*left, *right)
            case ir.FillClause(by=by):
                yield from by
            case ir.OrderClause(keys=sorting):
                yield from (key.value for key in sorting)


def _check_codes(declared: ast.Flow, possible: frozenset[str], unit: Unit) -> None:
    taken: list[tuple[str, Span]] = []
    for item in declared.items:
        if not isinstance(item, ast.RejectTo | ast.ListTo):
            continue
        for code in item.codes:
            if not any(_covers(code, one) for one in possible):
                unit.emit(_nothing(code, item.span, possible))
            elif isinstance(item, ast.RejectTo):
                earlier = next((span for one, span in taken if _covers(one, code)), None)
                if earlier is not None:
                    unit.emit(_after(code, item.span, earlier))
        if isinstance(item, ast.RejectTo):
            taken += [(code, item.span) for code in item.codes or ("*",)]


def _covers(route: str, code: str) -> bool:
    return code.removesuffix("*").startswith(route[:-1]) if route.endswith("*") else route == code


def _nothing(code: str, at: Span, possible: frozenset[str]) -> Diagnostic:
    own = sorted(one for one in possible if not is_own(one) and one)
    return Diagnostic(
        ROUTE_MATCHES_NOTHING,
        f"no row is rejected or listed under `{code}`",
        Label(at, "takes nothing"),
        notes=(f"the checks give {listed(own)}",) if own else (),
    )


def _after(code: str, at: Span, earlier: Span) -> Diagnostic:
    return Diagnostic(
        ROUTE_MATCHES_NOTHING,
        f"`{code}` is routed before this",
        Label(at, "takes nothing"),
        (Label(earlier, "the first route that fits takes the row"),),
        help="put the narrower route first",
    )


def _check_entities(declared: ast.Flow, unit: Unit) -> None:
    shapes = {shape.name: shape for shape in unit.made.entities}
    writes = [item for item in declared.items if isinstance(item, ast.Write)]
    written: dict[str, Span] = {}
    for item in writes:
        for part in item.parts:
            shape = unit.world.entities.get(part.entity.text)
            if shape is not None:
                written[shape.name] = part.span
    for name, span in written.items():
        shape = shapes.get(name)
        if shape is None:
            continue
        for needed, why in _needed(shape, shapes):
            if needed not in written:
                unit.emit(
                    Diagnostic(
                        REFERENCE_NOT_WRITTEN,
                        f"`{name}` is written without `{needed}`",
                        Label(span, why),
                        notes=("rows whose other half stays behind are rejected, or wait for it at the target",),
                        help=f"write `{needed}` in the same flow",
                    )
                )


def _needed(shape: ir.EntityShape, shapes: dict[str, ir.EntityShape]) -> Iterator[tuple[str, str]]:
    told: set[str] = set()
    for other in shapes.values():
        if any(child == shape.name for child, _ in other.owns):
            told.add(other.name)
            yield other.name, f"`{other.name}` owns it"
    for one in shape.fields:
        if one.references and one.references not in told and one.references != shape.name:
            told.add(one.references)
            yield one.references, f"`{one.name}` refers to it"
