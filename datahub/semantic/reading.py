"""How the text of a file becomes values of a type: one way, for texts that the plan converts and for texts inside typed formats."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.frames.frame import Mask, as_mask
from datahub.functions import conversions
from datahub.functions.declare import Outcome
from datahub.semantic import ir
from datahub.types import model as t


def reader(base: t.Type, reading: ir.Reading) -> Callable[[pa.Array], Outcome]:
    """How texts become values of `base`."""
    match base:
        case t.Bool():
            return partial(conversions.to_bool, true_words=reading.true_words, false_words=reading.false_words)
        case t.Int():
            return partial(_int, width=base.width)
        case t.Decimal(precision=precision, scale=scale):
            return partial(conversions.to_decimal, precision=precision, scale=scale, decimal_mark=reading.decimal)
        case t.Float():
            return partial(conversions.to_float, decimal_mark=reading.decimal)
        case t.Date():
            return partial(conversions.to_date, pattern=reading.formats, locale=reading.locale)
        case t.Time():
            return partial(conversions.to_time, pattern=reading.formats, locale=reading.locale)
        case t.DateTime():
            return partial(conversions.to_datetime, pattern=reading.formats, zone=reading.zone, locale=reading.locale)
        case t.LocalDateTime():
            return partial(conversions.to_local_datetime, pattern=reading.formats, locale=reading.locale)
        case t.Duration():
            return conversions.to_duration
        case t.Enum(members=members):
            return partial(conversions.to_enum, members=members)
        case t.Json():
            return conversions.to_json
        case t.Text(shortest=shortest, longest=longest) if shortest or longest is not None:
            return partial(conversions.fit_text, shortest=shortest, longest=longest)
        case _:
            return Outcome


def _int(texts: pa.Array, width: int) -> Outcome:
    made = conversions.to_int(texts)
    return Outcome(made.values, (*made.failed, (beyond(made.values, width), "R102")))


def beyond(values: pa.Array, width: int) -> Mask:
    """Where whole numbers need more than `width` bits."""
    if width >= 64:
        return np.zeros(len(values), np.bool_)
    limit = 1 << (width - 1)
    outside = pc.or_(pc.greater_equal(values, pa.scalar(limit, pa.int64())), pc.less(values, pa.scalar(-limit, pa.int64())))
    return as_mask(outside, len(values))
