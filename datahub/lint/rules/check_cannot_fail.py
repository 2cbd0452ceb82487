"""Checks that every row meets, because the types and constraints of the entity say so already."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.semantic import ir
from datahub.semantic.codes import nullable_operands
from datahub.semantic.proof_boxes import Budget, Spent
from datahub.semantic.proof_conditions import Alike, excluded
from datahub.syntax import ast
from datahub.types import model as t

CHECK_CANNOT_FAIL = Rule(
    "DHM410",
    "check-cannot-fail",
    Severity.WARNING,
    "a check that every row meets",
    "A field's type and `where` reject what does not fit before checks are asked. A check that says the same again never fails, "
    "unless it is `on` the field: then it gives those failures its own code.",
)

_MOST = 2_000
"""So many questions are asked about values."""


@lint(CHECK_CANNOT_FAIL)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which checks say what the entity's types and constraints say."""
    unit, program = subject.unit, subject.program
    shapes = {shape.name: shape for shape in program.entities}
    written = {
        (check.code.text, check.code.span.document.path, check.code.span.line): check
        for one in unit.declared.checks
        for check in one.checks
    }
    for entity, rule in program.checks:
        check = written.get((rule.code, rule.origin.script, rule.origin.line))
        if check is not None and not rule.fields and entity in shapes:
            why = _why(rule, shapes[entity])
            if why:
                emit(_cannot_fail(check, why))


def _cannot_fail(check: ast.Check, why: str) -> Diagnostic:
    at = check.condition.span if check.condition is not None else check.span
    return Diagnostic(
        CHECK_CANNOT_FAIL,
        f"`{check.code.text}` cannot fail",
        Label(at, why),
        help="take it out, or say `on` which field it is about: it then gives that field's failures its code",
    )


def _why(rule: ir.CheckRule, shape: ir.EntityShape) -> str:
    """Why every row meets the condition of a check, or nothing."""
    condition = rule.condition
    if _always(condition):
        return "this is so whatever a row has"
    for field in shape.fields:
        if field.constraint is not None and field.constraint == condition:
            return f"the `where` of `{field.name}` says so already"
    return _by_length(condition) or _by_values(rule, shape)


def _by_length(condition: ir.Expression) -> str:
    match condition:
        case ir.Call(function="<=" | "<" as operator, arguments=(measured, ir.Constant(value=int(most)))):
            longest = _longest(measured)
            if longest is not None and (longest < most or (longest == most and operator == "<=")):
                return f"the type has {longest} characters at most"
        case ir.Call(function=">=" | ">" as operator, arguments=(measured, ir.Constant(value=int(least)))):
            shortest = _shortest(measured)
            if shortest > least or (shortest == least and operator == ">="):
                return f"the type has {shortest} characters at least" if shortest else "a length is never below 0"
        case _:
            pass
    return ""


def _by_values(rule: ir.CheckRule, shape: ir.EntityShape) -> str:
    if _follows(rule, ()):
        return "this is so whatever a row has"
    for field in shape.fields:
        constraint = _constraint(field)
        if constraint is not None and _follows(rule, (constraint,)):
            return f"the `where` of `{field.name}` says so already"
    return ""


def _constraint(field: ir.EntityField) -> ir.Expression | None:
    """What is known of a field when checks are asked."""
    found = field.constraint
    if found is None:
        return None
    for operand in nullable_operands(found):
        # It is not asked where something that it reads is null.
        found = ir.Logic("or", ir.Call("is_null", 0, (operand,), t.Bool()), found, t.Bool())
    return found


def _follows(rule: ir.CheckRule, known: tuple[ir.Expression, ...]) -> bool:
    """Whether the condition of a check holds for certain where it is asked and `known` holds."""
    asked = known if rule.when is None else (rule.when, *known)
    held = ((rule.condition, False), *((one, True) for one in asked))
    alike, budget = Alike(), Budget(_MOST, _MOST)
    try:
        # A check that is asked nowhere is another mistake.
        return excluded(held, alike, budget) and not excluded(held[1:], alike, budget)
    except Spent:
        return False


def _always(condition: ir.Expression) -> bool:
    """Whether a condition is true by its form alone: constants, and what is held against itself."""
    match condition:
        case ir.Constant(value=value):
            return value is True
        case ir.Logic(operator="or", left=left, right=right):
            return _always(left) or _always(right)
        case ir.Logic(operator="and", left=left, right=right):
            return _always(left) and _always(right)
        case ir.Call(function="=", arguments=(left, right)):
            return left == right
        case ir.Call(function="<=" | ">=", arguments=(left, right)):
            return left == right and not left.type.nullable
        case _:
            return False


def _longest(measured: ir.Expression) -> int | None:
    kind = _measured(measured)
    return kind.longest if isinstance(kind, t.Text) else None


def _shortest(measured: ir.Expression) -> int:
    kind = _measured(measured)
    return (kind.shortest or 0) if isinstance(kind, t.Text) else 0 if isinstance(kind, t.ListOf) else -1


def _measured(value: ir.Expression) -> t.Type | None:
    """The type of what `length(…)` measures here."""
    if isinstance(value, ir.Call) and value.function == "length" and len(value.arguments) == 1:
        return t.base_of(value.arguments[0].type)
    return None
