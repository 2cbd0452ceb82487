"""A plan run on this machine: sources block by block through worker threads, results in order.

Workers do all of a segment for one block: parse, convert, compute, check, settle (Arrow's kernels release the lock that
threads share). One thread hands their results over in the order of the input, so that nothing depends on who was
faster: uniqueness, row numbers, issues and written rows are the same with any number of threads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import field
from functools import partial
from time import thread_time
from typing import Any, Self

import numpy as np
import pyarrow as pa

from datahub.engine import issues
from datahub.engine.backlog import Backlog
from datahub.engine.breakers import Appending, Breaker, breaker
from datahub.engine.execution import Execution
from datahub.engine.headers import headed
from datahub.engine.held import HeldIssues
from datahub.engine.leaving import Leaving, worked_ahead
from datahub.engine.ledger import BLOCK_BITS, Fate, row_ids
from datahub.engine.lookup_filling import Fillings
from datahub.engine.operators.join_index import JoinIndex
from datahub.engine.outside import Feed, Finished, Outlet
from datahub.engine.parts import part_of
from datahub.engine.places import BlockPlace
from datahub.engine.reading import ReadRows, ahead, rows_of, together
from datahub.engine.scope import RunState
from datahub.engine.segments import Exit, cut, passes_on
from datahub.engine.side import Flowed, Side, all_failures, reject
from datahub.engine.survival import Survival
from datahub.engine.telling import located, merged
from datahub.engine.waiting import Budget
from datahub.engine.work import Work
from datahub.frames.frame import Frame
from datahub.frames.spill import size_of
from datahub.plan import operators as op
from datahub.plan.expressions import asks_facts
from datahub.records import record
from datahub.semantic.ir import Origin

_Reading = Callable[[], tuple[ReadRows, Side]]


@record(frozen=True, slots=True)
class Settings:
    """How a plan is run; none of it changes the result."""

    threads: int = 2
    batch_rows: int = 65_536
    budget: Budget = field(default_factory=Budget)


@record(frozen=True, slots=True)
class _Done:
    """A finished piece of work: what leaves by which exit, what was found beside, the blocks it came from."""

    leaving: Leaving
    side: Side
    places: tuple[BlockPlace, ...] = ()
    bad: pa.Table | None = None
    blocks: tuple[Any, ...] = ()
    """The blocks themselves, where everything is known of them once this piece is handed over."""


def execute(plan: op.Plan, feeds: Mapping[str, Feed], outlet: Outlet, run: RunState, settings: Settings | None = None) -> Execution:
    """Run `plan` over `feeds` (one for each of its sources that is read), giving rows and issues to `outlet`."""
    with _Runner(plan, feeds, outlet, run, settings or Settings()) as runner:
        runner.run_all()
        return runner.execution


class _Runner:
    def __init__(self, plan: op.Plan, feeds: Mapping[str, Feed], outlet: Outlet, run: RunState, settings: Settings) -> None:
        self._plan, self._feeds, self._outlet, self._run, self._settings = plan, feeds, outlet, run, settings
        self._segments = cut(plan)
        run.ahead = self._segments.ahead
        self._shapes = {shape.name: shape for shape in plan.entities}
        self._built: dict[int, JoinIndex] = {}
        self._lookups = Fillings(plan, run)
        self._breakers: dict[int, Breaker] = {}
        self._open_ports: dict[int, int] = {}
        self._backlog = Backlog(settings.budget)
        self._finished: set[int] = set()
        self._gone: set[Exit] = set()
        self._told: set[int] = set()
        self._found: list[pa.Table] = []
        self._entities = [shape.name for shape in plan.entities]
        self._held = HeldIssues(settings.budget, self._entities)
        self._told_of_block: list[pa.Table] | None = None
        self._source_numbers = {source.name: number for number, source in enumerate(plan.sources)}
        self._prefixes = {self._source_numbers[name]: feed.path_prefix for name, feed in feeds.items() if feed.path_prefix}
        self.execution = Execution(operators=self._segments.ordered)
        self._work = Work(run, self._shapes, self._built, self._breakers, self._segments)
        self._taking, self._facts_asked = 0, asks_facts(self._segments.ordered)
        if self._facts_asked:
            run.facts = self.execution.places.fact
        self._pool = ThreadPoolExecutor(max(1, settings.threads), thread_name_prefix="dhm-worker")
        for exits in self._segments.exits.values():
            for exit in exits:
                if exit.into is not None:
                    into, watched = id(exit.into), id(exit.into) in self._segments.watched
                    self._open_ports[into] = self._open_ports.get(into, 0) + 1
                    self._breakers.setdefault(into, breaker(exit.into, run, self._shapes, self._built, settings.budget, watched))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._lookups.close()

    def run_all(self) -> None:
        """Every source, those first that others wait for; a source again where some of its rows had to wait for itself."""
        reads = [operator for operator in self._segments.ordered if isinstance(operator, op.Read)]
        # An entity that no map fills: no block will ever come that ends it.
        self._end([exit for one in self._segments.ordered if isinstance(one, op.Union) and not one.inputs for exit in self._pending(one)])
        while waiting := [read for read in reads if self._pending(read)]:
            ready = [
                (len(self._pending(read)) - len(self._ready(read)), number) for number, read in enumerate(waiting) if self._ready(read)
            ]
            assert ready, "every source waits for another"
            self._read(waiting[min(ready)[1]])
        for table in self._held.told():
            self._tell_issues(table)
        self.execution.lookups = self._lookups.settle()

    def _pending(self, root: op.Operator) -> list[Exit]:
        return [exit for exit in self._segments.exits.get(id(root), []) if exit not in self._gone]

    def _ready(self, root: op.Operator) -> list[Exit]:
        return [exit for exit in self._pending(root) if self._is_ready(exit)]

    def _is_ready(self, exit: Exit) -> bool:
        return exit.joins <= self._built.keys() and exit.lookups <= self._lookups.full

    # ------------------------------------------------------------ streams

    def _read(self, read: op.Read) -> None:
        exits = self._ready(read)
        feed, source = self._feeds[read.source], self._source_numbers[read.source]
        first_time = id(read) not in self._told
        at_once = first_time and self._is_known_at_once(read)
        if first_time and not at_once:
            self.execution.waited.add(read.source)
            self._held.sources.add(source)
            self._outlet.must_wait(read.source)
        self._told_of_block = [] if at_once else None
        asked = frozenset[str]().union(*(exit.lookups for exit in exits))
        several = ahead(
            self._pool,
            together(self._blocks(feed)),
            partial(self._rows_of, feed, source, read),
            self._settings.threads,
            lambda: self._lookups.waited_for(asked),
        )
        pieces = (partial(self._parsed, rows, some, read, exits, first_time, at_once) for some, rows in several)
        if self._facts_asked:
            # The number of a row is known when the blocks before it are.
            for piece in pieces:
                self._take(piece())
        else:
            self._in_order(pieces)
        self._told_of_block = None
        self._told.add(id(read))
        self._end(exits)

    def _blocks(self, feed: Feed) -> Iterator[Any]:
        """The blocks of a source; how long it took to cut them is noted."""
        blocks = feed.blocks()
        while True:
            begun = thread_time()
            block = next(blocks, None)
            self.execution.cutting += thread_time() - begun
            if block is None:
                return
            yield block

    def _is_known_at_once(self, root: op.Operator) -> bool:
        """Whether all that becomes of the rows of `root` is known as soon as they were handed over: none of them waits for others."""
        exits = self._pending(root)
        if isinstance(root, op.Read) and sum(isinstance(one, op.Read) and one.source == root.source for one in self._segments.ordered) > 1:
            return False
        if any(exit in self._backlog or not self._is_ready(exit) for exit in exits):
            return False
        return all(exit.into is None or (passes_on(exit.into) and self._is_known_at_once(exit.into)) for exit in exits)

    def _rows_of(self, feed: Feed, source: int, read: op.Read, blocks: list[Any]) -> tuple[ReadRows, Side]:
        side = Side()
        with side.timed(read):
            rows = rows_of(feed, source, blocks, self._plan.sources[source], self._run.origins)
        if self._run.profile is not None:
            side.count(read).size += size_of(rows.frame)
        return rows, side

    def _parsed(self, read_rows: _Reading, blocks: list[Any], read: op.Read, exits: list[Exit], first_time: bool, at_once: bool) -> _Done:
        rows, side = read_rows()
        if not first_time:
            return _Done(self._leave(read, rows.frame, exits, side), side)
        if self._facts_asked:
            for place in rows.places:
                self.execution.places.add(place)
        (count := side.count(read)).rows_in += rows.records
        count.rows_out += rows.frame.length
        count.rejected += rows.bad.num_rows
        leaving = self._leave(read, rows.frame, exits, side)
        side.issues = headed(side.issues, self._plan.sources[self._source_numbers[read.source]], rows.gathered)
        return _Done(leaving, side, rows.places, rows.bad, tuple(blocks) if at_once else ())

    def _in_order(self, pieces: Iterable[Callable[[], _Done]]) -> None:
        """Do pieces of work on all threads, and hand over what they give in order; few wait, so memory stays flat."""
        waiting: deque[Future[_Done]] = deque()
        for piece in pieces:
            waiting.append(self._pool.submit(piece))
            if len(waiting) > self._settings.threads:
                self._take(waiting.popleft().result())
        while waiting:
            self._take(waiting.popleft().result())

    def _take(self, done: _Done) -> None:
        """Hand over what a piece of work gave; the issues of one piece are told together when all that follows from it is done."""
        self._taking += 1
        self._hand_over(done)
        self._taking -= 1
        if self._taking:
            return
        self._tell_found()
        if done.blocks:
            told, self._told_of_block = tuple(self._told_of_block or ()), []
            for place, block in zip(done.places, done.blocks, strict=True):
                self._finish_block(place, block, told)

    def _finish_block(self, place: BlockPlace, block: Any, told: tuple[pa.Table, ...]) -> None:
        """Everything is known of a block: its rejected records may be written."""
        rejected = self.execution.ledger.rejected(place.source, place.number)
        if not len(rejected):
            return
        _, lines, numbers = self.execution.places.locate(row_ids(place.source, place.number, rejected))
        key = (place.source << BLOCK_BITS) | place.number
        self._outlet.finished(Finished(self._plan.sources[place.source].name, key, block, rejected, numbers, lines, told))

    def _tell_found(self) -> None:
        """Tell what was found; of rows that go ways which end later, when all is known that the maps find in them."""
        now, self._found = self._held.without(self._found), []
        if now:
            self._tell_issues(merged(now, self._entities))

    def _hand_over(self, done: _Done) -> None:
        for place in done.places:
            if not self._facts_asked:
                self.execution.places.add(place)
            self.execution.ledger.open(place.source, place.number, place.records)
            self._outlet.read(self._plan.sources[place.source].name, place.records, place.length)
        if done.bad is not None and done.bad.num_rows:
            rows = done.bad.column("_row").to_numpy()
            self.execution.ledger.mark(rows, Fate.REJECTED)
            self._found.append(done.bad)
        for exit, payload in done.leaving.all():
            self._aside(done.side)
            self._depart(exit, payload)
        self._aside(done.side)

    def _aside(self, side: Side) -> None:
        """Issues, fates and counts found beside the rows."""
        self._found.extend(side.issues)
        if side.notes:
            self._outlet.notes(located(pa.concat_tables(side.notes), self.execution.places, self._prefixes))
        for rows, fate in side.marks:
            self.execution.ledger.mark(rows, fate)
        for number, flowed in side.flowed.items():
            self.execution.flowed.setdefault(number, Flowed()).add(flowed)
        side.clear()

    def _tell_issues(self, table: pa.Table) -> None:
        told = located(table, self.execution.places, self._prefixes)
        if self._told_of_block is not None:
            self._told_of_block.append(told)
        self._outlet.issues(told)

    # ------------------------------------------------------------ exits

    def _depart(self, exit: Exit, payload: Any) -> None:
        if exit.entity:
            self.execution.ledger.mark(issues.marked(payload.rows, payload.members, np.arange(payload.length)), Fate.WRITTEN)
            self._outlet.rows(exit.entity, payload)
        elif exit.lookup:
            side = Side()
            failures = all_failures(list(payload.frame.columns.values()))
            keep = ~reject(side, payload.frame, failures, Origin(map=exit.lookup), exit)
            self._aside(side)
            self.execution.lacking[exit.lookup] += int((~keep).sum())
            self.execution.ledger.mark(payload.frame.rows[keep], Fate.LOOKED_UP)
            self._lookups.add(exit.lookup, payload, keep)
        else:
            assert exit.into is not None
            side = Side()
            with side.timed(exit.into):
                frames = list(self._breakers[id(exit.into)].accept(exit.port, payload, side))
            side.gave(exit.into, frames, weighed=self._run.profile is not None)
            self._aside(side)
            for frame in frames:
                self._push(exit.into, frame)

    def _push(self, root: op.Operator, frame: Frame) -> None:
        """A frame that a breaker let pass, on through the segment that begins there."""
        # What waits keeps its order: an exit with a backlog takes nothing past it.
        ready = [exit for exit in self._ready(root) if exit not in self._backlog]
        self._backlog.pass_by(root, frame, [exit for exit in self._pending(root) if exit not in ready])
        if ready:
            side = Side()
            leaving = self._leave(root, frame, ready, side)
            self._take(_Done(leaving, side))

    def _end(self, exits: list[Exit]) -> None:
        """Nothing more leaves by `exits`: what waited for it can go on."""
        self._told.update(id(operator) for operator in self._work.path_operators(exits))
        for exit in exits:
            self._gone.add(exit)
            if exit.lookup:
                self._lookups.fill(exit.lookup)
            elif exit.into is not None:
                self._appended(exit.into, exit.port)
                self._open_ports[id(exit.into)] -= 1
                if not self._open_ports[id(exit.into)]:
                    self._finish(exit.into)
        self._retry()

    def _appended(self, union: op.Operator, port: int) -> None:
        """Of one input of a union there is no more: what waited behind it goes on."""
        breaker = self._breakers[id(union)]
        if isinstance(breaker, Appending):
            side = Side()
            for frame in breaker.ended(port):
                side.count(union).rows_out += frame.length
                self._push(union, frame)
            self._aside(side)

    def _finish(self, operator: op.Operator) -> None:
        side = Side()
        waiting = self._backlog.queue()
        with side.timed(operator):
            for frame in self._breakers[id(operator)].finish(side):
                waiting.put(frame)
                side.gave(operator, [frame], weighed=self._run.profile is not None)
        self._aside(side)
        self._tell_found()
        self._finished.add(id(operator))
        if isinstance(operator, op.Graph):
            self._survived(operator)
        elif not isinstance(operator, op.Join):
            self._backlog.wait(self._pending(operator), waiting)

    def _survived(self, graph: op.Graph) -> None:
        """What each of the entities of a graph has left."""
        survival = self._breakers.pop(id(graph))
        assert isinstance(survival, Survival)
        for operator in self._segments.ordered:
            if isinstance(operator, op.Surviving) and operator.graph is graph:
                side, waiting = Side(), self._backlog.queue()
                for frame in survival.survivors(operator, side, id(operator) in self._segments.watched):
                    waiting.put(frame)
                self._aside(side)
                self._tell_found()
                self._finished.add(id(operator))
                self._backlog.wait(self._pending(operator), waiting)

    def _retry(self) -> None:
        """Go on with exits of finished or passing breakers whose joins and lookups are ready now."""
        progress = True
        while progress:
            progress = False
            for number, exits in self._segments.exits.items():
                ready = [exit for exit in exits if exit in self._backlog and exit not in self._gone and self._is_ready(exit)]
                if not ready or number not in self._finished:
                    continue
                for alike, frames in self._backlog.take(ready):
                    self._in_order(self._pieces(alike[0].root, frames, alike))
                    self._end(alike)
                progress = True

    def _pieces(self, root: op.Operator, frames: Iterable[Frame], exits: list[Exit]) -> Iterator[Callable[[], _Done]]:
        for frame in frames:
            for start in range(0, max(frame.length, 1), self._settings.batch_rows):
                yield partial(self._computed, root, part_of(frame, start, self._settings.batch_rows), exits)

    def _computed(self, root: op.Operator, frame: Frame, exits: list[Exit]) -> _Done:
        side = Side()
        return _Done(self._leave(root, frame, exits, side), side)

    def _leave(self, root: op.Operator, frame: Frame, exits: list[Exit], side: Side) -> Leaving:
        leaving = self._work.leave(root, frame, exits, side, self._told)
        return worked_ahead((exit, self._lookups.prepared(exit.lookup, rows) if exit.lookup else rows) for exit, rows in leaving)
