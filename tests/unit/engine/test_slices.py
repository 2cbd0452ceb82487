"""Rows that take much along are worked out in parts: what comes out is the same, and told the same."""

from __future__ import annotations

import json

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
map Line from r in p each x in r.v join many l in c on l.id = r.id { id: x.sku, n: int(x.n), d: r.d, label: l.label }
map Whole from r in p {
  id: r.id
  size: sum(length(r.d & x.sku) for x in r.v)
  skus: [r.d & x.sku & "{length(r.d)}" for x in r.v where length(r.d & x.sku) > 12 order by r.d & x.sku desc]
  joined: join_text("-", [if(x.sku = "s-1-1", r.d, x.sku) for x in r.v])
  high: sum(sum(length(r.d) + length(y.sku & x.sku) for y in r.v) for x in r.v)
}
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
    assert {"Line", "Whole", "Group"} == {name for name, found in whole[0].items() if found}
    assert whole[1]
