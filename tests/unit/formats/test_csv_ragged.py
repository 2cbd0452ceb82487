"""Records with too many or too few values cost no walk over the good ones beside them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from datahub.formats import csv_exact, csv_read, csv_scan
from datahub.formats.csv_columns import Layout, One
from datahub.formats.csv_exact import Look
from datahub.formats.csv_read import CsvBlock
from datahub.formats.csv_resent import Reasons
from datahub.formats.csv_scan import Dialect

LAYOUT = Layout(("a", "b"), (One("a", 0), One("b", 1)), 2)
TEXT = '1,2\r\n  \r\nx\r\n\r\n3,"4\r\n,5"\r\n \t\r\n6,7,"8,9"\r\n"""q""",\r\n'


@pytest.fixture
def no_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    def walk(*_: object) -> Iterator[csv_scan.Record]:
        raise AssertionError("the records are walked one by one")

    monkeypatch.setattr("datahub.formats.csv_resent.walk", walk)


@pytest.mark.parametrize(("delimiter", "quote"), [(b",", b'"'), (b"\t", b'"'), (b";", b"'")])
def test_ragged_records_are_told_without_a_walk(no_walk: None, delimiter: bytes, quote: bytes) -> None:
    text = TEXT.encode().replace(b"\t", b" ").replace(b",", delimiter).replace(b'"', quote)
    rows = csv_read.read(CsvBlock(text, Dialect(delimiter, quote, b"", 2), LAYOUT, "utf-8"), [0, 1], 10)
    assert rows.columns[0].to_pylist() == ["1", "3", quote.decode() + "q" + quote.decode()]
    assert rows.positions is not None
    assert rows.lines is not None
    assert (rows.positions.tolist(), rows.lines.tolist(), rows.records) == ([0, 2, 4], [10, 14, 18], 5)
    assert [(one.position, one.line, one.code) for one in rows.bad] == [(1, 12, "R002"), (3, 17, "R002")]
    assert rows.bad[1].message == "the record has 3 values, 2 are needed"


def test_it_is_what_a_walk_tells() -> None:
    text, dialect = TEXT.encode() * 50, Dialect(b",", b'"', b"", 2)
    at_once = csv_read.read(CsvBlock(text, dialect, LAYOUT, "utf-8"), [0, 1], 1)
    walked = csv_exact.read(text, Look(dialect, Reasons(), LAYOUT.header, "utf-8"), [0, 1], 1)
    assert at_once.bad == walked.bad
    assert at_once.columns == walked.columns
    assert at_once.lines is not None
    assert walked.lines is not None
    assert at_once.lines.tolist() == walked.lines.tolist()
