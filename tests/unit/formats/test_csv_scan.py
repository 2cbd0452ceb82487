"""What is told of a text before anybody asks where its lines stop is what is told afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from datahub.formats.csv_scan import LONGEST_FIELD, Dialect, survey, too_long

DIALECT = Dialect(b";", b'"', b"")
LINE, HALF = b"x" * 99 + b"\n", LONGEST_FIELD // 2


@pytest.mark.parametrize(
    "text",
    [b"", b"a", b"\n", b"a\n", b"a\nb", b"a\r\nb\r\n", b"a\rb\r", b"a\rb", b"a\r", b"\r\n\r\n", b"a\n\rb\r\r\nc", b"\r", b"a\r\n\r"],
)
def test_lines_are_counted_as_they_are_found(text):
    found = survey(text, DIALECT)
    before = found.lines
    assert len(found.stops) == before == found.lines


@pytest.mark.parametrize("size", [HALF - 1, HALF, LONGEST_FIELD - 1, LONGEST_FIELD, LONGEST_FIELD + 1, 2 * LONGEST_FIELD])
@pytest.mark.parametrize("place", [0, 1, HALF // 100, 3 * LONGEST_FIELD // 100])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_that_is_too_long_is_told_wherever_it_stands(size, place, end):
    text = LINE * place + b"y" * size + end + (LINE * 20_000 if end else b"")
    found = survey(text, DIALECT)
    lengths = np.diff(survey(text, DIALECT).stops, prepend=0)
    expected = len(text) > LONGEST_FIELD and int(lengths.max()) > LONGEST_FIELD
    assert expected == too_long(text, found)
