"""Checks: conditions that the rows of an entity must meet, each with a code, a severity and a message."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.rule import Severity
from datahub.semantic import ir
from datahub.semantic.deciding import given
from datahub.semantic.entities import asked, field_scope, find_entity, unknown_field
from datahub.semantic.evidence import Known, gathered, read_by
from datahub.semantic.expressions import condition, elaborate, nullable_operands
from datahub.semantic.overloads import applied
from datahub.semantic.previous import looked_up, with_previous
from datahub.semantic.rules import CODE_RESERVED_OR_REUSED, ONLY_IN_OVERRIDE
from datahub.semantic.rules_types import ALWAYS_TRUE
from datahub.semantic.scope import Scope
from datahub.semantic.unit import Unit
from datahub.semantic.user_codes import check_code, is_platform
from datahub.semantic.values import constant, made
from datahub.semantic.walk import columns_read, is_windowed
from datahub.syntax import ast
from datahub.types import model as t


def elaborate_checks(declared: ast.Checks, unit: Unit) -> None:
    """Add the checks of an entity to the program."""
    shape = find_entity(declared.entity, unit)
    if shape is None:
        return
    scope = replace(field_scope(shape, unit.scope()), windows=True)
    behind = behind_fields(shape, unit)
    first: dict[str, ast.Name] = {}
    for check in declared.checks:
        code = check_code(check.code, unit)
        before = first.setdefault(code, check.code)
        if before is not check.code and not is_platform(code):
            unit.emit(_reused(check.code, before))
        rule = _check(check, code, shape, asked(unit.placed(scope, check.span)), behind, unit)
        if rule is not None:
            unit.made.checks.append((shape.name, rule))


def behind_fields(shape: ir.EntityShape, unit: Unit) -> Known:
    """For each field of an entity the source columns behind it in all of its maps; itself where there are none."""
    found: dict[str, tuple[ir.Evidence, ...]] = {}
    for body in unit.made.maps:
        if body.entity == shape.name:
            for one in body.body.fields:
                found[one.name] = tuple(dict.fromkeys((*found.get(one.name, ()), *one.origin.evidence)))
    return {one.name: found.get(one.name) or (ir.Evidence(one.name, one.name),) for one in shape.fields}


def _reused(code: ast.Name, first: ast.Name) -> Diagnostic:
    return Diagnostic(
        CODE_RESERVED_OR_REUSED,
        f"two checks have the code `{code.text}`",
        Label(code.span, "the second"),
        (Label(first.span, "the first"),),
        notes=("a route or a reader cannot tell them apart",),
        help="give one of them another code",
        severity=Severity.WARNING,
    )


def _check(check: ast.Check, code: str, shape: ir.EntityShape, scope: Scope, behind: Known, unit: Unit) -> ir.CheckRule | None:
    if check.condition is None or check.severity == "off":
        unit.emit(
            Diagnostic(
                ONLY_IN_OVERRIDE,
                f"`{check.code.text}` has no condition" if check.condition is None else f"`{check.code.text}` is off where it is declared",
                Label(check.code.span, "nothing is checked"),
                help="write `CODE severity: condition`; severities alone are changed in an `override`",
            )
        )
        return None
    scope = with_previous((check.condition, check.when, check.message), shape, scope, unit)
    if check.on:
        # `on sku: sku is not null` gives what is wrong with the field a code of its own; that it is then always true is meant.
        scope = asked(scope, (ALWAYS_TRUE,))
    when = condition(check.when, scope) if check.when is not None else None
    inner = given(scope, when, check.when) if when is not None and check.when is not None else scope
    held = _held(check.condition, inner)
    message = _message(check.message, inner) if check.message is not None else None
    fields = _fields(check, shape, unit)
    shown = gathered(fields, behind) or read_by(held, behind)
    origin = ir.Origin(
        shape.name,
        ", ".join(fields) or _first_read(held, shape),
        script=check.span.document.path,
        line=check.code.span.line,
        evidence=tuple(dict.fromkeys(shown)),
        translate=shape.translate,
    )
    asked_when = applicable(when, held, scope)
    held = looked_up(held, shape)
    asked_when, message = asked_when and looked_up(asked_when, shape), message and looked_up(message, shape)
    windowed = any(is_windowed(part) for part in (held, when, message) if part is not None)
    return ir.CheckRule(code, _severity(check), held, asked_when, message, fields, origin, windowed, check.after_checks)


def _first_read(held: ir.Expression, shape: ir.EntityShape) -> str:
    """The field that a check without `on` is told of: the first of the entity's that it reads."""
    read = columns_read(held)
    return next((one.name for one in shape.fields if one.name in read), "")


def _held(written: ast.Expr, scope: Scope) -> ir.Expression:
    """The condition of a check: null is no answer, but where a field that it reads is null the check is not asked at all."""
    tried = elaborate(written, replace(scope, emit=lambda _: None), t.Bool())
    if isinstance(tried.type, t.Bool) and tried.type.nullable and nullable_operands(tried):
        return elaborate(written, scope, t.Bool())
    return condition(written, scope, "check")


def _message(written: ast.String | ast.Template, scope: Scope) -> ir.Expression:
    """The message with its values; of one that is null that, so that the others are told all the same."""
    match elaborate(written, scope, t.Text()):
        case ir.Call(function="concat_text", arguments=parts):
            return applied("concat_text", tuple(_or_null(one, scope) for one in parts), scope)
        case told:
            return _or_null(told, scope)


def _or_null(part: ir.Expression, scope: Scope) -> ir.Expression:
    return made(scope, ir.Default(part, constant(scope, "null", t.Text()), t.Text())) if part.type.nullable else part


def _severity(check: ast.Check) -> Literal["fatal", "error", "warn", "info"]:
    assert check.severity != "off"
    return check.severity


def _fields(check: ast.Check, shape: ir.EntityShape, unit: Unit) -> tuple[str, ...]:
    known = tuple(one.name for one in shape.fields)
    for name in check.on:
        if name.text not in known:
            unit.emit(unknown_field(shape.name, name, known))
    return tuple(dict.fromkeys(name.text for name in check.on if name.text in known))


def applicable(when: ir.Expression | None, held: ir.Expression, scope: Scope) -> ir.Expression | None:
    """When a condition can be asked: where its own `when` holds, and nothing that it reads and does not answer for is null."""
    for operand in nullable_operands(held):
        there = applied("not", (applied("is_null", (operand,), scope),), scope)
        when = there if when is None else made(scope, ir.Logic("and", when, there, t.Bool()))
    return when
