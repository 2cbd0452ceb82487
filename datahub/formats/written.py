"""What every writer does: the declared columns of a table in order, under the names that the target gives them, a slice at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import pyarrow as pa

from datahub.formats.part_names import named_parts, named_type
from datahub.formats.split_text import Write, cell_marks, inseparable, joined, joined_type, plain
from datahub.formats.truth_words import worded, worded_type
from datahub.frames.chunks import whole
from datahub.frames.frame import Rows
from datahub.records import record
from datahub.semantic.ir import Marks, PartNames, TargetShape, Words
from datahub.types.arrow import arrow_type
from datahub.types.model import Bool, Type

OMITTED = "!omitted."
"""How the columns are called that say which rows leave a field out; a format that cannot leave anything out writes null."""
SLICE = 65_536
"""Rows that become text at once: enough for Arrow, little enough that no text column of theirs reaches 2 GB."""

Columns: TypeAlias = "list[tuple[str, pa.Array, Type]]"


@record(frozen=True, slots=True)
class Wanted:
    """A column to be written: the field it comes from and its type, the names it and its parts get, the words it has for truth.

    `marks` stand between the parts of what is one text, and `write` makes texts of those.
    """

    field: str
    name: str
    own: Type
    words: Words = Words()
    parts: PartNames = PartNames()
    marks: Marks = Marks()
    write: Write = plain

    @property
    def type(self) -> Type:
        """The type of what is written."""
        return named_type(joined_type(worded_type(self.own, self.words), self.marks), self.parts)

    def values(self, rows: pa.Table, asked: bool = False) -> pa.Array:
        """What is written of the rows; where they are `asked` which of them cannot be, it says nothing of those."""
        return named_parts(joined(self._worded(rows), worded_type(self.own, self.words), self.marks, self.write, asked), self.parts)

    def inseparable(self, rows: pa.Table) -> Iterator[tuple[Rows, pa.Array]]:
        """The rows whose value cannot be one text, because it would be cut elsewhere, and what is said of each."""
        if self.marks != Marks():
            yield from inseparable(self._worded(rows), worded_type(self.own, self.words), self.marks, self.write)

    def _worded(self, rows: pa.Table) -> pa.Array:
        return worded(column(rows, self.field, self.own), self.own, self.words)


def wanted(shape: TargetShape, declared: Sequence[tuple[str, Type]], write: Write = plain) -> tuple[Wanted, ...]:
    """The columns of a target: all that are declared, or those that its `columns` choose and rename."""
    types, words, parts, splits = dict(declared), dict(shape.words), dict(shape.names), dict(shape.splits)
    named = shape.columns or tuple((name, name) for name in types)
    found = []
    for field, name in named:
        if field in types:
            marks = cell_marks(types[field], splits.get(field, Marks()), name)
            found.append(Wanted(field, name, types[field], words.get(field, Words()), parts.get(field, PartNames()), marks, write))
    return tuple(found)


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
