"""Transcoding tables made ready for a run: keys as numbers, rows by key and period, rows by result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.values import array, brought, carried, coerced
from datahub.frames.frame import Mask, Rows
from datahub.functions.equality import codes
from datahub.records import record
from datahub.semantic import ir
from datahub.types import model as t

FEW = 40_000
"""Up to here a table is hashed anew with each batch; a larger one is instead searched for the batch's own keys."""
CONTRADICTED = -2
"""The place of a key whose rows contradict each other."""
DENSE = 1 << 22
"""Up to here the place of a combination of keys is read from a table of all combinations."""


# ---------------------------------------------------------------- keys to places


@record(frozen=True, slots=True)
class Part:
    """The distinct values of one column of keys."""

    values: pa.Array

    def codes(self, wanted: pa.Array) -> Rows:
        """For each wanted value its number, -1 where there is none."""
        wanted = brought(wanted, self.values.type)
        if pa.types.is_nested(self.values.type):
            return _nested_codes(self.values, wanted)
        if len(self.values) <= FEW or len(wanted) >= len(self.values):
            return _found(pc.index_in(wanted, self.values, skip_nulls=True))
        batch = wanted.dictionary_encode()
        at = _found(pc.index_in(self.values, batch.dictionary, skip_nulls=True))
        place = np.full(len(batch.dictionary) + 1, -1, np.int64)
        hits = np.flatnonzero(at >= 0)
        place[at[hits]] = hits
        # Null has no number: it reads the last place.
        return place[_found(batch.indices)]


def _found(indices: pa.Array) -> Rows:
    numbers: Rows = indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers


def _nested_codes(values: pa.Array, wanted: pa.Array) -> Rows:
    both = codes(pa.concat_arrays([values, wanted]))
    place = np.full(int(both.max(initial=0)) + 2, -1, np.int64)
    place[both[: len(values)]] = np.arange(len(values))
    place[-1] = -1
    return place[both[len(values) :]]


@record(frozen=True, slots=True)
class Keys:
    """All keys of a table: each a combination of numbers of its parts, itself numbered in ascending order."""

    parts: tuple[Part, ...]
    combined: Rows
    dense: Rows | None

    def find(self, wanted: Sequence[pa.Array]) -> Rows:
        """For each row the number of its key, -1 where the table lacks it."""
        numbers = self.parts[0].codes(wanted[0])
        if len(self.parts) == 1 or not len(self.combined):
            return numbers if len(self.combined) else np.full(len(numbers), -1, np.int64)
        missing = numbers < 0
        for part, more in zip(self.parts[1:], wanted[1:], strict=True):
            one = part.codes(more)
            missing |= one < 0
            numbers = numbers * len(part.values) + one
        numbers[missing] = 0
        if self.dense is not None:
            found = self.dense[numbers]
        else:
            at = np.minimum(np.searchsorted(self.combined, numbers), len(self.combined) - 1)
            found = np.where(self.combined[at] == numbers, at, -1)
        return np.where(missing, -1, found)


def keys_of(columns: Sequence[pa.Array]) -> tuple[Keys, Rows]:
    """The keys that rows have, and for each row the number of its key; rows with a null have none (-1)."""
    parts = tuple(Part(_distinct(column)) for column in columns)
    sizes = [len(part.values) for part in parts]
    numbers = [part.codes(column) for part, column in zip(parts, columns, strict=True)]
    if len(parts) == 1:
        return Keys(parts, np.arange(sizes[0], dtype=np.int64), None), numbers[0]
    missing = np.logical_or.reduce([one < 0 for one in numbers])
    combined = np.zeros(len(missing), np.int64)
    for one, size in zip(numbers, sizes, strict=True):
        combined = combined * size + one
    distinct, place = np.unique(combined[~missing], return_inverse=True)
    room = int(np.prod([float(size) for size in sizes]))
    dense = None
    if 0 < room <= DENSE:
        dense = np.full(room, -1, np.int64)
        dense[distinct] = np.arange(len(distinct))
    key_of = np.full(len(missing), -1, np.int64)
    key_of[~missing] = place
    return Keys(parts, distinct, dense), key_of


def _distinct(column: pa.Array) -> pa.Array:
    if not pa.types.is_nested(column.type):
        return column.drop_null().unique()
    numbers = codes(column)
    _, first = np.unique(numbers, return_index=True)
    return column.take(pa.array(first[numbers[first] >= 0]))


# ---------------------------------------------------------------- the index


@record(frozen=True, slots=True)
class LookupIndex:
    """A table made ready for a run.

    `rows` is for each key its row in the table, -1 after the last one, for no key. Where the table has periods,
    `order` are its rows by key and beginning, `moments` the distinct beginnings, and `periods` combines key and
    beginning into one ascending number for each row of `order`. `double` marks the rows of `order` whose key and period
    another row claims with another result; `contradicts` says whether there are any.
    """

    table: ir.LookupTable
    keys: Keys
    key_columns: tuple[pa.Array, ...]
    results: pa.Array
    rows: Rows
    order: Rows
    moments: pa.Array | None
    periods: Rows
    double: Mask
    contradicts: bool
    inverses: dict[str, tuple[Keys, Rows]]


def build(table: ir.LookupTable, rows: pa.Table | None = None) -> LookupIndex:
    """The index of a table: of its inline rows, or of `rows` where a source feeds it.

    Fed rows have columns named as the keys, `valid_from` and `result` (or the fields of the result).
    """
    columns, since, results = _inline(table) if rows is None else _fed(table, rows)
    keys, key_of = keys_of(columns)
    moments, moment_of = _moments(since, len(results))
    order = np.lexsort((np.arange(len(results)), moment_of, key_of)).astype(np.int64)
    order = order[key_of[order] >= 0]
    width = 1 if moments is None else len(moments) + 1
    periods = key_of[order] * width + moment_of[order]
    double = _double(periods, codes(results)[order])
    contradicts = bool(double.any())
    rows_of = _rows_of(key_of, order, double, len(keys.combined))
    return LookupIndex(
        table, keys, tuple(columns), results, rows_of, order, moments, periods, double, contradicts, _inverses(table, results)
    )


def _rows_of(key_of: Rows, order: Rows, double: Mask, count: int) -> Rows:
    """For each key its first row, and no key after the last; of keys with rows that contradict each other, none (-2)."""
    rows_of = np.full(count + 1, -1, np.int64)
    rows_of[key_of[order][::-1]] = order[::-1]
    rows_of[key_of[order][double]] = CONTRADICTED
    return rows_of


def _inline(table: ir.LookupTable) -> tuple[list[pa.Array], pa.Array | None, pa.Array]:
    columns = [array([row[0][at] for row in table.rows], kind) for at, (_, kind) in enumerate(table.keys)]
    since = None
    if table.valid_from:
        since = pa.array([row[1] for row in table.rows])
    return columns, since, array([row[2] for row in table.rows], table.result)


def _fed(table: ir.LookupTable, rows: pa.Table) -> tuple[list[pa.Array], pa.Array | None, pa.Array]:
    columns = [coerced(_whole(rows, name), kind) for name, kind in table.keys]
    since = _whole(rows, "valid_from") if table.valid_from else None
    kind = t.base_of(table.result)
    if "result" in rows.column_names or not isinstance(kind, t.Struct):
        return columns, since, coerced(_whole(rows, "result"), table.result)
    fields = [coerced(_whole(rows, name), inner) for name, inner in kind.fields]
    struct = pa.StructArray.from_arrays(fields, fields=list(carried(kind)))
    return columns, since, struct


def _whole(rows: pa.Table, name: str) -> pa.Array:
    chunked = rows.column(name)
    return pa.concat_arrays(chunked.chunks) if chunked.num_chunks else pa.array([], chunked.type)


def _moments(since: pa.Array | None, length: int) -> tuple[pa.Array | None, Rows]:
    """The distinct beginnings, ascending, and for each row the number of its own; 0 is since ever, where none is given."""
    if since is None:
        return None, np.zeros(length, np.int64)
    since = since.cast(pa.date32()) if pa.types.is_null(since.type) else since
    distinct = since.drop_null().unique()
    distinct = distinct.take(pc.array_sort_indices(distinct))
    if not len(distinct):
        return distinct, np.zeros(length, np.int64)
    return distinct, _found(pc.index_in(since, distinct, skip_nulls=True)) + 1


def _double(periods: Rows, results: Rows) -> Mask:
    """Rows (in order) whose key and period another row has too, with another result."""
    double = np.zeros(len(periods), np.bool_)
    if len(periods) > 1:
        clash = (periods[1:] == periods[:-1]) & (results[1:] != results[:-1])
        double[1:] = clash
        double[:-1] |= clash
        _, group = np.unique(periods, return_inverse=True)
        double = np.bincount(group, double)[group] > 0
    return double


def _inverses(table: ir.LookupTable, results: pa.Array) -> dict[str, tuple[Keys, Rows]]:
    """For the result, or for each of its fields, the rows by value."""
    kind = t.base_of(table.result)
    columns = {"": results}
    if isinstance(kind, t.Struct):
        columns |= {name: pc.struct_field(results, name) for name, _ in kind.fields}
    return {name: keys_of([column]) for name, column in columns.items()}
