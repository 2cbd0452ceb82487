"""What a sample of a file tells, and what it must not be taken to tell."""

from __future__ import annotations

import gzip
import re
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from datahub.compiler import check
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.formats.declare import BadInput
from datahub.packs.folders import Folders
from datahub.runner.embed import run
from datahub.samples.columns import decimal_mark, guess
from datahub.samples.sample import NoSample, Table, read_sample
from datahub.samples.source import infer
from datahub.syntax.format import format_script


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["1", "-20", "300"], "int"),
        (["1", "", "300"], "int?"),
        (["007", "12"], "text"),
        (["0", "12"], "int"),
        (["3760001234567", "3760001234574"], "text"),
        (["12345678901234567890", "1"], "text"),
        (["1.5", "20"], "decimal"),
        (["1,234.50", "2.10"], "decimal"),
        (["1.2.3", "4.5.6"], "text"),
        (["true", "false"], "bool"),
        (["O", "N", "O"], 'bool("O", "N")'),
        (["O", "X"], "text"),
        (["2026-01-31", "2026-02-01"], "date"),
        (["20260131", "20260201"], "date"),
        (["2026-01-31T10:00:00Z"], "datetime"),
        (["2026-01-31 10:00:00"], "local_datetime"),
        (["2026-13-31"], "text"),
        (["", " "], "text?"),
        (["1e5", "2e6"], "text"),
        (["nan", "inf"], "text"),
    ],
)
def test_a_column_is_of_the_type_that_all_its_values_have(values, type_):
    assert type_ == guess(values, ".").type


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        (["31/01/2026"], "dd/MM/yyyy"),
        (["01/31/2026"], "MM/dd/yyyy"),
        (["31.01.2026"], "dd.MM.yyyy"),
        (["20260131"], "yyyyMMdd"),
        (["2026-01-31"], ""),
        (["31/01/2026 10:30"], "dd/MM/yyyy HH:mm"),
    ],
)
def test_a_date_has_the_pattern_that_all_its_values_have(values, pattern):
    assert pattern == guess(values, ".").format


def test_a_date_that_may_be_read_two_ways_says_so():
    assert "the other way round" in guess(["01/02/2026", "03/04/2026"], ".").why


def test_a_few_values_of_another_kind_are_mistakes_and_are_named():
    found = guess(["12,50", "3,20", "sur devis", "0,05"], ",")
    assert ("decimal", "up to 2 digits after the mark; 1 is none, such as `sur devis`") == (found.type, found.why)
    assert "text" == guess(["12,50", "sur devis", "gratuit"], ",").type
    assert "dd/MM/yyyy" == guess(["01/02/2026", "13/04/2026", "31/02/2026", "05/05/2026"], ".").format


def test_what_speaks_for_a_text_is_short_and_keeps_values_apart():
    kinds = ["simple", "simple, downloadable", "grouped"] * 2
    assert 'one of grouped, simple, "simple, downloadable"' == guess(kinds, ".").why
    long = ["Lorem ipsum " * 20, "dolor sit amet " * 20]
    assert "one of Lorem ipsum Lorem ipsum Lorem…, dolor sit amet dolor sit amet…" == guess(long * 2, ".").why
    assert "always Lorem ipsum Lorem ipsum Lorem…" == guess(long[:1] * 2, ".").why
    several = [f"{number} is a value of some length" for number in range(8)]
    assert "27 characters, such as 0 is a value of some length" == guess(several * 2, ".").why
    assert guess(["1.5"] * 9 + long[:1], ".").why.endswith("1 is none, such as `Lorem ipsum Lorem ipsum Lorem…`")


@pytest.mark.parametrize("name", ["Zip", "phone_number", "EAN13", "code client", "SKU"])
def test_digits_are_a_code_where_the_name_says_so(name):
    assert "text" == guess(["62704", "90210"], ".", name).type
    assert "int" == guess(["62704", "90210"], ".", "stock").type


def test_the_decimal_mark_is_that_of_most_columns_of_numbers():
    assert "," == decimal_mark([["1,5", "2,25"], ["a", "b"], ["3,1"]])
    assert "." == decimal_mark([["1.5"], ["1", "2"]])
    assert "." == decimal_mark([["a"]])


def columns(text: str) -> list[str]:
    """The lines of the columns, without what aligns them and without the reasons."""
    lines = text.split("columns {\n")[1].split("\n  }")[0].split("\n")
    return [" ".join(line.partition("#")[0].split()) for line in lines]


def test_delimiter_encoding_preamble_and_decimal_mark_are_found(tmp_path):
    path = tmp_path / "Export 2026.csv"
    path.write_bytes("Export du 1er janvier\nRéf;Prix\na;1,5\né;2,25\n".encode("cp1252"))
    text = infer(str(path))
    assert 'delimiter ";"' in text
    assert 'encoding "cp1252"' in text
    assert 'decimal ","' in text
    assert "skip 1" in text
    assert text.splitlines()[1].startswith("source export_2026: csv {")
    assert ['ref: text at "Réf"', 'prix: decimal at "Prix"'] == columns(text)


def test_a_file_without_header_counts_its_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("1,x\n2,y\n")
    text = infer(str(path), "items")
    assert "header false" in text
    assert ["column_1: int", "column_2: text"] == columns(text)


@pytest.mark.parametrize("line", ["1.5e3,true,12:30", "true,12:30", "2026-01-31,31/12/2026", "a,-1.5E-3"])
def test_values_that_stand_for_themselves_name_no_columns(tmp_path, line):
    (tmp_path / "bare.csv").write_text(f"{line}\n{line}\n")
    assert "header false" in infer(str(tmp_path / "bare.csv"), name="bare")


def test_a_day_beside_names_is_a_name(tmp_path):
    (tmp_path / "days.csv").write_text("ref,2026-01-31,true\na,1,2\n")
    assert "header false" not in infer(str(tmp_path / "days.csv"), name="days")


def test_two_columns_never_get_one_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Prix HT,Prix-HT,2nd\n1,2,3\n")
    assert ['prix_ht: int at "Prix HT"', 'prix_ht_2: int at "Prix-HT"', 'column_2nd: int at "2nd"'] == columns(infer(str(path)))


def test_a_packed_file_is_read_as_what_is_in_it(tmp_path):
    path = tmp_path / "items.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,x\n"))
    assert infer(str(path)).splitlines()[1] == "source items: csv {"


def test_nested_json_keeps_its_shape(tmp_path):
    path = tmp_path / "orders.json"
    path.write_text(
        '{"page": 1, "orders": [{"id": 1, "to": {"zip": "012", "the city": null}, "lines": [{"qty": 1, "net": 1.50}, {"qty": 2}]}, {"id": 2, "lines": []}]}'
    )
    text = infer(str(path))
    assert 'rows "$.orders[*]"' in text
    assert ["id: int", "to: {zip: text, `the city`: text?}?", "lines: [{qty: int, net: decimal?}]"] == columns(text)


def test_json_lines_and_mixed_kinds(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1, "b": "2026-01-31", "c": 1}\n{"a": 2.5, "b": "2026-02-01", "c": "x"}\n')
    assert ["a: decimal", "b: date", "c: json"] == columns(infer(str(path)))


def test_a_file_that_says_what_it_holds_is_believed(tmp_path):
    path = tmp_path / "a.parquet"
    schema = pa.schema([("n", pa.int32()), ("p", pa.decimal128(12, 2)), pa.field("t", pa.list_(pa.string()), nullable=False)])
    pq.write_table(pa.table([[1], [None], [["x"]]], schema=schema), path)
    assert ["n: int?", "p: decimal(12,2)?", "t: [text?]"] == columns(infer(str(path)))


def test_maps_and_other_kinds_of_lists_of_a_file_are_read_as_it_says(tmp_path):
    path = tmp_path / "a.parquet"
    parts = pa.struct([("a", pa.map_(pa.string(), pa.int64()))])
    held = {
        "m": pa.array([[("k", "v")], None, [("k", None)]], pa.map_(pa.string(), pa.string())),
        "two": pa.array([[1, 2], [3, 4], None], pa.list_(pa.int32(), 2)),
        "deep": pa.array([[{"a": [("x", 1)]}], [], None], pa.large_list(parts)),
        "coded": pa.array([1, 2, None], pa.int32()).dictionary_encode(),
    }
    pq.write_table(pa.table(held), path)
    text = infer(str(path), "s")
    assert ["m: map(text?)?", "two: [int?]?", "deep: [{a: map(int?)?}?]?", "coded: int?"] == columns(text)
    entity = "entity E { m: map(text?)?, two: [int?]?, deep: [{a: map(int?)?}?]?, coded: int? }\n"
    result = run(text + entity + "map E from r in s { m: r.m, two: r.two, deep: r.deep, coded: r.coded }\n", {"s": str(path)})
    assert (3, 0) == (result.entities["E"].num_rows, result.issues.num_rows)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), ("\n\n", "is empty"), ("<!DOCTYPE html><p>", "HTML"), ('{"a": ', "is none"), ('["a"]', "no array of objects")],
)
def test_a_file_that_tells_nothing_is_told(tmp_path, text, said):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(NoSample, match=said):
        infer(str(path))


def test_a_quote_or_brace_in_a_header_stays_in_its_text(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('"a ""b"" {c}",d\n1,2\n')
    document = Document("a.dhm", infer(str(path)))
    found: list[Diagnostic] = []
    program = check(document, Folders(), found.append)
    assert program is not None, [one.message for one in found]
    assert ('a "b" {c}',) == program.sources[0].columns[0].names


def test_what_is_written_compiles_and_is_in_style(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("REF;PRIX;MAJ;ACTIF\na;1,5;31/01/2026;O\nb;;01/02/2026;N\n")
    text = format_script(Document("a.dhm", infer(str(path))))
    found: list[Diagnostic] = []
    check(Document("a.dhm", text), Folders(), found.append)
    assert [] == [one.message for one in found if one.level is Severity.ERROR]
    assert text == format_script(Document("a.dhm", text))


def test_a_workbook_is_looked_at_through_its_first_sheet(tmp_path):
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "stock.xlsx")) as book:
        sheet = book.add_worksheet("Stock")
        for at, row in enumerate((["EAN", "Qty"], [3760001234567, 4], [3760001234574, 12])):
            sheet.write_row(at, 0, row)
    text = infer(str(tmp_path / "stock.xlsx"))
    assert "source stock: xlsx {" in text
    assert 'qty: int at "Qty"' in text


XML = """<?xml version="1.0"?><catalog xmlns:g="http://g"><meta><v>1</v></meta><items>
<item id="1"><sku>A</sku><price currency="EUR">12.50</price><img>a</img><img>b</img><dim><w>1</w></dim></item>
<item id="2"><sku>B</sku><price currency="EUR">3</price><g:stock>7</g:stock></item></items></catalog>"""
LINES = "A-1       Red chair       12.50   3\nB-22      Blue table       3.00  12\nC-3       Lamp           100.25   1\n"


def test_xml_is_read_by_the_elements_that_repeat(tmp_path):
    (tmp_path / "f.xml").write_text(XML)
    text = infer(str(tmp_path / "f.xml"))
    assert 'rows "/catalog/items/item"' in text
    assert ['id: int at "@id"', "sku: text", "price: decimal", 'price_currency: text at "price/@currency"', "img: [text]?"] == columns(
        text
    )[:5]
    script = f"{text}\nentity E {{ id: int, price: decimal(8,2), stock: int? }}\nmap E from r in f {{ include r }}\n"
    result = run(script, {"f": str(tmp_path / "f.xml")})
    assert [{"id": 1, "stock": None}, {"id": 2, "stock": 7}] == result.entities["E"].select(["id", "stock"]).to_pylist()


@pytest.mark.parametrize("head", ["", "REF       NAME           PRICE  QTY\n"])
def test_lines_of_fixed_width_are_parted_where_all_have_spaces(head, tmp_path):
    (tmp_path / "f.txt").write_text(head + LINES)
    text = infer(str(tmp_path / "f.txt"))
    assert ("skip 1" in text) == bool(head)
    names = ["ref", "name", "price", "qty"] if head else ["column_1", "column_2", "column_3", "column_4"]
    fields = ", ".join(f"{name}: {kind}" for name, kind in zip(names, ("text", "text", "decimal(8,2)", "int"), strict=True))
    result = run(f"{text}\nentity E {{ {fields} }}\nmap E from r in f {{ include r }}\n", {"f": str(tmp_path / "f.txt")})
    assert ["A-1", "B-22", "C-3"] == result.entities["E"][names[0]].to_pylist()
    assert ["Red chair", "Blue table", "Lamp"] == result.entities["E"][names[1]].to_pylist()
    assert [3, 12, 1] == result.entities["E"][names[3]].to_pylist()


def test_of_an_archive_the_first_file_is_looked_at(tmp_path):
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("a.csv", "x;y\n1;2\n")
        archive.writestr("b.csv", "z\n1\n")
    text = infer(str(tmp_path / "f.zip"))
    assert 'member "a.csv"' in text
    assert "the others: `b.csv`" in text
    assert ["x: int", "y: int"] == columns(text)


def test_a_sheet_of_a_workbook_can_be_chosen(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "f.xlsx")
    for name, cells in (("First", ["a", "b"]), ("Second one", ["k", "v"])):
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, cells)
        sheet.write_row(1, 0, [1, "x"])
    book.close()
    text = infer(str(tmp_path / "f.xlsx"))
    assert 'sheet "First"' in text
    assert "the workbook has `Second one` too" in text
    assert ["k: int", "v: text"] == columns(infer(str(tmp_path / "f.xlsx"), sheet="Second one"))


@pytest.mark.parametrize("name", ["a b", "9x", "é t", "order", "columns", "a-b", "`"])
def test_whatever_a_source_is_called_the_script_can_be_read(name, tmp_path):
    (tmp_path / "f.csv").write_text("a\n1\n")
    found: list[Diagnostic] = []
    check(Document("s.dhm", format_script(Document("s.dhm", infer(str(tmp_path / "f.csv"), name)))), Folders(), found.append)
    assert not [one for one in found if one.level is Severity.ERROR]


def test_a_binary_file_is_no_sample(tmp_path):
    (tmp_path / "junk.csv").write_bytes(bytes(range(256)) * 20)
    with pytest.raises(NoSample, match="is binary"):
        read_sample(str(tmp_path / "junk.csv"))


def test_rows_with_broken_quotes_are_counted_and_tell_nothing_of_types(tmp_path):
    (tmp_path / "broken.csv").write_text('a,b\n"x,1\ny,2\nz,3\n"w,4\n', encoding="utf-8")
    sample, _ = read_sample(str(tmp_path / "broken.csv"))
    assert isinstance(sample, Table)
    assert (("y", "2"), ("z", "3")) == sample.rows
    assert ("2 of its rows cannot be read: a quote in them is not closed, or not doubled",) == sample.notes


def test_short_rows_are_taken_as_the_source_is_written_and_long_ones_told(tmp_path):
    path = tmp_path / "ragged.csv"
    path.write_text("a,b,c\n1,x,y\n2,z\n3\n4,x,y,w\n", encoding="utf-8")
    text = infer(str(path))
    assert 'short_rows "null"' in text
    assert "# 2 of these rows have fewer values than the header: `short_rows` takes the last ones as empty\n" in text
    assert "# 1 of these rows have more values than the header, and are rejects\n" in text
    assert ["a: int", "b: text?", "c: text?"] == columns(text)
    (tmp_path / "even.csv").write_text("a,b\n1,x\n", encoding="utf-8")
    assert "short_rows" not in infer(str(tmp_path / "even.csv"))


def test_one_column_is_parted_by_nothing(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("a\n1\n2\n")
    assert "delimiter" not in infer(str(path))


def test_a_bad_line_among_good_ones_is_told(tmp_path):
    path = tmp_path / "b.jsonl"
    path.write_text('{"a": 1}\n{"a": 2}\nbad\n')
    assert infer(str(path)).startswith("# guessed from all its 2 rows: look it over\n# one of its lines is no record\nsource b: jsonl {")
    path.write_text('{"a": 1}\nbad\nworse\n')
    with pytest.raises(NoSample, match="begins as JSON and is none"):
        infer(str(path))


@pytest.mark.parametrize(
    ("head", "row", "said"),
    [
        ("", "<name>&nbsp;</name>", "undefined entity"),
        ('<!DOCTYPE cat SYSTEM "cat.dtd">', "<name>&eacute;</name>", "uses `&eacute;`"),
        ('<!DOCTYPE cat [<!ENTITY x "y">]>', "<name>&x;</name>", "has a DOCTYPE that declares things"),
        ("", "<name>a</nom>", "mismatched tag"),
        ("", "<name>\x01</name>", "not well-formed"),
        ('<?xml version="1.0" encoding="klingon"?>', "<name>a</name>", "`klingon` is no encoding that is read"),
        ("", "<na", "not well-formed"),
    ],
)
def test_xml_that_a_source_cannot_read_is_refused_in_the_same_words(head, row, said, tmp_path):
    path = tmp_path / "f.xml"
    path.write_text(f'{head}<cat><item id="1"><name>a</name></item><item id="2">{row}</item></cat>')
    with pytest.raises(BadInput, match=re.escape(said)) as guessed:
        infer(str(path))
    script = 'source f: xml { rows "/cat/item"  doctype ignore  columns { name: text } }\nentity E { name: text }\nmap E from r in f { name: r.name }'
    with pytest.raises(BadInput) as read:
        run(script, {"f": str(path)})
    assert (read.value.code, read.value.message.replace(str(path), "f.xml"), read.value.line) == (
        guessed.value.code,
        guessed.value.message.replace(str(path), "f.xml"),
        guessed.value.line,
    )


def test_a_doctype_that_must_be_passed_over_is_written_into_the_source(tmp_path):
    (tmp_path / "f.xml").write_text('<!DOCTYPE cat SYSTEM "cat.dtd"><cat><item><a>1</a></item><item><a>2</a></item></cat>')
    text = infer(str(tmp_path / "f.xml"))
    assert "doctype ignore" in text
    assert [1, 2] == run(f"{text}entity E {{ a: int }}\nmap E from r in f {{ a: r.a }}", {"f": str(tmp_path / "f.xml")}).entities["E"][
        "a"
    ].to_pylist()


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1PAR1", b"ARROW1", b"ARROW1\0\0ARROW1"])
def test_a_file_of_columns_that_is_damaged_is_refused(data, tmp_path):
    (tmp_path / "f.bin").write_bytes(data)
    with pytest.raises(BadInput, match="or is damaged"):
        infer(str(tmp_path / "f.bin"))


def test_what_is_not_seen_is_written_by_its_number_and_not_at_all_in_comments(tmp_path):
    (tmp_path / "f.csv").write_text("\ufeff\ufeffsku,a\u202eb\nx\u0007\u202ey,1\n")
    text = infer(str(tmp_path / "f.csv"))
    assert ["sku: text", 'ab: int at "a\\u{202E}b"'] == columns(text)
    run(f"{text}entity E {{ sku: text, ab: int }}\nmap E from r in f {{ include r }}", {"f": str(tmp_path / "f.csv")})


def test_a_number_that_is_none_says_nothing_of_the_others(tmp_path):
    (tmp_path / "f.json").write_text('[{"a": 1}, {"a": NaN}, {"a": -Infinity}]')
    assert ["a: int?"] == columns(infer(str(tmp_path / "f.json")))
