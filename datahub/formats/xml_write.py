"""XML documents, written column by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from datahub.formats.files import AtomicFile
from datahub.formats.json_text import Piece, joined
from datahub.formats.json_write import text_of
from datahub.formats.options import option
from datahub.formats.unfit import astray, leaves, matching, may_hold_controls, told
from datahub.formats.written import Columns, omissions, slices, wanted
from datahub.formats.xml_text import FORBIDDEN, NIL, attribute, check_name, check_names, element, nil
from datahub.frames.unfit import FindUnfit, Unfit
from datahub.semantic.ir import TargetShape
from datahub.types.model import Type


class XmlWriter:
    """One document with an element a row; a column called `@name` is an attribute of that element.

    With the option `omissions`, which no script has, null is an element, as one that is not there is left alone.
    """

    def __init__(self, shape: TargetShape, path: str, columns: Sequence[tuple[str, Type]]) -> None:
        self.columns = wanted(shape, columns)
        self.root, self.row = str(option(shape, "root")), str(option(shape, "row"))
        for name in (self.root, self.row, *(column.name for column in self.columns)):
            check_name(name, shape.name)
        for column in self.columns:
            check_names(column.type, shape.name)
        self.patch = bool(option(shape, "omissions"))
        self.file = AtomicFile(path)
        self.file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<{self.root} {NIL}>\n'.encode())

    def write(self, rows: pa.Table) -> None:
        for (length, columns), omitted in zip(slices(rows, self.columns), omissions(rows, self.columns), strict=True):
            nulls = {name: omitted.get(name) for name, _, _ in columns} if self.patch else {}
            self.file.write(text_of(joined(row_of(self.row, columns, nulls), length)))

    def close(self) -> None:
        self.file.write(f"</{self.root}>\n".encode())
        self.file.commit()

    def abort(self) -> None:
        self.file.abort()


def xml_unfit(shape: TargetShape, declared: Sequence[tuple[str, Type]]) -> FindUnfit:
    """What no document can hold: control characters."""
    columns = wanted(shape, declared)

    def find(rows: pa.Table) -> Iterator[Unfit]:
        for one in columns:
            texts = leaves(one.values(rows, asked=True), one.type)
            controls = (matching(at, held, FORBIDDEN, _said) for at, held in texts if may_hold_controls(held))
            yield from told(one.field, (*controls, *astray(one, columns, rows)))

    return find


def _said(letter: str) -> str:
    return f"U+{ord(letter):04X} cannot be written in XML"


def row_of(name: str, columns: Columns, nulls: Mapping[str, pa.Array | None]) -> list[Piece]:
    """The pieces of one element a row, with its line end; `nulls` are the columns whose nulls are written, and where they are left out."""
    attributes = [piece for column, values, kind in columns if column[:1] == "@" for piece in attribute(column[1:], values, kind)]
    inner = [
        piece
        for column, values, kind in columns
        if column[:1] != "@"
        for piece in (*element(column, values, kind), *(nil(column, values, kind, nulls[column]) if column in nulls else ()))
    ]
    return [f"  <{name}", *attributes, ">", *inner, f"</{name}>\n"]
