"""Why a run is where it is: told as things are now, whatever was written down when it was let in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from datahub.cli.queued import states
from datahub.state.owner import this_process
from datahub.state.records import Admission, Fire, FireKind, Overlap, RunStatus
from datahub.state.sqlite.ledger import SqliteLedger

NOW = datetime.now(UTC)
WORKER = "`dhm serve` has some, `dhm run offers` is one"


@pytest.fixture
def store(tmp_path):
    made = SqliteLedger(tmp_path / "ledger.sqlite")
    yield made
    made.close()


def submit(store, overlap=Overlap.QUEUE_ALL, count=3):
    fires = [Fire("offers", FireKind.CRON, NOW + timedelta(minutes=minute)) for minute in range(count)]
    return [store.runs.submit(fire, Admission(overlap), NOW).id for fire in fires]


def told(store):
    return list(states(store, store.runs.list()[::-1], ["offers"]))


def test_the_first_that_waits_waits_for_a_worker_and_the_others_for_it(store):
    first, *_ = submit(store)
    behind = f"waits behind run {first}"
    assert [f"waits for a worker: {WORKER}", behind, behind] == told(store)


def test_behind_a_run_at_work_or_held_it_is_named_and_not_the_one_of_before(store):
    first, second, _ = submit(store)
    claim, _ = store.runs.claim("offers", this_process(), NOW)
    assert ["", f"waits behind run {first}", f"waits behind run {first}"] == told(store)
    store.runs.end(claim, RunStatus.SUCCESS, NOW)
    assert ["", f"waits for a worker: {WORKER}", f"waits behind run {second}"] == told(store)
    claim, _ = store.runs.claim("offers", this_process(), NOW)
    store.runs.end(claim, RunStatus.HELD, NOW, reason="half is missing")
    assert ["", "half is missing", f"waits behind run {second}"] == told(store)


def test_a_run_whose_process_was_killed_says_so(store):
    first, *_ = submit(store)
    store.runs.claim("offers", replace(this_process(), pid=2**22 - 1), NOW)
    assert [
        "its process is gone: `dhm serve` goes on with it by itself, `dhm run offers` does it now",
        *[f"waits behind run {first}"] * 2,
    ] == told(store)


def test_what_may_overlap_waits_for_workers_alone(store):
    submit(store, Overlap.ALLOW)
    assert [f"waits for a worker: {WORKER}"] * 3 == told(store)


def test_a_run_that_is_tried_again_keeps_the_reason_for_which_it_failed(store):
    first, *_ = submit(store)
    claim, _ = store.runs.claim("offers", this_process(), NOW)
    store.runs.retry(claim, NOW - timedelta(seconds=1), code="UNREACHED", reason="the server is busy")
    assert ["the server is busy", *[f"waits behind run {first}"] * 2] == told(store)
