"""Decision tables, dated lookups and windows answer what searching row by row would."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from datahub.engine import decisions, lookups
from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.engine.trees import BOOL, INT, TEXT, call, col, const, frame, run, told, total, values

RAW, MONEY, MAYBE = t.Text(True), t.Decimal(True, 8, 2), t.Int(True)

amounts = st.integers(-300, 300).map(lambda cents: Decimal(cents) / 100)
words = st.sampled_from(["a", "b", "c", "d", ""])


# ---------------------------------------------------------------- decision tables


def cell_for(things: st.SearchStrategy[Any]) -> st.SearchStrategy[ir.CellTest]:
    bounds = st.none() | things
    return st.one_of(
        st.just(ir.AnyValue()),
        st.just(ir.IsNull()),
        st.builds(ir.OneOf, st.lists(things, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(ir.Between, bounds, st.booleans(), bounds, st.booleans()),
    )


def holds(test: ir.CellTest, value: Any) -> bool:
    match test:
        case ir.AnyValue():
            return True
        case ir.IsNull():
            return value is None
        case ir.OneOf(values=wanted, negated=negated):
            return value is not None and (value in wanted) is not negated
        case ir.Between(low=low, low_closed=low_closed, high=high, high_closed=high_closed):
            above = low is None or (value is not None and (value > low or (low_closed and value == low)))
            below = high is None or (value is not None and (value < high or (high_closed and value == high)))
            return value is not None and above and below
        case _:
            raise AssertionError(test)


cells = st.lists(cell_for(words), min_size=1, max_size=2).map(tuple), st.lists(cell_for(amounts), min_size=1, max_size=2).map(tuple)
rules = st.lists(st.tuples(*cells), min_size=1, max_size=70)
inputs = st.lists(st.tuples(st.none() | words, st.none() | amounts), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(rules, inputs, st.sampled_from(["first", "unique", "collect"]))
def test_a_decision_table_answers_as_reading_its_rows_would(rules, inputs, policy):
    rows = tuple(ir.DecisionRow(tests, (const(number),), number) for number, tests in enumerate(rules))
    kind = t.ListOf(INT) if policy == "collect" else MAYBE
    table = ir.DecisionTable("d", (("w", RAW), ("p", MONEY)), INT, policy, rows, None, None)
    data = frame({"w": (RAW, [one for one, _ in inputs]), "p": (MONEY, [one for _, one in inputs])})

    column = run(ir.Decision("d", (col("w", RAW), col("p", MONEY)), "", kind), data, decisions={"d": decisions.build(table)})

    hits = [
        [at for at, cells in enumerate(rules) if all(any(holds(one, v) for one in cell) for cell, v in zip(cells, row, strict=True))]
        for row in inputs
    ]
    if policy == "collect":
        assert values(column, len(inputs)) == hits
        return
    several = policy == "unique"
    assert values(column, len(inputs)) == [one[0] if one and not (several and len(one) > 1) else None for one in hits]
    expected = [(at, "R406", "") for at, one in enumerate(hits) if several and len(one) > 1] + [
        (at, "R405", "") for at, one in enumerate(hits) if not one
    ]
    assert told(column) == sorted(expected)


# ---------------------------------------------------------------- lookups with periods

DAY = date(2024, 1, 1)
days = st.integers(0, 9).map(lambda number: DAY + timedelta(number))
entries = st.lists(st.tuples(words, st.integers(0, 2), st.none() | days), max_size=25, unique=True)
asked = st.lists(st.tuples(st.none() | words, st.integers(0, 3), st.none() | days), min_size=1, max_size=12)


@settings(max_examples=150, deadline=None)
@given(entries, asked)
def test_a_dated_lookup_answers_with_the_last_row_valid_on_the_day(entries, asked):
    rows = tuple(((word, level), since, number) for number, (word, level, since) in enumerate(entries))
    table = ir.LookupTable("l", (("w", TEXT), ("n", INT)), "since", INT, rows, "", "error", None, None)
    data = frame(
        {"w": (RAW, [one[0] for one in asked]), "n": (INT, [one[1] for one in asked]), "d": (t.Date(True), [one[2] for one in asked])}
    )
    node = ir.LookUp("l", (col("w", RAW), col("n")), col("d", t.Date(True)), "", False, MAYBE)

    column = run(node, data, lookups={"l": lookups.build(table)})

    expected: list[int | None] = []
    failed: list[tuple[int, str, str]] = []
    for at, (word, level, day) in enumerate(asked):
        if word is None or day is None:
            expected.append(None)
            continue
        mine = [(since or date.min, number) for (one, two), since, number in rows if (one, two) == (word, level)]
        valid = [one for one in mine if one[0] <= day]
        expected.append(max(valid)[1] if valid else None)
        if not valid:
            failed.append((at, "R402" if mine else "R401", ""))
    assert values(column, len(asked)) == expected
    assert told(column) == failed


# ---------------------------------------------------------------- windows

members = st.lists(st.tuples(st.none() | words, st.none() | st.integers(-3, 3)), max_size=15)


@settings(max_examples=100, deadline=None)
@given(members, st.booleans(), st.booleans())
def test_windows_see_the_rows_that_share_their_key(members, filtered, descending):
    data = frame({"k": (RAW, [key for key, _ in members]), "x": (MAYBE, [number for _, number in members])})
    where = call(">", col("x", MAYBE), const(0), kind=BOOL) if filtered else None
    window = ir.Window((col("k", RAW),), where, (ir.Sorting(col("x", MAYBE), descending),))

    sums = values(run(total("sum", window, col("x", MAYBE), kind=INT, signature="sum(value: int"), data), len(members))
    numbers = values(run(ir.WindowCall("row_number", None, 0, window, MAYBE), data), len(members))

    for at, (key, _) in enumerate(members):
        inside = [
            row for row, (other, number) in enumerate(members) if other == key and (not filtered or (number is not None and number > 0))
        ]
        there = sorted((row for row in inside if members[row][1] is not None), key=lambda row: members[row][1], reverse=descending)
        order = there + [row for row in inside if members[row][1] is None]
        assert sums[at] == sum(members[row][1] or 0 for row in inside)
        assert numbers[at] == (order.index(at) + 1 if at in inside else None)
