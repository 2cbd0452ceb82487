"""Records of JSON text to typed columns: at once where they allow it, one by one where not; both ways give the same."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datahub.diagnostics.suggest import listed
from datahub.formats.csv_read import is_utf8
from datahub.formats.declare import BadRecord, Parsed
from datahub.formats.json_exact import Decoder, Malformed, Misfits, Number, compact, misfit_failures, raw_column
from datahub.formats.json_fast import FastPlan, at_once, fast_plan, first_of, seen_kinds
from datahub.formats.json_scan import may_be_deep
from datahub.formats.options import option
from datahub.formats.typed import Typed, named, typed
from datahub.frames.frame import Column, Failure
from datahub.semantic.ir import SourceColumn, SourceShape

_SAMPLE = 60
_SHOWN = 2000

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Records:
    """JSON text and where its records are in it; `whole` says that each begins with `{` and ends with the `}` that closes it."""

    text: bytes
    starts: Positions
    ends: Positions
    lines: Positions | None
    whole: bool


class RecordParser:
    """Typed columns out of records, for one source; safe to use from several threads."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str]) -> None:
        self.shape = shape
        self.columns = tuple(column for column in shape.columns if column.name in wanted)
        self.marks = {
            column.name: [mark for mark in (f"!present.{column.name}", f"?{column.name}") if mark in wanted] for column in shape.columns
        }
        self.strict = option(shape, "extra") == "reject"
        self.repeated: dict[str, None] = {}
        self.surplus: dict[str, None] = {}
        self._plan: FastPlan | None = None
        self._planned = False
        self._lock = threading.Lock()

    def parse(self, records: Records, first_line: int) -> Parsed:
        """The wanted columns of some records."""
        count = len(records.starts)
        if records.whole and count and not any(self.marks.values()) and is_utf8(records.text):
            plan = self._plan_for(records)
            fit = plan is not None and not may_be_deep(records.text, records.starts, records.ends)
            table = at_once(records.text, count, plan, self.strict) if plan and fit else None
            if table is not None:
                return self._parsed(table, records, first_line)
        return self._exactly(records, first_line)

    def _plan_for(self, records: Records) -> FastPlan | None:
        """How Arrow may read this source, judged once by what the first records hold; a wrong guess costs time alone."""
        with self._lock:
            if not self._planned:
                sample = [self._sampled(records, at) for at in range(min(_SAMPLE, len(records.starts)))]
                self._plan = fast_plan(self.columns, seen_kinds(sample, self.columns))
                self._planned = True
                self._note_surplus(sample)
            return self._plan

    def _sampled(self, records: Records, at: int) -> Any:
        try:
            return Decoder().read(records.text[int(records.starts[at]) : int(records.ends[at])])
        except Malformed:
            return None

    def _note_surplus(self, sample: Sequence[Any]) -> None:
        declared = {name for column in self.shape.columns for name in column.names or (column.name,)}
        for record in sample:
            if isinstance(record, dict):
                self.surplus.update(dict.fromkeys(key for key in record if key not in declared))

    def _parsed(self, table: pa.Table, records: Records, first_line: int) -> Parsed:
        columns = {}
        for column in self.columns:
            made = typed(first_of(table, column.names or (column.name,)), column.type, column.reading)
            columns[column.name] = _column(made, column)
        return Parsed(columns, table.num_rows, table.num_rows, None, _lines(records, first_line))

    # ------------------------------------------------------------ one by one

    def _exactly(self, records: Records, first_line: int) -> Parsed:
        decoder = Decoder()
        good, positions, bad = [], [], []
        lines = _lines(records, first_line)
        # Something in these records is wrong, or cannot be had otherwise: each is looked at.
        for number, (start, end) in enumerate(zip(records.starts.tolist(), records.ends.tolist(), strict=True)):
            raw = records.text[start:end]
            value, code, problem = self._read(raw, decoder)
            if problem:
                line = first_line + number if lines is None else int(lines[number])
                bad.append(BadRecord(number, line, code, problem, raw[:_SHOWN].decode("utf-8", "backslashreplace")))
            else:
                good.append(value)
                positions.append(number)
        with self._lock:
            self.repeated.update(decoder.repeated)
        columns = self._columns(good)
        kept = np.array(positions, np.int64)
        lines = kept + first_line if lines is None and bad else lines if lines is None else lines[kept]
        return Parsed(columns, len(good), len(records.starts), kept if bad else None, lines, tuple(bad))

    def _read(self, raw: bytes, decoder: Decoder) -> tuple[Any, str, str]:
        try:
            value = decoder.read(raw)
        except Malformed as problem:
            return None, problem.code, str(problem)
        if not isinstance(value, dict):
            return None, "R006", f"the record is no object but {_kind(value)}"
        if self.strict:
            declared = {name for column in self.shape.columns for name in column.names or (column.name,)}
            surplus = [key for key in value if key not in declared]
            if surplus:
                return None, "R003", f"the record has {listed(surplus)}, which `{self.shape.name}` does not declare"
        return value, "", ""

    def _columns(self, records: Sequence[dict[str, Any]]) -> dict[str, Column]:
        columns: dict[str, Column] = {}
        for column in self.shape.columns:
            names = column.names or (column.name,)
            if self.marks[column.name]:
                there = pa.array([any(name in record for name in names) for record in records], pa.bool_())
                columns.update({mark: Column(there) for mark in self.marks[column.name]})
        for column in self.columns:
            raw, misfits = raw_column([_value(record, column.names or (column.name,)) for record in records], column)
            made = typed(raw, column.type, column.reading)
            columns[column.name] = _column(_with_misfits(made, misfits, column), column)
        return columns


def _value(record: dict[str, Any], names: Sequence[str]) -> Any:
    return next((found for name in names if (found := record.get(name)) is not None), None)


def _kind(value: Any) -> str:
    match value:
        case list():
            return "an array"
        case Number():
            return f"the number {str(value)[:40]}"
        case str():
            return f"the text `{value[:40]}`"
        case _:
            return f"`{compact(value)}`"


def _lines(records: Records, first_line: int) -> Positions | None:
    return None if records.lines is None else records.lines + first_line


def _column(made: Typed, column: SourceColumn) -> Column:
    label = column.names[0] if column.names else column.name
    return Column(made.values, tuple(named(failure, label) for failure in made.failures))


def _with_misfits(made: Typed, misfits: Misfits, column: SourceColumn) -> Typed:
    """`made` with failures for values of the wrong kind, which must not also be told to be missing."""
    if not misfits.rows:
        return made
    told = {(row, "".join(f"/{part}" for part in place)) for row, place in zip(misfits.rows, misfits.places, strict=True)}
    kept = (_without(failure, told) if failure.code == "R201" else failure for failure in made.failures)
    return Typed(made.values, (*(failure for failure in kept if len(failure.rows)), *misfit_failures(misfits, column.type)))


def _without(failure: Failure, told: set[tuple[int, str]]) -> Failure:
    paths = [""] * len(failure.rows) if failure.paths is None else failure.paths.to_pylist()
    keep = np.array([(row, path) not in told for row, path in zip(failure.rows.tolist(), paths, strict=True)], np.bool_)
    return replace(failure.kept(keep))
