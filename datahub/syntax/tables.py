"""The parse tables: made from the grammar by Lark once, kept as JSON, and read back without Lark.

They are what makes the command start fast: importing Lark and analysing the grammar takes a second, reading them a few
milliseconds. They lie beside the compiled modules, or else in the user's cache, under the hash of the grammar.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datahub.records import record
from datahub.resources import folder

if TYPE_CHECKING:
    from lark.grammar import Rule as LarkRule

PARTS = ("dhm", "expressions", "terminals")
STARTS = ("start", "expression")
SHAPE = 2
"""The shape of the kept file; it changes with `Tables`."""


@record(frozen=True, slots=True)
class Production:
    """One alternative of a rule: how many symbols it takes, and what its function is given of them.

    `action` is the name of the function; "" passes the only child on, "[]" gathers children into a list.
    In `given`, a number is a child as it is, a negative one (`-2 - n`) a list whose items are given one by one, -1 nothing.
    """

    name: str
    size: int
    action: str
    given: tuple[int, ...]


@record(frozen=True, slots=True)
class Tables:
    """An automaton over the grammar: in a row, a number from 0 is the state to go to, one below is `-1 - production`."""

    rows: tuple[dict[str, int], ...]
    productions: tuple[Production, ...]
    starts: dict[str, int]
    ends: dict[str, int]
    words: dict[str, str]
    marks: dict[str, str]
    patterns: dict[str, str]


@cache
def tables() -> Tables:
    """Give the tables of the grammar, kept ones where there are any."""
    grammar = grammar_text()
    key = hashlib.sha256(f"{SHAPE}\n{grammar}".encode()).hexdigest()[:16]
    places = [place / f"dhm-{key}.json" for place in _places()]
    for place in places:
        kept = _kept(place)
        if kept is not None:
            return kept
    made = analyse(grammar)
    for place in places:
        if _keep(made, place):
            break
    return made


def grammar_text() -> str:
    """The grammar, its parts one after the other."""
    where = folder("grammar")
    return "\n".join((where / f"{part}.lark").read_text(encoding="utf-8") for part in PARTS)


def analyse(grammar: str) -> Tables:
    """Make the tables of `grammar` with Lark."""
    from lark import Lark
    from lark.lexer import PatternStr
    from lark.parsers.lalr_analysis import Shift

    made: Any = Lark(grammar, parser="lalr", lexer="contextual", start=list(STARTS), maybe_placeholders=True)
    table = made.parser.parser._parse_table  # noqa: SLF001  Lark has no other way to its tables
    numbers: dict[LarkRule, int] = {}
    rows: list[dict[str, int]] = []
    # Lark numbers states as they come out of its sets: they are numbered anew, so that a grammar has one automaton.
    order = [table.start_states[start] for start in STARTS]
    states = {state: number for number, state in enumerate(order)}
    for state in order:
        rows.append({})
        for symbol, (action, target) in sorted(table.states[state].items()):
            if action is not Shift:
                rows[-1][symbol] = -1 - numbers.setdefault(target, len(numbers))
                continue
            if target not in states:
                states[target] = len(states)
                order.append(target)
            rows[-1][symbol] = states[target]
    fixed = {t.pattern.value: t.name for t in made.terminals if isinstance(t.pattern, PatternStr)}
    compare = dict.fromkeys(("<=", ">=", "<>", "<", ">"), "COMPARE")
    return Tables(
        rows=tuple(rows),
        productions=tuple(_production(rule) for rule in numbers),
        starts={start: states[table.start_states[start]] for start in STARTS},
        ends={start: states[table.end_states[start]] for start in STARTS},
        words={text: name for text, name in fixed.items() if text.isidentifier()},
        marks={text: name for text, name in fixed.items() if not text.isidentifier()} | compare,
        patterns={t.name: t.pattern.value for t in made.terminals if not isinstance(t.pattern, PatternStr) and t.name != "COMPARE"},
    )


def _production(rule: LarkRule) -> Production:
    given: list[int] = []
    gaps = _gaps(rule)
    for number, symbol in enumerate(rule.expansion):
        given += [-1] * gaps[number]
        if symbol.is_term:
            if not symbol.filter_out:  # type: ignore[attr-defined]
                given.append(number)
        else:
            given.append(-2 - number if symbol.name.startswith("_") else number)
    given += [-1] * gaps[-1]
    name = str(rule.origin.name)
    if name.startswith("_"):
        action = "[]"
    elif rule.options.expand1 and not rule.alias and len(given) == 1:
        action = ""
    else:
        action = rule.alias or name
    return Production(name, len(rule.expansion), action, tuple(given))


def _gaps(rule: LarkRule) -> list[int]:
    """How many absent optional children stand before each symbol of `rule`, and after the last."""
    gaps = [0]
    for absent in rule.options.empty_indices or [False] * len(rule.expansion):
        if absent:
            gaps[-1] += 1
        else:
            gaps.append(0)
    return gaps


def _places() -> list[Path]:
    cached = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    places = [Path(__file__).parent / "__pycache__"]
    try:
        return [*places, Path(cached).expanduser() / "dhm"]
    except RuntimeError:
        # Some services run as a user without a home.
        return places


def _kept(place: Path) -> Tables | None:
    try:
        told = json.loads(place.read_bytes())
        return Tables(
            rows=tuple(told["rows"]),
            productions=tuple(Production(name, size, action, tuple(given)) for name, size, action, given in told["productions"]),
            **{part: told[part] for part in ("starts", "ends", "words", "marks", "patterns")},
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(made: Tables, place: Path) -> bool:
    told = {part: getattr(made, part) for part in ("rows", "starts", "ends", "words", "marks", "patterns")}
    told["productions"] = [(p.name, p.size, p.action, p.given) for p in made.productions]
    draft = place.with_suffix(f".{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(told, separators=(",", ":")), encoding="utf-8")
        draft.replace(place)
    except OSError:
        return False
    return True
