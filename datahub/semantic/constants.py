"""Constants that have a grammar of their own: patterns, and the formats of dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from datahub.document import Span
from datahub.functions.date_patterns import complaint, misfit
from datahub.semantic import ir
from datahub.semantic.rules_types import BAD_PATTERN, DATE_FORMAT
from datahub.semantic.scope import Scope
from datahub.semantic.told import replacing, tell
from datahub.semantic.values import constant
from datahub.syntax import ast
from datahub.types import model as t
from datahub.types.shapes import Exact, shape

if TYPE_CHECKING:
    from datahub.semantic.overloads import Pair

# ---------------------------------------------------------------- patterns


def pattern(tree: ast.Pattern, scope: Scope) -> ir.Expression:
    """A pattern as a constant: its source, its flags before it."""
    trouble = pattern_trouble(tree.source, tree.flags)
    if trouble is None:
        return constant(scope, with_flags(tree.source, tree.flags), t.Pattern())
    what, start, end = trouble
    # The source stands after the first slash.
    first = tree.span.start + 1
    at = Span(tree.span.document, first + start, first + end) if tree.span.text[1:].startswith(tree.source) else tree.span
    help = _instead(tree.source[start:end])
    return tell(scope, BAD_PATTERN, at, f"the pattern `/{tree.source}/` has {what}", "RE2 does not know this", help=help)


def name_pattern(tree: ast.Pattern, scope: Scope) -> str:
    """A pattern that names of columns are matched with, its flags before it. They are matched by Python, which knows no `\\p{…}`."""
    found = with_flags(tree.source, tree.flags)
    if pattern_trouble(tree.source, tree.flags) is not None:
        pattern(tree, scope)
        return found
    try:
        re.compile(found, re.ASCII)
    except re.error as error:
        message = f"the pattern `/{tree.source}/` has what names of columns are not matched with: {error.msg}"
        tell(scope, BAD_PATTERN, tree.span, message, "not for names of columns", help="write the characters out, as `[a-z]`, or `.+`")
    return found


def with_flags(source: str, flags: str) -> str:
    """The pattern with its flags in RE2's own spelling."""
    return f"(?{flags}){source}" if flags else source


@lru_cache(maxsize=1024)
def pattern_trouble(source: str, flags: str = "") -> tuple[str, int, int] | None:
    """What RE2 does not take of a pattern, and where in it; None where all is well."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""], pa.string()), with_flags(source, flags))
    except pa.ArrowInvalid as error:
        said = str(error).partition(": ")[2]
        what, _, part = said.partition(": ")
        start = source.find(part) if part else -1
        # RE2 gives all that follows for some mistakes; the mistake itself is what is told.
        return (_described(what), 0, len(source)) if start < 0 else (_described(what), start, start + len(part))
    return None


_SAID = {
    "invalid perl operator": "a group that RE2 does not know",
    "invalid named capture group": "a group whose name is none",
    "invalid escape sequence": "an escape that RE2 does not know",
    "no argument for repetition operator": "a repetition of nothing",
    "bad repetition operator": "a repetition of a repetition",
    "invalid repetition size": "a repetition of more than 1000 times",
    "missing ]": "a `[` that nothing closes",
    "missing )": "a `(` that nothing closes",
    "unexpected )": "a `)` that nothing opens",
    "invalid character class range": "a range or class of characters that there is not",
    "trailing \\": "a `\\` at its end",
    "invalid UTF-8": "characters that are no text",
    "pattern too large": "more repetitions than RE2 takes",
}


def _described(what: str) -> str:
    return next((told for said, told in _SAID.items() if what.startswith(said)), what or "a mistake")


def _instead(part: str) -> str | None:
    if part.startswith(("(?=", "(?!", "(?<")):
        return "looking ahead or behind is not possible; match the whole text, or use two conditions"
    if re.fullmatch(r"\\[1-9]", part):
        return "a group cannot be referred to; take it out with `extract_groups` and compare"
    return None


# ---------------------------------------------------------------- formats of dates

_WEEK_YEAR = {"YYYY": "yyyy", "YY": "yy"}
_WEEKDAY = {"ddd": "EEE", "dddd": "EEEE"}


def format_trouble(text: str, meant: str = "") -> tuple[str, str, int, int] | None:
    """What is wrong with the format of a date: a sentence, what was meant ("" if unknown), and where; None where all is well.

    `meant` says what is read or written by it, if that is known (`purpose`).
    """
    found = [] if "%" in text else re.finditer(r"'[^']*'|([A-Za-z])\1*", text)
    runs = [(run.group(), run.start()) for run in found if run.group()[0] != "'"]
    words = [run for run, _ in runs]
    for number, (run, at) in enumerate(runs):
        told = _run_trouble(run, number, words)
        if told is not None:
            return (*told, at, at + len(run))
    said = complaint(text) or (misfit(text, meant) if meant else "")
    return (said, "", 0, len(text)) if said else None


def _run_trouble(run: str, at: int, runs: Sequence[str]) -> tuple[str, str] | None:
    letters = {one[0] for one in runs}
    if run in _WEEK_YEAR:
        return f"`{run}` is the year of a week, which differs from the calendar's around New Year", _WEEK_YEAR[run]
    if run in _WEEKDAY:
        return f"`{run}` is the day of the month with zeros before it, and no weekday's name as in Excel", _WEEKDAY[run]
    if run in ("DD", "D") and "M" in letters | {one[0].upper() for one in runs if one[0] == "m"}:
        return f"`{run}` is the day of the year", run.lower()
    if run in ("mm", "m") and not letters & set("Hh") and letters & set("yudD"):
        return f"`{run}` is the minute", run.upper()
    if run in ("mm", "m") and _in_a_date(at, runs) and letters & set("yu") and "d" in letters and not letters & set("MLD"):
        return f"`{run}` is the minute", run.upper()
    if run in ("MM", "M") and "m" not in letters and at > 0 and runs[at - 1] in ("HH", "H", "hh", "h"):
        return f"`{run}` is the month", run.lower()
    if run in ("hh", "h") and "a" not in letters:
        return f"`{run}` counts to 12, and nothing says which half of the day it is", run.upper()
    return None


def _in_a_date(at: int, runs: Sequence[str]) -> bool:
    """Whether a part stands between those of a date, and not behind an hour nor before a second."""
    before, behind = runs[at - 1 : at] if at else [], runs[at + 1 : at + 2]
    return not any(one[0] in "Hh" for one in before) and not any(one[0] in "sa" for one in behind)


_READING = frozenset(("date", "time", "datetime", "local_datetime"))
_FORMATS = frozenset(("format", "formats", "pattern", "patterns"))
_DATED = t.Date | t.Time | t.DateTime | t.LocalDateTime


def format_arguments(function: str, pairs: Sequence[Pair]) -> Sequence[Pair]:
    """The constant formats among the arguments of a function over dates or times."""
    kinds = [shape(parameter.type) for parameter, _ in pairs]
    if function not in _READING and not any(isinstance(kind, Exact) and isinstance(kind.kind, _DATED) for kind in kinds):
        return ()
    return [pair for pair in pairs if pair[0].name in _FORMATS and isinstance(pair[1].value, ir.Constant)]


def purpose(function: str, pairs: Sequence[Pair]) -> str:
    """What a function reads or writes by a pattern, as `misfit` takes it."""
    if function in _READING:
        return function
    return "clock" if any(isinstance(t.base_of(given.value.type), t.Time) for _, given in pairs[:1]) else ""


def read_into(kind: t.Type) -> str:
    """What a column of such a type reads by a pattern, as `misfit` takes it."""
    return "time" if isinstance(kind, t.Time) else "date"


def tell_dates(options: Sequence[ast.Option], scope: Scope) -> None:
    """Tell what is wrong with the pattern that a source or a target says its dates are written by."""
    for option in options:
        if option.name.text == "dates" and isinstance(option.value, ast.String):
            tell_format(option.value.value, option.value.span, scope)


def tell_format(text: str, span: Span, scope: Scope, meant: str = "") -> ir.Expression | None:
    """Tell what is wrong with the format of a date that stands at `span` in quotes; None where nothing is."""
    trouble = format_trouble(text, meant)
    if trouble is None:
        return None
    message, meant, start, end = trouble
    first = span.start + 1
    inside = span.text[1:].startswith(text)
    at = Span(span.document, first + start, first + end) if inside else span
    return tell(
        scope,
        DATE_FORMAT,
        at,
        message,
        "not what it seems",
        help=f"write `{meant}`" if meant else None,
        fix=replacing(at, meant) if meant and inside else None,
    )
