"""Maps, lists and structs written over several columns of a sheet or file, whose names are known when all rows are."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.declare import BadOutput
from datahub.formats.spread_names import lost, lost_name
from datahub.formats.written import OMITTED, SLICE, Columns, Wanted, column, omissions
from datahub.functions.columns import as_mask
from datahub.functions.segments import picked, unpacked
from datahub.records import record
from datahub.semantic.column_patterns import by_number_and_name, filled, is_pattern
from datahub.types import model as t
from datahub.types.model import Type

MOST_COLUMNS = 10_000


@record(frozen=True, slots=True)
class Cell:
    """One column of the file: its name, and which part of which column of the rows it shows."""

    name: str
    of: Wanted
    type: Type
    key: str | None = None
    index: int | None = None
    member: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """What fills the groups of the pattern."""
        number = None if self.index is None else str(self.index + 1)
        return tuple(part for part in (self.key, number, self.member) if part is not None)

    def lacking(self, rows: pa.Table, omitted: pa.Array | None) -> pa.Array | None:
        """Which rows have no entry here, where others may say that theirs is null; beside those that leave out the whole map."""
        base = t.base_of(self.of.type)
        if self.key is None or not isinstance(base, t.MapOf) or not base.value.nullable:
            return None
        entries, offsets = unpacked(self.of.values(rows))
        mine = as_mask(pc.equal(pc.struct_field(entries, "key"), self.key), len(entries))
        lacking = np.diff(np.concatenate(([0], np.cumsum(mine)))[offsets]) == 0
        return pa.array(lacking) if omitted is None else pc.or_(omitted, pa.array(lacking))

    def values(self, rows: pa.Table) -> pa.Array:
        found = self.of.values(rows)
        if self.key is not None and isinstance(t.base_of(self.of.type), t.MapOf):
            found = pc.map_lookup(found, pa.scalar(self.key), "first")
        if self.index is not None:
            items, offsets = unpacked(found)
            found = picked(items, offsets[:-1] + self.index, np.diff(offsets) > self.index)
        return found if self.member is None else pc.struct_field(found, self.member)


class Kept:
    """Rows that wait, in a file beside the target, until every key has been seen."""

    def __init__(self, path: str) -> None:
        place = Path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        self.path = place.with_name(f".{place.name[:100]}.{secrets.token_hex(8)}.kept")
        self.target = path
        self.keys: dict[str, dict[str, None]] = {}
        self.longest: dict[str, int] = {}
        self._writer: Any = None

    def add(self, rows: pa.Table, columns: Sequence[Wanted]) -> None:
        """Keep rows and note which keys and how many items they have."""
        kept = _of_one_schema(rows, columns)
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self.path), kept.schema)
        self._writer.write_table(kept, max_chunksize=SLICE)
        for one in columns:
            if is_pattern(one.name):
                self._note(one, one.values(rows))

    def _note(self, one: Wanted, values: pa.Array) -> None:
        match t.base_of(one.type):
            case t.MapOf():
                entries, _ = unpacked(values)
                # The distinct keys become columns: there are few.
                found = pc.unique(pc.struct_field(entries, "key")).to_pylist()
                self.keys.setdefault(one.field, {}).update(dict.fromkeys(found))
            case t.ListOf():
                _, offsets = unpacked(values)
                self.longest[one.field] = max(self.longest.get(one.field, 0), int(np.diff(offsets).max(initial=0)))
            case _:
                pass

    def cells(self, columns: Sequence[Wanted]) -> list[Cell]:
        """The columns of the file."""
        found = [cell for one in columns for cell in self._cells(one)]
        for cell in found:
            if is_pattern(cell.of.name) and (said := lost_name(cell.of, columns, *cell.parts)):
                raise lost(said)
        if len(found) > MOST_COLUMNS:
            raise BadOutput(f"`{self.target}` would have {len(found)} columns", "write what has so many keys as one column", self.target)
        return found

    def _cells(self, one: Wanted) -> list[Cell]:
        if not is_pattern(one.name):
            return [Cell(one.name, one, one.type)]
        base = t.base_of(one.type)
        match base:
            case t.MapOf(value=value):
                return [Cell(filled(one.name, key), one, value, key=key) for key in self.keys.get(one.field, ())]
            case t.Struct(fields=fields):
                return [Cell(filled(one.name, name), one, kind, member=name) for name, kind in fields]
            case t.ListOf(item=item):
                return [cell for index in range(self.longest.get(one.field, 0)) for cell in _numbered(one, item, index)]
            case _:
                return [Cell(one.field, one, one.type)]

    def slices(self, cells: Sequence[Cell]) -> Iterator[tuple[int, Columns, Mapping[str, pa.Array]]]:
        """All rows again, a slice at a time, cut into cells; and of each cell that some rows leave out, which rows do."""
        if self._writer is None:
            return
        self._writer.close()
        with pa.memory_map(str(self.path)) as kept:
            reader = pa.ipc.open_file(kept)
            for number in range(reader.num_record_batches):
                rows = pa.Table.from_batches([reader.get_batch(number)])
                left_out = next(omissions(rows, [cell.of for cell in cells]), {})
                omitted = {cell.name: left_out[cell.of.name] for cell in cells if cell.of.name in left_out}
                omitted |= {cell.name: without for cell in cells if (without := cell.lacking(rows, omitted.get(cell.name))) is not None}
                yield rows.num_rows, [(cell.name, cell.values(rows), cell.type) for cell in cells], omitted

    def drop(self) -> None:
        """Remove the file of waiting rows."""
        if self._writer is not None:
            self._writer.close()
        self.path.unlink(missing_ok=True)


def _of_one_schema(rows: pa.Table, columns: Sequence[Wanted]) -> pa.Table:
    """What is written of the rows; which of them leave something out is said of some tables and not of others."""
    every = {one.field: column(rows, one.field, one.own) for one in columns}
    marks = (OMITTED + one.field for one in columns)
    absent = pa.array(np.zeros(rows.num_rows, np.bool_))
    return pa.table(every | {mark: column(rows, mark, t.Bool()) if mark in rows.column_names else absent for mark in marks})


def _numbered(one: Wanted, item: Type, index: int) -> list[Cell]:
    base, number = t.base_of(item), str(index + 1)
    if isinstance(base, t.Struct) and by_number_and_name(one.name, base):
        return [Cell(filled(one.name, number, name), one, kind, index=index, member=name) for name, kind in base.fields]
    return [Cell(filled(one.name, number), one, item, index=index)]
