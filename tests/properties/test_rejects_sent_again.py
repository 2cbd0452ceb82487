"""A reject file that is sent again as it is gives the same reject file: nothing of a record is lost, and no reason becomes data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datahub.plan.operators import Plan
from datahub.runner.embed import compile
from datahub.runner.run import run

COLUMNS = "columns { a: text, b: int, c: text? }"
ENTITY = "entity E { a: text(6), b: int, c: text(3)? }\nmap E from s in rows { include s }\n"
PLACED = "columns { a: text at 1..6, b: int at 7..9, c: text? at 10..14 }"


def script(kind: str, options: str, columns: str = COLUMNS) -> str:
    return f"source rows: {kind} {{ {options} {columns} }}\n{ENTITY}"


def rejected(plan: Plan, sent: bytes, folder: Path, extension: str) -> bytes:
    """The reject file of `sent`; empty where nothing was rejected."""
    folder.mkdir(parents=True)
    (folder / f"in.{extension}").write_bytes(sent)
    run(plan, {"rows": [str(folder / f"in.{extension}")]}, folder / "out")
    made = folder / "out" / "run" / "rejects" / f"rows.{extension}"
    return made.read_bytes() if made.exists() else b""


def rounds(text: str, sent: bytes, folder: Path, extension: str) -> tuple[bytes, bytes, bytes]:
    """What is rejected of a file, of its rejects, and of theirs."""
    plan = compile(text)
    first = rejected(plan, sent, folder / "1", extension)
    second = rejected(plan, first, folder / "2", extension) if first else b""
    third = rejected(plan, second, folder / "3", extension) if second else b""
    return first, second, third


BAD = {
    "too many values": b"1,2,3,4,5\n",
    "too few values": b"1,2\n",
    "one value": b"alone\n",
    "too few, the last empty": b"1,\n",
    "too many, quoted": b'1,"x, ""y""","3\n4",z\n',
    "a quote that never closes": b'1,"2,3\n',
    "a quote inside": b'1,"2"x,3\n',
    "a wrong byte": b"\xe9,1,x\n",
    "a wrong byte among too many": b"\xe9,1,x,y\n",
    "a wrong byte in a malformed one": b'\xe9,"1,x\n',
    "NUL": b"1,2\0,3\n",
    "no number": b"1,two,3\n",
    "two at once": b"too long,99,x\n",
    "nothing there": b",,\n",
    "quoted reasons": b'"_dhm_raw",R002,"R005; R002"\n',
    "spaces": b" 1 , x ,3\n",
}
OPTIONS = {
    "": (b"a,b,c\n", b","),
    "short_rows null": (b"a,b,c\n", b","),
    'delimiter ";"': (b"a;b;c\n", b";"),
    'delimiter "||"': (b"a||b||c\n", b"||"),
    "header no": (b"", b","),
    'header no delimiter "\\t"': (b"", b"\t"),
    "skip 2": (b"made by hand\n\na,b,c\n", b","),
    "skip 2 header no": (b"made by hand\n\n", b","),
    'comment "#"': (b"# a, b\na,b,c\n# nothing\n", b","),
    'quote ""': (b"a,b,c\n", b","),
    'encoding "cp1252"': (b"a,b,c\n", b","),
    "trim yes": (b"a,b,c\n", b","),
    "extra reject": (b"a,b,c\n", b","),
    "# more than is declared\n": (b"x,a,b,c\n", b","),
}


OTHERS = {
    "fixed": (
        PLACED,
        b"",
        [b"x       1c\n", b"too lo two  c\n", b"\xff        1\n", b"x\0      1\n", b"x       1abcdefghijk\n", b"      \n"],
    ),
    "jsonl": (
        COLUMNS,
        b"",
        [
            b'{"a": "x", "b": 1}\n',
            b'{"a": "x", "b": "two", "z": [1.50]}\n',
            b'{"a": "x",\n',
            b"[1, 2]\n",
            b"nonsense\n",
            b'"text"\n',
            b'{"a": "\xff", "b": 1}\n',
            b'{"a": "\\ud800", "b": 1}\n',
            b"{}\n",
            b'{"_dhm_raw": 1, "a": "x"}\n',
        ],
    ),
    "json": (COLUMNS, b"", [b'[{"a": "x", "b": 1},', b'{"a": "long as it is",\n "b": "two"}, 17, "x", [2], {"a" "x"}, {}', b"]"]),
    "xml": (
        COLUMNS,
        b"",
        [
            b"<rows>",
            b"<row><a>x</a><b>1</b></row>",
            b"<row><a>x</a><b>two</b></row>",
            b"<row><p:a>x</p:a><b>1</b></row>",
            b"<row/>",
            b"</rows>",
        ],
    ),
}


@pytest.mark.parametrize("options", OPTIONS)
def test_every_kind_of_reject_of_delimited_text_is_the_same_when_it_is_sent_again(options, tmp_path):
    head, delimiter = OPTIONS[options]
    text = script("csv", options.replace("yes", "true").replace("no", "false") if "#" not in options[:1] else options)
    good = b"x,1,c\n" if b"x,a" not in head else b"z,x,1,c\n"
    records = [record if b"x,a" not in head or not record.strip(b",\n") else b"z," + record for record in BAD.values()]
    # One by one too where nothing is declared: a record may hide what becomes of another.
    alone = [] if options else [*zip(BAD, records, strict=True)]
    for name, record in [*alone, ("all of them", b"".join(records))]:
        sent = head + (good + record).replace(b",", delimiter)
        first, second, third = rounds(text, sent, tmp_path / name, "csv")
        # What is wrong with a quote is told by what follows it, which is no longer there.
        assert (
            (rows_aside(first) == rows_aside(second)) if alone and name != "all of them" else (first.count(b"\n") == second.count(b"\n"))
        ), name
        assert second == third, name


@pytest.mark.parametrize("kind", OTHERS)
def test_every_kind_of_reject_of_other_formats_is_the_same_when_it_is_sent_again(kind, tmp_path):
    columns, _, records = OTHERS[kind]
    first, second, third = rounds(script(kind, "", columns), b"".join(records), tmp_path, kind if kind != "fixed" else "txt")
    assert first
    assert rows_aside(first) == rows_aside(second)
    assert second == third


def rows_aside(text: bytes) -> bytes:
    """Without the numbers that say where a row stood in the file that was sent, which is another place the first time."""
    text = re.sub(rb'("_dhm_(row|line)":|<_dhm_(row|line)>)\d+', b"", text)
    return re.sub(rb"(?<=[,;|\t])\d+(,|;|\|\||\t)\d+(?=(,|;|\|\||\t)\"?R\d)", b"", text)
