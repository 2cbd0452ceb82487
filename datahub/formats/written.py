"""What every writer does: the declared columns of a table in order, under the names that the target gives them, a slice at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import pyarrow as pa

from datahub.formats.part_names import named_parts, named_type
from datahub.formats.truth_words import worded, worded_type
from datahub.frames.chunks import whole
from datahub.records import record
from datahub.semantic.ir import PartNames, TargetShape, Words
from datahub.types.arrow import arrow_type
from datahub.types.model import Bool, Type

OMITTED = "!omitted."
"""How the columns are called that say which rows leave a field out; a format that cannot leave anything out writes null."""
SLICE = 65_536
"""Rows that become text at once: enough for Arrow, little enough that no text column of theirs reaches 2 GB."""

Columns: TypeAlias = "list[tuple[str, pa.Array, Type]]"


@record(frozen=True, slots=True)
class Wanted:
    """A column to be written: the field it comes from and its type, the names it and its parts get, the words it has for truth."""

    field: str
    name: str
    own: Type
    words: Words = Words()
    parts: PartNames = PartNames()

    @property
    def type(self) -> Type:
        """The type of what is written."""
        return named_type(worded_type(self.own, self.words), self.parts)

    def values(self, rows: pa.Table) -> pa.Array:
        """What is written of the rows."""
        found = worded(column(rows, self.field, self.own), self.own, self.words)
        return named_parts(found, self.parts)


def wanted(shape: TargetShape, declared: Sequence[tuple[str, Type]]) -> tuple[Wanted, ...]:
    """The columns of a target: all that are declared, or those that its `columns` choose and rename."""
    types, words, parts = dict(declared), dict(shape.words), dict(shape.names)
    named = shape.columns or tuple((name, name) for name in types)
    told = ((field, name, words.get(field, Words()), parts.get(field, PartNames())) for field, name in named if field in types)
    return tuple(Wanted(field, name, types[field], worded, inner) for field, name, worded, inner in told)


def marks_of(shape: TargetShape, columns: Sequence[Wanted]) -> dict[str, tuple[str, ...]]:
    """What `@split` puts between the values of a cell, by the name of the column."""
    names = {one.field: one.name for one in columns}
    return {names[field]: tuple(marks) for field, marks in shape.splits if field in names}


def slices(rows: pa.Table, columns: Sequence[Wanted]) -> Iterator[tuple[int, Columns]]:
    """How many rows, and their columns in the engine's types, for one slice after the other."""
    for start in range(0, rows.num_rows, SLICE):
        part = rows.slice(start, SLICE)
        yield part.num_rows, [(one.name, one.values(part), one.type) for one in columns]


def omissions(rows: pa.Table, columns: Sequence[Wanted]) -> Iterator[dict[str, pa.Array]]:
    """For one slice after the other, by the name of each column that some rows leave out, which rows do."""
    marks = {one.name: OMITTED + one.field for one in columns if OMITTED + one.field in rows.column_names}
    for start in range(0, rows.num_rows, SLICE):
        part = rows.slice(start, SLICE)
        yield {name: column(part, mark, Bool()) for name, mark in marks.items()}


def column(rows: pa.Table, name: str, kind: Type) -> pa.Array:
    """One column of a table as one array; null throughout where the table lacks it."""
    wished = arrow_type(kind)
    if name not in rows.column_names:
        return pa.nulls(rows.num_rows, wished)
    values = whole(rows.column(name))
    return values if values.type == wished else values.cast(wished)
