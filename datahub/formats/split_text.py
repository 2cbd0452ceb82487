"""Lists, maps and structs as the text of one cell, their parts with marks between them: what `@split` reads, written."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.declare import BadOutput
from datahub.formats.json_text import json_texts
from datahub.formats.texts import texts
from datahub.frames.frame import Mask, Rows
from datahub.functions.columns import as_mask, glued, valid
from datahub.functions.segments import listed, owners, remade, unpacked
from datahub.records import record
from datahub.semantic.column_patterns import by_number_and_name, is_pattern
from datahub.semantic.ir import Marks
from datahub.types import model as t
from datahub.types.model import Type

Write = Callable[[pa.Array, Type], pa.Array]
"""Values that are not cut any further as texts."""
Check = Callable[[pa.Array, str, Mask, Rows], None]
"""Told of the parts of cells: their texts, the mark that stands between them, behind which of them it does, and the row of each."""


@record(frozen=True, slots=True)
class Joined(t.Text):
    """Text that was joined of parts; where there are none, a cell holds nothing."""

    of_texts: bool = True
    """Whether a part is text, which a spreadsheet might take for a formula."""


def plain(values: pa.Array, kind: Type, decimal: str = ".", dates: str = "") -> pa.Array:
    """A part of a cell that holds several: what has parts itself and no mark is JSON there too."""
    base = t.base_of(kind)
    if isinstance(base, t.ListOf | t.Struct | t.MapOf):
        return pc.if_else(pc.is_valid(values), json_texts(values, base), pa.scalar(None, pa.string()))
    return texts(values, base, decimal, dates)


def cell_marks(kind: Type, marks: Marks, name: str) -> Marks:
    """The marks of a column by its name: where that spreads it over several cells, its marks are for each of those."""
    base = t.base_of(kind)
    if marks == Marks() or not is_pattern(name) or not t.inside(base):
        return marks
    found = _handed_down(base, marks)
    if isinstance(base, t.ListOf) and by_number_and_name(name, base.item):
        return Marks(parts=(("", _handed_down(t.base_of(base.item), found.part())),))
    return found


def _handed_down(base: Type, marks: Marks) -> Marks:
    parts = ((name, marks.part(name).inheriting(marks.own)) for name in t.inside(base))
    return Marks(parts=tuple((name, part) for name, part in parts if part != Marks()))


def joined_type(kind: Type, marks: Marks) -> Type:
    """The type as it is written: text where marks stand between the parts of a value."""
    base = t.base_of(kind)
    if marks == Marks():
        return kind
    if marks.own and t.inside(base):
        return Joined(base.nullable, of_texts=_holds_text(base))
    return t.with_parts(base, lambda name, inner: joined_type(inner, marks.part(name)))


def _holds_text(kind: Type) -> bool:
    base = t.base_of(kind)
    return isinstance(base, t.Text | t.Enum | t.Json | t.MapOf) or any(map(_holds_text, t.parts(base)))


def joined(values: pa.Array, kind: Type, marks: Marks, write: Write, asked: bool = False) -> pa.Array:
    """The values as they are written; null stays null.

    The first whose parts could not be told apart again ends the writing, unless it was `asked` before which those are.
    """
    base = t.base_of(kind)
    if marks == Marks():
        return values
    if marks.own and t.inside(base):
        every = np.arange(len(values), dtype=np.int64)
        return _Cells(write, _pass if asked else _refuse).written(values, base, marks, every)
    inside = t.inside(base)
    return remade(values, lambda name, inner: joined(inner, inside[name], marks.part(name), write, asked))


def inseparable(values: pa.Array, kind: Type, marks: Marks, write: Write) -> Iterator[tuple[Rows, pa.Array]]:
    """The values of which a part holds the mark that would stand beside it, and what is said of that part."""
    found: list[tuple[Rows, pa.Array]] = []

    def note(parts: pa.Array, mark: str, behind: Mask, rows: Rows) -> None:
        odd, said = _odd(parts, mark, behind)
        if len(odd):
            found.append((rows[odd], said))

    _ask(_Cells(write, note), values, kind, marks, np.arange(len(values), dtype=np.int64))
    yield from found


def _ask(cells: _Cells, values: pa.Array, kind: Type, marks: Marks, rows: Rows) -> None:
    base = t.base_of(kind)
    if marks == Marks():
        return
    if marks.own and t.inside(base):
        cells.written(values, base, marks, rows)
        return
    match base:
        case t.ListOf(item=item):
            items, offsets = unpacked(values)
            _ask(cells, items, item, marks.part(), rows[owners(offsets)])
        case t.MapOf(value=value):
            entries, offsets = unpacked(values)
            _ask(cells, pc.struct_field(entries, "value"), value, marks.part(), rows[owners(offsets)])
        case t.Struct(fields=fields):
            for name, part in fields:
                _ask(cells, pc.struct_field(values, name), part, marks.part(name), rows)
        case _:
            pass


@record(frozen=True, slots=True)
class _Cells:
    """How cells are written, and who is told of their parts."""

    write: Write
    check: Check

    def written(self, values: pa.Array, kind: Type, marks: Marks, rows: Rows) -> pa.Array:
        base = t.base_of(kind)
        match base:
            case t.ListOf(item=item) if marks.own:
                items, offsets = unpacked(values)
                owner = rows[owners(offsets)]
                parts = self._filled(items, item, marks.below("", 1), owner)
            case t.MapOf(value=value) if marks.own:
                entries, offsets = unpacked(values)
                owner = rows[owners(offsets)]
                keys, between = pc.struct_field(entries, "key"), marks.own[1] if len(marks.own) > 1 else "="
                self.check(keys, between, np.ones(len(keys), np.bool_), owner)
                inner = self._filled(pc.struct_field(entries, "value"), value, marks.below("", 2), owner)
                parts = glued(keys, between, inner)
            case t.Struct(fields=fields) if marks.own:
                return _or_null(self._members(values, fields, marks, rows), values)
            case _:
                return self.write(values, base)
        self.check(parts, marks.own[0], _not_last(offsets), owner)
        return _or_null(pc.binary_join(listed(parts, offsets), marks.own[0]), values)

    def _members(self, values: pa.Array, fields: tuple[tuple[str, Type], ...], marks: Marks, rows: Rows) -> pa.Array:
        parts = []
        for at, (name, part) in enumerate(fields):
            found = self._filled(pc.struct_field(values, name), part, marks.below(name, 1), rows)
            self.check(found, marks.own[0], np.full(len(found), at < len(fields) - 1), rows)
            parts.append(found)
        return pc.binary_join_element_wise(*parts, marks.own[0])

    def _filled(self, values: pa.Array, kind: Type, marks: Marks, rows: Rows) -> pa.Array:
        """Parts as texts; null is nothing."""
        return pc.fill_null(self.written(values, kind, marks, rows), "")


def _or_null(found: pa.Array, values: pa.Array) -> pa.Array:
    return found if not values.null_count else pc.if_else(pa.array(valid(values)), found, pa.scalar(None, pa.string()))


def _not_last(offsets: Rows) -> Mask:
    """Which parts have another behind them."""
    found = np.ones(int(offsets[-1]), np.bool_)
    found[offsets[1:][np.diff(offsets) > 0] - 1] = False
    return found


def _pass(parts: pa.Array, mark: str, behind: Mask, rows: Rows) -> None:
    del parts, mark, behind, rows


def _refuse(parts: pa.Array, mark: str, behind: Mask, rows: Rows) -> None:
    del rows
    odd, said = _odd(parts, mark, behind)
    if len(odd):
        raise BadOutput(said[0].as_py(), "replace the mark in the mapping, or say another one in the target's `@split`")


def _odd(parts: pa.Array, mark: str, behind: Mask) -> tuple[Rows, pa.Array]:
    """The parts that would not be cut where they end, and what is said of each: they hold the mark, or end as it begins."""
    holds = as_mask(pc.match_substring(parts, mark))
    ends = np.zeros(len(parts), np.bool_)
    if len(mark) > 1:
        ends = behind & ~holds & as_mask(pc.less(pc.find_substring(glued(parts, mark), mark), pc.binary_length(parts)))
    odd = np.flatnonzero(holds | ends)
    verbs = pc.if_else(pa.array(holds[odd]), f"holds `{mark}`", f"ends as `{mark}` begins")
    return odd, glued('"', parts.take(pa.array(odd)), '" ', verbs, ", which stands between two values of its cell")
