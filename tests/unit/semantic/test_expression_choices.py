from dataclasses import replace

import pytest

from tests.unit.semantic.expression_scopes import STATUS, in_row, typed


@pytest.mark.parametrize(
    "text, shape, kind",
    [
        ('if(r.qty > 3, "a", null)', 'choose(>(r.qty, 3): "a", None)', "text(1..1)?"),
        ('if(r.qty > 3, "a")', 'choose(>(r.qty, 3): "a", None)', "text(1..1)?"),
        ("if(r.qty > 3, 1, 2.5)", "choose(>(r.qty, 3): Decimal('1'), Decimal('2.5'))", "decimal(2,1)"),
        ('case when r.qty > 3, r.qty < 0 then r.sku otherwise "" end', 'choose((>(r.qty, 3) or <(r.qty, 0)): r.sku, "")', "text"),
        ('case r.sku when "A", "B" then 1 otherwise 0 end', 'choose((=(r.sku, "A") or =(r.sku, "B")): 1, 0)', "int"),
        ("case r.qty when 1..10 then 1 otherwise 0 end", "choose((>=(r.qty, 1) and <=(r.qty, 10)): 1, 0)", "int"),
        ('case r.status when "draft" then 1 when "live" then 2 when "off" then 3 end', None, "int"),
        ('case r.label when null then "none" otherwise r.label end', 'choose(is_null(r.label): "none", r.label)', "text"),
        ("case when r.qty > 3 then 1 end", "choose(>(r.qty, 3): 1, None)", "int?"),
        ("r.label default r.sku", "(r.label default r.sku)", "text"),
        ("coalesce(r.label, r.customer.name, r.sku)", "(r.label default (r.customer.name default r.sku))", "text"),
        ("coalesce(r.label, r.customer.name)", "(r.label default r.customer.name)", "text?"),
    ],
)
def test_a_choice_has_the_type_that_its_branches_share(text, shape, kind):
    found = typed(text)
    assert (shape or found.shape, kind, []) == (found.shape, found.type, found.rules)


def test_the_last_member_of_an_exhausted_enumeration_needs_no_test():
    found = typed('case r.status when "draft" then 1 when "live", "off" then 2 end')
    assert 'choose(=(r.status, "draft"): 1, 2)' == found.shape


def test_members_left_out_are_told():
    found = typed('case r.status when "draft" then 1 end')
    assert (["DHM412"], "`live` and `off` have no branch", "int?") == (found.rules, found.message, found.type)


def test_literal_branches_are_members_where_an_enumeration_is_wanted():
    assert "enum(draft, live, off)" == typed('if(r.qty > 3, "live", "off")', want=STATUS).type
    assert ["DHM206"] == typed('if(r.qty > 3, "live", "on")', want=STATUS).rules


def test_a_text_beside_an_enumeration_is_a_member_of_it():
    assert "enum(draft, live, off)" == typed('if(r.qty > 3, r.status, "off")').type


@pytest.mark.parametrize(
    "text, rules, place",
    [
        ('if(r.qty > 3, "a", 1)', ["DHM201"], "1"),
        ('case when r.qty > 3 then 1 when r.qty > 2 then "b" otherwise 2 end', ["DHM201"], '"b"'),
        ("if(r.qty > 3)", ["DHM106"], "if(r.qty > 3)"),
        ('case r.sku when "A" then 1 when "A" then 2 otherwise 3 end', ["DHM409"], '"A"'),
        ("r.sku default 1", ["DHM301"], "1"),
        ("r.label default 1", ["DHM201"], "1"),
        ("coalesce(r.sku, r.label)", ["DHM301"], "r.label"),
        ("coalesce(r.sku)", ["DHM106"], "coalesce(r.sku)"),
        ("r.sku on error 1", ["DHM303", "DHM201"], None),
    ],
)
def test_a_choice_that_cannot_be_is_told(text, rules, place):
    found = typed(text)
    assert rules == found.rules
    assert place is None or place == found.place


@pytest.mark.parametrize(
    "text, shape, codes",
    [
        ("vat(r.sku).rate on error 0", "(vat(r.sku).rate on error use Decimal('0'))", ()),
        ("vat(r.sku).rate on error warn 0", "(vat(r.sku).rate on error warn Decimal('0'))", ()),
        ("vat(r.sku).rate on error reject", "vat(r.sku).rate", ("R401",)),
        ("vat(r.sku).rate on error reject P010", "(vat(r.sku).rate on error reject P010)", ("P010",)),
        ('vat(r.sku).rate on error vat("1").rate', '(vat(r.sku).rate on error use vat("1").rate)', ("R401",)),
        ('failed(vat(r.sku), "R401")', "failed(vat(r.sku), R401)", ()),
    ],
)
def test_a_failure_is_answered(text, shape, codes):
    found = typed(text)
    assert (shape, codes, []) == (found.shape, found.codes, found.rules)


def test_what_never_fails_needs_no_answer():
    assert ["DHM303"] == typed("length(r.sku) on error 0").rules
    assert [] == typed('r.sku on error ""', replace(in_row(), codes={"r.sku": ("R201",)})).rules


def test_a_column_of_which_nothing_is_known_may_fail():
    assert [] == typed('r.sku on error ""', replace(in_row(), codes=None)).rules


def test_null_for_a_failure_is_told_unless_it_is_listed():
    assert ["DHM304"] == typed("vat(r.sku).rate on error null").rules
    assert [] == typed("vat(r.sku).rate on error warn null").rules
