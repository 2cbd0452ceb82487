"""Plans as data: JSON and back, hashed by what they do, pruned, and told with their exchanges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from datahub.plan import operators as op
from datahub.plan.distribution import AnyBatch, Broadcast, HashPartitioned, required_distribution
from datahub.plan.explain import explain
from datahub.plan.order import topological
from datahub.plan.serde import UnreadablePlan, digest, from_json, to_json
from datahub.runner.embed import compile

EXAMPLES = sorted(path for path in (Path(__file__).parents[3] / "examples").glob("*/*.dhm") if path.name != "mistakes.dhm")
SCRIPT = """
source items: csv {
  columns {
    sku    : text
    price  : decimal
    unused : date
  }
}
source brands: csv {
  columns {
    code : text
    name : text
  }
}
entity Item {
  key sku
  sku   : text
  price : decimal(12,2)
  brand : text?
}
map Item from r in items
  join b in brands on b.code = r.sku
  where r.sku <> "x"
{
  sku   : r.sku
  price : r.price
  brand : b.name
}
"""


def operators(plan: op.Plan) -> list[op.Operator]:
    return topological(output.rows for output in plan.outputs)


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_plan_travels_as_json(script: Path) -> None:
    plan = compile(script)
    document = to_json(plan)
    assert from_json(document) == plan
    assert digest(from_json(document)) == digest(plan)


def test_the_document_is_flat() -> None:
    def depth(value: object) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + max(map(depth, inner), default=0)

    nodes = json.loads(to_json(compile(SCRIPT)))["nodes"]
    assert max(map(depth, nodes)) <= 6


def test_the_hash_is_of_what_the_plan_does() -> None:
    moved = "# a remark\n\n" + SCRIPT
    assert digest(compile(moved)) == digest(compile(SCRIPT))
    assert digest(compile(SCRIPT.replace('<> "x"', '<> "y"'))) != digest(compile(SCRIPT))


DAMAGED = [
    "",
    "{}",
    "[]",
    '{"datahub_plan": 99, "root": 0, "nodes": []}',
    '{"datahub_plan": 1}',
    '{"datahub_plan": 1, "root": 0, "nodes": []}',
    '{"datahub_plan": 1, "root": 0, "nodes": [7]}',
    '{"datahub_plan": 1, "root": 0, "nodes": [{"is": "Window", "keys": [], "where": null, "order": [], "later": true}]}',
    '{"datahub_plan": 1, "root": 0, "nodes": [{"is": "Bool", "nullable": false}]}',
]


@pytest.mark.parametrize("document", DAMAGED)
def test_what_is_no_plan_is_told(document: str) -> None:
    with pytest.raises(UnreadablePlan):
        from_json(document)


def test_a_plan_with_an_unknown_node_is_told() -> None:
    with pytest.raises(UnreadablePlan, match="Teleport"):
        from_json('{"datahub_plan": 1, "root": 0, "nodes": [{"is": "Teleport"}]}')


def test_columns_that_nobody_reads_are_not_read() -> None:
    reads = {one.source: one.columns for one in operators(compile(SCRIPT)) if isinstance(one, op.Read)}
    assert reads == {"items": ("#items.sku", "#items.price"), "brands": ("#brands.code", "#brands.name")}


def test_a_strict_source_converts_all() -> None:
    strict = compile(SCRIPT.replace("source items: csv {", "source items: csv {\n  strict true"))
    reads = {one.source: one.columns for one in operators(strict) if isinstance(one, op.Read)}
    assert reads["items"] == ("#items.sku", "#items.price", "#items.unused")


def test_every_operator_says_how_its_rows_must_be_spread() -> None:
    needs = {type(one).__name__: required_distribution(one) for one in operators(compile(SCRIPT))}
    assert needs["Filter"] == AnyBatch()
    assert needs["Join"] == Broadcast(("b.code",))
    assert needs["Key"] == HashPartitioned(("sku",))


def test_exchanges_are_told() -> None:
    text = explain(compile(SCRIPT))
    assert "-- exchange: rows with equal sku meet" in text
    assert "-- exchange: the right side to every worker, by b.code" in text
