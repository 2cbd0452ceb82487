"""Issues as they are told: those of one batch together and in order, and records that could not be read at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine import issues
from datahub.engine.ledger import row_ids, source_of
from datahub.engine.places import Places
from datahub.frames.chunks import whole
from datahub.frames.frame import Mask, Rows
from datahub.frames.taking import rows_at
from datahub.functions.columns import combined_codes, fixed, glued
from datahub.functions.segments import beginnings, listed, unpacked

MOST_TOLD = 3
"""So many different messages of one failing value are told, and how many more there are."""


def merged(tables: list[pa.Table], entities: Sequence[str]) -> pa.Table:
    """Issues row by row; a source value that fails under one code is one issue, which names all of `entities` and fields it reached."""
    table = pa.concat_tables(tables)
    order, several = _by_row(table)
    if several.any():
        some = table.filter(pa.array(several))
        together = _named_together(some, entities)
        if together.num_rows < some.num_rows:
            table = pa.concat_tables([table.filter(pa.array(~several)), together])
            order, _ = _by_row(table)
    return table if (order[1:] > order[:-1]).all() else rows_at(table, order)


def _by_row(table: pa.Table) -> tuple[Rows, Mask]:
    """The order of the rows that issues are about, and which issues are not the only one of their row."""
    rows = table.column("_row").to_numpy()
    order = np.argsort(rows, kind="stable")
    follows = np.flatnonzero(rows[order[1:]] == rows[order[:-1]])
    several = np.zeros(len(rows), np.bool_)
    several[order[follows]] = several[order[follows + 1]] = True
    return order, several


_SAME = ("_row", "_at", "_who", "code", "severity", "column", "path", "value")
"""What issues have in common that are told as one."""


def _named_together(table: pa.Table, order: Sequence[str]) -> pa.Table:
    told = table.append_column("_who", _who(table))
    if len(combined_codes([whole(told.column(name)) for name in _SAME], nulls=True)[1]) == table.num_rows:
        return table
    entities = table.column("entity")
    told = told.append_column("_fields", _of_entities(table)).append_column("_place", pa.array(np.arange(table.num_rows)))
    told = told.set_column(
        table.schema.get_field_index("entity"), "entity", pc.if_else(pc.equal(entities, ""), pa.scalar(None, pa.string()), entities)
    )
    # Which map found it first depends on what had to wait.
    ranks = pc.index_in(entities, pa.array(order, pa.string()))
    told = told.take(
        pc.sort_indices(pa.table([ranks, told.column("_place")], ["rank", "place"]), [("rank", "ascending"), ("place", "ascending")])
    )
    first = told.group_by(list(_SAME), use_threads=False).aggregate([("_place", "min"), *((name, "list") for name in _JOINED)])
    first = first.take(pc.sort_indices(first.column("_place_min")))
    found = {name: _each_once(whole(first.column(f"{name}_list"))) for name in _JOINED}
    # Names of fields alone say enough where one entity has them, or all have the same.
    plain = pc.or_(*(pc.less_equal(pc.list_value_length(found[name]), 1) for name in ("entity", "field")))
    kept = table.take(first.column("_place_min"))
    joined = {
        "entity": pc.binary_join(found["entity"], ", "),
        "field": pc.if_else(plain, _names(found["field"]), _names(found["_fields"])),
        "message": _messages(found["message"]),
    }
    for name, column in joined.items():
        kept = kept.set_column(kept.schema.get_field_index(name), name, column)
    return kept


_JOINED = ("entity", "field", "_fields", "message")


def _each_once(lists: pa.ListArray) -> pa.Array:
    """Lists without nulls and repetitions, in their order; Arrow's own `distinct` gives what is in a list in any order."""
    items, offsets = unpacked(lists)
    owners = np.repeat(np.arange(len(lists)), np.diff(offsets))
    first = combined_codes([pa.array(owners), items])[1]
    return listed(items.take(first), beginnings(np.bincount(owners[first.to_numpy()], minlength=len(lists))))


def _who(table: pa.Table) -> pa.Array:
    """Who says of each issue that something failed, where that tells two apart: no column of the source is to blame."""
    return pc.if_else(pc.equal(table.column("column"), fixed("")), table.column("_origin"), pa.scalar(-1, pa.int64()))


def _names(lists: pa.ListArray) -> pa.Array:
    """The names in lists of names and of several joined by commas, each once."""
    joined = pc.binary_join(lists, ", ")
    distinct = joined.dictionary_encode()
    # A handful of combinations of fields, whichever rows they failed in; what fails before there is a row has no name.
    once = [None if text is None else ", ".join(filter(None, dict.fromkeys(text.split(", ")))) for text in distinct.dictionary.to_pylist()]
    return pa.array(once, pa.string()).take(distinct.indices)


def _messages(lists: pa.ListArray) -> pa.Array:
    """What is said of each value, one after the other."""
    counts = pc.list_value_length(lists)
    few = pc.binary_join(pc.list_slice(lists, 0, MOST_TOLD), "; ")
    more = glued(few, "; and ", pc.subtract(counts, MOST_TOLD).cast(pa.string()), " more")
    return pc.if_else(pc.greater(counts, MOST_TOLD), more, few)


def _of_entities(table: pa.Table) -> pa.Array:
    """The fields of each issue by the name of their entity: `Line.qty, Line.net`."""
    entities, fields = whole(table.column("entity")), whole(table.column("field"))
    each = pc.split_pattern(fields, ", ")
    owner = pc.list_parent_indices(each)
    named = pc.binary_join(pa.ListArray.from_arrays(each.offsets, glued(entities.take(owner), ".", pc.list_flatten(each))), ", ")
    # What fails before there is a row of the entity, as where a list is taken apart, has no field.
    return pc.if_else(pc.equal(fields, ""), pa.scalar(None, pa.string()), named)


def located(table: pa.Table, places: Places, prefixes: Mapping[int, str]) -> pa.Table:
    """Findings with the file, line and number of the rows whose cells they are about; `prefixes` say by source what the paths of
    its rows begin with.
    """
    own, cells = table.column("_row"), table.column("_at")
    rows = pc.coalesce(cells, own).to_numpy()
    files, lines, numbers = places.locate(rows)
    elsewhere = rows != own.to_numpy()
    if elsewhere.any():
        at = table.schema.get_field_index("message")
        told = _joined_to(whole(table.column(at)), (files, lines), places.locate(own.to_numpy()), elsewhere)
        table = table.set_column(at, "message", told)
    if prefixes:
        at = table.schema.get_field_index("path")
        table = table.set_column(at, "path", _whole_paths(whole(table.column(at)), rows, numbers, prefixes))
    return table.append_column("file", files).append_column("line", lines).append_column("row", numbers)


JOINED_TO = ", joined to "


def _joined_to(messages: pa.Array, cells: Sequence[pa.Array], own: Sequence[pa.Array], elsewhere: Mask) -> pa.Array:
    """What is said of cells of joined rows, with the place of the cell and of the row that fell for it."""
    cell, row = (glued(one[0], ":", one[1].cast(pa.string())) for one in (cells, own))
    return pc.if_else(pa.array(elsewhere), glued(messages, " (", cell, JOINED_TO, row, ")"), messages)


def _whole_paths(inside: pa.Array, rows: Rows, numbers: pa.Array, prefixes: Mapping[int, str]) -> pa.Array:
    """Paths from the top of the document: `/orders/3/order_lines/0`."""
    sources = source_of(rows)
    for number, prefix in prefixes.items():
        mine = pa.array(sources == number)
        path = glued(prefix, pc.subtract(numbers, 1).cast(pa.string()), pc.fill_null(inside, ""))
        inside = pc.if_else(mine, path, inside)
    return inside


def record_lines(parsed: Any) -> Any:
    """The line of every record of the block, bad ones too; None where they follow each other."""
    if parsed.lines is None and not parsed.bad:
        return None
    lines = np.zeros(parsed.records, np.int64)
    positions = np.arange(parsed.length) if parsed.positions is None else parsed.positions
    if parsed.lines is not None:
        lines[positions] = parsed.lines
    for record in parsed.bad:
        lines[record.position] = record.line
    return lines


NO_ISSUES = issues.SCHEMA.empty_table()


def bad_records(parsed: Any, source: int, block: int) -> pa.Table:
    """Records that could not be read, as issues."""
    if not parsed.bad:
        return NO_ISSUES
    rows = row_ids(source, block, np.array([record.position for record in parsed.bad], np.int64))
    count = len(rows)
    columns: dict[str, Any] = {
        "_row": pa.array(rows),
        "_members": pa.nulls(count, issues.SCHEMA.field("_members").type),
        "_at": pa.nulls(count, pa.int64()),
        "_origin": pa.repeat(pa.scalar(-1, pa.int64()), count),
        "severity": pa.repeat("error", count),
        "code": pa.array([record.code for record in parsed.bad]),
        "message": pa.array([record.message for record in parsed.bad]),
        "value": pa.array([record.raw[:60] for record in parsed.bad]),
    }
    empty = pa.repeat("", count)
    return pa.table([columns.get(name, empty) for name in issues.SCHEMA.names], schema=issues.SCHEMA)
