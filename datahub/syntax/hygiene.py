"""Text that no script holds: too much of it, control characters, marks that turn the direction of reading."""

from __future__ import annotations

import re
from itertools import pairwise

from datahub.diagnostics.diagnostic import Edit, Fix
from datahub.syntax.report import Report

LONGEST_TEXT = 4_000_000
LONGEST_LINE = 20_000

_STRANGE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+|\r(?!\n)")
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def readable(report: Report) -> str | None:
    """Give the text with a blank for each character that cannot be in it, or None where there is too much of it."""
    text = report.document.text
    if len(text) > LONGEST_TEXT:
        message, most = f"the file has {len(text)} characters", f"at most {LONGEST_TEXT} are read"
        report.broken(LONGEST_TEXT, LONGEST_TEXT, message, most, help="split the script, and keep data in files")
        return None
    if len(text) > LONGEST_LINE and not _lines_are_short(report):
        return None
    return _STRANGE.sub(lambda found: _told(found, report), text)


def _lines_are_short(report: Report) -> bool:
    text = report.document.text
    starts = (*report.document.line_starts, len(text) + 1)
    for start, following in pairwise(starts):
        if following - start - 1 > LONGEST_LINE:
            message = f"a line has {following - start - 1} characters"
            report.broken(start, start, message, f"at most {LONGEST_LINE} are read", help="break the line, and keep data in files")
            return False
    return True


def _told(found: re.Match[str], report: Report) -> str:
    start, end = found.span()
    points = ", ".join(dict.fromkeys(f"U+{ord(char):04X}" for char in found[0][:5]))
    turning = not _TURNS.isdisjoint(found[0])
    what = "turns the direction of reading" if turning else "is no text"
    if found[0] == "\r":
        message, label, better = "a carriage return stands without a line feed", "no line ends here", "\n"
    else:
        message, label, better = f"the character {points} {what}", "it is not seen here", ""
    escaped = points.split(",")[0][2:]
    helps = "end the line with a line feed" if better else f"take it out, or write `\\u{{{escaped}}}` in text"
    fix = Fix("take it out" if not better else "write a line feed", (Edit(report.span(start, end), better),), safe=False)
    report.broken(start, end, message, label, help=helps, fix=fix)
    return " " * (end - start)
