"""What a target of delimited text cannot take.

NUL bytes, letters that its encoding lacks, marks of `@split`, and ends of cells without a quote.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from datahub.formats.csv_write import Style, cell_texts, csv_columns, encoding_of, needs_quotes, style_of
from datahub.formats.options import option
from datahub.formats.unfit import Cell, Found, Letters, astray, cells_of, nuls, told
from datahub.frames.unfit import FindUnfit, Unfit
from datahub.functions.columns import as_mask, fixed
from datahub.semantic.ir import TargetShape
from datahub.types import model as t
from datahub.types.model import Type

_COMPLETE = ("utf", "gb18030")
"""Encodings that have every letter."""


def csv_unfit(shape: TargetShape, declared: Sequence[tuple[str, Type]]) -> FindUnfit:
    """What the target cannot take."""
    columns, style = csv_columns(shape, declared), style_of(shape, shape.name, False)
    encoding = encoding_of(str(option(shape, "encoding")), shape.name)
    letters = None if encoding.startswith(_COMPLETE) else Letters(encoding, shape.name)

    def find(rows: pa.Table) -> Iterator[Unfit]:
        for one in columns:
            values = one.values(rows, asked=True)
            found = [*nuls(values, one.type), *([] if letters is None else letters.lacking(values, one.type))]
            ends = () if style.quote else (_open_ended(cell, style) for cell in cells_of(one, values))
            yield from told(one.field, [*found, *astray(one, columns, rows), *ends])

    return find


def _open_ended(cell: Cell, style: Style) -> Found:
    values, kind, rows = cell
    needs = needs_quotes(cell_texts(values, t.base_of(kind), style), style)
    at = rows[:0] if needs is None else rows[as_mask(needs)]
    said = f"holds `{style.delimiter}` or a line end, and the target has no quote to wrap it in"
    return at, pa.repeat(fixed(said), len(at))
