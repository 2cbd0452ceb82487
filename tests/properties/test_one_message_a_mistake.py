"""Scripts of the examples with one mistake each: a slip of the pen, a mark that is missing, a spelling of another language."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from datahub import compiler
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.packs.folders import Folders

EXAMPLES = Path(__file__).parents[2] / "examples"
QUOTED = re.compile(r'"""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*|^[ \t]*\|.*$', re.MULTILINE)
FOREIGN = ((" = ", " == "), (" <> ", " != "), (" and ", " && "), (" or ", " || "), (" & ", " + "), (" default ", " ?? "))
SCRIPTS = 150
MOST_SILENT, MOST_SEVERAL = 0.10, 0.03
"""Silent are names that a script may choose freely; several messages come of a declaration whose name many use."""

Mistake = tuple[str, int, str]


def errors(path: Path, text: str) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    loader = Folders()
    compiler.check(Document(loader.document(path, path.as_posix()).path, text), loader, found.append)
    return [one for one in found if one.level is Severity.ERROR]


def code(text: str) -> Callable[[int], bool]:
    """Whether what stands at an offset is neither a text, nor a comment, nor a row of a table."""
    spans = [found.span() for found in QUOTED.finditer(text)]
    return lambda at: not any(start <= at < end for start, end in spans)


def slip(text: str, chance: random.Random) -> Mistake | None:
    """A word with two letters swapped, one missing or one doubled."""
    inside = code(text)
    word = chance.choice([found for found in re.finditer(r"[A-Za-z_]\w{3,}", text) if inside(found.start())])
    old, at = word.group(), chance.randrange(1, len(word.group()) - 1)
    new = chance.choice([old[:at] + old[at + 1 :], old[:at] + old[at + 1] + old[at] + old[at + 2 :], old[:at] + old[at] + old[at:]])
    return None if new == old or new in text else (f"{old} > {new}", word.start(), text[: word.start()] + new + text[word.end() :])


def gap(text: str, chance: random.Random) -> Mistake:
    """A bracket, comma, colon or quote that is missing."""
    inside = code(text)
    marks = [at for at, mark in enumerate(text) if mark in "()[]{},:" and inside(at)]
    quotes = [
        at
        for found in QUOTED.finditer(text)
        if found.group()[0] == '"' and '"""' not in found.group()
        for at in (found.start(), found.end() - 1)
    ]
    at = chance.choice(marks) if chance.random() < 0.75 or not quotes else chance.choice(quotes)
    return f"without {text[at]}", at, text[:at] + text[at + 1 :]


def habit(text: str, chance: random.Random) -> Mistake | None:
    """An operator as another language writes it."""
    inside = code(text)
    ours, theirs = chance.choice(FOREIGN)
    places = [found.start() for found in re.finditer(re.escape(ours), text) if inside(found.start())]
    if not places:
        return None
    at = chance.choice(places)
    return f"{ours} > {theirs}", at, text[:at] + theirs + text[at + len(ours) :]


@pytest.fixture(scope="module")
def outcomes() -> dict[str, list[str]]:
    """The mistakes by what is told of them."""
    chance = random.Random(20_240_607)
    scripts = [(path, path.read_text(encoding="utf-8")) for path in sorted(EXAMPLES.rglob("*.dhm"))]
    scripts = [(path, text) for path, text in scripts if len(text) < 9000 and not errors(path, text)]
    found: dict[str, list[str]] = {"silent": [], "one": [], "several": []}
    while sum(map(len, found.values())) < SCRIPTS:
        path, text = chance.choice(scripts)
        made = chance.choice([slip, slip, gap, gap, habit])(text, chance)
        if made is None:
            continue
        what, at, new = made
        told = errors(path, new)
        line = text.count("\n", 0, at) + 1
        messages = "; ".join(f"{one.at.span.line}: {one.message}" for one in told[:4])
        kind = "silent" if not told else "one" if len(told) == 1 else "several"
        found[kind].append(f"{path.name}:{line} {what} ({len(told)}) {messages}")
    return found


def test_a_mistake_is_told_in_one_message(outcomes):
    told = outcomes["one"] + outcomes["several"]
    assert len(outcomes["several"]) <= MOST_SEVERAL * len(told), "\n".join(outcomes["several"])


def test_a_mistake_is_told(outcomes):
    assert len(outcomes["silent"]) <= MOST_SILENT * SCRIPTS, "\n".join(outcomes["silent"])
