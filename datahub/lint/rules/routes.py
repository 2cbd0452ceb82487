"""What flows say of codes and of entities, held against what the program can give."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.row_codes import ROW_CODES
from datahub.diagnostics.rule import Rule, Severity
from datahub.diagnostics.suggest import listed
from datahub.document import Span
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.semantic import ir
from datahub.semantic.clause_parts import expressions_of
from datahub.semantic.expressions import codes
from datahub.semantic.unit import Unit
from datahub.semantic.user_codes import is_own
from datahub.semantic.walk import walk
from datahub.syntax import ast

REFERENCE_NOT_WRITTEN = Rule(
    "DHM511",
    "reference-not-written",
    Severity.WARNING,
    "a flow writes an entity without the one it belongs to",
    "A line without its order, a variant without its product: the target has nothing to hang it on, unless it was delivered before.",
)

ROUTE_MATCHES_NOTHING = Rule(
    "DHM512",
    "route-matches-nothing",
    Severity.WARNING,
    "a route of rejects takes nothing",
    "No check has the code, nothing in the program can fail with it, or an earlier route takes it: the first route that fits wins.",
)

NOTHING_TO_WRITE = Rule(
    "DHM518",
    "nothing-to-write",
    Severity.WARNING,
    "a flow writes an entity that no map fills",
    "An entity has rows where a `map` makes them. Without one the flow writes an empty file.",
)


WRITTEN_TWICE = Rule(
    "DHM520",
    "written-twice",
    Severity.WARNING,
    "a flow writes an entity twice to one target",
    "The target has its rows once, however often they are written to it. Another target was meant, or another entity.",
)


@lint(REFERENCE_NOT_WRITTEN, ROUTE_MATCHES_NOTHING, NOTHING_TO_WRITE, WRITTEN_TWICE)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which routes take no code, and which entities are written twice, without rows or without those they belong to."""
    unit, program = subject.unit, subject.program
    possible = frozenset(_possible(program)) if unit.declared.flows else frozenset()
    for declared in unit.declared.flows.values():
        _check_codes(declared, possible, emit)
        _check_twice(declared, emit)
        _check_entities(declared, subject, emit)
    if not program.flows:
        _check_filled(unit, program, emit)


def _possible(program: ir.Program) -> Iterator[str]:
    """Every code under which the program can reject or list a row; of the language's own, all that are not ruled out."""
    yield from (code for code in ROW_CODES if code[1] in "0123567")
    for body in (*(one.body for one in program.views), *(one.body for one in program.maps)):
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
    for _, check in program.checks:
        yield check.code
    for entity in program.entities:
        yield from (code for _, code in entity.translate)


def _expressions(body: ir.RowsetBody) -> Iterator[ir.Expression]:
    yield from (one.value for one in (*body.lets, *body.fields))
    yield from (part for clause in body.clauses for part in expressions_of(clause))


def _check_codes(declared: ast.Flow, possible: frozenset[str], emit: Emit) -> None:
    taken: list[tuple[str, Span]] = []
    for item in declared.items:
        if not isinstance(item, ast.RejectTo | ast.ListTo):
            continue
        for code in item.codes:
            if not any(_covers(code, one) for one in possible):
                emit(_nothing(code, item.span, possible))
            elif isinstance(item, ast.RejectTo):
                earlier = next((span for one, span in taken if _covers(one, code)), None)
                if earlier is not None:
                    emit(_after(code, item.span, earlier))
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


def _check_twice(declared: ast.Flow, emit: Emit) -> None:
    first: dict[tuple[str, str], Span] = {}
    for item in (one for one in declared.items if isinstance(one, ast.Write)):
        for part in item.parts:
            earlier = first.setdefault((part.entity.text, item.target.text), part.span)
            if earlier is not part.span:
                message = f"`{part.entity.text}` is written to `{item.target.text}` already"
                also = (Label(earlier, "the first time"),)
                emit(Diagnostic(WRITTEN_TWICE, message, Label(part.span, "this writes nothing more"), also, help="take one of them out"))


def _check_entities(declared: ast.Flow, subject: Subject, emit: Emit) -> None:
    program = subject.program
    shapes = {shape.name: shape for shape in program.entities}
    mapped = {one.entity for one in program.maps}
    writes = [item for item in declared.items if isinstance(item, ast.Write)]
    written: dict[str, Span] = {}
    for item in writes:
        for part in item.parts:
            shape = subject.entity(part.entity)
            if shape is not None:
                written[shape.name] = part.span
    for name, span in written.items():
        shape = shapes.get(name)
        if shape is None:
            continue
        if name not in mapped:
            emit(
                Diagnostic(
                    NOTHING_TO_WRITE, f"no map fills `{name}`", Label(span, "there is nothing to write"), help=f"add `map {name} from …`"
                )
            )
        for needed, why, note in _needed(shape, shapes, mapped):
            if needed not in written:
                emit(
                    Diagnostic(
                        REFERENCE_NOT_WRITTEN,
                        f"`{name}` is written without `{needed}`",
                        Label(span, why),
                        notes=(note,),
                        help=f"write `{needed}` in the same flow"
                        if needed in mapped
                        else f"add `map {needed} from …`, and write it in the same flow",
                    )
                )


def _check_filled(unit: Unit, program: ir.Program, emit: Emit) -> None:
    """Without a flow all is written that maps fill: tell what the script's own entities refer to and no map fills."""
    mapped = {one.entity for one in program.maps}
    shapes = {shape.name: shape for shape in program.entities}
    for declared in unit.declared.of(ast.Entity):
        shape = shapes.get(unit.full(declared.name.text))
        if shape is None or shape.name not in mapped:
            continue
        written = {one.name.text: one.references for one in declared.fields}
        for one in shape.fields:
            at = written.get(one.name)
            if at is not None and one.references and one.references not in mapped and "elsewhere" not in one.tags:
                emit(
                    Diagnostic(
                        REFERENCE_NOT_WRITTEN,
                        f"no map fills `{one.references}`",
                        Label(at.span, f"`{one.name}` refers to it"),
                        notes=(_unasked(one),),
                        help=f"add `map {one.references} from …`, or say `references {at.text} @elsewhere`",
                    )
                )


def _alone(written: str, other: str, mapped: set[str]) -> str:
    if other in mapped:
        return f"what is rejected of `{other}` holds back its `{written}` all the same; the target gets them without it"
    return f"no map fills `{other}`: nothing of it can be rejected and hold back a `{written}`"


def _unasked(field: ir.EntityField) -> str:
    return f"nothing is asked of `{field.name}` here, but where the project remembers what was delivered of `{field.references}`"


def _needed(shape: ir.EntityShape, shapes: dict[str, ir.EntityShape], mapped: set[str]) -> Iterator[tuple[str, str, str]]:
    """The entities that one belongs to, owns or refers to, why, and what it means that they are not written."""
    told: set[str] = set()
    for other in shapes.values():
        if any(child == shape.name for child, _ in other.owns):
            told.add(other.name)
            yield other.name, f"`{other.name}` owns it", _alone(shape.name, other.name, mapped)
    for child, _ in shape.owns:
        # What a map fills is worked out with its owner: it holds back what it has to, and who wants none of it has said so.
        if child not in (*told, *mapped):
            told.add(child)
            yield child, "it owns that", _alone(shape.name, child, mapped)
    for one in shape.fields:
        if one.references and one.references not in (*told, shape.name) and "elsewhere" not in one.tags:
            told.add(one.references)
            yield one.references, f"`{one.name}` refers to it", _unasked(one)
