"""How fast every function and operator is, in million rows a second on one thread, beside DuckDB and Polars where they have the same.

`make bench-functions` runs it and writes `docs/performance-functions.md`. The columns hold the arguments of the function's own
examples, one example after the other, and 4 % nulls; kernels are called as they are, not on distinct values.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
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
from datahub.syntax.parser import parse_expression

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
    """Measure all, and write the page."""
    load()
    state = RunState(Context(datetime(2026, 1, 1, tzinfo=UTC)))
    lines = []
    for name, function in sorted(REGISTRY.items()):
        measured = _measured(function, state)
        if measured is not None:
            lines.append((measured[0], name, function, *measured[1:]))
            print(f"{name:28} {measured[0]:10.2f} M rows/s", file=sys.stderr)
    lines.sort(key=lambda line: line[0])
    PAGE.write_text(_page(lines), encoding="utf-8")
    print(f"{len(lines)} functions, {PAGE.relative_to(ROOT)}")


def _measured(function: Function, state: RunState) -> tuple[float, str, float | None, float | None] | None:
    """The speed of the first example that can be put over columns; beside it the expression and the others' speeds."""
    for example in function.examples:
        if example.rejected or example.result is None:
            continue
        made = _over_columns(function.name, example.expression, state)
        if made is None:
            continue
        node, columns = made
        try:
            seconds = _best(partial(_evaluated, node, columns, state))
        except Exception as problem:  # noqa: BLE001 - an example whose parts are not what the kernel takes as columns
            print(f"{function.name}: {type(problem).__name__}: {problem}", file=sys.stderr)
            continue
        return ROWS / seconds / 1e6, example.expression, _duckdb(function, node, columns), _polars(function.name, columns)
    return None


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


def _is_constant(node: ir.Expression) -> bool:
    return not any(isinstance(part, ir.Column | ir.RowFact | ir.WindowCall) for part in walk(node))


def _evaluated(node: ir.Call, columns: dict[str, Column], state: RunState) -> Column:
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


def _duckdb(function: Function, node: ir.Call, columns: dict[str, Column]) -> float | None:
    """The same in DuckDB, on one thread, where it takes the function under its SQL name with the same arguments."""
    import duckdb

    spelled = SQL.get(function.name, f"{function.sql}({{}})" if function.sql.isidentifier() else "")
    if not spelled:
        return None
    arguments = [f"x{at}" if f"x{at}" in columns else _literal(one) for at, one in enumerate(node.arguments)]
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


def _page(lines: list[Any]) -> str:
    names = ", ".join(f"{name} {version(name)}" for name in ("pyarrow", "numpy", "duckdb", "polars"))
    head = (
        "# The speed of functions\n\n"
        "Written by `make bench-functions`: million rows a second on one thread, the slowest first. The columns hold the arguments of the\n"
        "example, 4 % of the first one null, and kernels run on all rows; in a run, expressions of one column are worked out once for each\n"
        "value ([decision 55](decisions/0055-once-for-each-value.md)). DuckDB and Polars where they have the same function.\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, Python {sys.version.split()[0]}, {names}; best of three.\n\n"
        "| function | M rows/s | DuckDB | Polars | example |\n|---|---|---|---|---|\n"
    )
    return head + "".join(
        f"| `{name}` | {speed:,.2f} | {_shown(duck)} | {_shown(polars)} | `{text.replace('|', chr(92) + '|')}` |\n"
        for speed, name, _, text, duck, polars in lines
    )


def _shown(speed: float | None) -> str:
    return "" if speed is None else f"{speed:,.1f}"


if __name__ == "__main__":
    main()
