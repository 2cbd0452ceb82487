"""Syntax mistakes in the user's words: what stands there, what would fit, and what was probably meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from datahub.diagnostics.diagnostic import Edit, Fix
from datahub.diagnostics.suggest import nearest
from datahub.syntax.habits import HABITS, form
from datahub.syntax.mistake import Hint, Mistake
from datahub.syntax.report import Report
from datahub.syntax.rules import RAGGED_TABLE
from datahub.syntax.tables import tables

_OPERATOR_FITS = frozenset({"AND", "AMPERSAND", "PLUS", "STAR"})
_OPERATORS = _OPERATOR_FITS | frozenset(
    {
        "OR", "NOT", "_EQUAL", "COMPARE", "IN", "IS", "MATCHES", "LIKE", "BETWEEN", "_RANGE", "DEFAULT", "ON", "MINUS", "SLASH", "DOT",
        "SAFE_DOT", "LPAR", "DESC", "ASC",
    }
)  # fmt: skip
_VALUES = frozenset({"NAME", "STRING", "INT", "NUMBER", "PERCENT", "REGEX", "DOLLAR", "LPAR", "LSQB", "LBRACE", "CASE", "NULL", "MINUS"})
_ALL_VALUES = _VALUES | {"TRUE", "FALSE", "NOT"}
_CLAUSES = frozenset({"FILL", "EACH", "JOIN", "WHERE", "GROUP", "UNIQUE", "ORDER"})
_TYPES = frozenset({"NAME", "LBRACE", "LSQB"})
_LITERALS = frozenset({"STRING", "INT", "NUMBER", "PERCENT", "TRUE", "FALSE", "NULL"})
_DECLARATIONS = frozenset({"PACK", "USE", "PARAM", "TYPE", "SOURCE", "TARGET", "ENTITY", "MAP", "FLOW", "TEST"})
_ALL_DECLARATIONS = _DECLARATIONS | {"LOOKUP", "DECIDE", "FN", "VIEW", "RULES", "CHECKS", "OVERRIDE"}
_NEVER_ADVISED = frozenset({"LIKE", "BETWEEN", "ASC", "MISSING", "SAFE_DOT", "BLOCK"})
_IN_WORDS = {
    "NAME": "a name",
    "STRING": "text in quotes",
    "INT": "a whole number",
    "NUMBER": "a number",
    "REGEX": "a pattern between slashes",
    "TABLE": "a table",
    "VERSION": "a version",
    "VRANGE": "a version such as `^1.4`",
    "COMPARE": "a comparison",
    "PERCENT": "a percentage",
    "_NL": "the end of the line",
    "$END": "the end of the file",
    "COLON": "`:`",
    "_EQUAL": "`=`",
}


def tell(mistake: Mistake, report: Report) -> None:
    """Tell a syntax mistake."""
    if mistake.kind == "TABLE" and mistake.before == "TABLE":
        report.tell(
            RAGGED_TABLE, mistake.start, mistake.start + 1, "a blank line ended the table before this row", "this row belongs to no table",
            help="take out the blank line, or put a `#` line there",
        )  # fmt: skip
        return
    hint = next((hint for guess in _GUESSES if (hint := guess(mistake, report)) is not None), None)
    wanted = (hint.wanted if hint else None) or _wanted(mistake.expected)
    start, end = (hint.at if hint else None) or _span(mistake, report)
    message = (hint.message if hint else None) or f"{_found(mistake, report)} where {wanted} should be"
    label = (hint.label if hint else None) or (f"{wanted} is missing here" if len(wanted) <= 40 else "this does not fit here")
    report.broken(start, end, message, label, help=hint.help if hint else None, fix=hint.fix if hint else None)


def _span(mistake: Mistake, report: Report) -> tuple[int, int]:
    if mistake.kind in ("_NL", "$END"):
        text = report.document.text
        start = len(text[: mistake.start].rstrip()) if mistake.kind == "$END" else mistake.start
        return start, min(start + 1, mistake.end) if text.startswith("}", start) else start
    if mistake.kind == "TABLE":
        return mistake.start, mistake.start + 1
    return mistake.start, mistake.end


def _found(mistake: Mistake, report: Report) -> str:
    match mistake.kind:
        case "_NL":
            return "the line ends"
        case "$END":
            return "`}` stands" if report.document.text.startswith("}", mistake.start) else "the text ends"
        case "TABLE":
            return "a table stands"
        case "STRING" | "BLOCK":
            return "text stands"
        case _:
            text = report.document.text[mistake.start : mistake.end]
            return f"`{text if len(text) <= 40 else text[:39] + '…'}` stands"


def _wanted(expected: frozenset[str]) -> str:
    """What would fit, in words."""
    left = set(expected) - _NEVER_ADVISED
    words: list[str] = []
    if left >= _DECLARATIONS:
        words.append("a declaration")
        left -= _ALL_DECLARATIONS | {"$END"}
    if left >= _VALUES:
        words.append("an expression")
        left -= _ALL_VALUES | ({"FOR", "WHERE", "WITHIN", "ORDER"} if "RPAR" in left else set())
    elif left >= _LITERALS:
        words.append("a value")
        left -= _LITERALS | {"NAME", "LSQB", "MINUS", "DOLLAR"}
    if left >= _TYPES and not words:
        words.append("a type")
        left -= _TYPES
    if "RPAR" in left and "COMMA" in left:
        left.discard("COLON")
    if left >= _CLAUSES:
        left -= _CLAUSES | {"AS"}
        words.append("a clause")
    operator = ["an operator"] if left >= _OPERATOR_FITS else []
    left -= _OPERATORS if operator else {"DOT"} if len(left) > 1 else set()
    several = [*words, *(_shown(kind) for kind in sorted(left, key=_rank)), *operator]
    if len(several) > 5:
        several = [*several[:4], "another word that fits"]
    return several[0] if len(several) == 1 else ", ".join(several[:-1]) + " or " + several[-1] if several else "nothing more"


def _rank(kind: str) -> tuple[int, str]:
    ranks = {"NAME": 0, "COLON": 1, "_EQUAL": 1, "COMMA": 2, "RPAR": 3, "RSQB": 3, "RBRACE": 3, "LPAR": 3, "LBRACE": 3, "_NL": 4, "$END": 5}
    return ranks.get(kind, 6), kind


def _shown(kind: str) -> str:
    return _IN_WORDS.get(kind) or f"`{_texts().get(kind, kind.strip('_').lower())}`"


@cache
def _texts() -> dict[str, str]:
    made = tables()
    return {kind: text for text, kind in [*made.words.items(), *made.marks.items()]}


def _guess_word(mistake: Mistake, report: Report) -> Hint | None:
    """A keyword with a slip of the pen."""
    text = report.document.text[mistake.start : mistake.end]
    words = {text for text, kind in tables().words.items() if kind in mistake.expected - _NEVER_ADVISED}
    near = nearest(text, words) if text.isidentifier() and len(text) > 2 else None
    if near is None or near == text:
        return None
    fix = Fix(f"write `{near}`", (Edit(report.span(mistake.start, mistake.end), near),), safe=False)
    return Hint(f"write `{near}`", fix, f"`{text}` is no word that fits here", f"`{near}`")


def _guess_equals(mistake: Mistake, report: Report) -> Hint | None:
    """`field = expression`, or a comparison written twice."""
    if mistake.kind in ("_EQUAL", "COMPARE") and "AND" in mistake.expected and "COMPARE" not in mistake.expected:
        return Hint("compare two by two: `a = b and b = c`", message="comparisons do not chain", label="the second comparison")
    if mistake.kind == "_EQUAL" and "COLON" in mistake.expected:
        fix = Fix("write `:`", (Edit(report.span(mistake.start, mistake.end), ":"),))
        return Hint("write `:` between a field and what it is; `=` compares", fix, wanted="`:`")
    return None


def _guess_colon(mistake: Mistake, report: Report) -> Hint | None:
    """A field without its colon, as `price decimal`, or a statement word that does not belong here."""
    if "COLON" not in mistake.expected or "RPAR" in mistake.expected or mistake.before != "NAME":
        return None
    name = report.document.text[mistake.before_start : mistake.before_start + 41].split(None, 1)[0]
    if mistake.kind not in ("NAME", "LSQB", "LBRACE", "STRING", "INT", "NUMBER") or len(name) > 40:
        return None
    return Hint(f"write `{name}: …`", wanted="`:`")


def _guess_separator(mistake: Mistake, report: Report) -> Hint | None:
    """Two things side by side in brackets."""
    inside = mistake.expected & {"RPAR", "RSQB"}
    if inside and "COMMA" in mistake.expected and mistake.kind in ("NAME", "STRING", "INT", "NUMBER", "LSQB", "LBRACE"):
        return Hint("part the values with `,`")
    return None


def _guess_next(mistake: Mistake, report: Report) -> Hint | None:
    """A second field, or an item of a block, on the line of another."""
    text = report.document.text
    beside = "COMMA" in mistake.expected and "RBRACE" in mistake.expected and not mistake.expected & {"RPAR", "RSQB"}
    if not beside or mistake.kind != "NAME" or not text[mistake.end :].lstrip(" \t").startswith(":"):
        return None
    if _of_key(text, mistake.start):
        return Hint(_KEY_LINE)
    end = len(text[: mistake.start].rstrip())
    fix = Fix("write `,`", (Edit(report.span(end, end), ","),))
    return Hint("part what stands on one line with `,`, or begin a new line", fix, wanted="`,`")


def _guess_habit(mistake: Mistake, report: Report) -> Hint | None:
    """Habits of other languages that no single word gives away."""
    text = report.document.text
    before = text[mistake.before_start : mistake.before_start + 8].split(None, 1)[:1]
    match mistake.kind:
        case _ if before == ["if"] and mistake.before == "NAME" and mistake.expected >= _OPERATOR_FITS:
            return Hint("write `if(condition, value, other)`, or `case when condition then value otherwise other end`")
        case "COLON" if text[: mistake.start].rstrip().endswith("columns"):
            return Hint("leave the colon out: `columns { … }`")
        case "COLON" if mistake.before == "NAME" and "COMMA" in mistake.expected and _of_key(text, mistake.start):
            return Hint(_KEY_LINE)
        case "WITHIN" if mistake.expected >= _OPERATOR_FITS:
            return Hint("write it inside the parentheses: `count(* within sku)`, `sum(qty within sku)`")
        case "IN" | "MATCHES" if mistake.before == "NOT" and "NULL" in mistake.expected:
            return Hint(f"write `not {text[mistake.start : mistake.end]}` without `is`")
        case "LBRACE" if "TABLE" in mistake.expected:
            return Hint("leave the braces out: the rows of a table stand below, `| sku | qty |` and so on")
        case "LSQB" if mistake.expected >= _OPERATOR_FITS:
            return Hint("write `r.name` for a field, `nth(list, 1)` for the first of a list")
        case "FOR" if "FOR" not in mistake.expected and mistake.before != "LBRACE":
            return Hint("write a loop inside of the loop: `any(any(x = y for y in ys) for x in xs)`, or `flatten` of a list of lists")
        case "NOT" if "REFERENCES" in mistake.expected:
            return Hint("leave it out: a field is never null, unless its type ends in `?`")
        case "DEFAULT" if "REFERENCES" in mistake.expected:
            return Hint("write `=` before the value that stands in for null")
        case "NAME" if "LPAR" in mistake.expected and mistake.before == "EXCEPT":
            return Hint("write the names in parentheses: `except (a, b)`")
        case _:
            return None


_KEY_LINE = "end the line behind the key; the fields of the entity stand on lines of their own: `key sku`, then `sku : text`"


def _of_key(text: str, at: int) -> bool:
    """Whether a line, or what is behind a brace on it, names the key of an entity."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line.rpartition("{")[2].lstrip().startswith("key ")


def _guess_json(mistake: Mistake, report: Report) -> Hint | None:
    if mistake.kind == "STRING" and mistake.before in ("LBRACE", "COMMA") and "INCLUDE" in mistake.expected:
        return Hint("write the name of a field without quotes, or in backticks")
    return None


_GUESSES: tuple[Callable[[Mistake, Report], Hint | None], ...] = (
    *HABITS,
    _guess_equals,
    _guess_next,
    _guess_word,
    _guess_habit,
    _guess_json,
    _guess_colon,
    _guess_separator,
    form,
)
