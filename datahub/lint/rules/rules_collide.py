"""Rules of one priority that may both set a field of one row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.proof_conditions import together
from datahub.semantic.proof_shown import shown_value
from datahub.semantic.walk import columns_read
from datahub.syntax import ast
from datahub.types import model as t

RULES_COLLIDE = Rule(
    "DHM408",
    "rules-collide",
    Severity.WARNING,
    "two rules of one priority may both set a field of one row",
    "The one that stands later has the last word, and nothing says that this is meant. Give the sets of rules priorities (the higher one "
    "comes later), make the conditions exclude each other, or let the later rule build on what the earlier one set.",
)


@record(frozen=True, slots=True)
class _Setting:
    """One value that a rule gives a field, and when."""

    rule: ir.RuleBody
    when: ir.Expression
    assignment: ir.Assignment


@lint(RULES_COLLIDE)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which rules may have set what another one of their priority sets too."""
    own = {name for name, _ in _declared(subject, own=True)}
    places = dict(_declared(subject, own=False))
    for earlier, later in combinations(subject.program.rules, 2):
        if earlier.entity != later.entity or earlier.priority != later.priority or not own & {earlier.name, later.name}:
            continue
        found = next(_collisions(earlier, later), None)
        if found is not None and earlier.name in places and later.name in places:
            field, example = found
            emit(_told(field, example, places[earlier.name], places[later.name]))


def _declared(subject: Subject, own: bool) -> Iterator[tuple[str, ast.RuleDecl]]:
    """The rules as they are written, by their names in the program."""
    for unit in (subject.unit,) if own else subject.units:
        for declared in (one for one in unit.module.declarations if isinstance(one, ast.Rules)):
            for rule in declared.rules:
                yield f"{unit.full(declared.name.text)}.{rule.name.text}", rule


def _settings(rule: ir.RuleBody) -> Iterator[_Setting]:
    """What a rule sets; a field that it sets either way is set always."""
    other = ir.Call("not", 0, (rule.when,), t.Bool())
    yield from (_Setting(rule, rule.when, one) for one in rule.sets)
    yield from (_Setting(rule, other, one) for one in rule.otherwise)


Values = tuple[tuple[str, ir.Value, t.Type], ...]


def _collisions(earlier: ir.RuleBody, later: ir.RuleBody) -> Iterator[tuple[str, Values]]:
    for one in _settings(earlier):
        for other in _settings(later):
            name = one.assignment.name
            if name != other.assignment.name or one.assignment.value == other.assignment.value:
                continue
            if name in columns_read(other.assignment.value):
                continue
            found = together(one.when, other.when, _left_by(earlier, one))
            if found is not None:
                yield name, found


def _left_by(rule: ir.RuleBody, setting: _Setting) -> dict[str, ir.Expression]:
    """What a rule has set once it did what `setting` is a part of."""
    done = rule.sets if setting.when is rule.when else rule.otherwise
    return {one.name: one.value for one in done}


def _told(field: str, example: Values, earlier: ast.RuleDecl, later: ast.RuleDecl) -> Diagnostic:
    values = ", ".join(f"{name} {shown_value(value, kind)}" for name, value, kind in example)
    return Diagnostic(
        RULES_COLLIDE,
        f"`{earlier.name.text}` and `{later.name.text}` may both set `{field}`",
        Label(later.name.span, "has the last word"),
        (Label(earlier.name.span, "sets it too, at the same priority"),),
        notes=(f"such as where {values}",) if values else (),
        help="give one of them another priority, or make their conditions exclude each other",
    )
