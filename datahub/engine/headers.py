"""What fails in columns gathered by a pattern, told by the header that its cell stands under."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.ledger import position_of
from datahub.frames.chunks import whole
from datahub.frames.frame import Mask, Rows
from datahub.frames.gathered import Gathered
from datahub.functions.columns import glued
from datahub.records import record
from datahub.semantic.ir import SourceShape


@record(frozen=True, slots=True)
class GatheredRows:
    """The rows of a block that were read, by the ids that the run has for them, and what was gathered in each."""

    rows: Rows
    columns: tuple[Gathered, ...]


def headed(tables: Sequence[pa.Table], shape: SourceShape, blocks: Iterable[GatheredRows]) -> list[pa.Table]:
    """Issues of rows of some blocks; `column` is a header where it was a pattern, and `path` begins with it."""
    patterns = [column.pattern for column in shape.columns if column.pattern]
    if not patterns:
        return list(tables)
    known = list(blocks)
    return [_headed(table, patterns, known) for table in tables]


def _headed(table: pa.Table, patterns: Sequence[str], blocks: Sequence[GatheredRows]) -> pa.Table:
    columns, paths = whole(table.column("column")), whole(table.column("path"))
    for block in blocks:
        for one in block.columns:
            chosen = _of(columns, paths, one.pattern, table, block.rows)
            if chosen.any():
                columns, paths = _named(columns, paths, chosen, _places(table, block.rows, chosen), one)
    # Of columns gathered under keys the path begins with the header already.
    under = pc.and_(pc.is_in(columns, value_set=pa.array(patterns)), pc.fill_null(pc.starts_with(paths, "/"), False))
    for pattern in patterns:
        under = pc.and_(under, pc.invert(pc.fill_null(pc.starts_with(paths, f"/{pattern}/"), False)))
    columns = pc.if_else(under, pc.replace_substring_regex(paths, "^/([^/]*).*", r"\1"), columns)
    for name, values in (("column", columns), ("path", paths)):
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


def _of(columns: pa.Array, paths: pa.Array, pattern: str, table: pa.Table, rows: Rows) -> Mask:
    """The issues of elements of the list that `pattern` gathers, in rows of the block."""
    told = pc.and_(pc.equal(columns, pattern), pc.fill_null(pc.starts_with(paths, f"/{pattern}/"), False))
    mine: Mask = told.to_numpy(zero_copy_only=False) & np.isin(table.column("_row").to_numpy(), rows)
    return mine


def _places(table: pa.Table, rows: Rows, chosen: Mask) -> Rows:
    """The places of the chosen issues' rows among those of the block."""
    found: Rows = np.searchsorted(position_of(rows), position_of(table.column("_row").to_numpy()[chosen]))
    return found


def _named(columns: pa.Array, paths: pa.Array, chosen: Mask, places: Rows, gathered: Gathered) -> tuple[pa.Array, pa.Array]:
    mask = pa.array(chosen)
    inside = pc.utf8_slice_codeunits(paths.filter(mask), len(gathered.pattern) + 2)
    elements = pc.replace_substring_regex(inside, "^([0-9]+).*", r"\1").cast(pa.int64()).to_numpy()
    behind = pc.replace_substring_regex(inside, "^[0-9]+", "")
    parts = pc.replace_substring_regex(behind, "^/?([^/]*).*", r"\1") if gathered.parts != ("",) else pa.repeat("", len(inside))
    headers = gathered.headers_at(places, elements, parts)
    rest = pc.replace_substring_regex(behind, "^/[^/]*", "") if gathered.parts != ("",) else behind
    known = pc.not_equal(headers, "")
    made = pc.if_else(known, glued("/", headers, rest), paths.filter(mask))
    named = pc.if_else(known, headers, columns.filter(mask))
    return pc.replace_with_mask(columns, mask, named), pc.replace_with_mask(paths, mask, made)
