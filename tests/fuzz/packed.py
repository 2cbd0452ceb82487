"""What is fuzzed of things that are packed or stand beside scripts: workbooks, archives, packs, `dhm.toml`."""

from __future__ import annotations

import csv
import io
import re
import tarfile
import tempfile
import zipfile
from array import array
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter

from datahub.connectors import models
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.render.text import render
from datahub.formats.apart.child import Talk
from datahub.formats.archives import members
from datahub.formats.declare import BadInput, InputFile
from datahub.formats.xlsx_sheet import read
from datahub.packs.archive import from_bytes
from datahub.packs.contents import whole
from datahub.packs.open import examined, opened
from datahub.project.failures import TerminalError
from datahub.project.load import Request, load
from tests.fuzz.reading import ROOT, memory, read_file, shape_of

# ---------------------------------------------------------------- workbooks

PARTS = ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels")


@cache
def workbook() -> bytes:
    """A small workbook with texts, numbers, dates, formulas and errors."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    day = datetime(2024, 2, 29, tzinfo=UTC).replace(tzinfo=None)
    book.set_properties({"created": day})
    sheet = book.add_worksheet("Prix")
    sheet.write_row(0, 0, ["sku", "price", "qty", "é"])
    sheet.write_row(1, 0, ["A", 1.5, 3, "x\ny"])
    sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
    sheet.write_datetime(2, 2, day, book.add_format({"num_format": "dd/mm/yyyy"}))
    sheet.write_boolean(3, 0, True)
    book.add_worksheet("other").hide()
    book.close()
    return held.getvalue()


def xlsx(data: bytes) -> None:
    """A workbook, or one whose part is these bytes: its sheet becomes text with a line for each row, or it is told why not.

    The product does this in a process of its own, whose end is told; here it is done in place, so that it is done often.
    """
    which = data[0] % (len(PARTS) + 1) if data else 0
    book = data[1:] if which == 0 else with_part(PARTS[which - 1], data[1:])
    heard = Heard()
    with tempfile.TemporaryFile(dir=memory()) as file:
        file.write(book)
        file.seek(0)
        with suppress(BadInput):
            read(heard, {"name": "in.xlsx", "sheet": "", "skip": 0}, file.fileno())
            _check_rows(heard)


class Heard(Talk):
    """What is said to a parent."""

    def __init__(self) -> None:
        self.said: list[tuple[dict[str, Any], list[bytes]]] = []

    def send(self, told: dict[str, Any], *parts: bytes | memoryview) -> None:
        self.said.append((told, [bytes(part) for part in parts]))


def with_part(part: str, data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as book, zipfile.ZipFile(held, "w") as made:
        for info in book.infolist():
            made.writestr(dated(info.filename), data if info.filename == part else book.read(info))
    return held.getvalue()


def _check_rows(heard: Heard) -> None:
    """Each row of the sheet begins where it is said to, and those that hold something are records of the text."""
    *texts, (_, last) = heard.said
    lines, numbers = (array("q", part) for part in last[:2])
    count = len(lines)
    assert len(lines) == len(numbers) == count
    assert list(numbers) == sorted(set(numbers))
    assert list(lines) == sorted(set(lines))
    text = b"".join(part for _, parts in texts for part in parts).decode()
    limit = csv.field_size_limit(1 << 30)
    try:
        records = [record for record in csv.reader(io.StringIO(text, newline="")) if record]
    finally:
        csv.field_size_limit(limit)
    assert len(records) <= count


def workbooks() -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook())) as book:
        return [b"\0" + workbook(), *(bytes([number + 1]) + book.read(part) for number, part in enumerate(PARTS))]


# ---------------------------------------------------------------- archives of files


def archive(data: bytes) -> None:
    """A ZIP of files: its members are found and read as any file is, or it is told why not."""
    shape = shape_of("csv", 0)
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        path = Path(folder) / "in.zip"
        path.write_bytes(data)
        try:
            found = members(InputFile(str(path), path.name), "csv", "")
        except BadInput:
            return
        for one in found[:3]:
            with suppress(BadInput):
                read_file(shape, one)


def dated(name: str, method: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    """The head of a file in an archive, the same at any time of day."""
    info = zipfile.ZipInfo(name)
    info.compress_type = method
    return info


def archives() -> list[bytes]:
    made = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", method) as file:
            for name, text in (("in/a.csv", "sku,price\nA,1\nB,2\n"), ("in/b.csv", "sku,price\nÉ,3\n"), ("__MACOSX/x", "junk")):
                file.writestr(dated(name, method), text)
        made.append(held.getvalue())
    return made


# ---------------------------------------------------------------- packs


def pack(data: bytes) -> None:
    """An archive of a pack, a tar that holds one, or its head: opened, or told why it is none."""
    which, rest = (data[0] % 3, data[1:]) if data else (0, b"")
    with suppress(TerminalError):
        if which == 0:
            contents = from_bytes(rest, "fuzzed")
        elif which == 1:
            contents = from_bytes(tarred({"pack.dhm": b"pack a.b 1.0.0\n", "prices.dhm": rest}), "fuzzed")
        else:
            contents = whole("fuzzed", {"pack.dhm": rest}, ())
        found = examined(opened(contents))
        assert found.called
        assert all(name for name, _ in found.requires)
        assert contents.digest.startswith("sha256:")


def tarred(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return held.getvalue()


def packs() -> list[bytes]:
    heads = [path.read_bytes() for path in sorted((ROOT / "stdlib_mappings").rglob("pack.dhm"))]
    small = {"pack.dhm": b"pack acme.small 1.2.0\nfn twice(x: int) = x * 2\n", "more/prices.dhm": b"fn half(x: decimal) = x / 2\n"}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        for name, data in small.items():
            file.writestr(dated(name), data)
    return [
        *(b"\2" + head for head in heads if len(head) < 6000),
        b"\2pack acme.small ^1.0\nuse djust.core ^1.0 as core\n",
        b"\1fn half(x: decimal) = x / 2\n",
        b"\0" + tarred(small),
        b"\0" + held.getvalue(),
    ]


# ---------------------------------------------------------------- dhm.toml


def project(data: bytes) -> None:
    """The file of a project: read into models, or told what is wrong with it at a place within it; no secret is fetched."""
    found: list[Diagnostic] = []
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        path = Path(folder) / "dhm.toml"
        path.write_bytes(data)
        with suppress(TerminalError):
            load(Request(Path(folder), variables={"SHOP": "x", "PORT": "22"}), models(), found.append)
    assert all(0 <= one.at.span.start <= one.at.span.end <= len(one.at.span.document.text) for one in found)
    assert render(found) or not found


def projects() -> list[bytes]:
    written = [path.read_bytes() for path in sorted(ROOT.glob("examples/*/dhm*.toml"))]
    shown = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "how-to").glob("*.md"))]
    blocks = [block for page in shown for block in re.findall(r"^```toml dhm[\w.]*\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)]
    return [*written, *(block.encode() for block in blocks)]
