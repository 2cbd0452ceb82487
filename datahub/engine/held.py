"""Issues that are held until all of them are known: in memory while they are few, on disk above a budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from datahub.engine.ledger import block_of, source_of
from datahub.engine.telling import merged
from datahub.engine.waiting import Budget
from datahub.frames.spill import Shelf


class HeldIssues:
    """Issues of rows that go several ways, some of which end later than others; told together, row by row."""

    def __init__(self, budget: Budget, entities: Sequence[str]) -> None:
        self.sources: set[int] = set()
        """The sources some of whose rows wait for others."""
        self._entities = entities
        self._most = min(budget.size // 4, 1 << 30)
        """Told together they take several times as much; a column of texts takes no more than twice this."""
        self._space = budget.space
        self._tables: list[pa.Table] = []
        self._size = 0
        self._shelf: Shelf | None = None
        self._sizes: Counter[int] = Counter()
        """About how many bytes the issues of each block take."""

    def without(self, tables: list[pa.Table]) -> list[pa.Table]:
        """What of `tables` can be told at once; the rest is held."""
        if not self.sources:
            return tables
        now = []
        for table in tables:
            later = np.isin(source_of(table.column("_row").to_numpy()), list(self.sources))
            if later.all():
                self._put(table)
                continue
            if later.any():
                self._put(table.filter(pa.array(later)))
            now.append(table.filter(pa.array(~later)) if later.any() else table)
        return now

    def _put(self, table: pa.Table) -> None:
        self._tables.append(table)
        self._size += table.nbytes
        blocks, counts = np.unique(block_of(table.column("_row").to_numpy()), return_counts=True)
        for block, count in zip(blocks.tolist(), counts.tolist(), strict=True):  # a handful of blocks
            self._sizes[block] += table.nbytes * count // table.num_rows
        if self._size > self._most and self._space is not None:
            self._shelf = self._shelf or self._space.shelf()
            self._shelf.put(pa.concat_tables(self._tables).combine_chunks())
            self._tables, self._size = [], 0

    def told(self) -> Iterator[pa.Table]:
        """All that was held, as `merged` tells it; nothing may come any more."""
        if self._shelf is None:
            if self._tables:
                yield merged(self._tables, self._entities)
            return
        for first, last in self._stretches():
            parts = [part for table in self._all(self._shelf) if (part := _between(table, first, last)).num_rows]
            yield merged(parts, self._entities)
        self._shelf.close()

    def _all(self, shelf: Shelf) -> Iterator[pa.Table]:
        yield from shelf.take()
        yield from self._tables

    def _stretches(self) -> Iterator[tuple[int, int]]:
        """The first and last of blocks that follow each other and whose issues fit into memory together."""
        first, last, size = -1, -1, 0
        for block in sorted(self._sizes):
            if first >= 0 and size + self._sizes[block] > self._most:
                yield first, last
                first, size = -1, 0
            first, last, size = block if first < 0 else first, block, size + self._sizes[block]
        yield first, last


def _between(table: pa.Table, first: int, last: int) -> pa.Table:
    blocks = block_of(table.column("_row").to_numpy())
    return table.filter(pa.array((blocks >= first) & (blocks <= last)))
