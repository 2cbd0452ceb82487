"""A run as a whole: what it leaves, when it leaves nothing, and what it counts."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from datahub.engine.start import UnusableRun
from datahub.formats.declare import BadInput
from datahub.reports.report import Report
from datahub.runner import embed
from datahub.runner.embed import compile
from datahub.runner.run import Options, run

SCRIPT = """
source items: csv {
  columns {
    sku   : text
    price : decimal
  }
}
entity Item {
  key sku
  sku   : text
  price : decimal(12,2)
}
map Item from r in items {
  include r
}
flow out {
  write Item to shop
  abort when rejected_share(Item) > 50% or count(Item) < 1
}
target shop: csv {}
"""


def ran(tmp_path: Path, text: str, script: str = SCRIPT, options: Options | None = None, **more: list[str]) -> Report:
    (tmp_path / "items.csv").write_text(text, encoding="utf-8")
    return run(compile(script), {"items": [str(tmp_path / "items.csv")], **more}, tmp_path / "out", options=options)


def left(tmp_path: Path) -> set[str]:
    out = tmp_path / "out"
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def test_a_run_leaves_its_targets_and_its_own_folder(tmp_path: Path) -> None:
    report = ran(tmp_path, "sku,price\na,1\nb,x\nc,2\n")
    assert left(tmp_path) == {"shop.csv", "run/report.html", "run/report.json", "run/issues.parquet", "run/rejects/items.csv"}
    assert (report.status, report.entities, report.rejected, report.adds_up) == ("done", {"Item": 2}, {"Item": 1}, True)
    kept = json.loads((tmp_path / "out" / "run" / "report.json").read_text(encoding="utf-8"))
    assert kept["sources"][0]["read"] == 3


def test_an_aborted_run_leaves_no_target(tmp_path: Path) -> None:
    report = ran(tmp_path, "sku,price\na,1\nb,x\nc,y\n")
    assert report.status == "aborted"
    assert left(tmp_path) == {"run/report.html", "run/report.json", "run/issues.parquet", "run/rejects/items.csv"}


def test_an_empty_file_is_no_failure_of_ours(tmp_path: Path) -> None:
    report = ran(tmp_path, "")
    assert (report.status, report.rows_read) == ("aborted", 0)
    assert report.warnings


def test_records_that_could_not_be_read_count_as_rejected(tmp_path: Path) -> None:
    report = ran(tmp_path, "sku,price\na,1\nb\nc\n")
    assert (report.status, report.rejected) == ("aborted", {"Item": 2})


def test_an_input_that_is_wrong_as_a_whole_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="lacks the declared"):
        ran(tmp_path, "x;y\n1;2\n")
    assert left(tmp_path) == set()


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    text = "sku,price\n" + "".join(f"s{n},{n}.5\n" for n in range(500)) + "bad,x\n"
    outputs = []
    for threads in (1, 2):
        folder = tmp_path / str(threads)
        folder.mkdir()
        ran(folder, text, options=Options(threads=threads))
        outputs.append([(folder / "out" / name).read_bytes() for name in ("shop.csv", "run/rejects/items.csv")])
    assert outputs[0] == outputs[1]


def test_a_run_clears_away_what_an_earlier_one_told_of_itself(tmp_path: Path) -> None:
    ran(tmp_path, "sku,price\na,1\nb,x\nc,2\n")
    ran(tmp_path, "sku,price\na,1\nc,2\n")
    assert left(tmp_path) == {"shop.csv", "run/report.html", "run/report.json"}


SPREAD = r"""
source rows: csv {
  columns {
    sku    : text
    custom : map(text) at /^CF_(.+)$/
    tags   : [text]    at /^TAG_\d+$/
  }
}
entity Item {
  key sku
  sku    : text
  custom : map(text)
  tags   : [text]
}
map Item from r in rows {
  include r
}
flow f {
  write Item to shop
}
target shop: csv {
  columns {
    sku
    custom at /^X_(.+)$/
    tags   at /^T\d+$/
  }
}
"""


def test_columns_gathered_by_a_pattern_are_spread_again_by_one(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("sku,CF_a,TAG_2,CF_b,TAG_1\nA,1,y,,x\nB,,,2,z\n", encoding="utf-8")
    run(compile(SPREAD), {"rows": [str(tmp_path / "rows.csv")]}, tmp_path / "out")
    assert (tmp_path / "out" / "shop.csv").read_text(encoding="utf-8").splitlines() == ["sku,X_a,X_b,T1,T2", "A,1,,x,y", "B,,2,z,"]


def test_a_sheet_has_a_column_for_each_key_as_a_file_has(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("sku,CF_a,TAG_2,CF_b,TAG_1\nA,1,y,,x\nB,,,2,z\n", encoding="utf-8")
    text = SPREAD.replace("target shop: csv", "target shop: xlsx").replace(r"tags   at /^T\d+$/", 'tags : [text] at "T" @split("|")')
    run(compile(text), {"rows": [str(tmp_path / "rows.csv")]}, tmp_path / "out")
    sheet = CalamineWorkbook.from_path(tmp_path / "out" / "shop.xlsx").get_sheet_by_index(0)
    assert sheet.to_python() == [["sku", "X_a", "X_b", "T"], ["A", "1", "", "x|y"], ["B", "", "2", "z"]]
    assert not [one for one in (tmp_path / "out").iterdir() if one.name.startswith(".")]


TWO_CHECKS = """
source items: csv {
  columns {
    sku   : text
    price : decimal?
  }
}
entity Item {
  key sku
  sku   : text
  price : decimal(12,2)
}
map Item from r in items {
  include r
}
checks Item {
  C1 error on price: price is not null  "price missing"
  C2 error on price: price < 100        "too dear"
}
"""


def test_the_check_that_is_declared_first_answers_for_a_field(tmp_path: Path) -> None:
    report = ran(tmp_path, "sku,price\na,\nb,x\nc,200\nd,1\n", TWO_CHECKS)
    assert {one.code: one.count for one in report.codes} == {"C1": 2, "C2": 1}


def test_the_counts_of_every_operator_add_up(tmp_path: Path) -> None:
    script = SCRIPT.replace("from r in items {", 'from r in items\n  where r.sku <> "x"\n  unique by r.sku keep last\n{')
    report = ran(tmp_path, "sku,price\na,1\na,2\nx,3\nb,q\nc\n", script)
    for one in report.operators:
        assert one.rows_in + one.expanded == one.rows_out + one.rejected + one.filtered + one.merged + one.empty, one


def test_the_right_side_of_a_join_is_counted_too(tmp_path: Path) -> None:
    script = SCRIPT.replace("from r in items {", "from r in items\n  join b in brands on b.nr = length(r.sku)\n{").replace(
        "include r", "sku: r.sku\n  price: r.price + (b.nr default 0)"
    )
    script = "source brands: csv {\n  columns {\n    nr: int\n  }\n}\n" + script
    (tmp_path / "brands.csv").write_text("nr\n1\nx\n7\n")
    report = ran(tmp_path, "sku,price\na,1\nb,2\n", script, brands=[str(tmp_path / "brands.csv")])
    for one in report.operators:
        assert one.rows_in + one.expanded == one.rows_out + one.rejected + one.filtered + one.merged + one.empty, one
    (right,) = (one for one in report.operators if one.operator == "JoinRight")
    assert (3, 2, 1) == (right.rows_in, right.rows_out, right.rejected)


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_a_page_of_markup_is_no_json(tmp_path: Path, kind: str) -> None:
    (tmp_path / "items.csv").write_text("<html><body>502</body></html>\n", encoding="utf-8")
    plan = compile(SCRIPT.replace("items: csv", f"items: {kind}"))
    with pytest.raises(BadInput, match="page of HTML or XML"):
        run(plan, {"items": [str(tmp_path / "items.csv")]}, tmp_path / "out")


TWICE = """
source items: csv {
  columns {
    sku   : text
    price : decimal
    qty   : int
  }
}
entity Item {
  key sku
  sku   : text
  price : decimal(12,2)
  qty   : int
}
map Item from r in items {
  include r
}
checks Item {
  CHEAP error on price: price > 1
}
"""


def test_rejects_told_in_the_stream_are_those_told_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["sku,price,qty"]
    for number in range(60_000):
        name = f"s{number % 59_000}"
        lines.append(
            f'"{name}\n{number}",{number % 13},1'
            if number % 101 == 0
            else f"{name},{'x' if number % 7 == 0 else number % 13},{'' if number % 11 == 0 else 1}"
        )
        if number % 997 == 0:
            lines.append("too,few")
    text = "\n".join(lines) + "\n"
    found = []
    for known in (True, False):
        if not known:
            monkeypatch.setattr("datahub.engine.local._Runner._is_known_at_once", lambda *_: False)
        report = ran(tmp_path, text, TWICE)
        kept = tmp_path / "out" / "run"
        found.append((report.rejects, report.codes, (kept / "rejects" / "items.csv").read_bytes(), pq.read_table(kept / "issues.parquet")))
        assert report.sources[0].rejected == report.rejects[0].rows > 10_000
        assert report.adds_up
        assert {path.name for path in kept.iterdir()} == {"report.html", "report.json", "issues.parquet", "rejects"}
    assert found[0] == found[1]


def test_a_run_that_breaks_off_leaves_no_rejects(tmp_path: Path) -> None:
    text = "sku,price\n" + "".join(f"s{n},{'x' if n % 5 else n}\n" for n in range(200_000))
    (tmp_path / "items.csv").write_text(text, encoding="utf-8")
    (tmp_path / "more.csv").write_text("x;y\n1;2\n", encoding="utf-8")
    with pytest.raises(BadInput, match="lacks the declared"):
        run(compile(SCRIPT), {"items": [str(tmp_path / "items.csv"), str(tmp_path / "more.csv")]}, tmp_path / "out")
    assert left(tmp_path) == set()


def test_many_small_files_are_read_as_one_large_one_is(tmp_path: Path) -> None:
    rows = [f"s{number % 900},{'x' if number % 7 == 0 else number % 13},{'' if number % 11 == 0 else 1}" for number in range(1_000)]
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(100):
        some = [*rows[number * 10 : number * 10 + 10], *(["too,few"] if number % 9 == 0 else [])]
        (folder / f"part-{number:03}.csv").write_text("\n".join(["sku,price,qty", *some]) + "\n", encoding="utf-8")
    report = run(compile(TWICE), {"items": [str(folder)]}, tmp_path / "out")
    issues = pq.read_table(tmp_path / "out" / "run" / "issues.parquet").to_pylist()
    alone = ran(tmp_path, "\n".join(["sku,price,qty", *rows]) + "\n", TWICE)
    whole = pq.read_table(tmp_path / "out" / "run" / "issues.parquet").to_pylist()
    assert report.adds_up
    assert report.entities == alone.entities
    assert report.sources[0].read == alone.sources[0].read + 12
    told = [one for one in issues if one["code"] == "R002"]
    assert len(told) == 12
    assert all(one["line"] == 12 for one in told)
    others = [(one["code"], one["value"], int(one["file"][5:8]) * 10 + one["row"]) for one in issues if one["code"] != "R002"]
    assert others == [(one["code"], one["value"], one["row"]) for one in whole]
    lines = (tmp_path / "out" / "run" / "rejects" / "items.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == alone.rejects[0].rows + 1


JOINED = """
source items: csv { columns { sku: text, stock: text? } }
source stocks: csv { columns { id: text, n: int } }
entity Stock { key id
  id: text, n: int }
entity Item { sku: text, n: int? }
map Stock from s in stocks { include s }
map Item from i in items join s in Stock on s.id = i.stock { sku: i.sku, n: s.n }
"""


@pytest.mark.parametrize(("stocks", "warned"), [("id,n\nx,1\ny,q\n", 1), ("id,n\nx,1\n", 0), ("id,n\nx,1\ny,1\nz,q\n", 0)])
def test_a_join_that_finds_nothing_says_that_rows_were_rejected_which_it_looks_among(stocks, warned, tmp_path: Path) -> None:
    (tmp_path / "stocks.csv").write_text(stocks, encoding="utf-8")
    report = ran(tmp_path, "sku,stock\na,x\nb,y\nc,\n", JOINED, stocks=[str(tmp_path / "stocks.csv")])
    said = "the join on line 8 of script.dhm finds nothing for one row, and one row that it looks among is rejected"
    assert [said] * warned == list(report.warnings)
    # What is looked for is no row of the entity.
    assert 0 == report.rejected["Item"]


def test_a_compiled_plan_runs_over_files_and_says_why_not_over_tables(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("sku,price\na,1\nb,x\n", encoding="utf-8")
    plan = compile(SCRIPT)
    files = {"items": tmp_path / "items.csv"}
    assert embed.run(SCRIPT, files).entities["Item"].equals(embed.run(plan, files).entities["Item"])
    table = pa.table({"sku": ["a"], "price": ["1"]})
    with pytest.raises(UnusableRun, match="the compiled plan reads files of kind `csv`; give `run` the script itself"):
        embed.run(plan, {"items": table})
    assert 1 == embed.run(SCRIPT, {"items": table}).entities["Item"].num_rows


def test_values_under_no_name_are_told(tmp_path: Path) -> None:
    report = ran(tmp_path, "sku,price,,\na,1,,\nb,2,,left over\n")
    assert ["items: `items.csv` has values in column 4, which has no name"] == list(report.warnings)
    assert () == ran(tmp_path, "sku,price,,\na,1,,\n").warnings
