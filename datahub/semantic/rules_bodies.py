"""Rules: named changes to the rows of an entity, in one pass, after its maps and before its checks."""

from __future__ import annotations

from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.semantic import ir
from datahub.semantic.checks import behind_fields
from datahub.semantic.collect import twice
from datahub.semantic.entities import field_scope, find_entity, unknown_field
from datahub.semantic.evidence import Known, evidence_of
from datahub.semantic.expressions import condition, elaborate
from datahub.semantic.fitting import fit
from datahub.semantic.narrowing import facts
from datahub.semantic.previous import replaced, with_previous
from datahub.semantic.rules import ONLY_IN_OVERRIDE
from datahub.semantic.scope import Scope
from datahub.semantic.unit import Unit
from datahub.syntax import ast

UNSAID = 100
"""The priority of rules that state none; lower ones come first."""


def elaborate_rules(declared: ast.Rules, unit: Unit) -> None:
    """Add a set of rules to the program."""
    shape = find_entity(declared.entity, unit)
    if shape is None:
        return
    scope = replace(field_scope(shape, unit.scope()), windows=True)
    behind = behind_fields(shape, unit)
    first: dict[str, ast.Name] = {}
    for rule in declared.rules:
        before = first.setdefault(rule.name.text, rule.name)
        if before is not rule.name:
            unit.emit(twice(rule.name, before))
        elif rule.off or rule.when is None:
            unit.emit(
                Diagnostic(
                    ONLY_IN_OVERRIDE,
                    f"`{rule.name.text}` is off where it is declared",
                    Label(rule.span, "does nothing"),
                    help="leave it out; rules of a pack are put off in an `override`",
                )
            )
        else:
            name = f"{unit.full(declared.name.text)}.{rule.name.text}"
            written = (rule.when, *(one.value for one in (*rule.sets, *rule.otherwise)))
            here = with_previous(written, shape, unit.placed(scope, rule.span), unit)
            body = _Body(name, shape, here, behind, unit.at(rule.span))
            made = body.rule(rule, rule.when, UNSAID if declared.priority is None else declared.priority)
            unit.made.rules.append(replaced(made, shape))


class _Body:
    """One rule over one entity."""

    def __init__(self, name: str, shape: ir.EntityShape, scope: Scope, behind: Known, unit: Unit) -> None:
        self.name, self.shape, self.scope, self.behind, self.unit = name, shape, scope, behind, unit

    def rule(self, declared: ast.RuleDecl, written: ast.Expr, priority: int) -> ir.RuleBody:
        when = condition(written, self.scope)
        told = facts(when)
        sets = self._sets(declared.sets, self.scope.narrow(told.true))
        otherwise = self._sets(declared.otherwise, self.scope.narrow(told.false))
        return ir.RuleBody(self.name, when, sets, otherwise, priority, self.shape.name)

    def _sets(self, items: tuple[ast.SetItem, ...], scope: Scope) -> tuple[ir.Assignment, ...]:
        fields = {one.name: one for one in self.shape.fields}
        found: dict[str, ir.Assignment] = {}
        written: dict[str, ast.Name] = {}
        for item in items:
            field = fields.get(item.name.text)
            value = elaborate(item.value, scope, field.type if field is not None else None)
            if field is None:
                self.unit.emit(unknown_field(self.shape.name, item.name, tuple(fields)))
            elif field.name in written:
                self.unit.emit(twice(item.name, written[field.name], "set"))
            else:
                written[field.name] = item.name
                fitted = fit(value, field.type, scope, item.value.span, field.rounding, field.name)
                found[field.name] = ir.Assignment(field.name, fitted, self._origin(item, fitted))
        return tuple(found.values())

    def _origin(self, item: ast.SetItem, value: ir.Expression) -> ir.Origin:
        return ir.Origin(
            self.shape.name,
            item.name.text,
            self.name,
            item.span.document.path,
            item.span.line,
            evidence_of(value, self.behind),
            self.shape.translate,
        )
