"""Mistakes that the reference found, each by itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datahub.engine.evaluate import evaluate
from datahub.engine.scope import Scope
from datahub.functions.compare import in_list, not_in_list
from datahub.functions.numerals import to_decimal
from datahub.testing.expressions import answer
from datahub.types import model as t
from tests.differential.calls import Call
from tests.differential.held import framed, hold, state, typed
from tests.reference import reading
from tests.reference.meaning import Reject


@pytest.mark.parametrize(
    ("expression", "for_null"),
    [
        ("s is blank", True),
        ("s matches /a/", False),
        ("not (s matches /a/)", True),
        ("found(s, /a/)", False),
        ("found_any(s, [/a/])", False),
    ],
)
def test_null_is_answered_for_in_columns_that_repeat_themselves(expression: str, for_null: bool) -> None:
    found = typed(Call(expression, {"s": t.Text(True)}))
    assert found is not None
    frame = framed(found[1].columns, [{"s": None}, {"s": "a"}]).take(np.arange(400) % 2)
    values = evaluate(found[0], Scope(frame, state())).array(400).to_pylist()
    assert set(values[::2]) == {for_null}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("float(-13.37)", -13.37),
        ("float(3.8200000000)", 3.82),
        ("format_number(16, 2)", "16.00"),
        ('text(16, "0.00")', "16.00"),
        ('length(format_number(float("1e300"), 0))', 301),
        ("mid([1, 2, 3], 0, 2)", [1]),
        ('country_valid("")', False),
        ('language_valid("")', False),
        ("round_to(219255753675778706.2081216866, 0.0000000005)", Decimal("219255753675778706.2081216865")),
        ("end_of_month(make_date(9999, 12, 1))", date(9999, 12, 31)),
        ('end_of("year", make_date(9999, 12, 31))', date(9999, 12, 31)),
    ],
)
def test_what_was_wrong_is_right(expression: str, value: Any) -> None:
    assert answer(expression).value == value


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ('base64_decode("YQ===")', "R603"),
        ('end_of("week", make_date(9999, 12, 31))', "R602"),
        ('start_of("year", datetime("0001-01-02T00:00:00Z"), "Europe/Paris")', "R602"),
        ('degrees(float("1e308"))', "R602"),
        # What is too large is so whatever follows the point: who drops digits meets no second code.
        ('decimal("9999999999999999999.12345678901")', "R102"),
        ('decimal("+99999999999999999999999999.999999999999")', "R102"),
        ('decimal("99,999,999,999,999,999,999.12345678901", ".", ",")', "R102"),
        ('decimal("999999999999999999.99999999999")', "R105"),
        ("decimal(999999999999999999.999999999999)", "R105"),
    ],
)
def test_what_passed_is_rejected(expression: str, code: str) -> None:
    assert answer(expression).rejected == code


@pytest.mark.parametrize("value", [Decimal("-999999999999999999.999999999999"), Decimal("999999999999999999.999999999999")])
def test_the_reference_rounds_nothing_to_pythons_digits(value: Decimal) -> None:
    found = typed(Call("decimal(a)", {"a": t.Decimal(True, 38, 12)}))
    assert found is not None
    assert not hold(*found, [{"a": value}], np.zeros(1, np.int64), close=False).differences


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (t.Decimal(True, 12, 2), "12345678901.125", "R102"),
        (t.Decimal(True, 12, 2), "1234567890.125", "R105"),
        (t.Decimal(True, 12, 2), "1e3", "R104"),
    ],
)
def test_a_text_that_is_too_large_and_too_exact_is_too_large(kind: t.Decimal, text: str, code: str) -> None:
    read = to_decimal(pa.array([text, "1"]), kind.precision, kind.scale)
    assert [code] == [code for mask, code in read.failed if mask[0]]
    with pytest.raises(Reject, match=code):
        reading.decimal(text, kind, ".")


@pytest.mark.parametrize(
    ("expression", "column", "values"),
    [
        ("clamp(11, 0, n)", "n", [3, 20, None, 7]),
        ("clamp(-1, 0, n)", "n", [3, 20, None, 7]),
        ('ngram_fingerprint("abc", n)', "n", [1, 2, 3, 4]),
        ("range(-9223372036854775807, 1, n)", "n", [9223372036854775807, 9223372036854775806, 9223372036854775807, 9223372036854775806]),
    ],
)
def test_one_column_among_constants_is_answered_row_by_row(expression: str, column: str, values: list[Any]) -> None:
    found = typed(Call(expression, {column: t.Int(True)}))
    assert found is not None
    whole = evaluate(found[0], Scope(framed(found[1].columns, [{column: one} for one in values]), state())).array(len(values)).to_pylist()
    alone = [None if one is None else answer(expression.replace("n)", f"{one})")).as_json()["value"] for one in values]
    assert alone == whole


def test_what_lies_under_a_null_list_is_not_asked_for() -> None:
    under = pa.ListArray.from_arrays(pa.array([0, 1, 3, 4]), pa.array(["p", "p", "r", "q"]), mask=pa.array([False, True, False]))
    asked = pa.array(["p", "p", "z"])
    assert [True, False, False] == in_list(asked, under).to_pylist()
    assert [False, False, True] == not_in_list(asked, under).to_pylist()
