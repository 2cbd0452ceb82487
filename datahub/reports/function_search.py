"""The functions of the language as people look for them: by name, by chapter, by what another tool calls them, by a word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from datahub.functions.declare import Function
from datahub.functions.elsewhere.search import meant

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
    """The functions meant by `about`: a name, else another tool's name, else a chapter or category, else those that its words are said of.

    What a function is called here counts before what another tool calls something else.
    """
    word = about.casefold().strip()
    listed = [one for one in every.values() if one.kind != "operator"]
    if not word:
        return listed
    named = meant(every, about).functions
    if named:
        return list(named)
    in_chapter = [one for one in every.values() if word in (one.category, chapter(one))]
    return in_chapter or _said_of(listed, word)


def _said_of(functions: Iterable[Function], words: str) -> list[Function]:
    """The functions whose name, summary or equivalents have all of the words, else most of them and half at least."""
    asked = [one for one in _WORD.findall(words) if len(one) > 2] or _WORD.findall(words)
    found = [(sum(any(_same_word(one, other) for other in _words(function)) for one in asked), function) for function in functions]
    most = max((count for count, _ in found), default=0)
    return [function for count, function in found if count == most] if 0 < most and len(asked) <= 2 * most - (len(asked) > 1) else []


_WORD = re.compile(r"[^\W_]+")
_ENDINGS = frozenset(("s", "es", "d", "ed", "er", "ing", "ly"))


def _same_word(asked: str, said: str) -> bool:
    """Whether a word is the one asked for, or one of its forms: `rounding` finds `round`, `accent` finds `accents`."""
    return said.startswith(asked) or (len(said) > 3 and asked.startswith(said) and asked.removeprefix(said) in _ENDINGS)


def _words(function: Function) -> set[str]:
    text = " ".join((function.name, function.summary, function.sql, function.excel, *function.also))
    return set(_WORD.findall(text.casefold()))


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
