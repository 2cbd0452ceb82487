"""How a run of a job ended, for whoever had it worked on."""

from __future__ import annotations

from datahub.records import record
from datahub.reports.report import Report
from datahub.state.records import Run


@record(frozen=True, slots=True)
class Ending:
    """How a run ended, with what it has to tell where it came so far."""

    run: Run
    report: Report | None = None
    refused: int = 0
    """Rows that arrived and were not taken."""
    rejected: int = 0
    """Rows of which something was rejected."""
    told: tuple[str, ...] = ()
    """What a person has to hear although the run is well."""

    @property
    def help(self) -> str:
        """What there is to do about it."""
        return self.run.help
