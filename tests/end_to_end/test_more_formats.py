"""XML, workbooks, fixed width and archives through the command, as files of a supplier come."""

from __future__ import annotations

import zipfile
from xml.sax.saxutils import escape

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from xlsxwriter.utility import xl_rowcol_to_cell

SCRIPT = """source feed: {kind} {{
  {options}
  columns {{
    sku: text{sku}
    qty: int{qty}
  }}
}}

entity Stock {{
  key sku
  sku: text
  qty: int
}}

target stock: {target} {{}}

map Stock from f in feed {{ include f }}

flow main {{
  write Stock to stock
}}
"""


def script(folder, kind, target="jsonl", options="", sku="", qty=""):
    path = folder / "stock.dhm"
    path.write_text(SCRIPT.format(kind=kind, target=target, options=options, sku=sku, qty=qty))
    return path


def test_files_of_an_archive_are_read_and_their_rejects_come_back(dhm, tmp_path):
    with zipfile.ZipFile(tmp_path / "feed.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("stock-1.csv", "sku,qty\na,1\nb,x\n")
        made.writestr("stock-2.csv", "sku,qty\nc,3\n")
        made.writestr("readme.txt", "not this")
    made = script(tmp_path, "csv", options='member "stock-*.csv"')
    ended = dhm("run", made, "--source", f"feed={tmp_path / 'feed.zip'}", "--out", tmp_path / "out")
    assert 0 == ended.code, ended.err
    assert ['{"sku":"a","qty":1}', '{"sku":"c","qty":3}'] == (tmp_path / "out/stock.jsonl").read_text().splitlines()
    assert "feed.zip/stock-1.csv:3" in ended.err
    assert "b,x," in (tmp_path / "out/run/rejects/feed.csv").read_text()


def test_what_was_written_as_xml_or_a_workbook_is_read_again(dhm, tmp_path):
    (tmp_path / "feed.csv").write_text("sku,qty\n00042,1\na&b,-7\n")
    source = tmp_path / "feed.csv"
    first = script(tmp_path, "csv", "xml")
    for kind, target, name in (("csv", "xml", "stock.xml"), ("xml", "xlsx", "stock.xlsx"), ("xlsx", "jsonl", "stock.jsonl")):
        first = script(tmp_path, kind, target)
        ended = dhm("run", first, "--source", f"feed={source}", "--out", tmp_path / target)
        assert 0 == ended.code, ended.err
        source = tmp_path / target / name
    assert ['{"sku":"00042","qty":1}', '{"sku":"a&b","qty":-7}'] == source.read_text().splitlines()


def test_rejects_of_fixed_width_are_lines_that_can_be_sent_again(dhm, tmp_path):
    made = script(tmp_path, "fixed", sku=" at 1..4", qty=" at 5..8")
    (tmp_path / "feed.txt").write_text("a      1\nb      x\nc      3\n")
    ended = dhm("run", made, "--source", f"feed={tmp_path / 'feed.txt'}", "--out", tmp_path / "out")
    assert 0 == ended.code, ended.err
    rejects = tmp_path / "out/run/rejects/feed.txt"
    assert rejects.read_text().startswith("b      x\t_dhm ")
    rejects.write_text(rejects.read_text().replace("b      x", "b      2"))
    assert 0 == dhm("run", made, "--source", f"feed={rejects}", "--out", tmp_path / "again").code
    assert '{"sku":"b","qty":2}\n' == (tmp_path / "again/stock.jsonl").read_text()


@pytest.mark.parametrize(
    ("header", "bad"),
    [
        (["sku", "qty"], ["x" * 40_000, "nope"]),
        (["sku", "qty", "note"], ["a", "nope", "x" * 40_000]),
        (["sku", "qty", *[""] * 16_381, "note"], ["a", "nope", *[""] * 16_381, "far"]),
        (["sku", "qty", *[""] * 16_381, "note"], ["a", "nope"]),
    ],
)
@pytest.mark.parametrize("sheet_has_header", [True, False])
def test_a_rejected_row_that_no_workbook_can_hold_keeps_no_good_row_back(dhm, tmp_path, header, bad, sheet_has_header):
    rows = ([header] if sheet_has_header else []) + [bad, ["good", "1"]]
    sheet(tmp_path / "feed.xlsx", rows)
    made = script(tmp_path, "xlsx", *([] if sheet_has_header else ["jsonl", "header false", ' at "1"', ' at "2"']))
    ended = dhm("run", made, "--source", f"feed={tmp_path / 'feed.xlsx'}", "--out", tmp_path / "out")
    assert 0 == ended.code, ended.err
    assert ['{"sku":"good","qty":1}'] == (tmp_path / "out/stock.jsonl").read_text().splitlines()
    rejects = tmp_path / "out/run/rejects/feed.xlsx"
    told = [[str(cell) for cell in row] for row in CalamineWorkbook.from_path(rejects).get_sheet_by_index(0).to_python()]
    (line,) = told[sheet_has_header:]
    whole = bad == ["a", "nope"]
    assert whole != ("a sheet holds 16,384 columns" in line[-1])
    assert "nope" in line[-2]
    # Sent again with what made it fail mended alone, what was cut is not taken for what it was.
    again = [["1" if cell == "nope" else cell for cell in row] for row in told]
    sheet(tmp_path / "again.xlsx", again)
    ended = dhm("run", made, "--source", f"feed={tmp_path / 'again.xlsx'}", "--out", tmp_path / "second")
    assert 0 == ended.code, ended.err
    assert (['{"sku":"a","qty":1}'] if whole else []) == (tmp_path / "second/stock.jsonl").read_text().splitlines()


def sheet(path, rows):
    """A workbook of text as programs write it that know no bounds of Excel's."""
    xlsxwriter.Workbook(path).close()
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    lines = (
        f'<row r="{row}">{"".join(_cell(row, number, text) for number, text in enumerate(cells) if text)}</row>'
        for row, cells in enumerate(rows, start=1)
    )
    body = f"<sheetData>{''.join(lines)}</sheetData>".encode()
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"<sheetData/>", body)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in parts.items():
            book.writestr(name, data)


def _cell(row, number, text):
    return f'<c r="{xl_rowcol_to_cell(row - 1, number)}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
