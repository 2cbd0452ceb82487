"""Where the time of a run goes: for each operator, each expression, and what is done beside them.

Time is that of the processor, thread by thread, so that neither other programs nor waiting for one another count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from threading import Lock, local
from time import thread_time
from typing import Any

import pyarrow as pa

from datahub.engine.side import Flowed
from datahub.frames.frame import Column
from datahub.records import record


@record(slots=True)
class Spent:
    """What one expression took: `own` without its parts, `whole` with them; the rows it was asked for, and the bytes it gave."""

    node: Any
    own: float = 0.0
    whole: float = 0.0
    rows: int = 0
    values: int = 0
    """How many were worked out: fewer than rows, where a column repeats itself."""
    size: int = 0


@record(slots=True)
class Profile:
    """What a run took, while it goes on and afterwards; given to a run, it is filled."""

    expressions: dict[int, Spent] = field(default_factory=dict)
    operators: Mapping[int, Flowed] = field(default_factory=dict)
    beside: dict[str, float] = field(default_factory=dict)
    """Seconds of threads that do something else than the plan: writing, telling issues, hashing the input."""
    canonical: Callable[[Any], Any] = lambda node: node
    _lock: Lock = field(default_factory=Lock)
    _local: local = field(default_factory=local)

    def evaluated(self, node: Any, length: int, make: Callable[[], Column]) -> Column:
        """What `make` gives for a canonical node, its time noted."""
        open_nodes: list[list[Any]] = self._local.__dict__.setdefault("open", [])
        # The values of a column are evaluated inside of the column itself: the whole counts once.
        around = next((entry for entry in open_nodes if entry[0] is node), None)
        entry = [node, 0.0, False]
        open_nodes.append(entry)
        begun = thread_time()
        try:
            column = make()
        finally:
            took = thread_time() - begun
            open_nodes.pop()
            if open_nodes:
                open_nodes[-1][1] += took
        with self._lock:
            spent = self.expressions.setdefault(id(node), Spent(node))
            spent.own += took - entry[1]
            if not entry[2]:
                spent.values += length
            if around is not None:
                around[2] = True
                return column
            spent.whole += took
            spent.rows += length
            spent.size += column.values.nbytes if isinstance(column.values, pa.Array) else 0
        return column

    def of(self, expression: Any) -> Spent | None:
        """What an expression of the plan took; None where it was never evaluated."""
        return self.expressions.get(id(self.canonical(expression)))
