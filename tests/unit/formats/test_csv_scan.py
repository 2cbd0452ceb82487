"""What is told of a text before anybody asks where its lines stop is what is told afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from datahub.formats.csv_scan import LONGEST_FIELD, Dialect, certain_end, survey, too_long, walk

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


@pytest.mark.parametrize("behind", [b"", b'2;a"b;3\n', b'2;"b";3\n', b"2;b;3\n"])
def test_a_quote_that_does_not_close_is_told_alike_whatever_follows(behind):
    record = b'1;"un;7\n'
    first = next(walk(record + behind + b"x" * LONGEST_FIELD, DIALECT))
    alone = next(walk(record, DIALECT))
    assert first.problem == alone.problem == "a quote opens a value and is never closed, or stands inside one without being doubled"


def test_a_record_that_more_bytes_may_close_is_not_certain():
    assert certain_end(b'1;"un;7\n', DIALECT) == 0
    assert certain_end(b'0;a;1\n1;"un;7\n', DIALECT) == 6
    assert certain_end(b'1;"un"x;7\n2;a;3\n', DIALECT) == 16
