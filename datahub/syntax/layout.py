"""The layout of a text: which newlines end a statement, how deep each token stands, and where a closing bracket is missing.

A missing bracket is put in here, so that it is told once, where it was opened, and the parser reads on as if it stood.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from datahub.diagnostics.diagnostic import Label
from datahub.records import record
from datahub.syntax.report import Report
from datahub.syntax.tokens import ODD, Tokens

DEEPEST = 100
"""So many brackets, or expressions, may stand inside one another."""

_GAP = re.compile(r"\s*")
_CLOSERS = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_OPENERS = {closer: opener for opener, closer in _CLOSERS.items()}
_SHOWN = {"LPAR": "(", "LSQB": "[", "LBRACE": "{", "RPAR": ")", "RSQB": "]", "RBRACE": "}"}
_GOES_ON = frozenset(
    {
        "_NL", "LPAR", "LSQB", "LBRACE", "COMMA", "COLON", "_EQUAL", "COMPARE", "AMPERSAND", "PLUS", "MINUS", "STAR", "SLASH", "_ARROW",
        "_RANGE", "_SIGN", "DOLLAR", "DOT", "SAFE_DOT", "AND", "OR", "NOT", "WHEN", "THEN",
    }
)  # fmt: skip
_WORDS = frozenset({"AND", "OR", "NOT", "WHEN", "THEN"})
_BEFORE_NAME = frozenset({"DOT", "SAFE_DOT", "COMMA", "KEY", "ON", "DROP", "AS"})
_AFTER_OPERAND_GOES_ON = frozenset({"DEFAULT", "IN"})
_OPERAND_ENDS = frozenset({"NAME", "INT", "NUMBER", "PERCENT", "STRING", "BLOCK", "RPAR", "RSQB", "RBRACE"})
_CONTINUES = frozenset(
    {
        "AND", "OR", "DEFAULT", "ON", "WHEN", "THEN", "OTHERWISE", "END", "SET", "WHERE", "EACH", "JOIN", "FILL", "WITHIN", "FOR", "IN",
        "IS", "MATCHES", "LIKE", "BETWEEN", "ROUNDED", "REFERENCES", "FROM", "AS", "KEEP", "TO", "EXCEPT", "AFTER", "ASOF", "_AT",
        "_EQUAL", "COMPARE", "AMPERSAND", "PLUS", "MINUS", "STAR", "SLASH", "_ARROW", "_RANGE", "DOT", "SAFE_DOT", "COMMA", "QMARK",
        "LBRACE", "RBRACE", "RPAR", "RSQB", "STRING", "TABLE", "_SIGN", "_NL",
    }
)  # fmt: skip
_CONTINUES_WITH_BY = frozenset({"GROUP", "ORDER", "UNIQUE"})
_HEADS: dict[str, frozenset[str]] = {
    "PACK": frozenset({"VERSION", "DOT"}),
    "PARAM": frozenset({"COLON"}),
    "TYPE": frozenset({"_EQUAL"}),
    "SOURCE": frozenset({"COLON"}),
    "TARGET": frozenset({"COLON"}),
    "ENTITY": frozenset({"LBRACE", "_SIGN", "_NL"}),
    "LOOKUP": frozenset({"LPAR"}),
    "DECIDE": frozenset({"LPAR"}),
    "FN": frozenset({"LPAR"}),
    "VIEW": frozenset({"FROM", "_NL"}),
    "MAP": frozenset({"FROM", "_NL", "AS", "DOT"}),
    "RULES": frozenset({"FOR"}),
    "CHECKS": frozenset({"LBRACE", "DOT", "_NL"}),
    "FLOW": frozenset({"LBRACE", "_NL"}),
    "USE": frozenset({"DOT", "VRANGE", "VERSION", "AS", "_NL", "$END"}),
}


@record(slots=True)
class Laid:
    """Tokens without the newlines that say nothing; `depths` is the number of brackets open before each.

    `lines` says of each token whether it begins a line that is not indented.
    """

    kinds: list[str]
    starts: list[int]
    ends: list[int]
    depths: list[int]
    margins: set[int]
    docs: dict[int, str]


@record(frozen=True, slots=True)
class _Open:
    kind: str
    start: int
    indent: int


def lay_out(tokens: Tokens, text: str, report: Report, *, flat: bool = False) -> Laid:
    """Thin out the newlines of `tokens`; in a `flat` text, which is one expression, none is kept outside braces."""
    laid = _Layout(tokens, text, report, flat)
    laid.run()
    return Laid(laid.kinds, laid.starts, laid.ends, laid.depths, laid.margins, _docs(tokens, text))


class _Layout:
    """One pass over the tokens of a text."""

    def __init__(self, tokens: Tokens, text: str, report: Report, flat: bool) -> None:
        self.raw = tokens
        self.text = text
        self.report = report
        self.flat = flat
        self.kinds: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.depths: list[int] = []
        self.margins: set[int] = set()
        self.stack: list[_Open] = []
        self.crooked: _Open | None = None
        self.too_deep = 0
        self.indent = 0

    def run(self) -> None:
        kinds, starts, ends = self.raw.kinds, self.raw.starts, self.raw.ends
        put_kind, put_start, put_end, put_depth = self.kinds.append, self.starts.append, self.ends.append, self.depths.append
        stack = self.stack
        for number, kind in enumerate(kinds):
            if kind == "_NL":
                if not self.newline(number):
                    continue
            elif kind in _CLOSERS:
                if self.open(kind, starts[number]):
                    put_kind(kind)
                    put_start(starts[number])
                    put_end(ends[number])
                    put_depth(len(stack) - 1)
                continue
            elif kind in _OPENERS:
                if not self.close(kind, number):
                    continue
            elif self.too_deep:
                continue
            put_kind(kind)
            put_start(starts[number])
            put_end(ends[number])
            put_depth(len(stack) + (kind in _OPENERS))
        at = len(self.text) if not self.flat else self.raw.stop
        self.close_all(ends[-1] if ends else at)
        if self.kinds and self.kinds[-1] == "_NL":
            del self.kinds[-1], self.starts[-1], self.ends[-1], self.depths[-1]
        put_kind("$END")
        put_start(at)
        put_end(at)
        put_depth(0)

    def newline(self, number: int) -> bool:
        """Whether the newline ends a statement."""
        raw, stack = self.raw, self.stack
        before = raw.starts[number]
        after = raw.ends[number]
        line = self.text.rfind("\n", before, after) + 1
        if not line:
            return not (self.flat and not stack) and not (self.goes_on(number) or self.continues(number + 1))
        self.indent = after - line
        if self.raw.unclosed and stack and stack[-1].kind != "LBRACE":
            self.close_unclosed(before)
        if stack and self.is_head(number + 1, line):
            self.close_all(before)
        if stack and stack[-1].kind != "LBRACE" and self.begins_field(number):
            self.missing(stack.pop(), before)
        if line == after:
            self.margins.add(after)
        if self.too_deep or (stack[-1].kind != "LBRACE" if stack else self.flat):
            return False
        return not (self.goes_on(number) or self.continues(number + 1))

    def goes_on(self, number: int) -> bool:
        """Whether the statement before the newline lacks its right side."""
        if not self.kinds:
            return True
        last = self.kinds[-1]
        before = self.kinds[-2] if len(self.kinds) > 1 else "_NL"
        if last in _AFTER_OPERAND_GOES_ON:
            return before in _OPERAND_ENDS
        return last in _GOES_ON and not (last in _WORDS and before in _BEFORE_NAME)

    def continues(self, number: int) -> bool:
        """Whether the token continues the statement before it."""
        kind = self.ahead(number)
        if kind == ODD:
            kind = self.text[self.raw.starts[number] : self.raw.ends[number]].upper()
            kind = "OTHERWISE" if kind == "ELSE" else kind
        if kind == "NOT":
            return self.ahead(number + 1) in _CONTINUES
        if kind in _CONTINUES:
            return kind == "STRING" or self.ahead(number + 1) != "COLON"
        return kind == "$END" or (kind in _CONTINUES_WITH_BY and self.ahead(number + 1) in ("BY", ODD))

    def ahead(self, number: int) -> str:
        """The kind of a token, or `$END` after the last."""
        return self.raw.kinds[number] if number < len(self.raw.kinds) else "$END"

    def begins_field(self, number: int) -> bool:
        """Whether a field begins after the newline, in the midst of brackets: then one of them was left open."""
        if self.ahead(number + 2) != "COLON" or self.kinds[-1] in _GOES_ON:
            return False
        kind = self.ahead(number + 1)
        return (kind == "NAME" or kind.isalpha()) and kind not in _OPERAND_ENDS - {"NAME"}

    def is_head(self, number: int, line: int) -> bool:
        """Whether a declaration begins at the token, at the margin."""
        kind = self.ahead(number)
        if number >= len(self.raw.starts) or self.raw.starts[number] != line:
            return False
        if kind in ("TEST", "USE") and self.ahead(number + 1) == "STRING":
            return True
        if kind == "OVERRIDE":
            return self.ahead(number + 1) != "COLON"
        return kind in _HEADS and self.ahead(number + 2) in _HEADS[kind]

    def open(self, kind: str, start: int) -> bool:
        if self.too_deep or len(self.stack) >= DEEPEST:
            if not self.too_deep:
                message, label = f"brackets stand inside one another more than {DEEPEST} deep", f"bracket {DEEPEST + 1}"
                self.report.broken(start, start + 1, message, label, help="name the inner parts with `let` or `fn`")
            self.too_deep += 1
            return False
        self.stack.append(_Open(kind, start, self.indent))
        return True

    def close(self, kind: str, number: int) -> bool:
        """Take a closing bracket; those that it leaves open are closed before it."""
        if self.too_deep:
            self.too_deep -= 1
            return False
        start = self.raw.starts[number]
        wanted = _OPENERS[kind]
        if all(opened.kind != wanted for opened in self.stack):
            self.report.stray(start, _SHOWN[kind])
            return False
        while self.stack[-1].kind != wanted:
            self.missing(self.stack.pop(), self.ends[-1])
        opened = self.stack.pop()
        first = not self.text[self.text.rfind("\n", 0, start) + 1 : start].strip()
        if kind == "RBRACE" and first and self.indent < opened.indent and self.crooked is None:
            self.crooked = opened
        return True

    def missing(self, opened: _Open, at: int) -> None:
        """Close a bracket that was left open, and tell it."""
        self.put_closer(opened, at)
        line_end = self.text.find("\n", opened.start)
        line_end = line_end if line_end >= 0 else len(self.text)
        for start in self.raw.unclosed:
            if opened.start < start < (at if self.text.startswith('"""', start) else line_end):
                # The text without an end has swallowed the closing bracket.
                return
        told = self.crooked if self.crooked is not None and opened.kind == "LBRACE" and self.crooked.start > opened.start else opened
        shown, closer = _SHOWN[told.kind], _SHOWN[_CLOSERS[told.kind]]
        also = (Label(self.report.span(at, at), f"`{closer}` is missing here at the latest"),) if told is opened else ()
        message = f"`{shown}` is never closed"
        self.report.unopened(told.start, block=told.kind == "LBRACE")
        self.report.broken(told.start, told.start + 1, message, "it is opened here", also=also, help=f"write `{closer}`")

    def put_closer(self, opened: _Open, at: int) -> None:
        self.kinds.append(_CLOSERS[opened.kind])
        self.starts.append(at)
        self.ends.append(at)
        self.depths.append(len(self.stack) + 1)

    def close_unclosed(self, before: int) -> None:
        """Close the brackets that a text without an end has swallowed the closers of."""
        line = self.text.rfind("\n", 0, before) + 1
        if bisect_left(self.raw.unclosed, line) == bisect_left(self.raw.unclosed, before):
            return
        while self.stack and self.stack[-1].kind != "LBRACE" and self.stack[-1].start >= line:
            self.put_closer(self.stack.pop(), before)

    def close_all(self, at: int) -> None:
        """Close what is open where a declaration, or the file, ends; only the outermost is told."""
        self.too_deep = 0
        while len(self.stack) > 1:
            self.put_closer(self.stack.pop(), at)
        if self.stack:
            self.missing(self.stack.pop(), at)
        self.crooked = None


def _docs(tokens: Tokens, text: str) -> dict[int, str]:
    """The `##` lines that stand directly before a token, by its offset."""
    docs: dict[int, str] = {}
    lines: list[str] = []
    comments = tokens.comments
    for number, (start, end) in enumerate(comments):
        own_line = not text[text.rfind("\n", 0, start) + 1 : start].strip()
        if own_line and text.startswith("##", start):
            lines.append(text[start:end].lstrip("#").removeprefix(" "))
        following = comments[number + 1][0] if number + 1 < len(comments) else len(text)
        if not text[end:following].strip() and following < len(text):
            lines = lines if text.count("\n", end, following) == 1 else []
            continue
        gap = _GAP.match(text, end)
        if lines and gap and gap[0].count("\n") == 1:
            docs[gap.end()] = "\n".join(lines)
        lines = []
    return docs
