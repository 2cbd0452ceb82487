"""Conversions that a script asks for: values of one type as another, or a reject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import conversions, decimals
from datahub.functions.columns import Reject, as_array, bools, from_floats, from_ints, map_distinct, outcome, valid
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.operators import as_float
from datahub.functions.written import as_text
from datahub.types import model as t

NUMBER = "number"
CHOICE = "choice"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_DECIMAL = t.Decimal()


# --- whole numbers -----------------------------------------------------------------------------------------------


@function(
    "int(value: text) -> int",
    category=NUMBER,
    rejects=("R101", "R102"),
    sql="CAST(x AS BIGINT)",
    excel="VALUE",
    also=(
        "VRL to_int",
        "VRL parse_int",
        "JSONata $number",
        "DataWeave as Number",
        "Bloblang number",
        "jq tonumber",
        "GREL toNumber",
        "CEL int",
        "FEEL number",
        "Excel DECIMAL",
        "Excel BIN2DEC",
        "Excel HEX2DEC",
        "Bloblang int64",
        "CEL uint",
        "Excel N",
    ),
    examples=[
        example('int("42")', 42),
        example('int("+007")', 7),
        example('int("4.2")', rejected="R101"),
        example('int("0x10")', rejected="R101"),
        example('int("9223372036854775808")', rejected="R102"),
        example("int(4.0)", 4),
        example("int(4.2)", rejected="R105"),
        example("int(true)", 1),
    ],
)
def int_of_text(value: Datum) -> Outcome:
    """The whole number that a text or number is, or a reject: nothing is rounded or guessed.

    Text is digits with an optional sign. A number with digits after the point is rejected (R105): round it before.
    """
    return conversions.to_int(as_array(value, 1))


def _base_rule(kind: t.Type) -> Callable[[Sequence[t.Type], Sequence[Any]], t.Type | None]:
    """The type, where the last argument is a base that there are digits for."""
    return lambda kinds, constants: kind if len(constants) < 2 or (isinstance(constants[1], int) and 2 <= constants[1] <= 36) else None


@function(
    "int(value: text, base: int!) -> int",
    category=NUMBER,
    rule=_base_rule(t.Int()),
    rejects=("R101", "R102"),
    examples=[example('int("2a", 16)', 42), example('int("-1010", 2)', -10), example('int("12", 2)', rejected="R101")],
)
def int_of_base(value: Datum, base: int) -> Outcome:
    """The whole number that a text of digits to some base, 2 to 36, is."""
    known = set(_DIGITS[:base] + _DIGITS[:base].upper())

    def read(text: str) -> int | Reject:
        body = text[1:] if text[:1] in {"+", "-"} else text
        if not body or not set(body) <= known:
            return Reject("R101")
        number = int(text[:200], base)
        return number if len(body) <= 100 and -(2**63) <= number < 2**63 else Reject("R102")

    # No kernel reads other bases; Python reads the distinct texts.
    return map_distinct(read, pa.int64(), value)


@function("int(value: int) -> int", category=NUMBER)
def int_of_int(value: Datum) -> pa.Array:
    """The number itself."""
    return as_array(value, 1)


@function("int(value: decimal) -> int", category=NUMBER, rejects=("R102", "R105"))
def int_of_decimal(value: Datum) -> Outcome:
    """The whole number that a decimal is; R105 where it has digits after the point."""
    column = as_array(value, 1)
    whole = decimals.rounded_to(column, 0, "down")
    lost = (decimals.order(column, whole.values) != 0) & valid(column)
    small = decimals.as_int64(whole.values)
    failed = tuple((mask & ~lost, "R102") for mask, _ in small.failed)
    return outcome(small.values, (lost, "R105"), *failed)


@function("int(value: float) -> int", category=NUMBER, rejects=("R102", "R105"))
def int_of_float(value: Datum) -> Outcome:
    """The whole number that a float is; R105 where it has digits after the point."""
    column = as_array(value, 1)
    numbers, keep = as_float(column), valid(column)
    lost = keep & (numbers != np.trunc(numbers))
    large = keep & (np.abs(numbers) >= 2.0**63)
    healthy = keep & ~lost & ~large
    return outcome(from_ints(np.where(healthy, numbers, 0).astype(np.int64), healthy), (lost & ~large, "R105"), (large, "R102"))


@function("int(value: bool) -> int", category=NUMBER)
def int_of_bool(value: Datum) -> pa.Array:
    """1 for true, 0 for false."""
    return pc.cast(as_array(value, 1), pa.int64())


@function(
    "format_int(value: int, base: int! = 10) -> text",
    category=NUMBER,
    rule=_base_rule(t.Text()),
    excel="BASE",
    also=("VRL format_int", "JSONata $formatBase", "Excel DEC2BIN", "Excel DEC2HEX", "Excel DEC2OCT"),
    examples=[example("format_int(42, 16)", "2a"), example("format_int(-10, 2)", "-1010"), example("format_int(42)", "42")],
)
def format_int(value: Datum, base: int) -> pa.Array:
    """A whole number as text to some base, 2 to 36."""
    if base == 10:
        return as_text(value)
    return map_distinct(lambda number: _to_base(number, base), pa.string(), value).values


def _to_base(number: int, base: int) -> str:
    found, rest = "", abs(number)
    while rest or not found:
        rest, digit = divmod(rest, base)
        found = _DIGITS[digit] + found
    return "-" + found if number < 0 else found


# --- decimals and floats -----------------------------------------------------------------------------------------


@function(
    "decimal(value: text) -> decimal",
    'decimal(value: text, mark: text!, groups: text! = "") -> decimal',
    category=NUMBER,
    rejects=("R102", "R104", "R105"),
    sql="CAST(x AS DECIMAL)",
    excel="NUMBERVALUE",
    also=(
        "VRL to_float",
        "JSONata $number",
        "DataWeave as Number",
        "Bloblang number",
        "jq tonumber",
        "GREL toNumber",
        "FEEL number",
        "Polars cast",
        "JSLT number",
        "Excel N",
    ),
    examples=[
        example('decimal("12.50")', Decimal("12.5")),
        example('decimal("1 234,56", ",")', Decimal("1234.56")),
        example('decimal("1.234,56", ",")', Decimal("1234.56")),
        example('decimal("1\'234.5", ".", "\'")', Decimal("1234.5")),
        example('decimal("1,2")', rejected="R104"),
        example('decimal("1e3")', rejected="R104"),
        example('decimal("0.00000000001")', rejected="R105"),
        example('decimal("1234567890123456789012345678901234567890")', rejected="R102"),
    ],
)
def decimal_of_text(value: Datum, mark: str = ".", groups: str | None = None) -> Outcome:
    """The exact number that a text is, with ten digits after the point at most, or a reject.

    `mark` is the decimal mark. With a comma, groups of three may be set apart by spaces (no-break ones too) or points;
    `groups` names other characters that may do so.
    """
    return conversions.to_decimal(as_array(value, 1), _DECIMAL.precision, _DECIMAL.scale, mark, groups or None)


@function("decimal(value: int) -> decimal", category=NUMBER, rejects=("R102",))
@function("decimal(value: decimal) -> decimal", category=NUMBER, rejects=("R102", "R105"))
def decimal_of_number(value: Datum) -> Outcome:
    """The number as a decimal of ten digits after the point; R105 where it has more."""
    column = as_array(value, 1)
    result = decimals.at_scale(column, _DECIMAL, "down")
    lost = (decimals.order(column, result.values) != 0) & valid(column) & valid(result.values)
    return outcome(result.values, (lost, "R105"), *((mask, "R102") for mask, _ in result.failed))


@function(
    "decimal(value: float) -> decimal", category=NUMBER, rejects=("R102",), examples=[example('decimal(float("0.1"))', Decimal("0.1"))]
)
def decimal_of_float(value: Datum) -> Outcome:
    """The number that a float is written as, rounded to ten digits after the point."""

    def exact(number: float) -> Decimal | Reject:
        rounded = Decimal(repr(number)).quantize(Decimal("1e-10"), rounding="ROUND_HALF_UP") if abs(number) < 1e18 else None
        return Reject("R102") if rounded is None else rounded

    return map_distinct(exact, pa.decimal128(_DECIMAL.precision, _DECIMAL.scale), value)


@function(
    'float(value: text, mark: text! = ".") -> float',
    category=NUMBER,
    rejects=("R102", "R104"),
    sql="CAST(x AS DOUBLE)",
    also=("VRL to_float", "VRL parse_float", "Polars cast", "CEL double", "Bloblang float64", "Excel N"),
    examples=[
        example('float("2.5e3")', 2500.0),
        example('float("1,5", ",")', 1.5),
        example('float("nan")', rejected="R104"),
        example('float("1e400")', rejected="R102"),
        example("float(1.5)", 1.5),
    ],
)
def float_of_text(value: Datum, mark: str) -> Outcome:
    """The float that a text or number is; there is no infinity, and nothing that is no number."""
    return conversions.to_float(as_array(value, 1), mark)


@function("float(value: number) -> float", category=NUMBER)
def float_of_number(value: Datum) -> pa.Array:
    """The float nearest to the number."""
    column = as_array(value, 1)
    return from_floats(as_float(column) + 0.0, valid(column))


@function("float(value: bool) -> float", category=NUMBER)
def float_of_bool(value: Datum) -> pa.Array:
    """1.0 for true, 0.0 for false."""
    return pc.cast(pc.cast(as_array(value, 1), pa.int8()), pa.float64())


# --- truth -------------------------------------------------------------------------------------------------------


@function(
    "bool(value: text) -> bool",
    category=CHOICE,
    rejects=("R103",),
    sql="CAST(x AS BOOLEAN)",
    also=("VRL to_bool", "JSONata $boolean", "DataWeave as Boolean", "Bloblang bool", "CEL bool", "JSLT boolean"),
    examples=[
        example('bool("yes")', True),
        example('bool("OFF")', False),
        example('bool("maybe")', rejected="R103"),
        example('bool("O", "O", "N")', True),
        example("bool(0)", False),
    ],
)
def bool_of_text(value: Datum) -> Outcome:
    """The truth value that a text says: `true`, `t`, `yes`, `y`, `on`, `1`, or `false`, `f`, `no`, `n`, `off`, `0`, in any case.

    `bool(x, "O", "N")` names the words. Of a number, whether it is not zero.
    """
    return conversions.to_bool(pc.utf8_lower(as_array(value, 1)), conversions.TRUE_WORDS, conversions.FALSE_WORDS)


@function("bool(value: text, yes: text!, no: text!) -> bool", category=CHOICE, rejects=("R103",))
def bool_of_words(value: Datum, yes: str, no: str) -> Outcome:
    """The truth value for which a word stands, written just so."""
    return conversions.to_bool(as_array(value, 1), (yes,), (no,))


@function("bool(value: number) -> bool", category=CHOICE)
def bool_of_number(value: Datum) -> pa.Array:
    """Whether a number is not zero."""
    column = as_array(value, 1)
    if pa.types.is_floating(column.type):
        return pc.not_equal(column, 0.0)
    return bools(~decimals.is_zero(column, len(column)), valid(column))


@function("bool(value: bool) -> bool", category=CHOICE)
def bool_of_bool(value: Datum) -> pa.Array:
    """The value itself."""
    return as_array(value, 1)
