"""Frames that wait for their turn: in memory while they are few, on disk above a budget, in the order in which they came."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datahub.frames.frame import Frame, bare
from datahub.frames.spill import FrameShelf, Space, size_of
from datahub.records import record


@record(frozen=True, slots=True)
class Budget:
    """How many bytes an operator may hold before it sets rows aside, and where; without a space it holds all."""

    size: int = 1 << 30
    space: Space | None = None


class Waiting:
    """A queue of frames that can be read more than once, when all are there."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._frames: list[Frame] = []
        self._held = 0
        self._shelf: FrameShelf | None = None
        self._alone: list[bool] = []
        """Of each frame on the shelf whether it is one of rows, or the rows that fell beside the one before."""

    def put(self, frame: Frame) -> None:
        self._frames.append(frame)
        self._held += size_of(frame) + (0 if frame.fallen is None else size_of(frame.fallen))
        if self._held > self._budget.size and self._budget.space is not None:
            self._shelf = self._shelf or FrameShelf(self._budget.space)
            held, self._frames, self._held = self._frames, [], 0
            for one in held:
                self._set_aside(one, self._shelf)

    def _set_aside(self, frame: Frame, shelf: FrameShelf) -> None:
        if not frame.is_bare():
            shelf.put(replace(frame, fallen=None))
            self._alone.append(True)
        if frame.fallen is not None:
            shelf.put(frame.fallen)
            self._alone.append(False)

    def frames(self) -> Iterator[Frame]:
        """All that was put; nothing may be put any more."""
        if self._shelf is not None:
            for alone, frame in zip(self._alone, self._shelf.take(), strict=True):
                yield frame if alone else bare(frame)
        yield from self._frames

    def __len__(self) -> int:
        return len(self._frames) + len(self._alone)

    def close(self) -> None:
        """Give back the room: all that had to be read was."""
        self._frames = []
        if self._shelf is not None:
            self._shelf.close()
