"""Maps that promise to reject nothing."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.suggest import listed
from datahub.lint.declare import lint
from datahub.semantic.elaborate import Elaborated
from datahub.semantic.rules_types import TOTAL_MAP_MAY_REJECT
from datahub.syntax import ast


@lint(TOTAL_MAP_MAY_REJECT)
def look(elaborated: Elaborated, emit: Emit) -> None:
    """Tell which fields of a map that is `## @total` can still fail."""
    unit, program = elaborated.units[-1], elaborated.program
    own = program.maps[len(program.maps) - len(unit.declared.maps) :]
    for declared, made in zip(unit.declared.maps, own, strict=False):
        if "@total" not in declared.doc:
            continue
        written = {item.name.text: item.value.span for item in declared.items if isinstance(item, ast.FieldItem)}
        for name, field, codes in program.signature:
            if name == made.body.name:
                emit(
                    Diagnostic(
                        TOTAL_MAP_MAY_REJECT,
                        f"`{field}` may reject its row, and the map promises not to",
                        Label(written.get(field, declared.entity.span), f"can give {listed(codes)}"),
                        help="answer the failure with `on error`, null with `default`, or take `@total` away",
                    )
                )
