"""Acme's money, over columns of decimals, and over the rows of a group."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import Datum, Offsets, Outcome, example, function
from datahub.functions.columns import as_mask, broadcast


@function(
    "acme.margin(price: decimal, cost: decimal?) -> decimal(38,4)",
    rejects=("R601", "R602"),
    examples=[
        example("acme.margin(12.50, 10)", "0.2000"),
        example("acme.margin(12.50, null)", "1.0000"),
        example("acme.margin(0, 1)", rejected="R601"),
    ],
)
def margin(price: Datum, cost: Datum) -> Outcome:
    """The part of a price that is left after its cost, 0.2 being a fifth; goods without a cost leave all."""
    prices, costs = (pc.cast(one, pa.float64()) for one in broadcast(price, cost))
    nothing = as_mask(pc.equal(prices, 0.0))
    divisor = pc.if_else(pa.array(nothing), 1.0, prices)
    share = pc.divide(pc.subtract(prices, pc.fill_null(costs, 0.0)), divisor)
    large = as_mask(pc.greater(pc.abs(share), 1e15))
    kept = pc.if_else(pa.array(large), 0.0, share)
    return Outcome(pc.cast(pc.round(kept, 4), pa.decimal128(38, 4), safe=False), ((nothing, "R601"), (large & ~nothing, "R602")))


@function(
    "acme.spread(value: int) -> int?",
    kind="aggregate",
    examples=[example("acme.spread([3, 9, 4])", 6)],
)
def spread(value: pa.Array, offsets: Offsets) -> pa.Array:
    """How far the least and the greatest of a group are apart; null where it has no value."""
    lengths = np.diff(offsets)
    group = pa.array(np.repeat(np.arange(len(lengths)), lengths))
    rows = pa.array(np.arange(offsets[0], offsets[-1]))
    table = pa.table({"group": group, "value": value.take(rows)})
    found = table.group_by("group").aggregate([("value", "min"), ("value", "max")])
    at = pc.index_in(pa.array(np.arange(len(lengths))), value_set=found["group"].combine_chunks())
    return pc.subtract(found["value_max"], found["value_min"]).combine_chunks().take(at)
