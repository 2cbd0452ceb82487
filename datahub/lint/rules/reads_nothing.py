"""Maps and views that read an entity which no map fills."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.lint.declare import lint
from datahub.lint.subject import Subject
from datahub.syntax import ast
from datahub.syntax.walk import walk

READS_NOTHING = Rule(
    "DHM521",
    "reads-nothing",
    Severity.WARNING,
    "a map, a view or a join reads an entity that no map fills",
    "An entity has rows where a `map` makes them. Without one what reads it has none either.",
)


@lint(READS_NOTHING, own=True)
def look(subject: Subject, emit: Emit) -> None:
    """Tell which of the script's own entities are read and never filled; whoever uses the script may fill those of others."""
    unit = subject.unit
    mapped = {one.entity for one in subject.program.maps}
    empty = {one.name.text for one in unit.declared.of(ast.Entity) if unit.full(one.name.text) not in mapped}
    for body in (*unit.declared.of(ast.View), *unit.declared.maps):
        for part in walk(body):
            names = part.rowsets if isinstance(part, ast.From) else (part.rowset,) if isinstance(part, ast.Join) else ()
            for name in names:
                if name.text in empty:
                    emit(
                        Diagnostic(
                            READS_NOTHING,
                            f"no map fills `{name.text}`",
                            Label(name.span, "it has no rows"),
                            help=f"add `map {name.text} from …`",
                        )
                    )
