"""Sources: options, columns, and how the text of each is read."""

from typing import Any

import pytest

from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.semantic.programs import findings, messages, program


def source(columns: str, options: str = "", kind: str = "csv") -> Any:
    return program(f"source s: {kind} {{\n  {options}\n  columns {{\n    {columns}\n  }}\n}}\n").sources[0]


def test_options_that_are_not_written_are_as_by_default():
    options = dict(source("a: text", 'delimiter ";"').options)
    assert (";", '"', "utf-8", True, "warn") == tuple(options[name] for name in ("delimiter", "quote", "encoding", "header", "extra"))


def test_an_unknown_option_is_told_with_the_nearest():
    text = 'source s: csv {\n  delimitr ";"\n  columns {\n    a: text\n  }\n}\n'
    assert [("DHM101", "delimitr")] == findings(text)


@pytest.mark.parametrize(
    "option, wanted",
    [
        ("delimiter 5", "`delimiter` takes one character or more"),
        ('delimiter ""', "`delimiter` takes one character or more"),
        ('encoding "latin-99"', "`encoding` takes the name of a character encoding"),
        ('quote "ab"', "`quote` takes one character"),
        ('trim "yes"', "`trim` takes `true` or `false`"),
        ("skip -1", "`skip` takes a whole number from 0"),
        ("extra never", "`extra` takes one of `allow`, `warn`, and `reject`"),
        ("text_nulls 5", "`text_nulls` takes a list of texts"),
    ],
)
def test_a_value_that_an_option_does_not_take_is_told(option, wanted):
    told = messages(f"source s: csv {{\n  {option}\n  columns {{\n    a: text\n  }}\n}}\n")
    assert 1 == len(told)
    assert told[0].startswith(wanted)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("Prix 2026", True),
        ("L'été", True),
        ("x" * 31, True),
        ("x" * 32, False),
        ("Feed [1]", False),
        ("a/b", False),
        ("'a", False),
        ("a:b", False),
    ],
)
def test_a_sheet_is_called_as_excel_lets_it(name, fits):
    head = "entity Offer {\n  key sku\n  sku: text\n}\n"
    told = messages(f'{head}target book: xlsx {{\n  sheet "{name}"\n}}\n')
    assert fits == ([] == [one for one in told if one.startswith("`sheet` takes what Excel lets a sheet be called")])


def test_an_unknown_kind_is_told():
    assert [("DHM101", "cvs")] == findings("source s: cvs {\n  columns {\n    a: text\n  }\n}\n")


def test_a_text_source_without_columns_is_told():
    assert ["`s` has no columns"] == messages("source s: csv {}\n")


def test_a_column_stands_where_it_is_said_to_or_under_its_own_name():
    shape = source('a: text at "A" or "B"\n b: text\n c: map(text) at /^CF_(.+)$/i\n d: text at "D"', 'text_nulls ["NULL"]')
    assert [("A", "B"), ("b",), (), ("D",)] == [one.names for one in shape.columns]
    assert ["", "", "(?i)^CF_(.+)$", ""] == [one.pattern for one in shape.columns]


def test_the_text_of_a_column_is_read_as_its_source_says():
    shape = source('a: date\n b: date format "yyyyMMdd"', 'decimal ","  dates "dd/MM/yyyy"  trim true  empty text  text_nulls ["N/A"]')
    assert ir.Reading(",", ("dd/MM/yyyy",), trim=True, empty_text=True, null_words=("N/A",)) == shape.columns[0].reading
    assert ("yyyyMMdd",) == shape.columns[1].reading.formats


def test_words_of_a_bool_and_marks_of_a_split_belong_to_their_column():
    shape = source('a: bool("O", "N")\n b: [{qty: int, ok: bool("y", "n")}] @split("||", "|")')
    assert (("O",), ("N",)) == (shape.columns[0].reading.true_words, shape.columns[0].reading.false_words)
    reading = shape.columns[1].reading
    assert ("||", "|") == reading.split
    assert ("y",) == reading.inner[0].inner[1].true_words


def test_numbered_groups_of_columns_are_parts():
    shape = source('a: [{name: text at "name", values: [text] at "value(s)" @split(",")}] at /^Attribute (\\d+) (.+)$/')
    assert [("name",), ("value(s)",)] == [one.names for one in shape.columns[0].parts]
    assert (",",) == shape.columns[0].parts[1].reading.split


def test_a_pattern_of_dates_without_hours_is_not_for_instants():
    shape = source("a: datetime\n b: date", 'dates "dd/MM/yyyy"  zone "Europe/Paris"')
    assert () == shape.columns[0].reading.formats
    assert "Europe/Paris" == shape.columns[0].reading.zone


def test_an_instant_in_a_pattern_without_offset_needs_a_zone():
    text = 'source s: csv {{\n  {0}\n  columns {{\n    a: datetime format "dd/MM/yyyy HH:mm{1}"\n  }}\n}}\n'
    assert [("DHM209", "datetime")] == findings(text.format("", ""))
    assert [] == findings(text.format('zone "Europe/Paris"', ""))
    assert [] == findings(text.format("", " xxx"))


def test_a_column_of_a_source_has_a_type():
    assert ["the column `a` has no type"] == messages("source s: csv {\n  columns {\n    a\n  }\n}\n")


def test_a_zone_that_is_none_is_told():
    assert [("DHM106", '"Paris"')] == findings('source s: csv {\n  zone "Paris"\n  columns {\n    a: text\n  }\n}\n')


def test_a_format_that_is_not_what_it_seems_is_told():
    assert ["DHM208"] == [code for code, _ in findings('source s: csv {\n  columns {\n    a: date format "dd/mm/yyyy"\n  }\n}\n')]


def test_a_format_on_what_is_no_date_is_told():
    assert ["`a` is no date, and has a format"] == messages('source s: csv {\n  columns {\n    a: int format "0.00"\n  }\n}\n')


def test_a_pattern_of_headers_that_re2_does_not_know_is_told():
    assert ["DHM207"] == [code for code, _ in findings("source s: csv {\n  columns {\n    a: map(text) at /^(?=x)/\n  }\n}\n")]


@pytest.mark.parametrize("tag", ["@spilt", "@split", '@pii("x")', "@split(5)"])
def test_a_tag_that_is_unknown_or_given_what_it_does_not_take_is_told(tag):
    assert 1 == len(findings(f"source s: csv {{\n  columns {{\n    a: [text] {tag}\n  }}\n}}\n"))


@pytest.mark.parametrize(
    "written, kind",
    [
        ("int(32)?", t.Int(True, 32)),
        ("decimal(12,2)", t.Decimal(False, 12, 2)),
        ("text(1..40)", t.Text(False, 1, 40)),
        ("text(2..)", t.Text(False, 2, None)),
        ("[{a: text?, b: [int]}]?", t.ListOf(t.Struct((("a", t.Text(True)), ("b", t.ListOf(t.Int())))), True)),
        ("map(decimal?)", t.MapOf(t.Decimal(True))),
        ("enum(new, `in use`)", t.Enum(("new", "in use"))),
        ("local_datetime", t.LocalDateTime()),
    ],
)
def test_types_are_what_they_say(written, kind):
    assert kind == source(f"a: {written}", kind="json").columns[0].type


@pytest.mark.parametrize(
    "written", ["int(8)", "decimal(39,2)", "decimal(2,3)", "text(0)", "text(5..2)", "enum(a, a)", "date(2)", "map(a, b)", "bool(1)"]
)
def test_a_type_that_is_given_what_it_does_not_take_is_told(written):
    assert "DHM106" in [code for code, _ in findings(f"source s: json {{\n  columns {{\n    a: {written}\n  }}\n}}\n")]


@pytest.mark.parametrize("path, good", [("$.data.orders[*]", True), ("$['my orders'][*]", True), ("$..orders", False), ("orders", False)])
def test_where_the_rows_of_a_document_are_is_checked(path, good):
    told = messages(f'source s: json {{\n  rows "{path}"\n  columns {{\n    a: text\n  }}\n}}\n')
    assert ([] if good else ["`rows` takes a path of member names that ends at an array, such as `$.orders[*]`"]) == told


def test_positions_are_those_of_lines_of_fixed_width():
    assert [("DHM106", "at 1..10")] == findings("source s: csv { columns { a: text at 1..10 } }\n")
    assert [] == findings("source s: fixed { columns { a: text at 1..10 } }\n")
