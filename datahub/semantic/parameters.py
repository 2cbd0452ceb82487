"""Parameters: a type, and what they are where a run does not say."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.semantic import ir
from datahub.semantic.literals import NotOfType, value_of_literal
from datahub.semantic.resolve_types import resolve_type
from datahub.semantic.rules_types import TYPE_MISMATCH
from datahub.semantic.unit import Unit
from datahub.syntax import ast
from datahub.types import model as t


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
