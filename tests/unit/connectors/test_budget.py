"""How many requests an address gets: counted over all processes at once, and told while it is waited for."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from datahub.connectors.declare import TransientError
from datahub.connectors.rest.budget import Allowance

REQUESTS, WITHIN, EACH = 4, 0.6, 7
TAKER = f"""
import json, sys, time
from pathlib import Path
from datahub.connectors.rest.budget import Allowance
one, taken = Allowance(Path(sys.argv[1]), "rest https://x", {REQUESTS}, {WITHIN}), []
for _ in range({EACH}):
    before = time.time()
    one.take(lambda seconds, why: time.sleep(seconds))
    taken.append((before, time.time()))
print(json.dumps(taken))
"""


def test_several_processes_together_keep_one_budget(tmp_path):
    command = [sys.executable, "-c", TAKER, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    taken = sorted(one for process in running for one in json.loads(process.communicate(timeout=60)[0]))
    assert [0, 0, 0] == [process.returncode for process in running]
    assert 3 * EACH == len(taken)
    # Whichever way it is looked at, no stretch that is shorter than the time has more that were certainly within it.
    for first, _ in taken:
        within = [one for one in taken if one[0] >= first and one[1] < first + WITHIN]
        assert len(within) <= REQUESTS, within
    (kept,) = (tmp_path / "budgets").iterdir()
    times = json.loads(kept.read_text())
    assert len(times) <= REQUESTS + 3


def test_all_that_was_taken_takes_as_long_as_the_budget_says(tmp_path):
    one = Allowance(tmp_path, "rest https://x", 2, 0.3)
    begun, said = time.monotonic(), list[str]()

    def wait(seconds: float, why: str) -> None:
        said.append(why)
        time.sleep(seconds)

    for _ in range(5):
        one.take(wait)
    assert time.monotonic() - begun >= 0.55
    assert {"rest https://x takes 2 requests in 0.3 s"} == set(said)


def test_a_long_wait_is_left_for_a_later_run_and_counts_nothing(tmp_path):
    one = Allowance(tmp_path, "rest https://x", 1, 3600)
    one.take(lambda seconds, why: pytest.fail("nothing was taken yet"))
    for _ in range(2):
        with pytest.raises(TransientError, match="used up") as problem:
            one.take(lambda seconds, why: pytest.fail("an hour is not waited for here"))
        assert 3500 < (problem.value.wait or 0) <= 3600


def test_a_file_of_the_budget_that_was_cut_stops_nothing(tmp_path):
    one = Allowance(tmp_path, "rest https://x", 1, 3600)
    one.take(lambda seconds, why: None)
    (kept,) = (tmp_path / "budgets").iterdir()
    kept.write_text("[17")
    one.take(lambda seconds, why: pytest.fail("it counts anew"))
