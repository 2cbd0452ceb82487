"""Templates of documents: what they may say, what they are told about it, and that a hostile one gets nowhere."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest
from lxml import etree

from datahub.documents import template as templates
from datahub.documents.shapes import Owned, RowShape, row_shape
from datahub.documents.template import Template
from datahub.documents.told import BadTemplate, kind_of
from datahub.project.failures import TerminalError
from datahub.semantic.ir import EntityShape
from datahub.types import model as t

LINE = RowShape("shop.Line", ("order", "no"), (("order", t.Text()), ("no", t.Int()), ("price", t.Decimal(False, 12, 2))), ())
ORDER = RowShape(
    "Order",
    ("id",),
    (
        ("id", t.Text()),
        ("note", t.Text(nullable=True)),
        ("gift", t.Bool()),
        ("tags", t.ListOf(t.Text())),
        ("address", t.Struct((("city", t.Text()),), nullable=True)),
    ),
    (Owned(LINE, ("order",)),),
)
NASTY = "<b>&\"'\\ {{ 7 }} {% x %} \r\n\t]]> é€😀 </order>"


def row(**told):
    lines = [{"order": "O-1", "no": number, "price": Decimal(f"{number}.50")} for number in (1, 2)]
    return {"id": "O-1", "note": None, "gift": True, "tags": ["a", "b"], "address": None, "Line": lines} | told


def made(path, text, **told):
    return Template(path, text, ORDER).render(row(**told)).decode()


def wrong(text, path="order.txt"):
    with pytest.raises(BadTemplate) as problem:
        Template(path, text, ORDER)
    return problem.value.problems


@pytest.mark.parametrize(
    "name, kind",
    [("a.xml", "xml"), ("a.XML.j2", "xml"), ("x/a.json.jinja", "json"), ("a.txt", "text"), ("a", "text"), ("a.xml.txt", "text")],
)
def test_the_name_says_the_kind(name, kind):
    assert kind == kind_of(name)


def test_xml_is_escaped_wherever_a_value_stands():
    text = '<order id="{{ Order.id }}"><note>{{ Order.note }}</note><t>{{ Order.tags | tojson }}</t></order>'
    tree = etree.fromstring(made("order.xml", text, id=NASTY, note=NASTY, tags=[NASTY]).encode())
    assert NASTY == tree.get("id")
    assert NASTY == tree.findtext("note")
    assert [NASTY] == json.loads(tree.findtext("t") or "")


@pytest.mark.parametrize(
    "value", [NASTY, "a ]]> <b>&amp;", "]]>", "]]", "]", ">", "]]]]>>", "\r", "]]\r>", "a\r\nb", "", "<![CDATA[x]]>", "-->", "<!--", "?>"]
)
def test_a_value_within_cdata_is_the_value(value):
    text = "<o><!-- {{ Order.id }}-->\n<a><![CDATA[{{ Order.note }}]]></a><b><![CDATA[{{ Order.id }}{{ Order.note }}>]]]></b><c>{{ Order.note }}</c></o>"
    tree = etree.fromstring(made("order.xml", text, id=value, note=value).encode())
    assert (value, f"{value}{value}>]", value) == tuple(tree.findtext(one) for one in "abc")


def test_a_text_of_the_template_is_written_as_a_value_is():
    text = "{{ \"x & 'y'\" }}"
    assert "x & 'y'" == etree.fromstring(made("order.xml", f"<o>{text}</o>").encode()).text
    assert "x & 'y'" == made("order.txt", text)
    assert ["x & 'y'", 1, "X &"] == json.loads(made("order.json", f'[{text}, {{{{ 1 }}}}, {{{{ "x &" | upper }}}}]'))


def test_what_only_looks_like_cdata_is_none():
    text = "<o><!-- <![CDATA[ {{ Order.id }} --><?p <![CDATA[ {{ Order.id }} ?><a>{{ Order.note }}</a>]]&gt;<b><![CDATA[<!-- {{ Order.id }} ]]></b></o>"
    tree = etree.fromstring(made("order.xml", text, id="--&", note="<&>").encode())
    assert ("<&>", "<!-- --& ") == (tree.findtext("a"), tree.findtext("b"))


def test_a_comment_holds_any_value():
    for value in ("-", "--", "---", "a--b", "-->", "<!--", "]]>", "&"):
        text = made("order.xml", "<o><!--{{ Order.id }}--><a>{{ Order.id }}</a></o>", id=value)
        assert value == etree.fromstring(text.encode()).findtext("a")
    assert "<!--2026-01-31-->" in made("order.xml", "<o><!--{{ Order.id }}--></o>", id="2026-01-31")


def test_json_values_bring_their_quotes_and_keep_their_digits():
    text = '{"id": {{ Order.id }}, "note": {{ Order.note }}, "gift": {{ Order.gift }}, "all": {{ Order }},\n "lines": [{% for one in Order.Line %}{{ one.price }}{% if not loop.last %}, {% endif %}{% endfor %}]}'
    found = made("order.json", text, id=NASTY)
    assert '"lines": [1.50, 2.50]}' in found
    value = json.loads(found)
    assert (NASTY, None, True) == (value["id"], value["note"], value["gift"])
    assert NASTY == value["all"]["id"]


def test_text_stands_as_it_is():
    text = "id\r\n{% for one in Order.Line %}{{ Order.id }};{{ one.no }};{{ one.price }};{{ Order.gift }};{{ Order.note }}\r\n{% endfor %}"
    assert "id\r\nO-1;1;1.50;true;\r\nO-1;2;2.50;true;\r\n" == made("order.csv", text)


def test_what_is_in_null_is_null_and_no_list_has_no_rounds():
    text = "{{ Order.address.city }}|{% for one in Order.Line %}x{% else %}none{% endfor %}|{{ Order.Line | length }}|{{ (Order.tags | first) | upper }}"
    assert "|none|0|" == made("order.txt", text, Line=[], tags=[])
    assert "Lyon|xx|2|A" == made("order.txt", text, address={"city": "Lyon"})


def test_conditions():
    text = '{% if Order.note is none %}-{% elif Order.note == "x" %}X{% else %}{{ Order.note }}{% endif %}{{ "gift" if Order.gift and Order.Line else "" }}'
    assert "-gift" == made("order.txt", text)
    assert "X" == made("order.txt", text, note="x", Line=[])


@pytest.mark.parametrize(
    "text, says, advice",
    [
        ("{{ Order.nte }}", "`Order` has no `nte`", "did you mean `note`?"),
        ("{{ Ordre.id }}", "nothing is called `Ordre`", "did you mean `Order`?"),
        ("{% for one in Order.Line %}{{ one.pric }}{% endfor %}", "`one` has no `pric`", "did you mean `price`?"),
        ("{{ Order.address.zip }}", "`Order.address` has no `zip`", "it has `city`"),
        ("{{ Order.Line.no }}", "`Order.Line` is a list of rows", "{% for one in Order.Line %}"),
        ("{{ Order.tags }}", "`Order.tags` is a list, which cannot be written as it is", "tojson"),
        ("{{ Order.id.city }}", "`Order.id` is `text`, and has no `city` in it", ""),
        ("{% for x in Order.id %}{% endfor %}", "`Order.id` is `text`, and no list", "loop over a list"),
        ("{% if Order.note > Order.id %}{% endif %}", "a side of `>` may be null", "default"),
        ("{% for one in Order.Line %}{{ 1 if one.no > Order.id else 2 }}{% endfor %}", "the sides of `>` are `int` and `text`", ""),
        ("{{ Order.id if Order.gift }}", "`if` without `else` may give nothing", "else"),
        ("{{ Order.gift | upper }}", "`upper` does not go with `bool`", ""),
        ("{% for one in Order.Line %}{{ loop.depth }}{% endfor %}", "`loop` has no `depth`", "it has `first`"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(text, says, advice):
    (problem,) = wrong("\n" + text)
    assert (2, says) == (problem.line, problem.message)
    assert advice in problem.help


def test_all_mistakes_are_told_at_once_each_on_its_line():
    assert [(1, "a"), (3, "b")] == [(one.line, one.word) for one in wrong("{{ Order.a }}\n{{ Order.id }}\n{{ Order.b }}")]


@pytest.mark.parametrize(
    "path, text, says",
    [
        ("o.json", '{"id": "{{ Order.id }}"}', "no JSON"),
        ("o.json", '{"lines": [{% for one in Order.Line %}{{ one.no }},{% endfor %}]}', "no JSON"),
        ("o.xml", "<a>{{ Order.id }}</b>", "no XML"),
        ("o.xml", "\n<?xml version='1.0'?><a/>", "no XML"),
        ("o.xml", "<a>{{ Order.id }}", "no XML"),
        ("o.xml", "<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "says it is `ISO-8859-1`"),
        ("o.xml", "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "DOCTYPE"),
    ],
)
def test_what_would_not_be_well_formed_is_known_before_there_is_data(path, text, says):
    (problem,) = wrong(text, path)
    assert says in problem.message


def test_a_page_within_cdata_may_have_a_doctype():
    text = made("o.xml", "<a><![CDATA[{{ Order.id }}]]></a>", id="<!DOCTYPE html><p>hi</p>")
    assert "<a><![CDATA[<!DOCTYPE html><p>hi</p>]]></a>" == text


def test_a_character_that_xml_lacks_is_told():
    with pytest.raises(TerminalError, match=r"U\+0007"):
        made("o.xml", "<a>{{ Order.id }}</a>", id="bell\x07")


HOSTILE = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ Order.__class__ }}",
    "{{ Order.id.__class__.__init__.__globals__ }}",
    "{{ Order['__class__'] }}",
    "{{ Order|attr('__class__') }}",
    "{{ (Order|attr)('x') }}",
    "{{ Order.Line.__len__ }}",
    "{{ Order.tags.append('x') }}",
    "{{ Order.items() }}",
    "{{ Order.id.format(1) }}",
    "{{ '{0.__class__}'.format(Order) }}",
    "{{ '%s' % Order }}",
    "{{ '%s'|format(Order) }}",
    "{{ 'a' * 1500000000 }}",
    "{{ 2 ** 99999999 }}",
    "{{ 10 // 0 }}",
    "{{ [1] * 100000000 }}",
    "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
    "{% for a in [1, 2] %}{% endfor %}",
    "{% for a in 'abc' %}{% endfor %}",
    "{% for a in Order.tags recursive %}{{ loop(Order.tags) }}{% endfor %}",
    "{% for a, b in Order.tags %}{% endfor %}",
    "{% set x = 'a' %}",
    "{% set x %}a{% endset %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% call m() %}{% endcall %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends 'x' %}",
    "{% block a %}{% endblock %}",
    "{{ super() }}",
    "{{ self._TemplateReference__context }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ lipsum(n=100000) }}",
    "{{ config }}",
    "{{ request.application.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ dict(a=1) }}",
    "{{ Order.id | safe }}",
    "{{ Order.id | replace('a', 'aaaaaaaaaa') }}",
    "{{ Order.id | center(1000000000) }}",
    "{{ Order.id | indent(1000000000) }}",
    "{{ Order.id | xmlattr }}",
    "{{ Order.tags | map(attribute='__class__') }}",
    "{{ Order.tags | join('x') }}",
    "{{ Order.tags | batch(1000000000, 'x') | list }}",
    "{{ Order.tags | random }}",
    "{{ Order.tags[0] }}",
    "{{ Order.id[0:1] }}",
    "{{ Order.id ~ Order.id }}",
    "{% autoescape false %}{{ Order.id }}{% endautoescape %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with a = Order %}{% endwith %}",
    "{% do Order.clear() %}",
    "{{ loop.cycle }}",
    "{{ Order.id is defined }}",
    "{{ Order.id is callable }}",
    "{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}",
    "{% if Order.gift %}" * 2_000 + "{% endif %}" * 2_000,
    "{% for a in Order.tags %}" * 30 + "{% endfor %}" * 30,
    "x" * (1 << 20) + "y",
    "{{ Order.id",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_template_is_refused_before_it_does_anything(text):
    before = time.process_time()
    assert wrong(text)
    assert time.process_time() - before < 5


@pytest.mark.parametrize("word", ["safe", "replace", "map", "attr", "join"])
def test_of_the_filters_only_those_listed_are_there(word):
    assert f"no filter `{word}`" in wrong(f"{{{{ Order.tags | {word} }}}}")[0].message


def test_loops_and_size_have_bounds(monkeypatch):
    monkeypatch.setattr(templates, "MOST_STEPS", 1_000)
    deep = "{% for a in Order.Line %}{% for b in Order.Line %}{% for c in Order.Line %}{% endfor %}{% endfor %}{% endfor %}"
    one = Template("o.txt", deep, ORDER)
    assert b"" == one.render(row())
    with pytest.raises(TerminalError, match="more than 1,000 rounds"):
        one.render(row(Line=row()["Line"] * 10))
    monkeypatch.setattr(templates, "MOST_BYTES", 1_000)
    with pytest.raises(TerminalError, match="larger than 1,000 bytes"):
        made("o.txt", "{% for a in Order.Line %}{{ Order.id }}{% endfor %}", id="x" * 600)


def test_a_value_is_never_a_template():
    assert "{{ Order.id }}{% include 'x' %}" == made("o.txt", "{{ Order.id }}", id="{{ Order.id }}{% include 'x' %}")


def entity(name, *owns):
    return EntityShape(name, ("id",), (), owns, False)


def test_documents_need_one_owner():
    order, line, other = entity("Order", ("Line", ("order",))), entity("Line"), entity("Other")
    assert "Line" == row_shape("erp", ["Line", "Order"], [order, line]).owned[0].rows.entity
    with pytest.raises(TerminalError, match="none of them owns the others"):
        row_shape("erp", ["Order", "Line", "Other"], [order, line, other])
