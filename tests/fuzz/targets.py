"""What is fuzzed: for every target, the seeds that it begins from and what must hold of any bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from datahub import compiler
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.render.text import render
from datahub.diagnostics.rule import Severity
from datahub.document import Document, Span
from datahub.semantic import ir
from datahub.semantic.expressions import elaborate
from datahub.semantic.loaders import NoLoader
from datahub.semantic.scope import Scope, World
from datahub.syntax import ast
from datahub.syntax.cells import parse_cell, parse_keys
from datahub.syntax.format import format_script
from datahub.syntax.parser import parse, parse_expression
from datahub.types import model as t
from tests.fuzz import columnar, packed
from tests.fuzz.reading import ALPHABET, ROOT, SHAPES, reader, xml_rows
from tests.spec_runner import Case, cases

FOUND = Path(__file__).parent / "found"
"""Inputs that once broke something, a folder a target: they are run first, always."""
CORPUS = Path(__file__).parent / "corpus"
"""Inputs that led a long run to code where none had been before, a folder a target; short ones, and not many."""


def corpus(name: str) -> list[bytes]:
    """What long runs have kept for a target."""
    return [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]


@dataclass(frozen=True, slots=True)
class Target:
    """A part that takes text of others: where its seeds come from, and what is done with one input."""

    name: str
    seeds: Callable[[], list[bytes]]
    attempt: Callable[[bytes], None]


# ---------------------------------------------------------------- scripts


def script(data: bytes) -> None:
    """A script is checked and formatted; what is formatted means the same, and stays as it is."""
    document = Document("fuzzed.dhm", data.decode("utf-8", "replace"))
    found: list[Diagnostic] = []
    compiler.check(document, NoLoader(), found.append)
    assert all(0 <= one.at.span.start <= one.at.span.end <= len(document.text) for one in found if one.at.span.document is document)
    assert render(found) or not found
    formatted = format_script(document)
    if not _errors(document):
        again = Document("formatted.dhm", formatted)
        assert not _errors(again), "what is formatted has mistakes that the script has not"
        assert format_script(again) == formatted, "formatting twice is not formatting once"


def _errors(document: Document) -> bool:
    found: list[Diagnostic] = []
    parse(document, found.append)
    return any(one.level is Severity.ERROR for one in found)


def cell(data: bytes) -> None:
    """A cell of a decision table, and of a lookup's keys."""
    text = data.decode("utf-8", "replace").replace("\n", " ")
    document = Document("cell", text)
    for read in (parse_cell, parse_keys):
        found: list[Diagnostic] = []
        read(ast.Cell(text, False, Span(document, 0, len(text))), found.append)
        assert all(0 <= one.at.span.start <= one.at.span.end <= len(text) for one in found)


COLUMNS: dict[str, t.Type] = {
    "a": t.Text(True),
    "n": t.Int(),
    "p": t.Decimal(True, 12, 2),
    "d": t.Date(True),
    "l": t.ListOf(item=t.Text()),
    "r": t.Struct(fields=(("sku", t.Text()), ("qty", t.Int(True)))),
}


def expression(data: bytes) -> None:
    """An expression, over columns of some types."""
    _expression(data.decode("utf-8", "replace"))


def template(data: bytes) -> None:
    """The inside of a text: letters, escapes, and holes."""
    _expression('"' + data.decode("utf-8", "replace") + '"')


def _expression(text: str) -> None:
    document = Document("expression", text)
    found: list[Diagnostic] = []
    tree = parse_expression(document, found.append)
    if tree is not None:
        elaborate(tree, Scope(World(), found.append, names={name: ir.Column(name, kind) for name, kind in COLUMNS.items()}))
    assert render(found) or not found
    assert all(0 <= one.at.span.start <= one.at.span.end <= len(text) for one in found)


# ---------------------------------------------------------------- seeds


@cache
def _cases() -> tuple[Case, ...]:
    return tuple(one for path in sorted((ROOT / "tests" / "spec").rglob("*.md")) for one in cases(path))


def _scripts() -> list[bytes]:
    found = {block.text for case in _cases() for block in case.of("dhm")}
    found |= {path.read_text(encoding="utf-8") for folder in ("examples", "stdlib_mappings") for path in (ROOT / folder).rglob("*.dhm")}
    # Long scripts make few attempts: the mistakes that they hold, short ones hold.
    return [text.encode() for text in sorted(found) if len(text) < 4000]


def _cells() -> list[bytes]:
    lines = (line for text in _scripts() for line in text.decode().split("\n") if "|" in line)
    return sorted({part.strip().encode() for line in lines for part in line.split("|")})


def _evaluated() -> Iterator[str]:
    for case in _cases():
        for block in case.of("eval"):
            yield from (line.split(" → ")[0] for line in block.text.split("\n") if " → " in line)


def _expressions() -> list[bytes]:
    return sorted({one.encode() for one in _evaluated()})


def _templates() -> list[bytes]:
    made = [b"{a}", b"x {n + 1} y", b"{upper('{a}')}", b"{{ }}", b"\\u{1F600}\\n", b"{ {x: a}.x }", b"{if(a = 'b', 'it\\'s', '\\\"')}"]
    return made + sorted({one[1:-1].encode() for one in _evaluated() if one.startswith('"') and one.endswith('"')})


def _files(kind: str) -> list[bytes]:
    given = {block.text.encode() for case in _cases() for block in case.of(kind)}
    named = {block.text.encode() for case in _cases() for block in case.of("source") if block.about.endswith(f".{kind}")}
    whole = sorted(one for one in given | named if len(one) < 2000)
    return [bytes([number]) + one for one in (*ALPHABET[kind], *whole) for number in range(len(SHAPES[kind]))]


TARGETS = {
    one.name: one
    for one in (
        Target("script", _scripts, script),
        Target("cell", _cells, cell),
        Target("expression", _expressions, expression),
        Target("template", _templates, template),
        *(Target(kind, lambda kind=kind: _files(kind), reader(kind)) for kind in SHAPES),  # type: ignore[misc]
        Target("xml_rows", lambda: _files("xml"), xml_rows),
        Target("xlsx", packed.workbooks, packed.xlsx),
        Target("parquet", columnar.parquets, columnar.columnar("parquet")),
        Target("arrow", columnar.arrows, columnar.columnar("arrow")),
        Target("zip", packed.archives, packed.archive),
        Target("pack", packed.packs, packed.pack),
        Target("project", packed.projects, packed.project),
    )
}
