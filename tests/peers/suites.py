"""The suites of other tools as cases: an expression of ours beside what the suite expects, and whether an answer agrees with that.

A case is never copied into the project; the files lie beside the checkout.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from datahub.testing.expressions import Answer
from datahub.types import model as t

FILES = ("jsonata", "substrait", "vrl-docs")


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what a suite calls it, the expression, and what the suite expects of it."""

    suite: str
    id: str
    expression: str
    expected: dict[str, Any]

    @property
    def group(self) -> str:
        """The function or the topic that the suite files the case under."""
        path = self.id.rpartition("#")[0] or self.id.rpartition(":")[0]
        match self.suite:
            case "jsonata":
                return path.split("/")[-2]
            case "vrl-docs":
                return path.rpartition("/")[2].removesuffix(".json")
            case _:
                return path.rpartition("/")[2].removesuffix(".test")


def read(folder: Path) -> Iterator[Case]:
    for name in FILES:
        with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                one = json.loads(line)
                yield Case(one["suite"], one["id"], one["expr"], one["expect"])


# ---------------------------------------------------------------- agreement


def agrees(given: Answer, case: Case) -> bool:
    """Whether the answer is what the suite expects: numbers by value, a reject or a refusal where it expects an error.

    Where the suite leaves the answer undefined, none agrees: what ours is must be decided.
    """
    if "undefined" in case.expected:
        return False
    if "error" in case.expected:
        return bool(given.rejected or given.refused)
    if given.rejected or given.refused:
        return False
    ours = plain(given.value, given.type)
    if case.expected.get("null"):
        return ours is None
    wanted = case.expected["value"]
    if case.suite == "substrait":
        return same(ours, *of_substrait(wanted))
    if case.suite == "vrl-docs" and isinstance(wanted, str) and (literal := _VRL_LITERAL.fullmatch(wanted)):
        return same(ours, literal.group(1))
    return same(ours, wanted)


_VRL_LITERAL = re.compile(r"[st]'(.*)'", re.DOTALL)
"""How VRL's own documentation prints a text and a moment where a value stands that JSON has no form for."""


def plain(value: Any, kind: t.Type | None) -> Any:
    """A value as JSON would hold it, numbers as they are."""
    if value is None or kind is None:
        return value
    match t.base_of(kind), value:
        case t.Json(), str():
            return json.loads(value)
        case t.ListOf(item=item), list():
            return [plain(one, item) for one in value]
        case t.MapOf(value=inner), list():
            return {key: plain(one, inner) for key, one in value}
        case t.Struct(fields=fields), dict():
            return {name: plain(value[name], inner) for name, inner in fields}
        case t.LocalDateTime() | t.DateTime(), datetime():
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        case _, bytes():
            return value.decode("utf-8", "replace")
        case _:
            return value


def same(ours: Any, wanted: Any, digits: float = 1e-9) -> bool:
    """Whether two plain values are equal: numbers by value, those that are not exact to a billionth."""
    if isinstance(ours, bool) or isinstance(wanted, bool):
        return ours is wanted
    match ours, wanted:
        case ((int() | Decimal() | float()), (int() | Decimal() | float())):
            return same_number(ours, wanted, digits)
        case list(), list():
            return len(ours) == len(wanted) and all(same(a, b, digits) for a, b in zip(ours, wanted))
        case dict(), dict():
            return ours.keys() == wanted.keys() and all(same(ours[key], wanted[key], digits) for key in wanted)
        case datetime(), str():
            return ours == moment(wanted)
        case ((date() | time()), str()):
            return ours.isoformat() == wanted
        case _:
            return type(ours) is type(wanted) and bool(ours == wanted)


def moment(written: str) -> datetime | None:
    """The instant that a suite writes; where it tells no zone, it is that of UTC. None where it writes none."""
    try:
        found = datetime.fromisoformat(written)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def same_number(ours: int | Decimal | float, wanted: int | Decimal | float, digits: float) -> bool:
    if isinstance(ours, int | Decimal) and isinstance(wanted, int | Decimal):
        return ours == wanted
    return math.isclose(float(ours), float(wanted), rel_tol=digits, abs_tol=digits)


# ---------------------------------------------------------------- Substrait's values


def of_substrait(written: str) -> tuple[Any, float]:
    """A value that carries its type, such as `6::i64`, as a plain one; and how many digits of it count.

    A moment without zone is written as we write it; a float of 32 bits has seven digits.
    """
    text, _, kind = written.rpartition("::")
    return _value(text.strip(), kind.replace("?", "")), 1e-6 if kind.startswith("fp32") else 1e-9


def _value(text: str, kind: str) -> Any:
    if text.lower() == "null":
        return None
    if kind.startswith("list<"):
        inner = kind[len("list<") : -1]
        return [_value(one, inner) for one in re.findall(r"'[^']*'|[^\s,\[\]]+", text)]
    match kind:
        case "bool":
            return text == "true"
        case "str" | "string":
            return text[1:-1]
        case "fp32" | "fp64":
            return float(text)
        case "i8" | "i16" | "i32" | "i64":
            return int(text)
        case _:
            return text
