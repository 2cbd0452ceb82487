"""Tables that sources feed: keys are put into an index while the rows behind them, and then those that ask it, are still read."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from time import thread_time

import pyarrow as pa

from datahub.engine.keys import Hashes, SeenKeys
from datahub.engine.lookup_index import FEW, LookupIndex, Numbered, build, is_hashed, put_in
from datahub.engine.parts import no_rows, table_of
from datahub.engine.run_state import RunState
from datahub.engine.told_apart import keyed
from datahub.engine.values import coerced
from datahub.frames.frame import Frame, Mask
from datahub.plan import operators as op
from datahub.records import record
from datahub.semantic import ir

AHEAD, MOST_AHEAD = 12, 1_400_000
"""For how many times the rows that are there when the first key is put in room is made, and for how many rows at most; it grows."""
PIECE = 1 << 16
MANY = 8192
"""So many keys are hashed by the worker that has read them, not by the thread that puts them in."""


@record(frozen=True, slots=True)
class Fed:
    """Rows for a table, and the hashes of their keys where those were worked out beside others."""

    frame: Frame
    hashed: Hashes | None
    seconds: float = 0.0


class Fillings:
    """All tables of a plan that sources feed. Each is made ready by a thread of its own, for which only those wait who ask the table."""

    def __init__(self, plan: op.Plan, run: RunState) -> None:
        self._run = run
        self._rows = {feed.lookup: feed.rows for feed in plan.feeds}
        self._fillings = {table.name: Filling(table) for table in plan.lookups if table.name in self._rows}
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="dhm-tables")
        self.full: set[str] = set()
        """The tables that have all their rows."""

    def prepared(self, name: str, frame: Frame) -> Fed:
        """What any thread may do with rows for the table `name` before their turn comes."""
        begun = thread_time()
        return Fed(frame, self._fillings[name].hashed(frame), thread_time() - begun)

    def add(self, name: str, fed: Fed, keep: Mask) -> None:
        """Those rows for the table `name` that may be kept."""
        filling = self._fillings[name]
        filling.seconds += fed.seconds
        hashed = fed.hashed if fed.hashed is None or keep.all() else fed.hashed[:, keep]
        filling.add(table_of(fed.frame.filter(keep)), hashed)

    def fill(self, name: str) -> None:
        """The table `name` has all its rows; the run knows it from now on."""
        nothing = table_of(no_rows(self._rows[name], self._run.sources))
        self._run.lookups[name] = self._pool.submit(self._fillings[name].built, nothing)
        self.full.add(name)

    def waited_for(self, names: Iterable[str]) -> bool:
        """Whether one of these tables is still made ready."""
        return any(isinstance(found := self._run.lookups[name], Future) and not found.done() for name in names)

    def settle(self) -> float:
        """Wait for tables that nobody asked as well; seconds of the processor that all took."""
        for name in self.full:
            self._run.lookup(name)
        return sum(one.seconds for one in self._fillings.values())

    def close(self) -> None:
        """Make no more tables ready, and let go of threads, also where a run breaks off before its tables are full."""
        self._pool.shutdown(cancel_futures=True)
        for one in self._fillings.values():
            one.close()


class Filling:
    """The rows of a table so far. Where they are many, and their key is one column, a thread of its own puts the keys in, in order."""

    def __init__(self, table: ir.LookupTable) -> None:
        self._table = table
        self._rows: list[pa.Table] = []
        self._waiting: list[pa.Array | Hashes] = []
        self._count = 0
        self._pool: ThreadPoolExecutor | None = None
        self._seen: SeenKeys | None = None
        self._put: list[Future[bool]] = []
        # Rows of the script stand before those that are fed; several columns are numbered each by itself.
        self._early = len(table.keys) == 1 and not table.rows
        self.seconds = 0.0
        """Of the processor, for putting in keys and making the index ready."""

    def hashed(self, frame: Frame) -> Hashes | None:
        """The hashes of the keys of some rows, where there are many and they will be asked for."""
        if not self._early or frame.length < MANY:
            return None
        key = self._key_of(frame.columns[self._table.keys[0][0]].array(frame.length))
        return keyed(key) if _may_be_put(key) else None

    def _key_of(self, values: pa.Array) -> pa.Array:
        return coerced(values, self._table.keys[0][1])

    def add(self, rows: pa.Table, hashed: Hashes | None = None) -> None:
        """Rows behind those that are there, in columns named as the keys, `valid_from` and the result."""
        self._rows.append(rows)
        if not self._early:
            return
        keys = [self._key_of(chunk) for chunk in rows.column(self._table.keys[0][0]).chunks]
        self._early = all(map(_may_be_put, keys))
        self._waiting += keys if hashed is None else [hashed]
        held = self._count + sum(map(_length, self._waiting))
        if self._early and held > FEW:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="dhm-keys")
                self._pool.submit(self._make_room, max(2 * held, min(AHEAD * held, MOST_AHEAD)))
            for one in self._waiting:
                self._put.append(self._pool.submit(self._put_in, one, self._count))
                self._count += _length(one)
            self._waiting.clear()

    def built(self, nothing: pa.Table) -> LookupIndex:
        """The index of all rows, in the columns of `nothing` where there are none."""
        begun = thread_time()
        rows, self._rows = pa.concat_tables(self._rows or [nothing]), []
        found = build(self._table, rows, self._known)
        self.close()
        self.seconds += thread_time() - begun
        return found

    def close(self) -> None:
        """Put no more keys in."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _known(self) -> Numbered | None:
        """The keys that were put in; the columns are brought together before anybody waits for them."""
        new = [one.result() for one in self._put]
        return Numbered(self._seen, all(new)) if self._seen is not None and self._early else None

    def _make_room(self, count: int) -> None:
        begun = thread_time()
        self._seen = SeenKeys(count)
        self.seconds += thread_time() - begun

    def _put_in(self, keys: pa.Array | Hashes, before: int) -> bool:
        """Whether none of some keys was there; `before` rows were put in already."""
        begun = thread_time()
        assert self._seen is not None
        new = True
        for start in range(0, _length(keys), PIECE):
            some = keyed(keys.slice(start, PIECE)) if isinstance(keys, pa.Array) else keys[:, start : start + PIECE]
            new &= put_in(self._seen, some, before + start)
        self.seconds += thread_time() - begun
        return new


def _may_be_put(key: pa.Array) -> bool:
    return is_hashed(key.type) and not key.null_count


def _length(keys: pa.Array | Hashes) -> int:
    return len(keys) if isinstance(keys, pa.Array) else keys.shape[1]
