"""A case in the middle of a column: its literals become columns, with nulls, other values and failed cells around them.

What stands alone in an expression is one array of one value or a constant; kernels are made for arrays. So every literal
that may be a column becomes one, nullable where that is taken, and the case must give what it gives alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.engine.evaluate import evaluate
from datahub.engine.scope import RunState
from datahub.engine.scope import Scope as Rows
from datahub.frames.frame import Column, Failure, Frame
from datahub.functions.declare import Context
from datahub.semantic import ir
from datahub.semantic.expressions import elaborate
from datahub.semantic.scope import Scope, World
from datahub.syntax import ast
from datahub.syntax.parser import parse_expression
from datahub.testing.expressions import Answer
from datahub.types import model as t
from datahub.types.arrow import arrow_type

LENGTH = 1000
PLACES = (0, 499, 500, 999)
"""Where the case itself stands: at both ends, and in the middle."""
POISON = "R109"
"""The code of the cells that have failed before the case is reached."""


@dataclass(frozen=True, slots=True)
class InColumn:
    """What a case gives at each of its places, and how many of its literals were columns."""

    answers: tuple[Answer, ...]
    columns: int
    literals: int


NO_EXPRESSION = frozenset(("DHM001", "DHM002", "DHM105"))
"""What is refused because of how it is written, or for a function that is not there: columns have no part in it."""


def answers_in_column(expression: str, alone: Answer) -> InColumn:
    """The answers of the case at `PLACES` of a column of 1,000; none where it is refused there as well."""
    tree = parse_expression(Document("expression", expression), lambda _: None)
    if tree is None or (alone.refused and alone.refused[0].rule.code in NO_EXPRESSION):
        return InColumn((), 0, 0)
    literals = [one for one in found_literals(tree) if column_of(one) is not None]
    taken, typed = as_columns(tree, literals)
    if typed is None:
        return InColumn((), 0, len(literals))
    frame = Frame({name: surrounded(kind, value) for name, (kind, value) in taken.items()}, LENGTH, np.arange(LENGTH, dtype=np.int64))
    given = evaluate(typed, Rows(frame, RunState(Context(datetime.now(UTC)))))
    return InColumn(tuple(_at(given, place, typed.type) for place in PLACES), len(taken), len(literals))


def _at(column: Column, row: int, kind: t.Type) -> Answer:
    for failure in column.failures:
        if row in failure.rows:
            return Answer(rejected=failure.code, type=kind)
    return Answer(column.array(LENGTH)[row].as_py(), kind)


# ---------------------------------------------------------------- literals, and columns for them


def found_literals(tree: Any) -> Iterator[Any]:
    """The literals in `tree`, the largest ones: a list of literals is one, as is a negative number."""
    if is_literal(tree):
        yield tree
    elif is_dataclass(tree):
        kept = notation(tree) if isinstance(tree, ast.Call) else ()
        for field in fields(tree):
            yield from (one for one in found_literals(getattr(tree, field.name)) if one not in kept)
    elif isinstance(tree, tuple):
        for one in tree:
            yield from found_literals(one)


def notation(call: ast.Call) -> tuple[Any, ...]:
    """Literals that mean something else as a column: `$1` is notation in a script, and in a column it is data."""
    by_pattern = call.function.text == "replace" and any(isinstance(one.value, ast.Pattern) for one in call.arguments)
    return tuple(
        one.value for one in call.arguments if by_pattern and isinstance(one.value, ast.String) and re.search(r"[$\\\\]", one.value.value)
    )


def is_literal(tree: Any) -> bool:
    match tree:
        case ast.Number() | ast.String() | ast.Boolean() | ast.Unary(operator="-", operand=ast.Number()):
            return True
        case ast.ListOf(items=items):
            return bool(items) and all(isinstance(one, ast.Null) or is_literal(one) for one in items)
        case ast.StructOf(items=items):
            return bool(items) and all(isinstance(one, ast.StructField) and is_literal(one.value) for one in items)
        case _:
            return False


def column_of(literal: Any) -> tuple[t.Type, Any] | None:
    """The type and the value of a literal; None where it is not one of the language."""
    typed = checked(literal, {})
    if typed is None:
        return None
    alone = evaluate(typed, Rows(Frame({}, 1, np.zeros(1, np.int64)), RunState(Context(datetime.now(UTC)))))
    return typed.type, alone.array(1)[0].as_py()


def checked(tree: Any, names: dict[str, t.Type]) -> ir.Expression | None:
    """`tree` with its types, where `names` are columns; None where it is refused."""
    found: list[Any] = []
    typed = elaborate(tree, Scope(World(), found.append, names={name: ir.Column(name, kind) for name, kind in names.items()}))
    return None if any(one.level is Severity.ERROR for one in found) else typed


def as_columns(tree: Any, literals: list[Any]) -> tuple[dict[str, tuple[t.Type, Any]], ir.Expression | None]:
    """The columns that stand for the literals of `tree`, and the expression over them; some must stay constants."""
    taken: dict[str, tuple[t.Type, Any]] = {}
    typed = checked(tree, {})
    for number, literal in enumerate(literals):
        made = column_of(literal)
        assert made is not None
        kind, value = made
        name = f"column{number}"
        other = replaced(tree, literal, ast.Reference(ast.Name(name, literal.span), literal.span))
        for candidate in (t.nullable(kind), t.required(kind)):
            over = checked(other, {**{key: one for key, (one, _) in taken.items()}, name: candidate})
            if over is not None:
                tree, typed = other, over
                taken[name] = (candidate, value)
                break
    return taken, typed


def replaced(tree: Any, old: Any, new: Any) -> Any:
    """`tree` with `new` where `old` stands."""
    if tree is old:
        return new
    if is_dataclass(tree) and not isinstance(tree, type):
        changed = {}
        for field in fields(tree):
            before = getattr(tree, field.name)
            after = replaced(before, old, new)
            if after is not before:
                changed[field.name] = after
        return replace(tree, **changed) if changed else tree  # type: ignore[type-var]
    if isinstance(tree, tuple):
        made = tuple(replaced(one, old, new) for one in tree)
        return made if any(a is not b for a, b in zip(made, tree)) else tree
    return tree


# ---------------------------------------------------------------- what stands around


def surrounded(kind: t.Type, value: Any) -> Column:
    """A column of the case's value at its places; around it others of the type, nulls where it takes them, and failed cells."""
    others = [*other_values(kind, value), *([None] if kind.nullable else [])]
    values = [others[(row * 7) % len(others)] if row not in PLACES else value for row in range(LENGTH)]
    failed = np.array([row for row in range(5, LENGTH, 11) if row not in PLACES], dtype=np.int64)
    for row in failed:
        values[row] = None
    return Column(pa.array(values, arrow_type(kind)), (Failure(failed, POISON),))


def other_values(kind: t.Type, value: Any) -> list[Any]:
    """Values of a type among which there are some that many functions refuse."""
    match t.base_of(kind):
        case t.Bool():
            return [True, False]
        case t.Int():
            return [0, 1, -1, 7, 2**62, -(2**63), value]
        case t.Decimal(precision=precision, scale=scale):
            widest = Decimal(10**precision - 1).scaleb(-scale) if precision <= 28 else Decimal(0)
            return [Decimal(0), widest, -widest, value]
        case t.Float():
            return [0.0, -1.5, 1e300, value]
        case t.Text():
            return ["", " ", "x", "0", "-1", "é😊", "no value of anything", "2024-02-30", value]
        case t.ListOf(item=item):
            return [[], [None] if item.nullable else [], list(value) * 2, value]
        case _:
            return [value]
