"""Where the results of a run go: rows to their targets' files, issues to the run's own files and along the flow's routes.

Rows are written by one thread of their own, issues and rejected records by another, so that workers go on while those
encode; nothing shows under its name before the run is committed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field, replace
from functools import partial
from pathlib import Path
from queue import Queue
from typing import Any, cast

import pyarrow as pa

from datahub.engine.outside import Finished, Outlet
from datahub.engine.start import UnusableRun
from datahub.formats.declare import FORMATS, Flushing, LineWriter, Preparing, Writer
from datahub.formats.written import OMITTED
from datahub.frames.frame import Frame, failed_rows
from datahub.frames.unfit import FindUnfit, Unfit
from datahub.plan.operators import Plan
from datahub.records import record
from datahub.reports.findings import Findings
from datahub.reports.issue_columns import issue_types
from datahub.reports.rejects import Rejects
from datahub.runner.interleaved import Interleaved
from datahub.semantic.ir import EntityField, EntityShape, RouteItem, TargetShape, Words, WriteItem
from datahub.semantic.issue_names import REJECT_COLUMNS
from datahub.semantic.kinds import TARGETS
from datahub.types.arrow import arrow_type
from datahub.types.model import Type, nullable

Progress = Callable[[str, int, int], None]
"""Told of the source, and how many more records and bytes of it were read."""


Watch = Callable[[str, Frame], None]
"""Told of an entity and its rows, as they are handed over to be written."""


@record(slots=True)
class Written:
    """One file that a run made."""

    name: str
    path: Path
    target: str
    rows: int = 0


class BackgroundWriter:
    """Does what it is given, one after the other, in a thread of its own; what fails there is raised at the next call."""

    def __init__(self, most: int = 2) -> None:
        self._queue: Queue[Callable[[], None] | None] = Queue(most)
        self._failed: BaseException | None = None
        self.seconds = 0.0
        """How long the processor worked for it, known when it is closed."""
        self._thread = threading.Thread(target=self._work, name="dhm-writer", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            if self._failed is None:
                try:
                    task()
                except BaseException as error:  # noqa: BLE001 - handed to the thread that gave the task
                    self._failed = error
        self.seconds = time.thread_time()

    def do(self, task: Callable[[], None]) -> None:
        self.check()
        self._queue.put(task)

    def check(self) -> None:
        if self._failed is not None:
            raise self._failed

    def close(self) -> None:
        """Wait until all is done; nothing more can be given then."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        self.check()


@record(slots=True)
class Files(Outlet):
    """The outlet of a run that writes files into one folder."""

    plan: Plan
    folder: Path
    format: str
    findings: Findings
    rejects: Rejects
    progress: Progress | None = None
    watch: Watch | None = None
    omissions: bool = False
    """Whether files of the run's own format keep which values a row leaves out, where its entity is a patch."""
    counts: dict[str, int] = field(default_factory=dict)
    made: list[Written] = field(default_factory=list)
    _writers: dict[str, list[tuple[Writer, Written, tuple[tuple[str, Type], ...]]]] = field(default_factory=dict)
    _routes: list[tuple[RouteItem, Writer, Written, tuple[str, ...]]] = field(default_factory=list)
    _interleaved: list[tuple[str, Interleaved, Written, tuple[tuple[str, Type], ...]]] = field(default_factory=list)
    _unfit: dict[str, list[tuple[FindUnfit, tuple[tuple[str, Type], ...]]]] = field(default_factory=dict)
    _background: BackgroundWriter = field(default_factory=BackgroundWriter)
    _telling: BackgroundWriter = field(default_factory=BackgroundWriter)

    def open(self) -> None:
        """Open the files of all targets that the plan writes to."""
        self._open_all()
        for writer in self._all():
            if isinstance(writer, Preparing):
                self._background.do(writer.prepare)

    def _open_all(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        shapes = {shape.name: shape for shape in self.plan.entities}
        # An entity that no map fills has a file too, without rows.
        named = [name for item in self.plan.flow.writes for name in item.entities] if self.plan.flow is not None else []
        for name in (*(output.entity for output in self.plan.outputs), *named):
            self.counts[name] = 0
            self._writers[name] = []
        if self.plan.flow is None:
            for output in self.plan.outputs:
                self._open(shapes[output.entity], self._plain(output.entity), self.folder / output.entity)
            return
        for item in self.plan.flow.writes:
            self._open_item(item, shapes)
        for route in self.plan.flow.routes:
            self._open_route(route)

    def _plain(self, name: str) -> TargetShape:
        """A target of the run's own format with the options as they are without being written."""
        kind = TARGETS[self.format]
        return TargetShape(name, self.format, tuple((option.name, option.default) for option in kind.options))

    def _target(self, name: str) -> TargetShape:
        target = next((one for one in self.plan.targets if one.name == name), None)
        if target is None or target.kind not in FORMATS or FORMATS[target.kind].writer is None:
            plain = self._plain(name)
            return plain if target is None else replace(target, kind=plain.kind, options=plain.options)
        return target

    def _declared(self, name: str) -> bool:
        return any(one.name == name and one.kind in FORMATS for one in self.plan.targets)

    def _open_item(self, item: WriteItem, shapes: dict[str, EntityShape]) -> None:
        target = self._target(item.target)
        if item.interleaved:
            self._open_interleaved(item, target, shapes)
            return
        for entity in item.entities:
            alone = self._written_to(item.target) == 1 and self._declared(item.target)
            base = (
                self.folder / item.target
                if alone
                else self.folder / item.target / entity
                if self._declared(item.target)
                else self.folder / entity
            )
            self._open(shapes[entity], target, base)

    def _written_to(self, target: str) -> int:
        """How many files of rows a target gets: one for each entity, and one for those that are interleaved."""
        writes = self.plan.flow.writes if self.plan.flow is not None else ()
        return sum(1 if item.interleaved else len(item.entities) for item in writes if item.target == target)

    def _open_interleaved(self, item: WriteItem, target: TargetShape, shapes: dict[str, EntityShape]) -> None:
        """One file for the lines of several entities."""
        path = self.folder / f"{item.target}.{FORMATS[target.kind].extension}"
        make = FORMATS[target.kind].writer
        assert make is not None
        named = [shapes[name] for name in item.entities]
        fields = {shape.name: tuple((one.name, one.type) for one in shape.fields if not _internal(one)) for shape in named}
        writers = [make(_worded(replace(target, columns=()), shape), str(path), fields[shape.name]) for shape in named]
        if not all(hasattr(writer, "lines") for writer in writers):
            for writer in writers:
                writer.abort()
            raise UnusableRun(f"`{item.target}` is {target.kind}, which has no lines that could be interleaved; make it csv or jsonl")
        file = Interleaved(named, item.places, [cast(LineWriter, writer) for writer in writers])
        written = Written(item.target, path, item.target)
        self.made.append(written)
        for shape in named:
            self._ask(shape.name, replace(target, columns=()), fields[shape.name])
            self._interleaved.append((shape.name, file, written, fields[shape.name]))

    def _open(self, shape: EntityShape, target: TargetShape, base: Path) -> None:
        path = base.with_name(f"{base.name}.{FORMATS[target.kind].extension}")
        path.parent.mkdir(parents=True, exist_ok=True)
        left_out = next((one.left_out for one in self.plan.outputs if one.entity == shape.name), ())
        fields = tuple((one.name, _leaving(one, shape)) for one in shape.fields if one.name not in left_out)
        types = dict(fields)
        # What others send on is told them whole: their templates choose.
        kept = self.omissions and not self._declared(target.name)
        unnamed = [one.name for one in shape.fields if one.name in types and (kept or not _internal(one))]
        fields = tuple((name, types[name]) for name in (dict(target.columns) or unnamed) if name in types)
        make = FORMATS[target.kind].writer
        assert make is not None
        if shape.patch and (kept or target.kind == "xml"):
            target = replace(target, options=(*target.options, ("omissions", True)))
        target = _worded(target, shape)
        written = Written(shape.name, path, target.name)
        self.made.append(written)
        self._writers[shape.name].append((make(target, str(path), fields), written, fields))
        self._ask(shape.name, target, fields)

    def _ask(self, entity: str, target: TargetShape, fields: tuple[tuple[str, Type], ...]) -> None:
        """Ask of the rows of an entity from now on whether a target can take them."""
        make = FORMATS[target.kind].unfit
        find = None if make is None else make(target, fields)
        if find is not None:
            self._unfit.setdefault(entity, []).append((find, fields))

    def unfit(self, entity: str, frame: Frame) -> Iterator[Unfit]:
        """What of some rows cannot be written; asked before rows are settled, by several threads."""
        for find, fields in self._unfit.get(entity, ()):
            yield from find(table_of(frame, fields))

    def _open_route(self, route: RouteItem) -> None:
        target = self._target(route.target)
        names = tuple(name for name, _ in target.columns) or REJECT_COLUMNS
        known = next((entry for entry in self._routes if entry[2].name == route.target), None)
        if known is not None:
            self._routes.append((route, known[1], known[2], names))
            return
        path = self.folder / f"{route.target}.{FORMATS[target.kind].extension}"
        make = FORMATS[target.kind].writer
        assert make is not None
        written = Written(route.target, path, route.target)
        self.made.append(written)
        self._routes.append((route, make(target, str(path), issue_types(names)), written, names))

    # ------------------------------------------------------------ what the engine hands over

    def rows(self, entity: str, frame: Frame) -> None:
        self.counts[entity] += frame.length
        if self.watch is not None:
            self.watch(entity, frame)
        for name, file, written, fields in self._interleaved:
            if name == entity:
                written.rows += frame.length
                self._background.do(partial(file.write, entity, table_of(frame, fields)))
        for writer, written, fields in self._writers[entity]:
            written.rows += frame.length
            self._background.do(partial(writer.write, table_of(frame, fields)))

    def issues(self, table: pa.Table) -> None:
        self._telling.do(lambda: self._take(table, listed=False))

    def notes(self, table: pa.Table) -> None:
        self._telling.do(lambda: self._take(table, listed=True))

    def finished(self, block: Finished) -> None:
        self._telling.do(partial(self.rejects.add, block))

    def must_wait(self, source: str) -> None:
        self._telling.do(lambda: setattr(self.findings, "keep", True))

    def read(self, source: str, records: int, length: int) -> None:
        if self.progress is not None:
            self.progress(source, records, length)

    def _take(self, table: pa.Table, listed: bool) -> None:
        self.findings.add(table, listed)
        left = table
        for route, writer, written, names in self._routes:
            if route.listed != listed or not left.num_rows:
                continue
            chosen = matching(left, route.codes)
            here = left.filter(chosen)
            left = left.filter(pa.compute.invert(chosen))
            if here.num_rows:
                written.rows += here.num_rows
                writer.write(here.select(list(names)))

    def seconds(self) -> dict[str, float]:
        """How long the processor took to write, known when all is settled."""
        return {"write rows": self._background.seconds, "tell issues and write rejects": self._telling.seconds}

    # ------------------------------------------------------------ the end

    def commit(self) -> None:
        """Everything that was written shows under its name."""
        for writer in self._all():
            writer.close()

    def abandon(self) -> None:
        """Nothing that was written is left."""
        try:
            self._background.close()
            self._telling.close()
        finally:
            for writer in self._all():
                writer.abort()
            self.made.clear()

    def settle(self) -> None:
        """Wait until everything handed over is in the files, still under temporary names."""
        for writer in self._all():
            if isinstance(writer, Flushing):
                # What a file holds back until it is closed is worked on beside what is left to tell.
                self._background.do(writer.flush)
        self._telling.close()
        self._background.close()

    def _all(self) -> list[Writer | Interleaved]:
        routes = {id(writer): writer for _, writer, _, _ in self._routes}
        shared = {id(file): file for _, file, _, _ in self._interleaved}
        return [*shared.values(), *(writer for several in self._writers.values() for writer, _, _ in several), *routes.values()]


def _internal(field: EntityField) -> bool:
    return "internal" in field.tags


def _leaving(field: EntityField, shape: EntityShape) -> Type:
    """The type in which a field leaves: a row that is a patch may leave any of them alone but its key."""
    return nullable(field.type) if shape.patch and field.name not in shape.key else field.type


TEXTUAL = ("csv", "xlsx")
"""The kinds of targets that have no truth values of their own kind, or whose readers look for words."""


def _worded(target: TargetShape, shape: EntityShape) -> TargetShape:
    """The target with the words for truth that the entity's fields have, where it says no others itself."""
    if target.kind not in TEXTUAL:
        return target
    said = {name for name, _ in target.words}
    fields = tuple((one.name, one.words) for one in shape.fields if one.words != Words() and one.name not in said)
    return replace(target, words=(*target.words, *fields)) if fields else target


def table_of(frame: Frame, fields: Sequence[tuple[str, Type]]) -> pa.Table:
    """The entity's columns of a frame, in order; a column that nobody filled is null.

    Behind them stand, for fields that some rows leave out on purpose, which rows those are.
    """
    arrays: list[Any] = []
    omitted: dict[str, pa.Array] = {}
    for name, kind in fields:
        column = frame.columns.get(name)
        wanted = arrow_type(kind)
        array = pa.nulls(frame.length, wanted) if column is None else column.array(frame.length)
        arrays.append(array if array.type == wanted else array.cast(wanted))
        if column is not None and column.failures:
            omitted[OMITTED + name] = pa.array(failed_rows(column.failures, frame.length))
    return pa.table([*arrays, *omitted.values()], names=[*(name for name, _ in fields), *omitted])


def matching(table: pa.Table, codes: Sequence[str]) -> pa.ChunkedArray:
    """Which issues a route takes: those with one of its codes (`R4*` is a family), or all."""
    import pyarrow.compute as pc

    column = table.column("code")
    if not codes:
        return pc.is_valid(column)
    found = pc.is_in(column, value_set=pa.array([code for code in codes if not code.endswith("*")], pa.string()))
    for code in codes:
        if code.endswith("*"):
            found = pc.or_(found, pc.starts_with(column, code[:-1]))
    return found
