"""Files of every format as they are fuzzed: read, twice the same, every record a row or bad."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from datahub.formats import load
from datahub.formats.apart.child import Talk
from datahub.formats.declare import BadInput, Block, InputFile
from datahub.formats.xml_path import namespaces_of, rows_path
from datahub.formats.xml_plan import plan_of
from datahub.formats.xml_rows import read
from datahub.semantic import ir
from datahub.types import model as t

ROOT = Path(__file__).parents[2]
FORMATS = load()
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
    column("r", t.Struct(fields=(("sku", t.Text()), ("qty", t.Int(True))))),
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
        shape = shape_of(kind, data[0] if data else 0)
        with tempfile.TemporaryDirectory(dir=memory()) as folder:
            path = Path(folder) / f"in.{kind}"
            path.write_bytes(data[1:])
            with suppress(BadInput):
                read_file(shape, InputFile(str(path), path.name))

    return attempt


class _Line(Talk):
    """Both ends of the line between a process and its child, in one process: what leads a fuzzer by coverage sees the child too."""

    def __init__(self, data: bytes) -> None:
        self._parts = iter([data[at : at + 700] for at in range(0, len(data), 700)])
        self.said: list[tuple[dict[str, Any], list[bytes]]] = []

    def read(self) -> memoryview:
        return memoryview(next(self._parts, b""))

    def send(self, told: dict[str, Any], *parts: bytes | memoryview) -> None:
        self.said.append((told, [bytes(one) for one in parts]))


def xml_rows(data: bytes) -> None:
    """What the child makes of a document: every row is a record of JSON or bad, and lies where it is said to."""
    shape = shape_of("xml", data[0] if data else 0)
    options = dict(shape.options)
    namespaces = namespaces_of((), shape.name)
    asked = {
        "name": "in.xml",
        "rows": rows_path(str(options["rows"]), namespaces, shape.name),
        "size": 1 << 20,
        "doctype": options.get("doctype") == "ignore",
        "source": shape.name,
        "values": plan_of(shape, frozenset(one.name for one in shape.columns), namespaces),
        "strict": options.get("extra") == "reject",
    }
    line = _Line(data[1:])
    with suppress(BadInput):
        read(line, json.loads(json.dumps(asked)), -1)
    for told, (text, starts, ends, lines, records, cuts) in line.said:
        json.dumps(told).encode()
        begins, stops, places = (np.frombuffer(one, np.int64) for one in (starts, ends, cuts))
        assert len(begins) == len(stops) == len(lines) // 8 == len(places) + len(told["bad"]), "a row is lost"
        assert ((0 <= begins) & (begins < stops) & (stops <= len(text))).all()
        assert len(places) == sum(isinstance(json.loads(records[at:end]), dict) for at, end in zip((0, *(places[:-1] + 1)), places))


def shape_of(kind: str, number: int) -> ir.SourceShape:
    """One of the ways in which a format is read here."""
    columns, options = SHAPES[kind][number % len(SHAPES[kind])]
    return ir.SourceShape("s", kind, tuple(options.items()), columns)


def read_file(shape: ir.SourceShape, file: InputFile) -> None:
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
def memory() -> str | None:
    """A folder that no disk is behind, where there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None
