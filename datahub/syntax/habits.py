"""Habits of other languages, and slips that no single word gives away: what was probably meant by what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from datahub.diagnostics.suggest import nearest
from datahub.syntax.mistake import Hint, Mistake, written
from datahub.syntax.report import Report

_DECLARED_AS = {
    "mapping": "map", "transform": "map", "transformation": "map", "function": "fn", "func": "fn", "def": "fn", "import": "use",
    "include": "use", "require": "use", "table": "entity", "class": "entity", "struct": "entity", "record": "entity", "model": "entity",
    "schema": "entity", "input": "source", "output": "target", "sink": "target", "const": "param", "var": "param", "variable": "param",
    "enum": "type", "validate": "checks", "check": "checks", "rule": "rules", "pipeline": "flow", "job": "flow",
}  # fmt: skip
"""How other languages open what a declaration says here."""
_FORMS = {
    "lookup": "lookup rate (currency: text) asof since: date -> decimal from rates { otherwise null }",
    "decide": "decide carrier (weight: decimal, country: text) -> text { policy unique … }",
    "rules": "rules prices for Item priority 10 {",
    "rule": 'rule R10 "why" when stock = 0 set state: "off" otherwise set state: "live"',
    "write": "write Order, Line as patch to shop",
    "reject": "reject R1*, R201 to wrong",
}  # fmt: skip
"""Declarations and lines of them that one rarely writes, as they are written."""
_LISTING = {"column", "fields", "field", "schema", "header", "headers"}
_FILTERS = {"if", "when", "filter", "having", "only", "unless"}
_TERNARY = re.compile(r"(?P<begin>(?:^|[:,(])[ \t]*)(?P<asked>[^:?,{}\n]+?)[ \t]*\?[ \t]*(?P<yes>[^:?\n]+?)[ \t]*:[ \t]*(?P<no>[^,?\n}#]+)")
_SPELLED = {"==": "=", "!=": "<>", "&&": "and", "||": "or"}
_SIZED = re.compile(r"(\w+)\s*[\[<( ]\s*(\d+)\s*(?:[,.]\s*(\d+))?\s*[\]>)]?")
_PLACED = re.compile(r"(\w+)[ \t]+at[ \t]+(\"[^\"\n]*\"|\d+)[ \t]*$")
_ASKED_FOR = re.compile(
    r"[ \t]*(?:use|(?:.*\{[ \t]*)?requires)[ \t]+\w[\w.]*[ \t]+(?P<range>[\d<>=*^~][^{}#\n]*?)[ \t]*(?=\bas\b|[{}#]|$)", re.MULTILINE
)
_OPERATOR = re.compile(r"(<>|<=|>=|[-+*/&<>=]|\b(?:and|or))\s*\Z")

Guess = Callable[[Mistake, Report], Hint | None]


def _word(at: int, report: Report) -> str:
    found = re.compile(r"\w+").match(report.document.text, at)
    return found[0] if found else ""


def _declaration(mistake: Mistake, report: Report) -> Hint | None:
    """A declaration that begins as in another language."""
    word = _word(mistake.start, report)
    better = _DECLARED_AS.get(word.lower()) if mistake.kind == "NAME" and {"SOURCE", "ENTITY"} <= mistake.expected else None
    return written(report, mistake.start, mistake.end, better) if better else None


def _columns(mistake: Mistake, report: Report) -> Hint | None:
    """What lists the columns of a source under another name, and options that are set as fields are."""
    if "COLUMNS" not in mistake.expected or mistake.before != "NAME":
        return None
    name, text = _word(mistake.before_start, report), report.document.text
    start, end = mistake.before_start, mistake.before_start + len(name)
    if mistake.kind == "LBRACE" and (name.lower() in _LISTING or nearest(name, ("columns",))):
        hint = written(report, start, end, "columns")
        return replace(hint, message=f"`{name}` opens no list", label="`columns` is meant", at=(start, end))
    value = re.compile(r"[ \t]*(\"(?:\\.|[^\"\\\n])*\"|[\w.-]+)").match(text, mistake.end)
    if mistake.kind in ("_EQUAL", "COLON") and value is not None:
        return written(report, start, value.end(), f"{name} {value[1]}", "an option and its value stand side by side", safe=True)
    return None


def _column(mistake: Mistake, report: Report) -> Hint | None:
    """A column of a source whose name in the file, type or pattern stands in another way."""
    text = report.document.text
    token = text[mistake.start : mistake.end]
    match mistake.kind:
        case "NAME" if mistake.expected <= {"STRING", "INT", "REGEX"} and "REGEX" in mistake.expected:
            return written(report, mistake.start, mistake.end, f'"{token}"', "how the file calls a column stands in quotes")
        case "FROM" if "FORMAT" in mistake.expected:
            return written(report, mistake.start, mistake.end, "at", "how the file calls the column")
        case "STRING" if "FORMAT" in mistake.expected:
            return written(report, mistake.start, mistake.end, f"format {token}" if re.search("[yMdHm]", token) else f"at {token}")
        case "COLON" if "FORMAT" in mistake.expected and (placed := _PLACED.search(text, 0, mistake.start)) is not None:
            return Hint(f"the type comes first: `{placed[1]}: … at {placed[2]}`")
        case _:
            return None


def _sized(mistake: Mistake, report: Report) -> Hint | None:
    """The sizes of a type without parentheses, or with other ones: `decimal 10,2`, `text[40]`, `decimal(10.2)`."""
    parted = (
        mistake.kind in ("INT", "LSQB", "COMPARE")
        and mistake.before == "NAME"
        and "LPAR" in mistake.expected
        and "AND" not in mistake.expected
    )
    pointed = mistake.kind == "NUMBER" and mistake.before == "LPAR" and {"INT", "STRING"} <= mistake.expected
    if not parted and not pointed:
        return None
    text = report.document.text
    start = mistake.before_start if parted else _name_before(text, mistake.before_start)
    found = _SIZED.match(text, start)
    if found is None:
        return None
    sizes = ", ".join(one for one in found.groups()[1:] if one)
    return written(report, start, found.end(), f"{found[1]}({sizes})")


def _clause(mistake: Mistake, report: Report) -> Hint | None:
    """Rows that are chosen, or named, as in another language."""
    word = _word(mistake.start, report)
    if "WHERE" in mistake.expected and word in _FILTERS:
        return written(report, mistake.start, mistake.end, "where not" if word == "unless" else "where")
    rowset = re.compile(r"(?:(\w+)[ \t]+)?in[ \t]+(\w+)").match(report.document.text, mistake.start)
    if "FROM" in mistake.expected and rowset is not None:
        return written(report, mistake.start, rowset.end(), f"from {rowset[1] or 'r'} in {rowset[2]}")
    return None


def _ternary(mistake: Mistake, report: Report) -> Hint | None:
    """`condition ? value : other`."""
    if mistake.kind != "QMARK" or "AND" not in mistake.expected:
        return None
    text = report.document.text
    line = text.rfind("\n", 0, mistake.start) + 1
    found = next((one for one in _TERNARY.finditer(text, line) if one.start() < mistake.start < one.end()), None)
    if found is None:
        return Hint("write `if(condition, value, other)`")
    start = found.start() + len(found["begin"])
    report.forget_foreign(start, found.end())
    asked = re.sub(r"==|!=|&&|\|\|", lambda mark: _SPELLED[mark[0]], found["asked"])
    better = f"if({asked}, {found['yes']}, {found['no'].strip()})"
    return written(report, start, start + len(found[0].rstrip()) - len(found["begin"]), better)


def _field(mistake: Mistake, report: Report) -> Hint | None:
    """A field that is given its value as in another language, and a key that is declared as in SQL."""
    text = report.document.text
    if mistake.kind == "_EQUAL" and mistake.before == "COLON" and mistake.start == mistake.before_start + 1:
        return replace(written(report, mistake.before_start, mistake.end, ":", safe=True), wanted="`:` alone")
    if "COLON" in mistake.expected and (mistake.kind == "_ARROW" or text.startswith("=>", mistake.start)):
        end = mistake.start + 2
        return replace(written(report, mistake.start, end, ":", "what a field is stands behind it"), wanted="`:`")
    if mistake.before in ("NAME", "KEY") and "COLON" in mistake.expected:
        name = _word(mistake.before_start, report)
        if mistake.kind == "KEY" and name.lower() == "primary":
            return written(report, mistake.before_start, mistake.end, "key", safe=True)
        if name == "key" and mistake.kind == "LPAR":
            return Hint("write the names of the key without parentheses: `key sku, colour`")
    if mistake.kind == "LBRACE" and mistake.before == "DOLLAR":
        return Hint('a value stands by its name alone, as `r.price`; in a text it stands in braces: `"{r.price} EUR"`')
    return None


def _left_alone(mistake: Mistake, report: Report) -> Hint | None:
    """An operator at the end of a line, behind which the next field begins."""
    if mistake.kind != "COLON" or mistake.before != "NAME" or "AND" not in mistake.expected:
        return None
    found = _OPERATOR.search(report.document.text, 0, mistake.before_start)
    if found is None or "\n" not in report.document.text[found.start() : mistake.before_start]:
        return None
    start, end = found.span(1)
    said = f"nothing stands behind `{found[1]}`"
    return Hint(
        f"write what `{found[1]}` takes on its right, or leave it out", message=said, label="the next field begins below", at=(start, end)
    )


def _type(mistake: Mistake, report: Report) -> Hint | None:
    """A type that is spelled as in another language: `enum[a, b]`, `text(1-40)`, `nullable int`, `columns [`."""
    text, name, start = report.document.text, _word(mistake.before_start, report), mistake.before_start
    if mistake.kind == "LSQB" and mistake.before == "COLUMNS":
        return Hint("columns stand in braces: `columns { sku: text }`")
    if mistake.kind == "LSQB" and name == "enum" and (members := re.compile(r"\[([^\]\n]*)\]").match(text, mistake.start)) is not None:
        return written(report, start, members.end(), f"enum({members[1]})")
    if (range := re.compile(r"(\d+)\s*-\s*(\d+)").match(text, start)) is not None and text[mistake.start : mistake.end].startswith("-"):
        return written(report, start, range.end(), f"{range[1]}..{range[2]}") if mistake.expected & {"RPAR"} else None
    if name in ("nullable", "optional") and (kind := re.compile(r"\w+(\([^()\n]*\))?").match(text, mistake.start)) is not None:
        return written(report, start, kind.end(), f"{kind[0]}?")
    return None


def _phrase(mistake: Mistake, report: Report) -> Hint | None:
    """`is not empty`, `write Item into shop`, a check without its severity, and a function without parentheses."""
    text, word = report.document.text, _word(mistake.start, report)
    if word == "empty" and {"BLANK", "NULL"} <= mistake.expected:
        return written(report, mistake.start, mistake.end, "blank", "null, or nothing but spaces")
    if word == "into" and {"TO", "INTERLEAVED"} <= mistake.expected:
        return written(report, mistake.start, mistake.end, "to")
    if mistake.kind == "COLON" and {"ERROR", "WARN", "FATAL"} <= mistake.expected and mistake.before == "NAME":
        name = _word(mistake.before_start, report)
        return written(report, mistake.before_start, mistake.end, f"{name} error:", "a check says how grave it is")
    if word in ("mod", "div") and "AND" in mistake.expected:
        left, right = re.compile(r"[\w.]+[ \t]*\Z").search(text, 0, mistake.start), re.compile(r"[ \t]*([\w.]+)").match(text, mistake.end)
        if left is None or right is None:
            return Hint(f"write `{word}(a, b)`")
        return written(report, left.start(), right.end(), f"{word}({left[0].strip()}, {right[1]})")
    path = re.compile(r"\w+(\.\w+)+").match(text, mistake.start)
    behind = text[mistake.before_start - 1 : mistake.before_start]
    if mistake.before == "NAME" and "AND" in mistake.expected and path is not None and behind != ".":
        name = _word(mistake.before_start, report)
        return written(report, mistake.before_start, path.end(), f"{name}({path[0]})", "what a function takes stands in parentheses")
    return None


def _versions(mistake: Mistake, report: Report) -> Hint | None:
    """A range of versions that dhm.toml knows and a script does not."""
    text = report.document.text
    found = _ASKED_FOR.match(text, text.rfind("\n", 0, mistake.start) + 1)
    if found is None or not found.start("range") <= mistake.start <= found.end("range"):
        return None
    major = re.fullmatch(r"(\d+)(\.[xX*])+", found["range"])
    better = f"write `^{major[1]}`" if major is not None else "write `^1.2`, `~1.2`, `1.2.0`, or nothing"
    message = f"`{found['range']}` is no range that a script can ask for"
    help = f"{better}; other ranges stand in `[packs]` of dhm.toml"
    return Hint(help, message=message, label="no range of versions here", at=found.span("range"))


def form(mistake: Mistake, report: Report) -> Hint | None:
    """How a declaration is written, where its first line goes wrong and nothing better is known."""
    text = report.document.text
    line = text[text.rfind("\n", 0, mistake.start) + 1 : mistake.start]
    if re.fullmatch(r"\s*lookup\s+\w+\s*", line) and mistake.kind == "_EQUAL":
        return Hint("a table is asked the other way where it is needed: `inverse(units, code)`")
    head = re.match(r"\s*(\w+)", line)
    return Hint(f"write it so: `{_FORMS[head[1]]}`") if head is not None and head[1] in _FORMS else None


def _name_before(text: str, at: int) -> int:
    while at and (text[at - 1].isalnum() or text[at - 1] == "_"):
        at -= 1
    return at


HABITS: tuple[Guess, ...] = (_declaration, _columns, _column, _sized, _clause, _ternary, _field, _left_alone, _type, _phrase, _versions)
