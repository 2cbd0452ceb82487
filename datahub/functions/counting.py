"""Whole numbers by their bits, and how many ways there are: factorials and combinations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.functions.columns import Ints, Reject, all_valid, broadcast, from_ints, ints, map_distinct, outcome
from datahub.functions.declare import Datum, Outcome, example, function

CATEGORY = "number"
MOST = 2**63 - 1


def _declare_bits(name: str, ufunc: Callable[..., Ints], doc: str, **told: Any) -> None:
    def kernel(left: Datum, right: Datum) -> pa.Array:
        a, b = broadcast(left, right)
        return from_ints(ufunc(ints(a), ints(b)), all_valid(a, b))

    kernel.__doc__, kernel.__module__ = doc, __name__
    function(f"{name}(left: int, right: int) -> int", category=CATEGORY, **told)(kernel)


_declare_bits(
    "bit_and",
    np.bitwise_and,
    "The bits that both numbers have.",
    sql="&",
    excel="BITAND",
    also=("CEL math.bitAnd", "Bloblang bitwise_and"),
    examples=[example("bit_and(6, 3)", 2), example("bit_and(4, 3)", 0)],
)
_declare_bits(
    "bit_or",
    np.bitwise_or,
    "The bits that one of the numbers has.",
    sql="|",
    excel="BITOR",
    also=("CEL math.bitOr", "Bloblang bitwise_or"),
    examples=[example("bit_or(6, 3)", 7), example("bit_or(0, 3)", 3)],
)
_declare_bits(
    "bit_xor",
    np.bitwise_xor,
    "The bits that just one of the numbers has.",
    sql="#",
    excel="BITXOR",
    also=("CEL math.bitXor", "Bloblang bitwise_xor"),
    examples=[example("bit_xor(6, 3)", 5), example("bit_xor(3, 3)", 0)],
)


@function(
    "bit_not(value: int) -> int",
    category=CATEGORY,
    sql="~",
    also=("CEL math.bitNot", "Bloblang bitwise_not", "DuckDB BIT_NOT"),
    examples=[example("bit_not(1)", -2), example("bit_not(-1)", 0)],
)
def bit_not(value: Datum) -> pa.Array:
    """The number with every bit turned: as all numbers have 64 bits, it is one less than the number with the other sign."""
    (column,) = broadcast(value)
    return from_ints(np.bitwise_not(ints(column)), all_valid(column))


@function(
    "bit_shift_left(value: int, count: int) -> int",
    category=CATEGORY,
    rejects=("R602", "R603"),
    sql="<<",
    excel="BITLSHIFT",
    also=("CEL math.bitShiftLeft",),
    examples=[
        example("bit_shift_left(4, 2)", 16),
        example("bit_shift_left(1, 63)", rejected="R602"),
        example("bit_shift_left(1, -1)", rejected="R603"),
    ],
)
def bit_shift_left(value: Datum, count: Datum) -> Outcome:
    """The bits moved up by so many places: the number doubled so often; R602 where 64 bits do not hold it, R603 for a count below zero."""
    column, counts = broadcast(value, count)
    numbers, places, keep = ints(column), np.clip(ints(counts), 0, 63), all_valid(column, counts)
    moved = np.left_shift(numbers, places)
    lost = (np.right_shift(moved, places) != numbers) | ((ints(counts) > 63) & (numbers != 0))
    below = keep & (ints(counts) < 0)
    return outcome(from_ints(np.where(ints(counts) > 63, 0, moved), keep), (below, "R603"), (keep & lost & ~below, "R602"))


@function(
    "bit_shift_right(value: int, count: int) -> int",
    category=CATEGORY,
    rejects=("R603",),
    sql=">>",
    excel="BITRSHIFT",
    also=("CEL math.bitShiftRight",),
    examples=[
        example("bit_shift_right(13, 2)", 3),
        example("bit_shift_right(-8, 1)", -4),
        example("bit_shift_right(1, -1)", rejected="R603"),
    ],
)
def bit_shift_right(value: Datum, count: Datum) -> Outcome:
    """The bits moved down by so many places: the number halved so often, rounded down; R603 for a count below zero."""
    column, counts = broadcast(value, count)
    keep = all_valid(column, counts)
    return outcome(from_ints(np.right_shift(ints(column), np.clip(ints(counts), 0, 63)), keep), (keep & (ints(counts) < 0), "R603"))


@function(
    "factorial(value: int) -> int",
    category=CATEGORY,
    rejects=("R602", "R603"),
    sql="FACTORIAL",
    excel="FACT",
    also=("GREL fact",),
    examples=[example("factorial(5)", 120), example("factorial(21)", rejected="R602"), example("factorial(-1)", rejected="R603")],
)
def factorial(value: Datum) -> Outcome:
    """The product of all whole numbers from 1 to this one; 1 of 0. R602 above 20, which 64 bits do not hold, R603 below 0."""
    return map_distinct(_factorial, pa.int64(), value)


def _factorial(value: int) -> Any:
    # No kernel multiplies so: at most 21 values have an answer.
    return Reject("R603") if value < 0 else Reject("R602") if value > 20 else math.factorial(value)


@function(
    "combinations(count: int, taken: int) -> int",
    category=CATEGORY,
    rejects=("R602", "R603"),
    excel="COMBIN",
    also=("GREL combin", "Python comb"),
    examples=[
        example("combinations(8, 2)", 28),
        example("combinations(2, 8)", rejected="R603"),
        example("combinations(200, 100)", rejected="R602"),
    ],
)
def combinations(count: Datum, taken: Datum) -> Outcome:
    """How many ways there are to take so many of that many, in whatever order; R603 where fewer are there, or a number is below 0."""
    return map_distinct(_combinations, pa.int64(), count, taken)


def _combinations(count: int, taken: int) -> Any:
    if not 0 <= taken <= count:
        return Reject("R603")
    few, ways = min(taken, count - taken), 1
    for done in range(1, few + 1):
        ways = ways * (count - few + done) // done
        if ways > MOST:
            return Reject("R602")
    return ways
