"""What old runs left is removed as each job says: what several have taken once none of them wants it any more."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from datahub.project.trigger import FileArrived
from datahub.runner.jobs.arrivals import arrived
from datahub.runner.jobs.bind import folders_of
from datahub.runner.jobs.perform import perform
from datahub.runner.jobs.prune import prune
from datahub.runner.jobs.replay import replay
from datahub.state.owner import this_process
from datahub.state.records import Admission, Fire, FireKind, Message, MessageState, Overlap
from tests.jobs_project import Projected

TOML = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[connections.ops]
kind = "webhook"
url = "https://ops.example.com/hook"
secrets = ["${env:NONE}"]
[connections.crm]
kind = "webhook"
url = "https://crm.example.com/hook"
secrets = ["${env:NONE}"]
[jobs.people]
mapping = "offers.dhm"
triggers = {kind = "webhook", path = "people", secrets = ["${env:NONE}"]}
notify = [{connection = "ops", on = ["success"]}, {connection = "crm", on = ["success"]}]
retention.payloads = "1 d"
sources.feed = {connection = "here", folder = "people", ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
[jobs.offers]
mapping = "offers.dhm"
triggers = {kind = "webhook", path = "offers", secrets = ["${env:NONE}"]}
notify = {connection = "ops", on = ["success"]}
sources.feed = {connection = "here", folder = "offers", ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
source feed: csv { columns { sku: text(1..3) } }
entity Offer {
  key sku
  sku : text(1..3)
}
map Offer from f in feed { include f }
target kept: jsonl {}
flow main { write Offer to kept }
"""


@pytest.fixture
def shop(tmp_path):
    files = {"people/p.csv": "sku\np\nlong\n", "people/both.csv": "sku\nb\n", "offers/o.csv": "sku\no\n", "offers/both.csv": "sku\nb\n"}
    made = Projected(tmp_path, {"dhm.toml": TOML, "offers.dhm": SCRIPT, **files})
    yield made
    made.close()


def test_a_job_that_keeps_its_files_and_messages_for_a_day_does_not_wait_for_those_that_keep_them_longer(shop):
    now = datetime.now(UTC)
    for hook in ("people", "offers", "gone"):
        shop.store.inbox.put([Message(f"{hook}/m", hook, "", b"{}", now)])
        shop.store.inbox.mark(f"{hook}/m", MessageState.DONE)
    ended = {job: shop.by_hand(job) for job in ("people", "offers")}
    for one in shop.store.outbox.list():
        shop.store.outbox.mark(one.id, MessageState.DONE)
    folders, later = folders_of(shop.loaded), now + timedelta(days=2)
    for path in folders.landed.iterdir():
        os.utime(path, (now.timestamp(), now.timestamp()))

    def left():
        names = {item.staged: item.name for job in ended for item in shop.store.items.done_at(f"{job}:feed:here/{job}")}
        landed = sorted(names[str(path)] for path in folders.landed.iterdir())
        made = {job: (folders.run(one.run.id) / "out" / "kept.jsonl").exists() for job, one in ended.items()}
        said = [one.channel for box in (shop.store.inbox, shop.store.outbox) for one in box.list() if one.body]
        return landed, made, sorted(said)

    everything = (["both.csv", "o.csv", "p.csv"], {"people": True, "offers": True}, ["crm", "gone", "offers", "ops", "ops", "people"])
    assert everything == left()
    assert (0, 0) == (prune(shop.store, folders, shop.loaded.project.jobs, now).files, 0)
    assert everything == left()
    gone = prune(shop.store, folders, shop.loaded.project.jobs, later)
    assert (["both.csv", "o.csv"], {"people": False, "offers": True}, ["gone", "offers", "ops", "ops"]) == left()
    assert (0, 2, 2) == (gone.runs, gone.files, gone.messages)
    # Its report and its rejects are kept as long as rejects are.
    (rejects,) = shop.store.rejects.list(ended["people"].run.id)
    assert "long" in Path(rejects.path).read_text(encoding="utf-8")
    # What a person has corrected is of the job too.
    context = shop.context("people")
    fixed = shop.folder / "fixed.csv"
    fixed.write_text("sku\nq\n", encoding="utf-8")
    assert "success" == replay(context, rejects, fixed).run.status.value
    for one in shop.store.outbox.list("new"):
        shop.store.outbox.mark(one.id, MessageState.DONE)
    before = {path.name for path in folders.landed.iterdir()}
    for path in folders.landed.iterdir():
        os.utime(path, (now.timestamp(), now.timestamp()))
    prune(shop.store, folders, shop.loaded.project.jobs, later)
    assert 1 == len(before - {path.name for path in folders.landed.iterdir()})
    prune(shop.store, folders, shop.loaded.project.jobs, now + timedelta(days=31))
    assert ([], {"people": False, "offers": False}, []) == left()


def at(context, moment):
    """A run as it ends at another time."""
    store = context.store
    assert store.runs.submit(Fire(context.name, FireKind.MANUAL, moment), Admission(Overlap.QUEUE_ALL), moment) is not None
    claimed = store.runs.claim(context.name, this_process(), moment)
    return perform(replace(context, clock=lambda: moment), *claimed).run


@pytest.mark.parametrize("looked_at_by", ["runs", "looks", "nobody"])
def test_what_lies_in_its_folder_is_not_read_again_once_it_is_old(tmp_path, looked_at_by):
    """Files stay where they are unless told otherwise, and an old one is an old state: read again, it would undo the new ones."""
    toml = TOML.replace('triggers = {kind = "webhook", path = "offers", secrets = ["${env:NONE}"]}', 'triggers = {kind = "file"}')
    shop = Projected(tmp_path, {"dhm.toml": toml, "offers.dhm": SCRIPT, "people/p.csv": "sku\np\n"})
    now, jobs, folders = datetime.now(UTC), shop.loaded.project.jobs, folders_of(shop.loaded)
    for name in ("a", "b", "c"):
        shop.put(f"offers/{name}.csv", f"sku\n{name}\n")
        assert 1 == shop.by_hand("offers").run.counts.read
    job, looks = jobs["offers"], jobs["offers"].triggers[0]
    assert isinstance(looks, FileArrived)
    for day in (1, 200, 399, 401, 600, 799, 801, 1300):
        later = now + timedelta(days=day)
        prune(shop.store, folders, jobs, later)
        if looked_at_by == "looks":
            assert arrived(shop.store, shop.loaded, "offers", job, looks, later) is None
        if looked_at_by == "runs" or day == 1300:
            assert ("NOTHING_NEW", 0) == ((run := at(shop.context("offers"), later)).code, run.counts.read)
    # What is gone from there is forgotten all the same.
    (tmp_path / "offers" / "a.csv").unlink()
    for day in (1500, 1800):
        at(shop.context("offers"), now + timedelta(days=day))
    prune(shop.store, folders, jobs, now + timedelta(days=1800))
    assert ["b.csv", "c.csv"] == [one.name for one in shop.store.items.done_at("offers:feed:here/offers")]
    shop.close()
