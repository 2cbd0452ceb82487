"""Text to tokens: words, marks, numbers, texts and tables, each with its place; comments are set aside.

Marks of other languages are read as what they mean, and told. A word that another language spells so is kept as an
odd one: only the parser knows whether it stands for a keyword or is just a name.
"""

from __future__ import annotations

import re
from functools import cache

from datahub.records import record
from datahub.syntax.grid import trailing_comment
from datahub.syntax.oddities import FOREIGN_MARKS, ODD_WORDS, Place, foreign_comment, foreign_mark, number, oddity, text_literal
from datahub.syntax.report import Report
from datahub.syntax.tables import tables
from datahub.syntax.tokens import BLANKS, ODD, Tokens

_OPERANDS = frozenset({"NAME", "INT", "NUMBER", "PERCENT", "VERSION", "STRING", "BLOCK", "REGEX", "RPAR", "RSQB", "RBRACE"})
_BEFORE_PATTERN = frozenset(
    {
        "MATCHES", "_AT", "AND", "OR", "NOT", "WHEN", "THEN", "DEFAULT", "IN", "OTHERWISE", "ERROR", "WARN", "LIKE", "BETWEEN", "BY",
        "WHERE", "ON", "CASE", "ASSERT", "WITHIN", "FILL", "INCLUDE", "SET", ODD,
    }
)  # fmt: skip
_TABLE = re.compile(r"\|[^\n]*(?:\n[ \t]*(?:#[^\n]*\n[ \t]*)*\|[^\n]*)*")
_BLANK_PATTERN = re.compile(r"/ (?:[^/\\\n\[]|\\.|\[\^?\]?(?:[^\]\\\n]|\\.)*+\])*+/[imsx]*")
"""A pattern, but for the space that it begins with."""


@record(frozen=True, slots=True)
class _Machine:
    match: re.Pattern[str]
    pattern: re.Pattern[str]
    words: dict[str, str]
    marks: dict[str, str]
    kinds: dict[str, str]


def lex(text: str, begin: int, end: int, report: Report, *, hole: bool = False) -> Tokens:
    """Cut `text[begin:end]` into tokens, newlines among them; a `hole` of a template ends before its closing brace."""
    machine = _machine()
    tokens = Tokens()
    match, words, marks = machine.match.match, machine.words, machine.marks
    kinds, starts, ends = tokens.kinds, tokens.starts, tokens.ends
    at, depth = begin, 0
    while at < end:
        found = match(text, at, end)
        if found is None:
            at = oddity(Place(text, at, end, report), tokens)
            continue
        kind = found.lastgroup or ""
        start, at = found.span(kind)
        if kind == "NAME":
            kind = words.get(found[kind], kind)
        elif kind == "MARK":
            known = marks.get(found[kind])
            if known is None or known == "SLASH" or known == "DOT":
                at = _mark(machine, known, Place(text, start, end, report), at, tokens)
                continue
            if hole and known in ("LBRACE", "RBRACE"):
                depth += 1 if known == "LBRACE" else -1
                if depth < 0:
                    tokens.stop = start
                    return tokens
            kind = known
        elif kind not in ("STRING", "BLOCK", "_NL", "VRANGE"):
            at = _rare(kind, Place(text, start, end, report), at, tokens)
            continue
        kinds.append(kind)
        starts.append(start)
        ends.append(at)
        if kind == "_NL" and text.startswith("|", at) and not text.startswith("||", at):
            at = _table(text, at, end, tokens)
        elif kind == "STRING":
            text_literal(Place(text, start, at, report))
    tokens.stop = end
    return tokens


@cache
def _machine() -> _Machine:
    made = tables()
    shapes = made.patterns
    marks = sorted({*made.marks, *FOREIGN_MARKS}, key=len, reverse=True)
    parts = {
        "NAME": shapes["NAME"],
        "DASHES": "--(?!-*[0-9])",
        "MARK": "|".join(re.escape(mark) for mark in marks),
        "_NL": rf"(?:\r?\n[{BLANKS}]*)+",
        "COMMENT": r"#[^\n]*",
        "BLOCK": shapes["BLOCK"],
        "STRING": shapes["STRING"],
        "VERSION": shapes["VERSION"],
        "PERCENT": shapes["PERCENT"],
        "NUMBER": shapes["NUMBER"],
        "INT": shapes["INT"],
        "VRANGE": shapes["VRANGE"],
        "END": r"\Z",
    }
    words = dict.fromkeys((word.upper() for word in made.words), ODD) | dict.fromkeys(ODD_WORDS, ODD) | made.words
    return _Machine(
        re.compile(rf"[{BLANKS}]*+(?:" + "|".join(f"(?P<{name}>{shape})" for name, shape in parts.items()) + ")"),
        re.compile(shapes["REGEX"]),
        words,
        made.marks,
        made.marks | made.words,
    )


def _rare(kind: str, place: Place, end: int, tokens: Tokens) -> int:
    """Take a comment or a number; give where to go on."""
    match kind:
        case "COMMENT":
            tokens.comments.append((place.at, place.at + len(place.text[place.at : end].rstrip())))
            return end
        case "DASHES":
            return foreign_comment(place, tokens)
        case "END":
            return end
        case _:
            return number(kind, place, end, tokens)


def _mark(machine: _Machine, known: str | None, place: Place, end: int, tokens: Tokens) -> int:
    """Take a mark that needs a look around it; give where to go on."""
    if known == "DOT":
        follows = place.text[end : end + 1]
        before = tokens.kinds[-1] if tokens.kinds else "_NL"
        if follows not in tuple("0123456789") or before in _OPERANDS:
            tokens.put(known, place.at, end)
            return end
        return number("DOT", place, end, tokens)
    if known is None:
        return foreign_mark(place, place.text[place.at : end], machine.kinds, tokens)
    if place.text.startswith(("//", "/*"), place.at):
        return foreign_comment(place, tokens)
    if _pattern_may_stand(tokens):
        found = machine.pattern.match(place.text, place.at, place.end)
        if found is not None:
            tokens.put("REGEX", place.at, found.end())
            return found.end()
        if tokens.kinds and tokens.kinds[-1] != "_NL" and (blank := _BLANK_PATTERN.match(place.text, place.at, place.end)) is not None:
            # A number may be divided on the next line; behind these there is none.
            place.report.foreign(place.at, blank.end(), f"/[ ]{blank[0][2:]}", note="`/ ` divides: a pattern begins with something else")
            tokens.put("REGEX", place.at, blank.end())
            return blank.end()
        if tokens.kinds and tokens.kinds[-1] in ("MATCHES", "_AT"):
            return place.unclosed("REGEX", "pattern", "/", tokens)
    tokens.put(known, place.at, end)
    return end


def _pattern_may_stand(tokens: Tokens) -> bool:
    if not tokens.kinds:
        return True
    kind = tokens.kinds[-1]
    if kind in _OPERANDS or tokens.kinds[-2:-1] in (["DOT"], ["SAFE_DOT"]):
        return False
    return kind in _BEFORE_PATTERN or kind in _machine().marks.values() or kind == "_NL"


def _table(text: str, start: int, end: int, tokens: Tokens) -> int:
    """Take a table whole, and the comments in it; give where to go on."""
    found = _TABLE.match(text, start, end)
    assert found is not None
    line = start
    for part in found[0].split("\n"):
        if "#" in part:
            comment = trailing_comment(part)
            if comment is not None:
                tokens.comments.append((line + comment, line + len(part.rstrip())))
        line += len(part) + 1
    tokens.put("TABLE", start, start + len(found[0].rstrip()))
    return found.end()
