import pytest

from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.semantic.expression_scopes import asked, in_row, row, typed


@pytest.mark.parametrize(
    "text, kind, codes",
    [
        ("r.qty + 2", "int", ("R602",)),
        ("r.qty * r.price", "decimal(31,2)", ()),
        ("r.price + 0.5", "decimal(13,2)", ()),
        ("r.qty / 1000", "decimal(25,6)", ()),
        ("r.qty / r.qty", "decimal(25,6)", ("R601",)),
        ("r.stock + 1", "int?", ("R602",)),
        ("r.ratio * 1.5", "float", ("R602",)),
        ("-r.price", "decimal(12,2)", ()),
        ('r.sku & "x"', "text", ()),
        ("r.label & r.sku", "text?", ()),
    ],
)
def test_arithmetic_plans_its_type_and_its_reject_codes(text, kind, codes):
    found = typed(text)
    assert (kind, codes, []) == (found.type, found.codes, found.rules)


@pytest.mark.parametrize(
    "text, place, help",
    [
        ("r.qty + r.sku", "r.sku", "write `int(r.sku)`"),
        ("r.price * r.sku", "r.sku", "write `decimal(r.sku)`"),
        ('r.sku + "x"', "r.sku", 'texts are joined with `&`: `r.sku & "x"`'),
        ('r.qty + " pieces"', '" pieces"', 'texts are joined with `&`: `text(r.qty) & " pieces"`'),
        ("r.sku & r.qty", "r.qty", "write `text(r.qty)`"),
        ("r.day + 1", "r.day", "days are added with `add_days(r.day, 1)`"),
        ("r.day - r.day", "r.day", "the days between two dates are `days_between(r.day, r.day)`"),
    ],
)
def test_arithmetic_on_the_wrong_type_says_what_to_write(text, place, help):
    found = typed(text)
    assert (["DHM201"], place, help) == (found.rules, found.place, found.help)


def test_a_product_beyond_the_digits_of_a_decimal_is_noted():
    found = typed("r.price * r.price * r.price * r.price * r.price * r.price * r.price")
    assert (["DHM211"], ("R602",)) == (found.rules, found.codes)


@pytest.mark.parametrize(
    "text, shape",
    [
        ("r.qty = 1", "=(r.qty, 1)"),
        ("r.price > r.qty", ">(r.price, r.qty)"),
        ("r.label = null", "is_null(r.label)"),
        ("r.label <> null", "not(is_null(r.label))"),
        ('r.status = "live"', '=(r.status, "live")'),
        ('r.status >= "live"', ">=(enum_rank(r.status, ('draft', 'live', 'off')), 2)"),
        ('"live" <= r.status', "<=(2, enum_rank(r.status, ('draft', 'live', 'off')))"),
        ("r.status = r.sku", "=(r.status, r.sku)"),
        ("r.ratio > 1", ">(r.ratio, 1.0)"),
    ],
)
def test_values_of_one_kind_are_compared(text, shape):
    found = typed(text)
    assert (shape, "bool", []) == (found.shape, found.type, found.rules)


@pytest.mark.parametrize(
    "text, message, place, help",
    [
        ("r.sku = 1", "text compared with int", "r.sku", "write `int(r.sku)`"),
        ('r.qty = "1"', "int compared with text", '"1"', "write `1`"),
        ('r.day > "2024-01-01"', "date compared with text", '"2024-01-01"', 'write `date("2024-01-01")`'),
        ("r.qty = r.sku", "int compared with text", "r.sku", "write `int(r.sku)`"),
        ("r.day = r.at", "date compared with datetime", "r.at", 'write `local_date(r.at, "Europe/Paris")`'),
        ("r.ratio = r.price", "float compared with decimal", "r.ratio", "write `decimal(r.ratio)`"),
    ],
)
def test_values_of_different_kinds_are_not(text, message, place, help):
    found = typed(text)
    assert (["DHM202"], message, place, help) == (found.rules, found.message, found.place, found.help)


@pytest.mark.parametrize(
    "text, rule",
    [
        ('r.status = "liv"', "DHM206"),
        ("r.status > r.sku", "DHM212"),
        ("r.tags > r.tags", "DHM201"),
        ("r.customer < r.customer", "DHM201"),
        ("r.stock > 3", "DHM305"),
    ],
)
def test_what_cannot_be_compared_or_may_be_null_is_told(text, rule):
    assert [rule] == typed(text).rules


def test_ordering_with_null_is_a_note_so_that_clean_scripts_stay_clean():
    (note,) = typed("r.stock > 3").told
    assert "note" == note.level


@pytest.mark.parametrize(
    "text, shape",
    [
        ('r.sku in ("a", "b")', "in_set(r.sku, ('a', 'b'))"),
        ('r.label not in ("a", null)', "not_in_set(r.label, ('a', None))"),
        ("r.qty in (1, 2.5)", "in_set(r.qty, (Decimal('1'), Decimal('2.5')))"),
        ('r.sku in ("a", r.label)', 'in_list(r.sku, ["a", r.label])'),
        ("r.sku in r.tags", "in_list(r.sku, r.tags)"),
        ("r.sku not in r.tags", "not_in_list(r.sku, r.tags)"),
        ("r.qty in 1..10", "(>=(r.qty, 1) and <=(r.qty, 10))"),
        ("r.qty not in 1..10", "(<(r.qty, 1) or >(r.qty, 10))"),
        ("r.sku in vat", "vat has r.sku"),
        ("r.sku not in m.units", "not(m.units has r.sku)"),
        ("r.label not in vat", "(not(is_null(r.label)) and not(vat has r.label))"),
        ("r.label is blank", "is_blank(r.label)"),
        ("r.label is not null", "not(is_null(r.label))"),
        ("1..r.qty", "range(1, r.qty)"),
        ("not r.qty > 3", "not(>(r.qty, 3))"),
        ("not not r.qty > 3", ">(r.qty, 3)"),
    ],
)
def test_membership_and_presence(text, shape):
    found = typed(text)
    assert (shape, []) == (found.shape, found.rules)


@pytest.mark.parametrize(
    "text, rule, place",
    [
        ('r.sku in ("a", 1)', "DHM202", "1"),
        ('r.status in ("draft", "on")', "DHM206", '"on"'),
        ("r.sku in r.qty", "DHM201", "r.qty"),
        ("r.qty in r.tags", "DHM202", "r.qty"),
        ("r.qty in vat", "DHM201", "r.qty"),
        ("r.qty is blank", "DHM201", "r.qty"),
        ("r.price is null", "DHM401", "r.price is null"),
        ("r.price is not null", "DHM402", "r.price is not null"),
    ],
)
def test_membership_that_cannot_be_is_told_where_it_stands(text, rule, place):
    found = typed(text)
    assert ([rule], place) == (found.rules, found.place)


def test_matching_is_never_null_and_neither_is_its_negation():
    assert "bool" == typed("r.label matches /A.*/").type
    assert "bool" == typed("r.label not matches /A.*/").type


def test_the_row_of_a_left_join_is_asked_about_by_a_field_that_it_always_has():
    scope = in_row().with_row(row("c", nullable=True))
    assert "is_null(c.sku)" == typed("c is null", scope).shape


@pytest.mark.parametrize(
    "text, rules",
    [
        ("r.flag", ["DHM306"]),
        ("r.flag default false", []),
        ("r.sku", ["DHM201"]),
        ("r.tags", ["DHM201"]),
        ("r.flag and r.qty > 1", ["DHM306"]),
        ("r.qty > 1 or r.sku", ["DHM201"]),
        ("not r.flag", ["DHM306"]),
    ],
)
def test_a_condition_is_true_or_false(text, rules):
    assert rules == asked(text).rules


def test_what_to_write_for_a_nullable_condition_keeps_its_meaning():
    assert "say what null counts as: `r.flag default false`" == asked("r.flag").help


def test_a_long_chain_is_typed():
    chain = " & ".join(["r.sku"] * 90)
    assert "text" == typed(chain).type
    assert "bool" == typed(" and ".join(["r.qty > 1"] * 90)).type


def test_enumerations_without_a_common_member_are_never_equal():
    scope = in_row().naming({"other": ir.Column("other", t.Enum(("a", "b")))})
    assert ["DHM202"] == typed("r.status = other", scope).rules
