"""The long comparison finds what differs, and its page is written in its place."""

from __future__ import annotations

import itertools

import pytest

from tests.differential.long import KINDS, run
from tests.torture.__main__ import BEGIN, END, PAGE, Line, with_lines


@pytest.mark.parametrize("kind", KINDS)
def test_a_round_holds_cells_and_finds_nothing(kind):
    told = run(lambda seed, over: itertools.islice(KINDS[kind](seed, lambda: False), 3), 0.01, 77)
    assert told["cells"] > 0
    assert told["held"] == (1 if kind == "scripts" else 3)
    assert [] == told["told"]


def test_what_differs_is_told_with_its_seed():
    told = run(lambda seed, over: iter([(10, ["engine 1, reference 2"])]), 0.01, 5)
    assert told["mismatches"] >= len(told["told"]) > 0
    assert told["told"][0] == "seed 5: engine 1, reference 2"


def test_what_breaks_the_comparison_is_told_and_the_run_goes_on(monkeypatch):
    def breaks(*given):
        raise KeyError("r.model")

    monkeypatch.setattr("tests.differential.test_scripts.hold", breaks)
    told = run(lambda seed, over: KINDS["scripts"](seed, lambda: False), 0.01, 77)
    assert told["mismatches"] >= 1
    assert "seed 77: two threads, sevens: KeyError: 'r.model'" in told["told"][0]


def test_the_page_keeps_one_whole_run():
    page = PAGE.read_text(encoding="utf-8")
    once = with_lines(page, [Line("a run", "12 cells", "nothing", "1 to 2", 3, True)], 7)
    assert "| a run | 12 cells | nothing | 1 to 2 | 3 |" in once
    twice = with_lines(once, [Line("another", "1", "nothing", "1", 3, True)], 7)
    assert "a run" not in twice.partition(BEGIN)[2].partition(END)[0]
    assert page.partition(BEGIN)[0] == twice.partition(BEGIN)[0]
    assert page.partition(END)[2] == twice.partition(END)[2]
