"""What waits at the exits of segments, for joins and lookups that are not ready yet: kept once, however many exits wait for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datahub.engine.segments import Exit
from datahub.engine.waiting import Budget, Waiting
from datahub.frames.frame import Frame
from datahub.plan import operators as op


class Backlog:
    """For each exit the queues that it waits for, one after the other."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._queues: dict[Exit, list[Waiting]] = {}
        self._passing: dict[int, Waiting] = {}
        """What operators let pass before their exits were ready: all of these wait for the same rows."""

    def __contains__(self, exit: Exit) -> bool:
        return exit in self._queues

    def queue(self) -> Waiting:
        """A queue, to be filled before anybody waits for it."""
        return Waiting(self._budget)

    def pass_by(self, root: op.Operator, frame: Frame, exits: Sequence[Exit]) -> None:
        """`root` let `frame` pass, but `exits` are not ready for it; they are the same each time."""
        if exits and id(root) not in self._passing:
            self._passing[id(root)] = self.queue()
            self._queues.update({exit: [self._passing[id(root)]] for exit in exits})
        if exits:
            self._passing[id(root)].put(frame)

    def wait(self, exits: Sequence[Exit], queue: Waiting) -> None:
        """All that is in `queue` goes on by `exits`, behind what waits there."""
        for exit in exits:
            self._queues.setdefault(exit, []).append(queue)

    def take(self, exits: Sequence[Exit]) -> Iterator[tuple[list[Exit], Iterator[Frame]]]:
        """Exits with what waits for them, those that wait for the same frames together; the shortest wait first."""
        found: dict[tuple[int, ...], tuple[list[Exit], list[Waiting]]] = {}
        for exit in exits:
            queues = self._queues.pop(exit)
            found.setdefault(tuple(map(id, queues)), ([], queues))[0].append(exit)
        groups = sorted(found.values(), key=lambda pair: sum(map(len, pair[1])))
        while groups:
            alike, queues = groups.pop(0)
            yield alike, (frame for queue in queues for frame in queue.frames())
            wanted = [
                *(queue for _, several in groups for queue in several),
                *(one for several in self._queues.values() for one in several),
            ]
            for queue in queues:
                if not any(queue is one for one in wanted):
                    queue.close()
