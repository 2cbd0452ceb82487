import pytest

from datahub.semantic import ir
from datahub.semantic.expressions import columns, nullable_operands, nullable_reads
from tests.unit.semantic.expression_scopes import in_checks, in_group, in_row, typed


@pytest.mark.parametrize(
    "text, shape, kind",
    [
        (
            "sum(l.qty * l.price for l in r.lines where l.qty > 0)",
            "sum(*(l.qty, l.price) for l in r.lines where >(l.qty, 0))",
            "decimal(57,10)",
        ),
        ("count(for l in r.lines where l.qty > 1)", "count( for l in r.lines where >(l.qty, 1))", "int"),
        ("first(l.sku for l in r.lines order by l.qty desc, l.sku)", "first(l.sku for l in r.lines order by l.qty desc, l.sku)", "text?"),
        ('join_text(",", l.sku for l in r.lines)', 'join_text(",", l.sku for l in r.lines)', "text?"),
        ("increasing(l.qty for l in r.lines)", "increasing(l.qty for l in r.lines)", "bool"),
        ("any(x = r.sku for x in r.tags)", "any(=(x, r.sku) for x in r.tags)", "bool"),
        (
            "[l.sku for l in r.lines where l.qty > 1 order by l.price]",
            "[l.sku for l in r.lines where >(l.qty, 1) order by l.price]",
            "[text]",
        ),
        ("[l for l in r.lines]", "[l for l in r.lines]", "[{sku: text, qty: int, price: decimal, note: text?}]"),
        ("[n * 2 for x, n in r.tags]", "[*(n, 2) for x in r.tags]", "[int]"),
        ("sum(n for n in 1..r.qty)", "sum(n for n in range(1, r.qty))", "int"),
        ("reverse(x for x in r.tags)", "reverse([x for x in r.tags])", "[text]"),
        ("[{include l, net: l.qty * 2} for l in r.lines]", None, "[{sku: text, qty: int, price: decimal, note: text?, net: int}]"),
        ("[[t & l.sku for t in r.tags] for l in r.lines]", "[[&(t, l.sku) for t in r.tags] for l in r.lines]", "[[text]]"),
        ("[key for key in r.tags]", "[key' for key' in r.tags]", "[text]"),
    ],
)
def test_a_loop_goes_over_the_elements_of_a_list(text, shape, kind):
    found = typed(text)
    assert (shape or found.shape, kind, []) == (found.shape, found.type, found.rules)


@pytest.mark.parametrize(
    "text, rule, place",
    [
        ("sum(r.qty)", "DHM106", "sum(r.qty)"),
        ("count()", "DHM106", "count()"),
        ("[x for x in r.sku]", "DHM201", "r.sku"),
        ("[x for x in r.extras]", "DHM201", "r.extras"),
        ("sum(l.sku for l in r.lines)", "DHM201", "l.sku"),
        ("sum(l.qtty for l in r.lines)", "DHM101", "qtty"),
        ("any(l.qty for l in r.lines)", "DHM201", "l.qty"),
        ("[l.qty for l in r.lines where l.sku]", "DHM201", "l.sku"),
        ("[l.qty for l in r.lines order by r.tags]", "DHM201", "r.tags"),
        ("sum(r.qty within r.sku)", "DHM106", "r.sku"),
    ],
)
def test_a_loop_that_cannot_be_is_told(text, rule, place):
    found = typed(text)
    assert ([rule], place) == (found.rules, found.place)


def test_the_entries_of_a_map_are_proposed_where_it_is_gone_over():
    assert "go over its entries: `entries(r.extras)`" == typed("[x for x in r.extras]").help


@pytest.mark.parametrize(
    "text, shape, kind",
    [
        ("ref", "key.ref", "text"),
        ("r.sku", "key.ref", "text"),
        ("upper(r.sku)", "upper(key.ref)", "text"),
        ("sum(r.qty)", "sum(r.qty of group)", "int"),
        ("count()", "count( of group)", "int"),
        ("count(* where r.qty > 1)", "count( of group where >(r.qty, 1))", "int"),
        ("first(r.price order by r.qty desc)", "first(r.price of group order by r.qty desc)", "decimal(12,2)"),
        ("first(r.price where r.qty > 1)", "first(r.price of group where >(r.qty, 1))", "decimal(12,2)?"),
        ("first(r.label)", "first(r.label of group)", "text?"),
        ("first(r.tags)", "first(r.tags of group)", "[text]"),
        ("same(r.day)", "same(r.day of group)", "date"),
        ("max(r.status)", "first(r.status of group order by enum_rank(r.status, ('draft', 'live', 'off')) desc)", "enum(draft, live, off)"),
        ("first(r.sku order by r.status)", "first(r.sku of group order by enum_rank(r.status, ('draft', 'live', 'off')))", "text"),
        (
            "[{a: x.sku, q: x.qty} for x in rows where x.qty > 1 order by x.qty]",
            "[{a: r.sku, q: r.qty} of group where >(r.qty, 1) order by r.qty]",
            "[{a: text, q: int}]",
        ),
        ("sum(x.qty for x in rows)", "sum(r.qty of group)", "int"),
        ("count(for x in rows where x.qty > 1)", "count( of group where >(r.qty, 1))", "int"),
        ("sum(sum(l.qty for l in r.lines))", "sum(sum(l.qty for l in r.lines) of group)", "int"),
        ("reverse(r.tags where r.qty > 1)", "reverse([r.tags of group where >(r.qty, 1)])", "[[text]]"),
        ('compact([if(any(r.label is not null), "colour", null)])', None, "[text(6..6)]"),
        ("sum([1, 2])", "sum((1, 2))", "int"),
        ("count(r.sku where r.sku = ref)", "count(r.sku of group where =(r.sku, key.ref))", "int"),
    ],
)
def test_in_a_group_aggregates_go_over_its_rows(text, shape, kind):
    found = typed(text, in_group())
    assert (shape or found.shape, kind, []) == (found.shape, found.type, found.rules)


@pytest.mark.parametrize(
    "text, place", [("r.label", "r.label"), ("label", "label"), ("r.sku & upper(r.label)", "r.label"), ("[x for x in r.tags]", "r.tags")]
)
def test_a_column_of_the_groups_rows_needs_an_aggregate(text, place):
    found = typed(text, in_group())
    assert (["DHM509"], place) == (found.rules, found.place)


def test_what_to_write_for_a_column_of_the_groups_rows():
    assert (
        "say which is meant: `first(r.label)`, `same(r.label)`, `list(r.label)`, …, or make it a key: `group by …, r.label`"
        == typed("r.label", in_group()).help
    )


def test_a_mistake_inside_an_aggregate_is_told_once():
    assert ["DHM101"] == typed("sum(r.qtyy)", in_group()).rules


@pytest.mark.parametrize(
    "text, shape, kind",
    [
        ("count()", "count( within ())", "int"),
        ("count(* within sku) = 1", "=(count( within (sku)), 1)", "bool"),
        ("sum(qty within sku, status order by day)", "sum(qty within (sku, status) order by day)", "int"),
        ("max(qty within sku)", "max(qty within (sku))", "int"),
        ("row_number(within sku order by day desc)", "row_number(, 0 within (sku) order by day desc)", "int"),
        ("lag(qty within sku order by day)", "lag(qty, 1 within (sku) order by day)", "int?"),
        ("lead(label, 2 within sku)", "lead(label, 2 within (sku))", "text?"),
        ("first(tags)", "first(tags)", "text?"),
    ],
)
def test_a_window_goes_over_the_rows_that_share_a_key(text, shape, kind):
    found = typed(text, in_checks())
    assert (shape, kind, []) == (found.shape, found.type, found.rules)


@pytest.mark.parametrize("text", ["sum(qty)", "upper(sku within day)", "row_number(qty within sku)", "lag(qty, 0 within sku)"])
def test_a_window_that_cannot_be_is_told(text):
    assert ["DHM106"] == typed(text, in_checks()).rules


@pytest.mark.parametrize(
    "text, read, answered",
    [
        ("stock > 3", {"stock"}, {"stock"}),
        ("stock is not null and stock > 3", {"stock"}, set()),
        ("(stock default 0) > qty", {"stock", "qty"}, set()),
        ("coalesce(stock, qty) > 3", {"stock", "qty"}, set()),
        ("count(* within label) = 1", {"label"}, {"label"}),
        ("count(for t in lines where t.price > price) = 0", {"lines", "price"}, set()),
        ("any(t.note = label for t in lines)", {"lines", "label"}, {"label"}),
        ('label = "x" or stock is null', {"label", "stock"}, {"label"}),
    ],
)
def test_a_check_is_asked_where_the_nullable_columns_that_it_reads_are_there(text, read, answered):
    value = typed(text, in_checks()).value
    assert (read, answered) == (columns(value), nullable_reads(value))


def test_a_nullable_field_of_a_struct_is_asked_about_itself():
    value = typed('customer.name = "x"', in_checks()).value
    (operand,) = nullable_operands(value)
    assert isinstance(operand, ir.Field)
    assert "name" == operand.name
    assert frozenset() == nullable_reads(value)


def test_columns_of_a_loop_are_not_columns_of_the_frame():
    assert {"r.lines", "r.sku"} == columns(typed("[l.qty for l in r.lines where l.sku = r.sku]", in_row()).value)
    assert {"r.lines"} == columns(typed('[r.qty for r in r.lines where r.sku = "a"]', in_row()).value)
    assert {"r.lines", "r.qty"} == columns(typed("r.qty + sum(r.qty for r in r.lines)", in_row()).value)
