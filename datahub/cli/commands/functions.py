"""List the functions of the language, or tell all about one.

`dhm functions` lists them by chapter; `dhm functions upper` tells signature, null rule, reject codes and examples of one;
`dhm functions VLOOKUP` finds what Excel, SQL, JSONata and others call so; `dhm functions lists` those of a chapter, and
`dhm functions zone` those whose name or summary has the word.

Functions that installed distributions bring stand among them. With --verify these are tried (all, or the one that is named): their
examples, nulls, columns cut anywhere, and what they say of themselves; with --pages the reference is written, theirs in it.

Exit codes: 0 done, 1 a function that is verified breaks a law or cannot be loaded, 2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, Paint, Stop, give, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from datahub.functions.declare import Function
    from datahub.functions.elsewhere.absent import Absent
    from datahub.functions.elsewhere.forms import Form
    from datahub.functions.extensions import BrokenExtension


WIDE = 100
"""How many characters a line of a page has at most."""
MOST_NAMES = 12
"""How many names of other tools are shown that have nothing here, for one reason."""
ENDLESS = 2**53
"""The number by which signatures say: as many as there are."""


def command(
    about: Annotated[str, typer.Argument(help="A function, another tool's name for it, a chapter, or a word.", show_default=False)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Try the functions of installed distributions.")] = False,
    pages: Annotated[Path | None, typer.Option(help="Write the reference as Markdown.", metavar="DIR", show_default=False)] = None,
) -> None:
    from datahub.functions import extensions, load

    added, broken = extensions.every()
    if verify:
        raise typer.Exit(_verified(about, added, broken))
    every = {**load(), **added}
    if pages is not None:
        _write(pages, every)
        return
    _show(about, every, as_json=as_json)
    # Who asks for one function is not told of another.
    for problem in broken:
        if about in ("", problem.function):
            say(f"note: {problem.message}")


def _show(about: str, every: dict[str, Function], *, as_json: bool) -> None:
    from datahub.functions.elsewhere.search import meant
    from datahub.reports.function_search import functions_about

    named = meant(every, about)
    forms, missing = named.forms, named.absent
    # A word that happens to stand in a summary is no answer to who asked by name.
    chosen = list(named.functions) if named else functions_about(every, about)
    if not chosen and not named:
        _stop_where_broken(about)
        raise Stop(f"no function has to do with `{about}`", _meant(every, about))
    if as_json:
        fields = [*map(_fields, chosen), *map(_form_fields, forms), *map(_absent_fields, missing)]
        give(json.dumps(fields, ensure_ascii=False, indent=2, default=str) + "\n")
        return
    parts = [_page(chosen[0])] if len(chosen) == 1 else [_table(chosen)] if chosen else []
    others = [*map(_form, forms), *(_absent(one, about) for one in missing)]
    # Who asks for a function by its name here wants its page first; who asks by another tool's name, what stands for that.
    give("\n".join((*parts, *others) if about in every else (*others, *parts)))


def _stop_where_broken(about: str) -> None:
    from datahub.functions.extensions import is_extension

    if is_extension(about):
        from datahub.functions.extensions import BrokenExtension, extension

        try:
            extension(about)
        except BrokenExtension as problem:
            raise Stop(problem.message, problem.help, code=Exit.WRONG) from problem


def _verified(about: str, added: dict[str, Function], broken: tuple[BrokenExtension, ...]) -> Exit:
    """Tell which laws the functions of others break, a line each."""
    from datahub.testing.laws import breaches

    chosen = {name: one for name, one in added.items() if about in ("", name)}
    wrong = [problem for problem in broken if about in ("", problem.function)]
    if about and not chosen and not wrong:
        raise Stop(f"no installed distribution offers a function `{about}`", "builtin functions are verified by DataHub's own tests")
    if not chosen and not wrong:
        give("no installed distribution offers functions\n")
    for problem in wrong:
        give(f"{problem.function}: {problem.message}\n")
    good = not wrong
    for name, one in chosen.items():
        found = list(breaches(one))
        good = good and not found
        give("".join(f"{name}: {breach.law}; but {breach.found}\n" for breach in found) or f"{name}: ok ({one.origin})\n")
    return Exit.DONE if good else Exit.WRONG


def _write(folder: Path, every: dict[str, Function]) -> None:
    from datahub.reports.reference_functions import function_pages

    for path, text in function_pages(every).items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")


def _meant(every: Mapping[str, Function], about: str) -> str:
    from datahub.diagnostics.suggest import nearest
    from datahub.functions.elsewhere.search import called

    near = nearest(about, (*every, *sorted({name for one in every.values() for name in called(one)})))
    return f"did you mean `{near}`?" if near else "`dhm functions` lists them all"


def _table(functions: Iterable[Function]) -> str:
    from datahub.reports.function_search import chapters

    paint = Paint(sys.stdout)
    found = chapters(functions)
    wide = max(len(one.name) for _, group in found.values() for one in group)
    parts = []
    for title, group in found.values():
        lines = [f"  {one.name:<{wide}}  {_indented(one.summary, wide + 4)}\n" for one in group]
        parts.append(f"{paint('1', title)}\n{''.join(lines)}")
    return "\n".join(parts)


def _indented(text: str, by: int) -> str:
    """The text broken where the terminal ends, so that names stand alone in their column; whole lines go down a pipe."""
    from shutil import get_terminal_size
    from textwrap import wrap

    if not sys.stdout.isatty():
        return text
    return ("\n" + " " * by).join(wrap(text, max(get_terminal_size().columns - by, 30)))


def _page(function: Function) -> str:
    from datahub.reports.function_examples import shown_examples
    from datahub.reports.function_search import null_rule, reject_codes, shown

    paint = Paint(sys.stdout)
    lines = [paint("1", one.replace(f" = {ENDLESS}", " = all")) for one in function.signatures]
    lines += ["", function.summary]
    if function.doc:
        lines += ["", function.doc]
    lines += ["", f"null in    {null_rule(function)}", *_rejects(reject_codes(function))]
    cost = "one value after the other (DHM603)" if function.row_wise else ""
    named = (("SQL", function.sql), ("Excel", function.excel), ("also", ", ".join(function.also)))
    for label, text in (*named, ("from", function.origin), ("cost", cost)):
        lines += _entry(label, text) if text else []
    examples = shown_examples(function)
    if examples:
        lines.append("")
        wide = max(len(one.expression) for one in examples)
        lines += [f"  {one.expression:<{wide}}  →  {one.rejected or shown(one.result)}" for one in examples]
    return "\n".join(lines) + "\n"


def _rejects(codes: list[str]) -> list[str]:
    """The codes, a line each with what it says of a value."""
    from datahub.diagnostics.row_codes import phrase

    shown = [f"{code} {phrase(code)}" for code in codes] or ["never"]
    return [f"{'rejects' if at == 0 else '':<10} {one}" for at, one in enumerate(shown)]


def _form(form: Form) -> str:
    paint = Paint(sys.stdout)
    lines = [paint("1", form.written), "", form.does, "", *_entry("also", ", ".join(form.names))]
    if form.example:
        lines += ["", f"  {form.example}  →  {form.result}"]
    return "\n".join(lines) + "\n"


def _absent(one: Absent, about: str) -> str:
    from datahub.functions.elsewhere.spelling import bare, spelled

    paint = Paint(sys.stdout)
    # Who asks for one is told of it first, and not of all hundred that share its reason.
    first = sorted(one.names, key=lambda name: spelled(about) not in (spelled(name), spelled(bare(name))))[:MOST_NAMES]
    more = f" and {len(one.names) - MOST_NAMES} more" if len(one.names) > MOST_NAMES else ""
    lines = [paint("1", "not here, on purpose"), "", one.why, "", *_entry("of", ", ".join(first) + more)]
    if one.instead:
        lines += ["", f"  {one.instead}  →  {one.result}"]
    return "\n".join(lines) + "\n"


def _entry(label: str, text: str) -> list[str]:
    """A label and what it says, broken at commas where it is long, every line as far in as the first."""
    from textwrap import wrap

    # A name such as `Excel INDEX MATCH` stays on one line: its spaces are no places to break.
    kept = text.replace(", ", ",\0").replace(" ", "\xa0").replace("\0", " ")
    lines = wrap(kept, WIDE - 11, break_long_words=False, break_on_hyphens=False) or [""]
    return [f"{label if at == 0 else '':<10} {line}".replace("\xa0", " ") for at, line in enumerate(lines)]


def _fields(function: Function) -> dict[str, object]:
    from datahub.reports.function_examples import shown_examples
    from datahub.reports.function_search import chapter, null_rule, reject_codes

    return {
        "name": function.name,
        "kind": function.kind,
        "category": chapter(function),
        "signatures": list(function.signatures),
        "summary": function.summary,
        "doc": function.doc,
        "null": null_rule(function),
        "rejects": reject_codes(function),
        "examples": [
            {"expression": one.expression, "rejected": one.rejected}
            if one.rejected
            else {"expression": one.expression, "result": one.result}
            for one in shown_examples(function)
        ],
        "sql": function.sql,
        "excel": function.excel,
        "also": list(function.also),
        "origin": function.origin,
        "row_wise": function.row_wise,
    }


def _form_fields(form: Form) -> dict[str, object]:
    return {
        "name": form.written,
        "kind": "form",
        "summary": form.does,
        "signatures": [form.written],
        "examples": [{"expression": form.example, "result": form.result}] if form.example else [],
        "also": list(form.names),
    }


def _absent_fields(one: Absent) -> dict[str, object]:
    return {
        "kind": "absent",
        "summary": one.why,
        "examples": [{"expression": one.instead, "result": one.result}] if one.instead else [],
        "also": list(one.names),
    }
