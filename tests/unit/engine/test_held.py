"""Issues that are held until all of them are known are told the same whether they fit into memory or not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from datahub.connectors.spill import FolderSpace
from datahub.engine import issues
from datahub.engine.held import HeldIssues
from datahub.engine.ledger import row_ids
from datahub.engine.waiting import Budget

BLOCKS, ROWS = 5, 40


@pytest.fixture(scope="module")
def space() -> Iterator[FolderSpace]:
    with FolderSpace() as room:
        yield room


def found(entity: str, block: int, source: int = 0) -> pa.Table:
    rows = row_ids(source, block, np.arange(ROWS, dtype=np.int64))
    given = {"_row": pa.array(rows), "_origin": pa.repeat(pa.scalar(3, pa.int64()), ROWS), "_members": pa.nulls(ROWS, pa.list_(pa.int64()))}
    given["_at"] = pa.nulls(ROWS, pa.int64())
    texts = {"code": "R101", "entity": entity, "field": "price", "column": "price", "value": "free"}
    columns = {**given, **{name: pa.repeat(text, ROWS) for name, text in texts.items()}}
    return pa.table([columns.get(name, pa.repeat("", ROWS)) for name in issues.SCHEMA.names], schema=issues.SCHEMA)


def told(budget: Budget) -> list[pa.Table]:
    held = HeldIssues(budget, ["Item", "Price"])
    held.sources.add(0)
    for block in range(BLOCKS):
        assert not held.without([found("Price", block)])
    for block in range(BLOCKS):
        assert not held.without([found("Item", block)])
    return list(held.told())


def test_the_issues_of_a_row_are_told_together() -> None:
    (table,) = told(Budget())
    assert table.num_rows == BLOCKS * ROWS
    assert set(table.column("entity").to_pylist()) == {"Item, Price"}
    assert table.column("_row").to_pylist() == sorted(table.column("_row").to_pylist())


@pytest.mark.parametrize("size", [0, 30_000, 90_000])
def test_beyond_the_budget_they_are_told_the_same_in_parts(space: FolderSpace, size: int) -> None:
    parts = told(Budget(size, space))
    assert len(parts) > 1
    assert pa.concat_tables(parts).equals(told(Budget())[0])


def test_issues_of_sources_that_wait_for_nothing_are_told_at_once() -> None:
    held = HeldIssues(Budget(), ["Item"])
    held.sources.add(1)
    both = pa.concat_tables([found("Item", 0), found("Item", 0, source=1)])
    (now,) = held.without([both])
    assert now.equals(found("Item", 0))
    (later,) = held.told()
    assert later.num_rows == ROWS
