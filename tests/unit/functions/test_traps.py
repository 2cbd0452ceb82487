"""The traps of Arrow's kernels, and of numbers and dates in files: each is an expression of the language that must not fall in."""

from __future__ import annotations

import hashlib
import random
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datahub.engine.evaluate import evaluate
from datahub.engine.scope import Scope
from datahub.frames.frame import Column, Frame
from datahub.testing.expressions import answer
from datahub.types import model as t
from tests.differential.held import checked, state
from tests.reference import texts as reference

TRAPS: list[tuple[str, Any]] = [
    # Arrow's strptime makes 2 March of it, takes one digit for two, two for four, and spaces in front.
    ('date("31/02/2020", "dd/MM/yyyy")', "R106"),
    ('date(" 01/02/2020", "dd/MM/yyyy")', "R106"),
    ('date("1/2/2020", "dd/MM/yyyy")', "R106"),
    ('date("01/02/20", "dd/MM/yyyy")', "R106"),
    ('date("00/00/0000", "dd/MM/yyyy")', "R106"),
    ('text(date("29/02/2024", "dd/MM/yyyy"))', "2024-02-29"),
    ('date("29/02/2023", "dd/MM/yyyy")', "R106"),
    # Arrow's casts take these for numbers and truths.
    ('int("0x10")', "R101"),
    ('int("1E+3")', "R101"),
    ('decimal("1E+3")', "R104"),
    ('float("nan")', "R104"),
    ('float("1e400")', "R102"),
    ('bool("2")', "R103"),
    ('int("+33")', 33),
    ('decimal("1.234,56", ",")', Decimal("1234.56")),
    ('decimal("1.23,56", ",")', "R104"),
    ('int("9223372036854775808")', "R102"),
    ('text(float("-0"))', "0"),
    # Arrow's sums and products wrap, its quotients are cut, and by zero it raises for all.
    ("9223372036854775807 + 1", "R602"),
    ("-9223372036854775807 - 2", "R602"),
    ("3037000500 * 3037000500", "R602"),
    ("1 / 0", "R601"),
    ("7 / 2", Decimal("3.5")),
    ("div(-7, 2)", -4),
    ("mod(-7, 2)", 1),
    # Arrow refuses a product of two decimals of ten digits after the point, and rounds a half to even.
    ("1.0000000001 * 1.0000000001", Decimal("1.00000000020000000001")),
    ("99999999.9999999999 * 99999999.9999999999", Decimal("9999999999999999.98000000000000000001")),
    ("round(2.5)", 3),
    ("round(-2.5)", -3),
    ("round(1.005, 2)", Decimal("1.01")),
    ("round_half_even(2.5)", 2),
    ('decimal("1234567890123456789012345678901234567890.5")', "R102"),
    ("99999999999999999999999999999999999999 + 1", Decimal(100000000000000000000000000000000000000)),
    ('float("-inf")', "R104"),
    ('decimal("1.234,56")', "R104"),
    ('decimal("1e5")', "R104"),
    ('float("1e5")', 100000.0),
    ("float(1) / 0", "R601"),
    # Null is a value that equals itself, and nothing is before or after it.
    ('null <> "X"', True),
    ("null = null", True),
    ("null < 1", False),
    ("null >= 1", False),
    ('null in ("a", "b")', False),
    ('null not in ("a", "b")', False),
    # Time zones skip hours and show them twice; Arrow raises for all, and forgets summer from 2038 on.
    ('datetime("2024-03-31T02:30:00", zone: "Europe/Paris")', "R110"),
    ('datetime("2024-10-27T02:30:00", zone: "Europe/Paris")', "R110"),
    ('text(to_zone(datetime("2050-07-01T10:00:00Z"), "Europe/Paris"))', "2050-07-01T12:00:00"),
    ('text(to_zone(datetime("9000-07-01T10:00:00Z"), "Europe/Paris"))', "9000-07-01T12:00:00"),
    ('text(to_zone(datetime("2024-05-01T10:00:00", zone: "Europe/Paris"), "UTC"))', "2024-05-01T08:00:00"),
    ('date("0000-01-01")', "R106"),
    ('date("10000-01-01")', "R106"),
    ('text(date("01/05/68", "dd/MM/yy"))', "2068-05-01"),
    ('text(date("01/05/69", "dd/MM/yy"))', "1969-05-01"),
    ('text(add_days(date("9999-12-31"), 1))', "R602"),
    ('text(add_months(date("2024-01-31"), 1))', "2024-02-29"),
    # Letters keep their number, whatever Python's capitals do.
    ('upper("ß")', "ẞ"),
    ('upper("ﬀ")', "ﬀ"),
    ('title_case("ǆ ß")', "Ǆ ẞ"),
    ('lower("İ")', "i"),
    ('length(upper("straße"))', 6),
    ('length("💩é")', 2),
    ('reverse("💩é")', "é💩"),
    # Text goes by code point, not by language.
    ('"Z" < "a"', True),
    ('"z" < "é"', True),
]


@pytest.mark.parametrize(("expression", "expected"), TRAPS, ids=[expression for expression, _ in TRAPS])
def test_no_trap_is_fallen_into(expression: str, expected: Any) -> None:
    found = answer(expression)
    assert not found.refused, [one.message for one in found.refused]
    assert expected == (found.rejected or found.value)


BAD = {
    "int(s)": ("12", "0x10", "R101"),
    "int(s) + 9223372036854775800": ("7", "8", "R602"),
    "100 / int(s)": ("4", "0", "R601"),
    "div(100, int(s))": ("4", "0", "R601"),
    "decimal(s)": ("1.5", "1E+3", "R104"),
    "float(s)": ("1.5", "nan", "R104"),
    "bool(s)": ("true", "2", "R103"),
    'date(s, "dd/MM/yyyy")': ("29/02/2024", "31/02/2020", "R106"),
    'datetime(s, zone: "Europe/Paris")': ("2024-03-31T01:59:59", "2024-03-31T02:30:00", "R110"),
    "sqrt(decimal(s))": ("4", "-4", "R603"),
    "json_parse(s)": ("[1]", "[1,]", "R111"),
    "gtin_check_digit(s)": ("400638133393", "4006", "R603"),
    "base64_decode(s)": ("YQ==", "***", "R603"),
}
"""Expressions of a column, a value that each takes, and one that it rejects."""


@pytest.mark.parametrize("expression", BAD)
def test_one_bad_row_takes_no_other_with_it(expression: str) -> None:
    """A cast, a division and a clock that skips an hour make Arrow raise for the whole column."""
    good, bad, code = BAD[expression]
    typed = checked(expression, {"s": t.Text()})
    assert typed is not None
    column = pa.array([bad if row == 501 else good for row in range(1000)])
    found = evaluate(typed, Scope(Frame({"s": Column(column)}, 1000, np.arange(1000)), state()))
    assert [(code, [501])] == [(one.code, one.rows.tolist()) for one in found.failures]
    told = found.array(1000)
    assert told[501].as_py() is None
    assert 999 == len(told.drop_null())
    assert 1 == len(told.drop_null().unique())


PINNED = {"upper": (1526, "8f072b322c06b038"), "lower": (1508, "68d9998011f6fa57")}


def every_letter() -> pa.Array:
    return pa.array([chr(one) for one in range(sys.maxunicode + 1) if not 0xD800 <= one < 0xE000])


@pytest.mark.parametrize("name", ["upper", "lower"])
def test_capitals_are_those_of_a_table_that_is_pinned(name: str) -> None:
    """How many letters change, and to what: another version of Unicode below us is told here, not by a customer."""
    from datahub.functions import load

    letters = every_letter()
    changed = load()[name].overloads[0].kernel(letters)
    pairs = [f"{one}{other}" for one, other in zip(letters.to_pylist(), changed.to_pylist(), strict=True) if one != other]
    assert PINNED[name] == (len(pairs), hashlib.sha256("".join(pairs).encode()).hexdigest()[:16])


@pytest.mark.parametrize(("newer", "letter", "known"), [(15.0, "\U00031350", True), (15.1, "\U0002ebf0", True), (16.0, "\u1c89", False)])
def test_patterns_know_the_letters_of_unicode_15_1(newer: float, letter: str, known: bool) -> None:
    """Those of RE2, which are told on the pages; functions of text know more."""
    assert known is answer(rf'"{letter}" matches /\p{{L}}/').value
    assert letter == answer(f'letters("{letter}-")').value


@pytest.mark.parametrize("name", ["upper", "lower", "title_case", "capitalize"])
def test_capitals_are_what_the_reference_says(name: str) -> None:
    from datahub.functions import load

    r = random.Random(42)
    letters = every_letter().to_pylist()
    known = letters[:0x2E00]
    texts = letters + ["".join(r.choices(known if r.random() < 0.8 else letters, k=r.randint(2, 6))) for _ in range(20_000)]
    kernel = load()[name].overloads[0].kernel
    said = getattr(reference, name)
    found = kernel(pa.array(texts)).to_pylist()
    assert [] == [(one, other, said(one)) for one, other in zip(texts, found, strict=True) if other != said(one)][:10]


@pytest.mark.parametrize(
    ("expression", "value", "rejected"),
    [
        (r'json_valid("\"\\ud83d\"")', False, ""),
        (r'json_parse("\"\\ud83d\"")', None, "R111"),
        (r'json_get("[\"x\\uDE00\"]", "[0]")', None, "R111"),
        (r'json_get("[\"\\ud83d\\ude00\"]", "[0]")', "😀", ""),
        (r'csv_fields("\"a\"\"b,c")', None, "R603"),
        (r'csv_fields("\"a\"\"b\",c")', ['a"b', "c"], ""),
        ('base64_decode("Y/", "url_safe")', None, "R603"),
        ('html_strip("a</b>&nbsp2;c")', "a 2;c", ""),
        (r'like("back\\slash", "back\\slash")', True, ""),
        (r'like("50% off", "50\\% %")', True, ""),
        (r'like("500 off", "50\\% %")', False, ""),
        ('unit_kind("mm_")', "length", ""),
    ],
)
def test_what_slips_of_the_pen_found(expression: str, value: object, rejected: str) -> None:
    """Each was answered otherwise, or ended the run, until the reference was asked of texts with one sign changed."""
    given = answer(expression)
    assert ("" if given.refused else given.rejected, given.value if not rejected else None) == (rejected, value)


@pytest.mark.parametrize(
    ("expression", "value", "rejected"),
    [
        ('add_days(datetime("0001-01-02T23:59:59Z"), -2, "Europe/Paris")', None, "R602"),
        ('date_add("day", -2, datetime("0001-01-02T23:59:59Z"), "Europe/Paris")', None, "R602"),
        ('add_months(datetime("9999-11-30T23:30:00Z"), 1, "America/New_York")', None, ""),
        ('to_zone(datetime("0001-01-01T00:30:00Z"), "America/New_York")', None, "R602"),
        ('local_date(datetime("9999-12-31T23:30:00Z"), "Asia/Tokyo")', None, "R602"),
        ('year(datetime("0001-01-01T00:30:00Z"), "America/New_York")', 0, ""),
        ('decimal(float("7.425857256908966e+17"))', Decimal(742585725690896600), ""),
        ('decimal(float("1e18"))', None, "R102"),
        ("round(decimal(stddev([9999999999.98, 9999999999.99, 9999999999.98])), 10)", Decimal("0.0057735027"), ""),
        ("variance([9007199254740993, 9007199254740992, 9007199254740994])", 1.0, ""),
        ('query_values("https://a.fr/p=x?n=1&n=2#n=3", "n")', ["1", "2"], ""),
        ('query_values("a=1#b", "a")', ["1#b"], ""),
        (r'url_valid("http://a.fr/\u{a0}")', False, ""),
        (r'url_valid("http://a.fr/\u{2003}x")', False, ""),
        ('url_valid("http://a.fr/é")', True, ""),
    ],
)
def test_what_the_long_run_found_at_the_ends_of_ranges(expression: str, value: object, rejected: str) -> None:
    """Each ended the run with a mistake of ours, or rejected what fits, until the long run met a value so near to an end."""
    given = answer(expression)
    assert rejected == given.rejected
    assert not given.refused
    if value is not None:
        assert value == given.value
