"""Delimited text is read alike by vectors, record by record, and by Python's own reader."""

from __future__ import annotations

import csv
import io

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from datahub.formats import csv_exact, csv_nulls, csv_read, csv_scan, csv_write
from datahub.formats.csv_columns import Layout, One
from datahub.formats.csv_exact import Look
from datahub.formats.csv_read import CsvBlock
from datahub.formats.csv_resent import Reasons
from datahub.formats.csv_scan import Dialect

LETTERS = st.text(alphabet='ab",;\n\r \té', max_size=6)
TABLES = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(LETTERS, min_size=width, max_size=width), max_size=12))
NOISE = st.text(alphabet='ab",\n\r \0é', max_size=60)


def block(text, width, delimiter=b",", short=False):
    layout = Layout(tuple(f"c{number}" for number in range(width)), tuple(One(f"c{number}", number) for number in range(width)), width)
    return CsvBlock(text, Dialect(delimiter, b'"', b"", width, short), layout, "utf-8")


def as_rows(rows, width):
    lines = np.arange(1, rows.length + 1) if rows.lines is None else rows.lines
    return list(zip(*(rows.columns[number].to_pylist() for number in range(width)))), lines.tolist()


@given(TABLES, st.sampled_from([",", ";", "||"]), st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_is_read(table, delimiter, newline):
    width = len(table[0]) if table else 1
    lines = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    text = newline.join([*lines, ""]).encode()
    rows = csv_read.read(block(text, width, delimiter.encode()), range(width), 1)
    assert ([tuple(row) for row in table], ()) == (as_rows(rows, width)[0], rows.bad)


@given(NOISE, st.integers(1, 3))
def test_vectors_and_walking_agree_on_any_text(text, width):
    one = block(text.encode(), width)
    at_once = csv_read.read(one, range(width), 1)
    exactly = csv_exact.read(one.text, Look(one.dialect, Reasons(), one.layout.header, "utf-8"), range(width), 1)
    assert as_rows(exactly, width) == as_rows(at_once, width)
    assert exactly.bad == at_once.bad
    assert exactly.records == at_once.records


@given(NOISE, st.integers(1, 3))
def test_good_records_are_those_of_pythons_reader_where_quotes_are_regular(text, width):
    clean = text.replace("\0", "").replace("\r", "")
    data = clean.encode()
    dialect = Dialect(b",", b'"', b"", width)
    quotes = csv_scan.quote_positions(data, dialect)
    if len(quotes) % 2 or not csv_scan.regular(data, quotes, dialect):
        return
    expected = [tuple(row) for row in csv.reader(io.StringIO(clean, newline="")) if len(row) == width]
    found = as_rows(csv_exact.read(data, Look(dialect, Reasons(), (), "utf-8"), range(width), 1), width)[0]
    assert [row for row in expected if any(row)] == [row for row in found if any(row)]


@given(NOISE, st.integers(1, 3), st.integers(0, 60))
def test_a_cut_never_changes_what_is_read(text, width, size):
    one = block(text.encode(), width)
    whole = csv_exact.read(one.text, Look(one.dialect, Reasons(), (), "utf-8"), range(width), 1)
    at = csv_scan.certain_end(one.text[:size], one.dialect)
    head = csv_exact.read(one.text[:at], Look(one.dialect, Reasons(), (), "utf-8"), range(width), 1)
    tail = csv_exact.read(one.text[at:], Look(one.dialect, Reasons(), (), "utf-8"), range(width), 1 + csv_scan.count_lines(one.text[:at]))
    assert as_rows(whole, width)[0] == as_rows(head, width)[0] + as_rows(tail, width)[0]
    assert [(bad.line, bad.code, bad.raw) for bad in whole.bad] == [(bad.line, bad.code, bad.raw) for bad in (*head.bad, *tail.bad)]
    assert as_rows(whole, width)[1] == as_rows(head, width)[1] + as_rows(tail, width)[1]


@given(NOISE, st.integers(0, 60))
def test_a_cut_by_quotes_is_one_between_records(text, size):
    dialect = Dialect(b",", b'"', b"", 2)
    data = text.encode()
    found = csv_scan.survey(data[:size], dialect)
    whole = csv_scan.survey(data, dialect)
    if not (found.regular and whole.regular) or len(whole.quotes) % 2:
        return
    at = csv_scan.last_record_end(data[:size], found.quotes)
    inside = [record for record in csv_scan.walk(data, dialect) if record.start < at]
    assert all(record.end < at for record in inside)


@given(st.one_of(NOISE, st.text(alphabet="ab,\n\r", max_size=60)), st.integers(1, 4))
def test_short_records_are_filled_up_alike_by_vectors_and_by_walking(text, width):
    one = block(text.encode(), width, short=True)
    at_once = csv_read.read(one, range(width), 1)
    exactly = csv_exact.read(one.text, Look(one.dialect, Reasons(), one.layout.header, "utf-8"), range(width), 1)
    assert as_rows(exactly, width) == as_rows(at_once, width)
    assert exactly.bad == at_once.bad
    assert not any(record.code == "R002" and "1 value" in record.message for record in exactly.bad)


CELLS = st.one_of(st.none(), st.just("NULL"), st.just(""), st.text(alphabet='ab",;\n NUL', max_size=6))
LEFT_ALONE = "left alone"


@given(st.integers(1, 3).flatmap(lambda width: st.lists(st.lists(st.one_of(CELLS, st.just(LEFT_ALONE)), min_size=width, max_size=width))))
def test_null_nothing_and_texts_like_them_are_read_as_they_were_written(table):
    width = max((len(row) for row in table), default=1) + 1
    style = csv_write.Style(",", '"', False, "NULL", ".", "", False)

    def written(cell):
        return "" if cell == LEFT_ALONE else csv_write.quoted(pa.array([cell], pa.string()), style)[0].as_py()

    # A first cell keeps records of nothing from being none.
    text = "".join(",".join(["x", *map(written, row)]) + "\n" for row in table).encode()
    one = block(text, width)
    marked = csv_nulls.quotes_kept(one.text, one.dialect, "NULL")
    rows = csv_read.read(block(marked, width), range(width), 1)
    columns = [csv_nulls.told_apart(rows.columns[at], "NULL") for at in range(1, width)]
    pairs = [list(zip(values.to_pylist(), there.to_pylist(), strict=True)) for values, there in columns]
    assert [tuple((None, False) if cell == LEFT_ALONE else (cell, True) for cell in row) for row in table] == list(zip(*pairs, strict=True))
    assert rows.bad == ()
