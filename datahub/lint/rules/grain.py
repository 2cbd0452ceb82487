"""Rows that may come to stand twice: joins, expansions and groups held against keys."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.diagnostics.suggest import listed
from datahub.document import Span
from datahub.lint.declare import lint
from datahub.lint.grain import Grain, read_through
from datahub.lint.subject import Subject
from datahub.semantic import ir
from datahub.syntax import ast

JOIN_NOT_PROVED_SINGLE = Rule(
    "DHM507",
    "join-not-proved-single",
    Severity.NOTE,
    "nothing proves that a join finds one row at most",
    "A second match rejects the row (R403). Where the joined rows are made unique by the fields of the join, or are an entity "
    "with that key, it cannot happen.",
)

FAN_OUT_BREAKS_KEY = Rule(
    "DHM508",
    "fan-out-breaks-key",
    Severity.WARNING,
    "rows are multiplied, and the key stays the same",
    "`each` and `join many` make several rows of one. The key of the entity does not tell them apart, so all but the first are "
    "rejected (R303).",
)

KEY_NOT_PROVED = Rule(
    "DHM510",
    "key-not-proved",
    Severity.WARNING,
    "two groups may have the same key",
    "There is a row for each different set of group keys. Where the entity's key does not hold all of them, two groups can meet "
    "in one key, and the second is rejected (R303).",
)


@lint(JOIN_NOT_PROVED_SINGLE, FAN_OUT_BREAKS_KEY, KEY_NOT_PROVED)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which joins, expansions and groups of the script may give rows twice."""
    program = subject.program
    grain = Grain(program)
    shapes = {shape.name: shape for shape in program.entities}
    # What rules make a key of, the maps do not say.
    ruled = {(rule.entity, one.name) for rule in program.rules for one in (*rule.sets, *rule.otherwise)}
    for declared, body, entity in _bodies(subject):
        for written, clause in zip(declared.clauses, body.clauses, strict=False):
            if isinstance(clause, ir.JoinClause) and isinstance(written, ast.Join) and not clause.many:
                _check_join(written, clause, grain, emit)
        if entity in shapes and shapes[entity].key and not ruled.intersection((entity, name) for name in shapes[entity].key):
            _check_key(declared, body, shapes[entity], emit)


def _bodies(subject: Subject) -> Iterator[tuple[ast.View | ast.Map, ir.RowsetBody, str]]:
    unit, program = subject.unit, subject.program
    views = {one.body.name: one.body for one in program.views}
    for view in unit.declared.of(ast.View):
        body = views.get(unit.full(view.name.text))
        if body is not None and len(body.clauses) == len(view.clauses):
            yield view, body, ""
    for declared, made in subject.maps():
        if len(made.body.clauses) == len(declared.clauses):
            yield declared, made.body, made.entity


def _check_join(written: ast.Join, clause: ir.JoinClause, grain: Grain, emit: Emit) -> None:
    joined = {one.name.removeprefix(f"{clause.alias}.") for one in clause.right if isinstance(one, ir.Column)}
    if clause.left and not any(key <= joined for key in grain.of(clause.rowset)):
        emit(
            Diagnostic(
                JOIN_NOT_PROVED_SINGLE,
                f"`{written.rowset.text}` may have several rows for {listed(sorted(joined)) or 'a key'}",
                Label(written.rowset.span, "a second match rejects the row (R403)"),
                help="join a view of it that is `unique by` these fields, or say `join many`",
            )
        )


def _check_key(declared: ast.View | ast.Map, body: ir.RowsetBody, shape: ir.EntityShape, emit: Emit) -> None:
    fields = {one.name: one.value for one in body.fields}
    read = frozenset(column for name in shape.key for column in read_through(fields[name], body))
    last = None
    for written, clause in zip(declared.clauses, body.clauses, strict=False):
        match clause:
            case ir.GroupClause(keys=keys):
                lacking = [key.name.removeprefix("key.") for key in keys if key.name not in read]
                if lacking:
                    emit(_groups_meet(written.span, lacking, shape))
                return
            case ir.UniqueClause():
                last = None
            case ir.EachClause(item=item, position=position):
                if not any(name in (item, position) or name.startswith(f"{item}.") for name in read):
                    last = written.span
            case ir.JoinClause(many=True, alias=alias):
                if not any(name.startswith(f"{alias}.") for name in read):
                    last = written.span
            case _:
                pass
    if last is not None:
        emit(
            Diagnostic(
                FAN_OUT_BREAKS_KEY,
                f"the key of `{shape.name}` does not tell these rows apart",
                Label(last, "makes several rows of one"),
                notes=(f"its key is {listed(shape.key)}",),
                help="make the element or its position part of the key",
            )
        )


def _groups_meet(at: Span, lacking: list[str], shape: ir.EntityShape) -> Diagnostic:
    return Diagnostic(
        KEY_NOT_PROVED,
        f"groups that differ in {listed(lacking)} alone have the same key",
        Label(at, f"{listed(lacking)} is no part of the key" if len(lacking) == 1 else f"{listed(lacking)} are no part of the key"),
        notes=(f"the key of `{shape.name}` is {listed(shape.key)}",),
        help="add it to the key of the entity, or take it out of `group by`" if len(lacking) == 1 else None,
    )
