"""A row that is written as one entity and rejected as another is a rejected row to whoever asks whether there are some."""

from __future__ import annotations

import pytest

from datahub.cli.job_run import Asked, run_job
from datahub.cli.output import Exit
from tests.jobs_project import Projected

PROJECT = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.offers]
mapping = "offers.dhm"
LIMIT
sources.feed = {connection = "here", folder = "in", ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
targets.prices = {connection = "here", folder = "prices", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
source feed: csv { columns { sku: text, price: decimal } }
entity Product {
  key sku
  sku: text
}
entity Price {
  key sku
  sku: text
  price: decimal(8,2)
}
map Product from f in feed { sku: f.sku }
map Price from f in feed { sku: f.sku, price: f.price }
target kept: jsonl {}
target prices: jsonl {}
flow main {
  write Product to kept
  write Price to prices
}
"""


@pytest.fixture
def shop(tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    limit = getattr(request, "param", "")
    made = Projected(tmp_path, {"dhm.toml": PROJECT.replace("LIMIT", limit), "offers.dhm": SCRIPT, "in/a.csv": "sku,price\nA,1\nB,free\n"})
    yield made
    made.close()


def test_who_asks_for_no_rejects_hears_of_it(shop, capsys):
    assert Exit.REJECTS == run_job(Asked("offers", fail_on_rejects=True))
    assert "2 rows read, 1 row rejected, 2 files delivered" in capsys.readouterr().err
    (run,) = shop.store.runs.list()
    # What became of the row as a whole is one thing: it was written.
    assert (2, 2, 0) == (run.counts.read, run.counts.written, run.counts.rejected)


@pytest.mark.parametrize("shop", ["tolerance.rows = 0"], indirect=True)
def test_the_tolerance_of_a_job_counts_it(shop):
    assert Exit.WRONG == run_job(Asked("offers", quiet=True))
    assert "1 rows are rejected" in shop.store.runs.list()[0].reason
    assert not (shop.folder / "out").exists()
