"""The first rows of a script's sources, run with nothing written: each field beside what it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.connectors.files import SourceFeed, bound_files, open_feeds
from datahub.engine.execution import Execution
from datahub.engine.ledger import ORDER, block_of, position_of
from datahub.engine.local import Settings, execute
from datahub.engine.outside import Finished
from datahub.engine.settle import element_evidence
from datahub.engine.start import given, run_state
from datahub.formats.declare import Block, Parsed
from datahub.formats.typed import as_json
from datahub.frames.frame import Frame
from datahub.plan import operators as op
from datahub.records import record
from datahub.semantic import ir


@record(frozen=True, slots=True)
class Cell:
    """One field of a row: its value, the source columns it came from with their raw text, and the code where it failed."""

    name: str
    value: Any
    before: tuple[tuple[str, str | None], ...]
    code: str = ""
    message: str = ""


@record(frozen=True, slots=True)
class Shown:
    """One row of an entity, or what is wrong with one that was rejected; `place` is the row it came from, the first of `members`."""

    entity: str
    place: str
    cells: tuple[Cell, ...]
    rejected: bool
    members: int = 1


@record(frozen=True, slots=True)
class Preview:
    """The rows shown, in the order of the input, and what became of the rows of each source."""

    rows: tuple[Shown, ...]
    fates: Mapping[str, Mapping[str, int]]


def preview(
    plan: op.Plan,
    sources: Mapping[str, Sequence[str]],
    rows: int,
    *,
    parameters: Mapping[str, ir.Value] | None = None,
    as_of: datetime | None = None,
) -> Preview:
    """Run `plan` over the first `rows` rows of each source, in memory; sources that feed lookups are read whole."""
    state = run_state(plan, as_of or datetime.now(UTC), given(plan, parameters or {}))
    state.evidence = True
    _, feeds = open_feeds(plan, bound_files(plan, sources))
    whole = _whole(plan)
    shapes = {shape.name: shape for shape in plan.sources}
    heads = {name: _Head(shapes[name], feed, None if name in whole else rows) for name, feed in feeds.items()}
    kept = _Kept()
    execution = execute(plan, heads, kept, state, Settings(threads=1))
    numbers = {number: heads[source.name] for number, source in enumerate(plan.sources) if source.name in heads}
    shown = sorted(_shown(plan, kept, execution, numbers), key=lambda pair: pair[0])
    return Preview(tuple(row for _, row in shown), {plan.sources[n].name: _fates(execution, n) for n in numbers})


def _whole(plan: op.Plan) -> frozenset[str]:
    """Sources whose rows are looked things up in: a part of them would reject rows that are good."""
    from datahub.plan.order import topological

    roots = [feed.rows for feed in plan.feeds]
    roots += [one.right for one in topological([output.rows for output in plan.outputs]) if isinstance(one, op.Join)]
    return frozenset(one.source for one in topological(roots) if isinstance(one, op.Read))


@dataclass(slots=True)
class _Head:
    """The first rows of a feed (all of them where `most` is None), which it keeps to show them beside what became of them."""

    shape: ir.SourceShape
    feed: SourceFeed
    most: int | None
    parsed: dict[int, Parsed] = field(default_factory=dict)

    @property
    def path_prefix(self) -> str:
        return self.feed.path_prefix

    def blocks(self) -> Iterator[Block]:
        for block in self.feed.blocks():
            yield block
            if self.most is not None:
                return

    def parse(self, block: Block) -> Parsed:
        parsed = self.feed.parse(block)
        self.parsed[block.number] = parsed if self.most is None else _first(parsed, self.most)
        return self.parsed[block.number]

    def file_name(self, file: int) -> str:
        return self.feed.file_name(file)

    def rows_before(self, file: int) -> int:
        return self.feed.rows_before(file)

    def raw(self, row: int, name: str) -> str | None:
        """The text of column `name` in the source row with this id; of what is nested, as JSON."""
        parsed = self.parsed[int(block_of(np.array([row]))[0]) & 0xFFFFFF]
        position = int(position_of(np.array([row]))[0])
        if parsed.positions is not None:
            position = int(np.searchsorted(parsed.positions, position))
        # Flat columns are read under the names of their raw texts, nested ones under their own.
        column = parsed.columns.get(f"#{self.shape.name}.{name}", parsed.columns.get(name))
        if column is None or position >= parsed.length:
            return None
        values = column.array(parsed.length).slice(position, 1)
        return _text((as_json(values) if pa.types.is_nested(values.type) else values)[0].as_py())


def _first(parsed: Parsed, most: int) -> Parsed:
    """The first `most` records of a block, good and bad."""
    positions = np.arange(parsed.length, dtype=np.int64) if parsed.positions is None else parsed.positions
    count = int(np.searchsorted(positions, most))
    frame = Frame(parsed.columns, parsed.length, positions).take(np.arange(count, dtype=np.int64))
    return replace(
        parsed,
        columns=frame.columns,
        length=count,
        records=min(parsed.records, most),
        positions=frame.rows,
        lines=None if parsed.lines is None else parsed.lines[:count],
        bad=tuple(bad for bad in parsed.bad if bad.position < most),
    )


@dataclass(slots=True)
class _Kept:
    """An outlet that keeps everything."""

    frames: list[tuple[str, Frame]] = field(default_factory=list)
    found: list[dict[str, Any]] = field(default_factory=list)

    def rows(self, entity: str, frame: Frame) -> None:
        self.frames.append((entity, frame))

    def issues(self, table: pa.Table) -> None:
        self.found.extend(table.to_pylist())

    def notes(self, table: pa.Table) -> None:
        """What only could be better is not shown."""

    def finished(self, block: Finished) -> None:
        """Issues alone are wanted."""

    def must_wait(self, source: str) -> None:
        """Nothing is done before the end."""

    def read(self, source: str, records: int, length: int) -> None:
        """Nobody watches."""


def _shown(plan: op.Plan, kept: _Kept, execution: Execution, heads: Mapping[int, _Head]) -> Iterator[tuple[tuple[int, int, str], Shown]]:
    origins = {settle.entity: dict(settle.origins) for settle in execution.operators if isinstance(settle, op.Settle)}
    order = [output.entity for output in plan.outputs]
    for entity, frame in kept.frames:
        places = _places(frame.rows, execution)
        values = {name: column.array(frame.length).to_pylist() for name, column in frame.columns.items() if name[:1] not in "#!"}
        for at in range(frame.length):
            row = int(frame.rows[at])
            cells = tuple(Cell(name, values[name][at], _before(origins[entity].get(name), frame, at, heads)) for name in values)
            members = 1 if frame.members is None else len(frame.members[at].as_py() or (1,))
            yield (row, order.index(entity), ""), Shown(entity, places[at], cells, rejected=False, members=members)
    yield from _rejected(kept.found, order, heads, execution)


def _rejected(
    found: Sequence[dict[str, Any]], order: Sequence[str], heads: Mapping[int, _Head], execution: Execution
) -> Iterator[tuple[tuple[int, int, str], Shown]]:
    """The rejected rows, each with what is wrong with it."""
    rows: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for issue in found:
        rows.setdefault((issue["_row"], issue["entity"]), []).append(issue)
    for (row, entity), issues in rows.items():
        cells = tuple(
            Cell(one["field"] or "", None, _told(one, heads) if one["column"] else (), one["code"], one["message"]) for one in issues
        )
        place = _places(np.array([row]), execution)[0]
        yield (row, order.index(entity) if entity in order else len(order), "rejected"), Shown(entity, place, cells, rejected=True)


def _told(issue: dict[str, Any], heads: Mapping[int, _Head]) -> tuple[tuple[str, str | None], ...]:
    """The column of an issue and the value it tells; where it tells none, what the row has there."""
    row = issue["_row"] if issue["_at"] is None else issue["_at"]
    head = heads.get(row >> 56)
    names = [one.name for one in head.shape.columns if one.label == issue["column"]] if head is not None else []
    value = head.raw(row, names[0]) if issue["value"] is None and head is not None and names else issue["value"]
    return ((issue["column"], value),)


def _places(rows: Any, execution: Execution) -> list[str]:
    files, lines, _ = execution.places.locate(rows)
    return [f"{file}:{line}" for file, line in zip(files.to_pylist(), lines.to_pylist(), strict=True)]


def _before(origin: ir.Origin | None, frame: Frame, at: int, heads: Mapping[int, _Head]) -> tuple[tuple[str, str | None], ...]:
    """The columns that a field came from with their raw texts: those that came with the row, which may be of a joined row,
    and where rows were made of several those of its first.
    """
    found: dict[tuple[str, str | None], None] = {}
    for evidence in () if origin is None else origin.evidence:
        if not evidence.raw:
            continue
        column = frame.columns.get(evidence.raw, frame.columns.get(element_evidence(evidence.raw)))
        if column is not None:
            found[evidence.label, _text(column.array(frame.length)[at].as_py())] = None
            continue
        row = int(frame.rows[at])
        head, name = heads[row >> 56], evidence.raw
        # Nested values do not travel with their rows, nor what rows were grouped from; they are taken from the row itself,
        # if they are of its source.
        source, _, name = name.removeprefix("#").partition(".")
        if evidence.raw[:1] != "#" or source != head.shape.name:
            continue
        found[evidence.label, head.raw(row, name)] = None
    return tuple(found)


def _text(value: Any) -> str | None:
    from datahub.testing.normal import actual, shown

    return None if value is None else value if isinstance(value, str) else shown(actual(value))


def _fates(execution: Execution, number: int) -> dict[str, int]:
    counts = execution.ledger.counts(number)
    return {str(fate.name).lower(): counts[fate] for fate in ORDER if counts[fate]}
