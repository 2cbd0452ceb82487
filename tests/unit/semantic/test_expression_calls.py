import pytest

from datahub.types import model as t
from tests.unit.semantic.expression_scopes import declare, in_row, typed, world


@pytest.mark.parametrize(
    "text, shape, kind",
    [
        ("upper(r.sku)", "upper(r.sku)", "text"),
        ("upper(r.label)", "upper(r.label)", "text?"),
        ("left(r.sku, count: 3)", "left(r.sku, 3)", "text"),
        ('join_text(" ", r.sku, r.label)', 'join_text(" ", r.sku, r.label)', "text?"),
        ("distinct(r.tags)", "distinct(r.tags)", "[text]"),
        ("nth(r.tags, 1)", "nth(r.tags, 1)", "text?"),
        ('get(r.extras, "a")', 'get(r.extras, "a")', "text?"),
        ('index_by(r.lines, "sku", "note")', 'index_by(r.lines, "sku", "note")', "map(text?)"),
        ("compact([r.label, null])", "compact([r.label, None])", "[text]"),
        ("upper(r.status)", "upper(r.status)", "text"),
        ('has(r.extras, "a")', 'has(r.extras, "a")', "bool"),
        ("has(r.label)", "has r.label", "bool"),
        ("row_no(r)", "row_no", "int"),
        ("file_name(r)", "file_name", "text"),
        ("concat(r.tags, [])", "concat(r.tags, ())", "[text]"),
    ],
)
def test_a_function_is_called_with_what_it_takes(text, shape, kind):
    found = typed(text)
    assert (shape, kind, []) == (found.shape, found.type, found.rules)


@pytest.mark.parametrize(
    "text, rule, message, help",
    [
        (
            'is_workday(date("2024-05-03"), weekend: [8])',
            "DHM106",
            "`is_workday` does not take `[8]`: `weekend` names days of the week from 1, Monday, to 7, and leaves one at least",
            None,
        ),
        (
            'add_workdays(date("2024-05-03"), 5, [], [1, 2, 3, 4, 5, 6, 7])',
            "DHM106",
            "`add_workdays` does not take `[1, 2, 3, 4, 5, 6, 7]`: `weekend` names days of the week from 1, Monday, to 7, and leaves one at least",
            None,
        ),
        ("upper(r.qty)", "DHM201", "`upper` takes text, and `r.qty` is an int", "write `text(r.qty)`"),
        ("left(r.sku, r.sku)", "DHM201", "`left` takes an int as `count`, and `r.sku` is text", "write `int(r.sku)`"),
        ("uper(r.sku)", "DHM105", "there is no function `uper`", "write `upper`"),
        ("ucase(r.sku)", "DHM105", "there is no function `ucase`", None),
        ("left(r.sku, cuont: 3)", "DHM106", "`left` has no argument `cuont`", "write `count`"),
        (
            "has(r.qty + 1)",
            "DHM106",
            "`has` asks whether a row has a column, and `r.qty + 1` is none",
            'of a map, ask for the key: `has(m, "key")`',
        ),
        ("row_no(x)", "DHM106", "`row_no` takes a row, and gives where it was read", "write `row_no(r)`"),
        (
            'if(r.qty > 1, "a", "b" for x in r.tags)',
            "DHM106",
            "`if` takes one value, and `for` gives many",
            "make a list: `[if(x) for x in …]`",
        ),
    ],
)
def test_a_call_that_does_not_fit_says_what_to_write(text, rule, message, help):
    found = typed(text)
    assert ([rule], message) == (found.rules, found.message)
    assert help is None or help == found.help


def test_too_many_arguments_are_told_at_the_first_surplus_one():
    found = typed("upper(r.sku, 2)")
    assert (["DHM106"], "2") == (found.rules, found.place)


def test_too_few_arguments_are_told_by_the_name_of_what_is_left_out():
    found = typed("left()")
    assert (["DHM106"], "`left` is called without `value`") == (found.rules, found.message)


def test_a_constant_of_a_signature_is_no_column():
    found = typed("index_by(r.lines, r.sku)")
    assert (["DHM106"], "`key` of `index_by` is a constant", "r.sku") == (found.rules, found.message, found.place)


@pytest.mark.parametrize(
    "text, shape, kind, codes",
    [
        ("vat(r.sku).rate", "vat(r.sku).rate", "decimal(5,2)", ("R401",)),
        ("vat(erp: r.sku).code", "vat(r.sku).code", "text", ("R401",)),
        ("vat(r.label).rate", "vat(r.label).rate", "decimal(5,2)?", ("R401",)),
        ("fx(r.sku, r.day)", "fx(r.sku, r.day)", "decimal(12,6)", ("R401", "R402")),
        ("m.units(r.sku)", "m.units(r.sku)", "text", ("R401",)),
        ("inverse(m.units, r.sku)", "inverse m.units(r.sku)", "text", ("R401",)),
        ("inverse(vat.code, r.sku)", "inverse vat(r.sku).code", "text", ("R401",)),
        ("ship(r.price, r.sku).carrier", "ship(r.price, r.sku).carrier", "text?", ("R405",)),
        ("ship(null, r.sku).class", "ship(None, r.sku).class", "text", ("R405",)),
        ("ship(r.price, r.label).class", "choose(is_null(r.label): None, ship(r.price, r.label)).class", "text?", ("R405",)),
        ("ship(r.qty, r.sku).class", "ship(fit(r.qty, decimal(19,0)), r.sku).class", "text", ("R405",)),
    ],
)
def test_lookups_and_decisions_are_called_with_their_keys(text, shape, kind, codes):
    found = typed(text)
    assert (shape, kind, codes, []) == (found.shape, found.type, found.codes, found.rules)


@pytest.mark.parametrize(
    "text, rule, help",
    [
        ("vat(r.qty)", "DHM201", "write `text(r.qty)`"),
        ("vat()", "DHM106", "write `vat(erp)`"),
        ("fx(r.sku)", "DHM106", "write `fx(currency, day)`"),
        ("inverse(vat, r.sku)", "DHM106", "say one of `vat.code`, `vat.rate`"),
        ("inverse(vat.rate, 3)", "DHM505", None),
        ("inverse(r.sku, 3)", "DHM106", None),
    ],
)
def test_a_lookup_that_cannot_be_asked_so_is_told(text, rule, help):
    found = typed(text)
    assert ([rule], help) == (found.rules, found.help)


def test_a_function_of_the_script_is_put_where_it_is_called():
    made = world()
    declare(
        made,
        "fn eur(amount: decimal, currency: text, on_day: date) = amount * fx(currency, on_day)",
        amount=t.Decimal(),
        currency=t.Text(),
        on_day=t.Date(),
    )
    found = typed("eur(r.price, r.sku, r.day)", in_row(made))
    assert ("*(r.price, fx(r.sku, r.day))", "decimal(24,8)", ("R401", "R402")) == (found.shape, found.type, found.codes)


def test_lets_of_a_function_are_shared():
    made = world()
    declare(made, "fn f(x: decimal) {\n  let double: x * 2\n  double + double\n}", x=t.Decimal())
    value = typed("f(r.price)", in_row(made)).value
    assert value.arguments[0] is value.arguments[1]


def test_a_function_is_null_where_an_argument_that_must_be_there_is():
    made = world()
    declare(made, "fn twice(x: int) -> int = x + x", result=t.Int(), x=t.Int())
    found = typed("twice(r.stock)", in_row(made))
    assert ("choose(is_null(r.stock): None, +(r.stock, r.stock))", "int?", []) == (found.shape, found.type, found.rules)


def test_a_nullable_parameter_takes_null_as_it_is():
    made = world()
    declare(made, 'fn named(x: text?) = x default "?"', x=t.Text(True))
    assert ('(r.label default "?")', "text") == (typed("named(r.label)", in_row(made)).shape, typed("named(r.label)", in_row(made)).type)


def test_a_mistake_in_a_function_is_told_once_however_often_it_is_called():
    made = world()
    declare(made, 'fn bad(x: int) = x & "a"', x=t.Int())
    scope = in_row(made)
    assert (["DHM201"], []) == (typed("bad(1)", scope).rules, typed("bad(r.qty)", scope).rules)


def test_a_function_that_calls_itself_is_told():
    made = world()
    declare(made, "fn even(x: int) = odd(x - 1)", x=t.Int())
    declare(made, "fn odd(x: int) = even(x - 1)", x=t.Int())
    assert ["DHM104"] == typed("even(r.qty)", in_row(made)).rules


def test_the_loops_of_a_function_do_not_take_the_names_of_its_arguments():
    made = world()
    declare(made, "fn above(xs: [int], least: int) = sum(l for l in xs where l > least)", xs=t.ListOf(t.Int()), least=t.Int())
    found = typed("[above([l.qty], l.qty) for l in r.lines]", in_row(made))
    assert "[sum(above:l for above:l in [l.qty] where >(above:l, l.qty)) for l in r.lines]" == found.shape


def test_functions_that_call_each_other_twice_stay_small():
    made = world()
    declare(made, "fn f0(x: int) = x + 1", x=t.Int())
    for number in range(1, 60):
        declare(made, f"fn f{number}(x: int) = f{number - 1}(x) + f{number - 1}(x)", x=t.Int())
    assert ("int", ("R602",)) == (typed("f59(r.qty)", in_row(made)).type, typed("f59(r.qty)", in_row(made)).codes)


def test_a_text_too_long_for_a_parameter_is_a_possible_reject():
    made = world()
    declare(made, "fn short(x: text(3)) = upper(x)", x=t.Text(longest=3))
    assert ("upper(fit(r.sku, text(3)))", ("R202",)) == (
        typed("short(r.sku)", in_row(made)).shape,
        typed("short(r.sku)", in_row(made)).codes,
    )


@pytest.mark.parametrize("text, help", [('twice("a")', 'write `int("a")`'), ("twice()", "write `twice(x)`"), ("twice(number: 1)", None)])
def test_a_function_of_the_script_says_what_it_takes(text, help):
    made = world()
    declare(made, "fn twice(x: int) = x + x", x=t.Int())
    assert help == typed(text, in_row(made)).help


def test_a_declaration_goes_before_a_builtin_function_of_its_name():
    made = world()
    declare(made, "fn upper(x: text) = x & x", x=t.Text())
    assert "&(r.sku, r.sku)" == typed("upper(r.sku)", in_row(made)).shape


@pytest.mark.parametrize("text", ["least(r.status, r.status)", "sort([r.status])", 'clamp(r.status, "draft", "live")'])
def test_functions_that_order_texts_take_no_members(text):
    assert ["DHM212"] == typed(text).rules


def test_functions_that_go_too_deep_are_told():
    made = world()
    declare(made, "fn f0(x: int) = x + 1", x=t.Int())
    for number in range(1, 200):
        declare(made, f"fn f{number}(x: int) = f{number - 1}(x)", x=t.Int())
    assert ["DHM104"] == typed("f199(r.qty)", in_row(made)).rules


@pytest.mark.parametrize(
    "text, place",
    [
        ('text(r.day, "dd/mm/yyyy")', "mm"),
        ('text(r.day, "YYYY-MM-dd")', "YYYY"),
        ('text(r.at, "HH:MM")', "MM"),
        ('text(r.at, "hh:mm")', "hh"),
        ('date(r.sku, "DD/MM/yyyy")', "DD"),
    ],
)
def test_letters_of_a_date_that_mean_something_else_are_told(text, place):
    found = typed(text)
    assert (["DHM208"], place) == (found.rules, found.place)


@pytest.mark.parametrize(
    "text", ['text(r.day, "dd/MM/yyyy")', 'text(r.at, "yyyy-MM-dd HH:mm:ss")', 'text(r.at, "hh:mm a")', "text(r.day, \"d 'of' MMMM\")"]
)
def test_formats_that_mean_what_they_seem_to_are_let_be(text):
    assert [] == typed(text).rules


@pytest.mark.parametrize(
    "text, message",
    [
        ('datetime(r.sku, zone: "Mars/Olympus")', "there is no time zone `Mars/Olympus`"),
        (
            'decimal(r.sku, "ab")',
            '`decimal` does not take `"ab"`: `ab` cannot be a decimal mark, which is one character and no digit, letter, sign or space',
        ),
        ("vat_of(r.price, 20)", "`20` is no share, and every row would be rejected"),
    ],
)
def test_an_option_that_a_function_cannot_take_is_told_before_any_row(text, message):
    found = typed(text)
    assert (["DHM106"], message) == (found.rules, found.message)


@pytest.mark.parametrize(
    "text, message",
    [
        ('parse_duration(r.sku, "e")', '`parse_duration` does not take `"e"` as `unit`'),
        ("extract_all(r.sku, /a/, 2)", "`extract_all` does not take `2` as `group`"),
        ('to_zone(now(), "Mars/Olympus")', '`to_zone` does not take `"Mars/Olympus"` as `zone`'),
        ("int(r.sku, 99)", "`int` does not take `99` as `base`"),
    ],
)
def test_a_constant_that_no_rule_of_a_function_takes_is_told_and_no_other_argument(text, message):
    found = typed(text)
    assert (["DHM106"], message) == (found.rules, found.message)
