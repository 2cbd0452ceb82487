"""Blocks of a source as frames: small ones several at a time, so that many small files cost little more than one large one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from datahub.engine.headers import GatheredRows
from datahub.engine.ledger import row_ids
from datahub.engine.origins import Origins
from datahub.engine.outside import Feed
from datahub.engine.places import BlockPlace
from datahub.engine.telling import bad_records, record_lines
from datahub.frames.concat import concat
from datahub.frames.frame import Column, Failure, Frame
from datahub.records import record
from datahub.semantic import ir

Made = TypeVar("Made")
AHEAD = 8 << 20
"""So many bytes of blocks are read ahead for each thread."""
SMALL, MOST = 256 << 10, 256
"""Blocks are taken together up to so many bytes, and so many of them."""


@record(frozen=True, slots=True)
class ReadRows:
    """The rows of some blocks, where each block stands, and the records that could not be read, as issues."""

    frame: Frame
    places: tuple[BlockPlace, ...]
    bad: pa.Table
    gathered: tuple[GatheredRows, ...] = ()

    @property
    def records(self) -> int:
        return sum(place.records for place in self.places)


def together(blocks: Iterable[Any]) -> Iterator[list[Any]]:
    """The blocks in order, small ones that follow each other in one list."""
    waiting: list[Any] = []
    held = 0
    for block in blocks:
        if waiting and (held + block.length > SMALL or len(waiting) == MOST):
            yield waiting
            waiting, held = [], 0
        waiting.append(block)
        held += block.length
    if waiting:
        yield waiting


def ahead(
    pool: Executor, several: Iterator[list[Any]], read: Callable[[list[Any]], Made], threads: int, waits: Callable[[], bool]
) -> Iterator[tuple[list[Any], Callable[[], Made]]]:
    """Blocks in order, each time with what gives their rows.

    As long as it `waits` for something that all rows ask, some are read ahead: else each of the `threads` would wait with rows in its
    hands, and leave the others unread.
    """
    early: list[tuple[list[Any], Future[Made]]] = []
    held = 0
    while held < AHEAD * threads and waits() and (blocks := next(several, None)) is not None:
        early.append((blocks, pool.submit(read, blocks)))
        held += sum(block.length for block in blocks)
    for blocks, rows in early:
        yield blocks, rows.result
    for blocks in several:
        yield blocks, partial(read, blocks)


def rows_of(feed: Feed, source: int, blocks: Sequence[Any], shape: ir.SourceShape, origins: Origins) -> ReadRows:
    """What some blocks of the source number `source`, of this `shape`, hold, as one frame."""
    frames, places, bad, gathered = [], [], [], []
    for block in blocks:
        parsed = feed.parse(block)
        positions = np.arange(parsed.length, dtype=np.int64) if parsed.positions is None else parsed.positions
        frames.append(Frame(parsed.columns, parsed.length, row_ids(source, block.number, positions)))
        places.append(_placed(feed, source, block, parsed))
        bad.append(bad_records(parsed, source, block.number))
        if parsed.gathered:
            gathered.append(GatheredRows(frames[-1].rows, parsed.gathered))
    frame = frames[0] if len(frames) == 1 else concat(frames)
    return ReadRows(
        _answered_for(frame, shape, origins), tuple(places), bad[0] if len(bad) == 1 else pa.concat_tables(bad), tuple(gathered)
    )


def _answered_for(frame: Frame, shape: ir.SourceShape, origins: Origins) -> Frame:
    """`frame` with each value that could not be read put down to its column of the source, so that it is told once, whoever uses it."""
    columns: dict[str, Column] = {}
    for declared in shape.columns:
        column = frame.columns.get(declared.name)
        if column is not None and column.failures:
            label = declared.label
            evidence = (ir.Evidence(label, f"#{shape.name}.{declared.name}"),)
            number = origins.number(ir.Origin(field=declared.name, map=shape.name, evidence=evidence, depth=0))
            columns[declared.name] = Column(column.values, tuple(_put_down(failure, number, label) for failure in column.failures))
    return frame.with_columns(columns) if columns else frame


def _put_down(failure: Failure, origin: int, label: str) -> Failure:
    return failure if failure.origin >= 0 else replace(failure, origin=origin, column=failure.column or label)


def _placed(feed: Feed, source: int, block: Any, parsed: Any) -> BlockPlace:
    name, before, lines = feed.file_name(block.file), feed.rows_before(block.file), record_lines(parsed)
    return BlockPlace(source, block.number, block.file, name, block.offset, block.length, block.first_line, before, parsed.records, lines)
