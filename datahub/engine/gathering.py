"""Rows that must meet before an operator can do its work; what does not fit into memory is set aside.

Up to a budget all rows are kept and the operator sees them at once. Above it they are parted by the hash of their keys,
each part on disk: rows with equal keys are in the same part, so the operator sees one part at a time, and what it gives
is put in the order in which the rows (of a group: its first) came. Sorting parts nothing: its keys stay in memory, the rows
go to disk, and come back in their new order piece by piece. Nor does what looks at all rows without a key: the columns it
reads stay in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from datahub.engine import keys
from datahub.engine.ordering import ordered
from datahub.engine.parts import bytes_by_row
from datahub.engine.side import Side
from datahub.engine.waiting import Budget
from datahub.frames.concat import concat
from datahub.frames.frame import Column, Frame, Rows, bare
from datahub.frames.spill import FrameShelf, Space, size_of
from datahub.types.model import Type

Whole: TypeAlias = Callable[[Frame, Side], Frame]
KeysOf: TypeAlias = Callable[[Frame], list[pa.Array]]
OrderOf: TypeAlias = Callable[[Frame, Side], tuple[Frame, list[tuple[pa.Array, Type, bool]]]]

SEQUENCE = "!sequence"
"""The number of a row among all that were gathered; it keeps their order when they are parted."""
PARTS = 32
PIECE = 65_536
PIECE_SIZE = 16 << 20


class Folding(Protocol):
    """What all rows say together, worked out while they pass."""

    def add(self, frame: Frame) -> None: ...

    def whole(self) -> Whole:
        """What is done with each batch, now that it is known."""


class Gathering:
    """All rows of the input at once, or part by part; `keys_of` says which rows must be together."""

    def __init__(self, whole: Whole, budget: Budget, keys_of: KeysOf | None = None, beside: Callable[[Frame], Frame] | None = None) -> None:
        self._whole, self._budget, self._keys_of, self._beside = whole, budget, keys_of, beside
        self._frames: list[Frame] = []
        self._held = 0
        self._count = 0
        self._parts: list[FrameShelf] = []

    def prepare(self, frame: Frame, side: Side) -> Frame:
        return frame if self._beside is None else self._beside(frame)

    def accept(self, port: int, payload: Frame, side: Side) -> Iterator[Frame]:
        if payload.is_bare():  # what fell was left out by a condition since: nothing is here, not even a key
            return iter(())
        if self._parts:
            self._set_aside(payload)
        else:
            self._frames.append(payload)
            self._held += size_of(payload)
            if self._held > self._budget.size and self._keys_of is not None and self._budget.space is not None:
                self._part(self._budget.space)
        return iter(())

    def _part(self, space: Space) -> None:
        """From now on rows go to disk, those held so far first."""
        self._parts = [FrameShelf(space) for _ in range(PARTS)]
        held, self._frames = self._frames, []
        for frame in held:
            self._set_aside(frame)

    def _set_aside(self, frame: Frame) -> None:
        assert self._keys_of is not None
        numbered = frame.with_columns({SEQUENCE: Column(pa.array(np.arange(self._count, self._count + frame.length)))})
        self._count += frame.length
        part = (keys.hashes(self._keys_of(frame))[0] % np.uint64(PARTS)).astype(np.int64)
        order = np.argsort(part, kind="stable").astype(np.int64)
        bounds = np.searchsorted(part[order], np.arange(PARTS + 1))
        for number in range(PARTS):
            rows = order[bounds[number] : bounds[number + 1]]
            if len(rows):
                self._parts[number].put(numbered.take(rows))

    def finish(self, side: Side) -> Iterator[Frame]:
        if self._parts:
            yield from self._part_by_part(side)
        elif self._frames:
            gathered = concat(self._frames)
            self._frames = []
            yield self._whole(gathered, side)

    def _part_by_part(self, side: Side) -> Iterator[Frame]:
        """Each part through the operator, and what they give in the order of the input."""
        space = self._budget.space
        assert space is not None
        done: list[tuple[FrameShelf, Rows]] = []
        fallen: list[Frame] = []
        for part in self._parts:
            frames = list(part.take())
            if frames:
                made = self._whole(concat(frames), side)
                fallen += [made.fallen] if made.fallen is not None else []
                done.append(_shelved(made, space))
            part.close()
        self._parts = []
        yield from _merged(done)
        yield from map(bare, fallen)


def _shelved(frame: Frame, space: Space) -> tuple[FrameShelf, Rows]:
    """What an operator gave for one part, in pieces on disk, and the numbers of its rows."""
    numbers = frame.columns[SEQUENCE].array(frame.length).to_numpy().astype(np.int64)
    if not (numbers[:-1] <= numbers[1:]).all():
        order = np.argsort(numbers, kind="stable").astype(np.int64)
        frame, numbers = frame.take(order), numbers[order]
    shelf = FrameShelf(space)
    for start in range(0, frame.length, PIECE):
        shelf.put(frame.take(np.arange(start, min(start + PIECE, frame.length))))
    return shelf, numbers


class _Cursor:
    """A shelf of frames read row by row: so many of the next at a time."""

    def __init__(self, shelf: FrameShelf) -> None:
        self._shelf = shelf
        self._frames = shelf.take()
        self._frame: Frame | None = None
        self._at = 0

    def next(self, count: int) -> list[Frame]:
        found = []
        while count:
            if self._frame is None or self._at == self._frame.length:
                self._frame, self._at = next(self._frames), 0
            taken = min(count, self._frame.length - self._at)
            found.append(self._frame.take(np.arange(self._at, self._at + taken)))
            self._at += taken
            count -= taken
        return found

    def close(self) -> None:
        self._frames.close()  # type: ignore[attr-defined]
        self._shelf.close()


def _merged(parts: list[tuple[FrameShelf, Rows]]) -> Iterator[Frame]:
    """The rows of several shelves by their numbers, piece by piece."""
    if not parts:
        return
    numbers = np.concatenate([part for _, part in parts])
    owner = np.repeat(np.arange(len(parts)), [len(part) for _, part in parts])
    order = np.argsort(numbers, kind="stable")
    cursors = [_Cursor(shelf) for shelf, _ in parts]
    for start in range(0, len(order), PIECE):
        owners = owner[order[start : start + PIECE]]
        # One number for each part, of which there are a few.
        counts = np.bincount(owners, minlength=len(parts)).tolist()
        frames = [frame for cursor, count in zip(cursors, counts, strict=True) for frame in cursor.next(count)]
        # Rows lie owner by owner now; their places are those of a stable sort by owner, undone.
        places = np.empty(len(owners), np.int64)
        places[np.argsort(owners, kind="stable")] = np.arange(len(owners))
        yield _without_numbers(concat(frames).take(places))
    for cursor in cursors:
        cursor.close()


def _without_numbers(frame: Frame) -> Frame:
    columns = {name: column for name, column in frame.columns.items() if name != SEQUENCE}
    return Frame(columns, frame.length, frame.rows, frame.paths, frame.members)


class Pieces:
    """Frames as one, of which some rows are wanted at a time; of those on a shelf no more than these are in memory.

    Frames taken from a shelf are views of a mapped file: to hold them all holds no memory that the system cannot take back.
    """

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._frames = list(frames)
        self._starts = np.cumsum([0, *(frame.length for frame in self._frames)])
        # No rows, but every column in its type, also those that a frame may lack.
        self.blank = concat([frame.take(np.empty(0, np.int64)) for frame in self._frames])
        self.length = int(self._starts[-1])

    @cached_property
    def weights(self) -> Rows:
        """How many bytes of texts and lists each row has."""
        return np.concatenate([np.empty(0, np.int64), *map(bytes_by_row, self._frames)])

    def at(self, wanted: Rows) -> tuple[Frame, Rows]:
        """A frame, and where in it the rows at the places `wanted` are; nothing is copied of a frame that is alone."""
        if len(self._frames) == 1:
            return self._frames[0], wanted
        return self.take(wanted), np.arange(len(wanted))

    def take(self, wanted: Rows) -> Frame:
        """The rows at the places `wanted`, in that order."""
        owners = np.searchsorted(self._starts, wanted, side="right") - 1
        by_owner = np.argsort(owners, kind="stable")
        sorted_owners, sorted_rows = owners[by_owner], wanted[by_owner]
        mine = ((owner, sorted_owners == owner) for owner in np.unique(sorted_owners).tolist())  # a handful of frames
        parts = [self._frames[owner].take(sorted_rows[rows] - self._starts[owner]) for owner, rows in mine]
        places = np.empty(len(wanted), np.int64)
        places[by_owner] = np.arange(len(wanted))
        return concat([self.blank, *parts]).take(places)


class Sorting:
    """Rows in another order: their keys are kept, the rows set aside where they are too many."""

    def __init__(self, whole: Whole, order_of: OrderOf, budget: Budget) -> None:
        self._whole, self._order_of, self._budget = whole, order_of, budget
        self._frames: list[Frame] = []
        self._held = 0
        self._shelf: FrameShelf | None = None
        self._keys: list[list[tuple[pa.Array, Type, bool]]] = []

    def prepare(self, frame: Frame, side: Side) -> Frame:
        return frame

    def accept(self, port: int, payload: Frame, side: Side) -> Iterator[Frame]:
        if self._shelf is not None:
            self._set_aside(payload, side)
        else:
            self._frames.append(payload)
            self._held += size_of(payload)
            if self._held > self._budget.size and self._budget.space is not None:
                self._shelf = FrameShelf(self._budget.space)
                held, self._frames = self._frames, []
                for frame in held:
                    self._set_aside(frame, side)
        return iter(())

    def _set_aside(self, frame: Frame, side: Side) -> None:
        assert self._shelf is not None
        healthy, values = self._order_of(frame, side)
        if healthy.length:
            self._keys.append(values)
            self._shelf.put(healthy)

    def finish(self, side: Side) -> Iterator[Frame]:
        if self._shelf is not None:
            yield from self._out_of_the_shelf(self._shelf)
        elif self._frames:
            gathered = concat(self._frames)
            self._frames = []
            yield self._whole(gathered, side)

    def _out_of_the_shelf(self, shelf: FrameShelf) -> Iterator[Frame]:
        if not self._keys:
            shelf.close()
            return
        order = ordered(
            [(pa.concat_arrays([one[0] for one in parts]), parts[0][1], parts[0][2]) for parts in zip(*self._keys, strict=True)]
        )
        pieces = Pieces(shelf.take())
        for start in range(0, len(order), PIECE):
            yield pieces.take(order[start : start + PIECE])
        shelf.close()


class Viewing:
    """Rows that all stay, in their order, and get columns that depend on all of them.

    They go on in pieces: what comes behind would else need room for all of them at once. The rows are set aside where they are too
    many. Then what they say together is worked out while they pass, if it can be (`folding`); else the columns that are read for it
    (`reads`) are kept in memory.
    """

    def __init__(self, whole: Whole, reads: frozenset[str], budget: Budget, folding: Folding | None = None) -> None:
        self._whole, self._reads, self._budget, self._folding = whole, reads, budget, folding
        self._frames: list[Frame] = []
        self._held = 0
        self._shelf: FrameShelf | None = None

    def prepare(self, frame: Frame, side: Side) -> Frame:
        return frame

    def accept(self, port: int, payload: Frame, side: Side) -> Iterator[Frame]:
        if self._shelf is not None:
            self._set_aside(payload, self._shelf)
        else:
            self._frames.append(payload)
            self._held += size_of(payload)
            if self._held > self._budget.size and self._budget.space is not None:
                self._shelf = FrameShelf(self._budget.space)
                held, self._frames = self._frames, []
                for frame in held:
                    self._set_aside(frame, self._shelf)
        return iter(())

    def _set_aside(self, frame: Frame, shelf: FrameShelf) -> None:
        shelf.put(frame)
        if self._folding is None:
            self._frames.append(self._read(frame))
        else:
            self._folding.add(frame)

    def finish(self, side: Side) -> Iterator[Frame]:
        if self._shelf is not None and self._folding is not None:
            whole = self._folding.whole()
            yield from (whole(frame, side) for frame in self._shelf.take())
            self._shelf.close()
            return
        if not self._frames:
            return
        frames, self._frames = self._frames, []
        if self._shelf is None:
            pieces = list(_pieces(frames))
            if len(pieces) == 1:
                yield self._whole(pieces[0], side)
                return
            frames = [self._read(piece) for piece in pieces]
        gathered = concat(frames)
        made = self._whole(gathered, side)
        added = Frame({name: one for name, one in made.columns.items() if one is not gathered.columns.get(name)}, made.length, made.rows)
        start = 0
        for frame in pieces if self._shelf is None else self._shelf.take():
            yield frame.with_columns(added.take(np.arange(start, start + frame.length)).columns)
            start += frame.length
        if self._shelf is not None:
            self._shelf.close()

    def _read(self, frame: Frame) -> Frame:
        return replace(frame, columns={name: one for name, one in frame.columns.items() if name in self._reads})


def _pieces(frames: list[Frame]) -> Iterator[Frame]:
    """The frames, small ones together: each costs what comes behind as much as some thousand rows."""
    waiting: list[Frame] = []
    held = 0
    while frames:
        size = size_of(frames[0])
        if waiting and held + size > PIECE_SIZE:
            yield concat(waiting)
            waiting, held = [], 0
        waiting.append(frames.pop(0))
        held += size
    if waiting:
        yield concat(waiting)
