"""One expression, evaluated alone: for `dhm eval`, for examples in the documentation, for trying things out."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.row_codes import phrase
from datahub.diagnostics.rule import Severity
from datahub.document import Document, Span
from datahub.engine.evaluate import evaluate
from datahub.engine.issues import LONGEST_VALUE
from datahub.engine.scope import RunState, Scope
from datahub.frames.frame import Failure, Frame
from datahub.functions.declare import Context
from datahub.functions.extensions import BrokenExtension
from datahub.records import record
from datahub.semantic.expressions import elaborate
from datahub.semantic.rules_extensions import BROKEN_EXTENSION
from datahub.semantic.scope import Scope as Names
from datahub.semantic.scope import World
from datahub.syntax.parser import parse_expression
from datahub.types import model as t


@record(frozen=True, slots=True)
class Answer:
    """What an expression gives: a `value` of `type`, a reject `code` with its message, or the diagnostics that refuse it."""

    value: Any = None
    type: t.Type | None = None
    rejected: str = ""
    message: str = ""
    refused: tuple[Diagnostic, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The answer as `dhm eval --jsonl` gives it."""
        if self.refused:
            return {"refused": self.refused[0].rule.code, "message": self.refused[0].message}
        if self.rejected:
            return {"rejected": self.rejected, "message": self.message}
        if self.value is None:
            return {"null": True}
        plain = as_json(self.value, self.type)
        typed = self.type is not None and not isinstance(t.base_of(self.type), t.Text | t.Int | t.Bool)
        return {"value": plain, "type": t.spelled(t.required(self.type))} if typed and self.type is not None else {"value": plain}


def answer(text: str, world: World | None = None, run: RunState | None = None) -> Answer:
    """Evaluate the expression in `text`, in which only what `world` declares can be named."""
    found: list[Diagnostic] = []
    document = Document("expression", text)
    tree = parse_expression(document, found.append)
    expression = None if tree is None or _errors(found) else elaborate(tree, Names(world or World(), found.append))
    if expression is None or (errors := _errors(found)):
        return Answer(refused=tuple(_errors(found)) if tree is None or expression is None else tuple(errors))
    state = run or RunState(Context(datetime.now(UTC)))
    try:
        column = evaluate(expression, Scope(Frame({}, 1, np.zeros(1, np.int64)), state))
    except BrokenExtension as problem:
        at = Label(Span(document, 0, len(text)), "cannot be worked out")
        return Answer(refused=(Diagnostic(BROKEN_EXTENSION, problem.message, at, help=problem.help),))
    if column.failures:
        failure = column.failures[0]
        message = failure.texts[0].as_py() if failure.texts is not None else failure.message or _said(failure, text)
        return Answer(rejected=failure.code, message=message, type=expression.type)
    return Answer(column.array(1)[0].as_py(), expression.type)


def _said(failure: Failure, text: str) -> str:
    """What a failure says, of the value that failed or else of the whole expression."""
    value = failure.values[0].as_py() if failure.values is not None and len(failure.values) else None
    return f"{quoted(str(value)) if value is not None else f'`{text.strip()}`'} {phrase(failure.code, failure.wanted)}"


def quoted(value: str) -> str:
    """A value in a message: in quotes, or between backticks where it has quotes itself."""
    shown = value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"
    return f"`{shown}`" if '"' in shown else f'"{shown}"'


def _errors(found: list[Diagnostic]) -> list[Diagnostic]:
    return [one for one in found if one.level is Severity.ERROR]


def as_json(value: Any, kind: t.Type | None = None) -> Any:
    """A value as JSON has it; what JSON has no form for, decimals among it, as text. Its type tells an empty map from an empty list."""
    match value, t.base_of(kind) if kind is not None else None:
        case list(), t.MapOf(value=inner):
            return {key: as_json(one, inner) for key, one in value}
        case list(), t.ListOf(item=item):
            return [as_json(one, item) for one in value]
        case dict(), t.Struct(fields=fields):
            return {name: as_json(value[name], inner) for name, inner in fields}
        case _:
            return _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return iso_duration(value)
        case bytes():
            return base64.b64encode(value).decode()
        case list():
            if value and all(isinstance(one, tuple) for one in value):
                return {key: as_json(inner) for key, inner in value}
            return [as_json(one) for one in value]
        case dict():
            return {key: as_json(inner) for key, inner in value.items()}
        case _:
            return value


def iso_duration(value: timedelta) -> str:
    """A duration as ISO 8601 writes it: `PT1H30M`."""
    sign, rest = ("-", -value) if value < timedelta() else ("", value)
    seconds = rest.seconds + Decimal(rest.microseconds) / 1_000_000
    days, hours, minutes = rest.days, int(seconds // 3600), int(seconds % 3600 // 60)
    left = seconds % 60
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{left.normalize():f}S" if left else "")
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return f"{sign}P{text or 'T0S'}"
