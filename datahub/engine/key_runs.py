"""Keys on disk: runs of hashes in ascending order, probed where they lie.

A run is written once, in pieces; it is read as a mapped file, of which the system keeps what is asked for while there is room.
Many runs become few by merging those of like size, so that a key is looked for in a handful of places however many there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa

from datahub.engine.keys import ROW, Hashes
from datahub.frames.frame import Mask, Rows
from datahub.frames.spill import Shelf, Space

if TYPE_CHECKING:
    import numpy.typing as npt

Words: TypeAlias = "npt.NDArray[np.uint64]"
Sorted = tuple[Words, Words]
"""Halves of hashes that ascend, and beside each the mark that `SeenKeys` keeps: more of the hash, and the number of a row."""

PIECE = 1 << 20
"""How many keys are sorted and searched at once."""
FANOUT = 4
"""How many runs of like size are merged."""


@dataclass(slots=True)
class Run:
    """Keys in ascending order, with the marks of equal ones ascending; equal keys are in one piece."""

    pieces: list[Sorted]
    shelf: Shelf | None = None
    level: int = 0
    starts: Rows = field(init=False)
    bounds: Words = field(init=False)
    """The first key of each piece but the first."""

    def __post_init__(self) -> None:
        self.starts = np.cumsum([0, *(len(low) for low, _ in self.pieces)])
        self.bounds = np.array([low[0] for low, _ in self.pieces[1:]], np.uint64)

    def __len__(self) -> int:
        return int(self.starts[-1])

    def between(self, least: np.uint64, most: np.uint64) -> Sorted:
        """The keys from `least` to `most`."""
        # Two numbers.
        first, last = np.searchsorted(self.bounds, [least, most], side="right").tolist()
        found = []
        for low, marks in self.pieces[first : last + 1]:
            begin, end = np.searchsorted(low, least), np.searchsorted(low, most, side="right")
            found.append((low[begin:end], marks[begin:end]))
        return np.concatenate([low for low, _ in found]), np.concatenate([marks for _, marks in found])

    def places(self, asked: Words) -> Iterator[tuple[slice, Sorted, Rows, int]]:
        """For stretches of ascending keys the piece where they would be, where in it, and how many keys lie before the piece."""
        if not self.pieces:
            return
        ends = np.searchsorted(asked, self.bounds)
        # One number a piece of a million keys.
        begins = [0, *ends.tolist()]
        for number, (begin, end) in enumerate(zip(begins, [*begins[1:], len(asked)], strict=True)):
            if begin < end:
                piece = self.pieces[number]
                yield slice(begin, end), piece, np.searchsorted(piece[0], asked[begin:end]), int(self.starts[number])


def written(space: Space, parts: Iterator[Sorted], level: int = 0) -> Run:
    """A run of keys that come in ascending order, a piece at a time."""
    shelf = space.shelf()
    for low, marks in parts:
        if len(low):
            shelf.put(pa.table([pa.array(low), pa.array(marks)], names=["low", "marks"]))
    tables = shelf.take()
    return Run([(_mapped(table, 0), _mapped(table, 1)) for table in tables], shelf, level)


def _mapped(table: pa.Table, column: int) -> Words:
    found: Words = table.column(column).chunk(0).to_numpy()
    return found


def in_order(low: Words, marks: Words) -> Iterator[Sorted]:
    """Keys in ascending order, a piece at a time, equal ones in one piece and by their marks."""
    order = np.argsort(low)
    begin = 0
    while begin < len(order):
        end = min(begin + PIECE, len(order))
        while end < len(order) and low[order[end]] == low[order[end - 1]]:
            end += 1
        yield _by_marks(low[order[begin:end]], marks[order[begin:end]])
        begin = end


def _by_marks(low: Words, marks: Words) -> Sorted:
    """Keys that ascend, those that are equal by their marks."""
    if (low[1:] != low[:-1]).all():
        return low, marks
    return low, marks[np.lexsort((marks, low))]


def merged(space: Space, runs: Sequence[Run]) -> Run:
    """Several runs as one; those are given back."""
    run = written(space, _merged(runs), max(one.level for one in runs) + 1)
    for one in runs:
        one.pieces = []
        if one.shelf is not None:
            one.shelf.close()
    return run


def _merged(runs: Sequence[Run]) -> Iterator[Sorted]:
    # Hashes are spread evenly: equal stretches of all possible ones hold about as many keys each.
    count = max(1, sum(map(len, runs)) // PIECE)
    bounds = [(part << 64) // count for part in range(count + 1)]
    for begin, end in pairwise(bounds):
        parts = [run.between(np.uint64(begin), np.uint64(end - 1)) for run in runs]
        low, marks = np.concatenate([one for one, _ in parts]), np.concatenate([one for _, one in parts])
        order = np.argsort(low)
        yield _by_marks(low[order], marks[order])


class KeyRuns:
    """Keys with their rows, run by run; whoever looks for the first row of a key puts each in one run at most."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._runs: list[Run] = []

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, low: Words, marks: Words) -> None:
        """Keys, in any order."""
        if not len(low):
            return
        self._runs.append(written(self._space, in_order(low, marks)))
        while len(self._runs) >= FANOUT and self._runs[-FANOUT].level == self._runs[-1].level:
            alike, self._runs[-FANOUT:] = self._runs[-FANOUT:], []
            self._runs.append(merged(self._space, alike))

    def rows_of(self, hashed: Hashes) -> Rows:
        """For each key the number of its row, -1 where it is in no run."""
        order = np.argsort(hashed[0])
        low, high = hashed[0][order], hashed[1][order]
        answer = np.full(len(order), -1, np.int64)
        for run in self._runs:
            for asked, piece, at, _ in run.places(low):
                found = _found(piece, at, low[asked], high[asked])
                hits = np.flatnonzero(found >= 0)
                answer[order[asked][hits]] = found[hits]
        return answer

    def one(self) -> Run:
        """All keys in one run; keys may be equal here."""
        if len(self._runs) != 1:
            self._runs = [merged(self._space, self._runs) if self._runs else Run([])]
        return self._runs[0]

    def all(self) -> Sorted:
        """All keys, run by run."""
        pieces = [piece for run in self._runs for piece in run.pieces]
        return np.concatenate([low for low, _ in pieces]), np.concatenate([marks for _, marks in pieces])


def _found(piece: Sorted, at: Rows, low: Words, high: Words) -> Rows:
    """The rows of keys that would stand at `at`; -1 of those that do not."""
    keys, marks = piece
    rows = np.full(len(at), -1, np.int64)
    waiting = np.arange(len(at))
    while len(waiting):
        # Different keys may have equal halves: then the next place may hold the one that is asked for.
        inside = at < len(keys)
        waiting, at, low, high = waiting[inside], at[inside], low[inside], high[inside]
        equal = keys[at] == low
        waiting, at, low, high = waiting[equal], at[equal], low[equal], high[equal]
        found = marks[at]
        hit = same_mark(found, high)
        rows[waiting[hit]] = (found[hit] & ROW).astype(np.int64)
        waiting, at, low, high = waiting[~hit], at[~hit] + 1, low[~hit], high[~hit]
    return rows


def same_mark(marks: Words, high: Words) -> Mask:
    """Which marks are of keys with these other halves."""
    mask: Mask = ((marks ^ high) & ~ROW) == 0
    return mask
