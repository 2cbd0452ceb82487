"""JSON lines and JSON arrays, written column by column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from datahub.formats.files import AtomicFile
from datahub.formats.json_text import Indent, joined, patches
from datahub.formats.options import option
from datahub.formats.spread_names import refuse_misnamed
from datahub.formats.written import omissions, slices, wanted
from datahub.functions.columns import text_bytes, text_offsets
from datahub.semantic.ir import TargetShape
from datahub.types.model import Type


class JsonLinesWriter:
    """One object a line."""

    def __init__(self, shape: TargetShape, path: str, columns: Sequence[tuple[str, Type]]) -> None:
        self.columns = wanted(shape, columns)
        self.file = AtomicFile(path)

    def write(self, rows: pa.Table) -> None:
        for part in self._parts(rows):
            self.put(part)

    def lines(self, rows: pa.Table) -> pa.Array:
        """The rows as the lines of the file, each with its end."""
        return pa.concat_arrays([pa.array([], pa.string()), *self._parts(rows)])

    def _parts(self, rows: pa.Table) -> Iterator[pa.Array]:
        refuse_misnamed(self.columns, rows)
        for (length, columns), omitted in zip(slices(rows, self.columns), omissions(rows, self.columns), strict=True):
            yield joined([*patches(columns, omitted, length), "\n"], length)

    def put(self, lines: pa.Array) -> None:
        """Append lines, of these columns or of others."""
        self.file.write(text_of(lines))

    def close(self) -> None:
        self.file.commit()

    def abort(self) -> None:
        self.file.abort()


class JsonArrayWriter:
    """One array of objects."""

    def __init__(self, shape: TargetShape, path: str, columns: Sequence[tuple[str, Type]]) -> None:
        self.columns = wanted(shape, columns)
        self.indent = Indent(int(option(shape, "indent") or 0), 1)
        self.file = AtomicFile(path)
        self.empty = True

    def write(self, rows: pa.Table) -> None:
        refuse_misnamed(self.columns, rows)
        for (length, columns), omitted in zip(slices(rows, self.columns), omissions(rows, self.columns), strict=True):
            pieces = patches(columns, omitted, length, self.indent)
            found = memoryview(text_of(joined([f",\n{' ' * self.indent.width}", *pieces], length)))
            # What stands before the first row is no comma but the bracket.
            self.file.write(b"[" if self.empty else b",")
            self.file.write(found[1:])
            self.empty = False

    def close(self) -> None:
        self.file.write(b"[]\n" if self.empty else b"\n]\n")
        self.file.commit()

    def abort(self) -> None:
        self.file.abort()


def text_of(values: pa.Array) -> memoryview:
    """The bytes of all texts of a column, one after the other."""
    offsets = text_offsets(values)
    return memoryview(text_bytes(values).data)[int(offsets[0]) : int(offsets[-1])]
