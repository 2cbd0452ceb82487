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

    Beside it lies its example, `examples/CODE.md`: files that have this mistake and no other, and the same files mended. Both are
    run as tests, and read where they are shown (`reports/examples.py`), so that declaring a rule touches no file.
    """

    code: str
    name: str
    severity: Severity
    summary: str
    explanation: str
