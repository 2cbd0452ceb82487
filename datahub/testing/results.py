"""What became of the tests of a script: passed, or how what came out differs from what was expected."""

from __future__ import annotations

from datahub.document import Span
from datahub.records import record


@record(frozen=True, slots=True)
class Difference:
    """One expectation that is not met: what it was about, what it comes to, and the rows side by side.

    Each of `rows` is a mark (`=` as expected, `-` expected and not there, `+` there and not expected) and its cells.
    """

    about: str
    said: str
    span: Span
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()


@record(frozen=True, slots=True)
class TestResult:
    """One test: its name and place, and the differences; it passed where there are none."""

    name: str
    span: Span
    differences: tuple[Difference, ...]
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.differences
