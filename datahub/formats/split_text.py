"""Lists and structs as the text of one cell, their parts with marks between them: what `@split` reads, written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.declare import BadOutput
from datahub.frames.frame import Rows
from datahub.functions.columns import as_mask, glued, valid
from datahub.functions.segments import owners, unpacked
from datahub.types import model as t
from datahub.types.model import Type

Write = Callable[[pa.Array, Type], pa.Array]
"""Values without parts as texts."""
Check = Callable[[pa.Array, str], pa.Array]


def split_text(values: pa.Array, kind: Type, marks: Sequence[str], write: Write) -> pa.Array:
    """Each value as text: the first of `marks` stands between the parts of the outermost list or struct; null stays null."""
    return _written(values, kind, marks, write, _free_of)


def holding(values: pa.Array, kind: Type, marks: Sequence[str], write: Write) -> Iterator[tuple[Rows, pa.Array]]:
    """The values of which a part holds the mark that would stand beside it, and what is said of that part."""
    base = t.base_of(kind)
    match base:
        case t.ListOf(item=item) if marks:
            items, offsets = unpacked(values)
            rows = owners(offsets)
            found = [_holding(items, item, marks, write), *holding(items, item, marks[1:], write)]
            yield from ((rows[at], texts) for at, texts in found)
        case t.Struct(fields=fields) if marks:
            for name, part in fields:
                items = pc.struct_field(values, name)
                yield _holding(items, part, marks, write)
                yield from holding(items, part, marks[1:], write)
        case _:
            pass


def _holding(values: pa.Array, kind: Type, marks: Sequence[str], write: Write) -> tuple[Rows, pa.Array]:
    texts = _filled(values, kind, marks[1:], write, lambda parts, _: parts)
    holds = pc.match_substring(texts, marks[0])
    return np.flatnonzero(as_mask(holds)), glued('"', texts.filter(holds), '" ', _said(marks[0]))


def _written(values: pa.Array, kind: Type, marks: Sequence[str], write: Write, check: Check) -> pa.Array:
    base = t.base_of(kind)
    match base:
        case t.ListOf(item=item) if marks:
            items, offsets = unpacked(values)
            parts = check(_filled(items, item, marks[1:], write, check), marks[0])
            joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), parts), marks[0])
        case t.Struct(fields=fields) if marks:
            parts = [check(_filled(pc.struct_field(values, name), part, marks[1:], write, check), marks[0]) for name, part in fields]
            joined = pc.binary_join_element_wise(*parts, marks[0])
        case _:
            return write(values, base)
    return joined if not values.null_count else pc.if_else(pa.array(valid(values)), joined, pa.scalar(None, pa.string()))


def _filled(values: pa.Array, kind: Type, marks: Sequence[str], write: Write, check: Check) -> pa.Array:
    """Parts as texts; null is nothing."""
    return pc.fill_null(_written(values, kind, marks, write, check), "")


def _free_of(parts: pa.Array, mark: str) -> pa.Array:
    """Parts between which a mark will stand; where the rows were not asked before, the first that holds it ends the writing."""
    holds = pc.match_substring(parts, mark)
    if pc.any(holds).as_py():
        value = parts.filter(holds)[0].as_py()
        raise BadOutput(f'"{value}" {_said(mark)}', "replace the mark in the mapping, or say another one in the target's `@split`")
    return parts


def _said(mark: str) -> str:
    return f"holds `{mark}`, which stands between two values of its cell"
