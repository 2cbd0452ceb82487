"""The reference of the functions: a page for each chapter, an index, and one of what other tools call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from datahub.functions.declare import Function
from datahub.functions.elsewhere.forms import FORMS, Form
from datahub.reports.catalogue import rules
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
    pages = {f"functions/{name}.md": _chapter(title, group) for name, (title, group) in found.items()}
    pages["functions/README.md"] = _index(found)
    pages["functions/other-tools.md"] = _other_tools(every)
    return pages


def _chapter(title: str, functions: list[Function]) -> str:
    said = (
        "`null out`: the result is null where an argument is null. Codes of rejects are explained among the [row codes](../row-codes.md)."
    )
    return page(title, "[All functions](README.md)", said, *(part for one in functions for part in _entry(one)))


def _entry(function: Function) -> Iterator[str]:
    yield f"## {_heading(function)}"
    yield block("\n".join(overload.signature for overload in function.overloads), "text")
    yield function.summary
    yield function.doc
    yield "\n".join(f"- {label}: {text}" for label, text in _facts(function) if text)
    if function.examples:
        wide = max(len(one.expression) for one in function.examples)
        lines = (f"{one.expression:<{wide}}  →  {one.rejected or shown(one.result)}" for one in function.examples)
        yield block("\n".join(lines), "text")


def _heading(function: Function) -> str:
    mark = _MARKS.get(function.name)
    return f"{code(function.name)} {mark}" if mark else function.name


def _facts(function: Function) -> Iterator[tuple[str, str]]:
    yield "null in", null_rule(function)
    yield "rejects", ", ".join(_linked(one) for one in reject_codes(function)) or "never"
    yield "SQL", code(function.sql)
    yield "Excel", code(function.excel)
    yield "also", ", ".join(map(_elsewhere, function.also))
    yield "from", function.origin
    yield "cost", "one value after the other (DHM603)" if function.row_wise else ""


def _linked(number: str) -> str:
    rule = rules().get(number)
    return f"[{number}](../row-codes.md#{anchor(f'{number} {rule.name}')})" if rule else number


def _elsewhere(name: str) -> str:
    tool, _, rest = name.partition(" ")
    return f"{tool} {code(rest)}" if rest else tool


def _index(found: Mapping[str, tuple[str, list[Function]]]) -> str:
    said = "In a terminal `dhm functions NAME` tells the same of one; `dhm functions WORD` finds those of a word or of another tool's name."
    count = sum(one.kind != "operator" for _, group in found.values() for one in group)
    parts = [
        f"{count} functions, beside the operators. {said}",
        "[What other tools call them](other-tools.md)",
    ]
    for name, (title, group) in found.items():
        parts += [f"## [{title}]({name}.md)", table(("Function", "What it gives"), ((_link(one, name), one.summary) for one in group))]
    return page("Functions", *parts)


def _link(function: Function, home: str) -> str:
    return f"[{code(function.name)}]({home}.md#{anchor(_heading(function))})"


def _other_tools(every: Mapping[str, Function]) -> str:
    named: dict[str, dict[str, list[str]]] = {tool: {} for tool in _TOOLS}
    for function in sorted(every.values(), key=lambda one: one.name):
        for tool, name in _names(function):
            if tool in named:
                named[tool].setdefault(name, []).append(_link(function, chapter(function)))
    for form in FORMS:
        for tool, name in _form_names(form):
            if tool in named:
                named[tool].setdefault(name, []).append(f"[{code(form.written)}](#{anchor('Forms of the language')})")
    parts = ["Which function, or which form of the language, stands for what other tools have."]
    for tool, names in named.items():
        rows = ((code(name), ", ".join(dict.fromkeys(links))) for name, links in sorted(names.items(), key=lambda one: one[0].casefold()))
        parts += [f"## {tool}", table((tool, "Here"), rows)]
    forms = ((code(one.written), one.does, code(f"{one.example} → {one.result}" if one.example else "")) for one in FORMS)
    parts += ["## Forms of the language", table(("Written", "What it does", "Example"), forms)]
    return page("What other tools call it", "[All functions](README.md)", *parts)


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
