"""What is known when a plan has run."""

from __future__ import annotations

from collections import Counter
from dataclasses import field

from datahub.engine.ledger import Ledger
from datahub.engine.places import Places
from datahub.engine.side import Flowed
from datahub.plan import operators as op
from datahub.records import record


@record(slots=True)
class Execution:
    """What is known when a plan has run: fates of rows, places of blocks, counts of operators."""

    ledger: Ledger = field(default_factory=Ledger)
    places: Places = field(default_factory=Places)
    flowed: dict[int, Flowed] = field(default_factory=dict)
    operators: list[op.Operator] = field(default_factory=list)
    cutting: float = 0.0
    """Seconds of the processor that it took to cut the sources into blocks."""
    lookups: float = 0.0
    """Seconds of the processor that it took to make the tables ready that sources feed."""
    lacking: Counter[str] = field(default_factory=Counter)
    """For each table that a source feeds how many of its rows were rejected on their way into it."""
    waited: set[str] = field(default_factory=set)
    """The sources whose rejected rows are known at the end alone."""
