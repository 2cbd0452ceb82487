"""Tables: rows between bars cut into cells, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from datahub.diagnostics.diagnostic import Label
from datahub.records import record
from datahub.syntax import ast
from datahub.syntax.literals import unescape
from datahub.syntax.report import Report
from datahub.syntax.rules import RAGGED_TABLE

# A quote opens a quoted part only where a value can begin, and only if that part ends where a value can end: `5"` is five inches.
_BAR = re.compile(r'(?<![^\s|,(\[<>=.])"(?:[^"\\\n]|\\.)*"(?=\s*(?:[|,)\]]|\.\.|$))|\|')
_QUOTED = re.compile(r'"((?:[^"\\\n]|\\.)*)"\Z')
_TRAILING = re.compile(r"\|\s*(#[^|]*)\Z")


@record(frozen=True, slots=True)
class _Row:
    start: int
    end: int
    pieces: tuple[tuple[int, int], ...]
    closed: bool = True


def trailing_comment(line: str) -> int | None:
    """Where the comment begins in a line of a table: the whole line, or what follows the last bar."""
    inside = line.lstrip()
    if inside.startswith("#"):
        return len(line) - len(inside)
    found = _TRAILING.search(line)
    return found.start(1) if found else None


def read_table(start: int, end: int, report: Report) -> ast.Table:
    """Cut the rows that stand between two offsets into cells; a row that does not fit the header is told and left out."""
    header: _Row | None = None
    outputs: int | None = None
    rows: list[ast.TableRow] = []
    comments: list[tuple[int, str]] = []
    first: ast.TableRow | None = None
    for at, line in _lines(start, end, report):
        if line.startswith("#"):
            comments.append((len(rows), line))
            continue
        row = _row(at, line, report)
        if row is None:
            continue
        if header is None or first is None:
            header, outputs = _header(row, report)
            first = _cells(header, report)
            continue
        fitting = _fit(row, header, outputs, report)
        if fitting is not None:
            rows.append(_cells(fitting, report))
    return ast.Table(first or ast.TableRow((), report.span(start, start)), tuple(rows), outputs, tuple(comments), report.span(start, end))


def _lines(start: int, end: int, report: Report) -> Iterator[tuple[int, str]]:
    at = start
    for line in report.document.text[start:end].split("\n"):
        inside = line.lstrip()
        yield at + len(line) - len(inside), inside.rstrip()
        at += len(line) + 1


def _row(at: int, line: str, report: Report) -> _Row | None:
    comment = trailing_comment(line)
    written = line if comment is None else line[:comment].rstrip()
    bars = [found.start() for found in _BAR.finditer(written) if found[0] == "|"]
    closed = len(bars) > 1 and bars[-1] == len(written) - 1
    if not closed:
        end = at + len(written)
        message = "a row of the table does not end in `|`"
        report.tell(RAGGED_TABLE, end - 1, end, message, "no `|` after this", help="close the row with `|`")
        # It is read as if it did, so that what the next rows are measured by is not another mistake.
        bars.append(len(written))
    if len(bars) < 2:
        return None
    pieces = tuple((at + left + 1, at + right) for left, right in pairwise(bars))
    return _Row(at, at + len(written), pieces, closed)


def _header(row: _Row, report: Report) -> tuple[_Row, int | None]:
    """Take the `||` out of the header, and give the column before which it stood."""
    doubled = [number for number, (left, right) in enumerate(row.pieces) if left == right]
    for number in doubled[1:]:
        left = row.pieces[number][0] - 1
        report.tell(RAGGED_TABLE, left, left + 2, "the header has a second `||`", "only one parts inputs from outputs")
    pieces = tuple(piece for piece in row.pieces if piece[0] != piece[1])
    for left, right in pieces:
        if not report.document.text[left:right].strip():
            report.tell(RAGGED_TABLE, left, right, "a column of the table has no name", "a name belongs here")
    return _Row(row.start, row.end, pieces, row.closed), doubled[0] if doubled else None


def _fit(row: _Row, header: _Row, outputs: int | None, report: Report) -> _Row | None:
    """Give the row with the header's number of cells, or None if it has another."""
    pieces = row.pieces
    if outputs is not None and len(pieces) == len(header.pieces) + 1 and pieces[outputs][0] == pieces[outputs][1]:
        pieces = pieces[:outputs] + pieces[outputs + 1 :]
    if len(pieces) == len(header.pieces):
        return _Row(row.start, row.end, pieces)
    if not (row.closed and header.closed):
        return None
    has, needs = len(pieces), len(header.pieces)
    report.tell(
        RAGGED_TABLE,
        row.start,
        row.end,
        f"a row has {_counted(has)}, the header {needs}",
        _counted(has),
        also=(Label(report.span(header.start, header.end), _counted(needs)),),
        help='quote a cell that holds a bar of its own: `"a|b"`' if has > needs else "write `|  |` for a cell without a value",
    )
    return None


def _counted(cells: int) -> str:
    return f"{cells} cell" + "s" * (cells != 1)


def _cells(row: _Row, report: Report) -> ast.TableRow:
    return ast.TableRow(tuple(_cell(left, right, report) for left, right in row.pieces), report.span(row.start, row.end))


def _cell(left: int, right: int, report: Report) -> ast.Cell:
    raw = report.document.text[left:right]
    written = raw.strip()
    start = left + len(raw) - len(raw.lstrip()) if written else left
    span = report.span(start, start + len(written))
    found = _QUOTED.match(written)
    if found is None:
        return ast.Cell(written, False, span)
    return ast.Cell(unescape(found[1], start + 1, '"', report), True, span)
