"""Choosing between values, and what the compiler takes care of itself: documented here, done by the evaluator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import as_array, as_mask, bools, broadcast, ints, nulled, valid
from datahub.functions.compare import same
from datahub.functions.declare import Datum, example, function
from datahub.types import model as t


def _nullable_first(kinds: Sequence[t.Type], constants: Sequence[Any]) -> t.Type:
    return t.nullable(kinds[0])


@function(
    "nullif(value: T?, other: T?) -> T?",
    rule=_nullable_first,
    sql="NULLIF",
    also=("jq select", "DataWeave if", "pandas mask"),
    examples=[example('nullif("N/A", "N/A")'), example('nullif("x", "N/A")', "x"), example("nullif(0, 0.0)"), example("nullif(null, 1)")],
)
def nullif(value: Datum, other: Datum) -> pa.Array:
    """The value, but null where it is the same as another: words that mean nothing.

    Both are brought to one type before: a decimal that has no room in it, beside one of many digits after the point, is R102.
    """
    column, others = broadcast(value, other)
    return nulled(column, same(column, others))


@function(
    "choose(index: int, values: T?...) -> T?",
    excel="CHOOSE",
    sql="ELT",
    examples=[example('choose(2, "a", "b", "c")', "b"), example('choose(9, "a", "b")'), example('choose(1, null, "b")')],
)
def choose(index: Datum, *values: Datum) -> pa.Array:
    """The value at a position, counted from 1; null where there is none. All of the values are worked out."""
    places, *columns = broadcast(index, *values)
    picked = np.where(valid(places), ints(places), 0)
    result = pa.nulls(len(places), columns[0].type)
    for at, column in enumerate(columns, start=1):
        result = pc.if_else(pa.array(picked == at), column, result)
    return result


@function(
    "switch(value: T?, when: T?, then: U?, otherwise: U? = null) -> U?",
    "switch(value: T?, when: T?, then: U?, when2: T?, then2: U?, otherwise: U? = null) -> U?",
    "switch(value: T?, when: T?, then: U?, when2: T?, then2: U?, when3: T?, then3: U?, otherwise: U? = null) -> U?",
    "switch(value: T?, when: T?, then: U?, when2: T?, then2: U?, when3: T?, then3: U?, when4: T?, then4: U?, otherwise: U? = null) -> U?",
    excel="SWITCH",
    sql="DECODE",
    examples=[
        example('switch("b", "a", 1, "b", 2)', 2),
        example('switch("z", "a", 1, "b", 2, 9)', 9),
        example('switch("z", "a", 1)'),
        example('switch(null, "a", 1, 2)', 2),
    ],
)
def switch(value: Datum, *cases: Datum) -> pa.Array:
    """The value beside the first case that is the same, else the last one, else null, for up to four cases.

    All of the values are worked out; `case x when "a" then … end` works out the chosen one alone, and has no limit.
    """
    column, *rest = broadcast(value, *cases)
    pairs, otherwise = (rest[:-1], rest[-1]) if len(rest) % 2 else (rest, pa.nulls(len(column), rest[1].type))
    result = otherwise if otherwise.type == rest[1].type else otherwise.cast(rest[1].type)
    for at in range(len(pairs) - 2, -1, -2):
        result = pc.if_else(pa.array(same(column, pairs[at])), pairs[at + 1], result)
    return result


@function(
    "xor(left: bool, right: bool) -> bool",
    excel="XOR",
    sql="<>",
    also=("DataWeave xor",),
    examples=[example("xor(true, false)", True), example("xor(true, true)", False)],
)
def xor(left: Datum, right: Datum) -> pa.Array:
    """Whether just one of two conditions is true."""
    return pc.xor(*broadcast(left, right))


@function(
    "and_not(left: bool, right: bool) -> bool",
    sql="AND NOT",
    examples=[example("and_not(true, false)", True), example("and_not(true, true)", False)],
)
def and_not(left: Datum, right: Datum) -> pa.Array:
    """Whether the first condition is true and the second is not."""
    return pc.and_not(*broadcast(left, right))


# --- what the evaluator does -------------------------------------------------------------------------------------


@function(
    "if(condition: bool, then: T?, otherwise: T? = null) -> T?",
    kind="special",
    sql="CASE",
    excel="IF",
    also=("JSONata ? :", "DataWeave if else", "VRL if", "Bloblang if", "jq if", "CEL ? :", "FEEL if", "GREL if"),
    examples=[example('if(1 < 2, "yes", "no")', "yes"), example("if(1 > 2, 1 / 0, 5)", 5), example('if(false, "a")')],
)
def if_(condition: Datum, then: Datum, otherwise: Datum) -> pa.Array:
    """One value where a condition is true, another where it is not (null where none is told).

    Only what fails in the value that is taken counts. `case` has more branches.
    """
    return pc.if_else(*broadcast(condition, then, otherwise))


@function(
    "case(condition: bool, then: T?, otherwise: T?) -> T?",
    kind="special",
    sql="CASE",
    excel="IFS",
    also=("DataWeave match", "Bloblang match", "jq if elif", "VRL if else"),
    examples=[
        example('case when 1 > 2 then "a" when 2 > 1 then "b" otherwise "c" end', "b"),
        example('case "x" when "a", "b" then 1 when "x" then 2 otherwise 0 end', 2),
        example('case when null is null then "none" end', "none"),
    ],
)
def case(condition: Datum, then: Datum, otherwise: Datum) -> pa.Array:
    """The value of the first branch whose condition is true, or whose word is the same.

    Written `case when … then … otherwise … end` or `case x when "A", "B" then … end`. Only what fails in the branch
    that is taken counts; null where no branch is taken.
    """
    return pc.if_else(*broadcast(condition, then, otherwise))


@function(
    "default(value: T?, fallback: T?) -> T?",
    kind="special",
    sql="COALESCE",
    excel="IF(ISBLANK(x), y, x)",
    also=(
        "DataWeave default",
        "jq //",
        "Bloblang |",
        "VRL ??",
        "JSONata ??",
        "GREL coalesce",
        "FEEL get or else",
        "JSLT fallback",
        "CEL orValue",
        "Excel IFNA",
        "Bloblang or",
    ),
    examples=[example("null default 5", 5), example("3 default 5", 3), example('int("x") default 5', rejected="R101")],
)
def default(value: Datum, fallback: Datum) -> pa.Array:
    """The value, or another one where it is null. Written `x default y`. What failed is not null: see `on error`."""
    return pc.coalesce(*broadcast(value, fallback))


@function(
    "on error(value: T?, fallback: T?) -> T?",
    kind="special",
    excel="IFERROR",
    sql="TRY_CAST",
    also=("VRL ??", "Bloblang catch", "DataWeave try", "jq ?//", "JSONata $error"),
    examples=[example('int("x") on error 0', 0), example('int("7") on error 0', 7), example("(1 / 0) on error null")],
)
def on_error(value: Datum, fallback: Datum) -> pa.Array:
    """The value, or another one where it failed. Written `x on error y`; counted in the report.

    `on error warn y` lists the row too, `on error reject CODE` rejects it under a code of your own.
    """
    return pc.coalesce(*broadcast(value, fallback))


@function(
    "coalesce(values: T?...) -> T?",
    kind="special",
    sql="COALESCE",
    also=("DataWeave default", "jq //", "GREL coalesce", "Polars coalesce", "JSLT fallback", "CEL orValue"),
    examples=[example("coalesce(null, 2, 3)", 2), example("coalesce(null, null)")],
)
def coalesce(*values: Datum) -> pa.Array:
    """The first of several values that is not null; null where all are. What fails behind it does not count."""
    return pc.coalesce(*broadcast(*values))


@function(
    'failed(value: any?, code: text! = "") -> bool',
    kind="special",
    excel="ISERROR",
    also=("Bloblang errored", "GREL isError"),
    examples=[example('failed(int("x"))', True), example('failed(int("x"), "R102")', False), example("failed(null)", False)],
)
def failed(value: Datum, code: str) -> pa.Array:
    """Whether a value failed, or failed with a code; it never fails itself."""
    return bools(as_mask(pc.is_null(as_array(value, 1))))
