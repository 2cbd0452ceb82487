"""A reject file that is sent again as it is gives the same reject file: nothing of a record is lost, and no reason becomes data."""

from __future__ import annotations

import csv
import io
import json
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


def saved(text: bytes, delimiter: str, encoding: str = "utf-8", wider: int = 0) -> bytes:
    """A table as a spreadsheet saves it: every row as wide as the widest, quotes where they are needed, a byte order mark."""
    rows = list(csv.reader(io.StringIO(text.decode("utf-8", "replace")), delimiter=delimiter))
    width = max(map(len, rows)) + wider
    made = io.StringIO()
    csv.writer(made, delimiter=delimiter, lineterminator="\r\n").writerows(row + [""] * (width - len(row)) for row in rows)
    return made.getvalue().encode(encoding)


MANGLED = {"a wrong byte", "a wrong byte among too many", "a wrong byte in a malformed one", "NUL"}
"""What no spreadsheet gives back as it was."""


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("short", ["reject", "null"])
@pytest.mark.parametrize(("encoding", "wider"), [("utf-8", 0), ("utf-8-sig", 0), ("utf-8-sig", 2)])
def test_rejects_of_delimited_text_that_a_spreadsheet_saved_are_the_same_when_they_are_sent_again(
    delimiter, short, encoding, wider, tmp_path
):
    records = [record for name, record in BAD.items() if name not in MANGLED]
    sent = b"a,b,c\n" + b"".join([*records, b"'=1+2,3,4,5\n", b"=1+2,3,4,5\n", b"7,8,9,1\n", b"x,1,c\n"])
    mark = delimiter.encode()
    text = script("csv", f"delimiter {delimiter!r} short_rows {short}".replace("'", '"'))
    plan = compile(text)
    first = rejected(plan, sent.replace(b",", mark), tmp_path / "1", "csv")
    assert len({len(row) for row in csv.reader(io.StringIO(first.decode()), delimiter=delimiter)}) == 1
    second = rejected(plan, saved(first, delimiter, encoding, wider), tmp_path / "2", "csv")
    assert unmarked(first, delimiter) == unmarked(second, delimiter)


def unmarked(text: bytes, delimiter: str) -> list[list[str]]:
    """The cells of a reject file, without where they stood, and without the words: what is wrong with a quote is told by what follows it."""
    rows = csv.reader(io.StringIO(text.decode("utf-8-sig")), delimiter=delimiter)
    return [row[:-6] + row[-4:-1] for row in rows]


@pytest.mark.parametrize(
    ("corrected", "expected"),
    [
        (b'"_dhm_raw y,1,2,3,4",,', "R002 the record has 5 values, 3 are needed"),
        (b'"_dhm_raw y,1,2",,', "y 1 2"),
        (b"y,1,2", "y 1 2"),
        (b'"y,1,2",,', "y 1 2"),
        (b"_dhm_raw y,1,2", "R005 `_dhm_raw` stands before a whole record, and no other value beside it"),
        (b'"_dhm_raw ""_dhm_raw y"",1,2",,', "R005 `_dhm_raw` stands before a whole record, and no other value beside it"),
        (b"_dhm_raw ,,", "R005 `_dhm_raw` stands before a whole record, and no other value beside it"),
    ],
)
@pytest.mark.parametrize("surplus", [b"", b",,"])
def test_what_is_corrected_in_a_record_that_is_held_whole_counts(corrected, expected, surplus, tmp_path):
    plan = compile(script("csv", ""))
    first = rejected(plan, b"a,b,c\ny,1,2,3,4\n", tmp_path / "1", "csv")
    header, record = first.splitlines()
    assert record.startswith(b'"_dhm_raw y,1,2,3,4",,,')
    sent = b"\n".join([header + surplus, record.replace(b'"_dhm_raw y,1,2,3,4",,', corrected, 1) + surplus, b""])
    again = rejected(plan, sent, tmp_path / "2", "csv")
    if again:
        told = next(csv.DictReader(io.StringIO(again.decode())))
        assert expected == f"{told['_dhm_codes']} {told['_dhm_messages']}"
        assert b'"_dhm_raw ' in again
        assert 2 >= again.split(b",R00")[0].count(b"_dhm_raw ")
        assert unmarked(again, ",") == unmarked(rejected(plan, again, tmp_path / "3", "csv"), ",")
    else:
        assert expected == " ".join(str(value) for value in rows_of(tmp_path / "2" / "out")[0].values())


def test_a_value_behind_the_reasons_is_told(tmp_path):
    """A table that was widened: what stands in a column without a name is not lost."""
    plan = compile(script("csv", ""))
    head = b"a,b,c,_dhm_row,_dhm_line,_dhm_codes,_dhm_fields,_dhm_values,_dhm_messages,,\n"
    again = rejected(plan, head + b'y,1,2,3,4,3,4,R002,,"y,1,2,3,4",too many\nz,1,2,3,4,R104,b,x,no,,\n', tmp_path / "1", "csv")
    assert b"R002" in again
    assert b"the record has 11 values, 3 are needed" in again
    assert [{"a": "z", "b": 1, "c": "2"}] == rows_of(tmp_path / "1" / "out")


def rows_of(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (out / "E.jsonl").read_text().splitlines()]


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
