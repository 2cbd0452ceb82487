"""How a plan is run never shows: batches, threads and memory may be anything, the result is the same in the same order."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from datahub.runner.embed import Result, run

SCRIPT = """
source items: csv {
  columns {
    sku   : text
    model : text?
    price : decimal(12,2)?
    day   : date?
    qty   : int
  }
}
entity Model {
  key model
  model : text
  items : int
  total : decimal(20,2)
  skus  : [text]
}
entity Item {
  key sku
  sku   : text
  model : text?
  price : decimal(12,2)
  share : int
  place : int
}
entity Plain { sku: text, price: decimal(12,2)? }
entity Few { qty: int }
view filled from r in items
  fill r.price by r.model
{
  include r
}
map Model from r in filled
  where r.model is not null
  group by model: r.model
{
  model : model
  items : count()
  total : sum(r.price * r.qty)
  skus  : [x.sku for x in rows order by x.price desc, x.sku]
}
map Item from r in filled
  unique by r.sku, r.model keep last
  order by r.price desc, r.sku
{
  sku   : r.sku
  model : r.model
  price : r.price default 0
  share : count(* within r.model)
  place : row_number(within r.model order by r.price)
}
map Plain from r in items {
  sku   : r.sku
  price : r.price
}
map Few from r in items
  where r.price > 5
{
  qty : r.qty
}
checks Item {
  I1 error: count(* within model) < 90   "{count(* within model)} of {model}"
  I2 warn : price > 1                    "cheap: {price}"
}
"""


def feed(rows: int) -> pa.Table:
    """Rows with repeated keys, holes and values that cannot be read."""
    numbers = range(rows)
    return pa.table(
        {
            "sku": [f"S{n * 7919 % (rows - rows // 10)}" for n in numbers],
            "model": [None if n % 17 == 0 else f"M{n * n % 61}" for n in numbers],
            "price": ["" if n % 5 == 0 else "oops" if n % 97 == 0 else f"{n * 31 % 1000 / 100}" for n in numbers],
            "day": ["2024-02-30" if n % 401 == 0 else "2024-02-28" for n in numbers],
            "qty": [str(n % 9) for n in numbers],
        }
    )


def told(result: Result) -> dict[str, object]:
    parts: dict[str, object] = {name: table.to_pylist() for name, table in result.entities.items()}
    parts["issues"] = result.issues.drop_columns(["file"]).to_pylist()
    parts["notes"] = sorted(result.notes.drop_columns(["file"]).to_pylist(), key=str)
    parts["fates"] = result.fates
    return parts


@pytest.fixture(scope="module")
def whole() -> tuple[pa.Table, dict[str, object]]:
    table = feed(3000)
    return table, told(run(SCRIPT, {"items": table}))


def test_the_script_makes_all_that_can_be_made(whole: tuple[pa.Table, dict[str, object]]) -> None:
    _, result = whole
    assert all(result[name] for name in ("Model", "Item", "issues", "notes"))


@pytest.mark.parametrize(
    ("threads", "batch_rows", "memory"),
    [(1, 65_536, 1 << 30), (2, 65_536, 1 << 30), (2, 7, 1 << 30), (1, 1000, 0), (2, 64, 50_000), (2, 65_536, 0)],
)
def test_the_result_is_the_same(whole: tuple[pa.Table, dict[str, object]], threads: int, batch_rows: int, memory: int) -> None:
    table, expected = whole
    actual = told(run(SCRIPT, {"items": table}, threads=threads, batch_rows=batch_rows, memory=memory))
    assert actual == expected


def test_files_and_tables_give_the_same(whole: tuple[pa.Table, dict[str, object]], tmp_path: Path) -> None:
    table, expected = whole
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    lines = [",".join(columns), *(",".join(value or "" for value in row) for row in zip(*columns.values(), strict=True))]
    path = tmp_path / "items.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    actual = told(run(SCRIPT, {"items": path}))
    assert {name: actual[name] for name in ("Model", "Item")} == {name: expected[name] for name in ("Model", "Item")}


JOINED = """
source items: csv { columns { sku: text, model: text?, price: decimal(12,2)?, qty: int } }
source models: csv { columns { model: text?, line: text, weight: int } }
entity Item {
  key sku
  sku    : text
  line   : text?
  weight : int?
  ranked : int
}
map Item from r in items
  join many m in models on m.model = r.model and m.weight > 3
{
  sku    : r.sku & "-" & (m.line default "")
  line   : m.line
  weight : m.weight
  ranked : row_number(order by r.price, r.sku)
}
checks Item {
  J1 error: count() > 10 and weight <> 7   "{weight} of {count()}"
  J2 warn : weight < 20 or count() < 1   "{weight} in one of {count()}"
}
"""


def models() -> pa.Table:
    """Several rows a key, keys that are null, and values that cannot be read: in a key, and beside one."""
    numbers = range(400)
    return pa.table(
        {
            "model": [None if n % 13 == 0 else f"M{n % 70}" for n in numbers],
            "line": [f"L{n}" for n in numbers],
            "weight": ["heavy" if n % 41 == 0 else str(n % 29) for n in numbers],
        }
    )


@pytest.fixture(scope="module")
def joined() -> dict[str, object]:
    return told(run(JOINED, {"items": feed(900), "models": models()}))


def test_a_join_and_checks_over_all_rows_find_something(joined: dict[str, object]) -> None:
    assert all(joined[name] for name in ("Item", "issues", "notes"))


@pytest.mark.parametrize(
    ("threads", "batch_rows", "memory"), [(2, 65_536, 1 << 30), (2, 50, 1 << 30), (1, 50, 0), (2, 64, 5_000), (2, 65_536, 0)]
)
def test_a_join_and_checks_over_all_rows_are_the_same(joined: dict[str, object], threads: int, batch_rows: int, memory: int) -> None:
    actual = told(run(JOINED, {"items": feed(900), "models": models()}, threads=threads, batch_rows=batch_rows, memory=memory))
    assert actual == joined


KEYED = """
source items: csv {
  columns {
    sku : text
  }
}
entity Item {
  key sku
  sku : text
}
map Item from r in items {
  sku : r.sku
}
"""


def test_a_key_is_the_same_whatever_keys_stand_beside_it() -> None:
    # Two blocks: in the second the longest key is several times as long as in the first.
    first = [f"S{number}" for number in range(65_536)]
    second = [f"S{number}" + "-long" * 10 for number in range(65_535)] + ["S7"]
    result = run(KEYED, {"items": pa.table({"sku": first + second})})
    assert result.issues.select(["code", "value", "row"]).to_pylist() == [{"code": "R303", "value": "S7", "row": 131_072}]


ALL = "within 1"
TOGETHER = """
source items: csv { columns { sku: text, model: text?, price: decimal(12,2)?, weight: float?, qty: int } }
entity Item {
  key sku, model
  sku    : text
  model  : text
  price  : decimal(12,2)?
  weight : float?
  qty    : int
  share  : decimal(20,6)?
}
map Item from r in items
  where r.model is not null
{
  sku    : r.sku
  model  : r.model
  price  : r.price
  weight : r.weight
  qty    : r.qty
  share  : r.qty / sum(r.qty {ALL})
}
checks Item {
  T0 error: price <> 3.1
  T1 error: qty < 8 or count() < 5   "{count()} {count(price {ALL})} {count(* where qty > 3)}"
  T2 warn : price <= avg(price {ALL}) + 1   "{price} of {sum(price {ALL})}, {min(price {ALL})} to {max(price {ALL})}, mean {avg(qty {ALL})}"
  T3 warn : weight < avg(weight {ALL}) * 1.5   "{weight} of {sum(weight {ALL})}"
  T4 error: any(price > 9 {ALL}) and all(qty < 9 {ALL})   "never"
  T5 warn : qty = 0 or model <> max(model {ALL}) and model <> min(model {ALL})   "{model}: {max(model {ALL})} {min(model {ALL})}"
  T6 error after checks: count(* where qty = 1) < 5 or qty <> 1   "{count()} of {max(qty {ALL})}"
}
""".replace("{ALL}", ALL)


def weighed(rows: int) -> pa.Table:
    table = feed(rows)
    weights = [None if n % 19 == 0 else "heavy" if n % 83 == 0 else f"{n * 0.1:.3f}" for n in range(rows)]
    return table.append_column("weight", pa.array(weights))


@pytest.fixture(scope="module")
def together() -> dict[str, object]:
    return told(run(TOGETHER, {"items": weighed(2000)}))


def test_what_all_rows_say_together_finds_something(together: dict[str, object]) -> None:
    assert all(together[name] for name in ("Item", "issues", "notes"))
    assert {"T1", "T2", "T3", "T5", "T6"} <= {one["code"] for one in (*together["issues"], *together["notes"])}  # type: ignore[misc,index]


@pytest.mark.parametrize(("threads", "batch_rows", "memory"), [(2, 50, 1 << 30), (1, 50, 0), (2, 64, 5_000), (2, 65_536, 0)])
def test_what_all_rows_say_together_is_the_same(together: dict[str, object], threads: int, batch_rows: int, memory: int) -> None:
    assert together == told(run(TOGETHER, {"items": weighed(2000)}, threads=threads, batch_rows=batch_rows, memory=memory))
