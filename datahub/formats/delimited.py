"""Lines of delimited text for whoever writes a few of them, outside the columns of `csv_write`."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any, Protocol


class LineWriter(Protocol):
    """What `csv.writer` gives."""

    def writerow(self, cells: Iterable[Any], /) -> Any: ...

    def writerows(self, lines: Iterable[Iterable[Any]], /) -> Any: ...


class _Text(Protocol):
    def write(self, text: str, /) -> Any: ...


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
