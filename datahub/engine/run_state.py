"""What one run knows, shared by its threads: its clock and parameters, its tables, and what was worked out once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import field
from threading import Lock, local
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from datahub.engine.constants import may_be_constant
from datahub.engine.distinct import NONE, SEVERAL, column_of, is_worth_it
from datahub.engine.exchange import Exchange
from datahub.engine.origins import Origins
from datahub.frames.frame import Frame
from datahub.frames.unfit import Unfit
from datahub.functions.declare import Context
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.trees import interned, rebuilt
from datahub.semantic.walk import inside

if TYPE_CHECKING:
    from datahub.engine.decisions import DecisionIndex
    from datahub.engine.lookups import LookupIndex
    from datahub.engine.profile import Profile
    from datahub.engine.undecided import Ahead


Facts = Callable[[str, Frame], pa.Array]
FRAMES_A_LEVEL = 6
"""How many calls of Python's a level of an expression takes at most while it is evaluated."""


class Counts:
    """How often each `on error` of the script (by its place) was made use of; threads share it."""

    __slots__ = ("_counts", "_lock")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._lock = Lock()

    def add(self, place: str, count: int) -> None:
        with self._lock:
            self._counts[place] = self._counts.get(place, 0) + count

    def __getitem__(self, place: str) -> int:
        return self._counts.get(place, 0)

    def all(self) -> dict[str, int]:
        """The counts of all places that were used."""
        with self._lock:
            return dict(self._counts)


def no_facts(fact: str, frame: Frame) -> pa.Array:
    """The facts of rows that came from no file: none."""
    return pa.nulls(frame.length, pa.string() if fact == "file_name" else pa.int64())


def takes_all(entity: str, frame: Frame) -> Iterable[Unfit]:
    """Rows that go into no file: nothing is unfit."""
    return ()


@record(slots=True)
class RunState:
    """What one run knows; made once, shared by its threads.

    `facts` gives `row_no`, `line_no` and `file_name` for the rows of a frame. `prepared` keeps what is worked out once
    for a node of the plan, `stand_ins` for each node the one that stands for all equal to it. With `evidence` the raw
    columns that the fields of an entity came from are handed over beside them.
    """

    context: Context
    parameters: dict[str, ir.Value] = field(default_factory=dict)
    lookups: dict[str, LookupIndex | Future[LookupIndex]] = field(default_factory=dict)
    """The tables by name; one that a source feeds may still be made ready while the rows that ask it are read: see `lookup`."""
    decisions: dict[str, DecisionIndex] = field(default_factory=dict)
    sources: dict[str, ir.SourceShape] = field(default_factory=dict)
    delivered: dict[str, pa.Table] = field(default_factory=dict)
    """Keys that were delivered before, of entities that rows refer to."""
    facts: Facts = no_facts
    evidence: bool = False
    exchange: Exchange | None = None
    recovered: Counts = field(default_factory=Counts)
    unfound: Counts = field(default_factory=Counts)
    """The tables that found nothing somewhere and answered with their `otherwise`."""
    origins: Origins = field(default_factory=Origins)
    prepared: dict[tuple[int, str], Any] = field(default_factory=dict)
    stand_ins: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    known: dict[object, Any] = field(default_factory=dict)
    by_value: bool = True
    """Whether expressions of one column may be worked out once for each of its values."""
    memory: local = field(default_factory=local)
    """What each thread keeps for itself."""
    unfit: Callable[[str, Frame], Iterable[Unfit]] = takes_all
    """What of the rows of an entity its targets cannot take."""
    folded: dict[int, Any] = field(default_factory=dict)
    """What aggregates over all rows gave, by canonical node, where they were worked out batch by batch before."""
    ahead: Mapping[int, tuple[Ahead, ...]] = field(default_factory=dict)
    """By operator that may reject what it cannot decide, what the rows would have come to."""
    profile: Profile | None = None
    """Where the time goes, if somebody wants to know."""

    def lookup(self, name: str) -> LookupIndex:
        """The table of this name, waited for if it is not ready yet."""
        found = self.lookups[name]
        return found.result() if isinstance(found, Future) else found

    def canonical(self, node: Any) -> Any:
        """The one node that stands for all equal to `node`, so that a common part is evaluated once."""
        found = self.stand_ins.get(id(node))
        return self._settled(node) if found is None else found[1]

    def _settled(self, node: Any) -> Any:
        """The stand-in of a node that was not met before; parts come first, without recursion: chains may be long."""
        waiting = [node]
        while waiting:
            one = waiting[-1]
            fresh = [part for part in inside(one) if id(part) not in self.stand_ins]
            if fresh:
                waiting.extend(fresh)
                continue
            waiting.pop()
            standing = interned(self.known, rebuilt(one, self.canonical))
            # Other threads take a node that has a stand-in as settled, so this comes last.
            self._learn(standing)
            # The node is kept beside its stand-in: as long as it lives its id is no other's.
            self.stand_ins[id(standing)] = (standing, standing)
            self.stand_ins[id(one)] = (one, standing)
        return self.stand_ins[id(node)][1]

    def _learn(self, node: Any) -> None:
        """Note of a canonical node whose parts are known whether it is constant, and how deep it is."""
        parts = [self.stand_ins[id(part)][1] for part in inside(node)]
        self.prepared[id(node), "constant"] = may_be_constant(node) and all(self.prepared[id(part), "constant"] for part in parts)
        name = self.prepared[id(node), "column"] = column_of(node, [self.prepared[id(part), "column"] for part in parts])
        worth = self.prepared[id(node), "worth"] = is_worth_it(node, [self.prepared[id(part), "worth"] for part in parts])
        self.prepared[id(node), "by value"] = name if self.by_value and worth and name not in (NONE, SEVERAL) else NONE
        depth = self.prepared[id(node), "depth"] = 1 + max((self.prepared[id(part), "depth"] for part in parts), default=0)
        if depth * FRAMES_A_LEVEL > sys.getrecursionlimit() // 2:
            # Evaluating goes down the tree from Python function to Python function, which costs memory but no stack.
            sys.setrecursionlimit(depth * FRAMES_A_LEVEL * 4)

    def once(self, node: Any, what: str, make: Callable[[], Any]) -> Any:
        """What `make` gives for a canonical node, made once a run."""
        key = (id(node), what)
        if key not in self.prepared:
            self.prepared[key] = make()
        return self.prepared[key]
