"""Whatever an expression is made of, its column holds what a plain reading of it says row by row, failures too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datahub.engine.evaluate import evaluate
from datahub.engine.scope import Scope
from datahub.frames.frame import Column, Failure, Frame, failed_rows
from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.engine.trees import BOOL, INT, call, col, const, frame, loop, state, total

MAYBE = t.Int(True)
LISTS = t.ListOf(MAYBE)


@dataclass(frozen=True)
class Cell:
    """A value, or the codes that there is none for."""

    value: Any = None
    codes: frozenset[str] = frozenset()

    @property
    def failed(self) -> bool:
        return bool(self.codes)


Row = dict[str, Cell]


def strict(row: Row, parts: tuple[ir.Expression, ...], made: Any) -> Cell:
    """What a function gives that wants all its arguments."""
    cells = [read(part, row) for part in parts]
    codes = frozenset().union(*(cell.codes for cell in cells))
    if codes:
        return Cell(None, codes)
    if any(cell.value is None for cell in cells):
        return Cell(None)
    return made(*(cell.value for cell in cells))


def divided(left: int, right: int) -> Cell:
    return Cell(left // right) if right else Cell(None, frozenset({"R601"}))


def read(node: ir.Expression, row: Row) -> Cell:
    """`node` for one row, as the language describes it."""
    match node:
        case ir.Column(name=name):
            return row[name]
        case ir.Constant(value=value):
            return Cell(value)
        case ir.Call(function="+", arguments=parts):
            return strict(row, parts, lambda left, right: Cell(left + right))
        case ir.Call(function="div", arguments=parts):
            return strict(row, parts, divided)
        case ir.Call(function="=", arguments=parts):
            left, right = (read(part, row) for part in parts)
            codes = left.codes | right.codes
            return Cell(None, codes) if codes else Cell(left.value == right.value)
        case ir.Logic(operator=operator, left=first, right=second):
            left = read(first, row)
            if left.failed or left.value is (operator == "or"):
                return left
            return read(second, row)
        case ir.Choose(branches=branches, otherwise=otherwise):
            for condition, value in branches:
                asked = read(condition, row)
                if asked.failed:
                    return asked
                if asked.value:
                    return read(value, row)
            return read(otherwise, row)
        case ir.Default(value=value, fallback=fallback):
            cell = read(value, row)
            return read(fallback, row) if cell.value is None and not cell.failed else cell
        case ir.Recover(value=value, how=how, fallback=other, code=code):
            cell = read(value, row)
            if not cell.failed:
                return cell
            return Cell(None, frozenset({code})) if how == "reject" or other is None else read(other, row)
        case ir.Failed(value=value):
            return Cell(read(value, row).failed)
        case ir.Aggregate(arguments=(value,), over=ir.Loop() as over):
            return summed(value, over, row)
        case _:
            raise AssertionError(node)


def summed(value: ir.Expression, over: ir.Loop, row: Row) -> Cell:
    listed = read(over.over, row)
    found, codes = 0, set(listed.codes)
    for item in listed.value or ():
        inner = {**row, over.item: Cell(item)}
        asked = read(over.where, inner) if over.where is not None else Cell(True)
        codes |= asked.codes
        if asked.value and not asked.failed:
            cell = read(value, inner)
            codes |= cell.codes
            found += cell.value or 0
    return Cell(None, frozenset(codes)) if codes else Cell(found)


# ---------------------------------------------------------------- expressions and rows at random


def numbers(names: tuple[str, ...]) -> st.SearchStrategy[ir.Expression]:
    leaves: st.SearchStrategy[ir.Expression] = st.sampled_from(
        [*(col(name, MAYBE) for name in names), const(0), const(1), const(None, MAYBE)]
    )
    return st.recursive(leaves, lambda inner: over_numbers(inner, names), max_leaves=8)


def over_numbers(inner: st.SearchStrategy[ir.Expression], names: tuple[str, ...]) -> st.SearchStrategy[ir.Expression]:
    sure = conditions(inner)
    kinds = [
        st.tuples(inner, inner).map(lambda two: call("+", *two, kind=MAYBE, signature="+(left: int")),
        st.tuples(inner, inner).map(lambda two: call("div", *two, kind=MAYBE, signature="div(left: int")),
        st.tuples(sure, inner, inner).map(lambda three: ir.Choose(((three[0], three[1]),), three[2], MAYBE)),
        st.tuples(sure, inner, sure, inner, inner).map(lambda five: ir.Choose(((five[0], five[1]), (five[2], five[3])), five[4], MAYBE)),
        st.tuples(inner, inner).map(lambda two: ir.Default(two[0], two[1], MAYBE)),
        st.tuples(inner, inner).map(lambda two: ir.Recover(two[0], "use", two[1], "", MAYBE)),
        inner.map(lambda one: ir.Recover(one, "reject", None, "X-1", MAYBE)),
    ]
    if "x" not in names:
        kinds.append(loops())
    return st.one_of(*kinds)


def loops() -> st.SearchStrategy[ir.Expression]:
    names = ("a", "b", "x")
    return st.tuples(numbers(names), st.none() | conditions(numbers(names))).map(
        lambda two: total("sum", loop(col("xs", LISTS), "x", two[1]), two[0], kind=INT, signature="sum(value: int")
    )


def conditions(inner: st.SearchStrategy[ir.Expression]) -> st.SearchStrategy[ir.Expression]:
    equal = st.tuples(inner, inner).map(lambda two: call("=", *two, kind=BOOL))
    failed = inner.map(lambda one: ir.Failed(one, "", BOOL))
    return st.one_of(equal, failed, st.builds(ir.Logic, st.sampled_from(["and", "or"]), equal, equal, st.just(BOOL)))


cells = st.one_of(st.integers(-2, 2).map(Cell), st.just(Cell(None)), st.just(Cell(None, frozenset({"R101"}))))
lists = st.lists(st.one_of(st.none(), st.integers(-2, 2)), max_size=3).map(Cell)
rows_of = st.lists(st.fixed_dictionaries({"a": cells, "b": cells, "xs": lists}), max_size=6)


def framed(rows: list[Row]) -> Frame:
    failures = {}
    for name in ("a", "b"):
        lost = np.array([at for at, row in enumerate(rows) if row[name].failed], np.int64)
        failures[name] = [Failure(lost, "R101", column=name)] if len(lost) else []
    kinds: dict[str, t.Type] = {"a": MAYBE, "b": MAYBE, "xs": LISTS}
    return frame({name: (kind, [row[name].value for row in rows]) for name, kind in kinds.items()}, **failures)


def sound(column: Column, length: int) -> None:
    """What holds of every column: rows ascend, no failure is told twice, a failed value is null."""
    told = set()
    for failure in column.failures:
        assert len(failure.rows)
        assert (np.diff(failure.rows) >= 0).all()
        paths = [None] * len(failure.rows) if failure.paths is None else failure.paths.to_pylist()
        for row, path in zip(failure.rows, paths, strict=True):
            one = (int(row), failure.code, failure.column, path)
            assert one not in told
            told.add(one)
    values = column.array(length).to_pylist()
    assert all(values[row] is None for row in np.flatnonzero(failed_rows(column.failures, length)))


@settings(max_examples=300, deadline=None)
@given(numbers(("a", "b")), rows_of)
def test_a_column_holds_what_its_rows_say(expression, rows):
    column = evaluate(expression, Scope(framed(rows), state()))
    expected = [read(expression, row) for row in rows]

    sound(column, len(rows))
    assert column.array(len(rows)).to_pylist() == [cell.value for cell in expected]
    codes: list[set[str]] = [set() for _ in rows]
    for failure in column.failures:
        for row in failure.rows:
            codes[row].add(failure.code)
    assert codes == [set(cell.codes) for cell in expected]


@settings(max_examples=100, deadline=None)
@given(numbers(("a", "b")), rows_of, st.data())
def test_a_part_of_the_rows_gives_that_part_of_the_column(expression, rows, data):
    whole = framed(rows)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), np.bool_)

    part = evaluate(expression, Scope(whole.filter(keep), state())).array(int(keep.sum())).to_pylist()

    every = evaluate(expression, Scope(whole, state())).array(len(rows)).to_pylist()
    assert part == [value for value, kept in zip(every, keep, strict=True) if kept]
