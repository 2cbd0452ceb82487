"""Comparison, membership and presence: always true or false, never null."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions import decimals
from datahub.functions.columns import all_valid, as_array, as_mask, bools, broadcast, length_of, on_distinct, valid
from datahub.functions.declare import Datum, Mask, example, function
from datahub.functions.equality import is_among, same_codes
from datahub.functions.segments import unpacked
from datahub.functions.white_space import trimmed


@function(
    "=(left: T?, right: T?) -> bool",
    kind="operator",
    sql="IS NOT DISTINCT FROM",
    excel="=",
    also=("VRL ==", "JSONata =", "CEL ==", "DataWeave ==", "FEEL ="),
    examples=[example("1 = 1.0", True), example('"a" = "A"', False), example("null = null", True), example("[1, 2] = [1, 2]", True)],
)
def equal(left: Datum, right: Datum) -> pa.Array:
    """Whether two values are the same; null is the same as null, and nothing else.

    Numbers are compared by value (`1 = 1.0`), lists and structs item by item, text exactly.
    """
    return bools(same(left, right))


@function(
    "<>(left: T?, right: T?) -> bool",
    kind="operator",
    sql="IS DISTINCT FROM",
    excel="<>",
    also=("VRL !=", "JSONata !=", "CEL !=", "DataWeave !="),
    examples=[example("1 <> 2", True), example('null <> "a"', True), example("null <> null", False)],
)
def unequal(left: Datum, right: Datum) -> pa.Array:
    """Whether two values differ; null differs from everything but null."""
    return bools(~same(left, right))


@function(
    "<(left: T?, right: T?) -> bool",
    kind="operator",
    sql="<",
    excel="<",
    also=("VRL <", "JSONata <", "CEL <"),
    examples=[example("1 < 2", True), example('"Z" < "a"', True), example("null < 1", False)],
)
def less(left: Datum, right: Datum) -> pa.Array:
    """Whether the left value comes before the right one; false where either is null.

    Text goes by code point (upper case before lower case), `false` before `true`, the members of an enum as declared.
    """
    return _ordered(left, right, operator.lt)


@function(
    "<=(left: T?, right: T?) -> bool",
    kind="operator",
    sql="<=",
    excel="<=",
    examples=[example("2 <= 2", True), example("null <= null", False)],
)
def less_or_equal(left: Datum, right: Datum) -> pa.Array:
    """Whether the left value comes before the right one or is the same; false where either is null."""
    return _ordered(left, right, operator.le)


@function(
    ">(left: T?, right: T?) -> bool", kind="operator", sql=">", excel=">", examples=[example("2 > 1.5", True), example("1 > null", False)]
)
def greater(left: Datum, right: Datum) -> pa.Array:
    """Whether the left value comes after the right one; false where either is null."""
    return _ordered(left, right, operator.gt)


@function(
    ">=(left: T?, right: T?) -> bool",
    kind="operator",
    sql=">=",
    excel=">=",
    examples=[example("2 >= 2.0", True), example('"a" >= "b"', False), example("1 >= null", False)],
)
def greater_or_equal(left: Datum, right: Datum) -> pa.Array:
    """Whether the left value comes after the right one or is the same; false where either is null."""
    return _ordered(left, right, operator.ge)


@function(
    "between_inclusive(value: T?, low: T?, high: T?) -> bool",
    kind="operator",
    sql="BETWEEN",
    also=("FEEL in [a..b]",),
    examples=[example("5 in 1..10", True), example("11 in 1..10", False), example("null in 1..10", False)],
)
def between(value: Datum, low: Datum, high: Datum) -> pa.Array:
    """Whether the value lies between two others, both included; false where one of the three is null. Written `x in a..b`."""
    return pc.and_(*broadcast(_ordered(value, low, operator.ge), _ordered(value, high, operator.le)))


@function(
    "enum_rank(value: text?, members: [text]!) -> int?",
    kind="operator",
    examples=[example('enum_rank("b", ["a", "b"])', 2), example('enum_rank("x", ["a", "b"])')],
)
def enum_rank(value: Datum, members: Sequence[str]) -> pa.Array:
    """Which of the members the value is, counted from 1; null where it is none. What enums are ordered by."""
    place = pc.index_in(as_array(value, 1), value_set=pa.array(members, pa.string()))
    return pc.add(pc.cast(place, pa.int64()), 1)


# --- membership --------------------------------------------------------------------------------------------------


@function(
    "in_set(value: T?, values: [T?]!) -> bool",
    kind="operator",
    sql="IN",
    also=("DataWeave contains", "JSONata in", "CEL in", "VRL includes"),
    examples=[example("2 in (1, 2)", True), example('"x" in ("a", "b")', False), example('null in ("a", "b")', False)],
)
def in_set(value: Datum, values: Sequence[Any]) -> pa.Array:
    """Whether the value is one of those listed; null is not, unless `null` is listed. Written `x in (a, b)`."""
    column = as_array(value, 1)
    found = as_mask(is_among(column, _as_set(column.type, values)))
    return bools(found | ~valid(column) if None in values else found)


@function(
    "not_in_set(value: T?, values: [T?]!) -> bool",
    kind="operator",
    sql="NOT IN",
    examples=[example("3 not in (1, 2)", True), example("null not in (1, 2)", False)],
)
def not_in_set(value: Datum, values: Sequence[Any]) -> pa.Array:
    """Whether the value is none of those listed; false for null. Written `x not in (a, b)`."""
    return bools(~as_mask(in_set(value, values)) & valid(as_array(value, 1)))


@function(
    "in_list(value: T?, values: [T?]?) -> bool",
    kind="operator",
    sql="= ANY",
    also=("FEEL list contains", "JSONata in"),
    examples=[example("2 in [1, 2]", True), example("null in [1, 2]", False)],
)
def in_list(value: Datum, values: Datum) -> pa.Array:
    """Whether the list has the value; false where either is null. Written `x in xs`."""
    among = _among(value, values)
    if among is not None:
        return bools(among)
    column, lists = broadcast(value, values)
    return bools(_held(column, lists))


def _among(value: Datum, values: Datum) -> Mask | None:
    """Which texts are in one list that is the same for all, which is not repeated for that; None for what is another case."""
    if not isinstance(value, pa.Array) or not pa.types.is_string(value.type) or not isinstance(values, pa.Scalar) or not values.is_valid:
        return None
    there = values.values
    return as_mask(pc.is_in(value, value_set=there.drop_null())) if pa.types.is_string(there.type) else None


@function(
    "not_in_list(value: T?, values: [T?]?) -> bool",
    kind="operator",
    examples=[example("3 not in [1, 2]", True), example("null not in [1, 2]", False)],
)
def not_in_list(value: Datum, values: Datum) -> pa.Array:
    """Whether the list lacks the value; false where either is null. Written `x not in xs`."""
    among = _among(value, values)
    if among is not None:
        return bools(~among & valid(value))
    column, lists = broadcast(value, values)
    return bools(~_held(column, lists) & all_valid(column, lists))


# --- presence ----------------------------------------------------------------------------------------------------


@function(
    "is_null(value: T?) -> bool",
    kind="operator",
    sql="IS NULL",
    excel="ISBLANK",
    also=("VRL is_null", "DataWeave == null", "CEL == null", "JSONata $exists"),
    examples=[example("null is null", True), example('"" is null', False), example("1 is not null", True)],
)
def is_null(value: Datum) -> pa.Array:
    """Whether there is no value. Written `x is null`."""
    return bools(~valid(value))


@function(
    "is_blank(value: text?) -> bool",
    kind="operator",
    sql="NULLIF(TRIM(x), '') IS NULL",
    excel='TRIM(x)=""',
    also=("GREL isBlank", "DataWeave isBlank", "VRL is_empty"),
    examples=[example('"  " is blank', True), example('"" is blank', True), example("null is blank", True), example('"a" is blank', False)],
)
def is_blank(value: Datum) -> pa.Array:
    """Whether a text is null, empty, or nothing but white space. Written `x is blank`."""
    return on_distinct(lambda texts: bools(_blank(texts)), as_array(value, 1)).values


# --- inside ------------------------------------------------------------------------------------------------------


def same(left: Datum, right: Datum) -> Mask:
    """Where two values are the same; null is the same as null."""
    present_left, present_right = valid(left, length_of(left, right)), valid(right, length_of(left, right))
    if pa.types.is_null(left.type) or pa.types.is_null(right.type):
        return ~present_left & ~present_right
    both = present_left & present_right
    return (both & _same_values(left, right)) | ~(present_left | present_right)


def is_number(kind: pa.DataType) -> bool:
    """Whether values of `kind` are exact numbers, which compare by value whatever their types."""
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def _same_values(left: Datum, right: Datum) -> Mask:
    if pa.types.is_nested(left.type):
        a, b = same_codes(*broadcast(left, right))
        return np.equal(a, b)
    if is_number(left.type) and is_number(right.type):
        return np.equal(decimals.order(left, right), 0)
    return as_mask(pc.equal(*_alike(left, right)))


def _ordered(left: Datum, right: Datum, holds: Callable[[Any, Any], Any]) -> pa.Array:
    keep = all_valid(left, right)
    if pa.types.is_null(left.type) or pa.types.is_null(right.type):
        return bools(np.zeros(len(keep), np.bool_))
    if is_number(left.type) and is_number(right.type):
        return bools(keep & holds(decimals.order(left, right), 0))
    compared = _KERNELS[holds](*_alike(left, right))
    return bools(keep & as_mask(compared)) if compared.null_count else compared


_KERNELS: dict[Callable[[Any, Any], Any], Callable[..., pa.Array]] = {
    operator.lt: pc.less,
    operator.le: pc.less_equal,
    operator.gt: pc.greater,
    operator.ge: pc.greater_equal,
}


def _alike(left: Datum, right: Datum) -> tuple[pa.Array, pa.Array]:
    """Two columns of one type that Arrow has an order for."""
    a, b = (left, right) if isinstance(left, pa.Array) or isinstance(right, pa.Array) else broadcast(left, right)
    if pa.types.is_floating(a.type) != pa.types.is_floating(b.type):
        return _float(a), _float(b)
    if pa.types.is_boolean(a.type):
        return a.cast(pa.int8()), b.cast(pa.int8())
    return a, b


def _float(value: Datum) -> Datum:
    if isinstance(value, pa.Scalar):
        return decimals.to_float(pa.repeat(value, 1))[0]
    return decimals.to_float(value)


def _as_set(kind: pa.DataType, values: Sequence[Any]) -> pa.Array:
    """The values that a column of `kind` can hold: 1.5 is no int, 2.0 is."""
    # Arrow cuts what it makes a whole number of.
    wholes = [int(value) if is_number(kind) and value is not None and value == int(value) else value for value in values]
    possible = [value for value in wholes if isinstance(value, int)] if pa.types.is_integer(kind) else wholes
    held = [one for value in possible for one in _as_held(value, kind) if one.is_valid]
    # Constants of the script, few as they are.
    return pa.array([one.as_py() for one in held], kind)


def _as_held(value: Any, kind: pa.DataType) -> list[pa.Scalar]:
    try:
        return [pa.scalar(value, kind)]
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return []


def _held(column: pa.Array, lists: pa.Array) -> Mask:
    # A row whose list failed may still hold items beneath its null; they are none of it.
    items, offsets = unpacked(lists)
    owners = np.repeat(np.arange(len(lists)), np.diff(offsets))
    hits = same(column.take(pa.array(owners)), items) & valid(items)
    found = np.zeros(len(lists), np.bool_)
    found[owners[hits]] = True
    return found


def _blank(texts: pa.Array) -> Mask:
    return as_mask(pc.equal(trimmed(texts), "")) | ~valid(texts)
