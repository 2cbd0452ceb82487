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
from datahub.syntax.expected import tell
from datahub.syntax.layout import Laid
from datahub.syntax.mistake import Mistake
from datahub.syntax.oddities import ODD_WORDS
from datahub.syntax.report import Report
from datahub.syntax.tables import Tables, tables
from datahub.syntax.tokens import ODD

Action = Callable[..., object]
Steps = tuple[tuple[str, int, Action | None, str, tuple[int, ...]], ...]
"""For each production: its name, its size, its function, the label of that, and what it is given."""

_LOOK_BACK = 32
"""So many states are copied to try a token; more where it takes more."""


def steps(actions: Mapping[str, Action]) -> Steps:
    """What to do for each production of the grammar, with the functions named in it."""
    return tuple((p.name, p.size, actions.get(p.action), p.action, p.given) for p in tables().productions)


def read(laid: Laid, start: str, steps: Steps, context: object, report: Report) -> Any:
    """Read the tokens from the rule `start`; give what its function makes, None where nothing could be saved.

    Each function is given `context`, the place of what it makes, and the children of its rule.
    """
    return _Reader(laid, start, steps, context, report).run()


@cache
def _wordlike() -> frozenset[str]:
    return frozenset(tables().words.values())


class _Reader:
    """One pass over the tokens of a text; a token's value is its number."""

    def __init__(self, laid: Laid, start: str, steps: Steps, context: object, report: Report) -> None:
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
        self.told: list[tuple[int, int, str]] = []
        self.steps = steps

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
                act = self.choose(states, at)
                if act is None:
                    resumed = self.recover(at)
                    if resumed is None:
                        return None
                    at = resumed
                    continue
                if kind == ODD and act >= 0 and act != row.get("NAME"):
                    self.tell_odd(at)
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

    def choose(self, states: list[int], at: int) -> int | None:
        """What to do with a word that may be a keyword or a name, or with one of another language."""
        kind = self.laid.kinds[at]
        row = self.made.rows[states[-1]]
        if kind != ODD and kind not in _wordlike():
            return row.get(kind)
        name = row.get("NAME")
        act = row.get(self.keyword(at))
        if act is None:
            return name
        if kind == "COLUMNS":
            # No option has this name: what is missing behind it is told.
            return act
        if name is not None and (self.laid.kinds[at + 1] == "COLON" or not self.fits(states, at)):
            return name
        return act

    def keyword(self, at: int) -> str:
        """The kind of the keyword that a word is, or is in another language's spelling."""
        kind = self.laid.kinds[at]
        if kind != ODD:
            return kind
        word = self.report.document.text[self.laid.starts[at] : self.laid.ends[at]]
        return self.made.words.get(ODD_WORDS.get(word, word.lower()), "")

    def fits(self, states: list[int], at: int) -> bool:
        """Whether the token after a word can follow it as a keyword."""
        state = self.taking(states, self.keyword(at))
        then = {} if state is None else self.made.rows[state]
        following = self.keyword(at + 1)
        return following in then or following == "$END" or ("NAME" in then and following in _wordlike())

    def tell_odd(self, at: int) -> None:
        """Tell a keyword in another language's spelling; `else` is only noted, since `fmt` rewrites it."""
        start, end = self.laid.starts[at], self.laid.ends[at]
        word = self.report.document.text[start:end]
        better = ODD_WORDS.get(word, word.lower())
        if better in ("asc", "like", "between"):
            # The rule that takes the word tells it, with the rest of the operator.
            return
        severity = Severity.NOTE if word == "else" else None
        before = self.told[-1] if self.told else None
        if before is not None and before[0] == at - 1 and severity is None:
            start = self.laid.starts[before[1]]
            better = f"{before[2]} {better}"
            self.report.forget_foreign(start, end)
            self.told[-1] = (at, before[1], better)
        elif severity is None:
            self.told.append((at, at, better))
        self.report.foreign(start, end, better, severity=severity)

    # ------------------------------------------------------------ after a mistake

    def recover(self, at: int) -> int | None:
        """Tell the mistake at a token, give up the statement around it, and say at which token to go on."""
        foreign = self.pass_over(at)
        if foreign is not None:
            return foreign
        for level in range(len(self.states) - 1, -1, -1):
            act = self.made.rows[self.states[level]].get("BROKEN", -1)
            if act < 0:
                continue
            begin = self.entered[level]
            resume = self.resume(level, act, at, begin)
            if resume is not None:
                self.tell(level, at, begin, resume)
                self.put_broken(level, act, begin, resume)
                return resume
        self.tell(0, at, 0, at)
        return None

    def pass_over(self, at: int) -> int | None:
        """Tell what another language writes here and ours does not, where the rest fits without it; at which token to go on."""
        laid, text = self.laid, self.report.document.text
        if laid.kinds[at] == "COLON" and laid.kinds[at + 1] == "TABLE" and self.accepts(self.states, "TABLE"):
            self.report.foreign(laid.starts[at], laid.ends[at], "", note="the table stands below, without a mark")
            return at + 1
        first = at + 1 if laid.kinds[at] == "_NL" else at
        words = [text[start:end] for start, end in zip(laid.starts[first : first + 3], laid.ends[first : first + 3], strict=True)]
        joins = {("left", "join"): 1, ("inner", "join"): 1, ("left", "outer", "join"): 2}
        skipped = joins.get(tuple(words[:2])) or joins.get(tuple(words))
        if skipped is None or not self.accepts(self.states, "JOIN"):
            return None
        inner = words[0] == "inner"
        note = "a row that finds none stays, with nulls; `join required` rejects it"
        note = "a row that finds none is a reject, so that nothing is lost; `join` alone keeps it, with nulls" if inner else note
        self.report.foreign(laid.starts[first], laid.ends[first + skipped], "join required" if inner else "join", note=note)
        return first + skipped

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
            if kind == "COMMA" and kinds[number + 2 : number + 3] != ["COLON"]:
                # What follows is no field: the comma belongs to what was given up.
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
        return self.taking(states, kind) is not None

    def taking(self, states: list[int], kind: str) -> int | None:
        """The state that the automaton in these states goes to with a token of this kind, None where it takes none."""
        rows = self.made.rows
        stack = list(states[-_LOOK_BACK:])
        gone = len(states) - len(stack)
        while True:
            act = rows[stack[-1]].get(kind)
            if act is None or act >= 0:
                return act
            name, size, _, _, _ = self.steps[-1 - act]
            if size >= len(stack):
                stack = [*states[:gone], *stack]
                gone = 0
            if size:
                del stack[-size:]
            stack.append(rows[stack[-1]][name])
            if kind == "$END" and stack[-1] == self.end_state:
                return stack[-1]

    def tell(self, level: int, at: int, begin: int, resume: int) -> None:
        laid = self.laid
        since, until = laid.starts[begin], max(laid.starts[resume], laid.ends[at])
        self.report.forget_strays(since, until)
        if self.report.full:
            return
        states = self.replay(level, begin, at)
        expected = {kind for kind in self.made.rows[states[-1]] if kind.isupper() and self.accepts(states, kind)}
        before, before_start = (laid.kinds[at - 1], laid.starts[at - 1]) if at else ("_NL", 0)
        nested = laid.kinds[at] == "COLON" and laid.depths[at] > laid.depths[begin] and "RSQB" in expected
        if expected == {"LBRACE"} or nested:
            # Without it all that follows is read as what it is not.
            self.report.unopened(laid.starts[at], block=True)
        elif not self.report.trusted(since, until):
            return
        mistake = Mistake(laid.kinds[at], laid.starts[at], laid.ends[at], before, before_start, frozenset(expected - {"BROKEN"}))
        tell(mistake, self.report)

    def replay(self, level: int, begin: int, at: int) -> list[int]:
        """The states before the token at the mistake was looked at; rules may have been completed in its light since."""
        states = self.states[: level + 1]
        while begin < at:
            act = self.choose(states, begin)
            if act is None:
                return list(self.states)
            if act >= 0:
                states.append(act)
                begin += 1
                continue
            name, size, _, _, _ = self.steps[-1 - act]
            if size:
                del states[-size:]
            states.append(self.made.rows[states[-1]][name])
        return states


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
