"""Decisions about cases of other tools: the reasons, which cases they answer, and what would agree instead."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from datahub.testing.expressions import Answer
from tests.peers.suites import Case

FILE = Path(__file__).with_name("decisions.toml")


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases that disagree for one reason: of a suite, by topic and form, and what ours gives for them."""

    suite: str
    groups: tuple[str, ...]
    gives: tuple[str, ...]
    expression: str = ""
    expected: str = ""
    notin: str = ""
    instead: tuple[tuple[str, str], ...] = ()
    """A rewriting (pattern, replacement) after which the case agrees; without it there is nothing that would."""

    def holds(self, case: Case) -> bool:
        return (
            case.suite == self.suite
            and case.group in self.groups
            and re.search(self.expression, case.expression) is not None
            and re.search(self.expected, json.dumps(case.expected, ensure_ascii=False)) is not None
            and not (self.notin and re.search(self.notin, case.expression))
        )

    def rewritten(self, expression: str) -> str:
        """The expression that says in our words what the case asks for."""
        for pattern, replacement in self.instead:
            expression = re.sub(pattern, replacement, expression, count=0 if "^" in pattern or "$" not in pattern else 1)
        return expression


@dataclass(frozen=True, slots=True)
class Example:
    """The same thing there and here."""

    tool: str
    there: str
    gives: str
    here: str
    answers: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the language answers otherwise."""

    name: str
    title: str
    text: str
    outside: bool
    translation: bool
    examples: tuple[Example, ...]
    cases: tuple[Cases, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """How many cases of a suite there are, and how they end."""

    name: str
    title: str
    cases: int
    agreed: int
    translated: int
    decided: int
    outside: int


@cache
def figures() -> tuple[Figures, ...]:
    """What was measured last, as written down beside the decisions."""
    return tuple(Figures(**one) for one in tomllib.loads(FILE.read_text(encoding="utf-8"))["suite"])


@cache
def reasons() -> tuple[Reason, ...]:
    return tuple(_reason(one) for one in tomllib.loads(FILE.read_text(encoding="utf-8"))["reason"])


def _reason(one: dict[str, Any]) -> Reason:
    return Reason(
        one["name"],
        one["title"],
        " ".join(one["text"].split()),
        one.get("outside", False),
        one.get("translation", False),
        tuple(Example(example.pop("from"), **example) for example in one.get("example", ())),
        tuple(_cases(cases) for cases in one["cases"]),
    )


def _cases(one: dict[str, Any]) -> Cases:
    texts = {name: one[name] for name in ("expression", "expected", "notin") if name in one}
    pairs = tuple((pattern, replacement) for pattern, replacement in one.get("instead", ()))
    return Cases(one["suite"], tuple(one["groups"]), tuple(one["gives"].split("|")), instead=pairs, **texts)


def deciding(case: Case) -> list[tuple[Reason, Cases]]:
    """The reasons that hold for a case."""
    return [(reason, cases) for reason in reasons() for cases in reason.cases if cases.holds(case)]


def kind(given: Answer) -> str:
    """What kind of answer it is: `refused`, `rejected`, `null` or `value`."""
    if given.refused:
        return "refused"
    if given.rejected:
        return "rejected"
    return "null" if given.value is None else "value"
