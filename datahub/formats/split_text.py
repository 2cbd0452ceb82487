"""Lists and structs as the text of one cell, their parts with marks between them: what `@split` reads, written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.declare import BadOutput
from datahub.functions.columns import valid
from datahub.functions.segments import unpacked
from datahub.types import model as t
from datahub.types.model import Type

Write = Callable[[pa.Array, Type], pa.Array]
"""Values without parts as texts."""


def split_text(values: pa.Array, kind: Type, marks: Sequence[str], write: Write) -> pa.Array:
    """Each value as text: the first of `marks` stands between the parts of the outermost list or struct; null stays null."""
    base = t.base_of(kind)
    match base:
        case t.ListOf(item=item) if marks:
            items, offsets = unpacked(values)
            parts = _parts(items, item, marks, write)
            joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), parts), marks[0])
        case t.Struct(fields=fields) if marks:
            parts = [_parts(pc.struct_field(values, name), part, marks, write) for name, part in fields]
            joined = pc.binary_join_element_wise(*parts, marks[0])
        case _:
            return write(values, base)
    return joined if not values.null_count else pc.if_else(pa.array(valid(values)), joined, pa.scalar(None, pa.string()))


def _parts(values: pa.Array, kind: Type, marks: Sequence[str], write: Write) -> pa.Array:
    """The parts between which `marks[0]` will stand, so that none of them may hold it; null is nothing."""
    found = pc.fill_null(split_text(values, kind, marks[1:], write), "")
    holds = pc.match_substring(found, marks[0])
    if pc.any(holds).as_py():
        value = found.filter(holds)[0].as_py()
        raise BadOutput(
            f'"{value}" holds `{marks[0]}`, which stands between two values of its cell',
            "replace the mark in the mapping, or say another one in the target's `@split`",
        )
    return found
