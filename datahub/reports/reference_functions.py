"""The reference of the functions: a page each, one for each chapter, an index, and one of what other tools call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from datahub.functions.declare import Function
from datahub.functions.elsewhere.forms import FORMS, Form
from datahub.functions.elsewhere.formulas import FORMULAS
from datahub.reports.catalogue import rules
from datahub.reports.function_examples import shown_examples
from datahub.reports.function_search import chapter, chapters, null_rule, reject_codes, shown
from datahub.reports.markdown import anchor, block, code, page, table

_TOOLS = ("Excel", "SQL", "DataWeave", "JSONata", "VRL", "Bloblang", "jq", "FEEL", "CEL", "GREL", "Polars", "DuckDB", "pandas", "Spark")
_MARKS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by", "&": "joined", "=": "equal", "<>": "not equal"} | {
    "<": "before", "<=": "not after", ">": "after", ">=": "not before", "neg": "minus sign",
}  # fmt: skip
"""What operators are called in headings, where a mark alone would have no anchor."""


def function_pages(every: Mapping[str, Function]) -> dict[str, str]:
    """Every page of the functions by its path below `docs/reference`."""
    found = chapters(every.values())
    pages = {f"functions/{name}.md": _chapter(name, title, group) for name, (title, group) in found.items()}
    for name, (title, group) in found.items():
        pages |= {f"functions/{name}/{_file(one)}": _page(one, name, title) for one in group}
    pages["functions/README.md"] = _index(found)
    pages["functions/other-tools.md"] = _other_tools(every)
    return pages


def _chapter(name: str, title: str, functions: list[Function]) -> str:
    said = "Each has a page: what it gives, what null and failures do, examples with what they give, and what other tools call it."
    return page(title, "[All functions](README.md)", said, _table(functions, f"{name}/"))


def _page(function: Function, chapter: str, title: str) -> str:
    examples = shown_examples(function)
    wide = max((len(one.expression) for one in examples), default=0)
    lines = (f"{one.expression:<{wide}}  →  {one.rejected or shown(one.result)}" for one in examples)
    elsewhere = _elsewhere(function)
    return page(
        _heading(function),
        f"[All functions](../README.md) · [{title}](../{chapter}.md)",
        block("\n".join(function.signatures), "text"),
        function.summary,
        function.doc,
        "\n".join(f"- {label}: {text}" for label, text in _facts(function) if text),
        *(("## Examples", block("\n".join(lines), "text")) if examples else ()),
        *(("## What other tools call it", table(("Tool", "There"), elsewhere)) if elsewhere else ()),
    )


def _file(function: Function) -> str:
    """The name of a function's page; a mark is written as the word that it is called by."""
    return f"{_MARKS.get(function.name, function.name).replace(' ', '-')}.md"


def _heading(function: Function) -> str:
    mark = _MARKS.get(function.name)
    return f"{code(function.name)} {mark}" if mark else function.name


def _facts(function: Function) -> Iterator[tuple[str, str]]:
    yield "null in", null_rule(function)
    yield "rejects", ", ".join(_linked(one) for one in reject_codes(function)) or "never"
    yield "from", function.origin
    yield "cost", "one value after the other (DHM603)" if function.row_wise else ""


def _linked(number: str) -> str:
    rule = rules().get(number)
    return f"[{number}](../../row-codes.md#{anchor(f'{number} {rule.name}')})" if rule else number


def _elsewhere(function: Function) -> list[tuple[str, str]]:
    """The tools that have it, in the order of the page that lists them, and what each calls it."""
    named: dict[str, list[str]] = {tool: [] for tool in _TOOLS}
    for tool, name in _names(function):
        named.setdefault(tool, []).append(code(name) if name else "")
    return [(tool, ", ".join(filter(None, dict.fromkeys(names)))) for tool, names in named.items() if names]


def _index(found: Mapping[str, tuple[str, list[Function]]]) -> str:
    said = "In a terminal `dhm functions NAME` tells the same of one; `dhm functions WORD` finds those of a word or of another tool's name."
    count = sum(one.kind != "operator" for _, group in found.values() for one in group)
    parts = [
        f"{count} functions, beside the operators. {said}",
        "[What other tools call them](other-tools.md)",
    ]
    for name, (title, group) in found.items():
        parts += [f"## [{title}]({name}.md)", _table(group, f"{name}/")]
    return page("Functions", *parts)


def _table(functions: list[Function], folder: str) -> str:
    return table(("Function", "What it gives"), ((_link(one, folder), one.summary) for one in functions))


def _link(function: Function, folder: str) -> str:
    return f"[{code(function.name)}]({folder}{_file(function)})"


def _other_tools(every: Mapping[str, Function]) -> str:
    named: dict[str, dict[str, list[str]]] = {tool: {} for tool in _TOOLS}
    for function in sorted(every.values(), key=lambda one: one.name):
        for tool, name in _names(function):
            if tool in named:
                named[tool].setdefault(name, []).append(_link(function, f"{chapter(function)}/"))
    for form in (*FORMS, *FORMULAS):
        for tool, name in _form_names(form):
            if tool in named:
                place = "Formulas" if form in FORMULAS else "Forms of the language"
                named[tool].setdefault(name, []).append(f"[{code(form.written)}](#{anchor(place)})")
    parts = ["Which function, or which form of the language, stands for what other tools have."]
    for tool, names in named.items():
        rows = ((code(name), ", ".join(dict.fromkeys(links))) for name, links in sorted(names.items(), key=lambda one: one[0].casefold()))
        parts += [f"## {tool}", table((tool, "Here"), rows)]
    parts += ["## Forms of the language", table(("Written", "What it does", "Example"), map(_form_row, FORMS))]
    parts += ["## Formulas", table(("Written", "What it gives", "Example"), map(_form_row, FORMULAS))]
    return page("What other tools call it", "[All functions](README.md)", *parts)


def _form_row(form: Form) -> tuple[str, str, str]:
    return code(form.written), form.does, code(f"{form.example} → {form.result}" if form.example else "")


def _names(function: Function) -> Iterator[tuple[str, str]]:
    if function.sql:
        yield "SQL", function.sql
    if function.excel:
        yield "Excel", function.excel.removeprefix("=") or "="
    yield from (_parted(name) for name in function.also)


def _form_names(form: Form) -> Iterator[tuple[str, str]]:
    return (_parted(name) for name in form.names)


def _parted(name: str) -> tuple[str, str]:
    tool, _, rest = name.partition(" ")
    return tool, rest
