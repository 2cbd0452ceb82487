"""DuckDB as a second oracle: what both have by the same definition is equal on generated columns, nulls included.

On the left is our expression, on the right DuckDB's; where ours rejects, `try(…)` of DuckDB gives null.
"""

from __future__ import annotations

import itertools
import random
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from datahub.engine.evaluate import evaluate
from datahub.engine.scope import Scope
from datahub.functions import load
from datahub.semantic import ir
from datahub.semantic.walk import walk
from datahub.types import model as t
from tests.differential.calls import Call
from tests.differential.duckdb_pairs import APART, DECIDED, SAME
from tests.differential.held import alike, checked, framed, rows_for, state

ROWS = 1500
COLUMNS: dict[str, t.Type] = {
    "a": t.Int(True), "b": t.Int(True), "n": t.Int(True), "k": t.Int(True), "p": t.Decimal(True, 9, 2), "q": t.Decimal(True, 9, 2), "f": t.Float(True), "s": t.Text(True),
    "u": t.Text(True), "d": t.Date(True), "e": t.Date(True), "m": t.LocalDateTime(True), "x": t.Bool(True), "y": t.Bool(True), "l": t.ListOf(t.Int(True), True),
    "w": t.ListOf(t.Text(), True), "num": t.Text(True), "day": t.Text(True), "h": t.Text(True), "lk": t.Text(True), "i": t.DateTime(True), "j": t.Text(True),
    "g": t.MapOf(t.Int(True), True),
}  # fmt: skip
SMALL = frozenset(("n", "k", "u", "l", "f"))
ENDS_OF_MONTHS = [date(2023, 2, 28), date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]
"""Between which months are counted in more than one way; chance brings two of them together once in many rows."""
POOLS = {"num": "number", "day": "date", "h": "encoded", "lk": "likes", "j": "json"}


def columns(seed: str = "duckdb") -> tuple[list[dict[str, Any]], pa.Table]:
    call = Call("", COLUMNS, POOLS, SMALL)
    rows = rows_for(call, ROWS, random.Random(seed))
    for row in rows:  # a pattern that ends with its escape is refused there with the whole column, and here stands for a backslash
        row["lk"] = row["lk"] and row["lk"].rstrip("\\")
    for row, (first, last) in zip(rows, itertools.product(ENDS_OF_MONTHS, repeat=2), strict=False):
        row["d"], row["e"] = first, last
    frame = framed(COLUMNS, rows)
    return rows, pa.table({name: column.array(ROWS) for name, column in frame.columns.items()})


ROWSET, TABLE = columns()


def both(expression: str, sql: str, rows: list[dict[str, Any]] = ROWSET, table: pa.Table = TABLE) -> list[str]:
    """Where the two differ, and how."""
    typed = checked(expression, COLUMNS)
    assert typed is not None, f"`{expression}` does not compile"
    ours = evaluate(typed, Scope(framed(COLUMNS, rows), state()))
    failed = np.zeros(ROWS, np.bool_)
    for failure in ours.failures:
        failed[failure.rows] = True
    with duckdb.connect(config={"threads": 1}) as session:
        session.register("given", table)
        theirs = [one for (one,) in session.execute(f"select try({sql}) from given").fetchall()]
    values = ours.array(ROWS).to_pylist()
    return [
        f"{ {name: row[name] for name in COLUMNS if name in expression.replace('(', ' ').replace(',', ' ').replace(')', ' ').split()} }: ours {'rejects' if bad else repr(one)}, DuckDB's {other!r}"
        for row, bad, one, other in zip(rows, failed, values, theirs)
        if not (other is None if bad else alike(one, other, close=True))
    ]


@pytest.mark.parametrize("expression", SAME)
def test_duckdb_says_the_same(expression: str) -> None:
    assert not both(expression, SAME[expression])


@pytest.mark.parametrize("expression", DECIDED)
def test_what_is_otherwise_by_decision_is_so_still(expression: str) -> None:
    assert both(expression, DECIDED[expression][0])


def test_every_function_is_held_or_is_left_out_for_a_reason():
    typed = [one for one in (checked(expression, COLUMNS) for expression in (*SAME, *DECIDED)) if one is not None]
    held = {one.function for whole in typed for one in walk(whole) if isinstance(one, ir.Call | ir.Aggregate)}
    # What the language says without a call of a function.
    held |= {
        "case",
        "if",
        "default",
        "coalesce",
        "and",
        "or",
        "not",
        "on error",
        "failed",
        "in_set",
        "not_in_set",
        "choose",
        "switch",
        "get",
    }
    apart = [name for names in APART.values() for name in names.split()]
    assert [] == sorted(set(apart) & held)
    assert len(apart) == len(set(apart))
    assert set(load()) == held | set(apart)
