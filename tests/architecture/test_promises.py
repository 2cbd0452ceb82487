"""What is promised of runs is shown by tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
LINK = re.compile(r"\[([^\]]+)\]\(\.\./(tests/[^)]+\.py)\)")


def test_every_promise_names_a_test_that_there_is():
    rows = dict(re.findall(r"^\| (P\d+) \|(.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert [f"P{number}" for number in range(1, 15)] == list(rows)
    for promise, row in rows.items():
        shown = LINK.findall(row.rsplit(" | ", 1)[1])
        assert shown, promise
        for words, path in shown:
            text = (PAGE.parents[1] / path).read_text(encoding="utf-8")
            assert f"def test_{words.replace(' ', '_')}(" in text, f"{promise}: {words}"
