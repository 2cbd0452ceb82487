"""What is fuzzed: for every target, the seeds that it begins from and what must hold of any bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from datahub import compiler
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.render.text import render
from datahub.diagnostics.rule import Severity
from datahub.document import Document, Span
from datahub.formats import load
from datahub.formats.declare import BadInput, Block, InputFile
from datahub.semantic import ir
from datahub.semantic.expressions import elaborate
from datahub.semantic.modules import NoLoader
from datahub.semantic.scope import Scope, World
from datahub.syntax import ast
from datahub.syntax.cells import parse_cell, parse_keys
from datahub.syntax.format import format_script
from datahub.syntax.parser import parse, parse_expression
from datahub.types import model as t
from tests.spec_runner import Case, cases

ROOT = Path(__file__).parents[2]
FORMATS = load()
FOUND = Path(__file__).parent / "found"
"""Inputs that once broke something, a folder a target: they are run first, always."""


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


# ---------------------------------------------------------------- files


TEXT = t.Text(True)


def column(name: str, kind: t.Type = TEXT, at: tuple[int, int] | None = None) -> ir.SourceColumn:
    """A column that is called in files as it is here."""
    parts = tuple(column(one, inner) for one, inner in kind.fields) if isinstance(kind, t.Struct) else ()
    return ir.SourceColumn(name, kind, (name,), "", at, ir.Reading(), (), parts)


TEXTS = tuple(column(name) for name in ("sku", "price", "qty", "model", "label"))
TYPED = (
    column("sku"),
    column("price", t.Decimal(True, 12, 2)),
    column("qty", t.Int(True)),
    column("ok", t.Bool(True)),
    column("tags", t.ListOf(nullable=True, item=t.Text())),
    column("r", COLUMNS["r"]),
)
FIXED = (column("sku", at=(1, 6)), column("qty", at=(7, 9)), column("label", at=(10, 30)))
SHAPES: dict[str, tuple[tuple[tuple[ir.SourceColumn, ...], dict[str, Any]], ...]] = {
    "csv": (
        (TEXTS, {}),
        (TEXTS, {"delimiter": ";", "encoding": "windows-1252"}),
        (TEXTS, {"delimiter": "||", "skip": 1, "comment": "#"}),
        (TEXTS, {"header": False, "quote": "", "delimiter": "\t"}),
        (TEXTS, {"encoding": "utf-16"}),
    ),
    "json": ((TYPED, {}), (TYPED, {"rows": "$.orders[*]"}), (TEXTS, {"rows": "$.a.b[*]", "extra": "reject"})),
    "jsonl": ((TYPED, {}), (TEXTS, {"extra": "reject"})),
    "xml": ((TYPED, {"rows": "/rows/row"}), (TEXTS, {"rows": "//item", "doctype": "ignore"}), (TEXTS, {"rows": "/a/b/c", "extra": "reject"})),
    "fixed": ((FIXED, {}), (FIXED, {"encoding": "windows-1252", "skip": 1})),
}  # fmt: skip
"""By format: the columns and options that a file is read with; the first byte of an input chooses."""
ALPHABET = {
    "csv": (b'sku,price,qty\nA,1,2\n"B ""x""",,\n', "sku;price\nÉté;1,5\n".encode("cp1252"), "sku,price\né,1\n".encode("utf-16")),
    "json": (
        b'[{"sku": "A", "price": 1.50, "qty": 2, "ok": true, "tags": ["x", "y"], "r": {"sku": "B", "qty": null}}, {"sku": "C"}]',
        b'{"orders": [{"sku": "A", "price": "12,5", "qty": -3}, {"sku": null, "tags": []}], "a": {"b": [{"sku": "\\ud83d\\ude00"}]}}',
    ),
    "jsonl": (b'{"sku": "A", "price": 1e3, "r": {"sku": "x"}}\n{"sku": 1, "tags": "x", "qty": 99999999999999999999}\n',),
    "xml": (
        b'<?xml version="1.0" encoding="utf-8"?>\n<rows><row><sku>A</sku><price>1</price><tags>x</tags><tags>y</tags></row><row/></rows>',
        b'<!DOCTYPE a [<!ENTITY e "x">]><a x="1"><b><c><sku><![CDATA[A&B]]></sku></c><!-- no --></b><item>&amp;&#233;</item></a>',
    ),
    "fixed": (b"A00001 12Ecrou\nA00002   Vis longue\n", "A00003  1Écrou\n".encode("cp1252")),
}
"""Small files of every format, beside those of the specification."""


def reader(kind: str) -> Callable[[bytes], None]:
    """A file of a format is read, twice the same, and every record of it is either a row or bad."""

    def attempt(data: bytes) -> None:
        shapes = SHAPES[kind]
        columns, options = shapes[data[0] % len(shapes)] if data else shapes[0]
        shape = ir.SourceShape("s", kind, tuple(options.items()), columns)
        with tempfile.TemporaryDirectory(dir=_memory()) as folder:
            path = Path(folder) / f"in.{kind}"
            path.write_bytes(data[1:])
            with suppress(BadInput):
                _read(shape, InputFile(str(path), path.name))

    return attempt


def _read(shape: ir.SourceShape, file: InputFile) -> None:
    make = FORMATS[shape.kind].reader
    assert make is not None
    # Formats of text give columns under the source's name, typed ones under their own.
    wanted = frozenset(name for one in shape.columns for name in (one.name, f"#{shape.name}.{one.name}"))
    read = make(shape, wanted, [file])
    blocks: list[Block] = []
    parsed: list[Any] = []
    for block in read.blocks(file, 0, 0):
        one = read.parse(block)
        assert one.length + len(one.bad) == one.records, "a record is lost"
        assert all(bad.code and bad.message and 0 <= bad.position < one.records for bad in one.bad)
        for name, values in one.columns.items():
            array = values.array(one.length)
            array.validate(full=True)
            assert len(array) == one.length, name
        blocks.append(block)
        parsed.append(one)
    for block, before in zip(blocks, parsed, strict=True):
        again = read.parse(read.reread(file, block))
        assert (again.length, again.records) == (before.length, before.records), "read again, there are other records"
    list(read.warnings())


@cache
def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


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
    )
}
