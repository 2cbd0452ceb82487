"""What users of other tools write, and what says the same here: read from `others/*.cases`, a line a case.

`THERE => RESULT :: HERE`, and behind `!!` why the answer is another one; where that names a function that HERE does not call, `?? CALL => VALUE`
behind it shows that what is said of it is so. The results are what each tool's
documentation and test suites say, or what follows from it, written down by hand: the tools themselves were not run.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from datahub.functions import load
from datahub.testing.expressions import Answer, answer

FOLDER = Path(__file__).with_name("others")
TOOLS = {
    "excel": ("Excel", "Functions of spreadsheets, with the examples of their reference. Ranges are lists here, and dates are dates."),
    "feel": ("FEEL", "The expression language of DMN. Ranges in decision tables are cells: `[10..20)`, `< 5`, `not (A, B)`."),
    "bloblang": ("Bloblang", "Methods are functions here: what a method is called on is the first argument."),
    "jslt": ("JSLT", "Objects are structs, whose fields are known before the data, or maps, whose keys are not."),
    "cel": ("CEL", "Macros are loops: `xs.exists(x, p)` is `any(p for x in xs)`."),
    "grel": ("GREL", "OpenRefine's language: `value.f(x)` is `f(value, x)`."),
}
_QUOTED, _WORD = re.compile("`([^`]+)`"), re.compile(r"[a-z_]\w*")
_MARK = re.compile(r"([{,]\s*)([a-z_]\w*):")


@dataclass(frozen=True, slots=True)
class Case:
    """A case: the tool, what it is there, what it gives there, what it is here, and why that gives something else, if it does.

    `shows` is what the reason says of another function: a call, and what it gives.
    """

    tool: str
    there: str
    gives: str
    here: str
    why: str
    shows: tuple[str, str] = ("", "")

    @property
    def unshown(self) -> set[str]:
        """The functions that the reason names, and that are neither called here nor shown."""
        named = set(_WORD.findall(" ".join(_QUOTED.findall(self.why))))
        return (named & set(load())) - set(_WORD.findall(self.here)) - set(_WORD.findall(self.shows[0]))


@cache
def cases() -> tuple[Case, ...]:
    return tuple(_read())


def _read() -> Iterator[Case]:
    for tool in TOOLS:
        for line in (FOLDER / f"{tool}.cases").read_text(encoding="utf-8").splitlines():
            head, _, ours = line.partition(" :: ")
            there, _, gives = head.rpartition(" => ")
            here, _, noted = ours.partition(" !! ")
            why, _, more = noted.partition(" ?? ")
            call, _, value = more.rpartition(" => ")
            yield Case(tool, there, gives.strip(), here.strip(), why.strip(), (call.strip(), value.strip()))


@cache
def given(case: Case) -> Answer:
    return answer(case.here)


def agrees(case: Case) -> bool:
    """Whether ours gives what the tool does: numbers by value, an error of theirs by a reject, digits as far as they are told."""
    return _gives(given(case), case.gives)


def holds(case: Case) -> bool:
    """Whether what the reason says of another function is so."""
    call, value = case.shows
    return not call or _gives(answer(call), value)


def _gives(found: Answer, wanted: str) -> bool:
    if found.refused:
        return False
    if wanted == "error" or wanted.startswith("#"):
        return bool(found.rejected)
    if found.rejected:
        return False
    value = found.as_json().get("value")
    if wanted.endswith("..."):
        return str(value).startswith(wanted.removesuffix("..."))
    return _same(_theirs(wanted), value)


def _theirs(text: str) -> Any:
    if text in ("TRUE", "FALSE"):
        return text == "TRUE"
    try:
        return json.loads(_MARK.sub(r'\1"\2":', text), parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return text


def _same(one: Any, other: Any) -> bool:
    match one, other:
        case bool(), _:
            return one is other
        case Decimal(), bool():
            return False
        case Decimal(), int() | float() | str():
            try:
                return one == Decimal(str(other))
            except InvalidOperation:
                return False
        case list(), list():
            return len(one) == len(other) and all(map(_same, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
        case _:
            return bool(one == other)


def shown(case: Case) -> str:
    """What ours gives, for a page."""
    found = given(case)
    value = found.as_json().get("value")
    # What nobody sees is written as JSON writes it: a page with a NUL in it is no text to `grep` and `git`.
    plain = isinstance(value, str) and value.isprintable()
    return found.rejected or (str(value) if plain else json.dumps(value, ensure_ascii=False))


# ---------------------------------------------------------------- pages


def pages() -> dict[str, str]:
    """A page for each tool, by its path below `docs/coming-from`, and one that leads to them."""
    return {"README.md": _index(), **{f"{tool}.md": _page(tool) for tool in TOOLS}}


def _index() -> str:
    rows = []
    for tool, (name, says) in TOOLS.items():
        mine = [case for case in cases() if case.tool == tool]
        rows.append(f"| [{name}]({tool}.md) | {len(mine)} | {sum(bool(case.why) for case in mine)} | {says} |")
    return (
        "# What it is called here\n\nWhat users of six tools write, and what says the same here. Our side of every line is run as a test; theirs is what "
        "their documentation or their own test suites say (CEL's conformance tests, DMN's TCK, JSLT's function tests, formulajs, the examples of "
        "Bloblang's methods, GREL's manual), or what follows from them, and was not run. Of [JSONata, VRL and SQL](../coming-from.md) there is a page of differences.\n\n"
        "| From | Lines | Answered otherwise | |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )


def _page(tool: str) -> str:
    name, says = TOOLS[tool]
    mine = [case for case in cases() if case.tool == tool]
    same = [f"| {_code(case.there)} | {_code(case.here)} | {_code(shown(case))} |" for case in mine if not case.why]
    other = [
        f"| {_code(case.there)} | {_code(case.gives)} | {_code(case.here)} | {_code(shown(case))} | {case.why} |"
        for case in mine
        if case.why
    ]
    return (
        f"# Coming from {name}\n\n{says}\n\n## The same\n\n| {name} | Here | Gives |\n| --- | --- | --- |\n"
        + "\n".join(same)
        + f"\n\n## Answered otherwise\n\n| {name} | gives | Here | gives | Because |\n| --- | --- | --- | --- | --- |\n"
        + "\n".join(other)
        + "\n"
    )


def _code(text: str) -> str:
    escaped = text.replace("|", "\\|")
    mark = "``" if "`" in escaped else "`"
    return f"{mark}{escaped}{mark}"


if __name__ == "__main__":
    for _name, _text in pages().items():
        Path(sys.argv[1], "docs", "coming-from", _name).write_text(_text, encoding="utf-8")
