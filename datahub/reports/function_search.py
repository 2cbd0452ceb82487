"""The functions of the language as people look for them: by name, by chapter, by what another tool calls them, by a word."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from datahub.functions.declare import Function
from datahub.functions.habits import HABITS
from datahub.reports.elsewhere import FORMS, Form

CHAPTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "operators": ("Operators and comparison", ("operators", "compare", "patterns")),
    "choice": ("Choosing, null and failures", ("choice",)),
    "text": ("Text", ("text", "wording", "likeness", "markup")),
    "number": ("Numbers", ("number",)),
    "date": ("Dates and times", ("date",)),
    "lists": ("Lists", ("lists", "list_building")),
    "maps": ("Maps and structs", ("maps", "structs")),
    "aggregates": ("Aggregates", ("aggregates", "members", "statistics")),
    "commerce": ("Commerce", ("commerce", "commerce_codes", "commerce_money", "commerce_units")),
    "records": ("JSON, records and addresses", ("records", "json_values")),
    "encoding": ("Encodings and digests", ("encoding", "digests")),
    "extensions": ("Functions of installed distributions", ("extensions",)),
}
"""The chapters of the reference: title, and the categories of functions in it. A category of none is a chapter of its own."""

_KEEP_NULLS = frozenset({"first", "last", "same", "list"})


def chapters(functions: Iterable[Function]) -> dict[str, tuple[str, list[Function]]]:
    """The functions by the chapter they stand in, each with its title, sorted by name."""
    found: dict[str, tuple[str, list[Function]]] = {name: (title, []) for name, (title, _) in CHAPTERS.items()}
    for one in sorted(functions, key=lambda one: one.name):
        found.setdefault(chapter(one), (one.category.replace("_", " ").capitalize(), []))[1].append(one)
    return {name: kept for name, kept in found.items() if kept[1]}


def chapter(function: Function) -> str:
    """The chapter that a function stands in."""
    return next((name for name, (_, categories) in CHAPTERS.items() if function.category in categories), function.category)


def functions_about(every: Mapping[str, Function], about: str) -> list[Function]:
    """The functions meant by `about`: a name, else another tool's name, else a chapter or category, else any with the word.

    What a function is called here counts before what another tool calls something else.
    """
    word = about.casefold().strip()
    listed = [one for one in every.values() if one.kind != "operator"]
    if not word:
        return listed
    named = named_elsewhere(every, about)
    if named:
        return named
    in_chapter = [one for one in every.values() if word in (one.category, chapter(one))]
    return in_chapter or [one for one in listed if word in _all_words(one)]


def named_elsewhere(every: Mapping[str, Function], about: str) -> list[Function]:
    """The functions that are called `about`: here, else here or by another tool."""
    if about in every:
        return [every[about]]
    word = _plain(about)
    found = [one for one in every.values() if word == one.name.casefold() or word in called(one)] if word else []
    habit = HABITS.get(word, "")
    return found or ([every[habit]] if habit in every else [])


def forms_about(about: str) -> list[Form]:
    """The forms of the language that other tools have a function called `about` for."""
    word = _plain(about)
    return [one for one in FORMS if any(word in (name.casefold(), _bare(name)) for name in one.names)] if word else []


def _plain(about: str) -> str:
    """A word as names are compared: without the mark that JSONata's functions have in front."""
    return about.casefold().strip().removeprefix("$")


def called(function: Function) -> set[str]:
    """What other tools call the function, in small letters: with the tool's name before it, and without."""
    found = {name.casefold() for name in function.also} | {_bare(name) for name in function.also}
    for tool, text in (("sql", function.sql), ("excel", function.excel)):
        if text:
            head = text.lstrip("=").partition("(")[0].strip().casefold()
            found |= {text.casefold(), head, f"{tool} {head}"}
    return found - {""}


def _bare(name: str) -> str:
    """The name without the tool before it; what a `$` or a module stands before counts without it too."""
    return name.partition(" ")[2].casefold().removeprefix("$")


def _all_words(function: Function) -> str:
    return " ".join((function.name, function.summary, function.sql, function.excel, *function.also)).casefold()


def null_rule(function: Function) -> str:
    """What the function does with null, in a few words."""
    if function.kind == "aggregate":
        return "kept as a value" if function.name in _KEEP_NULLS else "left out"
    takes = {parameter.name for overload in function.overloads for parameter in overload.parameters if parameter.nullable}
    if not any(overload.parameters for overload in function.overloads):
        return "takes no value"
    return f"taken as a value by {', '.join(sorted(takes))}" if takes else "null out"


def reject_codes(function: Function) -> list[str]:
    """The codes under which the function can reject a row."""
    return sorted({code for overload in function.overloads for code in overload.rejects})


def shown(value: object) -> str:
    """A value as a script would write it; dates and times as ISO 8601 does."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date() | time() | timedelta():
            return value.isoformat() if not isinstance(value, timedelta) else str(value)
        case dict():
            return "{" + ", ".join(f"{key}: {shown(one)}" for key, one in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(shown, value)) + "]"
        case _:
            return str(value)
