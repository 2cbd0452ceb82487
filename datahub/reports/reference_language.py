"""The reference of what lies below functions: kinds of sources and targets, types, text, words and grammar."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time

from datahub.reports.function_search import shown
from datahub.reports.markdown import block, code, page, table
from datahub.reports.text_forms import PATTERN_LETTERS, TEXT_FORMS, TYPES, Reading
from datahub.semantic.kinds import SOURCES, TARGETS, Kind, OptionShape
from datahub.semantic.tags import COLUMN_TAGS, ENTITY_TAGS, FIELD_TAGS, TARGET_TAGS
from datahub.syntax.literals import ESCAPES
from datahub.syntax.tables import tables

_GRAMMAR = """\
The grammar that the parser is built from, without the names of its nodes. `[x]` is optional, `x*` any number, `x+` one or more; a newline
ends a statement except inside brackets, after an operator or comma, and before a word that goes on."""
_FITS = """\
An `int` stands where a `decimal` is wanted, and a `T` where a `T?` is. A `T?` stands where a field is `T`: null is then a reject (R201)."""
_IN_FILES = """\
An empty value is null (`empty text` of a CSV source says otherwise for text); where the type has no `?` it is a reject (R201). A code
instead of a value says why the row is rejected."""


def language_pages(grammar: Mapping[str, str]) -> dict[str, str]:
    """The pages by path; `grammar` are the grammar's files by name."""
    return {
        "sources.md": _kinds("Sources", "source", SOURCES),
        "targets.md": _kinds("Targets", "target", TARGETS),
        "types.md": _types(),
        "text.md": _text(),
        "grammar.md": _grammar(grammar),
    }


def _kinds(title: str, word: str, kinds: Mapping[str, Kind]) -> str:
    intro = f"`{word} NAME: KIND {{ OPTION VALUE … columns {{ … }} }}`. What each kind is, and every option it takes."
    parts = [intro, table(("Kind", "What it is"), ((f"[`{one.name}`](#{one.name})", one.doc) for one in kinds.values()))]
    for kind in kinds.values():
        rows = ((code(one.name), _takes(one), code(_value(one.default)), one.doc) for one in kind.options)
        parts += [f"## {kind.name}", kind.doc]
        if kind.role == "source":
            parts.append(
                "Everything is text until the script converts it." if kind.text else "Values have the types that the file gives them."
            )
        parts.append(table(("Option", "Takes", "Unless told", "What it does"), rows))
    return page(title, *parts)


def _takes(option: OptionShape) -> str:
    match option.type:
        case "word":
            return ", ".join(map(code, option.words))
        case "texts":
            return "a list of texts"
        case "bool":
            return "`true`, `false`"
        case "int":
            return "a whole number"
        case "date pattern":
            return "a pattern such as `dd/MM/yyyy`"
        case "decimal mark":
            return "one character, no digit, letter or sign"
        case "character":
            return "one character"
        case "text":
            return "a text"
        case "sheet":
            return "a text of at most 31 characters"
        case "marks":
            return "one character or more"
        case "locale":
            return "a language such as `fr` or `fr-BE`"
        case "encoding":
            return "the name of an encoding"
        case "path":
            return "a path such as `$.orders[*]`"


def _value(value: object) -> str:
    match value:
        case tuple():
            return "[" + ", ".join(map(_value, value)) + "]"
        case "\n":
            return r'"\n"'
        case date() | time() | datetime():
            return value.isoformat()
        case _:
            return shown(value)


def _types() -> str:
    forms = []
    for form in TEXT_FORMS:
        head = f"**{code(form.column)}**" + (f" in a source with {code(form.options)}" if form.options else "")
        forms += [f"{head}. {form.says}", table(("In the file", "Becomes"), map(_reading, form.readings))]
    tags = {one.name: one.doc for group in (COLUMN_TAGS, FIELD_TAGS, ENTITY_TAGS, TARGET_TAGS) for one in group}
    places = (("columns of sources", COLUMN_TAGS), ("fields", FIELD_TAGS), ("entities", ENTITY_TAGS), ("columns of targets", TARGET_TAGS))
    rows = (
        (code(f"@{name}"), ", ".join(place for place, group in places if any(one.name == name for one in group)), tags[name])
        for name in tags
    )
    return page(
        "Types",
        "Every value has a type, known before a row is read. What has no `?` is never null. Text becomes nothing else by itself.",
        table(("Type", "What it holds"), ((code(name), says) for name, says in TYPES)),
        _FITS,
        "## How values are written in files",
        _IN_FILES,
        *forms,
        "## Patterns of dates and times",
        "For `format`, `dates`, `date(x, …)` and `text(x, …)`. Names are English unless a locale is told. Below, how"
        " `2024-05-01T14:05:09.123456Z` is written.",
        table(("Pattern", "Gives", "What it is"), ((code(one), code(gives), says) for one, gives, says in PATTERN_LETTERS)),
        "## Tags",
        table(("Tag", "Stands on", "What it says"), rows),
    )


def _reading(reading: Reading) -> tuple[str, str]:
    refused = re.fullmatch(r"R\d{3}", reading.becomes)
    return code(_seen(reading.text)) or "nothing", reading.becomes if refused else code(_seen(reading.becomes))


def _seen(text: str) -> str:
    """Spaces at the ends as people see them: Markdown drops some."""
    return re.sub(r'^"? +| +"?$', lambda found: found[0].replace(" ", "␣"), text)


def _text() -> str:
    made = tables()
    escapes = [(f"\\{name}", says) for name, (_, says) in ESCAPES.items()]
    rows = [*escapes, ("\\u{20AC}", "the character with that hexadecimal number"), ("{{", "an opening brace"), ("}}", "a closing brace")]
    return page(
        "The text of a script",
        "A script is UTF-8 text in a file whose name ends in `.dhm`.",
        "## Texts",
        'Text stands between `"…"` or `\'…\'` and does not run over lines; between `"""…"""` it does, and nothing in it is escaped. Braces'
        ' hold an expression: `"{a} and {b}"`.',
        table(("Written", "Means"), ((code(written), says) for written, says in rows)),
        "## Numbers, patterns, names, comments",
        table(("Form", "What it is"), _lexis()),
        "## Words",
        f"The {len(made.words)} words of the grammar. A word is one only where the grammar has it: before a colon it is a field's name.",
        block("\n".join(_columns(sorted(made.words))), "text"),
        "## Marks",
        block(" ".join(sorted(made.marks)), "text"),
    )


def _lexis() -> Iterable[tuple[str, str]]:
    return (
        ("`12`, `12.50`, `5%`", "numbers, exact; `5%` is 0.05"),
        (code("/[A-Z]+/i"), "a pattern of RE2; letters behind it are options: `i` any case, `m` by line, `s` a point takes line ends"),
        ("`name`, `` `PRIX HT` ``", "names: letters of any script, digits and `_`; any other between backticks"),
        ("`$name`", "a parameter of the script"),
        ("`1..10`", "a range, both ends included"),
        (code("# …"), "a comment, to the end of the line"),
        (code("| a | b |"), "a row of a table; a cell in quotes may hold `|` and commas"),
    )  # fmt: skip


def _columns(words: list[str], across: int = 6) -> Iterator[str]:
    wide = max(map(len, words)) + 2
    for at in range(0, len(words), across):
        yield "".join(f"{word:<{wide}}" for word in words[at : at + across]).rstrip()


def _grammar(grammar: Mapping[str, str]) -> str:
    parts = [_GRAMMAR]
    for name, text in grammar.items():
        parts += [f"## {name.removesuffix('.lark')}", block(_bare(text), "text")]
    return page("Grammar", *parts)


def _bare(text: str) -> str:
    """The rules without comments on the machinery, aliases, and what stands for mistakes."""
    kept = []
    for line in text.splitlines():
        if (line.startswith("//") and not line.startswith("// ---")) or line.startswith("%") or re.search(r"\bBROKEN\b", line):
            continue
        plain = re.sub(r"\s+->\s+\w+\s*$", "", line)
        kept.append("# " + plain.strip("/ -") if plain.startswith("//") else plain.removeprefix("?"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
