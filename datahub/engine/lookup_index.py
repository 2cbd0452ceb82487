"""Transcoding tables made ready for a run: keys as numbers, rows by key and period, rows by result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from datetime import date
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.keys import Hashes, SeenKeys
from datahub.engine.told_apart import is_long, keyed
from datahub.engine.values import array, brought, carried, coerced
from datahub.frames.chunks import whole
from datahub.frames.frame import Mask, Rows
from datahub.functions.columns import valid
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
    """The distinct values of one column of keys; where they are many, with a table of their hashes."""

    values: pa.Array
    seen: SeenKeys | None = None

    def codes(self, wanted: pa.Array) -> Rows:
        """For each wanted value its number, -1 where there is none."""
        wanted = brought(wanted, self.values.type)
        if pa.types.is_nested(self.values.type):
            return _nested_codes(self.values, wanted)
        if len(self.values) <= FEW:
            return _found(pc.index_in(wanted, self.values, skip_nulls=True))
        if self.seen is not None and (found := self._hashed(wanted, self.seen)) is not None:
            return found
        if len(wanted) >= len(self.values):
            return _found(pc.index_in(wanted, self.values, skip_nulls=True))
        batch = wanted.dictionary_encode()
        at = _found(pc.index_in(self.values, batch.dictionary, skip_nulls=True))
        place = np.full(len(batch.dictionary) + 1, -1, np.int64)
        hits = np.flatnonzero(at >= 0)
        place[at[hits]] = hits
        # Null has no number: it reads the last place.
        return place[_found(batch.indices)]

    def _hashed(self, wanted: pa.Array, seen: SeenKeys) -> Rows | None:
        """The same by the hashes of the values; None where two values have the same hash, which nobody has seen yet."""
        hashed = keyed(wanted)
        place = seen.rows_of(hashed)
        if wanted.null_count:
            place[~valid(wanted)] = -1
        long = is_long(hashed)
        # What is short is told apart by its bits.
        if not long.any():
            return place
        asked = np.flatnonzero(long & (place >= 0))
        if len(asked) < len(wanted):
            wanted = wanted.take(pa.array(asked))
        same = pc.all(pc.equal(self.values.take(pa.array(place[asked])), wanted))
        return place if same.as_py() is not False else None


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
    """All keys of a table: each a combination of numbers of its parts, itself numbered in ascending order; of one part, its numbers."""

    parts: tuple[Part, ...]
    combined: Rows | None
    dense: Rows | None

    def __len__(self) -> int:
        return len(self.parts[0].values) if self.combined is None else len(self.combined)

    def find(self, wanted: Sequence[pa.Array]) -> Rows:
        """For each row the number of its key, -1 where the table lacks it."""
        numbers = self.parts[0].codes(wanted[0])
        if self.combined is None or not len(self.combined):
            return numbers if len(self) else np.full(len(numbers), -1, np.int64)
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


@record(frozen=True, slots=True)
class Numbered:
    """The hashes of all keys of a column, and whether no row has that of another."""

    seen: SeenKeys
    distinct: bool


Known: TypeAlias = Callable[[], Numbered | None]
"""Waits for the hashes of all keys, where somebody puts them in meanwhile."""


def keys_of(columns: Sequence[pa.Array], known: Known | None = None) -> tuple[Keys, Rows | None]:
    """The keys that rows have, and for each row the number of its key; rows with a null have none (-1).

    None stands for rows of which each has the key of its own number: memory costs time.
    """
    if len(columns) == 1:
        part, of_rows = _numbered(columns[0], known)
        return Keys((part,), None, None), of_rows
    parts, found = zip(*(_numbered(column, known) for column in columns), strict=True)
    numbers = [numbers_of(one, len(columns[0])) for one in found]
    sizes = [len(part.values) for part in parts]
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


def numbers_of(numbers: Rows | None, count: int) -> Rows:
    """The numbers of the keys of rows, also where each is that of its row."""
    return np.arange(count, dtype=np.int64) if numbers is None else numbers


def is_hashed(kind: pa.DataType) -> bool:
    """Whether many values of a type are found by their hashes."""
    return bool(pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_temporal(kind))


def _numbered(column: pa.Array, known: Known | None) -> tuple[Part, Rows | None]:
    """The distinct values of a column, and for each row the number of its own, -1 where it is null; None where no value comes twice."""
    kind = column.type
    if pa.types.is_nested(kind):
        numbers = codes(column)
        _, first = np.unique(numbers, return_index=True)
        part = Part(column.take(pa.array(first[numbers[first] >= 0])))
        return part, part.codes(column)
    hashed = is_hashed(kind)
    if hashed and len(column) > FEW and not column.null_count:
        put = (known() if known is not None else None) or _seen(column)
        if put.distinct:
            # Different hashes are of different values: there is none twice.
            return Part(column, put.seen), None
    encoded = column.dictionary_encode()
    values = encoded.dictionary
    return Part(values, _seen(values).seen if hashed and len(values) > FEW else None), _found(encoded.indices)


def _seen(values: pa.Array) -> Numbered:
    """The hashes of values, and whether they are all different."""
    seen = SeenKeys(len(values))
    size = 1 << 16
    with ThreadPoolExecutor(1, thread_name_prefix="dhm-keys") as pool:
        # One piece is hashed while the one before it is put in: nothing else goes on while a table is made ready.
        hashed = pool.map(lambda start: keyed(values.slice(start, size)), range(0, len(values), size))
        new = [put_in(seen, some, at * size) for at, some in enumerate(hashed)]
    return Numbered(seen, all(new))


def put_in(seen: SeenKeys, hashed: Hashes, before: int) -> bool:
    """Put the keys of some rows in, `before` which others stand; whether none of them was there."""
    rows = np.arange(before, before + hashed.shape[1], dtype=np.int64)
    return bool((seen.first_rows(hashed, rows) == rows).all())


# ---------------------------------------------------------------- the index


@record(frozen=True, slots=True)
class LookupIndex:
    """A table made ready for a run.

    `rows` is for each key its row in the table, -1 after the last one, for no key; None where each key is that of the row
    of its number. Where the table has periods,
    `order` are its rows by key and beginning, `moments` the distinct beginnings, and `periods` combines key and
    beginning into one ascending number for each row of `order`. `double` marks the rows of `order` whose key and period
    another row claims with another result; `contradicts` says whether there are any.
    """

    table: ir.LookupTable
    keys: Keys
    key_columns: tuple[pa.Array, ...]
    results: pa.Array
    rows: Rows | None
    order: Rows
    moments: pa.Array | None
    periods: Rows
    double: Mask
    contradicts: bool
    inverses: dict[str, tuple[Keys, Rows]] = field(default_factory=dict, compare=False)
    """The rows by their result, or by a field of it, for those that were asked for so far."""

    def rows_at(self, key: Rows) -> Rows:
        """For each number of a key (-1 for none) its row in the table, for what has no periods."""
        return key if self.rows is None else self.rows[key]

    def inverse(self, member: str) -> tuple[Keys, Rows]:
        """The keys that the results (or a field of theirs) are, and for each row the number of its own."""
        if member not in self.inverses:
            keys, key_of = keys_of([pc.struct_field(self.results, member) if member else self.results])
            self.inverses[member] = keys, numbers_of(key_of, len(self.results))
        return self.inverses[member]


def build(table: ir.LookupTable, rows: pa.Table | None = None, known: Known | None = None) -> LookupIndex:
    """The index of a table: of its inline rows, and of `rows` where a source feeds it; the key of those may be `known` by then.

    Fed rows have columns named as the keys, `valid_from` and `result` (or the fields of the result).
    """
    columns, since, results = _inline(table)
    if rows is not None:
        columns, since, results = _over(columns, since, results, *_fed(table, rows))
    keys, found = keys_of(columns, known)
    plain = found is None or np.array_equal(found, np.arange(len(keys)))
    if plain and since is None:
        # No key stands twice, as in most tables: each is that of its own row.
        none = np.empty(0, np.int64)
        return LookupIndex(table, keys, tuple(columns), results, None, none, None, none, none.astype(np.bool_), False)
    key_of = numbers_of(found, len(results))
    moments, moment_of = _moments(since, len(results))
    order = key_of if plain else _ordered(key_of, moment_of)
    width = 1 if moments is None else len(moments) + 1
    periods = key_of[order] * width + moment_of[order]
    double = _double(periods, results, order)
    rows_of = None if plain else _rows_of(key_of, order, double, len(keys))
    return LookupIndex(table, keys, tuple(columns), results, rows_of, order, moments, periods, double, bool(double.any()))


def _ordered(key_of: Rows, moment_of: Rows) -> Rows:
    """The rows that have a key, by key and beginning, then as they come."""
    order = np.lexsort((np.arange(len(key_of)), moment_of, key_of)).astype(np.int64)
    return order[key_of[order] >= 0]


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


def _over(
    columns: list[pa.Array],
    since: pa.Array | None,
    results: pa.Array,
    fed_columns: list[pa.Array],
    fed_since: pa.Array | None,
    fed_results: pa.Array,
) -> tuple[list[pa.Array], pa.Array | None, pa.Array]:
    """What a source feeds, with the inline rows in the place of those of the same key and beginning."""
    if not len(results):
        return fed_columns, fed_since, fed_results
    ours, theirs = [*columns], [*fed_columns]
    if since is not None and fed_since is not None:
        since, fed_since = since.cast(pa.date32()), fed_since.cast(pa.date32())
        # Since ever is a beginning as well; null would be equal to nothing.
        ours, theirs = [*ours, since.fill_null(date.min)], [*theirs, fed_since.fill_null(date.min)]
    kept = pa.array(keys_of(ours)[0].find(theirs) < 0)

    def both(mine: pa.Array, fed: pa.Array) -> pa.Array:
        return pa.concat_arrays([brought(mine, fed.type), fed.filter(kept)])

    whole = [both(mine, fed) for mine, fed in zip(columns, fed_columns, strict=True)]
    return whole, both(since, fed_since) if since is not None and fed_since is not None else None, both(results, fed_results)


def _fed(table: ir.LookupTable, rows: pa.Table) -> tuple[list[pa.Array], pa.Array | None, pa.Array]:
    columns = [coerced(whole(rows.column(name)), kind) for name, kind in table.keys]
    since = whole(rows.column("valid_from")) if table.valid_from else None
    kind = t.base_of(table.result)
    if "result" in rows.column_names or not isinstance(kind, t.Struct):
        return columns, since, coerced(whole(rows.column("result")), table.result)
    fields = [coerced(whole(rows.column(name)), inner) for name, inner in kind.fields]
    struct = pa.StructArray.from_arrays(fields, fields=list(carried(kind)))
    return columns, since, struct


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


def _double(periods: Rows, results: pa.Array, order: Rows) -> Mask:
    """Rows (in order) whose key and period another row has too, with another result."""
    double = np.zeros(len(periods), np.bool_)
    again = periods[1:] == periods[:-1]
    if again.any():
        given = codes(results)[order]
        clash = again & (given[1:] != given[:-1])
        double[1:] = clash
        double[:-1] |= clash
        _, group = np.unique(periods, return_inverse=True)
        double = np.bincount(group, double)[group] > 0
    return double
