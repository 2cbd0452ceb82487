"""A bounded run of every target, the same each time; `DHM_FUZZ` makes it so many attempts, `DHM_SEED` other ones."""

from __future__ import annotations

import os
import random
import time

import pytest

from tests.fuzz import __main__ as long_run
from tests.fuzz.mutation import damaged
from tests.fuzz.targets import FOUND, TARGETS, corpus

SEED = os.environ.get("DHM_SEED", "")
ATTEMPTS = int(os.environ.get("DHM_FUZZ", "0"))
BOUNDED = {
    "script": 150,
    "cell": 4000,
    "expression": 1500,
    "template": 2000,
    "csv": 400,
    "json": 700,
    "jsonl": 700,
    "xml": 60,  # over each that is damaged a child ends, and another begins
    "xml_rows": 700,
    "fixed": 700,
    "xlsx": 250,
    "parquet": 700,
    "arrow": 700,
    "zip": 500,
    "pack": 400,
    "project": 250,
}
LONGEST = 5.0
"""Seconds of the processor for one input of at most 20 kB; nearly all take some milliseconds."""


@pytest.mark.parametrize("name", TARGETS)
def test_what_once_broke_something_does_so_no_more(name: str) -> None:
    for path in sorted((FOUND / name).glob("*")):
        TARGETS[name].attempt(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_what_led_long_runs_to_new_code_breaks_nothing(name: str) -> None:
    for data in corpus(name):
        TARGETS[name].attempt(data)


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_damaged_input_is_told_of_and_never_raises(name: str) -> None:
    target = TARGETS[name]
    seeds = target.seeds()
    assert seeds
    for number in range(ATTEMPTS or BOUNDED[name]):
        data = damaged(seeds, random.Random(f"{SEED}{name}{number}"))
        begun = time.process_time()
        try:
            target.attempt(data)
        except Exception as error:
            raise AssertionError(f"attempt {number} of {name}: {data!r}") from error
        assert time.process_time() - begun < LONGEST, f"attempt {number} of {name} takes too long: {data!r}"


def test_the_long_run_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(long_run, "find_spec", lambda _: None)
    monkeypatch.setattr("sys.argv", ["tests.fuzz", "pack", "--seconds", "1"])
    assert 2 == long_run.main()
    out, told = capsys.readouterr()
    assert "" == out
    assert "needs atheris, which is not installed" in told
