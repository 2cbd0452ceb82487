"""Maps that promise to reject nothing."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.suggest import listed
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.semantic.rules_types import TOTAL_MAP_MAY_REJECT
from datahub.syntax import ast


@lint(TOTAL_MAP_MAY_REJECT)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which fields of a map that is `## @total` can still fail."""
    for declared, made in subject.maps():
        if "@total" not in declared.doc:
            continue
        written = {item.name.text: item.value.span for item in declared.items if isinstance(item, ast.FieldItem)}
        for name, field, codes in subject.program.signature:
            if name == made.body.name:
                emit(
                    Diagnostic(
                        TOTAL_MAP_MAY_REJECT,
                        f"`{field}` may reject its row, and the map promises not to",
                        Label(written.get(field, declared.entity.span), f"can give {listed(codes)}"),
                        help="answer the failure with `on error`, null with `default`, or take `@total` away",
                    )
                )
