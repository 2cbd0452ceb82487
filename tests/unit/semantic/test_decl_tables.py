"""Lookups and decision tables: cells typed by their columns, keys, what a miss does, what feeds them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.semantic.programs import ROWS, findings, messages, program


def lookup(head: str, *rows: str, otherwise: str = "", more: str = "") -> Any:
    return program(text(head, *rows, otherwise=otherwise) + more).lookups[0]


def text(head: str, *rows: str, otherwise: str = "") -> str:
    return "\n".join((f"lookup l {head} {{", *(f"  {row}" for row in (*rows, otherwise) if row), "}\n"))


def test_cells_are_typed_by_their_columns():
    table = lookup(
        "(erp: text, size: int) -> {rate: decimal(5,2), day: date?}",
        "| erp | size | rate | day |",
        "| A | 1 | 5.5 | |",
        "| B | 2 | 20 | 2024-01-31 |",
    )
    assert (("A", 1), None, (Decimal("5.50"), None)) == table.rows[0]
    assert (("B", 2), None, (Decimal("20.00"), date(2024, 1, 31))) == table.rows[1]


def test_columns_may_stand_in_any_order_and_absent_nullable_ones_are_null():
    table = lookup("(erp: text) -> {a: int, b: text?}", "| a | erp |", "| 1 | X |")
    assert ((("X",), None, (1, None)),) == table.rows


def test_several_keys_share_a_row():
    table = lookup("(erp: text) -> text", "| erp | x |", '| A, "B,C" | 1 |')
    assert [("A",), ("B,C",)] == [row[0] for row in table.rows]


def test_empty_text_is_written_in_quotes():
    assert "" == lookup("(erp: text) -> text", "| erp | x |", '| A | "" |').rows[0][2]
    assert ["DHM005"] == [code for code, _ in findings(text("(erp: text) -> text", "| erp | x |", "| A |  |"))]


@pytest.mark.parametrize(
    "head, header, row, code",
    [
        ("(a: int) -> text", "| a | b |", "| x | y |", "DHM005"),
        ("(a: text) -> decimal(4,2)", "| a | b |", "| x | 1.234 |", "DHM005"),
        ("(a: text) -> enum(p, q)", "| a | b |", "| x | r |", "DHM005"),
        ("(a: text) -> date", "| a | b |", "| x | 31/01/2024 |", "DHM005"),
        ("(a: text) -> {p: int, q: int}", "| a | p | r |", "| x | 1 | 2 |", "DHM004"),
        ("(a: text) -> {p: int, q: int}", "| a | p |", "| x | 1 |", "DHM004"),
        ("(a: text) -> text", "| a |", "| x |", "DHM004"),
        ("(aaaa: text) -> text", "| aaab | b |", "| x | y |", "DHM004"),
        ("(a: text) -> text", "| a | a |", "| x | y |", "DHM103"),
    ],
)
def test_what_does_not_fit_a_table_is_told_once(head, header, row, code):
    assert [code] == [one for one, _ in findings(text(head, header, row))]


def test_a_key_that_stands_twice_is_told():
    assert [("DHM504", "A")] == findings(text("(erp: text) -> text", "| erp | x |", "| A | 1 |", "| A | 2 |"))
    assert [("DHM504", "B, A")] == findings(text("(erp: text) -> text", "| erp | x |", "| A | 1 |", "| B, A | 2 |"))


def test_periods_of_one_key_do_not_begin_together():
    head, header = "(erp: text) asof since: date -> text", "| erp | since | x |"
    assert [date(2024, 1, 1), date(2024, 7, 1)] == [
        row[1] for row in lookup(head, header, "| A | 2024-01-01 | 1 |", "| A | 2024-07-01 | 2 |").rows
    ]
    assert ["DHM506"] == [code for code, _ in findings(text(head, header, "| A | 2024-01-01 | 1 |", "| A | 2024-01-01 | 2 |"))]


@pytest.mark.parametrize(
    "otherwise, miss",
    [
        ("", "error"),
        ("otherwise error", "error"),
        ('otherwise error "no {erp}"', "error"),
        ("otherwise self", "self"),
        ('otherwise "x"', "value"),
        ("otherwise null", "value"),
    ],
)
def test_a_miss_does_as_is_said(otherwise, miss):
    result = "text?" if "null" in otherwise else "text"
    table = lookup(f"(erp: text) -> {result}", "| erp | x |", "| A | 1 |", otherwise=otherwise)
    assert miss == table.miss
    assert ("no" in otherwise) == (table.message is not None)


def test_a_lookup_that_gives_null_for_a_miss_is_nullable_where_it_is_called():
    more = ROWS + "entity E {\n  key sku\n  sku : text\n  x : text\n}\nmap E from r in rows {\n  sku: r.sku\n  x: l(r.sku)\n}\n"
    made = program(text("(erp: text) -> text", "| erp | x |", "| A | 1 |", otherwise="otherwise null") + more)
    assert "R201" in {field: codes for _, field, codes in made.signature}["x"]


def test_a_lookup_cannot_give_its_key_as_another_type():
    assert ["`l` cannot give its own key"] == messages(text("(erp: text) -> int", "| erp | x |", "| A | 1 |", otherwise="otherwise self"))


FEED = "source feed: csv {\n  columns {\n    erp : text\n    iso : text\n    more : int?\n  }\n}\n"


def test_a_source_feeds_a_lookup_by_the_names_of_its_columns():
    made = program(FEED + "lookup l (erp: text) -> {iso: text, more: int?} from feed\n")
    assert ("feed", ("iso", "more")) == (made.lookups[0].source, made.lookups[0].feed_columns)


def test_a_view_feeds_a_lookup_with_the_one_column_besides_the_keys():
    made = program(FEED + "view v from f in feed {\n  erp: f.erp\n  iso: f.iso\n}\nlookup l (erp: text) -> text from v\n")
    assert ("v", ("iso",)) == (made.lookups[0].source, made.lookups[0].feed_columns)


@pytest.mark.parametrize(
    "declared, code",
    [
        ("lookup l (erp: text) -> text from feed\n", "DHM101"),
        ("lookup l (code: text) -> {iso: text} from feed\n", "DHM101"),
        ("lookup l (erp: int) -> {iso: text} from feed\n", "DHM201"),
        ("lookup l (erp: text) -> {iso: date} from feed\n", "DHM201"),
        ("lookup l (erp: text) -> {iso: text} from feeed\n", "DHM101"),
    ],
)
def test_a_feed_that_does_not_fit_is_told(declared, code):
    assert [code] == [one for one, _ in findings(FEED + declared)]


def test_an_inverse_is_allowed_where_values_are_unique():
    table = text("(erp: text) -> {code: text, rate: int}", "| erp | code | rate |", "| 1 | A | 5 |", "| 2 | B | 5 |")
    fn = "fn f(x: text) = inverse(l.code, x)\nfn g(x: int) = inverse(l.rate, x)\n"
    assert [("DHM505", "l.rate")] == findings(table + fn)


# ---------------------------------------------------------------- decision tables


def decision(head: str, *rows: str) -> Any:
    return program(decide(head, *rows)).decisions[0]


def decide(head: str, *rows: str) -> str:
    return "\n".join((f"decide d {head} {{", *(f"  {row}" for row in rows), "}\n"))


def cell_tests(kind: str, cell: str) -> tuple[ir.CellTest, ...]:
    return decision(f"(x: {kind}) -> int", "| x || y |", f"| {cell} || 1 |").rows[0].tests[0]


@pytest.mark.parametrize(
    "kind, cell, expected",
    [
        ("text", "-", (ir.AnyValue(),)),
        ("text?", "null", (ir.IsNull(),)),
        ("text", "FR, BE", (ir.OneOf(("FR", "BE")),)),
        ("text", "not (FR, BE)", (ir.OneOf(("FR", "BE"), True),)),
        ("text", '"null"', (ir.OneOf(("null",)),)),
        ("decimal", "(0.5..30]", (ir.Between(Decimal("0.5"), False, Decimal(30), True),)),
        ("int", "1..5, 9", (ir.Between(1, True, 5, True), ir.OneOf((9,)))),
        ("int", "> 30", (ir.Between(30, False, None, False),)),
        ("int", "not 1..5", (ir.Between(None, False, 1, False), ir.Between(5, False, None, False))),
        ("int", "not > 5", (ir.Between(None, False, 5, True),)),
        ("text?", "not null", (ir.OneOf((), True),)),
        ("bool", "yes", (ir.OneOf((True,)),)),
        ("text", "/A.*/i", (ir.Like("(?i)A.*"),)),
        ("date", ">= 2024-01-01", (ir.Between(date(2024, 1, 1), True, None, False),)),
        ("enum(a, b)", "a", (ir.OneOf(("a",)),)),
    ],
)
def test_cells_are_tests_of_their_input(kind, cell, expected):
    assert _plain(expected) == _plain(cell_tests(kind, cell))


def _plain(found: tuple[ir.CellTest, ...]) -> list[str]:
    return [str(one).replace(".000000000000000", "").replace("0.500000000000000", "0.5") for one in found]


@pytest.mark.parametrize(
    "kind, cell", [("int", "x"), ("bool", "> 5"), ("int", "5..1"), ("text", "null"), ("int", "/a/"), ("int", "not (1..5, 9)")]
)
def test_a_test_that_does_not_fit_its_input_is_told(kind, cell):
    assert ["DHM005"] == [code for code, _ in findings(decide(f"(x: {kind}) -> int", "| x || y |", f"| {cell} || 1 |"))]


def test_outputs_are_typed_by_the_result():
    table = decision(
        "(w: int) -> {class: text, carrier: text?}",
        "policy unique",
        "| w || carrier | class |",
        "| 1 || | letter |",
        'otherwise {class: "manual", carrier: null}',
    )
    assert ["letter", None] == [one.value for one in table.rows[0].outputs]
    assert "unique" == table.policy
    assert table.otherwise is not None


def test_a_table_that_collects_gives_lists():
    assert t.ListOf(t.Text()) == decision("(w: int) -> text", "policy collect", "| w || tag |", "| 1 || small |").result


@pytest.mark.parametrize(
    "rows, code",
    [
        (("| w | y |", "| 1 | 2 |"), "DHM003"),
        (("| v || y |", "| 1 || 2 |"), "DHM004"),
        (("policy frist", "| w || y |", "| 1 || 2 |"), "DHM101"),
        (("| w || y |", "| 1 || x |"), "DHM005"),
    ],
)
def test_a_decision_table_that_does_not_fit_is_told(rows, code):
    assert code in [one for one, _ in findings(decide("(w: int) -> int", *rows))]
