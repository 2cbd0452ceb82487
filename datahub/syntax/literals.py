"""How texts, names and numbers are written: the escapes, in one table, both ways; and decimals without rounding."""

from __future__ import annotations

import re
import unicodedata
from decimal import Context

from datahub.syntax.report import Report
from datahub.syntax.rules import BAD_LITERAL

ESCAPES: dict[str, tuple[str, str]] = {
    "n": ("\n", "a line feed"),
    "r": ("\r", "a carriage return"),
    "t": ("\t", "a tab"),
    '"': ('"', "a double quote"),
    "'": ("'", "a single quote"),
    "\\": ("\\", "a backslash"),
}
"""What may stand after a backslash in a text, beside `u{…}` with the hexadecimal number of a character."""

MOST_DIGITS = 38
"""So many digits a decimal can hold."""
EXACT = Context(prec=160)
"""In which decimals of scripts are worked out: Python's own context rounds to 28 digits."""
_ESCAPE = re.compile(r"""\\(?:u\{([0-9A-Fa-f]{1,6})\}|(.)|$)|""|''""", re.DOTALL)
_PLAIN_NAME = re.compile(r"[^\W\d]\w*\Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff\ud800-\udfff]")


def is_too_long(number: str) -> bool:
    """Whether a number, as written, is so long that the parser says so; the checker tells of one digit too many."""
    plain = number.lstrip("- ").rstrip("%")
    return len(plain) - plain.startswith("0.") > MOST_DIGITS + 1


def unescape(raw: str, start: int, quote: str, report: Report) -> str:
    """Give the text that `raw` stands for; it begins at the offset `start`, between two of `quote`."""
    if "\\" not in raw and quote * 2 not in raw:
        return raw

    def character(found: re.Match[str]) -> str:
        if found[0][0] != "\\":
            return quote if found[0][0] == quote else found[0]
        if found[1]:
            point = int(found[1], 16)
            if point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF:
                return chr(point)
        elif found[2] in ESCAPES:
            return ESCAPES[found[2]][0]
        at = start + found.start()
        helps = _instead(found[0], raw[found.end() : found.end() + 4]) if not found[1] else "the highest character is `\\u{10FFFF}`"
        report.tell(BAD_LITERAL, at, at + len(found[0]), f"`{found[0]}` is no escape", "no such escape", help=helps)
        return found[0]

    return _ESCAPE.sub(character, raw)


_ELSEWHERE = {"f": "C", "v": "B", "b": "8", "a": "7", "0": "0", "e": "1B"}
"""Escapes of other languages for characters that have none here, with the numbers of those."""


def _instead(escape: str, behind: str) -> str:
    """What to write for an escape of another language, or for a backslash that is meant as one."""
    letter, digits = escape[1:], behind[: 2 if escape[1:] == "x" else 4]
    if letter in ("{", "}"):
        return f"a brace itself is written twice: `{letter}{letter}`"
    number = digits.lstrip("0") if letter in ("u", "x") and re.fullmatch(r"[0-9A-Fa-f]+", digits) else _ELSEWHERE.get(letter)
    return f"write `\\{escape}` for a backslash" + (f", `\\u{{{number}}}` for the character" if number else "")


def quoted(text: str, quote: str = '"') -> str:
    """Write `text` between quotes, with the escapes that it needs.

    Between single quotes, which stand inside the braces of a text in double quotes, both quotes are escaped.
    """
    escaped = {character: name for name, (character, _) in ESCAPES.items() if name != "'" or quote == "'"}
    plain = "".join("\\" + escaped[c] if c in escaped else c for c in text)
    return quote + _CONTROL.sub(lambda found: f"\\u{{{ord(found[0]):X}}}", plain) + quote


def name_text(raw: str) -> str:
    """Give the name that `raw` writes: without backticks, its accents in the composed form."""
    text = raw.strip("`") if raw.startswith("`") else raw
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def is_plain_name(text: str) -> bool:
    """Whether `text` can be written as a name without backticks."""
    return _PLAIN_NAME.match(text) is not None
