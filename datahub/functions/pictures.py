"""Numbers written by a picture such as `#,##0.00`: as Excel, Java, XPath and CLDR have them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from functools import cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import decimals
from datahub.functions.columns import as_array, map_distinct, nulled, valid
from datahub.functions.declare import Datum, example, function
from datahub.functions.written import decimal_text
from datahub.records import record
from datahub.types import model as t

CATEGORY = "number"
_PRECISION = 800
"""More digits than a float has before the point."""
_EXACT = Context(prec=_PRECISION)
MOST_DIGITS = 400
"""How many digits behind the mark are written at most."""
_COMMA = (",", ".")
MARKS = {"": (".", ","), "en": (".", ","), "fr": (",", "\u202f"), "de": _COMMA, "es": _COMMA, "it": _COMMA, "nl": _COMMA, "pt": _COMMA}
"""The decimal mark and what sets groups apart, by language."""
_ACTIVE = r"[#0-9,.]*[0-9#][#0-9,.]*(?:[eE][+-]?[0-9]+)?"


@record(frozen=True, slots=True)
class Picture:
    """How a number is written: digits before and after the point, groups, and what stands around them.

    `groups` are the places, counted from the point, before which a mark stands; `every` is their distance where they
    repeat. `times` is 100 for per cent, 1000 for per mille. `exponent` is how many digits it has at least, 0 for none, and `mark`
    what stands before it; `E+` shows the sign of every exponent, as Excel does.
    """

    prefix: str
    suffix: str
    whole: int
    least: int
    most: int
    groups: tuple[int, ...]
    every: int
    fraction_groups: tuple[int, ...]
    times: int
    exponent: int
    mark: str = ""
    zero: bool = False
    """Whether a number without digits before the point has a zero there, in a picture with exponent."""


@cache
def pictures(pattern: str) -> tuple[Picture, Picture | None]:
    """The picture of a number, and that of one below zero where it has its own; a ValueError says what is wrong."""
    positive, mark, negative = pattern.partition(";")
    if ";" in negative:
        raise ValueError("`;` stands once, before the picture of numbers below zero")
    return _picture(positive), _picture(negative) if mark else None


def _picture(pattern: str) -> Picture:
    quoted: list[str] = []

    def hidden(piece: re.Match[str]) -> str:
        quoted.append(piece.group(1) or "'")
        return "\0"

    # What stands in quotes is no picture, whatever signs it holds.
    bare = re.sub(r"'([^']*)'", hidden, pattern)
    match = re.search(_ACTIVE, bare)
    if match is None:
        raise ValueError("it has no `0` or `#` where digits go")
    prefix, suffix = bare[: match.start()], bare[match.end() :]
    body, mark, exponent = re.fullmatch(r"([^eE]*)([eE]?[+-]?)([0-9]*)", match.group()).groups()  # type: ignore[union-attr]
    whole, _, fraction = body.partition(".")
    around = prefix + suffix
    _check(whole, fraction, around, bool(exponent))
    prefix, suffix = _shown(prefix, quoted), _shown(suffix, quoted[prefix.count("\0") :])
    digits = whole.replace(",", "")
    groups = tuple(len(whole[at + 1 :].replace(",", "")) for at, sign in enumerate(whole) if sign == ",")[::-1]
    regular = bool(groups) and all(place == groups[0] * number for number, place in enumerate(groups, start=1))
    places = fraction.replace(",", "")
    # An exponent alone would leave no digit to write.
    tenth = bool(exponent) and not places and not re.search("[0-9]", digits)
    return Picture(
        prefix,
        suffix,
        sum(sign.isdigit() for sign in digits),
        sum(sign.isdigit() for sign in places) or int(tenth),
        len(places) or int(tenth),
        groups,
        groups[0] if regular else 0,
        tuple(len(fraction[:at].replace(",", "")) for at, sign in enumerate(fraction) if sign == ","),
        100 if "%" in around else 1000 if "‰" in around else 1,
        len(exponent),
        mark.rstrip("-"),
        bool(exponent) and "#" in digits,
    )


def _check(whole: str, fraction: str, around: str, exponent: bool) -> None:
    if "." in fraction or re.search(r"[0-9][0-9,]*#", whole) or re.search(r"#[#,]*[0-9]", fraction):
        raise ValueError("`#` stands before the zeros on the left of the point, after them on its right")
    if ",," in whole + fraction or whole.endswith(",") or fraction.startswith(",") or fraction.endswith(","):
        raise ValueError("`,` stands between two digits")
    if re.search(r"[#0-9.,;]", around):
        raise ValueError("digits stand together; other signs go into quotes, as in `'Nr.' 0`")
    if odd := re.search(r"\?|\[[^\]]*\]", around):
        raise ValueError(f"`{odd.group()}` of spreadsheets is not known; as itself it stands in quotes: `'{odd.group()}'`")
    if around.count("%") + around.count("‰") > (0 if exponent else 1):
        raise ValueError("`%` or `‰` stands once, and not beside an exponent")


def _shown(text: str, quoted: list[str]) -> str:
    held = iter(quoted)
    return re.sub("\0", lambda _: next(held), text)


def write(number: Decimal, pattern: str, marks: tuple[str, str]) -> str:
    """One number by its picture, rounded half away from zero."""
    positive, negative = pictures(pattern)
    picture = positive if number >= 0 or negative is None else negative
    sign = "-" if number < 0 and negative is None else ""
    with localcontext(prec=_PRECISION):
        size = abs(number) * picture.times
        size, exponent = _scaled(size, picture) if picture.exponent else (size, 0)
        rounded = size.quantize(Decimal(1).scaleb(-picture.most), ROUND_HALF_UP)
        whole, _, fraction = f"{rounded:f}".partition(".")
    if not rounded and not picture.exponent:
        sign = ""
    whole = whole.lstrip("0").rjust(picture.whole, "0")
    fraction = fraction[: picture.least] + fraction[picture.least :].rstrip("0")
    if not whole and (not fraction or picture.zero):
        whole = "0"
    written = _grouped(whole, picture, marks[1])
    if fraction:
        written += marks[0] + "".join((marks[1] if at in picture.fraction_groups else "") + digit for at, digit in enumerate(fraction))
    if picture.exponent:
        written += picture.mark[0] + ("-" if exponent < 0 else picture.mark[1:]) + str(abs(exponent)).rjust(picture.exponent, "0")
    return f"{sign}{picture.prefix}{written}{picture.suffix}"


def _scaled(size: Decimal, picture: Picture) -> tuple[Decimal, int]:
    """The number with as many digits before the point as the picture asks for, and the exponent that makes up for it."""
    if not size:
        return size, 0
    exponent = size.adjusted() + 1 - picture.whole
    rounded = size.scaleb(-exponent).quantize(Decimal(1).scaleb(-picture.most), ROUND_HALF_UP)
    # What rounds up to one digit more, 9.996 to 10.00, is 1.00 of the next exponent.
    exponent += rounded.adjusted() + 1 > picture.whole and picture.whole > 0
    return size.scaleb(-exponent), exponent


def _grouped(whole: str, picture: Picture, mark: str) -> str:
    count = len(whole)

    def marked(left: int) -> bool:
        return left % picture.every == 0 if picture.every else left in picture.groups

    if not picture.groups:
        return whole
    return "".join((mark if at and marked(count - at) else "") + digit for at, digit in enumerate(whole))


# --- functions ---------------------------------------------------------------------------------------------------


def _picture_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    pattern = constants[1]
    if not isinstance(pattern, str) or (len(constants) > 2 and constants[2] not in MARKS):
        return None
    try:
        pictures(pattern)
    except ValueError:
        return None
    return t.Text()


@function(
    'format_number(value: number, pattern: text!, locale: text! = "") -> text',
    'text(value: number, pattern: text!, locale: text! = "") -> text',
    category=CATEGORY,
    rule=_picture_rule,
    sql="TO_CHAR",
    excel="TEXT",
    also=("JSONata $formatNumber", "DataWeave as String {format}", "XPath format-number", "Excel DOLLAR"),
    examples=[
        example('format_number(12345.6, "#,##0.00")', "12,345.60"),
        example('format_number(12345.6, "#,##0.00", "de")', "12.345,60"),
        example('format_number(-6, "000")', "-006"),
        example('format_number(0.14, "0%")', "14%"),
        example('format_number(1234.5678, "00.000e0")', "12.346e2"),
        example('format_number(12345.6, "0.00E+00")', "1.23E+04"),
        example('text(2.5, "0.00")', "2.50"),
    ],
)
def format_number(value: Datum, pattern: str, locale: str) -> pa.Array:
    """The number by a picture: `0` is a digit that is always there, `#` one where needed, `,` sets groups apart, `.` is the point.

    Digits that the picture has no place for are rounded half away from zero. `%` counts in hundredths, `e0` gives an
    exponent (`E+00` as Excel writes it), what follows `;` is for numbers below zero. `locale` chooses the marks of a language;
    English ones unless told.
    """
    column = as_array(value, 1)
    picture, negative = pictures(pattern)
    marks = MARKS.get(locale, MARKS[""])
    plain = not picture.groups and not picture.exponent and picture.times == 1 and picture.whole == 1 and negative is None
    if plain and marks[0] == "." and not picture.prefix and not pa.types.is_floating(column.type):
        rounded = decimals.rounded_to(column, picture.most, "half_up")
        written = decimal_text(rounded.values, picture.least)
        return pc.binary_join_element_wise(written, pa.scalar(picture.suffix), "") if picture.suffix else written
    # Pictures are written for the distinct numbers, each by itself.
    return map_distinct(lambda number: write(_exact(number), pattern, marks), pa.string(), column).values


def _exact(number: Any) -> Decimal:
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


def _marks_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    # What holds digits is a picture, beside a language that is not known.
    return t.Text() if all(isinstance(mark, str) and not re.search("[#0-9]", mark) for mark in constants[1:]) else None


@function(
    "format_number(value: number, mark: text!, groups: text!) -> text",
    category=CATEGORY,
    rule=_marks_rule,
    examples=[example('format_number(4672.4, ",", "_")', "4_672,4")],
)
def format_marks(value: Datum, mark: str, groups: str) -> pa.Array:
    """The number with all of its digits, and marks of one's own."""
    return map_distinct(partial(_with_marks, digits=None, mark=mark, groups=groups), pa.string(), value).values


@function(
    'format_number(value: number, digits: int!, mark: text! = ".", groups: text! = "") -> text',
    category=CATEGORY,
    excel="FIXED",
    also=("VRL format_number", "FEEL string"),
    examples=[example('format_number(1234567.89, 3, ".", ",")', "1,234,567.890"), example("format_number(0.5, 0)", "1")],
)
def format_digits(value: Datum, digits: int, mark: str = ".", groups: str = "") -> pa.Array:
    """The number with so many digits after the mark, and groups of three."""
    column = as_array(value, 1)
    if digits > MOST_DIGITS:
        raise ValueError(f"it writes at most {MOST_DIGITS} digits behind the mark")
    if mark == "." and not groups and digits >= 0 and not pa.types.is_floating(column.type):
        return nulled(decimal_text(decimals.rounded_to(column, digits, "half_up").values, digits), np.logical_not(valid(column)))
    return map_distinct(partial(_with_marks, digits=max(digits, 0), mark=mark, groups=groups), pa.string(), column).values


def _with_marks(number: Any, digits: int | None, mark: str, groups: str) -> str:
    exact = _exact(number)
    places = digits if digits is not None else max(-int(exact.normalize(_EXACT).as_tuple().exponent), 0)
    pattern = ("#,##0" if groups else "0") + ("." + "0" * places if places else "")
    return write(exact, pattern, (mark, groups))
