"""Lines of delimited text: whatever a cell holds, a reader finds it again."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path

import datahub
from datahub.formats.delimited import line_writer


def test_every_cell_of_three_hard_characters_comes_back():
    cells = ["".join(one) for length in range(4) for one in itertools.product("a\r\n\";,' ", repeat=length)]
    for delimiter in ",;":
        text = io.StringIO(newline="")
        line_writer(text, delimiter).writerows([cell, "x", cell] for cell in cells)
        assert [[cell, "x", cell] for cell in cells] == list(csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=delimiter))


def test_nothing_else_writes_delimited_lines():
    # `csv.writer` with a line's end of its own leaves a carriage return bare.
    for path in Path(datahub.__file__).parent.rglob("*.py"):
        if path.name != "delimited.py":
            made = [line for line in path.read_text(encoding="utf-8").splitlines() if "csv.writer(" in line or "csv.DictWriter(" in line]
            assert not [line for line in made if "csv.QUOTE_ALL" not in line], path
