"""How fast scripts are read."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from datahub.document import Document
from datahub.syntax import tables
from datahub.syntax.parser import parse

SCRIPT = Path(__file__).parents[1] / "unit" / "syntax" / "scripts" / "everything.dhm"


def best(times: int, task) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        task()
        taken.append(time.perf_counter() - begun)
    return min(taken)


@pytest.mark.bench
def test_a_script_is_read_at_eight_thousand_lines_a_second():
    text = SCRIPT.read_text(encoding="utf-8") * 5
    seconds = best(5, lambda: parse(Document("x", text), lambda _: None))
    rate = text.count("\n") / seconds
    print(f"{rate:,.0f} lines/s")
    assert rate >= 8_000


@pytest.mark.bench
def test_the_parse_tables_are_there_in_thirty_milliseconds():
    tables.tables()

    def again() -> None:
        tables.tables.cache_clear()
        tables.tables()

    assert best(5, again) < 0.030
