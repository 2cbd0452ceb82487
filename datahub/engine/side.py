"""What a piece of work finds beside its rows: issues, fates of source rows, counts; handed over in order with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import field, replace
from time import thread_time

import pyarrow as pa

from datahub.engine import issues
from datahub.engine.codes import translated
from datahub.engine.ledger import Fate
from datahub.frames.frame import Column, Failure, Failures, Frame, Mask, Rows, failed_rows
from datahub.frames.spill import size_of
from datahub.plan.operators import Graph, Join, Settle
from datahub.records import record
from datahub.semantic.ir import Origin


@record(slots=True)
class Flowed:
    """How many rows went into an operator and what became of them; `taken_in` counts rows that it made more of."""

    rows_in: int = 0
    expanded: int = 0
    rows_out: int = 0
    rejected: int = 0
    filtered: int = 0
    merged: int = 0
    empty: int = 0
    alone: int = 0
    """Of a join: the rows on the left for which it found nothing."""
    lost: int = 0
    """Of groups: how many were never there, for all their rows fell before or had no key."""
    seconds: float = 0.0
    """Of the processor, in the threads that did it."""
    size: int = 0
    """Bytes of the columns that came out, where somebody wants to know."""

    def add(self, other: Flowed) -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@record(slots=True)
class Side:
    """Collected while one piece of work is done, by the thread that does it."""

    issues: list[pa.Table] = field(default_factory=list)
    notes: list[pa.Table] = field(default_factory=list)
    marks: list[tuple[Rows, Fate]] = field(default_factory=list)
    flowed: dict[int, Flowed] = field(default_factory=dict)
    fatal: list[str] = field(default_factory=list)
    keeps: bool = False
    """Whether the rows that are rejected are kept: somebody must know them."""
    fallen: list[Frame] = field(default_factory=list)

    def count(self, operator: object) -> Flowed:
        """The counts of one operator (or of what has a number, see `right_of`), to be added to."""
        return self.flowed.setdefault(operator if isinstance(operator, int) else id(operator), Flowed())

    def take(self, other: Side) -> None:
        """Take over what `other` has collected, but for the rows that fell."""
        self.issues += other.issues
        self.notes += other.notes
        self.marks += other.marks
        self.fatal += other.fatal
        for number, flowed in other.flowed.items():
            self.flowed.setdefault(number, Flowed()).add(flowed)

    def clear(self) -> None:
        """Forget what was handed over: the work goes on."""
        for held in (self.issues, self.notes, self.marks, self.flowed, self.fatal, self.fallen):
            held.clear()

    @contextmanager
    def timed(self, operator: object) -> Iterator[None]:
        """Add the processor's time of what is done within to what `operator` takes."""
        begun = thread_time()
        try:
            yield
        finally:
            self.count(operator).seconds += thread_time() - begun

    def gave(self, operator: object, frames: Iterable[Frame], *, weighed: bool) -> None:
        """Count what an operator at which rows meet let pass; those that settle rows count them themselves."""
        count = self.count(operator)
        for frame in frames:
            if not isinstance(operator, Settle | Graph):
                count.rows_out += frame.length
            if weighed:
                count.size += size_of(frame)

    def mark(self, frame: Frame, positions: Rows, fate: Fate) -> None:
        """The source rows behind `positions` of `frame` came to `fate`."""
        if len(positions):
            self.marks.append((issues.marked(frame.rows, frame.members, positions), fate))


def right_of(operator: Join) -> int:
    """The number under which the rows of the right side of a join are counted: they take another way than those of the left."""
    return ~id(operator)


def reject(side: Side, frame: Frame, failures: Failures, origin: Origin, operator: object) -> Mask:
    """Reject the rows that `failures` name, where they cannot go on; which rows those are."""
    failed = refuse(side, frame, failures, origin, operator)
    if side.keeps and failed.any():
        side.fallen.append(replace(frame.filter(failed), fallen=None))
    return failed


def refuse(side: Side, frame: Frame, failures: Failures, origin: Origin, operator: object) -> Mask:
    """Reject rows for which others stand, so that nobody misses them."""
    failed = failed_rows(failures, frame.length)
    if not failed.any():
        return failed
    findings = [
        issues.Finding(failure, translated(failure.code, (), origin), origin.entity, origin.field, origin, failure.severity)
        for failure in distinct(failures)
    ]
    side.issues.append(issues.table(findings, frame))
    at = failed.nonzero()[0]
    side.mark(frame, at, Fate.REJECTED)
    side.count(operator).rejected += len(at)
    return failed


def distinct(failures: Failures) -> list[Failure]:
    """Failures that came by several ways, once each."""
    found: dict[tuple[int, str, str, bytes], Failure] = {}
    for failure in failures:
        found.setdefault((failure.origin, failure.code, failure.column, failure.rows.tobytes()), failure)
    return list(found.values())


def all_failures(columns: list[Column]) -> Failures:
    return tuple(failure for column in columns for failure in column.failures)
