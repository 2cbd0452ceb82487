"""The operators of arithmetic on times and durations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import civil, decimals
from datahub.functions.columns import Ints, all_valid, as_array, broadcast, from_ints, ints, outcome, valid
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.operators import add_ints, multiply_ints, negate_int, subtract_ints
from datahub.functions.precision import quotient_rule
from datahub.types import model as t


@function(
    "+(time: datetime, by: duration) -> datetime",
    "+(time: local_datetime, by: duration) -> local_datetime",
    kind="operator",
    rejects=("R602",),
    examples=[example('text(datetime("2024-05-01T10:00:00Z") + parse_duration("90m"))', "2024-05-01T11:30:00Z")],
)
def add_duration_to_time(time: Datum, by: Datum) -> Outcome:
    """The time moved forward by a duration; R602 outside the years 1 to 9999."""
    return _moved(time, by, np.add)


@function(
    "+(by: duration, time: datetime) -> datetime",
    "+(by: duration, time: local_datetime) -> local_datetime",
    kind="operator",
    rejects=("R602",),
    examples=[example('text(parse_duration("90m") + datetime("2024-05-01T10:00:00Z"))', "2024-05-01T11:30:00Z")],
)
def add_time_to_duration(by: Datum, time: Datum) -> Outcome:
    """The time moved forward by a duration; R602 outside the years 1 to 9999."""
    return _moved(time, by, np.add)


@function(
    "+(left: duration, right: duration) -> duration",
    kind="operator",
    rejects=("R602",),
    examples=[example('text(parse_duration("1h") + parse_duration("30m"))', "PT1H30M")],
)
def add_durations(left: Datum, right: Datum) -> Outcome:
    """The sum of two durations."""
    return _as_durations(add_ints(*_counts(left, right)))


@function(
    "-(time: datetime, by: duration) -> datetime",
    "-(time: local_datetime, by: duration) -> local_datetime",
    kind="operator",
    rejects=("R602",),
    examples=[example('text(datetime("2024-05-01T10:00:00Z") - parse_duration("1d"))', "2024-04-30T10:00:00Z")],
)
def subtract_duration_from_time(time: Datum, by: Datum) -> Outcome:
    """The time moved back by a duration; R602 outside the years 1 to 9999."""
    return _moved(time, by, np.subtract)


@function(
    "-(left: datetime, right: datetime) -> duration",
    "-(left: local_datetime, right: local_datetime) -> duration",
    "-(left: duration, right: duration) -> duration",
    kind="operator",
    rejects=("R602",),
    examples=[example('text(datetime("2024-05-01T10:00:00Z") - datetime("2024-05-01T08:30:00Z"))', "PT1H30M")],
)
def subtract_times(left: Datum, right: Datum) -> Outcome:
    """The duration from the right time to the left one."""
    return _as_durations(subtract_ints(*_counts(left, right)))


@function(
    "*(duration: duration, times: int) -> duration",
    kind="operator",
    rejects=("R602",),
    examples=[example('text(parse_duration("30m") * 3)', "PT1H30M")],
)
def multiply_duration(duration: Datum, times: Datum) -> Outcome:
    """The duration so many times."""
    column, factors = broadcast(duration, times)
    return _as_durations(multiply_ints(*_counts(column), factors))


@function(
    "*(times: int, duration: duration) -> duration",
    kind="operator",
    rejects=("R602",),
    examples=[example('text(3 * parse_duration("30m"))', "PT1H30M")],
)
def multiply_by_duration(times: Datum, duration: Datum) -> Outcome:
    """The duration so many times."""
    column, factors = broadcast(duration, times)
    return _as_durations(multiply_ints(*_counts(column), factors))


@function(
    "/(left: duration, right: duration) -> decimal",
    kind="operator",
    rejects=("R601", "R602"),
    rule=lambda kinds, constants: quotient_rule((t.Int(), t.Int()), (None, None)),
    examples=[
        example('parse_duration("1d") / parse_duration("6h")', 4),
        example('parse_duration("1h") / parse_duration("0s")', rejected="R601"),
    ],
)
def divide_durations(left: Datum, right: Datum) -> Outcome:
    """How often the right duration goes into the left one."""
    return decimals.divide(*(pc.cast(one, pa.decimal128(19, 0)) for one in _counts(left, right)))


@function(
    "/(duration: duration, parts: int) -> duration",
    kind="operator",
    rejects=("R601", "R602"),
    examples=[
        example('text(parse_duration("1d") / 2)', "PT12H"),
        example('parse_duration("1d") / 0', rejected="R601"),
    ],
)
def divide_duration(duration: Datum, parts: Datum) -> Outcome:
    """One of so many equal parts of a duration, to the microsecond, half away from zero."""
    column, counts = broadcast(duration, parts)
    whole, by, keep = ints(column), ints(counts), all_valid(column, counts)
    none = by == 0
    by = np.where(none, 1, by)
    # In unsigned numbers neither the smallest of the signed ones nor the doubled rest is out of reach.
    size, step = np.abs(whole).astype(np.uint64), np.abs(by).astype(np.uint64)
    part, rest = size // step, size % step
    part += rest >= step - rest
    below = (whole < 0) != (by < 0)
    signed = np.where(below, -part.astype(np.int64), part.astype(np.int64))
    return _as_durations(outcome(from_ints(signed, keep), (keep & none, "R601"), (keep & ~below & (part >= 2**63), "R602")))


@function(
    "neg(value: duration) -> duration", kind="operator", rejects=("R602",), examples=[example('text(-(parse_duration("1h")))', "-PT1H")]
)
def negate_duration(value: Datum) -> Outcome:
    """The duration in the other direction."""
    return _as_durations(negate_int(_counts(value)[0]))


def _moved(time: Datum, by: Datum, ufunc: Callable[..., Ints]) -> Outcome:
    column, steps = broadcast(time, by)
    moments, keep = ufunc(ints(column), ints(steps)), all_valid(column, steps)
    # The sum of 64 bits may wrap; that of floats tells, since then it is far out of the calendar.
    far = np.abs(ufunc(ints(column).astype(np.float64), ints(steps).astype(np.float64))) > 2.0**62
    return outcome(from_ints(moments, keep, column.type), (keep & (far | (moments < civil.EARLIEST) | (moments > civil.LATEST)), "R602"))


def _counts(*values: Datum) -> list[pa.Array]:
    """Times or durations as the microseconds that they count."""
    return [from_ints(ints(column), valid(column)) for column in broadcast(*values)]


def _as_durations(result: Outcome) -> Outcome:
    return Outcome(pc.cast(as_array(result.values, 1), pa.duration("us")), result.failed)
