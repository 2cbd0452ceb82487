"""Rows that take much along are worked out in parts: what comes out is the same, and told the same."""

from __future__ import annotations

import json
import subprocess
import sys

import pyarrow as pa
import pytest

import datahub
from datahub.engine import parts, slices
from datahub.engine.operators import join
from datahub.types import sizes

SCRIPT = """\
source p: jsonl { columns { id: text, d: text, v: [{ sku: text, n: text }] } }
source c: csv { columns { id: text, label: text } }
entity Line {
  id: text
  n: int
  d: text
  label: text?
}
entity Whole {
  id: text
  size: int
  skus: [text]
  joined: text?
  high: int
}
entity Group {
  first: text
  all: text?
}
entity Counted {
  id: text
  n: int
  of_all: int
  of_some: int
  nested: [[int]]
  thrice: int?
}
entity Day {
  id: text
  day: date
}
map Line from r in p each x in r.v join many l in c on l.id = r.id { id: x.sku, n: int(x.n), d: r.d, label: l.label }
map Whole from r in p {
  id: r.id
  size: sum(length(r.d & x.sku) for x in r.v)
  skus: [r.d & x.sku & "{length(r.d)}" for x in r.v where length(r.d & x.sku) > 12 order by r.d & x.sku desc]
  joined: join_text("-", [if(x.sku = "s-1-1", r.d, x.sku) for x in r.v])
  high: sum(sum(length(r.d) + length(y.sku & x.sku) for y in r.v) for x in r.v)
}
map Counted from r in p {
  id: r.id
  n: length(1..length(r.d))
  of_all: count(for y in 1..20 where y > length(r.d))
  of_some: sum(count(for y in x..6 where mod(y, 3) <> length(r.d)) for x in 1..4)
  nested: [[y * x for y in range(9, 1, -2)] for x in 1..length(r.v) where x <> 3]
  thrice: sum(sum(count(for z in x..y where 60 / (z - 3) > x) for y in 1..4) for x in 1..length(r.v))
}
map Day from r in p each x in range(date("2024-02-27"), add_days(date("2024-02-27"), mod(length(r.d), 8))) { id: r.id, day: x }
map Group from r in p group by head: left(r.d, 1) { first: head, all: join_text("+", replace(r.d, "a", "bb")) }
"""


def rows() -> list[dict[str, object]]:
    return [
        {
            "id": f"p{n}",
            "d": "abc"[n % 3] * (n * 3),
            "v": None if n == 4 else [{"sku": f"s-{n}-{i}", "n": "x" if (n + i) % 7 == 0 else str(i)} for i in range(n % 6)],
        }
        for n in range(20)
    ]


def outcome(folder):
    path = folder / "p.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows()))
    labels = pa.table({"id": ["p1", "p2", "p2", "p5"], "label": ["one", "two" * 20, "zwei" * 20, "five"]})
    result = datahub.run(SCRIPT, {"p": str(path), "c": labels})
    return {name: table.to_pylist() for name, table in result.entities.items()}, result.issues.to_pylist()


@pytest.mark.parametrize(("part", "most"), [(1, 1), (40, 1 << 30), (1 << 30, 90), (100, 300)])
def test_parts_give_what_the_whole_gives(tmp_path, monkeypatch, part, most):
    whole = outcome(tmp_path)
    for module in (parts, slices, join, sizes):
        monkeypatch.setattr(module, "PART_BYTES", part)
    monkeypatch.setattr(sizes, "MOST_BYTES", most)

    assert whole == outcome(tmp_path)
    assert {"Line", "Whole", "Group", "Counted", "Day"} == {name for name, found in whole[0].items() if found}
    assert whole[1]


LOOPS = {
    # The inner lists have 320 MB together, and each of their items is a row for a while.
    "sum(count(for y in 1..1000000 where y > x) for x in 1..40)": "39999180",
    # No row may have as much.
    'length([repeat("ab", 500000) for x in 1..3000])': "R603",
    "length(flatten([1..1000000 for x in 1..1000]))": "R603",
}

EVALUATE = """\
import resource, sys
from datahub.cli.main import program
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
sys.argv = ["dhm", "eval", *sys.argv[1:]]
program()
"""


@pytest.mark.parametrize("asked", LOOPS)
def test_loops_within_loops_over_ranges_take_a_bounded_memory(asked):
    done = subprocess.run([sys.executable, "-c", EVALUATE, asked], capture_output=True, text=True, timeout=60)

    assert LOOPS[asked] in done.stdout + done.stderr
    assert done.returncode == (1 if LOOPS[asked] == "R603" else 0)
