"""List the functions of the language, or tell all about one.

`dhm functions` lists them by category; `dhm functions text` those of a category, or whose name or summary has the word;
`dhm functions upper` tells signature, null rule, reject codes and examples of one.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Paint, Stop, give

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from datahub.functions.declare import Function


def command(
    about: Annotated[str, typer.Argument(help="A function, a category, or a word.", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    from datahub.functions import load

    every = load()
    chosen = _chosen(every, about)
    if not chosen:
        raise Stop(f"no function has to do with `{about}`", _meant(every, about))
    if as_json:
        give(json.dumps([_fields(one) for one in chosen], ensure_ascii=False, indent=2, default=str) + "\n")
    elif len(chosen) == 1:
        give(_page(chosen[0]))
    else:
        give(_table(chosen))


def _chosen(every: Mapping[str, Function], about: str) -> list[Function]:
    named = every.get(about)
    if named is not None:
        return [named]
    listed = [one for one in every.values() if one.kind != "operator"]
    word = about.casefold()
    in_category = [one for one in listed if one.category == word]
    return in_category or [one for one in listed if word in f"{one.name} {one.summary} {' '.join(one.also)}".casefold()]


def _meant(every: Iterable[str], about: str) -> str:
    from datahub.diagnostics.suggest import nearest

    near = nearest(about, every)
    return f"did you mean `{near}`?" if near else "`dhm functions` lists them all"


def _table(functions: Iterable[Function]) -> str:
    paint = Paint(sys.stdout)
    categories: dict[str, list[Function]] = {}
    for one in functions:
        categories.setdefault(one.category, []).append(one)
    wide = max(len(one.name) for group in categories.values() for one in group)
    parts = []
    for category in sorted(categories):
        lines = [f"  {one.name:<{wide}}  {one.summary}\n" for one in sorted(categories[category], key=lambda one: one.name)]
        parts.append(f"{paint('1', category)}\n{''.join(lines)}")
    return "\n".join(parts)


def _page(function: Function) -> str:
    paint = Paint(sys.stdout)
    lines = [paint("1", overload.signature) for overload in function.overloads]
    lines += ["", function.summary]
    if function.doc:
        lines += ["", function.doc]
    codes = sorted({code for overload in function.overloads for code in overload.rejects})
    lines += ["", f"null in    {_null_rule(function)}", f"rejects    {' '.join(codes) or 'never'}"]
    lines += [
        f"{label:<10} {text}"
        for label, text in (("SQL", function.sql), ("Excel", function.excel), ("also", ", ".join(function.also)))
        if text
    ]
    if function.examples:
        lines.append("")
        wide = max(len(one.expression) for one in function.examples)
        lines += [f"  {one.expression:<{wide}}  →  {one.rejected or _value(one.result)}" for one in function.examples]
    return "\n".join(lines) + "\n"


def _null_rule(function: Function) -> str:
    if function.kind == "aggregate":
        return "left out"
    takes = {parameter.name for overload in function.overloads for parameter in overload.parameters if parameter.nullable}
    return f"taken as a value by {', '.join(sorted(takes))}" if takes else "null out"


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _fields(function: Function) -> dict[str, object]:
    return {
        "name": function.name,
        "kind": function.kind,
        "category": function.category,
        "signatures": [overload.signature for overload in function.overloads],
        "summary": function.summary,
        "doc": function.doc,
        "rejects": sorted({code for overload in function.overloads for code in overload.rejects}),
        "examples": [
            {"expression": one.expression, "rejected": one.rejected}
            if one.rejected
            else {"expression": one.expression, "result": one.result}
            for one in function.examples
        ],
        "sql": function.sql,
        "excel": function.excel,
        "also": list(function.also),
    }
