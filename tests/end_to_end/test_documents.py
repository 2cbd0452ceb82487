"""Orders with their lines as documents: files named by the order, bodies of requests, and what a template is told by `dhm check`."""

from __future__ import annotations

import json

import pytest
from lxml import etree

from tests.commands import dhm
from tests.servers.api import api

SCRIPT = """\
source shop: json {
  rows "$.orders[*]"
  columns {
    id: text
    note: text?
    lines: [{sku: text, qty: int}]
  }
}
entity Order {
  key order_id
  order_id: text
  note: text?
  owns Line on order_id
}
entity Line {
  key order_id, no
  order_id: text
  no: int
  sku: text
  qty: int  where qty > 0
}
target erp: api {}
map Order from o in shop {
  order_id: o.id
  note: o.note
}
map Line from o in shop
  each l, pos in o.lines
{
  order_id: o.id
  no: pos
  sku: l.sku
  qty: l.qty
}
flow main {
  write Order, Line to erp
}
"""
PROJECT = """\
[project]
name = "export"

[connections.here]
kind = "local"

[connections.erp]
kind = "rest"
url = "${env:ERP:-http://127.0.0.1:1}"
insecure = true

[jobs.orders]
mapping = "orders.dhm"
rejects = {connection = "here", folder = "rejects", create_folders = true}

[jobs.orders.sources.shop]
connection = "here"
folder = "in"
ready.stable = 0

[jobs.orders.targets.erp]
"""
ORDERS = {
    "orders": [
        {"id": "O-1", "note": 'fragile & "heavy"', "lines": [{"sku": "A", "qty": 2}, {"sku": "B", "qty": 1}]},
        {"id": "O-2", "note": None, "lines": [{"sku": "A", "qty": 0}]},
        {"id": "O-3", "note": None, "lines": [{"sku": "C", "qty": 5}]},
    ]
}
XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<order id="{{ Order.order_id }}">
  {%- if Order.note is not none %}
  <note>{{ Order.note }}</note>
  {%- endif %}
  {%- for one in Order.Line %}
  <line no="{{ loop.index }}" sku="{{ one.sku }}">{{ one.qty }}</line>
  {%- endfor %}
</order>
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "orders.json").write_text(json.dumps(ORDERS), encoding="utf-8")
    (tmp_path / "orders.dhm").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "order.xml.j2").write_text(XML, encoding="utf-8")

    def to(target):
        (tmp_path / "dhm.toml").write_text(PROJECT + target, encoding="utf-8")
        return tmp_path

    return to


FILES = 'connection = "here"\nfolder = "out"\ncreate_folders = true\n'


def test_each_order_is_a_file_named_by_it(project):
    folder = project(
        FILES + 'template = "order.xml.j2"\nname = "DJUST_{{ORDERID}}_{{DATE}}_orders.{{FORMAT}}"\ndone_file = "{{STEM}}.ok"\n'
    )
    ended = dhm("run", "orders")
    assert 0 == ended.code, ended.err
    names = sorted(path.name for path in (folder / "out").iterdir())
    assert 4 == len(names)
    assert names[0].startswith("DJUST_O-1_2")
    assert names[0].endswith("_orders.ok")
    tree = etree.fromstring((folder / "out" / names[1]).read_bytes())
    assert ('fragile & "heavy"', ["2", "1"]) == (tree.findtext("note"), [one.text for one in tree.findall("line")])
    assert "O-2" in (folder / "rejects").iterdir().__next__().read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "document, name, content",
    [
        ("json", "O-1.json", '{"order_id":"O-1","note":"fragile & \\"heavy\\"","Line":[{"order_id":"O-1","no":1,"sku":"A","qty":2},'),
        ("xml", "O-1.xml", "<Order><order_id>O-1</order_id><note>fragile &amp; &quot;heavy&quot;</note><Line><order_id>O-1</order_id>"),
    ],
)
def test_without_a_template_a_document_is_all_of_the_order(project, document, name, content):
    folder = project(f'{FILES}document = "{document}"\n')
    ended = dhm("run", "orders")
    assert 0 == ended.code, ended.err
    assert [name, name.replace("1", "3")] == sorted(path.name for path in (folder / "out").iterdir())
    assert content in (folder / "out" / name).read_text(encoding="utf-8")


def test_two_documents_of_one_name_end_the_run_before_any_shows(project):
    folder = project(FILES + 'document = "json"\nname = "order.json"\n')
    ended = dhm("run", "orders")
    assert 1 == ended.code
    assert "two documents for `erp` are called `order.json`" in ended.err
    assert not (folder / "out").exists()


def test_a_row_whose_file_would_be_called_as_that_of_another_key_is_refused_alone(project):
    folder = project(FILES + 'document = "json"\n')
    rows: list[dict[str, object]] = [{"id": one, "note": None, "lines": []} for one in ("a/b", "a_b", "c")]
    (folder / "in" / "orders.json").write_text(json.dumps({"orders": rows}), encoding="utf-8")
    ended = dhm("run", "orders")
    assert 0 == ended.code, ended.err
    assert ["a_b.json", "c.json"] == sorted(path.name for path in (folder / "out").iterdir())
    refused = next(path for path in (folder / "rejects").iterdir() if path.name.startswith("refused-erp"))
    assert "a file for `a_b` is called `a_b.json`, as that for `a/b` is" in refused.read_text(encoding="utf-8")


def test_two_keys_that_are_joined_to_one_name_are_two_rows(project):
    folder = project(FILES + 'document = "json"\nname = "{{ORDERID}}-{{NOTE}}.json"\n')
    rows: list[dict[str, object]] = [{"id": id, "note": note, "lines": []} for id, note in (("a-b", "c"), ("a", "b-c"), ("z", "x"))]
    (folder / "in" / "orders.json").write_text(json.dumps({"orders": rows}), encoding="utf-8")
    ended = dhm("run", "orders")
    assert 0 == ended.code, ended.err
    assert ["a-b-c.json", "z-x.json"] == sorted(path.name for path in (folder / "out").iterdir())
    refused = next(path for path in (folder / "rejects").iterdir() if path.name.startswith("refused-erp"))
    assert "a file for `a`, `b-c` is called `a-b-c.json`, as that for `a-b`, `c` is" in refused.read_text(encoding="utf-8")


def test_a_document_that_would_have_a_temporary_name_is_refused_alone(project):
    folder = project(FILES + 'document = "json"\nname = "{{ORDERID}}"\n')
    rows: list[dict[str, object]] = [{"id": id, "note": None, "lines": []} for id in ("a.part", "b~", "c")]
    (folder / "in" / "orders.json").write_text(json.dumps({"orders": rows}), encoding="utf-8")
    assert 0 == dhm("run", "orders").code
    assert ["c"] == sorted(path.name for path in (folder / "out").iterdir())
    refused = next(path for path in (folder / "rejects").iterdir() if path.name.startswith("refused-erp"))
    assert "`a.part` is what files are called that are being written" in refused.read_text(encoding="utf-8")


def test_many_documents_are_told_in_one_line(project):
    folder = project(FILES + 'document = "json"\n')
    many = [{"id": f"N-{number}", "note": None, "lines": [{"sku": "A", "qty": 1}]} for number in range(30)]
    (folder / "in" / "orders.json").write_text(json.dumps({"orders": many}), encoding="utf-8")
    ended = dhm("run", "orders")
    assert "30 files in out" in ended.err
    assert 30 == len(list((folder / "out").iterdir()))


@pytest.mark.parametrize(
    "told, content_type, first",
    [
        ('template = "order.xml.j2"', "application/xml", b'<?xml version="1.0" encoding="UTF-8"?>\n<order id="O-1">'),
        ('document = "json"\nenvelope = "order"', "application/json", b'{"order":{"order_id":"O-1"'),
    ],
)
def test_each_order_is_the_body_of_a_request_sent_once(project, told, content_type, first):
    folder = project(f'connection = "erp"\npath = "orders"\nresults = {{items = "$.errors"}}\n{told}\n')
    with api() as server:
        bodies: dict[str, bytes] = {}

        def take(asked):
            bodies.setdefault(asked.headers["idempotency-key"], asked.body)
            assert content_type == asked.headers["content-type"]
            errors = [{"code": "E1", "message": "no such item"}, {"code": "E2", "message": "no date"}]
            return {"errors": errors if b"O-3" in asked.body else []}

        server.routes["POST /orders"] = take
        assert -9 == dhm("run", "orders", ERP=server.url, DHM_FAIL="sent").code
        ended = dhm("run", "orders", ERP=server.url)
        assert 0 == ended.code, ended.err
        assert 2 == len(bodies)
        assert next(iter(bodies.values())).startswith(first)
    refused = next(path for path in (folder / "rejects").iterdir() if path.name.startswith("refused-erp"))
    assert ["order_id,note,_code,_message", "O-3,,E1; E2,no such item; no date"] == refused.read_text(encoding="utf-8").splitlines()


BELL = {"id": "O-7", "note": "ring\x07", "lines": [{"sku": "A", "qty": 1}]}
LONG = {"id": "O-8", "note": "x" * 300, "lines": [{"sku": "A", "qty": 1}]}


def test_a_row_of_which_no_document_can_be_made_is_refused_alone_and_goes_again_when_it_is_corrected(project):
    folder = project(FILES + 'template = "order.xml.j2"\nname = "{{ORDERID}}-{{NOTE}}.xml"\n')
    (folder / "in" / "orders.json").write_text(json.dumps({"orders": [*ORDERS["orders"], BELL, LONG]}), encoding="utf-8")
    ended = dhm("run", "orders")
    assert 0 == ended.code, ended.err
    assert ['O-1-fragile & "heavy".xml', "O-3-.xml"] == sorted(path.name for path in (folder / "out").iterdir())
    assert "2 rows  refused: no documents can be made of them" in ended.err
    assert ", 2 rows refused" in ended.err
    refused = next(path for path in (folder / "rejects").iterdir() if path.name.startswith("refused-erp"))
    header, bell, long = refused.read_text(encoding="utf-8").splitlines()
    assert "order_id,note,_code,_message" == header
    assert bell.startswith("O-7,ring\x07,DOCUMENT,")
    assert "U+0007" in bell
    assert "DOCUMENT" in long
    assert "makes a file name of" in long
    (folder / "mended.csv").write_text("order_id,note\nO-7,ring\n", encoding="utf-8")
    again = dhm("rejects", "replay", "last", "--source", "refused-erp", "--file", "mended.csv")
    assert 0 == again.code, again.err
    assert etree.parse(folder / "out" / "O-7-ring.xml").findtext("note") == "ring"


def test_rows_of_which_no_document_can_be_made_count_as_rejected_for_the_tolerance(project):
    folder = project(FILES + 'template = "order.xml.j2"\n\n[jobs.orders.tolerance]\nrows = 1\n')
    (folder / "in" / "orders.json").write_text(json.dumps({"orders": [*ORDERS["orders"], BELL]}), encoding="utf-8")
    ended = dhm("run", "orders")
    assert 1 == ended.code
    assert "2 rows are rejected, and the job tolerates 1" in ended.err
    assert not (folder / "out").exists()


def test_a_body_that_cannot_be_made_is_not_sent_and_the_others_are(project):
    folder = project('connection = "erp"\npath = "orders"\ntemplate = "order.xml.j2"\n')
    (folder / "in" / "orders.json").write_text(json.dumps({"orders": [BELL, *ORDERS["orders"]]}), encoding="utf-8")
    with api() as server:
        server.routes["POST /orders"] = lambda asked: {}
        assert -9 == dhm("run", "orders", ERP=server.url, DHM_FAIL="sent").code
        ended = dhm("run", "orders", ERP=server.url)
        assert 0 == ended.code, ended.err
        assert {b"O-1", b"O-3"} == {asked.body.partition(b'id="')[2][:3] for asked in server.seen}
    assert "2 batches delivered, 1 row refused" in ended.err
    assert 1 == sum(path.name.startswith("refused-erp") for path in (folder / "rejects").iterdir())


@pytest.mark.parametrize("order", ["O" * 400, ".hidden", "a.part", ".."])
def test_the_body_of_a_request_has_no_name_that_a_file_must_be_able_to_have(project, order):
    folder = project('connection = "erp"\npath = "orders"\ntemplate = "order.xml.j2"\n')
    told = {"orders": [{"id": order, "note": None, "lines": [{"sku": "A", "qty": 2}]}]}
    (folder / "in" / "orders.json").write_text(json.dumps(told), encoding="utf-8")
    with api() as server:
        server.routes["POST /orders"] = lambda asked: (201, {})
        ended = dhm("run", "orders", ERP=server.url)
        assert (0, 1) == (ended.code, len(server.seen)), ended.err
    assert "refused" not in ended.err


def test_a_document_goes_to_the_address_of_its_row(project):
    folder = project('connection = "erp"\nmethod = "PUT"\npath = "orders/{{ORDERID}}/note/{{NOTE}}"\ndocument = "json"\n')
    with api() as server:
        server.routes["PUT /orders/O-1/note/fragile%20%26%20%22heavy%22"] = lambda asked: {}
        assert 0 == dhm("check", ".").code
        assert -9 == dhm("run", "orders", ERP=server.url, DHM_FAIL="send").code
        ended = dhm("run", "orders", ERP=server.url)
        assert 0 == ended.code, ended.err
        assert 1 == len(server.seen)
    # A row with nothing there would have gone to another address.
    refused = next(path for path in (folder / "rejects").iterdir() if path.name.startswith("refused-erp"))
    assert 'O-3,,PATH,"the path has `{{NOTE}}`, and the row has nothing there"' in refused.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "told",
    ['connection = "erp"\npath = "orders/{{ORDRID}}"\ndocument = "json"\n', FILES + 'document = "json"\nname = "{{ORDRID}}.json"\n'],
    ids=["path", "name"],
)
def test_a_slot_that_no_row_fills_is_told_before_there_is_data(project, told):
    folder = project(told)
    for command in (("check", "."), ("run", "orders")):
        ended = dhm(*command)
        assert 0 != ended.code
        assert "has `{{ORDRID}}`, which nothing fills" in ended.out + ended.err
        assert "did you mean `{{ORDERID}}`?" in ended.out + ended.err
    assert not (folder / "out").exists()


def test_check_names_what_a_template_has_wrong_at_its_place(project):
    folder = project(FILES + 'template = "order.xml.j2"\n')
    (folder / "order.xml.j2").write_text(XML.replace("one.sku", "one.skuu").replace("Order.note }}", "Order.remark }}"), encoding="utf-8")
    ended = dhm("check", ".")
    assert 1 == ended.code
    assert "error[DHM950]: `one` has no `skuu`" in ended.out
    assert "--> order.xml.j2:7:" in ended.out
    assert "did you mean `sku`?" in ended.out
    assert "`Order` has no `remark`" in ended.out
    assert "2 errors, 1 warning in 1 script and 1 project file" in ended.err


@pytest.mark.parametrize(
    "told, says",
    [
        ('template = "nowhere.xml"', "the template `nowhere.xml` cannot be read: No such file or directory"),
        ('document = "text"', "a document of text needs a `template`"),
    ],
)
def test_a_template_that_is_not_there_is_told_at_the_project_file(project, told, says):
    project(FILES + told + "\n")
    ended = dhm("check", ".")
    assert 1 == ended.code
    assert says in ended.out
    assert "dhm.toml:2" in ended.out


def test_a_document_that_was_refused_goes_again_with_all_its_lines(project):
    folder = project('connection = "erp"\npath = "orders"\nresults = {items = "$.errors"}\ndocument = "json"\n')
    with api() as server:
        refusing = [True]
        server.routes["POST /orders"] = lambda asked: {
            "errors": [{"code": "E1", "message": "no"}] if refusing[0] and b"O-1" in asked.body else []
        }
        assert 0 == dhm("run", "orders", ERP=server.url).code
        refusing[0] = False
        (folder / "mended.csv").write_text("order_id,note\nO-1,softer\n", encoding="utf-8")
        ended = dhm("rejects", "replay", "last", "--source", "refused-erp", "--file", "mended.csv", ERP=server.url)
        assert 0 == ended.code, ended.err
        (sent,) = [asked.json() for asked in server.seen if b"softer" in asked.body]
    assert ("O-1", ["A", "B"]) == (sent["order_id"], [line["sku"] for line in sent["Line"]])
