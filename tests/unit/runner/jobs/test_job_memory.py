"""A job says how much an operator of its runs holds before it sets rows aside, and who types it may say otherwise, as of threads."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from datahub.cli.job_run import Asked, run_job
from datahub.cli.main import main
from datahub.runner import run as running
from tests.jobs_project import Projected

TOML = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.offers]
mapping = "offers.dhm"
memory = "2 MiB"
sources.feed = {connection = "here", folder = "in", ready = {stable = 0}}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
source feed: csv { columns { sku: text, price: int } }
entity Offer {
  key sku
  sku : text
  price : int
}
map Offer from f in feed group by f.sku { sku: f.sku, price: sum(f.price) }
target kept: jsonl {}
flow main { write Offer to kept }
"""


@pytest.mark.parametrize("typed, budget", [(0, 2 << 20), (1, 1)])
def test_a_job_has_its_own_budget(tmp_path, monkeypatch, typed, budget):
    shop = Projected(tmp_path, {"dhm.toml": TOML, "offers.dhm": SCRIPT, "in/a.csv": "sku,price\na,1\nb,2\na,3\n"})
    monkeypatch.chdir(tmp_path)
    asked: list[int] = []

    budget_class: Any = vars(running)["Budget"]

    class Seen(budget_class):  # type: ignore[misc]
        def __init__(self, size, space):
            asked.append(size)
            super().__init__(size, space)

    monkeypatch.setattr(running, "Budget", Seen)
    assert 0 == run_job(Asked("offers", quiet=True, memory=typed))
    assert [budget] == asked
    # What is set aside changes nothing of the result.
    assert [[{"sku": "a", "price": 4}, {"sku": "b", "price": 2}]] == shop.rows("out")
    shop.close()


@pytest.mark.parametrize("dry", [False, True])
def test_who_types_a_job_says_how_many_threads_work(tmp_path, monkeypatch, dry):
    shop = Projected(tmp_path, {"dhm.toml": TOML, "offers.dhm": SCRIPT, "in/a.csv": "sku,price\na,1\n"})
    monkeypatch.chdir(tmp_path)
    asked: list[int] = []
    settings: Any = vars(running)["Settings"]

    def seen(**given):
        asked.append(given["threads"])
        return settings(**given)

    monkeypatch.setattr(running, "Settings", seen)
    monkeypatch.setattr(sys, "argv", ["dhm", "run", "offers", "--threads", "7", *(["--dry-run"] if dry else [])])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert [7] == asked
    shop.close()


def test_what_is_no_size_is_told_at_its_place(tmp_path):
    from datahub.connectors import models
    from datahub.project.load import check

    (tmp_path / "dhm.toml").write_text(TOML.replace("2 MiB", "much"), encoding="utf-8")
    (found,) = [one for one in check(tmp_path, models())[0] if one.rule.code == "DHM922"]
    assert "`memory`: this is no size such as `500MB` or `1GiB`" == found.message
