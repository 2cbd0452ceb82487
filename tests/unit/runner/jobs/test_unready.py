"""A run that `dhm serve` starts and that cannot be begun says why in the ledger, is asked for again, and fails in the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from datahub.cli.job_run import Asked, run_job
from datahub.cli.output import Stop
from datahub.runner.jobs.backoff import tried
from datahub.state.records import Admission, Fire, FireKind, MessageState, RunStatus
from tests.jobs_project import Projected

TOML = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[connections.shop]
kind = "rest"
url = "https://shop.example.com"
auth = {kind = "bearer", token = "${env:DHM_TEST_UNREADY}"}
[connections.ops]
kind = "webhook"
url = "https://ops.example.com/hook"
secrets = ["${env:DHM_TEST_UNREADY}"]
[jobs.offers]
mapping = "offers.dhm"
retry = {attempts = 2, longest = "2 min"}
notify = {connection = "ops", on = ["failed"]}
sources.feed = {connection = "here", folder = "in"}
targets.kept = {connection = "here", folder = "out", create_folders = true}
"""
GOOD = """\
source feed: csv { columns { sku: text } }
entity Offer {
  key sku
  sku : text
}
map Offer from f in feed { include f }
target kept: jsonl {}
flow main { write Offer to kept }
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("DHM_TEST_UNREADY", "whsec_dW5yZWFkeS11bnJlYWR5LXVucmVhZHktMDE=")
    made = Projected(tmp_path, {"dhm.toml": TOML, "offers.dhm": GOOD.replace("include f", "include g"), "in/a.csv": "sku\na\n"})
    monkeypatch.chdir(tmp_path)
    yield made
    made.close()


def begun(shop, now):
    run = shop.store.runs.submit(Fire("offers", FireKind.EVENT, now, str(now)), Admission(), now)
    return run.id


def test_a_script_that_does_not_compile_is_told_and_asked_for_again_until_the_run_fails(shop, capsys):
    id = begun(shop, datetime.now(UTC))
    assert 2 == run_job(Asked("offers", claimed=id, served=True, quiet=True))
    first = shop.store.runs.get(id)
    assert (RunStatus.RETRYABLE, "`offers.dhm` does not compile: 1 error", 1) == (first.status, first.reason, first.attempt)
    assert timedelta(seconds=90) < first.not_before - datetime.now(UTC) < timedelta(minutes=2)
    shop.store.runs.reopen(id, datetime.now(UTC))
    for _ in range(2):
        assert 2 == run_job(Asked("offers", claimed=id, served=True, quiet=True))
        raw = shop.store.runs.get(id)
        if raw.status is RunStatus.RETRYABLE:
            # The wait is over.
            with shop.store.writing() as sql:
                sql.execute("UPDATE run SET not_before = NULL WHERE id = ?", (id,))
    assert (RunStatus.FAILED, "`offers.dhm` does not compile: 1 error (tried 2 times)") == (raw.status, raw.reason)
    (told,) = [one for one in shop.store.outbox.list() if one.channel == "ops"]
    assert ("run.failed", MessageState.NEW) == (told.kind, told.state)


def test_a_run_that_could_not_be_begun_is_done_once_the_script_is_mended(shop, capsys):
    id = begun(shop, datetime.now(UTC))
    assert 2 == run_job(Asked("offers", claimed=id, served=True, quiet=True))
    shop.put("offers.dhm", GOOD)
    shop.store.runs.reopen(id, datetime.now(UTC))
    assert 0 == run_job(Asked("offers", claimed=id, served=True, quiet=True))
    assert (RunStatus.SUCCESS, [[{"sku": "a"}]]) == (shop.store.runs.get(id).status, shop.rows("out"))


def test_who_runs_the_job_once_it_is_mended_does_not_wait_for_the_next_attempt(shop, capsys):
    id = begun(shop, datetime.now(UTC))
    assert 2 == run_job(Asked("offers", claimed=id, served=True, quiet=True))
    shop.put("offers.dhm", GOOD)
    assert 0 == run_job(Asked("offers"))
    run = shop.store.runs.get(id)
    assert (RunStatus.SUCCESS, 1, [[{"sku": "a"}]]) == (run.status, run.attempt, shop.rows("out"))
    assert "queued" not in capsys.readouterr().err


def test_who_types_a_job_that_cannot_be_begun_reads_why_and_nothing_is_written(shop, capsys):
    with pytest.raises(Stop, match="does not compile"):
        run_job(Asked("offers"))
    assert [] == list(shop.store.runs.list())


def test_a_run_that_was_begun_once_is_not_said_to_be_tried_again():
    assert ("", " (tried 3 times)") == (tried(1), tried(3))
