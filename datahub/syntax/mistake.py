"""A token that cannot follow what stands before it, and what a guess at its cause says."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Edit, Fix
from datahub.records import record
from datahub.syntax.report import Report


@record(frozen=True, slots=True)
class Mistake:
    """A token that cannot follow what stands before it."""

    kind: str
    start: int
    end: int
    before: str
    before_start: int
    expected: frozenset[str]


@record(frozen=True, slots=True)
class Hint:
    """What was probably meant: advice, and where it is known better words than those of the grammar; `at` is where it is told."""

    help: str
    fix: Fix | None = None
    message: str | None = None
    wanted: str | None = None
    label: str | None = None
    at: tuple[int, int] | None = None


def written(report: Report, start: int, end: int, better: str, why: str = "", *, safe: bool = False) -> Hint:
    """Advice to write something else between two offsets, with the edit that does."""
    fix = Fix(f"write `{better}`", (Edit(report.span(start, end), better),), safe=safe)
    return Hint(f"write `{better}`{why and ': ' + why}", fix)
