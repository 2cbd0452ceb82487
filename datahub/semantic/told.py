"""How mistakes in expressions are told, and what stands in the tree afterwards."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label
from datahub.diagnostics.rule import Rule
from datahub.document import Span
from datahub.semantic import ir
from datahub.semantic.scope import Scope
from datahub.types import model as t

UNKNOWN = ir.Constant(None, t.Unknown())
"""What an expression is once its mistake was told; it agrees with everything, so that nothing is told twice."""

MOST_SHOWN = 60


def tell(
    scope: Scope,
    rule: Rule,
    span: Span,
    message: str,
    label: str,
    *,
    also: tuple[Label, ...] = (),
    notes: tuple[str, ...] = (),
    help: str | None = None,
    fix: Fix | None = None,
) -> ir.Expression:
    """Report a mistake, and give what stands for the expression that has it."""
    scope.emit(Diagnostic(rule, message, Label(span, label), also, notes, help, fix))
    return UNKNOWN


def replacing(span: Span, text: str, *, safe: bool = False) -> Fix:
    """The fix that writes `text` at `span`."""
    return Fix(f"write `{text}`", (Edit(span, text),), safe)


def shown(span: Span) -> str:
    """The source text at `span` for a sentence: on one line, and not too long."""
    text = " ".join(span.text.split())
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def is_unknown(value: ir.Expression) -> bool:
    return isinstance(value.type, t.Unknown)


def a(noun: str) -> str:
    """`noun` with its article."""
    return noun if noun[:1] in "[{" or noun in ("text", "json", "null", "any value") else f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
