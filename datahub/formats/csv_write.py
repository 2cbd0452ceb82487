"""Tables to delimited text, column by column: quoted where it must be, spread where a column says so."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.declare import BadOutput
from datahub.formats.files import AtomicFile
from datahub.formats.json_write import text_of
from datahub.formats.options import option
from datahub.formats.split_text import Joined, plain
from datahub.formats.spread import Kept
from datahub.formats.written import Columns, Wanted, omissions, slices, wanted
from datahub.functions.columns import fixed, glued, text_bytes
from datahub.records import record
from datahub.semantic.column_patterns import is_pattern
from datahub.semantic.ir import TargetShape
from datahub.types import model as t
from datahub.types.model import Type

_FORMULA = r"^[=+\-@\t\r]"
_BOM = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}


@record(frozen=True, slots=True)
class Style:
    """How cells are written; `alone` says that a row has one cell, whose emptiness must show."""

    delimiter: str
    quote: str
    every: bool
    nulls: str
    decimal: str
    dates: str
    formula_guard: bool
    alone: bool = False


class CsvWriter:
    """One file of delimited text."""

    def __init__(self, shape: TargetShape, path: str, columns: Sequence[tuple[str, Type]]) -> None:
        self.path, self.columns = path, csv_columns(shape, columns)
        self.style = style_of(shape, path, len(self.columns) == 1)
        self.newline, self.header = str(option(shape, "newline")), bool(option(shape, "header"))
        self.encoding = encoding_of(str(option(shape, "encoding")), path)
        self.file = AtomicFile(path)
        self._begun = False
        self._kept = Kept(path) if any(is_pattern(one.name) for one in self.columns) else None

    def write(self, rows: pa.Table) -> None:
        """Append rows; a target that spreads maps or lists keeps them until all their keys are known."""
        if self._kept is not None:
            self._kept.add(rows, self.columns)
            return
        self._begin([one.name for one in self.columns])
        for (length, columns), omitted in zip(slices(rows, self.columns), omissions(rows, self.columns), strict=True):
            self._lines(columns, length, omitted)

    def _begin(self, names: Sequence[str]) -> None:
        if self._begun:
            return
        self._begun = True
        if self.encoding in _BOM.values():
            self.file.write("\ufeff".encode(self.encoding))
        if self.header:
            cells = [quoted(pa.array([name], pa.string()), replace(self.style, formula_guard=False))[0].as_py() for name in names]
            self._encoded(memoryview((self.style.delimiter.join(cells) + self.newline).encode()))

    def lines(self, rows: pa.Table) -> pa.Array:
        """The rows as the lines of the file, each with its end."""
        cut = zip(slices(rows, self.columns), omissions(rows, self.columns), strict=True)
        parts = [self._joined(columns, length, omitted) for (length, columns), omitted in cut]
        return pa.concat_arrays(parts) if parts else pa.array([], pa.string())

    def put(self, lines: pa.Array) -> None:
        """Append lines, of these columns or of others; a file that lines of several kinds share has no header."""
        self._begun = True
        self._encoded(text_of(lines))

    def _lines(self, columns: Columns, length: int, omitted: Mapping[str, pa.Array]) -> None:
        self._encoded(text_of(self._joined(columns, length, omitted)))

    def _joined(self, columns: Columns, length: int, omitted: Mapping[str, pa.Array]) -> pa.Array:
        parts: list[Any] = []
        for number, (name, values, kind) in enumerate(columns):
            parts += [self.style.delimiter] * (number > 0)
            written = cells(values, kind, self.style)
            # What a row leaves out is nothing at all, where null has a word of its own.
            parts.append(pc.if_else(omitted[name], "", written) if name in omitted else written)
        if not parts:
            parts = [pa.repeat("", length)]
        return glued(*parts, self.newline)

    def _encoded(self, text: memoryview) -> None:
        if self.encoding == "utf-8":
            self.file.write(text)
            return
        try:
            self.file.write(bytes(text).decode().encode(self.encoding))
        except UnicodeEncodeError as problem:
            letter = problem.object[problem.start]
            message = f"`{letter}` (U+{ord(letter):04X}) is not in {self.encoding}, in which `{self.path}` is written"
            raise BadOutput(message, "write the target in utf-8, or replace the letter in the mapping", self.path) from None

    def close(self) -> None:
        if self._kept is not None:
            spread = self._kept.cells(self.columns)
            self._begin([cell.name for cell in spread])
            for length, columns, omitted in self._kept.slices(spread):
                self._lines(columns, length, omitted)
            self._kept.drop()
        self._begin([one.name for one in self.columns])
        self.file.commit()

    def abort(self) -> None:
        if self._kept is not None:
            self._kept.drop()
        self.file.abort()


def csv_columns(shape: TargetShape, declared: Sequence[tuple[str, Type]]) -> tuple[Wanted, ...]:
    """The columns of a target, with the numbers and dates in their cells as it has them."""
    decimal, dates = str(option(shape, "decimal")), str(option(shape, "dates") or "")
    return wanted(shape, declared, lambda values, kind: plain(values, kind, decimal, dates))


def style_of(shape: TargetShape, path: str, alone: bool) -> Style:
    delimiter, quote = str(option(shape, "delimiter")), str(option(shape, "quote") or "")
    if not delimiter or (quote and quote in delimiter):
        raise BadOutput(f"`{delimiter}` cannot set apart the values of `{path}`", "a delimiter is some text without the quote", path)
    return Style(
        delimiter,
        quote,
        option(shape, "quoting") == "all",
        str(option(shape, "nulls")),
        str(option(shape, "decimal")),
        str(option(shape, "dates") or ""),
        bool(option(shape, "formula_guard")),
        alone,
    )


def encoding_of(name: str, path: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise BadOutput(f"`{name}` is no encoding that is written", 'write one such as "utf-8" or "cp1252"', path) from None
    return _BOM.get(found, found)


# ---------------------------------------------------------------- cells


def cells(values: pa.Array, kind: Type, style: Style) -> pa.Array:
    """The values of a column as they stand in the file."""
    base = t.base_of(kind)
    is_text = base.of_texts if isinstance(base, Joined) else isinstance(base, t.Text | t.Enum | t.Json | t.Pattern)
    found = quoted(cell_texts(values, base, style), style if is_text else replace(style, formula_guard=False))
    if isinstance(base, Joined) and style.quote and not style.alone and not style.every and not style.nulls:
        # A list of nothing is an empty cell, as it is read. Where null has a word, nothing at all is what a row leaves out.
        return pc.if_else(pc.equal(found, style.quote * 2), "", found)
    return found


def cell_texts(values: pa.Array, base: Type, style: Style) -> pa.Array:
    """The values of a column as text, before anything is quoted."""
    if isinstance(base, t.Nothing | t.Unknown):
        return pa.nulls(len(values), pa.string())
    return plain(values, base, style.decimal, style.dates)


def quoted(values: pa.Array, style: Style) -> pa.Array:
    """Texts with quotes around those that need them; null is what the target writes for it, never quoted unless all are."""
    found = _guarded(values) if style.formula_guard else values
    needs = None if style.every else needs_quotes(found, style)
    if style.every or (needs is not None and pc.any(needs).as_py()):
        if not style.quote:
            raise BadOutput("a value holds a delimiter or a line end, and the target has no quote", "declare a quote for the target")
        doubled = pc.replace_substring(found, style.quote, style.quote * 2) if _has(found, style.quote) else found
        wrapped = glued(style.quote, doubled, style.quote)
        found = wrapped if needs is None else pc.if_else(needs, wrapped, found)
    if not found.null_count:
        return found
    empty = style.quote * 2 if style.alone and not style.nulls and style.quote else style.nulls
    return pc.fill_null(found, empty)


def _guarded(values: pa.Array) -> pa.Array:
    risky = pc.fill_null(pc.match_substring_regex(values, _FORMULA), False)
    return pc.if_else(risky, glued("'", values), values) if pc.any(risky).as_py() else values


def needs_quotes(values: pa.Array, style: Style) -> pa.Array | None:
    """Which texts cannot stand as they are: they hold what ends a cell, or are what null or nothing is written as."""
    if not style.quote:
        marks = [style.delimiter, "\n", "\r"]
    else:
        marks = [style.delimiter, style.quote, "\n", "\r"]
    found = None
    present = [mark for mark in marks if _has(values, mark)]
    if present:
        found = pc.match_substring_regex(values, "|".join(re.escape(mark) for mark in present))
    if style.quote:
        like_null = pc.is_in(values, value_set=pa.array(["", style.nulls] if style.nulls else [""], pa.string()))
        like_null = pc.or_(like_null, pc.starts_with(values, "\ufeff")) if _has(values, "\ufeff") else like_null
        found = like_null if found is None else pc.or_(found, like_null)
    return None if found is None else pc.fill_null(found, fixed(False))


def _has(values: pa.Array, mark: str) -> bool:
    """Whether a text might hold `mark`, judged by its first byte."""
    return bool((text_bytes(values) == mark.encode()[0]).any())
