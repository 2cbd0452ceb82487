"""Malformed files of every format, made the same each time: what breaks on the way, what programs write wrongly, what means harm."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import xlsxwriter

ROWS = 40
NAMES = [f"Écrou n° {number}" for number in range(ROWS)]
SEED = 20261127


def rows() -> list[dict[str, str]]:
    return [{"sku": f"A{number:04}", "price": f"{number}.50", "qty": str(number), "label": NAMES[number]} for number in range(ROWS)]


# ---------------------------------------------------------------- whole files


def csv() -> bytes:
    return ("sku,price,qty,label\n" + "".join(",".join(row.values()) + "\n" for row in rows())).encode()


def json_document() -> bytes:
    return json.dumps(rows(), ensure_ascii=False, indent=1).encode()


def jsonl() -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows()).encode()


def xml() -> bytes:
    made = "".join(" <row>" + "".join(f"<{name}>{value}</{name}>" for name, value in row.items()) + "</row>\n" for row in rows())
    return f'<?xml version="1.0" encoding="utf-8"?>\n<rows>\n{made}</rows>\n'.encode()


def fixed() -> bytes:
    return "".join(f"{row['sku']:<6}{row['price']:>8}{row['qty']:>4}{row['label']:<20}\n" for row in rows()).encode()


@cache
def xlsx() -> bytes:
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = book.add_worksheet("Prix")
    for number, row in enumerate([{name: name for name in rows()[0]}, *rows()]):
        sheet.write_row(number, 0, list(row.values()))
    book.close()
    return held.getvalue()


def _table() -> pa.Table:
    return pa.Table.from_pylist(rows())


@cache
def parquet() -> bytes:
    held = io.BytesIO()
    pq.write_table(_table(), held)
    return held.getvalue()


@cache
def arrow() -> bytes:
    held = io.BytesIO()
    feather.write_feather(_table(), held, compression="zstd")
    return held.getvalue()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as made:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            made.writestr(info, data)
    return held.getvalue()


def packed() -> bytes:
    return zipped({"in/a.csv": csv(), "in/b.csv": csv().replace(b"A0", b"B0")})


def gz() -> bytes:
    return gzip.compress(csv(), mtime=0)


def zst() -> bytes:
    return bytes(pa.compress(csv(), codec="zstd", asbytes=True))


WHOLE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "csv": ("csv", csv),
    "json": ("json", json_document),
    "jsonl": ("jsonl", jsonl),
    "xml": ("xml", xml),
    "fixed": ("fixed", fixed),
    "xlsx": ("xlsx", xlsx),
    "parquet": ("parquet", parquet),
    "arrow": ("arrow", arrow),
    "zip": ("csv", packed),
    "gzip": ("csv", gz),
    "zstd": ("csv", zst),
}
"""By the name of the format: the kind of the source that reads it, and a file as it should be."""


# ---------------------------------------------------------------- what happens to any file


def damaged(data: bytes, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """What transfers, disks and people do to a file."""
    for part in (1, 10, 25, 50, 75, 90, 99):
        yield f"cut-at-{part}", data[: max(1, len(data) * part // 100)]
    yield "cut-by-one", data[:-1]
    for number in range(4):
        at = chance.randrange(len(data))
        yield f"bit-{number}", data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    at = chance.randrange(len(data) // 2)
    yield "zeros", data[:at] + bytes(64) + data[at + 64 :]
    yield "lost-block", data[:at] + data[at + 64 :]
    yield "doubled-block", data[: at + 64] + data[at:]
    yield "twice", data + data
    yield "trailing", data + b"\r\n<!-- served by proxy-3 -->"
    yield "empty", b""
    yield "blank", b" \r\n\t\n"
    yield "html", b"<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n"
    yield "error", b'{"error": "not found", "status": 404}\n'
    yield "noise", chance.randbytes(4000)
    yield "zero", bytes(4096)


# ---------------------------------------------------------------- what programs write wrongly, and what means harm


def _line(number: int, text: bytes, data: bytes | None = None) -> bytes:
    """The file of CSV with another line in place of its row `number`."""
    lines = (data or csv()).split(b"\n")
    lines[number] = text
    return b"\n".join(lines)


def _own_csv() -> Iterator[tuple[str, bytes]]:
    yield "short-row", _line(3, b"A0002,2.50")
    yield "long-row", _line(3, b"A0002,2.50,2,x,y,z")
    yield "quote-never-closed", _line(3, b'A0002,2.50,2,"never')
    yield "quote-in-the-middle", _line(3, b'A0002,2.50,2,12" disc')
    yield "quote-then-text", _line(3, b'A0002,2.50,2,"12" disc')
    yield "mixed-line-ends", csv().replace(b"\n", b"\r\n", 5)
    yield "lone-returns", csv().replace(b"\n", b"\r")
    yield "null-byte", _line(3, b"A0002,2.50,2,a\0b")
    yield "separators-of-unicode", _line(3, "A0002,2.50,2,a\u2028b\u0085c\vd".encode())
    yield "latin-1", csv().decode().encode("latin-1")
    yield "one-latin-1-byte", _line(3, b"A0002,2.50,2,\xc9crou")
    yield "utf-16-without-mark", csv().decode().encode("utf-16-le")
    yield "utf-16", csv().decode().encode("utf-16")
    yield "two-marks", b"\xef\xbb\xbf" * 2 + csv()
    yield "mark-in-the-middle", _line(3, b"\xef\xbb\xbfA0002,2.50,2,x")
    yield "field-of-2-mb", _line(3, b"A0002,2.50,2," + b"x" * (2 << 20))
    yield "line-of-20-mb", _line(3, b"A0002,2.50,2," + b"x," * (10 << 20))
    yield "header-twice-a-name", csv().replace(b"price,qty", b"sku,qty", 1)
    yield "header-without-names", csv().replace(b"sku,price,qty,label", b",,,", 1)
    yield "header-in-capitals", csv().replace(b"sku,price", b"SKU,Price", 1)
    yield "header-lacks-one", csv().replace(b",label", b",libelle", 1)
    yield "header-again", _line(9, b"sku,price,qty,label")
    yield "no-header", csv().partition(b"\n")[2]
    yield "preamble", b"Export du 27/11/2026\n\n" + csv()
    yield "footer", csv() + b"TOTAL,780.00,,\n"
    yield "header-alone", b"sku,price,qty,label"
    yield "other-delimiter", csv().replace(b",", b";")
    yield "decimal-commas", csv().replace(b".50", b',50"').replace(b"\nA", b'\n"A').replace(b",0,50", b",50")
    yield "columns-of-100000", b",".join(b"c%d" % number for number in range(100_000)) + b"\n" + csv()
    for number, text in enumerate(
        (b"1.234,56", b"1e5", b"+33", b"NaN", b"Infinity", b"-0", b"9" * 40, b"1e999999999", b"0x10", "\u0663".encode())
    ):
        yield f"number-{number}", _line(3, b'A0002,"' + text + b'",2,x')
        yield f"whole-number-{number}", _line(3, b'A0002,2.50,"' + text + b'",x')


def _own_json() -> Iterator[tuple[str, bytes]]:
    good = json_document()
    yield "key-twice", good.replace(b'"price": "2.50"', b'"price": "2.50", "price": "9.99"')
    yield "nan", good.replace(b'"price": "2.50"', b'"price": NaN')
    yield "infinity", good.replace(b'"price": "2.50"', b'"price": -Infinity')
    yield "huge-number", good.replace(b'"price": "2.50"', b'"price": 1e999999999')
    yield "million-digits", good.replace(b'"price": "2.50"', b'"price": ' + b"9" * 1_000_000)
    yield "comma-at-the-end", good.replace(b"\n]", b",\n]")
    yield "comma-in-an-object", good.replace(b'"2.50"', b'"2.50",')
    yield "single-quotes", good.replace(b'"', b"'")
    yield "comment", b"// made by hand\n" + good
    yield "documents-behind-each-other", good + b"\n" + good
    yield "deep", b"[" * 100_000
    yield "deep-row", good.replace(b'"2.50"', b"[" * 5000 + b"]" * 5000)
    yield "no-utf-8", good.replace(b"\xc3\x89", b"\xc9", 1)
    yield "lone-surrogate", good.replace(b'"2.50"', b'"\\ud800"')
    yield "control-character", good.replace(b'"2.50"', b'"2\x0150"')
    yield "escape-that-is-none", good.replace(b'"2.50"', b'"\\x32"')
    yield "row-is-a-number", good.replace(b"[\n", b"[\n 7,", 1)
    yield "object-alone", b'{"rows": 1}'
    yield "text-alone", b'"rows"'
    yield "null", b"null"
    yield "other-types", good.replace(b'"2.50"', b'{"amount": 2.5}').replace(b'"3"', b"[3]")


def _own_jsonl() -> Iterator[tuple[str, bytes]]:
    lines = jsonl().split(b"\n")
    yield "blank-lines", b"\n\n".join(lines)
    yield "half-a-line-at-the-end", jsonl()[:-20]
    yield "two-on-a-line", jsonl().replace(b"}\n{", b"} {", 1)
    yield "array-of-rows", json_document()
    yield "line-is-no-object", jsonl().replace(lines[4], b'["A"]')
    yield "line-of-nothing", jsonl().replace(lines[4], b"undefined")
    yield "returns", jsonl().replace(b"\n", b"\r\n")
    yield "lone-returns", jsonl().replace(b"\n", b"\r")
    yield "deep-line", jsonl().replace(lines[4], b'{"sku": ' + b"[" * 5000 + b"]" * 5000 + b"}")
    yield "line-of-20-mb", jsonl().replace(lines[4], b'{"sku": "' + b"x" * (20 << 20) + b'"}')
    yield "keys-of-100000", jsonl().replace(lines[4], b"{" + b",".join(b'"k%d": 1' % number for number in range(100_000)) + b"}")


def _own_xml() -> Iterator[tuple[str, bytes]]:
    good = xml()
    body = good.partition(b"?>\n")[2]
    yield "doctype", b'<!DOCTYPE rows SYSTEM "http://127.0.0.1:9/rows.dtd">' + body
    yield "entities-that-grow", b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + body.replace(b"A0002", b"&b;")
    yield "outside-entity", b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + body.replace(b"A0002", b"&x;")
    yield "unknown-entity", body.replace(b"A0002", b"&eacute;")
    yield "bare-ampersand", body.replace(b"A0002", b"A & B")
    yield "bare-less", body.replace(b"A0002", b"A < B")
    yield "prefix-not-declared", body.replace(b"<sku>A0002</sku>", b"<g:sku>A0002</g:sku>")
    yield "tags-that-cross", body.replace(b"<sku>A0002</sku>", b"<sku><b>A0002</sku></b>")
    yield "two-roots", good + b"<rows/>"
    yield "attribute-twice", body.replace(b"<row>", b'<row a="1" a="2">', 1)
    yield "character-that-is-none", body.replace(b"A0002", b"A&#0;")
    yield "control-character", body.replace(b"A0002", b"A\x01")
    yield "says-another-encoding", good.replace(b"utf-8", b"utf-16")
    yield "encoding-that-is-none", good.replace(b"utf-8", b"x-klingon")
    yield "utf-7", b'<?xml version="1.0" encoding="utf-7"?>+ADw-rows+AD4-'
    yield "latin-1-as-utf-8", good.decode().encode("latin-1")
    yield "deep", b"<rows>" + b"<a>" * 100_000
    yield "deep-row", body.replace(b"A0002", b"<a>" * 200 + b"</a>" * 200)
    yield "attributes-of-a-row", body.replace(b"<row>", b"<row " + b" ".join(b'a%d=""' % number for number in range(120_000)) + b">", 1)
    yield "comment-of-5-mb", body.replace(b"<row>", b"<!--" + b"x" * (5 << 20) + b"--><row>", 1)
    yield "row-of-17-mb", body.replace(b"A0002", b"x" * (17 << 20))
    yield "elements-of-a-row", body.replace(b"A0002", b"<x/>" * 1_000_100)
    yield "cdata-never-closed", body.replace(b"A0002", b"<![CDATA[A0002")
    yield "other-rows", body.replace(b"row>", b"item>")
    yield "stylesheet", b'<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?>' + body


def _own_xlsx() -> Iterator[tuple[str, bytes]]:
    def with_part(part: str, data: bytes) -> bytes:
        with zipfile.ZipFile(io.BytesIO(xlsx())) as book:
            return zipped({info.filename: data if info.filename == part else book.read(info) for info in book.infolist()})

    sheet = zipfile.ZipFile(io.BytesIO(xlsx())).read("xl/worksheets/sheet1.xml")
    yield "old-or-locked", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000)
    yield "zip-of-csv", packed()
    yield "csv-by-name", csv()
    yield "bomb", with_part("xl/worksheets/sheet1.xml", b"<worksheet><sheetData>" + b"<row/>" * 20_000_000)
    yield "sheet-is-no-xml", with_part("xl/worksheets/sheet1.xml", b"\0\1\2")
    yield "sheet-cut", with_part("xl/worksheets/sheet1.xml", sheet[: len(sheet) // 2])
    yield "sheet-empty", with_part("xl/worksheets/sheet1.xml", b"")
    yield "texts-missing", with_part("xl/sharedStrings.xml", b"<sst/>")
    yield (
        "far-cell",
        with_part(
            "xl/worksheets/sheet1.xml", sheet.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
        ),
    )
    yield "cell-of-no-place", with_part("xl/worksheets/sheet1.xml", sheet.replace(b'r="A3"', b'r="!!"'))
    yield "row-of-no-number", with_part("xl/worksheets/sheet1.xml", sheet.replace(b'<row r="3"', b'<row r="x"'))
    yield "text-of-no-number", with_part("xl/worksheets/sheet1.xml", sheet.replace(b"<v>5</v>", b"<v>99999999</v>"))
    yield "doctype", with_part("xl/worksheets/sheet1.xml", b'<!DOCTYPE x [<!ENTITY a "ha">]>' + sheet)
    yield "no-sheets", with_part("xl/workbook.xml", b"<workbook><sheets/></workbook>")
    yield "relations-missing", with_part("xl/_rels/workbook.xml.rels", b"<Relationships/>")


def _own_zip() -> Iterator[tuple[str, bytes]]:
    yield "bomb", zipped({"a.csv": b"sku,price,qty,label\n" + b"A,1,1,x\n" * 12_000_000})
    yield "says-less", zipped({"a.csv": csv()}, zipfile.ZIP_STORED).replace(struct.pack("<I", len(csv())), struct.pack("<I", 10))
    yield "sum-that-is-wrong", zipped({"a.csv": csv()}, zipfile.ZIP_STORED).replace(b"A0002", b"A9992")
    yield "locked", _flagged(packed(), 1)
    yield "empty", zipped({})
    yield "folders-alone", zipped({"in/": b""})
    yield "zip-in-zip", zipped({"a.zip": packed()})
    yield (
        "climbing-names",
        zipped({"../../a.csv": csv(), "/etc/b.csv": csv().replace(b"A0", b"B0"), "c\\d.csv": csv().replace(b"A0", b"C0")}),
    )
    yield "one-name-in-two-cases", zipped({"a.csv": csv(), "A.csv": csv().replace(b"A0", b"B0")})
    yield "long-name", zipped({"x" * 5000 + ".csv": csv()})
    yield "name-with-controls", zipped({"a\x1b[31m\n.csv": csv()})
    yield "one-of-two-is-html", zipped({"a.csv": csv(), "b.csv": b"<html>502</html>"})
    yield (
        "unknown-method",
        packed()
        .replace(b"PK\x03\x04\x14\0\0\0\x08\0", b"PK\x03\x04\x14\0\0\0\x63\0")
        .replace(b"\x14\0\0\0\x08\0\0\0!\0", b"\x14\0\0\0\x63\0\0\0!\0"),
    )
    yield "link", _link()
    many = zipped({f"{number}.csv": b"" for number in range(10_001)}, zipfile.ZIP_STORED)
    yield "members-of-10001", many


def _flagged(data: bytes, flag: int) -> bytes:
    made = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = made.find(mark)
        while place >= 0:
            made[place + at] |= flag
            place = made.find(mark, place + 4)
    return bytes(made)


def _link() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        link = zipfile.ZipInfo("a.csv")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        made.writestr(link, "/etc/passwd")
    return held.getvalue()


def _own_gzip() -> Iterator[tuple[str, bytes]]:
    yield "sum-that-is-wrong", gz()[:-8] + b"\0\0\0\0" + gz()[-4:]
    yield "length-that-is-wrong", gz()[:-4] + b"\1\0\0\0"
    yield "without-its-end", gz()[:-8]
    yield "two-behind-each-other", gz() + gzip.compress(csv().partition(b"\n")[2].replace(b"A0", b"B0"), mtime=0)
    yield "bomb", gzip.compress(b"sku,price,qty,label\n" + b"A,1,1,x\n" * 12_000_000, mtime=0)
    yield "in-itself", gzip.compress(gz(), mtime=0)
    yield "bzip2", b"BZh91AY&SY" + bytes(100)
    yield "xz", b"\xfd7zXZ\0" + bytes(100)
    yield "raw-deflate", zlib.compress(csv())


def _own_zstd() -> Iterator[tuple[str, bytes]]:
    more = csv().partition(b"\n")[2].replace(b"A0", b"B0")
    yield "two-behind-each-other", zst() + bytes(pa.compress(more, codec="zstd", asbytes=True))
    yield "bomb", bytes(pa.compress(b"sku,price,qty,label\n" + b"A,1,1,x\n" * 12_000_000, codec="zstd", asbytes=True))
    yield "head-alone", zst()[:6]


def _own_fixed() -> Iterator[tuple[str, bytes]]:
    lines = fixed().split(b"\n")
    yield "short-line", fixed().replace(lines[3], lines[3][:8])
    yield "long-line", fixed().replace(lines[3], lines[3] + b"x" * 100)
    yield "blank-line", fixed().replace(lines[3], b"")
    yield "tabs", fixed().replace(b"    ", b"\t")
    yield "latin-1", fixed().decode().encode("latin-1")
    yield "wide-letters", fixed().replace(lines[3], ("Ａ０００２" + lines[3].decode()[5:]).encode())
    yield "null-byte", fixed().replace(lines[3], lines[3][:20] + b"\0" + lines[3][21:])
    yield "shifted", fixed().replace(lines[3], b" " + lines[3])
    yield "line-of-20-mb", fixed().replace(lines[3], b"x" * (20 << 20))


def _own_parquet() -> Iterator[tuple[str, bytes]]:
    good = parquet()
    yield "marks-alone", b"PAR1PAR1"
    yield "foot-that-is-too-long", good[:-8] + struct.pack("<I", 1 << 30) + b"PAR1"
    yield "foot-of-nothing", good[:-8] + struct.pack("<I", 0) + b"PAR1"
    yield "encrypted", good[:-4] + b"PARE"
    held = io.BytesIO()
    pq.write_table(_table().drop_columns(["sku"]), held)
    yield "column-lacks", held.getvalue()
    held = io.BytesIO()
    pq.write_table(_table().set_column(0, "sku", pa.array([[number] for number in range(ROWS)])), held)
    yield "column-is-a-list", held.getvalue()
    held = io.BytesIO()
    pq.write_table(_table().set_column(0, "sku", pa.array([b"\xff\xfe"] * ROWS)), held)
    yield "text-is-bytes", held.getvalue()


def _own_arrow() -> Iterator[tuple[str, bytes]]:
    good = arrow()
    yield "marks-alone", b"ARROW1\0\0ARROW1"
    yield "foot-that-is-too-long", good[:-10] + struct.pack("<i", 1 << 30) + b"ARROW1"
    yield "foot-that-is-negative", good[:-10] + struct.pack("<i", -5) + b"ARROW1"
    held = io.BytesIO()
    with pa.ipc.new_stream(held, _table().schema) as writer:
        writer.write_table(_table())
    yield "stream", held.getvalue()
    yield "stream-cut", held.getvalue()[:-200]


OWN: dict[str, Callable[[], Iterator[tuple[str, bytes]]]] = {
    "csv": _own_csv,
    "json": _own_json,
    "jsonl": _own_jsonl,
    "xml": _own_xml,
    "fixed": _own_fixed,
    "xlsx": _own_xlsx,
    "parquet": _own_parquet,
    "arrow": _own_arrow,
    "zip": _own_zip,
    "gzip": _own_gzip,
    "zstd": _own_zstd,
}


def malformed(format: str) -> Iterator[tuple[str, bytes]]:
    """Every malformed file of a format, by its name."""
    whole = WHOLE[format][1]()
    yield from damaged(whole, random.Random(f"{SEED}{format}"))
    yield from OWN[format]()
