"""Parameters: a type, and what they are where a run does not say."""

from __future__ import annotations

from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.row_codes import phrase
from datahub.semantic import ir
from datahub.semantic.conditions import IT, conditions_into
from datahub.semantic.folding import is_false
from datahub.semantic.literals import NotOfType, value_of_literal
from datahub.semantic.resolve_types import resolve_type
from datahub.semantic.rules_types import NEVER_CONVERTS, TYPE_MISMATCH
from datahub.semantic.trees import substituted
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.assign import unnamed


def elaborate_parameter(declared: ast.Param, unit: Unit) -> None:
    """Add a parameter to the program."""
    name = declared.name.text
    kind = resolve_type(declared.type, unit.world, unit.emit)
    unit.world.parameters[name] = kind
    value: ir.Value = None
    if declared.default is not None and not isinstance(kind, t.Unknown):
        try:
            value = value_of_literal(declared.default, kind)
        except NotOfType as reason:
            unit.emit(
                Diagnostic(
                    TYPE_MISMATCH,
                    f"`{name}` is {t.spelled(kind)}, and its default is not",
                    Label(declared.default.span, str(reason)),
                    (Label(declared.type.span, f"{t.spelled(kind)} here"),),
                )
            )
    required = declared.default is None and not kind.nullable
    unit.made.parameters.append(ir.ParameterShape(unit.full(name), kind, value, required))


def ask_parameters(unit: Unit) -> None:
    """Add to the parameters what must hold of values of the types that they name, and ask it of what they are by themselves."""
    scope = unit.scope()
    declared = {unit.full(one.name.text): one for one in unit.declared.params.values()}
    for at, shape in enumerate(unit.made.parameters):
        if shape.name in declared:
            conditions = conditions_into(unnamed(shape.type), shape.type, scope)
            unit.made.parameters[at] = replace(shape, conditions=conditions)
            _ask_default(declared[shape.name], unit.made.parameters[at], unit)


def _ask_default(declared: ast.Param, shape: ir.ParameterShape, unit: Unit) -> None:
    if declared.default is None or shape.default is None:
        return
    known = {IT: ir.Constant(shape.default, t.required(t.base_of(shape.type)))}
    code = next((code for condition, code in shape.conditions if is_false(substituted(condition, known, {}))), None)
    if code is not None:
        message = f"`{declared.name.text}` takes {t.spelled(t.required(shape.type))}, and `{declared.default.span.text}` {phrase(code)}"
        also = (Label(declared.type.span, "the type that asks for it"),)
        unit.emit(Diagnostic(NEVER_CONVERTS, message, Label(declared.default.span, "never taken"), also))
