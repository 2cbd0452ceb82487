"""How fast every function and operator is, in million rows a second on one thread, beside DuckDB and Polars where they have the same.

`make bench-functions` runs it and writes `docs/performance-functions.md`; `ONLY=abs,if` measures some, and keeps the other lines. The
columns hold what the function's own examples have, and 4 % nulls; kernels are called as they are, not on distinct values.
"""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.document import Document
from datahub.engine.evaluate import evaluate
from datahub.engine.scope import RunState, Scope
from datahub.engine.values import carried
from datahub.frames.frame import Column, Frame
from datahub.functions import load
from datahub.functions.declare import REGISTRY, Context, Function
from datahub.semantic import ir
from datahub.semantic.expressions import elaborate
from datahub.semantic.scope import Scope as Names
from datahub.semantic.scope import World
from datahub.semantic.walk import walk
from datahub.syntax import ast
from datahub.syntax.parser import parse_expression
from datahub.types import model as t

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance-functions.md"
ROWS = 50_000
POLARS: dict[str, Callable[[Any], Any]] = {
    "upper": lambda x: x.str.to_uppercase(),
    "lower": lambda x: x.str.to_lowercase(),
    "trim": lambda x: x.str.strip_chars(),
    "length": lambda x: x.str.len_chars(),
    "reverse": lambda x: x.str.reverse(),
    "title_case": lambda x: x.str.to_titlecase(),
    "year": lambda x: x.dt.year(),
    "month": lambda x: x.dt.month(),
    "abs": lambda x: x.abs(),
    "sqrt": lambda x: x.sqrt(),
    "ln": lambda x: x.log(),
    "floor": lambda x: x.floor(),
    "ceil": lambda x: x.ceil(),
    "hex_encode": lambda x: x.str.encode("hex"),
    "base64_encode": lambda x: x.str.encode("base64"),
}
SQL = {
    "+": "{0} + {1}", "-": "{0} - {1}", "*": "{0} * {1}", "/": "{0} / {1}", "=": "{0} = {1}", "<": "{0} < {1}", ">": "{0} > {1}",
    "title_case": "", "html_strip": "", "matches": "regexp_full_match({0}, {1})", "replace": "replace({0}, {1}, {2})",
}  # fmt: skip


def main() -> None:
    """Measure all, or those that `ONLY` names, and write the page."""
    load()
    state = RunState(Context(datetime(2026, 1, 1, tzinfo=UTC)))
    chosen = os.environ.get("ONLY", "").split(",")
    named = {name: one for name, one in sorted(REGISTRY.items()) if chosen == [""] or name in chosen}
    kept = {} if chosen == [""] else _written(PAGE.read_text(encoding="utf-8"))
    for name, function in named.items():
        kept.pop(name, None)
        measured = _measured(function, state)
        if measured is not None:
            kept[name] = _line(name, *measured)
            print(f"{name:28} {measured[0]:10.2f} M rows/s", file=sys.stderr)
    PAGE.write_text(_page(kept), encoding="utf-8")
    print(f"{len(named)} functions, {PAGE.relative_to(ROOT)}")


def _measured(function: Function, state: RunState) -> tuple[float, str, float | None, float | None] | None:
    """The speed of the first example that can be put over columns; beside it the expression and the others' speeds."""
    for example, (node, columns) in over_columns(function, state):
        try:
            seconds = _best(partial(evaluated, node, columns, state))
        except Exception as problem:  # noqa: BLE001 - an example whose parts are not what the kernel takes as columns
            print(f"{function.name}: {type(problem).__name__}: {problem}", file=sys.stderr)
            continue
        return ROWS / seconds / 1e6, example, _duckdb(function, node, columns), _polars(function.name, columns)
    return None


def over_columns(function: Function, state: RunState) -> Iterator[tuple[str, tuple[ir.Expression, dict[str, Column]]]]:
    """The examples of a function that can be put over columns, those first that say most, and what they are then."""
    found = [one.expression for one in function.examples if not one.rejected and one.result is not None]
    called = re.compile(rf"\b{re.escape(function.name)}\(")
    if any(called.search(one.expression) for one in function.examples):
        # The page of a function may show its kin beside it.
        found = [one for one in found if called.search(one)]
    for put in (_over_columns, _read_over_columns):
        for example in sorted(found, key=lambda one: "null" in one):
            if (made := put(function.name, example, state)) is not None:
                yield example, made


def _over_columns(name: str, text: str, state: RunState) -> tuple[ir.Call, dict[str, Column]] | None:
    """The call of `name` in an example, its arguments columns that hold what the example has there."""
    tree = parse_expression(Document("example", text), lambda _: None)
    expression = None if tree is None else elaborate(tree, Names(World(), lambda _: None))
    if expression is None:
        return None
    call = next((one for one in walk(expression) if isinstance(one, ir.Call) and one.function == name), None)
    if call is None:
        return None
    overload = REGISTRY[name].overloads[call.overload]
    places = [overload.parameters[min(at, len(overload.parameters) - 1)] for at in range(len(call.arguments))]
    arguments, columns = [], {}
    for at, (argument, place) in enumerate(zip(call.arguments, places, strict=True)):
        if place.constant or not _is_constant(argument):
            arguments.append(argument)
            continue
        value = evaluate(argument, Scope(Frame({}, 1, np.zeros(1, np.int64)), state)).array(1)
        held = pa.concat_arrays([pa.repeat(value[0], ROWS)]).cast(carried(argument.type))
        if place.nullable is False and not pa.types.is_nested(held.type) and at == 0:
            held = pc.if_else(pa.array(np.arange(ROWS) % 25 == 0), pa.scalar(None, held.type), held)
        columns[f"x{at}"] = Column(held)
        arguments.append(ir.Column(f"x{at}", argument.type))
    return (replace(call, arguments=tuple(arguments)), columns) if columns else None


def _read_over_columns(name: str, text: str, state: RunState) -> tuple[ir.Expression, dict[str, Column]] | None:
    """An example that was typed with columns in the places of its constants, so that nothing of it is worked out beforehand.

    Where it has a call of `name` that is what is measured, else the whole: `if`, `case` and `on error` are no calls in a plan.
    """
    tree = parse_expression(Document("example", text), lambda _: None)
    if tree is None:
        return None
    names: dict[str, ir.Expression] = {}
    columns: dict[str, Column] = {}
    for number, literal in enumerate(list(_literals(tree))):
        constant = elaborate(literal, Names(World(), lambda _: None))
        assert isinstance(constant, ir.Constant | ir.Call)
        reference = ast.Reference(ast.Name(f"x{number}", literal.span), literal.span)
        exchanged = _exchanged(tree, literal, reference)
        # Where null may not stand, or a constant must, the typing says so.
        for kind in (t.nullable(constant.type), constant.type):
            tried = names | {f"x{number}": ir.Column(f"x{number}", kind)}
            if _typed(exchanged, tried) is not None:
                tree, names = exchanged, tried
                columns[f"x{number}"] = _repeated(constant, state, nulls=t.base_of(kind).nullable)
                break
    expression = _typed(tree, names)
    if expression is None or not columns:
        return None
    return next((one for one in walk(expression) if isinstance(one, ir.Call) and one.function == name), expression), columns


def _typed(tree: ast.Expr, names: dict[str, ir.Expression]) -> ir.Expression | None:
    """The expression over columns, None where it is wrong that way."""
    found: list[object] = []
    expression = elaborate(tree, Names(World(), found.append, names=names))
    return None if found else expression


def _repeated(constant: ir.Expression, state: RunState, *, nulls: bool) -> Column:
    value = evaluate(constant, Scope(Frame({}, 1, np.zeros(1, np.int64)), state)).array(1)
    held = pa.concat_arrays([pa.repeat(value[0], ROWS)]).cast(carried(constant.type))
    if nulls:
        held = pc.if_else(pa.array(np.arange(ROWS) % 25 == 0), pa.scalar(None, held.type), held)
    return Column(held)


def _literals(tree: Any) -> Iterator[ast.Expr]:
    """The literals of an expression, a negative number as one."""
    negative = isinstance(tree, ast.Unary) and tree.operator == "-" and isinstance(tree.operand, ast.Number)
    if negative or isinstance(tree, ast.Number | ast.String | ast.Boolean):
        yield tree
    else:
        for part in _parts(tree):
            yield from _literals(part)


def _parts(tree: Any) -> Iterable[Any]:
    if isinstance(tree, tuple):
        return tree
    return [getattr(tree, one.name) for one in fields(tree)] if is_dataclass(tree) else ()


def _exchanged(tree: Any, old: ast.Expr, new: ast.Expr) -> Any:
    """`tree` with one of its nodes exchanged."""
    if tree is old:
        return new
    if isinstance(tree, tuple):
        return tuple(_exchanged(part, old, new) for part in tree)
    if not is_dataclass(tree):
        return tree
    changed = {one.name: _exchanged(getattr(tree, one.name), old, new) for one in fields(tree)}
    return replace(tree, **changed) if any(part is not getattr(tree, name) for name, part in changed.items()) else tree  # type: ignore[type-var]


def _is_constant(node: ir.Expression) -> bool:
    return not any(isinstance(part, ir.Column | ir.RowFact | ir.WindowCall) for part in walk(node))


def evaluated(node: ir.Expression, columns: dict[str, Column], state: RunState) -> Column:
    scope = Scope(Frame(columns, ROWS, np.arange(ROWS)), state)
    # Kernels are to be measured: nothing is worked out on distinct values.
    scope.distinct = True
    return evaluate(node, scope)


def _best(task: Callable[[], object], times: int = 3) -> float:
    task()
    taken = []
    for _ in range(times):
        begun = time.thread_time()
        task()
        taken.append(time.thread_time() - begun)
    return min(taken) or 1e-9


def _duckdb(function: Function, node: ir.Expression, columns: dict[str, Column]) -> float | None:
    """The same in DuckDB, on one thread, where it takes the function under its SQL name with the same arguments."""
    import duckdb

    spelled = SQL.get(function.name, f"{function.sql}({{}})" if function.sql.isidentifier() else "")
    if not spelled or not isinstance(node, ir.Call):
        return None
    arguments = [one.name if isinstance(one, ir.Column) else _literal(one) for one in node.arguments]
    if None in arguments:
        return None
    call = spelled.format(", ".join(map(str, arguments))) if "{}" in spelled else spelled.format(*arguments)
    link = duckdb.connect()
    link.execute("SET threads=1")
    # Named in the query below: DuckDB reads Arrow tables by the names of variables.
    held = pa.table({name: column.array(ROWS) for name, column in columns.items()})
    try:
        link.register("held", held)
        link.execute("CREATE TABLE t AS SELECT * FROM held")
        best = _best_wall(lambda: link.execute(f"SELECT count({call}) FROM t").fetchall())
    except duckdb.Error:
        return None
    return ROWS / best / 1e6


def _best_wall(task: Callable[[], object]) -> float:
    """DuckDB and Polars work in threads of their own, so the clock is what can be read."""
    taken = []
    for _ in range(4):
        begun = time.perf_counter()
        task()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def _literal(node: ir.Expression) -> str | None:
    if not isinstance(node, ir.Constant) or not isinstance(node.value, str | int):
        return None
    return repr(node.value) if isinstance(node.value, int) else "'" + node.value.replace("'", "''") + "'"


def _polars(name: str, columns: dict[str, Column]) -> float | None:
    make = POLARS.get(name)
    if make is None or list(columns) != ["x0"]:
        return None
    import polars as pl

    frame = pl.from_arrow(pa.table({"x0": columns["x0"].array(ROWS)}))
    try:
        return ROWS / _best_wall(lambda: frame.select(make(pl.col("x0")))) / 1e6  # type: ignore[union-attr]
    except pl.exceptions.PolarsError:
        return None


def _page(kept: dict[str, str]) -> str:
    names = ", ".join(f"{name} {version(name)}" for name in ("pyarrow", "numpy", "duckdb", "polars"))
    head = (
        "# The speed of functions\n\n"
        "Written by `make bench-functions`: million rows a second on one thread, the slowest first. The columns hold the arguments of the\n"
        "example, 4 % of the first one null, and kernels run on all rows; in a run, expressions of one column are worked out once for each\n"
        "value ([decision 55](decisions/0055-once-for-each-value.md)). Of an example without a call of the function (`if`, `on error`) the\n"
        "whole is measured. DuckDB and Polars where they have the same function.\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, {names}; best of three.\n\n"
    )
    lines = sorted(kept.values(), key=lambda line: float(_SPEED.findall(line)[0].replace(",", "")))
    table = "| function | M rows/s | DuckDB | Polars | example |\n|---|---|---|---|---|\n" + "".join(lines)
    lacking = ", ".join(f"`{name}`" for name in sorted(REGISTRY.keys() - kept.keys()))
    return (
        f"{head}{table}\nNot measured, for their examples ask them of nothing that differs from row to row: {lacking}.\n"
        if lacking
        else head + table
    )


_SPEED = re.compile(r"^\| `.+?` \| ([\d,.]+) \|")


def _written(page: str) -> dict[str, str]:
    """The lines of a page by their functions."""
    return {line.split("`")[1]: f"{line}\n" for line in page.splitlines() if _SPEED.match(line)}


def speeds(page: str) -> dict[str, float]:
    """How many million rows a second each function of a page does."""
    return {name: float(_SPEED.findall(line)[0].replace(",", "")) for name, line in _written(page).items()}


def _line(name: str, speed: float, text: str, duckdb: float | None, polars: float | None) -> str:
    shown = text.replace("|", "\\|")
    return f"| `{name}` | {speed:,.2f} | {_shown(duckdb)} | {_shown(polars)} | `{shown}` |\n"


def _shown(speed: float | None) -> str:
    return "" if speed is None else f"{speed:,.1f}"


if __name__ == "__main__":
    main()
