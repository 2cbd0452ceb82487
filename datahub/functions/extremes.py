"""The smallest and largest of several values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import decimals
from datahub.functions.columns import all_valid, broadcast, ints, is_constant, nulled
from datahub.functions.compare import is_number
from datahub.functions.declare import Datum, Mask, example, function
from datahub.functions.operators import as_float
from datahub.functions.precision import common_decimal, decimal_of

CATEGORY = "number"


@function(
    "least(values: T...) -> T",
    category=CATEGORY,
    sql="LEAST",
    excel="MIN",
    also=("DataWeave min", "jq min", "CEL math.least", "GREL min"),
    examples=[example("least(3, 1.5, 2)", Decimal("1.5")), example('least("b", "a")', "a"), example("least(1, null)")],
)
def least(*values: Datum) -> pa.Array:
    """The smallest of several values; null where one is null. Of a list, `min` is the smallest."""
    return _extreme(values, lambda a, b: a < b)


@function(
    "greatest(values: T...) -> T",
    category=CATEGORY,
    sql="GREATEST",
    excel="MAX",
    also=("DataWeave max", "jq max", "CEL math.greatest", "GREL max"),
    examples=[example("greatest(3, 1.5, 2)", Decimal(3)), example('greatest("b", "a")', "b"), example("greatest(1, null)")],
)
def greatest(*values: Datum) -> pa.Array:
    """The largest of several values; null where one is null. Of a list, `max` is the largest."""
    return _extreme(values, lambda a, b: a > b)


@function(
    "clamp(value: T, low: T, high: T) -> T",
    category=CATEGORY,
    excel="MEDIAN(low, x, high)",
    also=("Polars clip", "CEL math.least(math.greatest())"),
    examples=[example("clamp(15, 0, 10)", 10), example("clamp(-1, 0, 10)", 0), example("clamp(5, 0, 10)", 5)],
)
def clamp(value: Datum, low: Datum, high: Datum) -> pa.Array:
    """The value, but not below `low` nor above `high`."""
    raised = _extreme((value, low), lambda a, b: a > b)
    # Of two constants it is one value, which stands for as many rows as `high` has.
    return _extreme((raised[0] if is_constant(value) and is_constant(low) else raised, high), lambda a, b: a < b)


def _extreme(values: Sequence[Datum], better: Callable[[Any, Any], Any]) -> pa.Array:
    columns = _of_one_type(broadcast(*values))
    best = columns[0]
    for column in columns[1:]:
        best = pc.if_else(pa.array(_better(column, best, better)), column, best)
    return nulled(best, ~all_valid(*columns))


def _better(left: pa.Array, right: pa.Array, better: Callable[[Any, Any], Any]) -> Mask:
    if is_number(left.type):
        return np.asarray(better(decimals.order(left, right), 0))
    if pa.types.is_string(left.type):
        lower, higher = pc.less(left, right), pc.greater(left, right)
        return pc.fill_null(lower if better(0, 1) else higher, False).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return, unused-ignore]
    if pa.types.is_floating(left.type):
        return np.asarray(better(as_float(left), as_float(right)))
    if pa.types.is_boolean(left.type):
        return np.asarray(better(*(pc.fill_null(one, False).to_numpy(zero_copy_only=False).astype(np.int8) for one in (left, right))))
    return np.asarray(better(ints(left), ints(right)))


def _of_one_type(columns: tuple[pa.Array, ...]) -> tuple[pa.Array, ...]:
    if not all(is_number(column.type) for column in columns) or len({column.type for column in columns}) == 1:
        return columns
    planned = common_decimal([decimal_of(column) for column in columns])
    return tuple(decimals.at_scale(column, planned, "down").values for column in columns)
