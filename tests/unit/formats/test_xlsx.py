"""Excel workbooks: typed cells as text, errors told, hostile files refused."""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time, timedelta

import pytest
import xlsxwriter

from datahub.formats.declare import BadInput, InputFile
from datahub.semantic.ir import SourceShape
from datahub.types.model import Text
from tests.unit.formats.reading import column, make_reader, see


def workbook(path, rows, sheets=("Feed",), hidden=()):
    """A workbook whose first sheets hold `rows`; values that are pairs are a cell and its format."""
    with xlsxwriter.Workbook(str(path)) as book:
        for name in sheets:
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for number, cell in enumerate(row):
                    if isinstance(cell, tuple):
                        sheet.write(at, number, cell[0], book.add_format({"num_format": cell[1]}))
                    elif cell is not None:
                        sheet.write(at, number, cell)
            if name in hidden:
                sheet.hide()
        if hidden:
            book.get_worksheet_by_name(next(one for one in sheets if one not in hidden)).activate()


def read(path, *names, **options):
    file = InputFile(str(path), path.name)
    declared = SourceShape("s", "xlsx", tuple(options.items()), tuple(column(name, Text(True)) for name in names))
    reader = make_reader("xlsx", declared, frozenset(f"#s.{name}" for name in names), [file])
    seen = see(reader, [file])
    seen.columns = {name.removeprefix("#s."): values for name, values in seen.columns.items()}
    return seen


def refusal(path, **options):
    with pytest.raises(BadInput) as caught:
        read(path, "a", **options)
    return caught.value


def test_cells_are_read_as_a_person_would_have_typed_them(tmp_path):
    cells = [
        (3760001234567, "3760001234567"),
        ("00042", "00042"),
        (19.99, "19.99"),
        (0.1 + 0.2, "0.3"),
        (1e20, "100000000000000000000"),
        (1.5e-7, "0.00000015"),
        (True, "true"),
        ((date(2024, 2, 29), "dd/mm/yyyy"), "2024-02-29"),
        ((datetime.fromisoformat("2024-02-29T13:05:07"), "dd/mm/yyyy hh:mm"), "2024-02-29T13:05:07"),
        ((time(13, 5), "hh:mm"), "13:05:00"),
        ((timedelta(days=1, hours=12), "[h]:mm"), "PT36H"),
        ("zwei\nZeilen", "zwei\nZeilen"),
    ]
    workbook(tmp_path / "f.xlsx", [["n", "a"], *([number, cell] for number, (cell, _) in enumerate(cells))])
    seen = read(tmp_path / "f.xlsx", "a")
    assert [text for _, text in cells] == seen.columns["a"]
    assert list(range(2, 2 + len(cells))) == seen.lines


def test_rows_keep_their_numbers_behind_line_ends_and_empty_rows(tmp_path):
    workbook(tmp_path / "f.xlsx", [["Report"], [], ["a", "b"], ["x\ny", "1"], [], ["z", "2"], [None, "3"]])
    seen = read(tmp_path / "f.xlsx", "a", "b", skip=2)
    assert [("x\ny", "1"), ("z", "2"), ("", "3")] == list(zip(seen.columns["a"], seen.columns["b"]))
    assert [4, 6, 7] == seen.lines


def with_numbers(path, written):
    """A workbook with numbers as they are written here, one a row below `a`."""
    workbook(path, [["a"], *([number] for number in range(len(written)))])
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    for number, text in enumerate(written):
        old = f'<c r="A{number + 2}"><v>{number}</v></c>'
        assert old in sheet
        sheet = sheet.replace(old, f'<c r="A{number + 2}"><v>{text}</v></c>')
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)


def test_whole_numbers_have_all_the_digits_that_were_written(tmp_path):
    cells = {
        "1234567890123456": "1234567890123456",
        "1234567890123457": "1234567890123457",
        "1.234567890123457E15": "1234567890123457",
        "340123450000000018": "340123450000000018",
        "340123450000000025": "340123450000000025",
        "-340123450000000025": "-340123450000000025",
        "12345678901234567890123.0": "12345678901234567890123",
        "1.23456789012345E+17": "123456789012345000",
        "1.234567890123450000E+17": "123456789012345000",
        "1E+20": "100000000000000000000",
        "123456789012345": "123456789012345",
        "0.30000000000000004": "0.3",
        "1234567890123456.5": "1234567890123460",
    }
    # The last digits of the first are not there, and none are made up.
    with_numbers(tmp_path / "f.xlsx", ["1.2345678901234567E+17", *cells])
    seen = read(tmp_path / "f.xlsx", "a")
    assert [*cells.values()] == seen.columns["a"]
    assert [*range(3, 3 + len(cells))] == seen.lines
    ((line, code, message, raw),) = [(one.line, one.code, one.message, one.raw) for one in seen.bad]
    assert (2, "R005", "1.2345678901234567E+17") == (line, code, raw)
    assert "`a` was written as a number without its last digits" in message


def test_no_character_of_a_cell_ends_a_row(tmp_path):
    ends = ("\r", "\n", "\r\n", "\n\r", "\u2028", "\x85", "\x0b")
    told = [cell for end in ends for cell in (f"x{end}y", f"{end}y", f"x{end}", f'"{end}"', f"x,{end}")]
    workbook(tmp_path / "f.xlsx", [["a", "b"], *([cell, f"{number}"] for number, cell in enumerate(told))])
    seen = read(tmp_path / "f.xlsx", "a", "b")
    assert told == seen.columns["a"]
    assert [*map(str, range(len(told)))] == seen.columns["b"]
    assert [*range(2, len(told) + 2)] == seen.lines


def sheet_as(path, *replaced):
    """The sheet of a workbook with parts of its XML replaced."""
    with zipfile.ZipFile(path) as book:
        members = {name: book.read(name) for name in book.namelist()}
    for old, new in replaced:
        assert old in members["xl/worksheets/sheet1.xml"]
        members["xl/worksheets/sheet1.xml"] = members["xl/worksheets/sheet1.xml"].replace(old, new)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, data in members.items():
            book.writestr(name, data)


@pytest.mark.parametrize("value", [b"", b"<v></v>", b"<v />"], ids=["no value", "an empty one", "as openpyxl has it"])
def test_a_formula_without_its_value_is_not_taken_for_an_empty_cell(tmp_path, value):
    path = tmp_path / "a.xlsx"
    workbook(path, [["sku", "price"], ["a", 1], ["b", "=B2*2"], ["c", None], [None, "=B2&B3"]])
    sheet_as(path, (b"<f>B2*2</f><v>0</v>", b"<f>B2*2</f>" + value), (b"<f>B2&amp;B3</f><v>0</v>", b'<f t="shared" si="0"/>' + value))
    seen = read(path, "sku", "price")
    assert ["1", "#FORMULA!", "", "#FORMULA!"] == seen.columns["price"]
    (told,) = seen.warnings
    assert told.startswith("`a.xlsx` has 2 formulas without a value in `Feed`: B3, B5; open it in Excel or LibreOffice and save it")


def test_a_formula_may_give_an_empty_text(tmp_path):
    path = tmp_path / "a.xlsx"
    workbook(path, [["sku", "name"], ["a", '=""'], ["b", "x"]])
    sheet_as(path, (b'<c r="B2"><f>""</f><v>0</v>', b'<c r="B2" t="str"><f>""</f><v></v>'))
    seen = read(path, "sku", "name")
    assert ["", "x"] == seen.columns["name"]
    assert not seen.warnings


def test_an_error_of_a_formula_is_not_lost(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "f.xlsx")) as book:
        sheet = book.add_worksheet("Feed")
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_formula(1, 0, "=1/0", None, "#DIV/0!")
        sheet.write_formula(1, 1, "=1+1", None, 2)
    seen = read(tmp_path / "f.xlsx", "a", "b")
    assert (["#DIV/0!"], ["2"]) == (seen.columns["a"], seen.columns["b"])
    assert any("#DIV/0! in A2" in warning for warning in seen.warnings)


def test_the_first_sheet_that_is_seen_is_read_or_the_one_that_is_asked_for(tmp_path):
    workbook(tmp_path / "f.xlsx", [["a"], ["x"]], ("Old", "New"), hidden=("Old",))
    assert ["x"] == read(tmp_path / "f.xlsx", "a").columns["a"]
    assert ["x"] == read(tmp_path / "f.xlsx", "a", sheet="Old").columns["a"]
    assert ["x"] == read(tmp_path / "f.xlsx", "a", sheet="2").columns["a"]
    problem = refusal(tmp_path / "f.xlsx", sheet="None")
    assert ("R005", True) == (problem.code, "`New`" in problem.help)


def test_what_is_no_workbook_is_refused(tmp_path):
    for name, content, says in (
        ("old", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 100, "password"),
        ("text", b"a;b\n1;2\n", "no Excel workbook"),
        ("empty", b"", "is empty"),
    ):
        (tmp_path / name).write_bytes(content)
        assert says in refusal(tmp_path / name).message
    with zipfile.ZipFile(tmp_path / "zip", "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    assert "R005" == refusal(tmp_path / "zip").code


def test_a_bomb_is_refused_before_it_is_inflated(tmp_path):
    with zipfile.ZipFile(tmp_path / "f.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<c/>" * (30 << 20))
    assert "unpacked" in refusal(tmp_path / "f.xlsx").message


def with_far_cell(path, row, column):
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Feed")
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, ["x", "y"])
        sheet.write(row, column, "stray")


def test_a_cell_far_from_the_others_is_told_with_its_place(tmp_path):
    with_far_cell(tmp_path / "f.xlsx", 1_048_575, 16_383)
    problem = refusal(tmp_path / "f.xlsx")
    assert ("R005", 1_048_576) == (problem.code, problem.line)
    assert "a value in XFD1048576, far from the others: up to there `Feed` has 1,048,576 rows of 16,384 columns" in problem.message
    assert "delete what stands there" in problem.help


@pytest.mark.parametrize(("row", "column", "line"), [(150_000, 1, 150_001), (60, 400, 61)])
def test_a_cell_beyond_the_others_is_read_where_that_is_within_bounds(tmp_path, row, column, line):
    with_far_cell(tmp_path / "f.xlsx", row, column)
    seen = read(tmp_path / "f.xlsx", "a", "b")
    assert ([2, line], ["y", "stray" if column == 1 else ""]) == (seen.lines, seen.columns["b"])


def test_zeros_that_a_format_shows_before_a_number_are_those_that_were_typed(tmp_path):
    cells = [
        ((12, "00000"), "00012"),
        ((75001, "00000"), "75001"),
        ((123456, "00000"), "123456"),
        ((0, "00000"), "00000"),
        ((-12, "00000"), "-00012"),
        ((12.5, "00000"), "12.5"),
        ((7, "00"), "07"),
        ((12, "[$-40C]00000"), "00012"),
        (("x", "00000"), "x"),
        ((True, "00000"), "true"),
        ((12, "0"), "12"),
        ((12, "0.00"), "12"),
        ((12, "00-00"), "12"),
        ((3760001234567, "0000000000000"), "3760001234567"),
        (12, "12"),
    ]
    workbook(tmp_path / "f.xlsx", [["n", "a"], *([number, cell] for number, (cell, _) in enumerate(cells))])
    assert [text for _, text in cells] == read(tmp_path / "f.xlsx", "a").columns["a"]


def test_two_rows_of_one_number_are_refused_as_that(tmp_path):
    workbook(tmp_path / "f.xlsx", [["a"], ["x"], ["y"], ["z"]])
    sheet_as(tmp_path / "f.xlsx", (b'r="4"', b'r="2"'), (b'r="A4"', b'r="A2"'))
    problem = refusal(tmp_path / "f.xlsx")
    assert ("R005", 2, True) == (problem.code, problem.line, "two rows in `Feed` that have the number 2" in problem.message)


def test_rows_that_stand_in_another_order_are_all_there(tmp_path):
    workbook(tmp_path / "f.xlsx", [["a"], ["x"], ["y"], ["z"]])
    moved = [(f'r="{mark}{old}"'.encode(), f'r="{mark}{new}"'.encode()) for old, new in ((4, 9), (3, 4), (9, 3)) for mark in ("", "A")]
    sheet_as(tmp_path / "f.xlsx", *moved)
    assert ["x", "z", "y"] == read(tmp_path / "f.xlsx", "a").columns["a"]


def test_rows_are_counted_once_where_pieces_of_a_large_sheet_overlap(tmp_path):
    workbook(tmp_path / "f.xlsx", [["a", "b"], *([f"{number}", number / 7, number / 11, number / 13] for number in range(60_000))])
    assert 60_000 == len(read(tmp_path / "f.xlsx", "a").columns["a"])


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b'<row r="2"', b'<row r="99999999999"', "99999999999"),
        (b'<c r="A2"', b'<c r="ZZZZZZZ2"', "ZZZZZZZ2"),
        (b'"A2"', b'"A20000000"', "A20000000"),
    ],
)
def test_what_is_named_beyond_the_last_cell_of_a_sheet_is_told_with_its_name(tmp_path, old, new, named):
    workbook(tmp_path / "f.xlsx", [["a"], ["x"]])
    sheet_as(tmp_path / "f.xlsx", (old, new))
    problem = refusal(tmp_path / "f.xlsx")
    assert ("R005", True) == (problem.code, f"`f.xlsx` names `{named}` in `Feed`, beyond the last" in problem.message)
