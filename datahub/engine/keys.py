"""Keys of rows as numbers: codes within a batch, and hashes that hold over a whole run.

Codes are dense and exact; they serve where all rows are at hand (groups, sorts, joins). Hashes are 128 bits and serve
where rows pass by (uniqueness over a stream).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.types.bits import there

if TYPE_CHECKING:
    import numpy.typing as npt

Codes: TypeAlias = "npt.NDArray[np.int64]"
Hashes: TypeAlias = "npt.NDArray[np.uint64]"

PIECE = 1 << 15
"""Rows that are hashed at once: what is worked out of them stays in the processor's cache."""
_ODD = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT = np.uint64(32)


def codes(columns: Sequence[pa.Array]) -> Codes:
    """A number for each row, equal where all columns are equal (null equals null), counted by first appearance."""
    combined: Codes | None = None
    for column in columns:
        one = _codes_of(column)
        combined = one if combined is None else _dense(combined * np.int64(one.max(initial=0) + 1) + one)
    assert combined is not None
    return combined


def _codes_of(column: pa.Array) -> Codes:
    if pa.types.is_nested(column.type):
        column = _as_text(column)
    encoded = column.dictionary_encode(null_encoding="encode")
    found: Codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _dense(numbers: Codes) -> Codes:
    """`numbers` renumbered from 0 by first appearance."""
    found: Codes = pa.array(numbers).dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return found


def _as_text(column: pa.Array) -> pa.Array:
    """Nested values as texts that are equal where they are: only where a list or struct is itself a key."""
    # Arrow has no kernel that compares nested values; keys of this kind are rare and few.
    return pa.array([None if value is None else repr(value) for value in column.to_pylist()], pa.string())


def any_null(columns: Sequence[pa.Array]) -> npt.NDArray[np.bool_]:
    """Rows in which any of the columns is null."""
    found = np.zeros(len(columns[0]), np.bool_)
    for column in columns:
        if column.null_count:
            found |= ~there(column)
    return found


def hashes(columns: Sequence[pa.Array]) -> Hashes:
    """128 bits for each row, as two columns of 64: equal keys have equal hashes, in every batch and run."""
    length = len(columns[0])
    if length > 2 * PIECE - PIECE // 2:
        size = -(-length // -(-length // PIECE))
        parts = [hashes([column.slice(start, size) for column in columns]) for start in range(0, length, size)]
        return np.concatenate(parts, axis=1)
    state = np.empty((2, length), np.uint64)
    state[0], state[1] = _ODD
    with np.errstate(over="ignore"):
        for column in columns:
            for words, rows in _words(column):
                _absorb(state, words, rows)
        for half in state:
            half ^= half >> _SHIFT
            half *= _MIX
            half ^= half >> _SHIFT
    return state


def _absorb(state: Hashes, words: npt.NDArray[np.uint64], rows: npt.NDArray[np.intp] | None) -> None:
    for half, odd in zip(state, _ODD, strict=True):
        some = half if rows is None else half[rows]
        some ^= words
        some *= odd
        some ^= some >> np.uint64(29)
        if rows is not None:
            half[rows] = some


Words: TypeAlias = "tuple[npt.NDArray[np.uint64], npt.NDArray[np.intp] | None]"
"""A word of each of some rows; None stands for all rows."""


def _words(column: pa.Array) -> list[Words]:
    """The column as 64-bit words: of each row as many as its own value needs, whatever stands beside it; the length comes first."""
    kind = column.type
    if pa.types.is_nested(kind):
        column = _as_text(column)
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        if pa.types.is_integer(kind) or pa.types.is_temporal(kind):
            number = (
                column.cast(pa.int64())
                if pa.types.is_integer(kind)
                else column.cast(pa.int32()).cast(pa.int64())
                if pa.types.is_date32(kind)
                else column.cast(pa.int64())
            )
            filled = pc.fill_null(number, 0).to_numpy(zero_copy_only=False).astype(np.int64)
            return [(filled.view(np.uint64), None), (there(column).astype(np.uint64), None)]
        column = column.cast(pa.string())
    return _text_words(column)


def _text_words(column: pa.Array) -> list[Words]:
    length = len(column)
    buffers = column.buffers()
    offsets = np.frombuffer(buffers[1], np.int32, length + 1, column.offset * 4).astype(np.int64)
    sizes = offsets[1:] - offsets[:-1]
    valid = there(column)
    data = np.zeros(int(offsets[-1] - offsets[0]) + 8, np.uint8)
    if buffers[2] is not None and offsets[-1] > offsets[0]:
        data[:-8] = np.frombuffer(buffers[2], np.uint8)[offsets[0] : offsets[-1]]
    size = int(sizes[0]) if length else 0
    if size and valid.all() and (sizes == size).all():
        return _even_words(data, length, size)
    starts = offsets[:-1] - offsets[0]
    every = np.lib.stride_tricks.as_strided(data[:8].view(np.uint64), (len(data) - 7,), (1,))
    counted, left = sizes + 1, sizes
    if not valid.all():
        counted, left = np.where(valid, counted, 0), np.where(valid, sizes, 0)
    found: list[Words] = [(counted.view(np.uint64), None)]
    rows: npt.NDArray[np.intp] | None = None
    at = 0
    while True:
        # A row whose value has ended takes no part any more: its hash must not depend on how long others are.
        going = np.flatnonzero(left > 0)
        if not len(going):
            return found
        if len(going) < len(left):
            rows, left, starts = going if rows is None else rows[going], left[going], starts[going]
        found.append((every[starts + at] << _UNUSED.take(left, mode="clip"), rows))
        left = left - 8
        at += 8


_UNUSED = np.array([56, *range(56, -1, -8)], np.uint64)
"""How many bits of a word are of what follows, by the bytes that are left."""


def _even_words(data: npt.NDArray[np.uint8], length: int, size: int) -> list[Words]:
    """The words of texts of one length, as codes often are: they stand at even distances."""
    found: list[Words] = [(np.full(length, size + 1, np.uint64), None)]
    for at in range(0, size, 8):
        words = np.lib.stride_tricks.as_strided(data[at : at + 8].view(np.uint64), (length,), (size,))
        unused = np.uint64(8 * max(0, at + 8 - size))
        found.append((words << unused, None))
    return found


ROW = np.uint64((1 << 40) - 1)
_EMPTY = np.uint64((1 << 64) - 1)
LOAD = 0.7


class SeenKeys:
    """The keys seen so far in a run: an open-addressing table of hashes, probed a batch at a time.

    A slot is 16 bytes: 64 bits of the hash, and 24 more of it beside the number (40 bits) of the first row that had
    the key. Two different keys are taken for one with a probability below 1e-10 at a hundred million keys.
    """

    __slots__ = ("_slots", "_used")

    def __init__(self, expected: int = 0) -> None:
        """Room for so many keys, or some; it grows."""
        self._slots = _empty(1 << max(16, int(expected / LOAD).bit_length()))
        self._used = 0

    def first_rows(self, hashed: Hashes, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """For each key the number of the row that had it first, keys new here taking their own; they are remembered.

        `rows` ascend, over all calls, and stay below 2**40.
        """
        while self._used + len(rows) > len(self._slots) * LOAD:
            self._grow()
        marks = (hashed[1] & ~ROW) | rows.astype(np.uint64)
        first = _put(self._slots, hashed[0], marks)
        self._used += int(np.count_nonzero(first == rows))
        return first

    def rows_of(self, hashed: Hashes) -> npt.NDArray[np.int64]:
        """For each key the number of the row that had it first, -1 where there was none; nothing is remembered."""
        mask = np.int64(len(self._slots) - 1)
        pairs = self._slots.view(np.complex128).reshape(-1)
        return _looked(pairs, hashed, mask)

    def __len__(self) -> int:
        return self._used

    def held(self) -> npt.NDArray[np.uint64]:
        """All keys as they are kept: half of the hash, and the mark."""
        found: npt.NDArray[np.uint64] = self._slots[self._slots[:, 1] != _EMPTY]
        return found

    def _grow(self) -> None:
        _double(self._slots)


def _empty(slots: int) -> npt.NDArray[np.uint64]:
    return np.full((slots, 2), _EMPTY, np.uint64)


_STRETCH = 1 << 15
"""How many slots are moved to a larger table at once."""


def _double(slots: npt.NDArray[np.uint64]) -> None:
    """Make a table twice as large where it lies: there is never a second one beside it.

    Nothing is probed: between two free slots stand the keys that want one of the slots there, and in the larger table they want the
    same slot or the one that is a table further. So the old one is read once in order, and what stays is written back to its stretch.
    """
    size = len(slots)
    marks = slots[:, 1]
    # One in tens of thousands of slots, each of them free.
    last = size - 1 - _free_slot(marks[::-1], 0)
    cuts = sorted({at for at in (_free_slot(marks, at) for at in range(0, size, _STRETCH)) if at < last} | {last})
    # No view of the old memory is used from here on.
    del marks
    slots.resize((2 * size, 2), refcheck=False)
    slots[size:] = _EMPTY
    mask = np.uint64(2 * size - 1)
    # What stands before the first free slot and behind the last may be one stretch, over the end of the table.
    ends = (slice(0, cuts[0]), slice(last + 1, size))
    rest = np.concatenate([slots[end] for end in ends])
    for end in ends:
        slots[end] = _EMPTY
    pairs = slots.view(np.complex128).reshape(-1)
    for start, stop in pairwise(cuts):
        held = slots[start:stop][slots[start:stop, 1] != _EMPTY]
        slots[start:stop] = _EMPTY
        home = (held[:, 0] & mask).view(np.int64)
        items = held.view(np.complex128).reshape(-1)
        further = home >= size
        for half, before in ((np.flatnonzero(~further), start), (np.flatnonzero(further), size + start)):
            # Almost in order: each stands but little behind the slot that it wants.
            order = half.take(np.argsort(home.take(half), kind="stable"))
            # All of them found room before the next free slot, so half of them do.
            pairs[_settled(home.take(order), before)] = items.take(order)
    rest = rest[rest[:, 1] != _EMPTY]
    _put(slots, np.ascontiguousarray(rest[:, 0]), rest[:, 1])


def _free_slot(marks: npt.NDArray[np.uint64], at: int) -> int:
    """The first free slot from `at` on; past the last one where there is none."""
    while at < len(marks):
        found = np.flatnonzero(marks[at : at + 256] == _EMPTY)
        if len(found):
            return at + int(found[0])
        at += 256
    return len(marks)


def _settled(home: npt.NDArray[np.int64], before: int) -> npt.NDArray[np.int64]:
    """Where keys come to stand that are put in by the slot they want, ascending: there, or behind the one before them."""
    number = np.arange(len(home))
    at = home - number
    if len(at):
        at[0] = max(int(at[0]), before + 1)
    return np.maximum.accumulate(at) + number


def _put(slots: npt.NDArray[np.uint64], low: npt.NDArray[np.uint64], marks: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Keys into the table; for each the number of the row that had it first."""
    mask = np.int64(len(slots) - 1)
    # Both halves of a slot are fetched and set at once, as one item of 16 bytes: a slot is one miss of the cache.
    pairs = slots.view(np.complex128).reshape(-1)
    at = low.view(np.int64) & mask if low.flags.c_contiguous else low.astype(np.int64) & mask
    answer, other = _probe(pairs, at, low, marks)
    waiting = other
    while len(other):
        at, low, marks = (at[other] + 1) & mask, low[other], marks[other]
        answer[waiting], other = _probe(pairs, at, low, marks)
        waiting = waiting[other]
    return answer


def _probe(
    pairs: npt.NDArray[np.complex128], at: npt.NDArray[np.int64], low: npt.NDArray[np.uint64], marks: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Look at one slot for each key, which takes it if it is free: whose row it names, and which keys found another's."""
    found = pairs.take(at).view(np.uint64).reshape(-1, 2)
    free = np.flatnonzero(found[:, 1] == _EMPTY)
    if len(free):
        # Several keys may want one slot: the last that is written has it, so the first row is written last.
        backwards = free[::-1]
        taken, items = at[backwards], np.empty((len(free), 2), np.uint64)
        items[:, 0], items[:, 1] = low[backwards], marks[backwards]
        pairs[taken] = items.view(np.complex128).reshape(-1)
        found[backwards] = pairs.take(taken).view(np.uint64).reshape(-1, 2)
    other = np.flatnonzero((found[:, 0] ^ low) | ((found[:, 1] ^ marks) & ~ROW))
    return (found[:, 1] & ROW).view(np.int64), other


def _looked(pairs: npt.NDArray[np.complex128], hashed: Hashes, mask: np.int64) -> npt.NDArray[np.int64]:
    """For each key the number of the row that had it first, -1 where there was none."""
    low, high = hashed
    at = low.view(np.int64) & mask
    answer, left = _glanced(pairs, at, low, high)
    waiting = left
    while len(left):
        at, low, high = (at[left] + 1) & mask, low[left], high[left]
        answer[waiting], left = _glanced(pairs, at, low, high)
        waiting = waiting[left]
    return answer


def _glanced(
    pairs: npt.NDArray[np.complex128], at: npt.NDArray[np.int64], low: npt.NDArray[np.uint64], high: npt.NDArray[np.uint64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """Look at one slot for each key: whose row it names, -1 where it is no row of the key, and which keys found another's."""
    found = pairs.take(at).view(np.uint64).reshape(-1, 2)
    marks = found[:, 1]
    other = marks ^ high
    other &= ~ROW
    other |= found[:, 0] ^ low
    answer = (marks & ROW).view(np.int64)
    # Nearly all keys are found where they are looked for first.
    missed = np.flatnonzero((other != 0) | (marks == _EMPTY))
    answer[missed] = -1
    return answer, missed[marks[missed] != _EMPTY]
