"""The right side of a join made ready: its rows by key, or by sorted hashes where they are many; on disk where they are too many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.gathering import Pieces
from datahub.engine.key_runs import KeyRuns, Run, Sorted, in_order, same_mark
from datahub.engine.keys import ROW, any_null, hashes
from datahub.engine.waiting import Budget
from datahub.frames.frame import Mask, Rows
from datahub.functions.columns import valid
from datahub.records import record

Pairs: TypeAlias = tuple[Rows, Rows]
"""Left and right positions of rows with equal keys, in the order of the left rows, then of the right."""
_NO_PAIRS = (np.empty(0, np.int64), np.empty(0, np.int64))
FEW = 40_000
"""Up to so many rows the exact index is made: it is hashed anew with each batch."""


@record(frozen=True, slots=True)
class ExactIndex:
    """For each combination of key parts, where its rows begin in `order` and how many they are."""

    rows: Pieces
    values: tuple[pa.Array, ...]
    known: Rows
    order: Rows
    starts: Rows
    counts: Rows

    def pairs(self, arrays: Sequence[pa.Array], length: int) -> Pairs:
        """The rows whose keys are `arrays`, with those here that have the same."""
        if not len(self.known) or not length:
            return _NO_PAIRS
        combined, matchable = _combined(arrays, self.values, length)
        at = np.minimum(np.searchsorted(self.known, combined), len(self.known) - 1)
        matchable &= self.known[at] == combined
        counts = np.where(matchable, self.counts[at], 0)
        left, right = _spread(self.starts[at], counts)
        return left, self.order[right]


@record(frozen=True, slots=True)
class HashedIndex:
    """The hashes of keys in ascending order, each beside the number of its row."""

    rows: Pieces
    kinds: tuple[pa.DataType, ...]
    run: Run

    def pairs(self, arrays: Sequence[pa.Array], length: int) -> Pairs:
        """The rows whose keys are `arrays`, with those here that have the same."""
        arrays = [_as(array, kind) for array, kind in zip(arrays, self.kinds, strict=True)]
        asked = np.flatnonzero(~any_null(arrays)) if length else _NO_PAIRS[0]
        if not len(asked):
            return _NO_PAIRS
        hashed = hashes(arrays)[:, asked]
        order = np.argsort(hashed[0])
        low, high, asked = hashed[0][order], hashed[1][order], asked[order]
        found = [_NO_PAIRS]
        for part, (keys, marks), at, _ in self.run.places(low):
            counts = np.searchsorted(keys, low[part], side="right") - at
            left, right = _spread(at, counts)
            same = same_mark(marks[right], high[part][left])
            found.append((asked[part][left[same]], (marks[right[same]] & ROW).astype(np.int64)))
        left, right = np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])
        by_left = np.argsort(left, kind="stable")
        return left[by_left], right[by_left]


JoinIndex: TypeAlias = ExactIndex | HashedIndex


def _spread(starts: Rows, counts: Rows) -> Pairs:
    """For rows with so many matches, from `starts` on: each row as often as it has some, and the places of these."""
    left = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return left, np.repeat(starts, counts) + np.arange(len(left)) - first


def exact(rows: Pieces, keys: Sequence[Sequence[pa.Array]]) -> ExactIndex:
    """An index of the right rows by their keys, which are given frame by frame; rows with a null in theirs can never match."""
    arrays = [_one(parts) for parts in zip(*keys, strict=True)]
    values = tuple(array.unique().drop_null() for array in arrays)
    combined, matchable = _combined(arrays, values, rows.length)
    there = np.flatnonzero(matchable).astype(np.int64)
    known, inverse = np.unique(combined[there], return_inverse=True)
    order = there[np.argsort(inverse, kind="stable")]
    counts = np.bincount(inverse, minlength=len(known)).astype(np.int64)
    return ExactIndex(rows, values, known, order, np.cumsum(counts) - counts, counts)


def _one(parts: Sequence[pa.Array]) -> pa.Array:
    """One part of the key, of all frames; a frame of nulls alone may not know their type."""
    kind = _kind(parts)
    return pa.concat_arrays([_as(part, kind) for part in parts])


def _kind(parts: Sequence[pa.Array]) -> pa.DataType:
    return next((part.type for part in parts if not pa.types.is_null(part.type)), pa.null())


def _as(array: pa.Array, kind: pa.DataType) -> pa.Array:
    return array if array.type == kind else array.cast(kind)


def _combined(arrays: Sequence[pa.Array], values: tuple[pa.Array, ...], length: int) -> tuple[Rows, Mask]:
    """The place of each key among all possible keys of the right side, and which rows have one at all."""
    combined = np.zeros(length, np.int64)
    matchable = np.ones(length, np.bool_)
    for array, value_set in zip(arrays, values, strict=True):
        found = pc.index_in(_as(array, value_set.type), value_set=value_set)
        matchable &= valid(found)
        combined = combined * max(len(value_set), 1) + pc.fill_null(found, 0).to_numpy(zero_copy_only=False)
    return combined, matchable


class HashedKeys:
    """The keys of the right side as they come: in memory up to the budget, then in order on disk."""

    def __init__(self, budget: Budget) -> None:
        self._size = budget.size
        self._runs = None if budget.space is None else KeyRuns(budget.space)
        self._fresh: list[tuple[np.ndarray, np.ndarray]] = []
        self._held = 0
        self._count = 0
        self._kinds: tuple[pa.DataType, ...] = ()

    def put(self, arrays: Sequence[pa.Array]) -> None:
        """The keys of one frame, part by part."""
        known = self._kinds or tuple(array.type for array in arrays)
        self._kinds = tuple(array.type if pa.types.is_null(kind) else kind for kind, array in zip(known, arrays, strict=True))
        arrays = [_as(array, kind) for array, kind in zip(arrays, self._kinds, strict=True)]
        there = np.flatnonzero(~any_null(arrays))
        hashed = hashes(arrays)[:, there]
        self._fresh.append((hashed[0], (hashed[1] & ~ROW) | (there + self._count).astype(np.uint64)))
        self._count += len(arrays[0])
        self._held += 16 * len(there)
        if self._held > self._size and self._runs is not None:
            self._runs.add(*self._gathered())

    def _gathered(self) -> Sorted:
        fresh, self._fresh, self._held = self._fresh, [], 0
        none = np.empty(0, np.uint64)
        return np.concatenate([none, *(low for low, _ in fresh)]), np.concatenate([none, *(marks for _, marks in fresh)])

    def index(self, rows: Pieces) -> HashedIndex:
        """All that was put, for the rows that have these keys."""
        if self._runs is None or not len(self._runs):
            return HashedIndex(rows, self._kinds, Run(list(in_order(*self._gathered()))))
        self._runs.add(*self._gathered())
        return HashedIndex(rows, self._kinds, self._runs.one())
