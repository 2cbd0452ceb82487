"""What a run did, as data: counts that add up, what was wrong, what was written, how long it took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, field
from pathlib import Path

from datahub.project.redaction import redacted
from datahub.records import record


@record(frozen=True, slots=True)
class SourceCounts:
    """The rows of one source by what became of them; together they are all rows read."""

    source: str
    files: tuple[str, ...]
    read: int
    written: int
    rejected: int
    merged: int
    filtered: int
    empty: int
    looked_up: int
    unaccounted: int

    @property
    def adds_up(self) -> bool:
        return (
            not self.unaccounted and self.read == self.written + self.rejected + self.merged + self.filtered + self.empty + self.looked_up
        )


@record(frozen=True, slots=True)
class OperatorCounts:
    """The rows of one operator: `rows_in + expanded = rows_out + rejected + filtered + merged + empty`."""

    operator: str
    rows_in: int
    expanded: int
    rows_out: int
    rejected: int
    filtered: int
    merged: int
    empty: int
    seconds: float


@record(frozen=True, slots=True)
class Cause:
    """Why rows have a code: where it was found, and by which other code; with how often that was, and a few of the rows."""

    entity: str
    field: str
    caused_by: str
    count: int
    samples: tuple[dict[str, object], ...] = ()


@record(frozen=True, slots=True)
class CodeCount:
    severity: str
    code: str
    count: int
    meaning: str
    samples: tuple[dict[str, object], ...] = ()
    causes: tuple[Cause, ...] = ()
    """The most frequent first; of many the rest is in `count` alone."""

    @property
    def several(self) -> tuple[Cause, ...]:
        """The causes, where there is more than one."""
        return self.causes if len(self.causes) > 1 else ()

    @property
    def other(self) -> int:
        """How often it was for causes that are not among them."""
        return self.count - sum(one.count for one in self.causes)


@record(frozen=True, slots=True)
class WrittenFile:
    """One file that a run made; `target` is that of the script it is for, an entity's name where the script has no flow."""

    name: str
    path: str
    rows: int
    target: str = ""


@record(frozen=True, slots=True)
class Report:
    """One run. `status` is `done`, or `aborted` with a `reason`; an aborted run wrote no target."""

    status: str
    reason: str
    script: str
    flow: str
    started: str
    seconds: float
    plan: str
    parameters: dict[str, object]
    inputs: dict[str, str]
    sources: tuple[SourceCounts, ...]
    entities: dict[str, int]
    rejected: dict[str, int]
    codes: tuple[CodeCount, ...]
    recovered: dict[str, int]
    written: tuple[WrittenFile, ...]
    rejects: tuple[WrittenFile, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What is worth a word, and no warning: it is so with every run."""
    operators: tuple[OperatorCounts, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    absent: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The declared columns that a file of a source lacked, or of which none of its records had a value."""

    @property
    def rows_read(self) -> int:
        return sum(source.read for source in self.sources)

    @property
    def rows_rejected(self) -> int:
        """Rows of which something was rejected; a row that is written as one entity and rejected as another is both."""
        filed = {one.name: one.rows for one in self.rejects}
        return sum(max(source.rejected, filed.get(source.source, 0)) for source in self.sources)

    @property
    def adds_up(self) -> bool:
        return all(source.adds_up for source in self.sources)

    def write(self, path: Path) -> None:
        """The report as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self), indent=2, ensure_ascii=False, default=str)
        path.write_text(redacted(text) + "\n", encoding="utf-8")


def field_of(sample: Mapping[str, object]) -> str:
    """The field of an issue with its entity, or the column where no field is concerned; an issue of several entities names each itself."""
    entity, field = str(sample.get("entity") or ""), str(sample.get("field") or "")
    if not field:
        return str(sample.get("column") or entity)
    return field if "." in field and "," in entity else ".".join(filter(None, (entity, field)))
