"""What `dhm explain --analyze` tells: rows, time and memory by operator and expression, and what costs most."""

from __future__ import annotations

import json
from pathlib import Path

from datahub.engine.profile import Profile
from datahub.plan.text import shown
from datahub.reports.analysis import analysis, measured
from datahub.runner.embed import compile
from datahub.runner.run import Options, run

SCRIPT = """
source items: csv {
  columns {
    sku  : text
    note : text
    kind : text
  }
}
entity Item {
  key sku
  sku  : text
  sum  : text
  kind : text
}
map Item from r in items
  where r.kind <> "none"
{
  sku  : r.sku
  sum  : sha256(r.note)
  kind : upper(trim(r.kind))
}
"""


def analyzed(tmp_path: Path) -> tuple[str, Profile]:
    kinds = ("a", "b", "none", "c")
    lines = [f"S{number % 9_900},note {number} {'x' * 200},{kinds[number % 4]}" for number in range(10_000)]
    (tmp_path / "items.csv").write_text("sku,note,kind\n" + "\n".join(lines) + "\n", encoding="utf-8")
    plan, profile = compile(SCRIPT), Profile()
    report = run(plan, {"items": [str(tmp_path / "items.csv")]}, tmp_path / "out", options=Options(profile=profile))
    return analysis(plan, profile, report.rows_read, report.seconds, 100_000_000), profile


def test_the_plan_has_rows_time_and_memory_beside_its_operators(tmp_path: Path) -> None:
    lines = analyzed(tmp_path)[0].splitlines()
    filtering = next(line for line in lines if "where" in line)
    assert "[10,000 to 7,500 rows, " in filtering
    assert filtering.endswith(" MB]")
    settling = next(line for line in lines if line.strip().startswith("settle Item"))
    assert "[7,500 to 7,425 rows, " in settling
    reading = next(line for line in lines if line.strip().startswith("read items"))
    assert "[10,000 rows, " in reading
    for line in (settling, reading):
        assert line.endswith(" MB]")
        assert not line.endswith(" 0.0 MB]")


def test_expressions_have_the_rows_that_they_were_asked_for_and_the_values_that_were_worked_out(tmp_path: Path) -> None:
    text, profile = analyzed(tmp_path)
    assert "sum  : sha256(r.note)    [7,500 rows, " in text
    spent = next(one for one in profile.expressions.values() if "upper" in str(one.node))
    assert spent.rows == 7_500
    assert 0 < spent.values <= 3 * 8


def test_the_time_of_a_row_is_that_of_the_rows_beside_it(tmp_path: Path) -> None:
    text, profile = analyzed(tmp_path)
    header = next(line for line in text.splitlines() if "ns a row" in line)
    line = next(line for line in text.splitlines() if line.endswith("  sha256(r.note)"))
    spent = next(one for one in profile.expressions.values() if shown(one.node) == "sha256(r.note)")
    told = line[: header.index("ns a row") + len("ns a row")].split()[-1]
    assert told == f"{spent.own / 7_500 * 1e9:,.0f}"


def test_the_same_as_data(tmp_path: Path) -> None:
    analyzed(tmp_path)
    plan, profile = compile(SCRIPT), Profile()
    report = run(plan, {"items": [str(tmp_path / "items.csv")]}, tmp_path / "out", options=Options(profile=profile))
    told = json.loads(json.dumps(measured(plan, profile, report.rows_read, report.seconds, 100_000_000)))
    found = {one["operator"]: one for one in told["operators"]}
    assert (found["settle Item"]["rows_in"], found["settle Item"]["rows_out"]) == (7_500, 7_425)
    assert found["settle Item"]["rows_meet"]
    assert found["settle Item"]["bytes"] > 100_000
    assert found['where (kind <> "none")']["filtered"] == 2_500
    assert told["costliest_exchange"] == "rows of Item with equal sku meet"
    assert {"expression", "rows", "values", "seconds", "own_seconds", "bytes"} == set(told["expressions"][0])


def test_the_costliest_expression_and_exchange_are_named(tmp_path: Path) -> None:
    text, profile = analyzed(tmp_path)
    assert "costliest expression: sha256(r.note), " in text
    assert "costliest exchange: rows of Item with equal sku meet, " in text
    assert "10,000 rows in " in text
    assert "100 MB at most" in text
    at_the_end = "tell issues and write rejects at the end"
    assert {"cut the input into blocks", "write rows", "tell issues and write rejects", at_the_end, "hash the input"} == set(profile.beside)


def test_parts_of_an_expression_are_counted_once(tmp_path: Path) -> None:
    _, profile = analyzed(tmp_path)
    for spent in profile.expressions.values():
        assert 0 <= spent.own <= spent.whole + 1e-6
    inside = sum(flowed.seconds for flowed in profile.operators.values())
    assert sum(spent.own for spent in profile.expressions.values()) <= inside


def test_rejects_that_wait_for_their_group_are_part_of_what_a_run_took(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id,price\n" + "".join(f"{one},dear\n" for one in range(20_000)))
    script = """
source items: csv { columns { id: int, price: decimal } }
entity Total {
  key id
  id: int
  total: decimal
}
map Total from i in items group by id: i.id { id: id, total: sum(i.price) }
"""
    plan, profile = compile(script), Profile()
    report = run(plan, {"items": [str(tmp_path / "items.csv")]}, tmp_path / "out", options=Options(profile=profile))
    assert 20_000 == sum(report.rejected.values())
    assert profile.beside["tell issues and write rejects at the end"] > profile.beside["write rows"]
