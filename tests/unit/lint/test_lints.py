"""Advice on programs that have no errors."""

import pytest

from tests.unit.semantic.programs import OFFER, ROWS, advice

MAP = "map Offer from r in rows {\n  sku: r.sku\n  price: r.price\n  note: r.note default first(r.tags)\n}\n"
ALL = ROWS + OFFER + MAP


def test_a_script_that_uses_all_that_it_declares_is_left_alone():
    assert [] == advice(ALL)


@pytest.mark.parametrize(
    "more, place",
    [
        ("param p: int = 1\n", "p"),
        ("fn f(x: int) = x\n", "f"),
        ("type T = text\n", "T"),
        ("lookup l (x: text) -> text {\n  | x | y |\n  | a | b |\n}\n", "l"),
        ("view v from r in rows {\n  include r\n}\n", "v"),
        ("source s: csv {\n  columns {\n    a: text\n  }\n}\n", "s"),
        ("target t: csv {}\n", "t"),
        ('use "a.dhm" as a\n', "a"),
    ],
)
def test_what_nothing_uses_is_told(more, place):
    assert [("DHM113", place)] == advice(ALL + more, a_dhm="fn f(x: int) = x\n")


def test_a_let_that_nothing_reads_is_told():
    assert [("DHM113", "half")] == advice(ALL.replace("  sku: r", "  let half: r.price / 2\n  sku: r"))


def test_what_a_test_uses_is_used():
    assert [] == advice(ALL + 'fn f(x: int) = x\ntest "f" {\n  assert f(1) = 1\n}\n')


def test_a_pack_is_there_for_others():
    assert [] == advice("pack acme.units 1.0.0 {\n  exports f\n}\nfn f(x: int) = x\n")


def test_a_column_is_read_only_as_far_as_views_of_it_are():
    text = ROWS + OFFER + "view v from r in rows {\n  include r\n}\nmap Offer from x in v {\n  sku: x.sku\n  price: x.price\n}\n"
    assert [("DHM502", "tags"), ("DHM502", "note")] == advice(text)


def test_a_strict_source_reads_all_columns():
    assert [] == advice(
        ROWS.replace("csv {", "csv {\n  strict true") + OFFER + "map Offer from r in rows {\n  sku: r.sku\n  price: r.price\n}\n"
    )


TAG = "entity Tag {\n  key sku\n  sku : text\n  n : int\n}\n"


def tags(clauses: str, n: str = "1", key: str = "sku") -> list[tuple[str, str]]:
    text = ALL + TAG.replace("key sku", f"key {key}") + f"map Tag from r in rows\n  {clauses}\n{{\n  sku: r.sku\n  n: {n}\n}}\n"
    return [one for one in advice(text) if one[0] != "DHM502"]


def test_rows_that_are_multiplied_under_one_key_are_told():
    assert ["DHM508"] == [code for code, _ in tags("each tag in r.tags")]
    assert [] == tags("each tag, pos in r.tags", "pos", "sku, n")
    assert [] == tags("each tag in r.tags\n  unique by r.sku keep first")


def test_groups_that_can_meet_in_one_key_are_told():
    assert ["DHM510"] == [code for code, _ in tags("group by r.sku, r.price", "count()")]
    assert [] == tags("group by r.sku", "count()")


def test_a_join_of_rows_with_a_key_is_single():
    view = "view once from r in rows\n  unique by r.sku keep last\n{\n  include r\n}\n"
    joined = "map Offer from r in rows\n  join m in {0} on m.sku = r.sku\n{{\n  sku: r.sku\n  price: r.price\n  note: m.note default first(r.tags)\n}}\n"
    assert [("DHM507", "rows")] == advice(ROWS + OFFER + joined.format("rows"))
    assert [] == advice(ROWS + OFFER + view + joined.format("once"))
    assert [] == advice(ALL + joined.format("Offer").replace("map Offer", "map Copy") + OFFER.replace("Offer", "Copy"))


def test_a_total_map_that_may_reject_is_told():
    assert ["DHM302"] * 3 == [code for code, _ in advice(ALL.replace("map Offer", "## @total\nmap Offer"))]


@pytest.mark.parametrize("condition", ["length(code) <= 40", "length(code) < 41", "length(code) >= 1", "length(code) > 0", "price > 0"])
def test_a_check_that_says_what_the_type_says_cannot_fail(condition):
    text = "entity E {\n  key code\n  code : text(1..40)\n  price : int where price > 0\n}\nchecks E {\n  E1 error: " + condition + "\n}\n"
    assert ["DHM410"] == [code for code, _ in advice(text)]
    assert [] == advice(text.replace("error:", "error on code:"))


@pytest.mark.parametrize("condition", ["length(code) <= 39", "length(code) > 1", "price > 1"])
def test_a_check_that_says_more_than_the_type_can_fail(condition):
    text = "entity E {\n  key code\n  code : text(1..40)\n  price : int where price > 0\n}\nchecks E {\n  E1 error: " + condition + "\n}\n"
    assert [] == advice(text)


FLOW = ALL + "target t: csv {}\nchecks Offer {\n  P01 error: price > 0\n}\nflow f {\n  write Offer to t\n"


@pytest.mark.parametrize("route, told", [("P01", 0), ("P*", 0), ("R4*", 1), ("P02", 1), ("R1*", 0), ("R201", 0)])
def test_a_route_for_a_code_that_nothing_gives_is_told(route, told):
    assert ["DHM512"] * told == [code for code, _ in advice(FLOW + f"  reject {route} to t\n}}\n")]


def test_a_route_behind_a_wider_one_is_told():
    assert ["DHM512"] == [code for code, _ in advice(FLOW + "  reject P* to t\n  reject P01 to t\n}\n")]
    assert ["DHM512"] == [code for code, _ in advice(FLOW + "  reject otherwise to t\n  reject P01 to t\n}\n")]
    assert [] == advice(FLOW + "  reject P01 to t\n  reject P* to t\n}\n")


def test_an_entity_without_a_map_is_nothing_to_write():
    assert ["DHM518"] == [code for code, _ in advice(OFFER + "target t: csv {}\nflow f {\n  write Offer to t\n}\n")]


def test_an_entity_that_is_written_twice_to_a_target_is_told():
    targets = "target t: csv {}\ntarget u: csv {}\n"
    assert [("DHM520", "Offer")] == advice(ALL + targets + "flow f {\n  write Offer to t\n  write Offer to u\n  write Offer to t\n}\n")
    apart = "flow f {\n  write Offer to t\n}\nflow g {\n  write Offer to t\n  write Offer to u\n}\n"
    assert [] == advice(ALL + targets + apart)


@pytest.mark.parametrize("condition", ["true", "1 = 1", "sku = sku", "price > 0 or true", "price >= price", "note = note and 1 <= 1"])
def test_a_check_that_is_true_by_its_form_is_told(condition):
    assert ["DHM410"] == [code for code, _ in advice(f"{ALL}checks Offer {{\n  P1 error: {condition}\n}}\n")]


@pytest.mark.parametrize("condition", ["price = 1", "price > 0 or sku = note", "note >= note", "price > price + 1", "price = 1 and true"])
def test_a_check_that_a_row_can_fail_is_not(condition):
    assert "DHM410" not in [code for code, _ in advice(f"{ALL}checks Offer {{\n  P1 error: {condition}\n}}\n")]


def test_names_of_a_kind_are_written_alike():
    assert [("DHM801", "offer")] == advice(OFFER.replace("Offer", "offer"))
    text = ALL.replace("rows", "myRows")
    assert [("DHM801", "myRows")] == advice(text)
