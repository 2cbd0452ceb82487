"""The keys seen so far in a run, in so much memory: what does not fit lies on disk in order, and is probed there.

Rows pass by as they come, also above the budget: whether a key was there before is known at once, so nothing waits and nothing
is sorted anew. See decision 31.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from datahub.engine.ascending import BatchKeys, InOrder, batch_keys
from datahub.engine.key_runs import KeyRuns
from datahub.engine.keys import LOAD, ROW, Hashes, SeenKeys
from datahub.engine.waiting import Budget
from datahub.frames.frame import Rows

_SLOT = 28
"""Bytes that a slot costs while its table is written out: itself, and a copy of what is in it."""
_LEAST = 1 << 10


class Seen:
    """Keys with the numbers of the rows that had them first; what `SeenKeys` is within a budget, this is beyond it."""

    def __init__(self, budget: Budget) -> None:
        self._table = SeenKeys()
        self._in_order = InOrder(budget.size // 2)
        self._runs = None if budget.space is None else KeyRuns(budget.space)
        slots = max(_LEAST, budget.size // _SLOT)
        # A table has a power of two of them.
        self._most = int((1 << slots.bit_length() - 1) * LOAD)

    def prepared(self, columns: Sequence[pa.Array]) -> BatchKeys:
        """The keys of a batch, none of them null, as `first_of` takes them; any thread may ask for that."""
        return batch_keys(columns, in_order=not self._in_order.broken)

    def first_of(self, batch: BatchKeys, rows: Rows) -> Rows:
        """What `first_rows` gives; keys that ascend from the first row on need no table for it."""
        return rows if self._in_order.take(batch, rows) else self.first_rows(batch.hashes(), rows)

    def first_rows(self, hashed: Hashes, rows: Rows) -> Rows:
        """For each key the number of the row that had it first, keys new here taking their own; they are remembered.

        `rows` ascend, over all calls, and stay below 2**40.
        """
        if not self._in_order.broken:
            for held, theirs in self._in_order.let_go():
                self.first_rows(held, theirs)
        if self._runs is None:
            return self._table.first_rows(hashed, rows)
        if len(self._table) + len(rows) <= self._most:
            return self._first(hashed, rows, self._runs)
        starts = range(0, len(rows), self._most)
        parts = [self._making_room(hashed[:, at : at + self._most], rows[at : at + self._most], self._runs) for at in starts]
        return np.concatenate([np.empty(0, np.int64), *parts])

    def _making_room(self, hashed: Hashes, rows: Rows, runs: KeyRuns) -> Rows:
        if len(self._table) + len(rows) > self._most and len(self._table):
            held = self._table.held()
            self._table = SeenKeys()
            runs.add(held[:, 0], held[:, 1])
        return self._first(hashed, rows, runs)

    def _first(self, hashed: Hashes, rows: Rows, runs: KeyRuns) -> Rows:
        if not len(runs):
            return self._table.first_rows(hashed, rows)
        first = runs.rows_of(hashed)
        new = np.flatnonzero(first < 0)
        first[new] = self._table.first_rows(hashed[:, new], rows[new])
        return first

    def since(self, row: int) -> Hashes:
        """The keys that rows from number `row` on had first, as what `first_rows` takes."""
        for waiting, rows in self._in_order.let_go():
            self.first_rows(waiting, rows)
        held = self._table.held()
        low, marks = held[:, 0], held[:, 1]
        if self._runs is not None and len(self._runs):
            before, theirs = self._runs.all()
            low, marks = np.concatenate([before, low]), np.concatenate([theirs, marks])
        own = (marks & ROW) >= np.uint64(row)
        return np.stack([low[own], marks[own] & ~ROW])
