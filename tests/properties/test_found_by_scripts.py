"""Mistakes that scripts made at random found, each by itself."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
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


def test_a_row_that_fell_and_would_have_been_filtered_leaves_nothing_to_settle() -> None:
    script = """
source items: csv { columns { sku: text, model: text?, qty: int } }
view v from r in items { include r }
entity Item {
  key sku
  sku : text
  a   : int
}
map Item from r in v
  fill r.model by r.sku
  where r.model in ("M1", "M2")
{ sku: upper(r.sku), a: r.qty * 2 }
entity Part {
  sku : text? references Item
}
map Part from r in items { sku: null }
entity Model { model: text?, n: int }
map Model from r in v group by model: r.model { model: model, n: count() }
"""
    table = pa.table({"sku": pa.array([None], pa.string()), "model": ["m1"], "qty": ["3"]})
    result = run(script, {"items": table}, threads=1)
    assert [] == result.entities["Item"].to_pylist()
    assert [{"sku": None}] == result.entities["Part"].to_pylist()


PATCH = """
source accounts: csv { columns { id: text, n: int } }
entity Account @patch {
  key id
  id : text
  n  : int
}
map Account from a in accounts { id: a.id, n: if(a.n > 1, omit, a.n) }
"""
ACCOUNTS = pa.table({"id": ["a", "b"], "n": ["1", "2"]})


@pytest.mark.parametrize("batch_rows", [1, 64])
def test_what_a_patch_leaves_alone_is_told_beside_its_rows(batch_rows: int) -> None:
    result = run(PATCH, {"accounts": ACCOUNTS}, batch_rows=batch_rows)
    assert [{"id": "a", "n": 1}, {"id": "b", "n": None}] == result.entities["Account"].to_pylist()
    assert [{"id": False, "n": False}, {"id": False, "n": True}] == result.omitted["Account"].to_pylist()
    assert {} == run(PATCH.replace(" @patch", "").replace("omit", "0"), {"accounts": ACCOUNTS}).omitted


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_a_field_that_must_be_there_may_be_left_alone_in_a_file_of_columns(form: str, tmp_path: Path) -> None:
    from datahub.runner.embed import compile
    from datahub.runner.run import Options
    from datahub.runner.run import run as run_files

    (tmp_path / "accounts.csv").write_text("id,n\na,1\nb,2\n", encoding="utf-8")
    report = run_files(compile(PATCH), {"accounts": [str(tmp_path / "accounts.csv")]}, tmp_path / "out", options=Options(format=form))
    assert "done" == report.status
    path = str(tmp_path / "out" / f"Account.{form}")
    table = pq.read_table(path) if form == "parquet" else pa.ipc.open_file(path).read_all()
    assert [{"id": "a", "n": 1}, {"id": "b", "n": None}] == table.to_pylist()
    assert [False, True] == [field.nullable for field in table.schema]


FALLS_AND_IS_LEFT_OUT = """
type Model = text matches /M[1-4]/
source items: csv { columns { sku: text, model: Model?, brand: enum(low, high)?, qty: int, day: date? } }
entity Model { names: [text], total: int }
map Model from r in items
  fill r.model by r.brand
  where r.day > make_date(2024, 3, 1)
  group by model: r.model
{ names: [x.sku for x in rows order by x.qty desc], total: sum(r.qty) }
"""


@pytest.mark.parametrize("memory", [1 << 30, 0])
def test_a_group_set_aside_takes_a_batch_of_which_nothing_is_left(memory: int) -> None:
    rows = {"sku": ["S16", "S23"], "model": ["M5", "M4"], "brand": ["top", "high"], "qty": ["1", "9"], "day": ["2024-02-18", "2024-05-11"]}
    result = run(FALLS_AND_IS_LEFT_OUT, {"items": pa.table(rows)}, threads=1, memory=memory)
    assert [{"names": ["S23"], "total": 9}] == result.entities["Model"].to_pylist()


LOST = """
source items: csv { columns { sku: text, model: text?, qty: int, brand: text } }
source dims: csv { columns { model: text } }
lookup colours (model: text) -> text {
  | model | colour |
  | M1    | red    |
  otherwise error
}
entity Item { sku: text, w: int, d: text? }
map Item from r in items
  join many required d in dims on d.model = r.model
{
  sku: r.sku
  w: sum(r.qty within r.brand)
  d: colours(r.model) on error reject LOST
}
RULES
"""
RULED = 'rules some for Item {\n  rule R10 when WHEN set d: "large" otherwise set d: "small"\n}'


@pytest.mark.parametrize(
    ("rules", "codes"),
    [("", {"R404", "LOST"}), (RULED.replace("WHEN", 'sku > "A"'), {"R404"}), (RULED.replace("WHEN", "w > 1"), {"R404"})],
    ids=["as it is", "a rule has the last word", "a rule that cannot be asked may have"],
)
@pytest.mark.parametrize("optimized", [True, False])
def test_what_is_told_of_a_row_that_a_join_turned_away_knows_the_rules(
    rules: str, codes: set[str], optimized: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not optimized:
        monkeypatch.setattr("datahub.runner.embed.optimize", lambda plan: plan)
    items = pa.table({"sku": ["A", "C"], "model": ["M1", "M3"], "qty": ["1", "3"], "brand": ["b", "b"]})
    result = run(LOST.replace("RULES", rules), {"items": items, "dims": pa.table({"model": ["M1", "M2"]})}, threads=1)
    assert codes == {one["code"] for one in result.issues.to_pylist()}
