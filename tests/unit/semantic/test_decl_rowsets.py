"""Views and maps: the rows they read, their clauses, lets, fields, and what is behind each value."""

from typing import Any

import pytest

from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.semantic.programs import OFFER, ROWS, elaborated, findings, messages, program

MORE = ROWS.replace("rows", "more")


def body(text: str) -> Any:
    made = program(text)
    return made.maps[0].body if made.maps else made.views[-1].body


def view(clauses: str, items: str, more: str = "", source: str = "r in rows") -> str:
    return f"{ROWS}{more}view v from {source}\n  {clauses}\n{{\n  {items}\n}}\n"


def offer(items: str, clauses: str = "", more: str = "", source: str = "r in rows") -> str:
    return f"{ROWS}{OFFER}{more}map Offer from {source}\n  {clauses}\n{{\n  {items}\n}}\n"


def values(made: Any) -> dict[str, Any]:
    return {one.name: one.value for one in made.fields}


def evidence(made: Any, name: str) -> list[tuple[str, str]]:
    origin = next(one.origin for one in made.fields if one.name == name)
    return [(one.label, one.raw) for one in origin.evidence]


# ---------------------------------------------------------------- fields


def test_a_field_is_a_column_of_its_row():
    made = body(view("", "sku: r.sku"))
    assert ("v", "r", ("rows",)) == (made.name, made.alias, made.inputs)
    assert {"sku": ir.Column("r.sku", t.Text())} == values(made)


def test_without_a_name_rows_are_called_as_their_rowset():
    assert {"sku": ir.Column("rows.sku", t.Text())} == values(body(view("", "sku: rows.sku", source="rows")))


def test_include_copies_all_but_what_is_left_out_and_what_has_a_line_of_its_own():
    made = body(view("", 'include r except (tags)\n  note: r.note default "-"'))
    assert ["sku", "price", "note"] == [one.name for one in made.fields]
    assert isinstance(values(made)["note"], ir.Default)


def test_a_map_includes_the_fields_that_its_entity_has():
    assert ["sku", "price", "note"] == [one.name for one in body(offer("include r")).fields]


def test_two_includes_that_have_a_field_are_told():
    text = view("join m in more on m.sku = r.sku", "include r\n  include m except (sku, price, tags)", MORE)
    assert ["`note` is included twice"] == messages(text)


def test_what_include_leaves_out_must_be_there():
    assert [("DHM101", "prise")] == findings(view("", "include r except (prise)"))


def test_a_struct_can_be_included():
    made = body(view("", 'let extra: {a: 1, b: "x"}\n  include extra'))
    assert ["a", "b"] == list(values(made))


def test_fields_of_a_map_stand_in_the_order_of_the_entity():
    assert ["sku", "price", "note"] == [one.name for one in body(offer("price: r.price\n  sku: r.sku")).fields]


def test_a_field_that_is_read_by_another_stands_before_it():
    made = body(offer('note: r.note\n  sku: out.note default "y"\n  price: r.price'))
    assert ["note", "sku", "price"] == [one.name for one in made.fields]
    assert "note" in [node.name for node in [values(made)["sku"].value] if isinstance(node, ir.Column)]


def test_only_fields_written_before_can_be_read():
    assert [("DHM101", "price")] == findings(offer("sku: text(out.price)\n  price: r.price"))


def test_lets_are_made_before_fields_and_read_by_name():
    made = body(offer("let net: r.price / 2\n  sku: r.sku\n  price: round(net, 2)"))
    assert ["let.net"] == [one.name for one in made.lets]


def test_a_let_that_reads_a_field_is_part_of_what_reads_it():
    made = body(offer("sku: r.sku\n  let both: out.sku & out.sku\n  price: r.price\n  note: both"))
    assert () == made.lets
    assert "&" == values(made)["note"].function


def test_fields_are_fitted_to_their_entity():
    made = body(offer("sku: r.sku\n  price: r.price / 3"))
    assert isinstance(values(made)["price"], ir.Fit)


def test_a_nullable_field_that_no_line_fills_is_null_and_a_default_fills_the_others():
    text = offer("sku: r.sku").replace("price : decimal(12,2)\n  note", "price : decimal(12,2) = 1\n  note")
    made = values(body(text))
    assert ir.Constant(None, t.Text(True)) == made["note"]
    assert "1" == str(made["price"].value)


@pytest.mark.parametrize(
    "items, code, place",
    [
        ("sku: r.sku", "DHM501", "Offer"),
        ("sku: r.sku\n  prise: r.price", "DHM101", "prise"),
        ("sku: r.sku\n  sku: r.sku\n  price: r.price", "DHM503", "sku"),
        ("sku: r.sku\n  price: r.sku", "DHM201", "r.sku"),
        ("include q\n  sku: r.sku", "DHM101", "q"),
        ("sku: r.sku\n  price: r.price\n  drop note", "DHM118", "drop note"),
        ("let r: 1\n  sku: r.sku\n  price: r.price", "DHM103", "r"),
        ("sku: omit\n  price: r.price", "DHM213", "omit"),
    ],
)
def test_what_does_not_fill_an_entity_is_told_once(items, code, place):
    assert [(code, place)] == findings(offer(items))


def test_a_patch_leaves_alone_what_no_line_fills():
    text = offer("sku: r.sku\n  note: omit").replace("entity Offer {", "entity Offer @patch {")
    made = values(body(text))
    assert [ir.Omitted(t.Text(True)), ir.Omitted(t.Decimal(False, 12, 2))] == [made["note"], made["price"]]


def test_a_map_without_entity_is_told():
    assert [("DHM101", "Offre")] == findings(offer("include r").replace("map Offer", "map Offre"))


def test_maps_of_one_entity_stand_side_by_side_under_names_of_their_own():
    made = program(offer("include r") + "map Offer from r in rows as again {\n  include r\n}\nmap Offer from r in rows {\n  include r\n}\n")
    assert ["Offer", "again", "Offer 2"] == [one.body.name for one in made.maps]


# ---------------------------------------------------------------- clauses


def test_several_rowsets_of_one_shape_are_read_in_turn():
    made = body(view("", "include r", MORE, "r in rows, more"))
    assert ("rows", "more") == made.inputs
    assert [("REF", "#rows.sku"), ("REF", "#more.sku")] == evidence(made, "sku")


def test_rowsets_of_different_shape_are_told():
    assert ["DHM514"] == [code for code, _ in findings(view("", "sku: r.sku", MORE.replace("decimal(12,2)", "int"), "r in rows, more"))]


def test_the_elements_of_a_list_become_rows():
    made = body(view("each tag, pos in r.tags", "tag: tag\n  at: pos * 10"))
    clause = made.clauses[0]
    assert isinstance(clause, ir.EachClause)
    assert ("each.tag", "each.pos", False) == (clause.item, clause.position, clause.outer)
    assert ir.Column("each.tag", t.Text()) == values(made)["tag"]
    assert [("TAGS", "each.tag")] == evidence(made, "tag")


def test_with_outer_the_elements_may_be_null():
    made = body(view("each outer tag in r.tags", "tag: tag"))
    assert values(made)["tag"].type.nullable


def test_each_takes_a_list():
    assert [("DHM201", "r.sku")] == findings(view("each c in r.sku", "c: c"))


def test_a_join_is_cut_into_equal_pairs_and_the_rest():
    made = body(view("join m in more on m.sku = r.sku and m.price > r.price", "sku: r.sku\n  theirs: m.price", MORE))
    clause = made.clauses[0]
    assert isinstance(clause, ir.JoinClause)
    assert (ir.Column("r.sku", t.Text()),) == clause.left
    assert (ir.Column("m.sku", t.Text()),) == clause.right
    assert clause.also is not None
    assert values(made)["theirs"].type.nullable


def test_a_required_join_gives_rows_that_are_there():
    made = body(view("join required m in more on r.sku = m.sku", "theirs: m.price", MORE))
    assert not values(made)["theirs"].type.nullable


def test_a_join_without_equal_pair_is_a_warning():
    assert ["DHM602"] == [code for code, _ in findings(view("join m in more on m.price > r.price", "sku: r.sku", MORE))]


def test_where_narrows_what_comes_after_it():
    made = body(view("where r.note is not null", "note: r.note"))
    assert not values(made)["note"].type.nullable


def test_fill_takes_columns():
    clause = body(view("fill r.note by r.sku", "include r")).clauses[0]
    assert isinstance(clause, ir.FillClause)
    assert (("r.note",), (ir.Column("r.sku", t.Text()),)) == (clause.columns, clause.by)
    assert [("DHM201", "r.sku & r.sku")] == findings(view("fill r.sku & r.sku by r.price", "include r"))


def test_unique_rows_may_reject_the_others_under_a_code():
    clause = body(view("unique by r.sku keep last reject TWICE", "include r")).clauses[0]
    assert isinstance(clause, ir.UniqueClause)
    assert ("last", "TWICE") == (clause.keep, clause.code)
    assert [("DHM411", "R303")] == findings(view("unique by r.sku keep last reject R303", "include r"))


def test_rows_are_put_in_order_by_several_keys():
    clause = body(view("order by r.price desc, r.sku", "include r")).clauses[0]
    assert isinstance(clause, ir.OrderClause)
    assert [True, False] == [key.descending for key in clause.keys]


# ---------------------------------------------------------------- groups


def test_keys_of_a_group_are_read_by_their_name_or_as_they_are_written():
    made = body(view("group by ref: r.sku, r.price", "ref: ref\n  again: r.sku\n  price: r.price\n  bare: price\n  n: count()"))
    found = values(made)
    assert ir.Column("key.ref", t.Text()) == found["ref"] == found["again"]
    assert ir.Column("key.price", t.Decimal(False, 12, 2)) == found["price"] == found["bare"]
    assert isinstance(found["n"], ir.Aggregate)
    assert isinstance(found["n"].over, ir.Members)


def test_a_key_that_is_computed_can_be_written_again():
    assert ir.Column("key.1", t.Text()) == values(body(view("group by upper(r.sku)", "ref: upper(r.sku)")))["ref"]


def test_a_column_that_is_no_key_is_aggregated():
    assert [("DHM509", "r.note")] == findings(view("group by r.sku", "sku: r.sku\n  note: r.note"))
    assert [("DHM509", "r")] == findings(view("group by r.sku", "include r"))


def test_the_rows_of_a_group_are_a_list():
    made = body(view("group by r.sku", "tiers: [{p: x.price} for x in rows where x.price > 1]"))
    assert t.ListOf(t.Struct((("p", t.Decimal(False, 12, 2)),))) == t.required(values(made)["tiers"].type)


def test_where_after_a_group_filters_groups():
    made = body(view("group by r.sku\n  where count() > 1", "sku: r.sku"))
    assert [ir.GroupClause, ir.WhereClause] == [type(one) for one in made.clauses]


@pytest.mark.parametrize("clause", ["group by r.sku", "each tag in r.tags", "join m in more on m.sku = r.sku"])
def test_what_groups_do_not_have_is_told(clause):
    assert "DHM515" == findings(view(f"group by r.sku\n  {clause}", "sku: r.sku", MORE))[0][0]


def test_a_group_may_lose_single_rows():
    clause = body(view("group by partial r.sku", "sku: r.sku")).clauses[0]
    assert isinstance(clause, ir.GroupClause)
    assert clause.partial


# ---------------------------------------------------------------- evidence and signatures


def test_a_value_shows_the_columns_that_feed_it_through_views():
    text = view("", 'let both: r.sku & "-" & (r.note default "")\n  key: both\n  price: if(r.sku = "a", r.price, 0)')
    made = program(text + OFFER + "map Offer from x in v {\n  sku: upper(x.key)\n  price: x.price\n}\n").maps[0].body
    assert [("REF", "#rows.sku"), ("note", "#rows.note")] == evidence(made, "sku")
    assert [("PRIX", "#rows.price")] == evidence(made, "price")


def test_a_value_that_nothing_feeds_shows_what_decides_it():
    made = body(view("", 'kind: case when r.price > 5 then "dear" otherwise "cheap" end'))
    assert [("PRIX", "#rows.price")] == evidence(made, "kind")


def test_an_element_of_a_nested_list_is_its_own_evidence():
    text = "source o: json {\n  columns {\n    lines: [{sku: text, qty: int}]\n  }\n}\nview v from o\n  each l in o.lines\n{\n  qty: l.qty\n}\n"
    text += "entity L {\n  key qty\n  qty : int\n}\nmap L from x in v {\n  qty: x.qty\n}\n"
    made = program(text)
    assert [("qty", "l.qty")] == evidence(made.views[0].body, "qty")
    assert [("qty", "x.qty")] == evidence(made.maps[0].body, "qty")


def test_origins_name_the_map_the_field_and_the_line():
    origin = body(offer("sku: r.sku\n  price: r.price")).fields[0].origin
    assert ("Offer", "sku", "Offer", "main.dhm", 18) == (origin.entity, origin.field, origin.map, origin.script, origin.line)


def test_the_signature_says_what_each_field_can_be_rejected_with():
    made, _ = elaborated(offer("sku: r.sku\n  price: 100 / r.price"))
    told = {field: codes for name, field, codes in made.program.signature if name == "Offer"}
    assert ("R201",) == told["sku"]
    assert {"R104", "R601", "R105"} <= set(told["price"])


def test_a_field_of_a_required_column_answered_in_place_cannot_fail():
    made, _ = elaborated(view("", "price: r.price on error warn 0"))
    assert "price" not in {field for _, field, _ in made.program.signature}
