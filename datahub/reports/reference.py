"""The reference: pages made out of what the code declares, so that none can say what is not so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from datahub import functions
from datahub.records import record
from datahub.reports.markdown import anchor, block, code, page, table
from datahub.reports.reference_findings import finding_pages
from datahub.reports.reference_functions import function_pages
from datahub.reports.reference_language import language_pages
from datahub.reports.reference_project import project_pages


@record(frozen=True, slots=True)
class CommandHelp:
    """A command as its help tells it: text, how it is called, and (option, default, help) of each argument and option."""

    name: str
    text: str
    usage: str
    options: tuple[tuple[str, str, str], ...]


def reference(
    commands: Sequence[CommandHelp], exits: Sequence[tuple[int, str]], grammar: Mapping[str, str], specification: Mapping[str, str]
) -> dict[str, str]:
    """Every page of the reference by its path below `docs/reference`.

    `grammar` and `specification` are texts of files by name; the rest is declared in code.
    """
    pages = {
        **function_pages(functions.load()),
        **language_pages(grammar),
        **finding_pages(),
        **project_pages(),
        "commands.md": _commands(commands, exits),
        "specification.md": _specification(specification),
    }
    return {"README.md": _index(pages), **pages}


def _index(pages: Mapping[str, str]) -> str:
    says = {
        "functions/README.md": "every function: signature, null rule, rejects, examples",
        "functions/other-tools.md": "from Excel, SQL, DataWeave, JSONata, VRL … to the function or form here",
        "types.md": "types, how values are written in files, patterns of dates, tags",
        "sources.md": "every kind of source and its options",
        "targets.md": "every kind of target and its options",
        "text.md": "texts, escapes, numbers, words and marks",
        "grammar.md": "the grammar",
        "project.md": "`dhm.toml`: connections of every kind, jobs, environments, secrets",
        "findings.md": "what `dhm check` finds, with a script that has it and one that has not",
        "row-codes.md": "why rows are rejected",
        "commands.md": "commands, options and exit codes",
        "specification.md": "the cases of the language, by topic",
    }
    rows = ((f"[{_title(pages[path])}]({path})", text) for path, text in says.items())
    return page("Reference", "Made out of the code and its tests: what stands here is what runs.", table(("Page", "What it holds"), rows))


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")


def _commands(commands: Sequence[CommandHelp], exits: Sequence[tuple[int, str]]) -> str:
    parts = [
        "Results go to standard output, talk to standard error; colour is for terminals, and `NO_COLOR` turns it off.",
        table(("Command", "What it does"), ((f"[`dhm {one.name}`](#{anchor(f'dhm {one.name}')})", _first(one.text)) for one in commands)),
        "## Exit codes",
        table(("Code", "Meaning"), ((str(number), says) for number, says in exits)),
    ]
    for one in commands:
        parts += [f"## dhm {one.name}", block(one.usage, "text"), one.text]
        if one.options:
            options = ((code(name), code(default), says) for name, default, says in one.options)
            parts.append(table(("Option", "Unless told", "What it is"), options))
    return page("Commands", *parts)


def _first(text: str) -> str:
    return text.partition("\n\n")[0].replace("\n", " ")


def _specification(files: Mapping[str, str]) -> str:
    parts = ["Each case is a script, what goes in, and what must come out; all of them are run as tests."]
    for name, text in sorted(files.items()):
        outside = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
        link = f"../../tests/spec/{name}"
        cases = "\n".join(f"- [{one}]({link}#{anchor(one)})" for one in re.findall(r"^## (.+)$", outside, re.MULTILINE))
        intro = re.sub(r"^# .*\n", "", outside).partition("\n## ")[0].strip()
        parts += [f"## [{_title(text)}]({link})", intro, cases]
    return page("Specification", *parts)
