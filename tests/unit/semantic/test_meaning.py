"""What scripts mean, as hashes: the same however it is written, another where it is."""

from __future__ import annotations

import pytest

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.semantic.elaborate import elaborate_whole
from datahub.semantic.meaning import meaning, meanings, written
from datahub.syntax.format import format_script
from datahub.syntax.parser import parse
from tests.unit.semantic.programs import Files

SCRIPT = """\
pack acme.orders 1.0.0 { exports Order }
use "base.dhm" as b
type Code = text(1..3) matches /[A-Z]+/
param rate: decimal = 1.5
source orders: csv { delimiter ";"  columns { id: text, total: decimal, ship: text? } }
target out: csv { delimiter "," }
entity Order {
  key id
  ## its number
  id      : text
  total   : decimal(8,2)  where total < 1000
  carrier : Code?
}
fn half(x: decimal) = b.halved(x) + 0
lookup carriers (code: text) -> text? {
  | code | carrier |
  | DPD  | DPD     |
  otherwise null
}
decide fee (total: decimal) -> int {
  | total || fee |
  | > 10  || 1   |
  otherwise 2
}
view big from o in orders where o.total > 1 { include o }
map Order from o in big {
  let net : half(o.total) * $rate
  id      : o.id
  total   : net
  carrier : carriers(o.ship default "")
}
rules tidy for Order { rule R1 when total = 0 set total: 1 }
checks Order { O001 error: total > fee(total) }
flow f { write Order to out }
"""
BASE = "fn halved(x: decimal) = x / 2\nfn other(x: int) = x\n"


def items(script: str, base: str = BASE) -> dict[str, str]:
    told: list[Diagnostic] = []
    made = elaborate_whole(parse(Document("script.dhm", script), told.append), Files({"base.dhm": base}), told.append)
    assert [] == [one.message for one in told if one.level is Severity.ERROR]
    assert meanings(made, made.units[-1]).keys() >= written(made.units[-1]).keys()
    return meanings(made, made.units[-1])


def changed(script: str, base: str = BASE) -> set[str]:
    before, now = items(SCRIPT), items(script, base)
    return {name for name in {*before, *now} if before.get(name) != now.get(name)}


def test_comments_formatting_and_the_order_of_independent_declarations_change_nothing():
    spaced = SCRIPT.replace("fn half", "# a comment\n\n## words\nfn half").replace("o.total > 1", "(o.total)   >  1")
    assert set() == changed(spaced)
    assert set() == changed(format_script(Document("script.dhm", SCRIPT)))
    head, _, rest = SCRIPT.partition("target out")
    assert set() == changed(head + rest.partition("\n")[2] + "target out" + rest.partition("\n")[0] + "\n")
    assert set() == changed(SCRIPT.replace("as b", "as c").replace("b.halved", "c.halved"), BASE)
    assert set() == changed(SCRIPT, BASE.replace("x: int) = x", "x: int) = x + 1"))


@pytest.mark.parametrize(
    ("before", "now", "items"),
    [
        ("/[A-Z]+/", "/[A-Z]*/", {"type Code", "map Order.carrier"}),
        ("= 1.5", "= 1.6", {"param rate"}),
        ('delimiter ";"', 'delimiter "|"', {"source orders.option delimiter"}),
        ("ship: text?", 'ship: text? at "Ship"', {"source orders.ship"}),
        ('delimiter ","', 'delimiter ";"', {"target out"}),
        ("total < 1000", "total < 999", {"entity Order.total"}),
        ("  key id\n", "", {"entity Order"}),
        ("+ 0", "+ 1", {"fn half", "map Order.let net", "map Order.total"}),
        ("| DPD     |", "| UPS     |", {"lookup carriers"}),
        ("|| 1 ", "|| 3 ", {"decide fee"}),
        ("o.total > 1", "o.total > 2", {"view big"}),
        ("id      : o.id", "id      : upper(o.id)", {"map Order.id"}),
        ("from o in big {", 'from o in big where o.id <> "" {', {"map Order"}),
        ("set total: 1", "set total: 2", {"rules tidy.R1"}),
        ("O001 error", "O001 warn", {"checks Order.O001"}),
        ("O001 error: total > fee(total)", 'O001 error: total > fee(total) "no"', {"checks Order.O001"}),
        ("fn half", "fn quarter(x: int) = x\nfn half", {"fn quarter"}),
    ],
)
def test_an_item_changes_where_it_or_what_it_calls_means_something_else(before, now, items):
    assert before in SCRIPT
    assert items == changed(SCRIPT.replace(before, now, 1))


def test_what_a_used_file_gives_is_part_of_what_calls_it():
    assert {"fn half", "map Order.let net", "map Order.total"} == changed(SCRIPT, BASE.replace("/ 2", "/ 3"))


def test_one_hash_stands_for_all_items_in_any_order():
    found = items(SCRIPT)
    assert meaning(found) == meaning(dict(reversed(found.items())))
    assert meaning(found) != meaning({**found, "fn half": "x"})
