"""What leaves a segment: known rows, and those that are worked out when it is their turn, as they are very many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from datahub.engine.segments import Exit
from datahub.frames.frame import Frame
from datahub.frames.spill import size_of
from datahub.records import record

Rows: TypeAlias = tuple[Exit, Any]
AHEAD = 128 << 20
"""How many bytes of rows a piece of work makes of its own accord: lists and joins may make very many of a few."""


@record(frozen=True, slots=True)
class Leaving:
    """What leaves by which exit, and more of it that is not worked out yet."""

    known: list[Rows]
    more: Iterator[Rows] = iter(())

    def all(self) -> Iterator[Rows]:
        """Everything, in order."""
        yield from self.known
        yield from self.more


def worked_ahead(found: Iterator[Rows]) -> Leaving:
    """What leaves, worked out up to so many bytes; the rest is, part by part, when it is handed over."""
    held, known = 0, []
    for exit, payload in found:
        known.append((exit, payload))
        held += _weight(payload)
        if held > AHEAD:
            return Leaving(known, found)
    return Leaving(known)


def _weight(payload: Any) -> int:
    """About how many bytes leave: those of the rows, whatever the operator behind the exit has beside them."""
    rows = payload[0] if isinstance(payload, tuple) else getattr(payload, "frame", payload)
    return size_of(rows) if isinstance(rows, Frame) else 0
