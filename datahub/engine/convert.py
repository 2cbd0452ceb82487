"""Raw text of a source as typed values: what an empty cell is, which words are null, where a cell is split, and what fails.

A cell that cannot be read is null in its column and listed with its code and its text. A part of a list or struct that
cannot be read fails alone: the rest of the value stands.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.engine.cells import REQUIRED, Read, cleaned, read_cells
from datahub.engine.failures import in_entry, in_item, in_member, nulled, union, whole
from datahub.engine.scope import Scope, evaluates
from datahub.engine.values import brought, carried, without
from datahub.frames.frame import Column, Failure, Failures, Mask, failed_rows
from datahub.functions.columns import Judgement, valid
from datahub.functions.declare import Offsets
from datahub.functions.segments import beginnings, listed, mapped, owners, part_at, places, unpacked
from datahub.functions.uneven import more_parts, odd_entries
from datahub.functions.white_space import trimmed
from datahub.semantic import ir
from datahub.semantic.column_patterns import filled
from datahub.types import model as t


@evaluates(ir.Convert)
def convert(node: ir.Convert, scope: Scope) -> Column:
    """The values that the raw texts of a source column stand for."""
    raw = scope.evaluate(node.value)
    column = raw.array(scope.length)
    judgement: Judgement = scope.run.once(node, "judgement", Judgement)
    if not scope.distinct and _is_worth_coding(column, node.type, judgement):
        made = _on_distinct(column, node.type, node.reading)
    else:
        made = read(column, node.type, node.reading)
    failures = tuple(replace(failure, column=node.column, paths=_headed(node, failure)) for failure in made.failures)
    if not raw.failures:
        return Column(made.values, failures)
    before = whole(raw.failures)
    live = ~failed_rows(before, scope.length)
    kept = (failure.kept(live[failure.rows]) for failure in failures)
    return Column(nulled(made.values, before, scope.length), union(before, tuple(failure for failure in kept if len(failure.rows))))


def _is_worth_coding(column: pa.Array, kind: t.Type, judgement: Judgement) -> bool:
    """Whether each distinct text should be read once: not where reading is hardly more than looking."""
    base = t.base_of(kind)
    return pa.types.is_string(column.type) and not isinstance(base, t.Text | t.ListOf | t.MapOf | t.Struct) and judgement.repeats(column)


def _headed(node: ir.Convert, failure: Failure) -> pa.Array | None:
    """Where in its column each failure is; of columns gathered under keys in which of them: `/title_fr`."""
    if failure.paths is None:
        return None
    before, slot, behind = filled(f"/{node.column}/", "\0").partition("\0")
    if not slot or not isinstance(t.base_of(node.value.type), t.MapOf | t.Struct):
        return pc.binary_join_element_wise("/" + node.column, failure.paths, "")
    key = pc.replace_substring_regex(failure.paths, "^/([^/]*).*", r"\1")
    inside = pc.replace_substring_regex(failure.paths, "^/[^/]*", "")
    return pc.binary_join_element_wise(f"/{before}", key, behind, inside, "")


def _on_distinct(column: pa.Array, kind: t.Type, reading: ir.Reading) -> Read:
    """What the distinct texts stand for, given to all rows that have them."""
    coded = column.dictionary_encode(null_encoding="encode")
    made = read(coded.dictionary, kind, reading)
    failures = []
    if made.failures:
        numbers = coded.indices.to_numpy(zero_copy_only=False)
        for failure in made.failures:
            rows = np.flatnonzero(np.isin(numbers, failure.rows))
            failures.append(replace(failure, rows=rows, values=column.take(pa.array(rows))))
    return Read(made.values.take(coded.indices), tuple(failures))


def read(raw: pa.Array, kind: t.Type, reading: ir.Reading) -> Read:
    """The values of `kind` that `raw` stands for: texts, or lists, structs and maps of texts gathered from several columns."""
    base = t.base_of(kind)
    match base:
        case t.ListOf(item=item):
            return _or_null(_list(raw, item, reading), raw, kind, reading)
        case t.MapOf(value=value):
            return _or_null(_map(raw, value, reading), raw, kind, reading)
        case t.Struct(fields=fields):
            return _struct(raw, fields, kind.nullable, reading)
        case _ if pa.types.is_string(raw.type) or pa.types.is_null(raw.type):
            return read_cells(brought(raw, pa.string()), kind, base, reading)
        case _:
            return _present(Read(brought(raw, carried(kind))), raw, kind.nullable)


def _present(made: Read, raw: pa.Array, nullable: bool) -> Read:
    """`made`, failed where it is null and must not be."""
    if nullable or not raw.null_count:
        return made
    return Read(made.values, (*made.failures, Failure(np.flatnonzero(~valid(raw)), REQUIRED)))


def _or_null(made: Read, raw: pa.Array, kind: t.Type, reading: ir.Reading) -> Read:
    """`made`, null where no cell is: an empty one is a list of nothing, and where it is told apart from none, that is another thing."""
    if not (reading.empty_text and kind.nullable and raw.null_count and pa.types.is_string(raw.type)):
        return made
    return Read(without(made.values, ~valid(raw)), made.failures)


# ---------------------------------------------------------------- lists


def _list(raw: pa.Array, item: t.Type, reading: ir.Reading) -> Read:
    """A list out of a cell that is split, or of columns that were gathered; blank items are none, unless items may be null."""
    texts = pa.types.is_string(raw.type)
    inner = _inner(reading, 0, 1 if texts else 0)
    items, offsets = unpacked(_split(raw, reading) if texts else raw)
    made = read(items, item, inner)
    if not item.nullable:
        blank = blanks(items, item, inner)
        if blank.any():
            made, offsets = _without(made, blank, offsets)
    wanted = carried(item)
    values = listed(brought(made.values, wanted), offsets)
    return Read(values, _in_lists(made.failures, offsets))


def _inner(reading: ir.Reading, at: int, taken: int) -> ir.Reading:
    """The reading of a part; the marks that are left, where this level has `taken` some, are for the parts."""
    inner = reading.inner[at] if at < len(reading.inner) else replace(reading, inner=())
    if reading.inner and inner.split:
        return inner
    return replace(inner, split=reading.split[taken:])


def _split(raw: pa.Array, reading: ir.Reading) -> pa.Array:
    """Cells cut at the outermost mark; a blank cell has no parts."""
    cells = cleaned(raw, reading, False)
    if not reading.split:
        return listed(cells.drop_null(), beginnings(valid(cells)))
    return pc.split_pattern(cells, pattern=reading.split[0])


def blanks(items: pa.Array, kind: t.Type, reading: ir.Reading) -> Mask:
    """Items that hold nothing: null, empty, a word for null; structs all of whose fields do."""
    if pa.types.is_string(items.type):
        return ~valid(cleaned(items, reading, isinstance(t.base_of(kind), t.Text)))
    base = t.base_of(kind)
    if isinstance(base, t.Struct) and pa.types.is_struct(items.type):
        parts = [blanks(pc.struct_field(items, name), inner, _inner(reading, at, False)) for at, (name, inner) in enumerate(base.fields)]
        return np.logical_and.reduce(parts) if parts else np.zeros(len(items), np.bool_)
    return ~valid(items)


def _without(made: Read, blank: Mask, offsets: Offsets) -> tuple[Read, Offsets]:
    """What was read without the blank items."""
    keep = ~blank
    place = np.cumsum(keep) - 1
    kept = (failure.kept(keep[failure.rows]) for failure in made.failures)
    failures = tuple(replace(failure, rows=place[failure.rows]) for failure in kept if len(failure.rows))
    return Read(made.values.filter(pa.array(keep)), failures), beginnings(keep)[offsets]


def _in_lists(failures: Failures, offsets: Offsets) -> Failures:
    """Failures of items as those of single elements of their lists."""
    if not failures:
        return ()
    parents, positions = owners(offsets), places(offsets)
    return tuple(in_item(failure, parents, positions) for failure in failures)


# ---------------------------------------------------------------- structs and maps


def _struct(raw: pa.Array, fields: tuple[tuple[str, t.Type], ...], nullable: bool, reading: ir.Reading) -> Read:
    """A struct out of the parts of a cell in their order, or of columns that were gathered under its fields' names."""
    texts = pa.types.is_string(raw.type)
    cells = _split(raw, reading) if texts else None
    there = valid(raw) if cells is None else valid(cells)
    made = []
    failures: list[Failure] = []
    for at, (name, inner) in enumerate(fields):
        part = pc.struct_field(raw, name) if cells is None else part_at(cells, at)
        one = read(part, inner, _inner(reading, at, 1 if texts else 0))
        made.append(brought(one.values, carried(inner)))
        kept = (failure.kept(there[failure.rows]) for failure in one.failures)
        failures.extend(in_member(failure, name) for failure in kept if len(failure.rows))
    kind = [pa.field(name, carried(inner)) for name, inner in fields]
    values = pa.StructArray.from_arrays(made, fields=kind, mask=None if there.all() else pa.array(~there))
    whole = _present(Read(values, tuple(failures)), values, nullable)
    if cells is None:
        return whole
    items, offsets = unpacked(cells)
    return _without_uneven(whole, more_parts(len(fields), valid(cleaned(items, reading, False)), offsets), raw)


def _without_uneven(made: Read, uneven: Mask, raw: pa.Array) -> Read:
    """What was read, but for cells whose parts are not those of their type: they fail whole, lest one of them be lost."""
    if not uneven.any():
        return made
    rows = np.flatnonzero(uneven)
    kept = (failure.kept(~uneven[failure.rows]) for failure in made.failures)
    values = pc.if_else(pa.array(uneven), pa.scalar(None, made.values.type), made.values)
    told = Failure(rows, "R007", values=raw.take(pa.array(rows)))
    return Read(values, union((told, *(failure for failure in kept if len(failure.rows)))))


def _map(raw: pa.Array, value: t.Type, reading: ir.Reading) -> Read:
    """A map out of a cell cut twice, or of columns that were gathered by their names; a blank makes no entry.

    Where values may be null, a column that is there and empty in a row says so.
    """
    texts = pa.types.is_string(raw.type)
    if texts:
        entries, offsets = unpacked(_split(raw, reading))
        cut = pc.split_pattern(entries, pattern=reading.split[1] if len(reading.split) > 1 else "=", max_splits=1)
        keys, items = part_at(cut, 0), part_at(cut, 1)
    else:
        entries, offsets = unpacked(raw)
        keys, items = pc.struct_field(entries, "key"), pc.struct_field(entries, "value")
    inner = _inner(reading, 0, 2 if texts else 0)
    keys = trimmed(keys) if texts and reading.trim else keys
    keep = np.ones(len(items), np.bool_) if value.nullable and not texts else ~blanks(items, value, inner)
    uneven = odd_entries(keys, items, valid(cleaned(entries, reading, False)), keep, offsets) if texts else None
    offsets = beginnings(keep)[offsets]
    keys, items = keys.filter(pa.array(keep)), items.filter(pa.array(keep))
    made = read(items, value, inner)
    values = mapped(keys, brought(made.values, carried(value)), offsets)
    parents = owners(offsets)
    whole = Read(values, union(tuple(in_entry(failure, keys, parents) for failure in made.failures)))
    return whole if uneven is None else _without_uneven(whole, uneven, raw)
