"""Numbers that are equal where values are equal, for values of every type: nested ones too, which Arrow does not encode."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Ints, from_ints, ints, valid
from datahub.functions.declare import Offsets
from datahub.functions.segments import alike, grouped, owners, unpacked


def codes(values: pa.Array) -> Ints:
    """A number from 0 for each value, the same for equal values; -1 for null."""
    kind = values.type
    if pa.types.is_null(kind):
        return np.full(len(values), -1, np.int64)
    if pa.types.is_struct(kind):
        return _struct_codes(values)
    if pa.types.is_map(kind):
        return _list_codes(values, _by_key(values))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _list_codes(values, None)
    if pa.types.is_floating(kind):
        values = _without_sign_of_zero(values)
    return _encoded(values)


def _without_sign_of_zero(values: pa.Array) -> pa.Array:
    """Floats, 0.0 for -0.0, which is equal to it."""
    return pc.add(values, 0.0)


def is_among(values: pa.Array, among: pa.Array) -> pa.Array:
    """Which values are equal to one of those given, of the same type; null is equal to none."""
    if pa.types.is_floating(values.type):
        values, among = _without_sign_of_zero(values), _without_sign_of_zero(among)
    return pc.is_in(values, value_set=among, skip_nulls=True)


def _encoded(values: pa.Array) -> Ints:
    indices = values.dictionary_encode().indices
    numbers = ints(indices)
    return np.where(valid(indices), numbers, -1) if indices.null_count else numbers


def _struct_codes(values: pa.Array) -> Ints:
    fields = [codes(field) for field in values.flatten()] or [np.zeros(len(values), np.int64)]
    packed = np.ascontiguousarray(np.stack(fields, axis=1))
    width = packed.shape[1] * 8
    rows = pa.Array.from_buffers(pa.binary(width), len(values), [None, pa.py_buffer(packed)])
    return np.where(valid(values), _encoded(rows), -1)


def _list_codes(values: pa.Array, order: Ints | None) -> Ints:
    items, offsets = unpacked(values)
    packed = codes(items)
    packed = np.ascontiguousarray(packed if order is None else packed[order])
    spans = pa.py_buffer((offsets * 8).astype(np.int64))
    rows = pa.Array.from_buffers(pa.large_binary(), len(values), [None, spans, pa.py_buffer(packed)])
    return np.where(valid(values), _encoded(rows), -1)


def _by_key(values: pa.Array) -> Ints:
    """The entries of maps in order of their keys: equal maps may hold them in another one."""
    items, offsets = unpacked(values)
    order: Ints = pc.sort_indices(pc.struct_field(items, "key")).to_numpy().astype(np.int64)
    return grouped(order, offsets)


def same_codes(left: pa.Array, right: pa.Array) -> tuple[Ints, Ints]:
    """Codes of two columns of one type that may be compared with each other."""
    both = codes(pa.concat_arrays(alike([left, right])))
    return both[: len(left)], both[len(left) :]


def first_seen(numbers: Ints, offsets: Offsets) -> Ints:
    """The rows that are the first of their code in their segment, in order."""
    return first_rows(within(numbers, offsets))


def within(numbers: Ints, offsets: Offsets) -> Ints:
    """Codes in order of appearance, the same for rows of one segment that have the same number from -1 on."""
    span = int(numbers.max(initial=0)) + 2
    marks = owners(offsets) * span + (numbers + 1)
    if not len(marks):
        return marks
    steps = np.diff(marks)
    if (steps >= 0).all():
        # Names of columns stand in each row in the order of the first: nothing repeats, or what does stands together.
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(steps > 0)])
    if (len(offsets) - 1) * span <= _ROOM * len(marks):
        return _by_place(marks, (len(offsets) - 1) * span)
    return ints(from_ints(marks).dictionary_encode().indices)


_ROOM = 4
"""How many places a table of all numbers may have for each row, which takes no hashing."""


def _by_place(marks: Ints, places: int) -> Ints:
    rows = np.arange(len(marks))
    first = np.empty(places, np.int64)
    # Of several rows with one mark the one that is written last stays, which is the first.
    first[marks[::-1]] = rows[::-1]
    begun = first[marks]
    return (np.cumsum(begun == rows) - 1)[begun]


def first_rows(numbers: Ints) -> Ints:
    """The rows in which numbers that are given in order of appearance are seen first, in order."""
    # Each first one is higher than all before it.
    highest = np.maximum.accumulate(numbers) if len(numbers) else numbers
    return np.flatnonzero(np.diff(highest, prepend=-1))
