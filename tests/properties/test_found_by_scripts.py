"""Mistakes that scripts made at random found, each by itself."""

from __future__ import annotations

import pyarrow as pa
import pytest

from datahub.runner.embed import run

GROUPED = """
source items: csv { columns { sku: text, model: text?, qty: int, day: int? } }
entity Model { model: text?, n: int, total: int, names: [text] }
map Model from r in items
  CLAUSES
{ model: model, n: count(), total: sum(r.qty), names: [x.sku for x in rows] }
"""


def items(rows: int) -> pa.Table:
    numbers = range(rows)
    return pa.table(
        {
            "sku": [None if n % 50 == 7 else f"S{n}" for n in numbers],
            "model": [f"M{n % 5}" for n in numbers],
            "qty": ["x" if n % 100 == 3 else str(n) for n in numbers],
            "day": [str(-n) for n in numbers],
        }
    )


@pytest.mark.parametrize("memory", [1 << 30, 0])
def test_each_member_of_a_fallen_group_is_told_of_wherever_its_rows_were(memory: int) -> None:
    script = GROUPED.replace("CLAUSES", "group by model: r.model")
    result = run(script, {"items": items(1000)}, threads=1, batch_rows=64, memory=memory)
    codes = [one["code"] for one in result.issues.to_pylist()]
    assert {code: codes.count(code) for code in set(codes)} == {"R201": 20, "R101": 10, "R501": 2}


def test_a_partial_group_keeps_the_order_of_its_rows() -> None:
    script = GROUPED.replace("CLAUSES", "order by r.day\n  group by partial model: r.model")
    rows = run(script, {"items": items(60)}, threads=1).entities["Model"].to_pylist()
    # The row that would have made M2 the third is the one that is spared.
    assert [row["model"] for row in rows] == ["M4", "M3", "M1", "M0", "M2"]
    assert rows[0]["names"][:2] == ["S59", "S54"]


def test_maps_that_share_a_view_do_not_share_what_fell_in_it() -> None:
    script = """
source items: csv { columns { sku: text, model: text?, qty: int, day: int? } }
view v from r in items
  order by r.qty
{ include r }
entity Item {
  key sku
  sku: text
}
map Item from r in v
  unique by r.sku keep first reject DUP
{ sku: r.sku }
entity Model { model: text?, n: int }
map Model from r in v
  group by model: r.model
  order by sum(r.qty) desc
{ model: model, n: count() }
"""
    result = run(script, {"items": items(40)}, threads=1)
    assert {one["code"] for one in result.issues.to_pylist()} >= {"R101", "R501"}
