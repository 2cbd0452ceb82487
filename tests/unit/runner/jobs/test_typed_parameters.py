"""Parameters that are typed with `dhm run JOB`: each run has its own, and what cannot be read touches nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from datahub.cli.job_run import Asked, run_job
from datahub.cli.output import Exit, Stop
from datahub.runner.jobs.replay import Busy, replay
from datahub.state.owner import this_process
from datahub.state.records import Admission, Fire, FireKind, RunStatus
from tests.jobs_project import Projected

PROJECT = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.offers]
mapping = "offers.dhm"
parameters = {factor = 2}
sources.feed = {connection = "here", folder = "in", ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
param factor: int
source feed: csv { columns { id: text } }
entity Offer {
  key id
  id: text(1..20)
  factor: int
}
map Offer from f in feed { id: f.id, factor: $factor }
target kept: jsonl {}
flow main { write Offer to kept }
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = Projected(tmp_path, {"dhm.toml": PROJECT, "offers.dhm": SCRIPT, "in/1.csv": "id\nA\n"})
    yield made
    made.close()


def fired(shop, key):
    """Another run of the job that waits, with the job's own parameters."""
    now = datetime.now(UTC)
    return shop.store.runs.submit(Fire("offers", FireKind.EVENT, now, key), Admission(), now).id


def test_what_is_there_is_read_with_the_parameters_that_were_typed_whatever_waits(shop):
    waiting = fired(shop, "m")
    assert Exit.DONE == run_job(Asked("offers", parameters=(("factor", "9"),)))
    typed = shop.store.runs.list()[0]
    assert ("success", {"factor": "9"}, 1) == (typed.status.value, json.loads(typed.parameters), typed.counts.written)
    assert [[{"id": "A", "factor": 9}]] == shop.rows("out")
    assert ("success", "nothing new") == ((left := shop.store.runs.get(waiting)).status.value, left.reason)
    # Without any, the one that waits is as good.
    fired(shop, "n")
    run_job(Asked("offers"))
    assert "skipped" == shop.store.runs.list()[0].status.value


def test_a_run_that_was_typed_waits_where_all_queue_and_as_many_wait_as_may(shop):
    toml = Path("dhm.toml")
    toml.write_text(toml.read_text().replace("[jobs.offers]", '[jobs.offers]\noverlap = "queue_all"\nmost_waiting = 1'))
    fired(shop, "m")
    assert shop.store.runs.claim("offers", this_process(), datetime.now(UTC))
    fired(shop, "n")
    run_job(Asked("offers", parameters=(("factor", "9"),)))
    assert ["pending", "pending", "fetching"] == [run.status.value for run in shop.store.runs.list()]


def test_behind_a_run_at_work_the_one_that_was_typed_comes_before_those_that_waited_then(shop, capsys):
    first = fired(shop, "m")
    claim, _ = shop.store.runs.claim("offers", this_process(), datetime.now(UTC))
    waiting = fired(shop, "n")
    assert Exit.DONE == run_job(Asked("offers", parameters=(("factor", "9"),)))
    typed = shop.store.runs.list()[0].id
    assert f"queued: run {typed} starts when run {first} ends" in capsys.readouterr().err
    shop.store.runs.end(claim, RunStatus.CANCELLED, datetime.now(UTC))
    assert [typed, waiting] == [one.run.id for one in shop.work("offers")]
    assert [[{"id": "A", "factor": 9}]] == shop.rows("out")


def test_rows_are_replayed_with_the_parameters_of_the_run_that_rejected_them(shop):
    shop.put("in/1.csv", "id\nA\n" + "B" * 40 + "\n")
    run_job(Asked("offers", parameters=(("factor", "9"),)))
    (rejects,) = shop.store.rejects.list()
    shop.put("mended.csv", "id\nB\n")
    fired(shop, "m")
    ending = replay(shop.context("offers"), rejects, shop.folder / "mended.csv")
    assert ("success", 1) == (ending.run.status.value, ending.run.counts.written)
    assert [[{"id": "A", "factor": 9}], [{"id": "B", "factor": 9}]] == shop.rows("out")


def test_a_replay_that_finds_the_job_at_work_leaves_nothing(shop):
    shop.put("in/1.csv", "id\nA\n" + "B" * 40 + "\n")
    run_job(Asked("offers"))
    (rejects,) = shop.store.rejects.list()
    fired(shop, "m")
    shop.store.runs.claim("offers", this_process(), datetime.now(UTC))
    before = shop.store.runs.list()
    with pytest.raises(Busy):
        replay(shop.context("offers"), rejects, Path(rejects.path))
    assert (before, []) == (shop.store.runs.list(), list(shop.store.rejects.again(rejects.run)))


@pytest.mark.parametrize(
    "given, said",
    [
        (("nix", "3"), "the script of the job `offers` has no parameter `nix`"),
        (("factor", "xx"), "`factor` takes int, and `xx` is none"),
    ],
)
@pytest.mark.parametrize("dry", [False, True])
def test_a_parameter_that_cannot_be_read_touches_nothing(shop, given, said, dry):
    with pytest.raises(Stop) as stopped:
        run_job(Asked("offers", parameters=(given,), dry=dry))
    assert (said, Exit.USAGE) == (stopped.value.message, stopped.value.code)
    assert () == tuple(shop.store.runs.list())
