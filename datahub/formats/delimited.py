"""Lines of delimited text for whoever reads or writes a few of them, outside the columns of `csv_read` and `csv_write`."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

_LONGEST = (1 << 31) - 1


class LineWriter(Protocol):
    """What `csv.writer` gives."""

    def writerow(self, cells: Iterable[Any], /) -> Any: ...

    def writerows(self, lines: Iterable[Iterable[Any]], /) -> Any: ...


class _Text(Protocol):
    def write(self, text: str, /) -> Any: ...


def line_reader(text: Iterable[str], delimiter: str = ",") -> Iterator[list[str]]:
    """The cells of each line of a stream that was opened with `newline=""`, however long a cell is."""
    # For the whole process, and the library's own bound (128 kB) is nobody's: what is read is bounded where it comes from.
    csv.field_size_limit(_LONGEST)
    return csv.reader(text, delimiter=delimiter)


def line_writer(out: _Text, delimiter: str = ",") -> LineWriter:
    r"""What writes lines that end with `\n` to `out`, in which a cell may hold whatever it likes."""
    # Until Python 3.13 only the characters of the line's end make `csv` quote a cell: with `\n` alone a `\r` would stand bare,
    # and every reader would take it for the end of the line.
    return csv.writer(_Shortened(out), delimiter=delimiter, lineterminator="\r\n")


class _Shortened:
    """Takes lines, each by itself, that end with CR LF, and passes them on with LF."""

    def __init__(self, out: _Text) -> None:
        self._write = out.write

    def write(self, line: str) -> None:
        self._write(line[:-2] + "\n")
