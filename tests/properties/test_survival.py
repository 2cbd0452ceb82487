"""What survives of rows that belong together, against a loop over rows that says the same; however rows come in pieces."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from datahub.runner.embed import run

SCRIPT = """
source makers: csv { columns { id: text, ok: bool } }
source orders: csv { columns { id: text, maker: text?, after: text?, ok: bool } }
source lines: csv { columns { order: text?, no: int, maker: text?, ok: bool } }
source notes: csv { columns { order: text?, no: int, ok: bool } }
entity Maker {
  key id
  id : text
  ok : bool where ok
}
entity Order {
  key id
  id    : text
  maker : text? references Maker
  after : text? references Order
  ok    : bool where ok
  owns Line on order
  owns Note on order
}
entity Line {
  key no
  order : text? references Order
  no    : int
  maker : text? references Maker
  ok    : bool where ok
}
entity Note {
  order : text?
  no    : int
  ok    : bool where ok
}
map Maker from r in makers { include r }
map Order from r in orders { include r }
map Line from r in lines { include r }
map Note from r in notes { include r }
"""
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
OPTIONAL = st.one_of(st.none(), NAMES, NAMES)
OK = st.sampled_from([True, True, True, False])


def _rows(fields):
    return st.lists(st.fixed_dictionaries(fields), max_size=8)


MAKERS = st.lists(st.fixed_dictionaries({"id": NAMES, "ok": OK}), max_size=5, unique_by=lambda row: row["id"])
ORDERS = st.lists(
    st.fixed_dictionaries({"id": NAMES, "maker": OPTIONAL, "after": OPTIONAL, "ok": OK}), max_size=5, unique_by=lambda row: row["id"]
)
LINES = _rows({"order": OPTIONAL, "maker": OPTIONAL, "ok": OK})
NOTES = _rows({"order": OPTIONAL, "ok": OK})


def _survivors(makers, orders, lines, notes):
    """Rows that stand, by the plain reading of `owns` and `references`: whoever cannot stand falls, until nobody does."""
    standing = {
        name: [row["ok"] for row in rows] for name, rows in (("maker", makers), ("order", orders), ("line", lines), ("note", notes))
    }

    def there(name, rows, value):
        return value is None or any(row["id"] == value and stands for row, stands in zip(rows, standing[name], strict=True))

    def owned(name, rows, order):
        return all(stands for row, stands in zip(rows, standing[name], strict=True) if row["order"] == order)

    def stays(name, row):
        match name:
            case "maker":
                return True
            case "order":
                known = there("maker", makers, row["maker"]) and there("order", orders, row["after"])
                return known and owned("line", lines, row["id"]) and owned("note", notes, row["id"])
            case "line":
                return there("order", orders, row["order"]) and there("maker", makers, row["maker"])
            case _:
                return there("order", orders, row["order"])

    while True:
        before = {name: list(flags) for name, flags in standing.items()}
        for name, rows in (("maker", makers), ("order", orders), ("line", lines), ("note", notes)):
            standing[name] = [flag and stays(name, row) for flag, row in zip(standing[name], rows, strict=True)]
        if before == standing:
            return standing


def _table(rows, names):
    kinds = {"ok": pa.bool_(), "no": pa.int64()}
    return pa.table({name: pa.array([row[name] for row in rows], kinds.get(name, pa.string())) for name in names})


@settings(max_examples=60, deadline=None)
@given(MAKERS, ORDERS, LINES, NOTES, st.sampled_from([(1, 65_536, 1 << 30), (2, 2, 0), (1, 3, 0)]))
def test_what_belongs_together_stands_and_falls_together(makers, orders, lines, notes, how):
    lines = [{**row, "no": number} for number, row in enumerate(lines)]
    notes = [{**row, "no": number} for number, row in enumerate(notes)]
    tables = {
        "makers": _table(makers, ("id", "ok")),
        "orders": _table(orders, ("id", "maker", "after", "ok")),
        "lines": _table(lines, ("order", "no", "maker", "ok")),
        "notes": _table(notes, ("order", "no", "ok")),
    }
    threads, batch, memory = how
    result = run(SCRIPT, tables, threads=threads, batch_rows=batch, memory=memory)
    standing = _survivors(makers, orders, lines, notes)
    expected = {
        "Maker": [row["id"] for row, stands in zip(makers, standing["maker"], strict=True) if stands],
        "Order": [row["id"] for row, stands in zip(orders, standing["order"], strict=True) if stands],
        "Line": [row["no"] for row, stands in zip(lines, standing["line"], strict=True) if stands],
        "Note": [row["no"] for row, stands in zip(notes, standing["note"], strict=True) if stands],
    }
    assert expected == {
        name: table.column("no" if name in ("Line", "Note") else "id").to_pylist() for name, table in result.entities.items()
    }
    fallen = sum(len(table) for table in tables.values()) - sum(map(len, expected.values()))
    # Every row that does not stand is told of, once: by its own failure or by what it fell with.
    assert fallen == result.issues.num_rows
    assert [table.num_rows for table in tables.values()] == [sum(counts.values()) for counts in result.fates.values()]
    assert fallen == sum(counts["rejected"] for counts in result.fates.values())


WAY = """
source lines: csv { columns { order: text, no: int, sku: text, qty: int } }
source products: csv { columns { sku: text, price: int } }
view priced from l in lines
  where l.qty > 0
  join required p in products on p.sku = l.sku
  unique by l.no keep first
  order by l.order desc, l.no
{
  include l
  price : p.price
  among : count(* within l.order)
}
entity Order {
  key number
  number : text
  total  : int
  owns Line on number
}
entity Line {
  key no
  number : text
  no     : int
  among  : int
}
entity Sent { number: text, total: int }
map Order from p in priced group by number: p.order { number: number, total: sum(p.qty * p.price) }
map Line from p in priced { number: p.order, no: p.no, among: p.among }
map Sent from o in Order { number: o.number, total: o.total }
"""


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({"order": NAMES, "sku": st.sampled_from("xyz"), "qty": st.sampled_from(["0", "1", "2", "many"])}), max_size=9
    ),
    st.sampled_from([(1, 65_536, 1 << 30), (2, 2, 0), (1, 3, 0)]),
)
def test_an_order_is_whole_whatever_its_lines_went_through(lines, how):
    prices = {"x": 2, "y": 3}
    lines = [{**row, "no": str(number)} for number, row in enumerate(lines)]
    wanted = [row for row in lines if row["qty"] != "0"]
    fallen = {row["order"] for row in wanted if row["qty"] == "many" or row["sku"] not in prices}
    whole = sorted((row for row in wanted if row["order"] not in fallen), key=lambda row: [-ord(row["order"]), int(row["no"])])
    orders = list(dict.fromkeys(row["order"] for row in whole))
    tables = {
        "lines": pa.table({name: pa.array([row[name] for row in lines], pa.string()) for name in ("order", "no", "sku", "qty")}),
        "products": pa.table({"sku": list(prices), "price": [str(price) for price in prices.values()]}),
    }
    threads, batch, memory = how
    result = run(WAY, tables, threads=threads, batch_rows=batch, memory=memory)
    totals = [sum(int(row["qty"]) * prices[row["sku"]] for row in whole if row["order"] == order) for order in orders]
    assert orders == result.entities["Order"].column("number").to_pylist()
    assert totals == result.entities["Order"].column("total").to_pylist() == result.entities["Sent"].column("total").to_pylist()
    assert [int(row["no"]) for row in whole] == result.entities["Line"].column("no").to_pylist()
    assert [sum(other["order"] == row["order"] for other in whole) for row in whole] == result.entities["Line"].column("among").to_pylist()
    fates = result.fates["lines"]
    assert (len(whole), len(lines) - len(wanted), len(wanted) - len(whole)) == (fates["written"], fates["filtered"], fates["rejected"])
