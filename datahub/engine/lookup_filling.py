"""A table that a source feeds: its keys are put into an index while the rows behind them are still read."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from datahub.engine.keys import SeenKeys, hashes
from datahub.engine.lookup_index import FEW, LookupIndex, Numbered, build, is_hashed
from datahub.engine.values import coerced
from datahub.frames.frame import Rows
from datahub.semantic import ir

AHEAD = 4
"""For how many times the rows that are there when the first key is put in room is made; it grows where that is too little."""
PIECE = 1 << 16


class Filling:
    """The rows of a table so far. Where they are many, and their key is one column, a thread of its own puts the keys in, in order."""

    def __init__(self, table: ir.LookupTable) -> None:
        self._table = table
        self._rows: list[pa.Table] = []
        self._waiting: list[pa.Array] = []
        self._count = 0
        self._pool: ThreadPoolExecutor | None = None
        self._seen = SeenKeys()
        self._put: list[Future[Rows]] = []
        # Rows of the script stand before those that are fed; several columns are numbered each by itself.
        self._early = len(table.keys) == 1 and not table.rows

    def add(self, rows: pa.Table) -> None:
        """Rows behind those that are there, in columns named as the keys, `valid_from` and the result."""
        self._rows.append(rows)
        if not self._early:
            return
        name, kind = self._table.keys[0]
        keys = [coerced(chunk, kind) for chunk in rows.column(name).chunks]
        self._early = all(is_hashed(one.type) and not one.null_count for one in keys)
        self._waiting += keys
        held = self._count + sum(map(len, self._waiting))
        if self._early and held > FEW:
            if self._pool is None:
                self._pool, self._seen = ThreadPoolExecutor(1, thread_name_prefix="dhm-keys"), SeenKeys(AHEAD * held)
            for one in self._waiting:
                self._put.append(self._pool.submit(_put_in, self._seen, one, self._count))
                self._count += len(one)
            self._waiting.clear()

    def built(self, nothing: pa.Table) -> LookupIndex:
        """The index of all rows, in the columns of `nothing` where there are none."""
        known = None
        if self._pool is not None:
            first = [one.result() for one in self._put]
            self._pool.shutdown()
            known = Numbered(self._seen, np.concatenate(first)) if self._early else None
        return build(self._table, pa.concat_tables(self._rows or [nothing]), known)


def _put_in(seen: SeenKeys, keys: pa.Array, before: int) -> Rows:
    """For each key the row that had it first; `before` rows were put in already."""
    found = [np.empty(0, np.int64)]
    for start in range(0, len(keys), PIECE):
        some = hashes([keys.slice(start, PIECE)])
        found.append(seen.first_rows(some, np.arange(before + start, before + start + some.shape[1], dtype=np.int64)))
    return np.concatenate(found)
