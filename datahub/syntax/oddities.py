"""What a text may hold beside the language: marks of other languages, numbers that are none, texts without an end."""

from __future__ import annotations

import re
import unicodedata

from datahub.diagnostics.diagnostic import Edit, Fix
from datahub.records import record
from datahub.syntax.literals import MOST_DIGITS, is_too_long
from datahub.syntax.report import HEAD, Report
from datahub.syntax.rules import BAD_LITERAL
from datahub.syntax.tokens import BLANKS, Tokens

ODD_WORDS = {"else": "otherwise", "ELSE": "otherwise", "True": "true", "False": "false", "None": "null"}
"""Words of other languages; those that are our own in capitals are found by their letters."""

FOREIGN_MARKS = {
    "===": "=", "==": "=", "!==": "<>", "!=": "<>", "&&": "and", "||": "or", "??": "default", "=<": "<=", "!": "not",
}  # fmt: skip

_SMART = {"“": "”“", "„": "“”", "”": "”", "«": "»", "‘": "’", "’": "’", "‚": "‘’"}
_HELP = {
    "%": "write `mod(a, b)` for a remainder, `5%` without a space for a percentage",
    "^": "write `power(a, b)`",
    "~": "write `x matches /…/`",
    "\\": "write text in single quotes inside the braces of a template",
    "|": "begin each row of a table on a line of its own",
}
_MARKED = ("delimiter", "quote", "comment", "decimal")
_TAIL = re.compile(r"\w+(?:\.\d\w*)*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-])")
_JUNK = re.compile(r"""[^\w\s"'`#|“„”«‘’‚;<>=!&+*/?.,:()\[\]{}@$-]+""")
_QUOTES_AND_BRACES = re.compile(r'\\.|\{\{|\}\}|[{}]|\'\'|""', re.DOTALL)


@record(frozen=True, slots=True)
class Place:
    """An offset in a text that is being cut into tokens."""

    text: str
    at: int
    end: int
    report: Report

    def line_end(self, at: int) -> int:
        """Where the line of `at` ends, blanks left out."""
        newline = self.text.find("\n", at, self.end)
        stop = self.end if newline < 0 else newline
        return at + len(self.text[at:stop].rstrip())

    def unclosed(self, kind: str, what: str, close: str, tokens: Tokens) -> int:
        """Take the rest of the line as a `what` that lacks its end."""
        end = max(self.line_end(self.at), self.at + 1)
        self.report.broken(self.at, end, f"the {what} has no end", f"no `{close}` on this line", help=self._how(close))
        self.report.endless.add(self.at)
        tokens.unclosed.append(self.at)
        tokens.put(kind, self.at, end)
        return end

    def _how(self, close: str) -> str:
        if self.text[max(self.at - 1, 0) : self.at] == "\\":
            return 'in a text `{` begins an expression; a brace itself is written twice, as in `"{{\\"a\\": 1}}"`'
        return f"close it with `{close}`"


def oddity(place: Place, tokens: Tokens) -> int:
    """Tell what begins no token, take it as what it may have meant, and give where to go on."""
    text, at, end = place.text, place.at, place.end
    while at < end and text[at] in BLANKS:
        at += 1
    if at == end:
        return end
    place = Place(text, at, end, place.report)
    char = text[at]
    if text.startswith('"""', at):
        return _block_without_end(place, tokens)
    if char in "\"'":
        return place.unclosed("STRING", "text", char, tokens)
    if text.startswith("``", at):
        place.report.broken(at, at + 2, "a name is empty", "nothing stands between the backticks", help="write the name between them")
        tokens.put("NAME", at, at + 2)
        return at + 2
    if char == "`":
        return place.unclosed("NAME", "name", "`", tokens)
    if char in _SMART:
        return _smart_quotes(place, tokens)
    if char in ";|^" and _is_mark_of_option(place, tokens):
        # What the option takes is told there.
        return at + 1
    if char == ";":
        return _semicolon(place, tokens)
    junk = _JUNK.match(text, at, end)
    stop = place.line_end(at) if char == "|" else junk.end() if junk and char not in _HELP else at + 1
    helps = "write `trim(x)`: functions take their values in parentheses" if text.startswith("|>", at) else _HELP.get(char)
    place.report.broken(at, stop, f"{_shown(text[at:stop])} is no mark of the language", "this says nothing here", help=helps)
    return stop


def _is_mark_of_option(place: Place, tokens: Tokens) -> bool:
    """Whether a mark stands without its quotes behind an option of a source or target that takes one."""
    text, at = place.text, place.at
    if not tokens.ends or text[at - 1 : at] not in (" ", "\t") or tokens.kinds[-2:-1] not in (["LBRACE"], ["_NL"], ["COMMA"]):
        return False
    return text[tokens.starts[-1] : tokens.ends[-1]] in _MARKED


def _shown(text: str) -> str:
    if len(text) == 1 and (not text.isprintable() or unicodedata.category(text).startswith(("C", "Z"))):
        return f"the character U+{ord(text):04X}"
    visible = "".join(char if char.isprintable() else "·" for char in text[:20])
    return f"`{visible}`"


def _block_without_end(place: Place, tokens: Tokens) -> int:
    head = HEAD.search(place.text, place.at, place.end)
    end = place.at + len(place.text[place.at : head.start() if head else place.end].rstrip())
    place.report.broken(place.at, place.at + 3, 'the text has no closing `"""`', "it begins here", help='close it with `"""`')
    tokens.unclosed.append(place.at)
    tokens.put("BLOCK", place.at, end)
    return end


def _smart_quotes(place: Place, tokens: Tokens) -> int:
    line = place.text[place.at + 1 : place.line_end(place.at)]
    closing = next((n for n, char in enumerate(line) if char in _SMART[place.text[place.at]]), None)
    if closing is None:
        return place.unclosed("STRING", "text", '"', tokens)
    end = place.at + closing + 2
    place.report.foreign(place.at, end, '"' + line[:closing].replace('"', '\\"') + '"', note="these quotes come from a word processor")
    tokens.put("STRING", place.at, end)
    return end


def _semicolon(place: Place, tokens: Tokens) -> int:
    place.report.foreign(place.at, place.at + 1, "", note="the end of the line ends a statement")
    rest = place.text[place.at + 1 : place.line_end(place.at)].lstrip(BLANKS)
    if rest and rest[0] not in "#}":
        tokens.put("_NL", place.at, place.at + 1)
    return place.at + 1


def foreign_mark(place: Place, mark: str, kinds: dict[str, str], tokens: Tokens) -> int:
    """Take a mark of another language as what it means here, and give where to go on."""
    end = place.at + len(mark)
    better = FOREIGN_MARKS[mark]
    if mark == "||":
        beside = tokens.kinds[-1:] == ["STRING"] or place.text[end:].lstrip(BLANKS)[:1] in ('"', "'")
        better = "&" if beside else "or"
    gap = mark == "!" and not place.text[end : end + 1].isspace()
    place.report.foreign(place.at, end, better + " " if gap else better)
    tokens.put(kinds[better], place.at, end)
    return end


def foreign_comment(place: Place, tokens: Tokens) -> int:
    """Take a comment of another language, or else two minus signs, and give where to go on."""
    text, at = place.text, place.at
    opening = text[at : at + 2]
    alone = not text[text.rfind("\n", 0, at) + 1 : at].strip()
    if opening == "--" and not alone and text[at : place.end].lstrip("-")[:1] not in ("", " ", "\t", "\r", "\n"):
        tokens.put("MINUS", at, at + 1)
        return at + 1
    end = place.line_end(at)
    inside = text[at:end].lstrip("-/")
    if opening == "/*":
        close = text.find("*/", at + 2, place.end)
        end = place.end if close < 0 else close + 2
        inside = text[at + 2 : end].removesuffix("*/").rstrip()
    lines = [line.strip().lstrip("*") for line in inside.split("\n")]
    better = "\n".join("#" + (line if line[:1] in ("", " ") else " " + line) for line in lines)
    title = f"write `{better}`" if len(lines) == 1 and len(better) <= 40 else "begin each line of it with `#`"
    place.report.foreign(at, end, better, title=title, message=f"a comment begins with `#`, not with `{opening}`")
    tokens.comments.append((at, end))
    return end


def text_literal(place: Place) -> None:
    """Tell a quote that is doubled inside a text; `place` spans the text."""
    text = place.text
    quote = text[place.at]
    if text.find(quote * 2, place.at + 1, place.end - 1) < 0:
        return
    content = text[place.at + 1 : place.end - 1]
    single = _undoubled(content, quote)
    better = re.sub(r'\\.|"', lambda m: '\\"' if m[0] == '"' else m[0], single)
    if single != content:
        place.report.foreign(place.at, place.end, f'"{better}"', note="a quote inside a text is not doubled, but stands after a backslash")


def _undoubled(content: str, quote: str) -> str:
    """A text without doubled quotes: one of them outside of braces; within braces two of them are an empty text."""
    depth = 0

    def mended(found: re.Match[str]) -> str:
        nonlocal depth
        if found[0] == quote * 2:
            return "''" if depth else quote
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        return found[0]

    return _QUOTES_AND_BRACES.sub(mended, content)


def number(kind: str, place: Place, end: int, tokens: Tokens) -> int:
    """Take a number, tell what is wrong with it, and give where to go on."""
    text, at = place.text, place.at
    if kind == "DOT":
        return _bare_point(place, tokens)
    tokens.put(kind, at, end)
    tail = _TAIL.match(text, end, place.end)
    if tail is not None:
        whole = text[at : tail.end()]
        plain = whole.replace("_", "")
        helps = f"write `{plain}`" if plain.isdecimal() else f'write the number out in digits, or `"{whole}"` if it is text'
        place.report.distrust(at)
        place.report.tell(BAD_LITERAL, at, tail.end(), f"`{whole}` is no number", "a number is digits, with at most one point", help=helps)
        return tail.end()
    date = _DATE.match(text, at, place.end) if kind == "INT" and end - at == 4 else None
    if date is not None:
        better = f'date("{date[0]}")'
        fix = Fix(f"write `{better}`", (Edit(place.report.span(at, date.end()), better),))
        message = f"`{date[0]}` is a subtraction, not a date"
        place.report.tell(BAD_LITERAL, at, date.end(), message, "numbers with minus signs between", help=f"write `{better}`", fix=fix)
        return date.end()
    if kind == "VERSION":
        return end
    digits = text[at:end].rstrip("%")
    if digits[0] == "0" and digits[1:2].isdecimal():
        plain = digits.lstrip("0") or "0"
        helps = f'write `{plain if plain[0] != "." else "0" + plain}` for the number, `"{digits}"` for the text'
        place.report.tell(BAD_LITERAL, at, end, f"the number `{digits}` begins with a zero", "the zero would be lost", help=helps)
    elif is_too_long(digits):
        shown = f"a number of {len(digits.replace('.', '')) - digits.startswith('0.')} digits"
        place.report.tell(BAD_LITERAL, at, end, shown, f"at most {MOST_DIGITS} digits are exact", help="write it as text")
    return end


def _bare_point(place: Place, tokens: Tokens) -> int:
    end = place.at + 1
    while end < place.end and place.text[end] in "0123456789":
        end += 1
    written = place.text[place.at : end]
    fix = Fix(f"write `0{written}`", (Edit(place.report.span(place.at, end), "0" + written),))
    message = f"`{written}` has no digit before the point"
    place.report.tell(BAD_LITERAL, place.at, end, message, "a number begins with a digit", help=f"write `0{written}`", fix=fix)
    tokens.put("NUMBER", place.at, end)
    return end
