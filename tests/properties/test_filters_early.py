"""Filters that were moved down a plan drop the rows that they dropped, and all that is told of the others is told as it was."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pytest

from datahub.engine.profile import Profile
from datahub.plan import operators as op
from datahub.plan.explain import explain
from datahub.plan.optimize import REWRITES
from datahub.plan.order import topological
from datahub.plan.rewrites.prune_columns import prune_columns
from datahub.plan.text import shown
from datahub.runner.embed import Result, compile, run
from datahub.runner.run import Options
from datahub.runner.run import run as run_files

COLUMNS = """  columns {
    sku   : text
    model : text?
    price : decimal(12,2)?
    day   : date?
    qty   : int
    tags  : KIND
  }
"""
SCRIPT = """
source items: SOURCE
lookup labels (code: text) -> text {
  | code | result |
  |------|--------|
  | "M1" | "one"  |
  | "M2" | "two"  |
  MISS
}
decide band (qty: int) -> text {
  | qty || band  |
  | > 5 || much  |
  | 1   || one   |
  otherwise error "no band"
}
entity Item {
  key sku
  sku   : text
  model : text(1..6)
  price : decimal(8,2)
  share : decimal(12,4)
  label : text
  band  : text?
  seen  : int
}
view v from r in items
  FIRST
{
  include r
  id    : r.sku
  half  : r.qty * 0.5
  clean : html_strip(r.model)
  share : round(100 / r.qty, 4)
  label : labels(r.model)
  short : text(length(r.tags))
  bare  : length(html_strip(r.model))
}
view w from x in v
  SECOND
{
  include x
  qty   : x.qty + 1
  band  : band(x.qty) on error RECOVERED
  loud  : upper(html_strip(x.model))
  said  : length(html_strip(x.model)) + x.bare
  early : x.day < date("2021-06-01")
}
map Item from y in w
  THIRD
{
  sku   : y.id
  model : y.model
  price : y.price * 2 + length(y.loud)
  share : y.share
  label : y.label
  band  : y.band
  seen  : y.qty
}
checks Item {
  DEAR warn on price: price < 20
  ODD error on label: label <> "two" or seen > 3
}
"""
KINDS = {
    "csv": ('csv {\n  decimal ","\n', "text?"),
    "jsonl": ("jsonl {\n", "[text]?"),
    "strict": ('csv {\n  decimal ","\n  strict true\n', "text?"),
}
FIRST = ("", "where r.qty > 1", "where r.price > 5 or r.sku = \"S7\"", "where length(r.tags) > 1", "unique by r.sku keep last")  # fmt: skip
SECOND = (
    "", "where x.id <> \"S3\"", "where x.share > 20", "where x.half > 1 and x.model is not null", "where x.label = \"one\"",
    "where failed(x.price)", "where x.bare > 2", "where x.clean <> \"M2\"", "where 10 / x.qty > 2\n  where x.day is not null",
)  # fmt: skip
THIRD = ("", "where y.qty > 2", "where y.band = \"much\"", "where y.early", "where y.said > 4", "where y.loud = \"M1\"\n  where y.bare <> 3", "order by y.id desc", "where y.sku matches /S[1-5]+/", "where y.short <> \"3\"")  # fmt: skip


def script(dice: random.Random, kind: str) -> str:
    head, tags = KINDS[kind]
    text = SCRIPT.replace("SOURCE", f"{head}{COLUMNS}}}").replace("KIND", tags)
    for place, choices in (("FIRST", FIRST), ("SECOND", SECOND), ("THIRD", THIRD)):
        text = text.replace(place, dice.choice(choices))
    text = text.replace("MISS", dice.choice(("otherwise error", 'otherwise "none"', "otherwise null")))
    return text.replace("RECOVERED", dice.choice(("reject NO_BAND", "null", 'warn "?"')))


def feed(dice: random.Random, kind: str, folder: Path) -> Path:
    """300 rows, many of which have something that fails."""
    json_lines = kind == "jsonl"
    rows = [
        {
            "sku": f"S{number // 2 if dice.random() < 0.2 else number}",
            "model": dice.choice(("M1", "M2", "<b>M3</b>", "", "too long a name")),
            "price": dice.choice((1.5, 12, "x", None) if json_lines else ("1,5", "12", "x", "")),
            "day": dice.choice(("2021-02-03", "2022-02-03", "30/02/2021", "")),
            "qty": dice.choice((0, 1, 2, 3, 7, "y") if json_lines else ("0", "1", "2", "3", "7", "y")),
            "tags": dice.choice((["a"], ["a", "b", "c"], [], None) if json_lines else ("a", "abc", "", "ab")),
        }
        for number in range(300)
    ]
    path = folder / f"feed.{kind}"
    if json_lines:
        path.write_text("".join(json.dumps({key: value for key, value in row.items() if value is not None}) + "\n" for row in rows))
    else:
        lines = [",".join(rows[0]), *(",".join(f'"{value}"' for value in row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
    return path


def told(result: Result) -> tuple[dict[str, pa.Table], pa.Table, pa.Table, object]:
    return dict(result.entities), result.issues, result.notes, result.fates


@pytest.mark.parametrize("kind", KINDS)
def test_a_moved_filter_does_not_show(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = 0
    for seed in range(12):
        dice = random.Random(seed)
        text, path = script(dice, kind), feed(dice, kind, tmp_path)
        plans, found = set(), []
        for rewrites in (REWRITES, (prune_columns,)):
            monkeypatch.setattr("datahub.plan.optimize.REWRITES", rewrites)
            plans.add(explain(compile(text)))
            found.append(told(run(text, {"items": path}, threads=1, batch_rows=64)))
        moved += len(plans) > 1
        assert found[0] == found[1], text
    assert moved > 4


def below(plan: op.Plan) -> list[str]:
    """The columns that are worked out below the lowest filter of a plan."""
    ordered = topological(output.rows for output in plan.outputs)
    first = next(number for number, one in enumerate(ordered) if isinstance(one, op.Filter))
    return [made.name for one in ordered[:first] if isinstance(one, op.Compute) for made in one.assignments]


def planned(first: str, second: str, third: str, miss: str = "error", recovered: str = "reject NO_BAND", more: str = "") -> op.Plan:
    text = SCRIPT.replace("SOURCE", f"csv {{\n{COLUMNS}}}").replace("KIND", "text?")
    text = text.replace("MISS", f"otherwise {miss}").replace("RECOVERED", recovered)
    return compile(text.replace("FIRST", first).replace("SECOND", second).replace("THIRD", third) + more)


def test_only_what_a_condition_asks_for_is_worked_out_before_it() -> None:
    assert below(planned("", "", 'where y.id = "S7"')) == ["sku"]
    before = below(planned("", "where x.share > 20", ""))
    assert "share" in before
    assert not {"id", "half", "clean", "label", "short"} & set(before)


def test_what_rejects_rows_is_not_passed() -> None:
    before = below(planned("unique by r.sku keep last", "", "where y.early"))
    assert {"price", "day"} <= set(before)


def test_what_counts_as_a_run_goes_is_worked_out_for_all_rows() -> None:
    assert "label" in below(planned("", "where x.share > 20", "", miss='"none"'))
    assert "band" in below(planned("", "", "where y.early", recovered="null"))


def test_rows_that_two_maps_read_are_made_once() -> None:
    other = 'entity Other { sku: text }\nmap Other from y in w where y.id = "S8" { sku: y.sku }\n'
    assert "share" in below(planned("", "", 'where y.id = "S7"', more=other))


def test_who_shares_costly_work_with_what_a_condition_asks_for_stays_with_it() -> None:
    before = below(planned("", "", "where y.said > 4"))
    assert {"said", "loud"} <= set(before)
    assert not {"band", "price"} & set(before[before.index("loud") :])


SHARING = """
source items: csv { columns { id: int, x: text } }
entity Item { key id
  id: int
  n: int
  h: text
  u: text
}
view v from r in items {
  LET
  id: r.id
  n: length(TEXT)
  h: TEXT
  u: upper(TEXT)
}
map Item from y in v
  WHERE
{ id: y.id, n: y.n, h: y.h, u: y.u }
"""


@pytest.mark.parametrize(("bind", "named"), [("", "html_strip(r.x)"), ("let h: html_strip(r.x)", "h")], ids=["written out", "bound"])
@pytest.mark.parametrize("where", ["", "where y.n > 3", 'where y.h <> "Q"\n  where y.n > 3\n  where y.u <> "Q"'])
def test_a_filter_has_nothing_worked_out_twice(bind: str, named: str, where: str, tmp_path: Path) -> None:
    path, profile = tmp_path / "items.csv", Profile()
    path.write_text("id,x\n" + "".join(f"{number},<p>note {number}</p>\n" for number in range(1_000)))
    plan = compile(SHARING.replace("LET", bind).replace("TEXT", named).replace("WHERE", where))
    report = run_files(plan, {"items": [str(path)]}, tmp_path / "out", options=Options(profile=profile))
    assert report.entities == {"Item": 1_000}
    asked = [spent.rows for spent in profile.expressions.values() if shown(spent.node).startswith("html_strip")]
    assert sum(asked) == 1_000
