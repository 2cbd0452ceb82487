"""The examples of all functions with their constants in columns, where rows that fail and rows without a value stand around: the engine says what the reference says.

`python -m tests.differential.changed --columns` holds them as it holds examples with one constant changed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from datahub.engine.evaluate import evaluate
from datahub.engine.scope import Scope
from datahub.frames.frame import Frame
from datahub.functions import load
from datahub.semantic import ir
from datahub.types import model as t
from tests.differential import values
from tests.differential.calls import Call
from tests.differential.held import POOLS, checked, hold, state
from tests.differential.test_functions import FLOATS, SEED

ROWS = 12
CONSTANT = re.compile(
    r'(?P<list>\[[^\[\]{}/()]*\])|(?P<made>\b(?:date|datetime|local_datetime|decimal|float|time|duration)\("(?:\\.|[^"\\])*"\))'
    r'|(?P<text>"(?:\\.|[^"\\])*")|(?P<pattern>/(?:\\.|[^/\\\s])+/)|(?P<number>(?<![\w.])\d+(?:\.\d+)?(?![\w.]))|(?P<truth>\b(?:true|false)\b)'
)


def expressions() -> list[tuple[str, str]]:
    """Each function's name with each of its examples whose constants can be columns: all that can at once, and each by itself."""
    found: dict[str, str] = {}
    for name, function in load().items():
        for example in function.examples:
            for text in over_columns(example.expression):
                found.setdefault(text, name)
    return [(name, text) for text, name in found.items()]


def over_columns(expression: str) -> Iterator[str]:
    """The expression with `⟦constant⟧` for what is to be a column; nothing where no constant may be one."""
    spans = [one.span() for one in CONSTANT.finditer(expression) if one.lastgroup != "pattern"]
    alone = [span for span in spans if typed_over(marked(expression, [span])) is not None]
    together: list[tuple[int, int]] = []
    for span in alone:
        if typed_over(marked(expression, [*together, span])) is not None:
            together.append(span)
    if together:
        yield marked(expression, together)
    if len(alone) > 1:
        yield from (marked(expression, [span]) for span in alone)


def marked(expression: str, spans: list[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        expression = f"{expression[:start]}⟦{expression[start:end]}⟧{expression[end:]}"
    return expression


@cache
def constant(text: str) -> tuple[t.Type, Any] | None:
    """The type and the value of a constant; None where it is refused or has no value."""
    typed = checked(text, {})
    if typed is None or not _whole(typed.type):
        return None
    given = evaluate(typed, Scope(Frame({}, 1, np.zeros(1, np.int64)), state()))
    return None if given.failures else (_wide(typed.type), given.array(1)[0].as_py())


def _wide(kind: t.Type) -> t.Type:
    """The type without what the constant's own length says of it."""
    return t.Text(kind.nullable) if isinstance(kind, t.Text) else t.with_parts(kind, lambda _, inner: _wide(inner))


def _whole(kind: t.Type) -> bool:
    """Whether values of the type can be made."""
    return not isinstance(kind, t.Nothing | t.Unknown | t.Pattern) and all(map(_whole, t.parts(kind)))


def typed_over(text: str) -> tuple[ir.Expression, Call, list[Any]] | None:
    """What is marked as columns: the typed expression, the types of its columns, and the row that the example is of."""
    held = [constant(one) for one in re.findall("⟦(.*?)⟧", text)]
    if any(one is None for one in held):
        return None
    numbers = iter(range(len(held)))
    expression = re.sub("⟦.*?⟧", lambda _: f"c{next(numbers)}", text)
    for may_be_null in (True, False):
        columns = {f"c{at}": t.nullable(one[0]) if may_be_null else t.required(one[0]) for at, one in enumerate(held) if one is not None}
        typed = checked(expression, columns)
        if typed is not None:
            return typed, Call(expression, columns), [one[1] for one in held if one is not None]
    return None


def differences(name: str, text: str) -> list[str]:
    """What the engine and the reference do not agree on in a column that has the example first, then rows made by chance."""
    found = typed_over(text)
    if found is None:
        return []
    typed, call, example = found
    r = random.Random(f"{SEED}{text}")
    rows = [dict(zip(call.columns, example, strict=True))]
    for _ in range(ROWS):
        made = {one: values.value(kind, r, POOLS["number"] + POOLS["date"], small=r.random() < 0.7) for one, kind in call.columns.items()}
        rows.append({one: r.choice((rows[0][one], value)) for one, value in made.items()})
    return list(hold(typed, call, rows, np.arange(len(rows)), name in FLOATS).differences)
