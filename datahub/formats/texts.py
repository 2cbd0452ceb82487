"""Values as the texts that stand for them in files."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import calendar_text
from datahub.functions.columns import ints, valid
from datahub.functions.durations import duration_text
from datahub.types import model as t

_USUAL = t.Decimal()


def texts(values: pa.Array, kind: t.Type, decimal: str = ".", dates: str = "") -> pa.Array:
    """The text of each value of a type without parts; null stays null."""
    base = t.base_of(kind)
    match base:
        case t.Decimal():
            return _marked(_decimals(values, base), decimal)
        case t.Float():
            return _marked(values.cast(pa.string()), decimal)
        case t.Date() if dates:
            return calendar_text.write(ints(values), ints(values) * 0, valid(values), dates)
        case t.DateTime():
            return _moments(values, "Z")
        case t.LocalDateTime() | t.Time():
            return _moments(values, "")
        case t.Duration():
            return duration_text(values)
        case _:
            return values.cast(pa.string())


def _marked(values: pa.Array, decimal: str) -> pa.Array:
    return values if decimal == "." else pc.replace_substring(values, ".", decimal)


def _decimals(values: pa.Array, kind: t.Decimal) -> pa.Array:
    """Digits and a point, never an exponent; `decimal` without digits told is written without the zeros at its end."""
    found = values.cast(pa.string())
    exponents = pc.fill_null(pc.match_substring(found, "E"), False)
    if pc.any(exponents).as_py():
        odd = found.filter(exponents).dictionary_encode()
        # Arrow writes few values so, zero above all; each is looked at once.
        plain = pa.array([format(Decimal(value), "f") for value in odd.dictionary.to_pylist()], pa.string())
        found = pc.replace_with_mask(found, exponents, plain.take(odd.indices))
    if (kind.precision, kind.scale) == (_USUAL.precision, _USUAL.scale):
        found = pc.utf8_rtrim(pc.utf8_rtrim(found, characters="0"), characters=".")
    return found


def _moments(values: pa.Array, zone: str) -> pa.Array:
    """ISO texts with as many digits of a second as are needed."""
    # Arrow writes six digits behind the point even of whole seconds, so only those can be cut off.
    found = pc.utf8_rtrim(pc.replace_substring(values.cast(pa.string()), " ", "T"), characters="Z")
    found = pc.utf8_rtrim(pc.utf8_rtrim(found, characters="0"), characters=".")
    return pc.binary_join_element_wise(found, zone, "") if zone else found
