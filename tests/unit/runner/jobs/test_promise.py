"""What `dhm check` says that a job can hold for each kind of target."""

from __future__ import annotations

import pytest

from datahub.cli.project import plan_of
from datahub.runner.jobs.bind import ways_of
from datahub.runner.jobs.promise import promises
from tests.jobs_project import Projected
from tests.servers.receiver import SECRET

PROJECT = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[connections.api]
kind = "rest"
url = "http://127.0.0.1:9/"
insecure = true
[connections.erp]
kind = "webhook"
url = "http://127.0.0.1:9/"
secrets = ["${env:ERP_HOOK}"]
insecure = true
[jobs.offers]
mapping = "offers.dhm"
overlap = "OVERLAP"
sources.feed = {connection = "here", folder = "in", ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
targets.shop = {connection = "api", path = "offers"}
targets.hook = {connection = "erp", type = "offer.changed", key = "sku"}
"""
SCRIPT = """\
source feed: csv { columns { sku: text } }
entity Offer {
  key sku
  sku: text
}
map Offer from f in feed { include f }
target kept: jsonl {}
target shop: api {}
target hook: api {}
flow main {
  write Offer to kept
  write Offer to shop
  write Offer to hook
}
"""


@pytest.mark.parametrize(
    "overlap, once",
    [
        *((overlap, ["kept", "shop"]) for overlap in ("queue_one", "skip", "queue_all", "cancel_previous")),
        # Two runs say the same under keys of their own, whatever the other side knows of keys.
        ("allow", []),
    ],
)
def test_effect_once_is_promised_where_one_run_is_at_work_at_a_time(tmp_path, monkeypatch, overlap, once):
    monkeypatch.setenv("ERP_HOOK", SECRET)
    shop = Projected(tmp_path, {"dhm.toml": PROJECT.replace("OVERLAP", overlap), "offers.dhm": SCRIPT})
    plan = plan_of(shop.loaded, "offers")
    told = promises(shop.loaded.project.jobs["offers"], ways_of(shop.loaded, "offers", plan), plan)
    assert ["hook", "kept", "shop"] == sorted(one.target for one in told)
    assert once == sorted(one.target for one in told if one.once)
    if not once:
        assert all("`overlap` lets them" in one.told for one in told)
    shop.close()


def test_a_target_whose_content_each_run_replaces_is_told_and_takes_no_few_rows(tmp_path, monkeypatch):
    monkeypatch.setenv("ERP_HOOK", SECRET)
    monkeypatch.setenv("MIRAKL_KEY", "k-3b9f")
    project = PROJECT.replace("OVERLAP", "queue_one").replace('"{{RUN}}.jsonl"}', '"stock.jsonl", exists = "replace"}')
    project = project.replace('{connection = "api", path = "offers"}', '{connection = "mirakl", entity = "offers", mode = "replace"}')
    project += '[connections.mirakl]\nkind = "mirakl"\nurl = "http://127.0.0.1:9/"\ninsecure = true\nkey = "${env:MIRAKL_KEY}"\n'
    shop = Projected(tmp_path, {"dhm.toml": project, "offers.dhm": SCRIPT})
    plan = plan_of(shop.loaded, "offers")
    found = promises(shop.loaded.project.jobs["offers"], ways_of(shop.loaded, "offers", plan), plan)
    assert ["kept", "shop"] == sorted(one.target for one in found if one.whole)
    assert all("rejected rows are not replayed to it" in one.told for one in found if one.whole)
    several = {"dhm.toml": PROJECT.replace("OVERLAP", "queue_one"), "offers.dhm": SCRIPT.replace("entity Offer {", "entity Offer @whole {")}
    (tmp_path / "b").mkdir()
    shop = Projected(tmp_path / "b", several)
    plan = plan_of(shop.loaded, "offers")
    found = promises(shop.loaded.project.jobs["offers"], ways_of(shop.loaded, "offers", plan), plan)
    assert ["kept", "shop"] == sorted(one.target for one in found if one.whole)
