"""What the text of a cell stands for, by all that a source says of its columns."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from datahub.semantic import ir
from datahub.types import model as t
from tests.reference import dates, lists, numbers
from tests.reference.expressions import Cell, World, failed
from tests.reference.meaning import Asked, Reject
from tests.reference.texts import SPACES


def converted(raw: Any, kind: t.Type, reading: ir.Reading, world: World) -> Cell:
    """The value of a cell: empty is null unless it is text and the source says otherwise; null in a required column is R201."""
    base = t.base_of(kind)
    if not isinstance(raw, str | None):
        return Cell(raw) if raw is not None or kind.nullable else failed("R201")
    text = cleaned(raw, reading, isinstance(base, t.Text))
    if isinstance(base, t.ListOf):
        return split(text, base, reading, world)
    if text is None:
        return Cell(None) if kind.nullable else failed("R201")
    try:
        return Cell(read(text, base, reading, world))
    except Reject as reject:
        return failed(reject.code)


def cleaned(raw: str | None, reading: ir.Reading, is_text: bool) -> str | None:
    if raw is None:
        return None
    text = raw.strip(SPACES) if reading.trim else raw
    if text in reading.null_words or (not text and not (reading.empty_text and is_text)):
        return None
    return text


def split(text: str | None, base: t.ListOf, reading: ir.Reading, world: World) -> Cell:
    """A blank cell is no item; blank items are none, unless they may be null."""
    if text is None:
        return Cell([])
    from dataclasses import replace

    inner = replace(reading, split=reading.split[1:])
    cells = [
        converted(one, base.item, inner, world)
        for one in text.split(reading.split[0])
        if base.item.nullable or cleaned(one, inner, False) is not None
    ]
    codes = frozenset(code for cell in cells for code in cell.codes)
    return Cell(None, codes) if codes else Cell([cell.value for cell in cells])


def read(text: str, base: t.Type, reading: ir.Reading, world: World) -> Any:
    match base:
        case t.Text(shortest=shortest, longest=longest):
            if longest is not None and len(text) > longest:
                raise Reject("R202")
            if shortest and len(text) < shortest:
                raise Reject("R203")
            return text
        case t.Int():
            return numbers.to_int(text)
        case t.Decimal():
            return decimal(text, base, reading.decimal)
        case t.Float():
            return numbers.to_float(text, reading.decimal)
        case t.Bool():
            if text not in (*reading.true_words, *reading.false_words):
                raise Reject("R103")
            return text in reading.true_words
        case t.Enum(members=members):
            if text not in members:
                raise Reject("R109")
            return text
        case t.Date():
            return dates.first_of(text, reading.formats or ("yyyy-MM-dd",), reading.locale, "R106")[0].date()
        case t.Time():
            return dates.first_of(text, reading.formats or dates.CLOCKS, reading.locale, "R108")[0].time()
        case t.LocalDateTime():
            return dates.first_of(text, reading.formats or dates.MOMENTS, reading.locale, "R107")[0]
        case t.DateTime():
            asked = Asked((), base, world.now, reading.zone or world.zone)
            return dates.to_instant(asked, text, *reading.formats[:1])
        case t.Json():
            return lists.json_parse(text)
        case _:
            raise AssertionError(base)


def decimal(text: str, base: t.Decimal, mark: str) -> Any:
    """With a decimal comma groups of three may be set apart by spaces or points; digits beyond the type's are no small matter."""
    groups = " \u00a0\u202f\u2009." if mark == "," else ""
    whole = rf"\d{{1,3}}(?P<group>[{groups}])\d{{3}}(?:(?P=group)\d{{3}})*|\d*" if groups else r"\d*"
    match = re.fullmatch(rf"(?P<sign>[+-]?)(?P<whole>{whole})(?:{re.escape(mark)}(?P<rest>\d+))?", text, re.ASCII)
    if match is None or not (match["whole"] or match["rest"]):
        raise Reject("R104")
    number = Fraction(match["sign"] + "0" + re.sub("[^0-9]", "", match["whole"]) + "." + (match["rest"] or "0"))
    if abs(number) >= 10 ** (base.precision - base.scale):
        raise Reject("R102")
    if number * 10**base.scale % 1:
        raise Reject("R105")
    return numbers.exact(number, base, "R102")
