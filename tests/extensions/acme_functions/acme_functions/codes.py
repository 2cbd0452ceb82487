"""Acme's stock codes, over columns."""

import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import Datum, Outcome, Reject, example, function, outcome
from datahub.functions.columns import as_mask, broadcast, valid


def stock_code_of_one(value):
    import re

    trimmed = value.strip(" ").upper()
    return trimmed if re.fullmatch(r"[A-Z]{2}-?[0-9]{4}", trimmed) else Reject("R603")


@function(
    "acme.stock_code(value: text) -> text",
    rejects=("R603",),
    reference=stock_code_of_one,
    also=("Acme STOCKCODE",),
    examples=[example('acme.stock_code(" ab-1234 ")', "AB-1234"), example('acme.stock_code("12")', rejected="R603")],
)
def stock_code(value: Datum) -> Outcome:
    """A stock code of Acme: two letters and four digits, in capitals; any other text is a reject (R603)."""
    (texts,) = broadcast(value)
    codes = pc.ascii_upper(pc.utf8_trim(texts, " "))
    good = as_mask(pc.match_substring_regex(codes, r"^[A-Z]{2}-?[0-9]{4}$"))
    return outcome(codes, (~good & valid(texts), "R603"))


@function(
    'acme.shelf(code: text, hall: text! = "A") -> {hall: text, place: int?}',
    examples=[example('acme.shelf("AB-1234")', {"hall": "A", "place": 34}), example('acme.shelf("x", "B").hall', "B")],
)
def shelf(code: Datum, hall: str = "A") -> pa.Array:
    """Where goods lie: the hall, and the place that the last two digits of their code name."""
    (texts,) = broadcast(code)
    last = pc.utf8_slice_codeunits(texts, -2)
    digits = pc.if_else(pc.match_substring_regex(last, "^[0-9]{2}$"), last, pa.scalar(None, pa.string()))
    place = pc.cast(digits, pa.int64())
    return pa.StructArray.from_arrays([pa.repeat(hall, len(texts)), place], ["hall", "place"])
