"""Records of JSON text to typed columns: at once where they allow it, one by one where not; both ways give the same."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.diagnostics.suggest import listed
from datahub.formats.csv_read import is_utf8
from datahub.formats.declare import ADDED, BadRecord, Parsed
from datahub.formats.json_exact import Decoder, Malformed, Misfit, Number, compact, misfit_failures, raw_column
from datahub.formats.json_fast import FastPlan, at_once, fast_plan, first_of, seen_kinds
from datahub.formats.json_gather import Gathering
from datahub.formats.json_lost import CODE, lost_in
from datahub.formats.json_scan import LONGEST_RECORD, may_be_deep
from datahub.formats.options import option
from datahub.formats.part_names import along, back, named_parts, named_type, names_of
from datahub.formats.presence import presence_asked
from datahub.formats.typed import Typed, named, typed
from datahub.frames.frame import Column, Failure, take_column
from datahub.functions.columns import valid
from datahub.records import record
from datahub.semantic.ir import SourceColumn, SourceShape

if TYPE_CHECKING:
    import numpy.typing as npt

_SAMPLE = 60
_SHOWN = 2000
_FEW, _PARTS = 200, 8
"""So many records are looked at one by one when they cannot be read at once; more are cut into so many parts first."""

Positions: TypeAlias = "npt.NDArray[np.int64]"


@record(frozen=True, slots=True)
class Records:
    """JSON text and where its records are in it, nothing but spaces between them."""

    text: bytes
    starts: Positions
    ends: Positions
    lines: Positions | None

    @property
    def objects(self) -> bool:
        """Whether each record begins and ends as an object does."""
        if bool((self.starts >= self.ends).any()):
            return False  # nothing stands between two commas, and that may be at the end of the text
        view = np.frombuffer(self.text, np.uint8)
        return bool(((view[self.starts] == 123) & (view[self.ends - 1] == 125)).all())

    @property
    def overlong(self) -> bool:
        """Whether one is longer than any may be."""
        return int((self.ends - self.starts).max(initial=0)) > LONGEST_RECORD

    def part(self, first: int, last: int) -> Records:
        """Some of the records; their lines are not known."""
        start, end = int(self.starts[first]), int(self.ends[first:last][-1])
        return Records(self.text[start:end], self.starts[first:last] - start, self.ends[first:last] - start, None)


@dataclass(slots=True)
class _Gathered:
    """Records on their way to columns: tables read at once with the places of their rows, values read one by one, and the bad."""

    decoder: Decoder
    tables: list[pa.Table] = field(default_factory=list)
    parts: list[Records] = field(default_factory=list)
    places: list[Positions] = field(default_factory=list)
    exact: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    bad: list[tuple[int, tuple[str, str]]] = field(default_factory=list)


class RecordParser:
    """Typed columns out of records, for one source; safe to use from several threads."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str]) -> None:
        self.shape = shape
        held = tuple(map(_as_held, shape.columns)) if shape.kind in ("json", "jsonl") else shape.columns
        self.columns = tuple(column for column in held if column.name in wanted)
        self.marks = {mark: (column, _along(path, column)) for mark, (column, path) in presence_asked(wanted, held).items()}
        self.strict = option(shape, "extra") == "reject"
        self.gathering = Gathering.of(shape.columns)
        self.repeated: dict[str, None] = {}
        self.surplus: dict[str, None] = {}
        self._met: set[str] = set()
        self._any = False
        self._plan: FastPlan | None = None
        self._planned = False
        self._lock = threading.Lock()

    def parse(self, records: Records, first_line: int) -> Parsed:
        """The wanted columns of some records."""
        count = len(records.starts)
        plan = self._plan_for(records) if count else None
        gathered = _Gathered(Decoder())
        self._gather(records, plan, 0, is_utf8(records.text) if plan else False, gathered)
        with self._lock:
            self.repeated.update(gathered.decoder.repeated)
        good = np.array([number for number, _ in gathered.exact], np.int64)
        places = np.concatenate([*gathered.places, good])
        columns = self._columns(gathered)
        if gathered.places and len(good):
            order = np.argsort(places, kind="stable")
            picked = pa.array(order)
            columns = {name: take_column(column, order, picked, len(places)) for name, column in columns.items()}
            places = places[order]
        bad = tuple(self._bad_record(records, number, why, first_line) for number, why in gathered.bad)
        if records.lines is None:
            lines = places + first_line if bad else None
        else:
            lines = records.lines[places] + first_line
        return Parsed(columns, len(places), count, places if bad else None, lines, bad)

    def shaped(self, values: Sequence[dict[str, Any]]) -> dict[str, Column]:
        """The wanted columns of values that were read already, by another format than JSON."""
        return self._columns(_Gathered(Decoder(), exact=list(enumerate(values))))

    def _gather(self, records: Records, plan: FastPlan | None, first: int, valid: bool, gathered: _Gathered) -> None:
        """Read records at once; where that fails in ever smaller parts, so that a bad one slows down its neighbours alone."""
        count = len(records.starts)
        if plan is not None:
            fit = valid and records.objects and not records.overlong and not may_be_deep(records.text, records.starts, records.ends)
            table = at_once(records.text, count, plan, self.strict) if fit else None
            if table is not None:
                gathered.tables.append(table)
                gathered.parts.append(records)
                gathered.places.append(np.arange(first, first + count))
                return
        if plan is None or count <= _FEW:
            self._gather_exactly(records, first, gathered)
            return
        size = -(-count // _PARTS)
        for start in range(0, count, size):
            part = records.part(start, start + size)
            self._gather(part, plan, first + start, valid or is_utf8(part.text), gathered)

    def _gather_exactly(self, records: Records, first: int, gathered: _Gathered) -> None:
        # Something in these records is wrong, or cannot be had otherwise: each is looked at.
        for number, (start, end) in enumerate(zip(records.starts.tolist(), records.ends.tolist(), strict=True), first):
            value, code, problem = self._read(records.text[start:end], gathered.decoder)
            if problem:
                gathered.bad.append((number, (code, problem)))
            else:
                gathered.exact.append((number, value))

    def _bad_record(self, records: Records, number: int, why: tuple[str, str], first_line: int) -> BadRecord:
        raw = records.text[int(records.starts[number]) : int(records.ends[number])]
        line = first_line + (number if records.lines is None else int(records.lines[number]))
        if (lost := lost_in(raw)) is not None:
            return BadRecord(number, line, *why, lost.element[:_SHOWN])
        return BadRecord(number, line, *why, raw[:_SHOWN].decode("utf-8", "backslashreplace"))

    def _plan_for(self, records: Records) -> FastPlan | None:
        """How Arrow may read this source, judged once by what the first records hold; a wrong guess costs time alone."""
        with self._lock:
            if not self._planned and any(column.pattern for column in self.columns):
                # Members that a pattern gathers are known by their names, which only the records themselves tell.
                self._planned = True
            if not self._planned:
                sample = [self._sampled(records, at) for at in range(min(_SAMPLE, len(records.starts)))]
                columns = tuple(dict.fromkeys((*self.columns, *(column for column, _ in self.marks.values()))))
                self._plan = fast_plan(columns, seen_kinds(sample, columns))
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
        for one in sample:
            if isinstance(one, dict):
                self.surplus.update(dict.fromkeys(key for key in one if self._is_surplus(key, declared)))

    def _is_surplus(self, key: str, declared: set[str]) -> bool:
        return key not in declared and not key.startswith(ADDED) and not (self.gathering is not None and self.gathering.takes(key))

    def _read(self, raw: bytes, decoder: Decoder) -> tuple[Any, str, str]:
        try:
            value = decoder.read(raw)
        except Malformed as problem:
            lost = lost_in(raw)
            return (None, CODE, lost.reason) if lost is not None else (None, problem.code, str(problem))
        if not isinstance(value, dict):
            return None, "R006", f"the record is no object but {_kind(value)}"
        if self.strict:
            declared = {name for column in self.shape.columns for name in column.names or (column.name,)}
            surplus = [key for key in value if self._is_surplus(key, declared)]
            if surplus:
                return None, "R003", f"the record has {listed(surplus)}, which `{self.shape.name}` does not declare"
        return value, "", ""

    def _columns(self, gathered: _Gathered) -> dict[str, Column]:
        """The columns of all that was gathered: first what was read at once, then what was read one by one."""
        columns: dict[str, Column] = {}
        records = [record for _, record in gathered.exact]
        if self.gathering is not None:
            records = [self.gathering.gathered(record) for record in records]
        table = pa.concat_tables(gathered.tables) if gathered.tables else None
        for column in self.columns:
            names = (column.name,) if column.pattern else column.names or (column.name,)
            parts = [] if table is None else [_column(typed(first_of(table, names), column.type, column.reading), column)]
            if records or table is None:
                raw, misfits = raw_column([_value(record, names) for record in records], column)
                made = typed(raw, column.type, column.reading)
                parts.append(_column(_with_misfits(made, misfits, column), column))
            columns[column.name] = made_of = _as_declared(parts[0] if len(parts) == 1 else _chained(*parts), column)
            self._meet(column.name, made_of)
        for mark, (column, path) in self.marks.items():
            there = [self._present(part, one, column, path) for part, one in zip(gathered.parts, gathered.tables, strict=True)]
            alone = pa.array([self._has(record, column, path) for record in records], pa.bool_())
            columns[mark] = Column(pa.concat_arrays([*there, alone]))
        return columns

    def _meet(self, name: str, made: Column) -> None:
        count = 0 if isinstance(made.values, pa.Scalar) else len(made.values)
        self._any |= count > 0
        if name not in self._met and count and (made.failures or made.values.null_count < count):
            self._met.add(name)

    def absent(self) -> Sequence[str]:
        """The columns of which no record had a value, if there were records."""
        return tuple(column.name for column in self.columns if column.name not in self._met) if self._any else ()

    def _has(self, record: dict[str, Any], column: SourceColumn, path: Sequence[str]) -> bool:
        """Whether a record has a member of `column` at all, or one inside of it, whatever it holds."""
        if column.pattern and self.gathering is not None:
            return any(self.gathering.takes(key, column.name, *path[:1]) for key in record)
        names = column.names or (column.name,)
        if not path:
            return any(name in record for name in names)
        inside = _value(record, names)
        for step in path[:-1]:
            inside = inside.get(step) if isinstance(inside, dict) else None
        return isinstance(inside, dict) and path[-1] in inside

    def _present(self, records: Records, table: pa.Table, column: SourceColumn, path: Sequence[str]) -> pa.Array:
        """Which records have `column` at all: those with a value do, those without, and patterns, are looked at one by one."""
        if column.pattern:
            there = np.zeros(table.num_rows, np.bool_)
        else:
            values = first_of(table, column.names or (column.name,))
            for step in path:
                values = pc.struct_field(values, step) if pa.types.is_struct(values.type) else pa.nulls(len(values))
            there = valid(values).copy()
        decoder = Decoder()
        for at in np.flatnonzero(~there).tolist():
            there[at] = self._has(decoder.read(records.text[int(records.starts[at]) : int(records.ends[at])]), column, path)
        return pa.array(there)


def _as_held(column: SourceColumn) -> SourceColumn:
    """The column with the fields of its structs called as the members of objects are."""
    return replace(column, type=named_type(column.type, names_of(column))) if column.parts and not column.pattern else column


def _along(path: tuple[str, ...], column: SourceColumn) -> tuple[str, ...]:
    """What leads into a column as it is held: by the names of the members of objects."""
    return tuple(along("/".join(path), names_of(column)).split("/")) if path and not column.pattern else path


def _as_declared(made: Column, column: SourceColumn) -> Column:
    if not column.parts or column.pattern:
        return made
    names = back(names_of(column))
    failures = tuple(replace(failure, inside=along(failure.inside, names)) for failure in made.failures)
    return replace(made, values=named_parts(made.array(len(made.values)), names), failures=failures)


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


def _column(made: Typed, column: SourceColumn) -> Column:
    label = column.names[0] if column.names else column.name
    return Column(made.values, tuple(named(failure, label) for failure in made.failures))


def _with_misfits(made: Typed, misfits: Sequence[Misfit], column: SourceColumn) -> Typed:
    """`made` with failures for values of the wrong kind, which must not also be told to be missing."""
    if not misfits:
        return made
    told = {(misfit.row, misfit.path) for misfit in misfits}
    kept = (_without(failure, told) if failure.code == "R201" else failure for failure in made.failures)
    return Typed(made.values, (*(failure for failure in kept if len(failure.rows)), *misfit_failures(misfits, column.type)))


def _without(failure: Failure, told: set[tuple[int, str]]) -> Failure:
    paths = [""] * len(failure.rows) if failure.paths is None else failure.paths.to_pylist()
    keep = np.array([(row, path) not in told for row, path in zip(failure.rows.tolist(), paths, strict=True)], np.bool_)
    return failure.kept(keep)


def _chained(first: Column, second: Column) -> Column:
    """Two columns one behind the other."""
    before = len(first.values)
    later = (replace(failure, rows=failure.rows + before) for failure in second.failures)
    return Column(pa.concat_arrays([first.values, second.values]), (*first.failures, *later))
