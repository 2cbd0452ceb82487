"""One kind of mistake, declared once, raised anywhere, explained by `dhm explain`."""

from __future__ import annotations

from enum import StrEnum

from datahub.records import record


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@record(frozen=True, slots=True)
class Rule:
    """One kind of mistake; its code is never reused once released.

    `bad` is a script that raises exactly this rule, `good` one that raises nothing; both are run as tests.
    They are empty only where a mistake cannot be shown in one script (`shown_by` then says which test does).
    """

    code: str
    name: str
    severity: Severity
    summary: str
    explanation: str
    bad: str = ""
    good: str = ""
    shown_by: str = ""
