"""Numbers read from text, against a reading of each text by itself."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from datahub.functions.declare import Outcome
from datahub.functions.numerals import to_decimal, to_float, to_int

TRAPS = [
    "0x10", "1E+3", "1e5", "nan", "inf", "-inf", "1_000", "١٢", "", " ", " 12", "12 ", "+33", "++3", "-", "+", ".", "-.", "-.5", ".5", "5.", "00012",
    "-0", "-000", "1.234,56", "1,234.56", "12,5", "12,50", "1 234,50", "1\u00a0234,50", "1\u202f234\u202f567,5", "1 23,5", "1.23", "1.234", "1.234.567", "1.2345",
    "1 234.567", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "0" * 30 + "7", "9" * 30, "9" * 90, "12.50",
    "12.5000000000000", "0.00000000001", "-0.005", "1-2", "12-", "1.2.3", "12,3,4", "é", "½", "１２", "\u221212", "1\n", "\n1", "12\x00", "0", "7", "-7", "1,5,", ",5", "-,5", "5,",
]  # fmt: skip


def told(result: Outcome) -> list[Any]:
    values = result.values.to_pylist()
    for mask, code in result.failed:
        for row in mask.nonzero()[0]:
            assert values[row] is None
            values[row] = code
    return values


def whole(text: str | None) -> Any:
    if text is None:
        return None
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        return "R101"
    return int(text) if -(2**63) <= int(text) < 2**63 else "R102"


def exact(text: str | None, precision: int, scale: int, mark: str, groups: str) -> Any:
    if text is None:
        return None
    whole_part = r"[0-9]+" + "".join(rf"|[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+" for group in groups)
    if not re.fullmatch(rf"[+-]?(?:(?:{whole_part})(?:{re.escape(mark)}[0-9]+)?|{re.escape(mark)}[0-9]+)", text):
        return "R104"
    for group in groups:
        text = text.replace(group, "")
    number = Decimal(text.replace(mark, "."))
    digits = max(-int(number.normalize().as_tuple().exponent), 0) if number else 0
    if abs(number) >= Decimal(10) ** (precision - scale):
        return "R102"
    if digits > scale:
        return "R105"
    return number


def columns() -> list[list[str | None]]:
    rng = random.Random(3)
    mixed: list[str | None] = [
        rng.choice("0123456789") * rng.randint(1, 3) + rng.choice(["", ".", ",", "-", " "]) + rng.choice(["", "5", "25", "125"])
        for _ in range(300)
    ]
    tidy: list[str | None] = [f"{rng.randint(-(10**6), 10**6) / 100:.2f}" for _ in range(200)]
    single: list[list[str | None]] = [[trap] for trap in TRAPS]
    return [
        [*TRAPS, None],
        *single,
        mixed,
        [*tidy, None],
        [*tidy, "x"],
        [],
        [None],
        ["12", "13"] * 200 + ["x"] + [None],
        [str(n) for n in range(-50, 50)],
    ]


@pytest.mark.parametrize("texts", columns(), ids=str)
def test_a_column_reads_as_each_of_its_texts_does(texts: list[str | None]) -> None:
    # Behind a slice, so that offsets do not begin at zero.
    values = pa.array(["99.9", None, *texts], pa.string())[2:]
    assert [whole(text) for text in texts] == told(to_int(values))
    for precision, scale in ((28, 10), (12, 2), (5, 0), (18, 18), (60, 20)):
        for mark, groups in ((".", ""), (",", " \u00a0\u202f.")):
            assert [exact(text, precision, scale, mark, groups) for text in texts] == told(to_decimal(values, precision, scale, mark))
        assert [exact(text, precision, scale, ".", ",") for text in texts] == told(to_decimal(values, precision, scale, ".", ","))


def test_floats_have_an_exponent_but_are_never_infinite_nor_nan() -> None:
    texts = ["1.5", "2.5e3", "1e400", "nan", "inf", "0x1p3", "-0", ".5", "1E-2", "", None, "+7", "1."]
    expected = [1.5, 2500.0, "R102", "R104", "R104", "R104", 0.0, 0.5, 0.01, "R104", None, 7.0, "R104"]
    assert expected == told(to_float(pa.array(texts)))
    assert "0.0" == str(to_float(pa.array(["-0"])).values[0].as_py())
    assert [1.5, "R104"] == told(to_float(pa.array(["1,5", "1.5"]), ","))
