"""What a row knows of itself and its neighbours: where it was read, whether a column was there, its place in a window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from datahub.semantic import expressions, ir, loops
from datahub.semantic.rules_types import BAD_ARGUMENTS
from datahub.semantic.scope import Scope
from datahub.semantic.told import UNKNOWN, is_unknown, shown, tell
from datahub.semantic.values import made
from datahub.syntax import ast
from datahub.types import model as t


def has(tree: ast.Call, scope: Scope) -> ir.Expression:
    """`has(r.x)`, `has(r.x.y)`: whether the source had the column at all, or a field inside of it."""
    asked = tree.arguments[0].value
    value = expressions.elaborate(asked, scope)
    if is_unknown(value):
        return UNKNOWN
    path: tuple[str, ...] = ()
    while isinstance(value, ir.Field):
        path = (value.name, *path)
        value = value.of
    if not isinstance(value, ir.Column) or "." not in value.name:
        message = f"`has` asks whether a row has a column, and `{shown(asked.span)}` is none"
        return tell(scope, BAD_ARGUMENTS, asked.span, message, "not a column of a row", help='of a map, ask for the key: `has(m, "key")`')
    row, _, column = value.name.partition(".")
    if row not in scope.rows or column not in scope.rows[row].marked:
        message = f"whether `{shown(asked.span)}` was there is not known here"
        help = "ask of a row that is read from a source, or from a view that passes its column on as it is"
        return tell(scope, BAD_ARGUMENTS, asked.span, message, "no column of a source", help=help)
    return made(scope, ir.Present(value.name, t.Bool(), path))


def _fact(fact: Literal["row_no", "line_no", "file_name"]) -> Callable[[ast.Call, Scope], ir.Expression]:
    kind: t.Type = t.Text() if fact == "file_name" else t.Int()

    def of_row(tree: ast.Call, scope: Scope) -> ir.Expression:
        named = [one.value for one in tree.arguments]
        known = [one for one in named if isinstance(one, ast.Reference) and one.name.text in scope.rows]
        if len(named) > 1 or len(known) != len(named) or not scope.rows:
            row = next(iter(scope.rows), "r")
            message = f"`{fact}` takes a row, and gives where it was read"
            return tell(scope, BAD_ARGUMENTS, tree.span, message, "no row of this place", help=f"write `{fact}({row})`")
        return made(scope, ir.RowFact(fact, kind))

    return of_row


# ---------------------------------------------------------------- windows


def row_number(tree: ast.Call, scope: Scope) -> ir.Expression:
    """`row_number(within k order by …)`: the row's place in its window, from 1."""
    inside = loops.windowed(tree, scope)
    if inside is None:
        return UNKNOWN
    if tree.arguments:
        return tell(scope, BAD_ARGUMENTS, tree.arguments[0].span, "`row_number` takes no value", "nothing is counted but rows")
    return made(scope, ir.WindowCall("row_number", None, 0, inside.window, t.Int(nullable=inside.window.where is not None)))


def _neighbour(function: Literal["lag", "lead"]) -> Callable[[ast.Call, Scope], ir.Expression]:
    def of_row(tree: ast.Call, scope: Scope) -> ir.Expression:
        inside = loops.windowed(tree, scope)
        if inside is None:
            return UNKNOWN
        if not 1 <= len(tree.arguments) <= 2:
            help = f"write `{function}(x within key order by day)`"
            message = f"`{function}` takes a value, and perhaps how many rows off"
            return tell(scope, BAD_ARGUMENTS, tree.span, message, "not these", help=help)
        value = expressions.elaborate(tree.arguments[0].value, replace(inside.scope, windows=True))
        steps = _steps(tree, function, scope)
        if is_unknown(value) or steps is None:
            return UNKNOWN
        return made(scope, ir.WindowCall(function, value, steps, inside.window, t.nullable(value.type)))

    return of_row


def _steps(tree: ast.Call, function: str, scope: Scope) -> int | None:
    if len(tree.arguments) == 1:
        return 1
    second = tree.arguments[1].value
    if isinstance(second, ast.Number) and isinstance(second.value, int) and second.value > 0:
        return second.value
    message = f"how many rows off `{function}` looks is a number of the script, 1 or more"
    tell(scope, BAD_ARGUMENTS, second.span, message, "not such a number")
    return None


FORMS: dict[str, Callable[[ast.Call, Scope], ir.Expression]] = {
    "has": has,
    "row_no": _fact("row_no"),
    "line_no": _fact("line_no"),
    "file_name": _fact("file_name"),
    "row_number": row_number,
    "lag": _neighbour("lag"),
    "lead": _neighbour("lead"),
}


def is_form(tree: ast.Call, scope: Scope) -> bool:
    """Whether a call is one of these, not of the function of texts or maps that has the name too."""
    match tree.function.text, [one.value for one in tree.arguments]:
        case "has", given:
            return len(given) == 1
        case "file_name", [ast.Reference(name=name)]:
            return name.text in scope.rows
        case "file_name", [_]:
            return False
        case name, _:
            return name in FORMS
