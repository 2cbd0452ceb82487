"""What went wrong, as data: phases state facts, renderers make prose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TypeAlias

from datahub.diagnostics.rule import Rule, Severity
from datahub.document import Span
from datahub.records import record


@record(frozen=True, slots=True)
class Label:
    """A few words at the smallest place that shows the mistake, or what explains it."""

    span: Span
    text: str


@record(frozen=True, slots=True)
class Edit:
    """Replace the text at `span` by `text`."""

    span: Span
    text: str


@record(frozen=True, slots=True)
class Fix:
    """A change that mends the mistake; `dhm check --fix` applies it if it is safe."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


@record(frozen=True, slots=True)
class Diagnostic:
    """One mistake: the rule it breaks, where, what else to look at, and what to do.

    `message` is a fact that stands alone: lower case, no full stop, names in backticks.
    Advice is in `help` alone.
    """

    rule: Rule
    message: str
    at: Label
    also: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None
    severity: Severity | None = field(default=None)

    @property
    def level(self) -> Severity:
        """The severity in force: the rule's own unless this finding states another."""
        return self.severity or self.rule.severity


Emit: TypeAlias = Callable[[Diagnostic], None]
"""Whoever takes diagnostics; the `append` of a list is one."""
