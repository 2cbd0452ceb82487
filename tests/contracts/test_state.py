"""What every ledger holds to: one run a fire, one owner a run, nothing marked by whoever lost the right to."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from datahub.state.owner import Owner, this_process
from datahub.state.records import (
    Admission,
    Again,
    Batch,
    BatchState,
    Counts,
    FileState,
    Fire,
    FireKind,
    Item,
    ItemStatus,
    Message,
    MessageState,
    OutFile,
    Overlap,
    Rejects,
    RunStatus,
    Snapshot,
)
from datahub.state.sqlite.ledger import SqliteLedger
from datahub.state.store import Fenced, StateStore

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ME = this_process()
DEAD = replace(ME, pid=2**22 - 1)
STORES = {"sqlite": lambda folder: SqliteLedger(folder / "ledger.sqlite")}


@pytest.fixture(params=sorted(STORES))
def store(request, tmp_path):
    """An empty ledger of each kind."""
    made: StateStore = STORES[request.param](tmp_path)
    yield made
    made.close()


def cron(minute=0, job="offers"):
    return Fire(job, FireKind.CRON, NOON + timedelta(minutes=minute))


def submit(store, minute=0, overlap=Overlap.QUEUE_ONE, **more):
    return store.runs.submit(cron(minute), Admission(overlap, **more), NOON)


def claim(store, job="offers", owner=ME, now=NOON):
    found = store.runs.claim(job, owner, now)
    return None if found is None else found[0]


# ---------------------------------------------------------------- fires and overlap


def test_the_same_fire_is_recorded_once(store):
    assert submit(store).status is RunStatus.PENDING
    assert submit(store) is None
    assert 1 == len(store.runs.list())


def test_what_an_event_was_is_known_of_its_run(store):
    came = [
        store.runs.submit(Fire("offers", FireKind.EVENT, NOON, key), Admission(Overlap.QUEUE_ALL), NOON)
        for key in ("hook/m1", "hook/m1 #2")
    ]
    assert ["hook/m1", "hook/m1", "", ""] == [store.runs.cause(id) for id in (*(run.id for run in came), submit(store).id, "none")]


def test_runs_are_called_in_the_order_in_which_they_are_let_in_also_within_a_second(store):
    given = [store.runs.submit(cron(minute), Admission(Overlap.QUEUE_ALL, 1000), NOON).id for minute in range(300)]
    assert given == sorted(set(given))


def test_runs_that_people_start_are_all_different(store):
    fire = Fire("offers", FireKind.MANUAL, NOON)
    assert store.runs.submit(fire, Admission(Overlap.QUEUE_ALL), NOON).id != store.runs.submit(fire, Admission(Overlap.QUEUE_ALL), NOON).id


@pytest.mark.parametrize(
    "overlap, expected",
    [
        (Overlap.QUEUE_ONE, ["fetching", "pending", "skipped", "skipped"]),
        (Overlap.SKIP, ["fetching", "skipped", "skipped", "skipped"]),
        (Overlap.QUEUE_ALL, ["fetching", "pending", "pending", "skipped"]),
        (Overlap.ALLOW, ["fetching", "pending", "pending", "pending"]),
        (Overlap.CANCEL_PREVIOUS, ["fetching", "cancelled", "cancelled", "pending"]),
    ],
)
def test_a_fire_of_a_busy_job_is_dealt_with_as_its_policy_says(store, overlap, expected):
    submit(store, 0, overlap)
    first = claim(store)
    for minute in (1, 2, 3):
        submit(store, minute, overlap, most_waiting=2)
    runs = store.runs.list()[::-1]
    assert expected == [run.status.value for run in runs]
    assert all(run.reason for run in runs[1:] if overlap is not Overlap.ALLOW)
    assert bool(store.runs.cancelled(first)) == (overlap is Overlap.CANCEL_PREVIOUS)


@pytest.mark.parametrize("overlap", [Overlap.QUEUE_ONE, Overlap.SKIP, Overlap.QUEUE_ALL])
def test_what_no_other_run_does_waits_however_many_do(store, overlap):
    for minute in range(5):
        submit(store, minute, overlap, most_waiting=2, alone=True)
    runs = store.runs.list()[::-1]
    assert ["pending"] * 5 == [run.status.value for run in runs]
    assert all(run.reason for run in runs[1:])


def test_a_fire_that_comes_too_late_is_recorded_and_not_run(store):
    run = store.runs.submit(cron(), Admission(misfired="two days late"), NOON)
    assert (RunStatus.MISFIRED, "two days late") == (run.status, run.reason)
    assert claim(store) is None


def test_a_schedule_is_watched_from_when_it_was_first_seen_and_then_from_where_somebody_has_looked(store):
    assert store.runs.watched_from("offers", "0 9 * * *", NOON) == NOON
    assert store.runs.watched_from("offers", "0 9 * * *", NOON + timedelta(days=1)) == NOON
    submit(store, 30)
    assert store.runs.watched_from("offers", "0 9 * * *", NOON + timedelta(days=1)) == NOON
    for later in (30, 20):
        store.runs.watch("offers", "0 9 * * *", NOON + timedelta(minutes=later))
        assert store.runs.watched_from("offers", "0 9 * * *", NOON) == NOON + timedelta(minutes=later)
    assert store.runs.watched_from("offers", "0 7 * * *", NOON) == NOON


FIRES, SCHEDULERS = (10_000, 8) if os.environ.get("DHM_TORTURE") else (60, 3)


def fire_all(path, ready, go, won):
    store = SqliteLedger(path)
    ready.release()
    go.wait(30)
    for minute in range(FIRES):
        if store.runs.submit(cron(minute), Admission(Overlap.ALLOW), NOON) is not None:
            with won.get_lock():
                won.value += 1
    store.close()


@pytest.mark.timeout(3600)
def test_several_schedulers_at_once_make_one_run_of_each_fire(tmp_path):
    SqliteLedger(tmp_path / "ledger.sqlite").close()
    several = multiprocessing.get_context("spawn")
    ready, go, won = several.Semaphore(0), several.Event(), several.Value("i", 0)
    workers = [several.Process(target=fire_all, args=(tmp_path / "ledger.sqlite", ready, go, won)) for _ in range(SCHEDULERS)]
    for worker in workers:
        worker.start()
    for _ in workers:
        assert ready.acquire(timeout=60)
    go.set()
    for worker in workers:
        worker.join(1800)
    store = SqliteLedger(tmp_path / "ledger.sqlite")
    assert (FIRES, FIRES) == (won.value, len(store.runs.list(limit=2 * FIRES)))
    store.close()


# ---------------------------------------------------------------- leases


def test_a_lease_is_held_by_one_and_its_epoch_grows(store):
    assert store.leases.acquire("x", ME, 60) == 1
    assert store.leases.acquire("x", ME, 60) is None
    assert store.leases.holder("x") == ME
    store.leases.release("x", 1)
    assert store.leases.holder("x") is None
    assert store.leases.acquire("x", ME, 60) == 2


def test_a_lease_whose_owner_is_dead_is_free_at_once(store):
    store.leases.acquire("x", DEAD, 3600)
    assert store.leases.acquire("x", ME, 60) == 2


def test_a_process_with_the_number_of_a_dead_one_is_not_its_owner(store):
    store.leases.acquire("x", replace(ME, started="1"), 3600)
    assert store.leases.acquire("x", ME, 60) == 2


def test_a_lease_from_before_the_last_boot_is_free(store):
    store.leases.acquire("x", replace(ME, boot="another"), 3600)
    assert store.leases.acquire("x", ME, 60) == 2


def test_the_lease_of_another_machine_is_believed_while_it_beats(store):
    store.leases.acquire("x", replace(ME, host="elsewhere"), 60)
    assert store.leases.acquire("x", ME, 60) is None


def test_a_lease_that_ran_out_can_be_taken_and_not_renewed(store):
    first = store.leases.acquire("x", ME, 0.01)
    time.sleep(0.05)
    assert store.leases.acquire("x", ME, 60) == first + 1
    assert not store.leases.renew("x", first, 60)
    assert store.leases.renew("x", first + 1, 60)


def test_a_killed_process_that_nobody_has_buried_is_dead():
    child = subprocess.Popen([sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
    owner = Owner(ME.host, ME.boot, child.pid, started)
    assert owner.alive
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert owner.alive is False
    child.wait()
    child.stdout.close()


# ---------------------------------------------------------------- claims


def test_a_run_is_claimed_once_and_the_next_waits_until_it_ends(store):
    submit(store, 0)
    submit(store, 1, Overlap.QUEUE_ALL)
    first = claim(store)
    assert claim(store) is None
    assert () == store.runs.ready(NOON)
    store.runs.end(first, RunStatus.SUCCESS, NOON)
    assert ("offers",) == tuple(store.runs.ready(NOON))
    assert claim(store).run != first.run


def test_a_broken_run_goes_before_those_that_wait(store):
    submit(store, 0)
    submit(store, 1, Overlap.QUEUE_ALL)
    broken = claim(store, owner=DEAD)
    again, run = store.runs.claim("offers", ME, NOON)
    assert (broken.run, broken.epoch + 1, RunStatus.CRASHED, 2) == (again.run, again.epoch, run.status, run.attempt)


@pytest.mark.parametrize("status", [RunStatus.FETCHING, RunStatus.STAGED, RunStatus.CHECKED, RunStatus.DELIVERING, RunStatus.DELIVERED])
def test_a_run_that_was_given_back_goes_on_where_it_was_and_has_not_crashed(store, status):
    submit(store)
    one = claim(store)
    store.runs.advance(one, status, NOON)
    for _ in range(3):
        store.leases.release(one.scope, one.epoch)
        one, run = store.runs.claim("offers", ME, NOON)
        assert (status, 1, "") == (run.status, run.attempt, run.reason)


def test_who_is_dead_and_was_told_to_end_before_has_not_crashed_and_the_next_is_another(store):
    submit(store)
    one = claim(store, owner=DEAD)
    store.leases.ending(one.scope, one.epoch)
    second, run = store.runs.claim("offers", DEAD, NOON)
    assert (RunStatus.FETCHING, 1) == (run.status, run.attempt)
    store.leases.ending(second.scope, one.epoch)
    assert RunStatus.CRASHED is store.runs.claim("offers", ME, NOON)[1].status


def test_what_crashed_once_and_was_given_back_then_has_crashed_once(store):
    submit(store)
    store.runs.advance(claim(store, owner=DEAD), RunStatus.STAGED, NOON, input_digest="x")
    again, crashed = store.runs.claim("offers", ME, NOON)
    store.leases.release(again.scope, again.epoch)
    _, run = store.runs.claim("offers", ME, NOON)
    assert [(RunStatus.CRASHED, 2), (RunStatus.STAGED, 2)] == [(one.status, one.attempt) for one in (crashed, run)]


def test_a_run_that_precedes_goes_before_those_that_wait_and_not_before_what_was_begun(store):
    for minute in range(3):
        submit(store, minute, Overlap.QUEUE_ALL)
    begun = claim(store)
    waiting, oldest = store.runs.list()[:2]
    first, second = [submit(store, minute, Overlap.QUEUE_ALL, precedes=True) for minute in (3, 4)]
    assert claim(store) is None
    assert (f"waits: run {begun.run} is not done", True) == (first.reason, first.precedes)
    assert store.runs.claim("offers", ME, NOON, second.id) is None
    for expected in (first, second, oldest, waiting):
        store.runs.end(begun, RunStatus.SUCCESS, NOON)
        assert [expected.id] == [run.id for run in store.runs.upcoming("offers", NOON)]
        begun = claim(store)
        assert expected.id == begun.run


def test_who_lost_a_run_changes_nothing_any_more(store):
    submit(store)
    old = claim(store, owner=DEAD)
    item = store.items.stage(old, "feed", Item(0, "p", "a.csv", 1, "x", ItemStatus.STAGED))
    batch = Batch(old.run, "shop", 0, 0, 1, "k", "s")
    file = OutFile(old.run, "shop", "a", "b", 1, "s", "k")
    store.deliveries.plan(old, [batch], [file])
    new = claim(store)
    for attempt in (
        lambda: store.runs.advance(old, RunStatus.STAGED, NOON),
        lambda: store.runs.counted(old, Counts(1, 1)),
        lambda: store.runs.end(old, RunStatus.SUCCESS, NOON),
        lambda: store.runs.retry(old, NOON, code="x", reason="y"),
        lambda: store.items.stage(old, "feed", replace(item, name="b.csv")),
        lambda: store.items.disposed(old, [item.id]),
        lambda: store.items.done(old),
        lambda: store.items.crashed(old),
        lambda: store.items.quarantine(old),
        lambda: store.deliveries.mark(old, batch, BatchState.DONE),
        lambda: store.deliveries.refused(old, batch),
        lambda: store.deliveries.mark_file(old, file, FileState.DONE),
        lambda: store.cursors.propose(old, "s", "t", "1"),
        lambda: store.cursors.commit(old),
        lambda: store.rejects.put(old, []),
        lambda: store.snapshots.commit(old, [Snapshot("Offer", "x", 1, 1, old.run)]),
    ):
        with pytest.raises(Fenced):
            attempt()
    assert [BatchState.PLANNED] == [one.state for one in store.deliveries.batches(new.run)]
    assert store.snapshots.current("Offer") is None
    store.runs.end(new, RunStatus.SUCCESS, NOON)


def test_a_run_that_shall_be_tried_later_keeps_its_place(store):
    submit(store, 0)
    submit(store, 1, Overlap.QUEUE_ALL)
    first = claim(store)
    store.runs.retry(first, NOON + timedelta(minutes=5), code="R", reason="the server is busy")
    assert claim(store) is None
    assert claim(store, now=NOON + timedelta(minutes=6)).run == first.run


def test_a_held_run_holds_its_job_until_a_person_decides(store):
    submit(store)
    store.runs.end(claim(store), RunStatus.HELD, NOON, reason="half the rows are missing")
    submit(store, 1)
    assert claim(store) is None
    assert ((), ()) == (tuple(store.runs.ready(NOON)), tuple(store.runs.upcoming("offers", NOON)))
    held = store.runs.list()[1]
    assert RunStatus.HELD is store.runs.cancel(held.id, "obsolete", NOON)
    assert claim(store).run != held.id


def test_cancelling_ends_what_waits_and_asks_what_works(store):
    submit(store, 0)
    submit(store, 1, Overlap.QUEUE_ALL)
    first = claim(store)
    waiting = store.runs.list()[0]
    store.runs.cancel(waiting.id, "no longer needed", NOON)
    store.runs.cancel(first.run, "no longer needed", NOON)
    assert RunStatus.CANCELLED is store.runs.get(waiting.id).status
    assert "no longer needed" == store.runs.cancelled(first)
    assert store.runs.get(first.run).status is RunStatus.FETCHING
    assert store.runs.cancel("nothing", "", NOON) is None


def test_a_run_all_of_which_has_arrived_is_not_cancelled(store):
    submit(store)
    first = claim(store)
    store.runs.cancel(first.run, "no longer needed", NOON)
    assert "no longer needed" == store.runs.cancelled(first)
    store.runs.advance(first, RunStatus.DELIVERED, NOON)
    assert "" == store.runs.cancelled(first)
    # Nor where its process has ended since: another moves away what it has read.
    store.leases.release(first.scope, first.epoch)
    store.runs.cancel(first.run, "no longer needed", NOON)
    again = claim(store)
    assert (first.run, "") == (again.run, store.runs.cancelled(again))
    assert store.runs.get(first.run).status is not RunStatus.CANCELLED


def test_a_failed_run_can_be_opened_again_and_a_done_one_cannot(store):
    submit(store)
    one = claim(store)
    store.runs.end(one, RunStatus.FAILED, NOON)
    assert store.runs.reopen(one.run, NOON)
    again = claim(store)
    assert again.run == one.run
    store.runs.end(again, RunStatus.SUCCESS, NOON)
    assert not store.runs.reopen(one.run, NOON)


def test_runs_may_overlap_where_the_job_allows_it(store):
    for minute in range(2):
        submit(store, minute, Overlap.ALLOW)
    assert 2 == len(store.runs.upcoming("offers", NOON))
    assert {claim(store).run, claim(store).run} == {run.id for run in store.runs.list()}


def test_old_runs_are_forgotten_except_the_last_good_one(store):
    for minute in range(3):
        submit(store, minute)
        store.runs.end(claim(store), RunStatus.SUCCESS, NOON + timedelta(minutes=minute))
    newest = store.runs.last_good("offers")
    assert 2 == len(store.runs.forget(NOON + timedelta(days=90)))
    assert newest == store.runs.last_good("offers")


# ---------------------------------------------------------------- the rest


def test_a_file_is_told_by_place_name_and_content(store):
    submit(store)
    one = claim(store)
    store.items.stage(one, "feed", Item(0, "p", "a.csv", 1, "x", ItemStatus.STAGED, "stage/x"))
    store.items.stage(one, "feed", Item(0, "p", "a.csv", 1, "x", ItemStatus.STAGED, "stage/x"))
    assert ["a.csv"] == [taken.item.name for taken in store.items.taken(one.run)]
    assert store.items.same_content("p", "x") is None
    store.items.done(one)
    assert store.items.known("p", "a.csv", "x").status is ItemStatus.DONE
    assert store.items.known("p", "a.csv", "y") is None
    assert "a.csv" == store.items.same_content("p", "x").name


def test_what_a_name_had_last_and_which_run_read_a_content_are_known(store):
    items = [Item(0, "p", name, 1, sha256, ItemStatus.STAGED, "stage") for name, sha256 in [("a.csv", "x"), ("a.csv", "y"), ("a.csv", "x")]]
    claims = []
    for minute, item in enumerate(items):
        submit(store, minute)
        claims.append(claim(store))
        assert minute == 0 or items[minute - 1].sha256 == store.items.latest("p", "a.csv").sha256
        staged = store.items.stage(claims[-1], "feed", item)
        assert (("a.csv", claims[0].run) if minute == 2 else None) == store.items.earlier(claims[-1].run, staged)
        store.items.done(claims[-1])
        store.runs.end(claims[-1], RunStatus.SUCCESS, NOON)
    assert store.items.latest("p", "b.csv") is None


def test_a_batch_is_marked_with_its_answer(store):
    submit(store)
    one = claim(store)
    batch = Batch(one.run, "shop", 0, 0, 10, "key", "sha")
    store.deliveries.plan(one, [batch], [])
    assert store.deliveries.planned(one.run)
    assert [(0, 0)] == [(one.begun, one.sent) for one in store.deliveries.batches(one.run)]
    store.deliveries.mark(one, batch, BatchState.SENDING)
    store.deliveries.mark(one, batch, BatchState.DONE, "201")
    (found,) = store.deliveries.batches(one.run)
    assert (BatchState.DONE, 1, "201") == (found.state, found.attempts, found.answer)


def test_a_cursor_moves_when_its_run_says_so(store):
    submit(store)
    one = claim(store)
    store.cursors.propose(one, "orders", "updated", "5")
    assert store.cursors.value("orders", "updated") is None
    store.cursors.commit(one)
    assert "5" == store.cursors.value("orders", "updated")


def test_what_is_done_together_is_done_or_not(store):
    submit(store)
    one = claim(store)

    def half():
        with store.together():
            store.cursors.propose(one, "orders", "updated", "5")
            store.snapshots.commit(one, [Snapshot("Offer", "x", 1, 1, one.run)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    store.cursors.commit(one)
    assert (None, None) == (store.cursors.value("orders", "updated"), store.snapshots.current("Offer"))


def message(id, key="", **more):
    return Message(id, "hook", key, b"{}", NOON, **more)


def test_a_message_is_taken_once(store):
    assert (True, False) == tuple(store.inbox.put([message("a"), message("a")]))
    assert (True,) == tuple(store.outbox.put([message("a")]))
    assert {"new": 1} == store.inbox.counts()


def test_a_message_that_comes_again_is_held_against_what_it_said(store):
    store.inbox.put([message("a"), message("b")])
    other = replace(message("b"), body=b"[]")
    assert (True, False, False) == tuple(store.inbox.same([message("a"), other, message("never came")]))


def test_what_messages_said_is_removed_long_before_they_are_forgotten(store):
    store.inbox.put([message(id) for id in ("done", "dead", "old", "new")])
    for id, state in (("done", MessageState.DONE), ("dead", MessageState.DEAD), ("old", MessageState.SUPERSEDED)):
        store.inbox.mark(id, state)
    later = NOON + timedelta(seconds=1)
    assert 0 == store.inbox.empty((MessageState.DONE,), NOON)
    assert 2 == store.inbox.empty((MessageState.DONE, MessageState.SUPERSEDED), later)
    assert 0 == store.inbox.empty((MessageState.DONE, MessageState.SUPERSEDED), later)
    assert [b"", b"{}", b"", b"{}"] == [store.inbox.get(id).body for id in ("done", "dead", "old", "new")]
    # What came is known, and what it said too.
    assert (False,) == tuple(store.inbox.put([message("done")]))
    assert (True,) == tuple(store.inbox.same([message("done")]))
    assert 3 == store.inbox.forget(later)
    assert {"new": 1} == store.inbox.counts()


def test_many_messages_are_taken_and_removed_whatever_their_number(store):
    several = [message(f"m{number}") for number in range(1201)]
    assert [True] * 1201 + [False] * 1201 == list(store.inbox.put(several + several))
    for one in store.inbox.claim("hook", NOON, 5000):
        store.inbox.mark(one.id, MessageState.DONE)
    assert 1201 == store.inbox.empty((MessageState.DONE,), NOON + timedelta(days=1))
    assert 1201 == store.inbox.forget(NOON + timedelta(days=1))


def test_fires_are_forgotten_after_their_runs_except_the_latest(store):
    later, watched = NOON + timedelta(days=500), ("offers", "0 9 * * *", NOON - timedelta(days=1))
    store.runs.watched_from(*watched)
    for minute in range(3):
        submit(store, minute)
        store.runs.end(claim(store), RunStatus.SUCCESS, NOON)
    assert 0 == store.runs.forget_fires(later)
    store.runs.forget(later)
    assert 2 == store.runs.forget_fires(later)
    assert watched[2] == store.runs.watched_from(*watched)
    assert submit(store, 2) is None


def test_messages_about_one_thing_keep_their_order(store):
    store.inbox.put([message("a", "order 1"), message("b", "order 1"), message("c", "order 2"), message("d")])
    assert ["a", "c", "d"] == [one.id for one in store.inbox.claim("hook", NOON, 10)]
    assert [] == list(store.inbox.claim("hook", NOON, 10))
    store.inbox.mark("a", MessageState.DONE)
    assert ["b"] == [one.id for one in store.inbox.claim("hook", NOON, 10)]


def test_a_message_can_wait_and_comes_back_when_its_worker_is_gone(store):
    store.inbox.put([message("a")])
    store.inbox.claim("hook", NOON, 10)
    assert 1 == store.inbox.release(NOON + timedelta(minutes=1))
    store.inbox.mark("a", MessageState.NEW, not_before=NOON + timedelta(hours=1), reason="busy")
    assert [] == list(store.inbox.claim("hook", NOON, 10))
    assert [2] == [one.attempts for one in store.inbox.claim("hook", NOON + timedelta(hours=2), 10)]


def test_rejects_are_kept_by_run_and_source(store):
    submit(store)
    one = claim(store)
    store.rejects.put(one, [Rejects(one.run, "feed", "x.csv", 3, '{"R104": 3}')])
    assert [3] == [found.rows for found in store.rejects.list(one.run)]
    tries = [Again(one.run, "feed", "first", 1, "[2]"), Again(one.run, "feed", "second", 3, "*")]
    for again in tries:
        store.rejects.replayed(again)
    assert (tries, []) == (list(store.rejects.again(one.run)), list(store.rejects.again("first")))
    assert (tries[0], None) == (store.rejects.replay_of("first"), store.rejects.replay_of(one.run))


def test_a_job_is_switched(store):
    store.switches.turn("offers", False, "me", NOON)
    assert {"offers": False} == store.switches.all()


def test_what_helps_is_kept_with_a_run_until_it_is_taken_up_again(store):
    submit(store)
    one = claim(store)
    store.runs.retry(one, NOON, code="UNREACHED", reason="no answer", help="look at the host")
    assert "look at the host" == store.runs.get(one.run).help
    two = claim(store)
    assert (one.run, "") == (two.run, store.runs.get(two.run).help)
    store.runs.end(two, RunStatus.FAILED, NOON, code="BAD", reason="a column is missing", help="name it")
    assert "name it" == store.runs.get(two.run).help
