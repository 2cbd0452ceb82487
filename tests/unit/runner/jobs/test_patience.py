"""How long a run is tried again, counted from when it failed, and what one delivers that a person takes up after that."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from datahub.project.policy import Retry
from datahub.runner.jobs.perform import perform
from datahub.state.owner import this_process
from datahub.state.records import RunStatus
from tests.jobs_world import JOB, Shop, ShopSender, context, delivered, feed, make, now, rejected, submit, work

HOURS = timedelta(hours=1)


@pytest.mark.parametrize("before", [False, True])
def test_what_a_run_took_back_when_it_failed_is_delivered_by_whoever_takes_it_up_again(tmp_path, before):
    make(tmp_path)
    good = feed(tmp_path, "a.csv", 1, 30)
    shop = Shop()
    one = context(tmp_path, shop.port, job=JOB.model_copy(update={"retry": Retry(first=timedelta(0), attempts=1)}))
    run = submit(one)
    (failed,) = work(replace(one, ways=replace(one.ways, senders={"shop": ShopSender(1)})))
    assert (RunStatus.FAILED, []) == (failed.run.status, [path.name for path in (tmp_path / "out").iterdir()])
    if before:
        # As it stood in the ledger of an earlier version.
        with closing(sqlite3.connect(one.folders.ledger)) as other, other:
            assert 2 == other.execute("UPDATE out_file SET state = 'staged'").rowcount
    assert one.store.runs.reopen(run.id, now())
    (ending,) = work(one)
    assert (run.id, RunStatus.SUCCESS) == (ending.run.id, ending.run.status)
    assert dict.fromkeys(good, 1) == delivered(tmp_path) == shop.rows
    assert 4 == sum(rejected(tmp_path).values())
    shop.close()
    one.store.close()


def test_a_run_that_worked_for_long_before_it_failed_is_tried_again_as_long_as_any(tmp_path):
    make(tmp_path)
    good = feed(tmp_path, "a.csv", 1, 30)
    shop = Shop()
    job = JOB.model_copy(update={"retry": Retry(first=timedelta(0), within=HOURS, attempts=9)})
    one = context(tmp_path, shop.port, job=job)
    clock = [now()]
    closed = replace(one, ways=replace(one.ways, senders={"shop": ShopSender(1)}), clock=lambda: clock[0])
    submit(one)

    def tried(after):
        clock[0] += after
        found = one.store.runs.claim(one.name, this_process(), clock[0])
        assert found is not None
        # It is the work that takes long.
        clock[0] += 0.25 * HOURS
        return perform(closed, *found).run

    # Told to end and claimed again three hours later, it has not failed yet.
    found = one.store.runs.claim(one.name, this_process(), clock[0])
    assert found is not None
    one.store.leases.release(found[0].scope, found[0].epoch)
    assert [RunStatus.RETRYABLE] * 3 == [tried(after * HOURS).status for after in (3, 0.1, 0.1)]
    failed = tried(0.6 * HOURS)
    assert RunStatus.FAILED is failed.status
    # Who takes it up again is as patient as before.
    assert one.store.runs.reopen(failed.id, clock[0])
    assert RunStatus.RETRYABLE is tried(5 * HOURS).status
    assert one.store.runs.reopen(failed.id, now())
    (ending,) = work(one)
    assert (failed.id, RunStatus.SUCCESS, dict.fromkeys(good, 1)) == (ending.run.id, ending.run.status, delivered(tmp_path))
    shop.close()
    one.store.close()
