"""Tables to text: the bars below one another."""

from __future__ import annotations

from datahub.syntax import ast
from datahub.syntax.literals import quoted
from datahub.syntax.printing.page import Page


def put_table(page: Page, table: ast.Table, indent: str) -> None:
    """Put a table on the page, its comments between and after its rows."""
    rows = (table.header, *table.rows)
    texts = [[cell_text(cell) for cell in row.cells] for row in rows]
    widths = [max(len(text) for text in column) for column in zip(*texts, strict=True)]
    for row, cells in zip(rows, texts, strict=True):
        padded = [f" {text.ljust(width)} " for text, width in zip(cells, widths, strict=True)]
        bars = ["||" if number == table.outputs else "|" for number in range(len(padded))]
        line = "".join(bar + text for bar, text in zip(bars, padded, strict=True)) + "|"
        page.put(row.span.start, row.span.end, line, indent)


def cell_text(cell: ast.Cell) -> str:
    """Print a cell, in quotes where it was written so."""
    return quoted(cell.text) if cell.quoted else cell.text
