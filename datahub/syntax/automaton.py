"""The automaton that reads tokens by the parse tables and calls, for each rule it completes, the function that makes the node.

No tree lies in between, and nothing is recursive. At a mistake it falls back to the nearest place where the grammar
takes BROKEN, skips to the end of that statement, and reads on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from datahub.diagnostics.rule import Severity
from datahub.document import Document, Span
from datahub.syntax.expected import Mistake, tell
from datahub.syntax.layout import Laid
from datahub.syntax.oddities import ODD_WORDS
from datahub.syntax.report import Report
from datahub.syntax.tables import Tables, tables
from datahub.syntax.tokens import ODD

Action = Callable[..., object]


def read(laid: Laid, start: str, actions: Mapping[str, Action], context: object, report: Report) -> Any:
    """Read the tokens from the rule `start`; give what its function makes, None where nothing could be saved.

    Each function is given `context`, the place of what it makes, and the children of its rule.
    """
    return _Reader(laid, start, actions, context, report).run()


@cache
def _wordlike() -> frozenset[str]:
    return frozenset(tables().words.values())


class _Reader:
    """One pass over the tokens of a text; a token's value is its number."""

    def __init__(self, laid: Laid, start: str, actions: Mapping[str, Action], context: object, report: Report) -> None:
        self.laid = laid
        self.made: Tables = tables()
        self.context = context
        self.report = report
        self.end_state = self.made.ends[start]
        self.states = [self.made.starts[start]]
        self.values: list[Any] = []
        self.begins: list[int] = []
        self.finishes: list[int] = []
        self.entered = [0]
        self.steps = [(p.name, p.size, actions.get(p.action), p.action, p.given) for p in self.made.productions]

    def run(self) -> Any:
        kinds, begins_at, ends_at = self.laid.kinds, self.laid.starts, self.laid.ends
        rows, states, values, begins, finishes, entered = (
            self.made.rows, self.states, self.values, self.begins, self.finishes, self.entered
        )  # fmt: skip
        words, steps, document, context = _wordlike(), self.steps, self.report.document, self.context
        at = 0
        while True:
            kind = kinds[at]
            row = rows[states[-1]]
            act = row.get(kind)
            if act is None or (kind in words and "NAME" in row):
                act = self.choose(at, row)
                if act is None:
                    resumed = self.recover(at)
                    if resumed is None:
                        return None
                    at = resumed
                    continue
            if act >= 0:
                states.append(act)
                values.append(at)
                begins.append(begins_at[at])
                finishes.append(ends_at[at])
                at += 1
                entered.append(at)
                continue
            name, size, action, label, given = steps[-1 - act]
            if size == 1 and not label:
                states[-1] = rows[states[-2]][name]
            else:
                if size:
                    taken = values[-size:]
                    begin, finish = begins[-size], finishes[-1]
                    came = entered[-1]
                    del states[-size:], values[-size:], begins[-size:], finishes[-size:], entered[-size:]
                else:
                    taken = []
                    begin = finish = finishes[-1] if finishes else 0
                    came = at
                states.append(rows[states[-1]][name])
                values.append(_value(action, label, taken, given, context, document, begin, finish))
                begins.append(begin)
                finishes.append(finish)
                entered.append(came)
            if kind == "$END" and states[-1] == self.end_state:
                return values[-1]

    def choose(self, at: int, row: dict[str, int]) -> int | None:
        """What to do with a word that may be a keyword or a name, or with one of another language."""
        kind = self.laid.kinds[at]
        name = row.get("NAME")
        keyword = kind
        if kind == ODD:
            keyword = self.keyword_of(at)
        elif kind not in _wordlike():
            return row.get(kind)
        act = row.get(keyword)
        if act is None:
            return name
        following = self.laid.kinds[at + 1]
        if name is not None and (following == "COLON" or not self.fits(keyword, act, following, row)):
            return name
        if act >= 0 and kind == ODD:
            self.tell_odd(at)
        return act

    def fits(self, keyword: str, act: int, following: str, row: dict[str, int]) -> bool:
        """Whether the token after a word can follow it as a keyword."""
        if act < 0:
            return True
        then = self.made.rows[act]
        named = "NAME" in then and (following == ODD or following in _wordlike())
        return named or following in then or following == "$END"

    def keyword_of(self, at: int) -> str:
        word = self.report.document.text[self.laid.starts[at] : self.laid.ends[at]]
        return self.made.words.get(ODD_WORDS.get(word, word.lower()), "")

    def tell_odd(self, at: int) -> None:
        """Tell a keyword in another language's spelling; `else` is only noted, since `fmt` rewrites it."""
        start, end = self.laid.starts[at], self.laid.ends[at]
        word = self.report.document.text[start:end]
        better = ODD_WORDS.get(word, word.lower())
        self.report.foreign(start, end, better, severity=Severity.NOTE if word == "else" else None)

    # ------------------------------------------------------------ after a mistake

    def recover(self, at: int) -> int | None:
        """Tell the mistake at a token, give up the statement around it, and say at which token to go on."""
        for level in range(len(self.states) - 1, -1, -1):
            act = self.made.rows[self.states[level]].get("BROKEN", -1)
            if act < 0:
                continue
            begin = self.entered[level]
            resume = self.resume(level, act, at, begin)
            if resume is not None:
                self.tell(at, begin, resume)
                self.put_broken(level, act, begin, resume)
                return resume
        self.tell(at, 0, at)
        return None

    def resume(self, level: int, act: int, at: int, begin: int) -> int | None:
        """The first token from `at` on that can follow a statement given up at `level`."""
        kinds, depths = self.laid.kinds, self.laid.depths
        depth = depths[begin]
        states = [*self.states[: level + 1], act]
        taken: dict[str, bool] = {}
        for number in range(at, len(kinds)):
            kind = kinds[number]
            if depths[number] > depth and kind != "$END":
                continue
            if depths[number] < depth:
                return None
            if depth == 0 and kind == "_NL" and not self.starts_afresh(number + 1):
                continue
            if kind not in taken:
                taken[kind] = kind not in _wordlike() and self.accepts(states, kind)
            if taken[kind]:
                return number
        return None

    def starts_afresh(self, number: int) -> bool:
        """Whether a declaration, perhaps misspelt, seems to begin at the token."""
        laid = self.laid
        kind = laid.kinds[number]
        word = kind == "NAME" or kind == ODD or kind in _wordlike()
        return word and laid.starts[number] in laid.margins and laid.kinds[number + 1] != "COLON"

    def put_broken(self, level: int, act: int, begin: int, resume: int) -> None:
        del self.states[level + 1 :], self.values[level:], self.begins[level:], self.finishes[level:], self.entered[level + 1 :]
        self.states.append(act)
        self.values.append(begin)
        self.begins.append(self.laid.starts[begin])
        self.finishes.append(max(self.laid.starts[begin], self.laid.ends[resume - 1] if resume else 0))
        self.entered.append(resume)

    def accepts(self, states: list[int], kind: str) -> bool:
        """Whether the automaton in these states would take a token of this kind."""
        rows = self.made.rows
        stack = list(states)
        while True:
            act = rows[stack[-1]].get(kind)
            if act is None:
                return False
            if act >= 0:
                return True
            name, size, _, _, _ = self.steps[-1 - act]
            if size:
                del stack[-size:]
            stack.append(rows[stack[-1]][name])
            if kind == "$END" and stack[-1] == self.end_state:
                return True

    def tell(self, at: int, begin: int, resume: int) -> None:
        laid = self.laid
        since = laid.starts[begin]
        until = laid.ends[resume - 1] if resume > begin else laid.ends[at]
        self.report.forget_strays(since, until)
        if not self.report.trusted(since, max(since, until)):
            return
        expected = frozenset(kind for kind in self.made.rows[self.states[-1]] if kind.isupper() and self.accepts(self.states, kind))
        before, before_start = (laid.kinds[at - 1], laid.starts[at - 1]) if at else ("_NL", 0)
        tell(Mistake(laid.kinds[at], laid.starts[at], laid.ends[at], before, before_start, expected), self.report)


def _value(
    action: Action | None,
    label: str,
    taken: list[Any],
    given: tuple[int, ...],
    context: object,
    document: Document,
    begin: int,
    finish: int,
) -> Any:
    if label == "[]":
        return _gathered(taken, given)
    if not label:
        return taken[given[0]]
    children: list[Any] = []
    for place in given:
        if place >= 0:
            children.append(taken[place])
        elif place == -1:
            children.append(None)
        else:
            children += taken[-2 - place]
    if action is None:
        return children
    return action(context, Span(document, begin, finish), *children)


def _gathered(taken: list[Any], given: tuple[int, ...]) -> list[Any]:
    """Gather children into one list; the first, where it is one already, is added to, so that long lists stay cheap."""
    if not given:
        return []
    if given[0] <= -2:
        gathered: list[Any] = taken[-2 - given[0]]
        rest = given[1:]
    else:
        gathered, rest = [], given
    for place in rest:
        if place >= 0:
            gathered.append(taken[place])
        elif place <= -2:
            gathered += taken[-2 - place]
    return gathered
