"""XML: what is refused, how rows are cut, and that rejects can be read again."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from lxml import etree

from datahub.formats.declare import BadInput, BadOutput, InputFile
from datahub.formats.xml_values import RowValues
from datahub.semantic.ir import PartNames, SourceShape, TargetShape
from datahub.types.arrow import arrow_type
from datahub.types.model import Decimal, Int, ListOf, Struct, Text
from tests.unit.formats.reading import column, make_reader, make_rejecter, make_writer, see

COLUMNS = (column("id", at=("@id",)), column("v", Text(True)))


def source(*columns, **options):
    return SourceShape("s", "xml", tuple(options.items()), tuple(columns or COLUMNS))


def read(tmp_path, content, *columns, **options):
    path = tmp_path / "f.xml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    file = InputFile(str(path), "f.xml")
    declared = source(*columns, **options)
    reader = make_reader("xml", declared, frozenset(one.name for one in declared.columns), [file])
    return see(reader, [file])


def refusal(tmp_path, content, **options):
    with pytest.raises(BadInput) as caught:
        read(tmp_path, content, **options)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_doctype_is_refused_in_every_encoding(tmp_path, encoding):
    bomb = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a><b id="&y;"/></a>'
    problem = refusal(tmp_path, bomb.encode(encoding))
    assert ("R005", True) == (problem.code, "DOCTYPE" in problem.message)


def test_a_file_of_no_bytes_is_no_document(tmp_path):
    problem = refusal(tmp_path, "")
    assert ("R005", "`f.xml` has 0 bytes: no XML is so short") == (problem.code, problem.message)


@pytest.mark.parametrize("data", [b"  \n", b"\xef\xbb\xbf", b"\xff\xfe", b"\xef\xbb\xbf\n", " \n".encode("utf-16")])
def test_a_file_of_white_space_alone_is_no_document(tmp_path, data):
    problem = refusal(tmp_path, data)
    assert ("R005", "`f.xml` has nothing but white space: no XML is so short") == (problem.code, problem.message)


def test_a_document_may_begin_behind_much_white_space(tmp_path):
    seen = read(tmp_path, "\n" * 600_000 + "<r><s id='1'><v>a</v></s></r>", rows="/r/s")
    assert ([{"id": "1", "v": "a"}], [600_001]) == (seen.rows, seen.lines)


def test_an_entity_of_an_outside_file_is_never_asked_for(tmp_path):
    (tmp_path / "secret").write_text("secret")
    problem = refusal(tmp_path, f'<!DOCTYPE a SYSTEM "file://{tmp_path}/secret"><a><b id="1"/></a>')
    assert "DOCTYPE" in problem.message
    assert "R005" == refusal(tmp_path, '<a><b id="1">&outside;</b></a>').code


def test_a_doctype_that_only_names_a_dtd_may_be_passed_over(tmp_path):
    named = '<!DOCTYPE a SYSTEM "a.dtd"><a><b id="1"><v>x</v></b></a>'
    assert [{"id": "1", "v": "x"}] == read(tmp_path, named, doctype="ignore").rows
    assert "doctype ignore" in refusal(tmp_path, named).help
    declaring = '<!DOCTYPE a [<!ENTITY x "ha">]><a><b id="1"/></a>'
    assert "declares" in refusal(tmp_path, declaring, doctype="ignore").message
    for unknown in ('<b id="1"><v>&eacute;</v></b>', '<c>&eacute;</c><b id="1"/>'):
        problem = refusal(tmp_path, f'<!DOCTYPE a SYSTEM "a.dtd"><a>{unknown}</a>', rows="/a/b", doctype="ignore")
        assert "`&eacute;`" in problem.message


@pytest.mark.parametrize("declared", ["utf-7", "iso2022_jp", "no-such"])
def test_encodings_that_hide_markup_are_not_read(tmp_path, declared):
    assert "R001" == refusal(tmp_path, f'<?xml version="1.0" encoding="{declared}"?><a><b id="1"/></a>').code


def test_deep_nesting_is_refused_and_long_rows_too(tmp_path):
    assert "nested" in refusal(tmp_path, "<a>" * 100_000).message
    long = b'<a><b id="1">' + b"x" * (17 << 20) + b"</b></a>"
    assert "longer than" in refusal(tmp_path, long).message


@pytest.mark.parametrize(
    "content, code",
    [
        ("<a><b id='1'></a>", "R005"),
        ("<a><b id='1'/>", "R005"),
        ("<a><b id='1' id='2'/></a>", "R005"),
        ("<a/><b/>", "R005"),
        ("<html><body>502</body></html>", "R005"),
        (b"<a><b id='\xff'/></a>", "R001"),
        ("{}", "R005"),
        ("<a><c/></a>", "R006"),
    ],
)
def test_what_is_no_such_document_is_told_with_a_code(tmp_path, content, code):
    problem = refusal(tmp_path, content, rows="/a/b")
    assert (code, True) == (problem.code, "`f.xml`" in problem.message)


def test_the_path_that_is_not_there_is_told_with_those_that_are(tmp_path):
    problem = refusal(tmp_path, "<shop><orders><order id='1'/></orders></shop>", rows="/shop/order/line")
    assert "`/shop/order/line`" in problem.message
    assert "/shop/orders" in problem.help
    # The place of rows is there, and holds none.
    assert [] == read(tmp_path, "<shop><orders/></shop>", rows="/shop/orders/order").rows


@pytest.mark.parametrize("encoding", ["iso-8859-1", "cp1252", "utf-8", "utf-16"])
def test_the_encoding_is_the_one_that_the_document_states(tmp_path, encoding):
    content = f'<?xml version="1.0" encoding="{encoding}"?><a><b id="é"><v>ü</v></b></a>'.encode(encoding)
    assert [{"id": "é", "v": "ü"}] == read(tmp_path, content).rows


def test_rows_are_cut_where_they_begin_and_end_whatever_is_in_their_tags(tmp_path):
    rows = [
        """<b id="1>2"/>""",
        "<b id='\"/>'/>",
        '<b id="3"><v>/></v></b>',
        '<b id="4"\n></b>',
        '<b id="5"><b id="6"/></b>',
        '<b id="7"/>',
    ]
    seen = read(tmp_path, f"<a>{'<!-- <b id=no/> -->'.join(rows)}</a>", rows="//b")
    assert ["1>2", '"/>', "3", "4", "5", "7"] == [row["id"] for row in seen.rows]
    assert [1, 1, 1, 1, 2, 2] == seen.lines


def test_a_document_larger_than_any_block_is_read_whole(tmp_path, small_blocks):
    rows = "".join(f"<g n='{n}'>" + "".join(f'<b id="{n}-{m}"><v>{"x" * 200}</v></b>\n' for m in range(100)) + "</g>" for n in range(80))
    seen = read(tmp_path, f"<a>{rows}</a>", rows="/a/g/b")
    assert len(seen.blocks) > 1
    assert [f"{n}-{m}" for n in range(80) for m in range(100)] == seen.columns["id"]
    assert list(range(1, 8001)) == seen.lines


def test_namespaces_may_change_from_row_to_row(tmp_path):
    content = '<a><g xmlns:p="urn:1"><p:b id="1"/></g><g xmlns:p="urn:2"><p:b id="2"/></g></a>'
    one = read(tmp_path, content, rows="/a/g/x:b", namespaces=("x=urn:2",))
    assert ["2"] == one.columns["id"]


def test_surplus_is_told_or_refused(tmp_path):
    content = '<a><b id="1"><v>1</v><w/></b><b id="2"/></a>'
    assert any("`w`" in warning for warning in read(tmp_path, content).warnings)
    strict = read(tmp_path, content, extra="reject")
    assert ([(1, "R003")], ["2"]) == (strict.problems, strict.columns["id"])


def test_rejected_rows_can_be_read_again_and_lose_what_an_earlier_run_added(tmp_path):
    content = '<o:a xmlns:o="urn:o"><o:b id="1"/><o:b id="2"><v>x &amp; y</v></o:b></o:a>'
    (tmp_path / "f.xml").write_text(content)
    path, declared = tmp_path / "f.xml", source()
    for _ in range(2):
        file = InputFile(str(path), path.name)
        reader = make_reader("xml", declared, frozenset({"id", "v"}), [file])
        block = next(reader.blocks(file, 0, 0))
        path = tmp_path / f"rejects{path.name}"
        rejecter = make_rejecter("xml", declared, reader, str(path))
        rejecter.write(reader.reread(file, block), np.array([0, 1]), pa.table({"_dhm_row": [1, 2], "_dhm_messages": ["<no>", None]}))
        rejecter.close()
    assert 1 == path.read_text().count("<no>".replace("<", "&lt;").replace(">", "&gt;"))
    again = read(tmp_path, path.read_bytes())
    assert [{"id": "1", "v": None}, {"id": "2", "v": "x & y"}] == again.rows
    assert [] == [warning for warning in again.warnings if "_dhm" in warning]


def test_documents_are_written_with_attributes_lists_and_escapes(tmp_path):
    kinds = (
        ("sku", Text()),
        ("price", Decimal(True, 8, 2)),
        ("tags", ListOf(Text())),
        ("box", Struct((("w", Int(True)), ("h", Int(True))), True)),
    )
    target = TargetShape(
        "t", "xml", (("root", "offers"), ("row", "offer")), (("sku", "@sku"), ("price", "price"), ("tags", "tag"), ("box", "box"))
    )
    writer = make_writer("xml", target, str(tmp_path / "o.xml"), kinds)
    rows = [
        {"sku": 'a"<b', "price": None, "tags": ["x & y", "z"], "box": {"w": 1, "h": None}},
        {"sku": "c", "price": 1, "tags": [], "box": None},
    ]
    schema = pa.schema(
        [
            ("sku", pa.string()),
            ("price", pa.decimal128(8, 2)),
            ("tags", pa.list_(pa.string())),
            ("box", pa.struct([("w", pa.int64()), ("h", pa.int64())])),
        ]
    )
    writer.write(pa.Table.from_pylist(rows, schema))
    writer.close()
    assert [
        '  <offer sku="a&quot;&lt;b"><tag>x &amp; y</tag><tag>z</tag><box><w>1</w></box></offer>',
        '  <offer sku="c"><price>1.00</price></offer>',
    ] == (tmp_path / "o.xml").read_text().splitlines()[2:-1]


def test_what_xml_cannot_write_is_refused_by_name(tmp_path):
    writer = make_writer("xml", TargetShape("t", "xml", ()), str(tmp_path / "o.xml"), (("a", Text()),))
    with pytest.raises(BadOutput, match=r"U\+0001"):
        writer.write(pa.table({"a": ["x\x01"]}))
    writer.abort()
    with pytest.raises(BadOutput, match="`a b`"):
        make_writer("xml", TargetShape("t", "xml", (), (("a", "a b"),)), str(tmp_path / "p.xml"), (("a", Text()),))
    assert [] == list(tmp_path.iterdir())


def test_parts_are_elements_and_attributes_of_the_names_that_the_target_gives_them(tmp_path):
    part = Struct((("n", Text()), ("v", Text(True))))
    names = (("attrs", PartNames(parts=(("", PartNames(parts=(("n", PartNames("@name")), ("v", PartNames("value"))))),))),)
    writer = make_writer("xml", TargetShape("t", "xml", (), names=names), str(tmp_path / "o.xml"), (("attrs", ListOf(part)),))
    writer.write(pa.table({"attrs": pa.array([[{"n": "a<b", "v": "1"}, {"n": "c", "v": None}], []], arrow_type(ListOf(part)))}))
    writer.close()
    rows = '<row><attrs name="a&lt;b"><value>1</value></attrs><attrs name="c"></attrs></row>\n  <row></row>'
    assert rows in (tmp_path / "o.xml").read_text()
    bad = (("attrs", PartNames(parts=(("", PartNames(parts=(("n", PartNames("a b")),))),))),)
    with pytest.raises(BadOutput, match="`a b` cannot be the name of an element"):
        make_writer("xml", TargetShape("t", "xml", (), names=bad), str(tmp_path / "p.xml"), (("attrs", ListOf(part)),))


def test_a_prefix_that_is_not_declared_rejects_its_row_alone(tmp_path):
    content = '<r>\n<i id="1"><v>a</v></i>\n<i id="2"><g:v>b</g:v></i>\n<i id="3"><v>c</v></i>\n</r>'
    seen = read(tmp_path, content, rows="/r/i")
    assert [{"id": "1", "v": "a"}, {"id": "3", "v": "c"}] == seen.rows
    assert [(3, "R005", "the row is no XML: Namespace prefix g on v is not defined")] == [
        (one.line, one.code, one.message) for one in seen.bad
    ]


def test_a_byte_that_looks_like_a_carried_one_is_told(tmp_path):
    error = refusal(tmp_path, b"<r><i>&a\xedp; x</i></r>", rows="/r/i")
    assert ("R001", True) == (error.code, "0xED" in error.message)


def long(*parts):
    return "<a>" + "".join(parts) + '<b id="1"/></a>'


@pytest.mark.parametrize(
    "content, words",
    [
        (long("<!--", "x" * 5_000_000, "-->"), "a tag, comment or instruction of more than"),
        (long("<?x ", "x" * 5_000_000, "?>"), "a tag, comment or instruction of more than"),
        (f'<a x="{"x" * 5_000_000}"><b id="1"/></a>', "a tag, comment or instruction of more than"),
        (f'<a><b id="1" x="{"x" * 5_000_000}"/></a>', "a tag, comment or instruction of more than"),
        (f"<a><{'x' * 5_000_000}/></a>", "a tag, comment or instruction of more than"),
        ("<a " + " ".join(f'a{number}=""' for number in range(100_001)) + "/>", "more than 100,000 attributes"),
        (long('<b id="0">', "<x/>" * 1_000_001, "</b>"), "more than 1,000,000 elements and attributes"),
        (long('<b id="0">', '<x y="" z=""/>' * 340_000, "</b>"), "more than 1,000,000 elements and attributes"),
    ],
)
def test_what_grows_in_memory_before_it_is_a_row_is_refused(tmp_path, content, words):
    problem = refusal(tmp_path, content, rows="/a/b")
    assert ("R005", True, 1) == (problem.code, words in problem.message, problem.line)


def test_long_text_is_no_long_tag(tmp_path):
    assert [{"id": "1"}] == [
        {"id": row["id"]} for row in read(tmp_path, long("x" * 9_000_000, f"<![CDATA[{'<' * 9_000_000}]]>"), rows="/a/b").rows
    ]


GROWING = {
    "attribute": ('<a x="', "x", '"/>'),
    "comment": ("<a><!--", "x", "--></a>"),
    "name": ("<", "x", "/>"),
    "text": ("<a>", "x", "</a>"),
    "cdata": ("<a><![CDATA[", "x", "]]></a>"),
    "nested": ("", "<x>", ""),
    "attributes": ("<a", ' x{0}=""', "/>"),
    "rows": ("<a>", '<b id="{0}"/>', "</a>"),
    "elements in a row": ("<a><b>", "<x/>", "</b></a>"),
    "attributes in a row": ("<a><b>", '<x y="" z="" q=""/>', "</b></a>"),
    "namespaces": ("<a>", '<g xmlns:n{0}="u"/>', "</a>"),
    "entities": ("<a>", "&amp;", "</a>"),
    "doctype": ("<!DOCTYPE a [", '<!ENTITY e{0} "x">', "]><a/>"),
}
_CHILD = """
import resource, sys
from pathlib import Path
from datahub.formats.declare import BadInput, InputFile
from tests.unit.formats.test_xml import source
from tests.unit.formats.reading import make_reader
from datahub.formats.apart import process
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
file = InputFile(sys.argv[1], "f.xml")
reader = make_reader("xml", source(rows="/a/b"), frozenset({"id"}), [file])
try:
    for block in reader.blocks(file, 0, 0):
        reader.parse(block)
except BadInput:
    pass
process.clear()
mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
print((mine.ru_maxrss - before + theirs.ru_maxrss) // 1024, mine.ru_utime + theirs.ru_utime)
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", GROWING)
def test_no_document_of_12_megabytes_takes_more_memory_or_time_than_the_bounds_say(tmp_path, what):
    """Both processes together: what decision 160 says that a hostile document costs."""
    begin, again, end = GROWING[what]
    with (tmp_path / "f.xml").open("w") as file:
        file.write(begin)
        size = number = 0
        while size < 12 << 20:
            part = "".join(again.format(number + at) for at in range(10_000))
            number += 10_000
            size += len(part)
            file.write(part)
        file.write(end)
    told = subprocess.run([sys.executable, "-c", _CHILD, str(tmp_path / "f.xml")], check=True, capture_output=True, text=True).stdout
    megabytes, seconds = told.split()
    print(what, told)
    assert int(megabytes) < 450
    assert float(seconds) < 30


def test_an_attribute_of_another_namespace_takes_the_place_of_no_other():
    row = etree.fromstring('<b xmlns:g="urn:g" xmlns:h="urn:h" id="1" g:id="2" g:n="3" h:n="4"/>')
    place: dict[str, object] = {"steps": [], "attribute": None, "one": {"kind": "plain"}, "split": False}
    assert {"@id": "1", "@n": "3"} == RowValues({"columns": [("v", [place])], "first": ["*"]}).of(row)["v"]
