"""Instants in zones and as numbers, and durations in units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.functions import civil, decimals, durations
from datahub.functions.columns import as_array, from_ints, ints, outcome, valid
from datahub.functions.date_arithmetic import SIZES
from datahub.functions.declare import Context, Datum, Outcome, example, function
from datahub.functions.moments import dates, local, times, unit_of, zone_of
from datahub.functions.operators import multiply_ints
from datahub.functions.precision import capped
from datahub.types import model as t

CATEGORY = "date"


# --- zones -------------------------------------------------------------------------------------------------------


def _zone_rule(kind: t.Type) -> Callable[[Sequence[t.Type], Sequence[Any]], t.Type | None]:
    def rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
        zone = constants[1] if len(constants) > 1 else ""
        return kind if not zone or civil.zone_known(zone) else None

    return rule


@function(
    'to_zone(value: datetime, zone: text! = "") -> local_datetime',
    category=CATEGORY,
    rule=_zone_rule(t.LocalDateTime()),
    rejects=("R602",),
    context=True,
    sql="AT TIME ZONE",
    also=("DataWeave >>", "Bloblang ts_tz", "Polars dt.convert_time_zone", "JSONata $fromMillis"),
    examples=[
        example('text(to_zone(datetime("2024-05-01T10:00:00Z"), "Europe/Paris"))', "2024-05-01T12:00:00"),
        example('text(to_zone(datetime("2024-01-01T10:00:00Z"), "+02:00"))', "2024-01-01T12:00:00"),
        example('to_zone(datetime("9999-12-31T23:30:00Z"), "Europe/Paris")', rejected="R602"),
        example('to_zone(null, "Europe/Paris")', None),
    ],
)
def to_zone(value: Datum, zone: str = "", *, context: Context) -> Outcome:
    """What clocks in a zone, the project's unless told, show at an instant. Back again: `datetime(x, zone)`."""
    shown = civil.to_local(as_array(value, 1), zone_of(zone, context))
    result: Outcome = times(ints(shown), valid(shown), civil.LOCAL)
    return result


@function(
    'local_date(value: datetime, zone: text! = "") -> date',
    category=CATEGORY,
    rule=_zone_rule(t.Date()),
    rejects=("R602",),
    context=True,
    sql="CAST(x AT TIME ZONE z AS DATE)",
    also=("Polars dt.date",),
    examples=[
        example('text(local_date(datetime("2024-05-01T23:30:00Z"), "Europe/Paris"))', "2024-05-02"),
        example('text(local_date(datetime("2024-05-01T23:30:00Z"), "UTC"))', "2024-05-01"),
        example('local_date(datetime("0001-01-01T00:30:00Z"), "America/New_York")', rejected="R602"),
        example('local_date(null, "Europe/Paris")', None),
    ],
)
def local_date(value: Datum, zone: str = "", *, context: Context) -> Outcome:
    """The day that a calendar in a zone, the project's unless told, shows at an instant."""
    days, _, keep = local(value, zone_of(zone, context))
    result: Outcome = dates(days, keep)
    return result


# --- as numbers --------------------------------------------------------------------------------------------------

_PER_UNIT = {"second": civil.SECOND, "millisecond": 1000, "microsecond": 1}


def _epoch_rule(kind: t.Type) -> Callable[[Sequence[t.Type], Sequence[Any]], t.Type | None]:
    def rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
        unit = unit_of(constants[1]) if len(constants) > 1 else "second"
        return kind if unit in {*_PER_UNIT, "nanosecond"} else None

    return rule


@function(
    'from_unix(value: int, unit: text! = "s") -> datetime',
    category=CATEGORY,
    rejects=("R602",),
    rule=_epoch_rule(t.DateTime()),
    sql="TO_TIMESTAMP",
    also=(
        "VRL from_unix_timestamp",
        "JSONata $fromMillis",
        "jq todate",
        "Polars from_epoch",
        "GREL timeSinceUnixEpochToDate",
    ),
    examples=[
        example("text(from_unix(1714557600))", "2024-05-01T10:00:00Z"),
        example('text(from_unix(1, "ms"))', "1970-01-01T00:00:00.001Z"),
        example("from_unix(999999999999999)", rejected="R602"),
    ],
)
def from_unix(value: Datum, unit: str) -> Outcome:
    """The instant so many seconds (or `ms`, `us`, `ns`) after the beginning of 1970 in UTC; R602 beyond the year 9999."""
    column = as_array(value, 1)
    name = unit_of(unit)
    keep, counts = valid(column), ints(column)
    if name == "nanosecond":
        return outcome(from_ints(counts // 1000, keep, civil.INSTANT))
    product = multiply_ints(column, pa.scalar(_PER_UNIT[name]))
    moments = ints(product.values)
    lost = keep & (~valid(product.values) | (moments < civil.EARLIEST) | (moments > civil.LATEST))
    return outcome(from_ints(np.where(lost, 0, moments), keep, civil.INSTANT), (lost, "R602"))


@function(
    'to_unix(value: datetime, unit: text! = "s") -> int',
    category=CATEGORY,
    rejects=("R602",),
    rule=_epoch_rule(t.Int()),
    sql="EXTRACT(EPOCH)",
    also=("VRL to_unix_timestamp", "JSONata $toMillis", "Bloblang ts_unix", "jq fromdate", "Polars dt.epoch", "Bloblang ts_unix_milli"),
    examples=[
        example('to_unix(datetime("2024-05-01T10:00:00Z"))', 1714557600),
        example('to_unix(datetime("1970-01-01T00:00:01Z"), "ms")', 1000),
        example('to_unix(datetime("9999-12-31T23:59:59Z"), "ns")', rejected="R602"),
    ],
)
def to_unix(value: Datum, unit: str) -> Outcome:
    """The whole seconds (or `ms`, `us`, `ns`) from the beginning of 1970 in UTC to an instant."""
    column = as_array(value, 1)
    name, keep, counts = unit_of(unit), valid(column), ints(column)
    if name == "nanosecond":
        product: Outcome = multiply_ints(from_ints(counts, keep), pa.scalar(1000))
        return product
    return outcome(from_ints(counts // _PER_UNIT[name], keep))


# --- durations ---------------------------------------------------------------------------------------------------


@function(
    "parse_duration(value: text) -> duration",
    "duration(value: text) -> duration",
    category=CATEGORY,
    rejects=("R112",),
    sql="CAST(x AS INTERVAL)",
    also=("VRL parse_duration", "DataWeave as Period", "Bloblang parse_duration", "FEEL duration", "CEL duration"),
    examples=[
        example('text(parse_duration("1h 30m"))', "PT1H30M"),
        example('text(parse_duration("P1DT12H"))', "P1DT12H"),
        example('parse_duration("1 month")', rejected="R112"),
        example("duration(null)", None),
    ],
)
def parse_duration(value: Datum) -> Outcome:
    """The duration that a text says: `PT1H30M`, `1h 30m`, `90m`, `1005ms` or `1:30:00`; R112 where it says none.

    Months and years have no fixed length: see `add_months`.
    """
    return durations.to_duration(value)


def _duration_rule(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type | None:
    return t.Decimal(False, 28, 10) if unit_of(constants[1]) in SIZES else None


@function(
    "parse_duration(value: text, unit: text!) -> decimal",
    category=CATEGORY,
    rejects=("R112",),
    rule=_duration_rule,
    examples=[example('parse_duration("1005ms", "s")', 1.005), example('parse_duration("90m", "h")', 1.5)],
)
def parse_duration_in(value: Datum, unit: str) -> Outcome:
    """The duration that a text says, counted in a unit."""
    read = durations.to_duration(value)
    return outcome(duration_in(read.values, unit).values, *read.failed)


@function(
    "duration_in(value: duration, unit: text!) -> decimal",
    category=CATEGORY,
    rule=_duration_rule,
    also=("Polars dt.total_seconds", "DataWeave as Number {unit}"),
    examples=[example('duration_in(parse_duration("90m"), "h")', 1.5), example('duration_in(parse_duration("2d"), "hours")', 48)],
)
def duration_in(value: Datum, unit: str) -> Outcome:
    """A duration counted in weeks, days, hours, minutes, seconds, milliseconds or microseconds."""
    column = as_array(value, 1)
    counts = from_ints(ints(column), valid(column))
    return decimals.quotient(counts, pa.scalar(SIZES[unit_of(unit)], pa.int64()), capped(28, 10))
