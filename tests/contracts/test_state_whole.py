"""The rest of what every ledger holds to, and that nothing of the protocol is left out of these suites."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from datahub.state import store as protocol
from datahub.state.records import (
    Admission,
    Batch,
    BatchState,
    Entry,
    FileState,
    Fire,
    FireKind,
    Item,
    ItemStatus,
    MessageState,
    OutFile,
    Overlap,
    Rejects,
    RunStatus,
    Sending,
    Snapshot,
)
from tests.contracts.test_state import NOON, STORES, claim, message, submit

PARTS = {
    "leases": protocol.Leases,
    "runs": protocol.Runs,
    "items": protocol.Items,
    "deliveries": protocol.Deliveries,
    "cursors": protocol.Cursors,
    "rejects": protocol.RejectBook,
    "inbox": protocol.Messages,
    "snapshots": protocol.Snapshots,
    "entries": protocol.Entries,
    "switches": protocol.Switches,
}
LATER = NOON + timedelta(days=1)
KEPT = timedelta(days=400)


@pytest.fixture(params=sorted(STORES))
def store(request, tmp_path):
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture
def work(store):
    """A run that was claimed."""
    submit(store)
    return claim(store)


def test_every_method_of_the_protocol_is_held_to_something():
    texts = "".join(Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8") for name in ("test_state", "test_state_whole"))
    methods = {(part, name) for part, kind in PARTS.items() for name, one in vars(kind).items() if name[0] != "_" and callable(one)}
    assert 60 < len(methods)
    asked = {(part.replace("outbox", "inbox"), name) for part, name in re.findall(r"\bstore\.(\w+)\.(\w+)\(", texts)}
    assert set() == methods - asked


# ---------------------------------------------------------------- runs


def test_a_run_is_found_by_the_beginning_of_its_id(store):
    first, second = submit(store, 0), submit(store, 1)
    assert [first.id] == [run.id for run in store.runs.find(first.id)]
    assert [second.id] == [run.id for run in store.runs.find("last")]
    assert {first.id, second.id} == {run.id for run in store.runs.find(first.id[:8])}
    assert [] == list(store.runs.find("nobody"))


def went(store, minute, digest, status, kind=FireKind.CRON):
    """A run that came to sending, and how it ended."""
    store.runs.submit(Fire("offers", kind, NOON + timedelta(minutes=minute)), Admission(), NOON)
    one = claim(store)
    store.runs.advance(one, RunStatus.STAGED, NOON, input_digest=digest, generation=0)
    store.deliveries.plan(one, [], [])
    store.runs.end(one, status, NOON)
    return one.run


def test_what_was_sent_counts_whether_it_arrived_or_not_but_for_what_broke_off_last(store):
    first = went(store, 0, "d", RunStatus.FAILED)
    assert 0 == store.runs.generation("offers", "d")
    second = went(store, 1, "e", RunStatus.FAILED)
    assert (1, 0) == (store.runs.generation("offers", "d"), store.runs.generation("offers", "e"))
    replayed = went(store, 2, "f", RunStatus.FAILED, FireKind.REPLAY)
    assert 0 == store.runs.generation("offers", "f")
    third = went(store, 3, "e", RunStatus.SUCCESS)
    assert [third, replayed, second] == [run.id for run in store.runs.planned_since("offers", second)]
    assert first not in [run.id for run in store.runs.planned_since("offers", second)]
    assert (1, 2) == (store.runs.generation("offers", "d"), store.runs.generation("offers", "e"))


def test_how_often_the_same_was_done_is_counted(store, work):
    store.runs.advance(work, RunStatus.STAGED, NOON, input_digest="d", generation=0)
    assert 0 == store.runs.generation("offers", "d")
    store.runs.end(work, RunStatus.SUCCESS, NOON)
    assert (1, 0, 0) == tuple(store.runs.generation(job, digest) for job, digest in (("offers", "d"), ("offers", "e"), ("other", "d")))


# ---------------------------------------------------------------- files


def item(name="a.csv", sha256="x", **more):
    return Item(0, "offers:feed:here", name, 1, sha256, ItemStatus.STAGED, f"landed/{sha256}", fingerprint=f"{name} 1", **more)


def test_files_are_given_back_one_by_one_and_their_jobs_are_known(store, work):
    for name in "abc":
        store.items.stage(work, "feed", item(f"{name}.csv", name))
    store.items.give_back(work, [one.item.id for one in store.items.taken(work.run)[1:]])
    assert ["a.csv"] == [one.item.name for one in store.items.taken(work.run)]
    assert {name: ["offers"] for name in "abc"} == {Path(path).name: list(jobs) for path, jobs in store.items.takers().items()}


def test_what_waits_with_a_run_is_told_to_that_run_alone(store, work):
    store.cursors.propose(work, "place", "left", "3")
    assert ("3", None) == (store.cursors.proposed(work, "place", "left"), store.cursors.value("place", "left"))
    store.cursors.commit(work)
    assert "3" == store.cursors.value("place", "left")


def read(store, minute, value, sha256):
    """A run that has taken its input, and then failed."""
    submit(store, minute)
    one = claim(store)
    store.items.stage(one, "feed", item(sha256=sha256))
    store.cursors.propose(one, "place", "position", value)
    store.runs.advance(one, RunStatus.STAGED, NOON, input_digest=sha256, generation=0)
    store.runs.end(one, RunStatus.FAILED, NOON)
    return one.run


def arrive(store, run):
    store.runs.reopen(run, NOON)
    one = claim(store)
    assert run == one.run
    with store.together():
        store.items.done(one)
        store.cursors.commit(one)
        store.runs.advance(one, RunStatus.DELIVERED, NOON)
    store.runs.end(one, RunStatus.SUCCESS, NOON)


def test_what_was_read_later_stands_whichever_run_arrives_last(store):
    older, newer = read(store, 0, "1", "x"), read(store, 1, "2", "y")
    assert store.runs.overtaken(older) is None
    arrive(store, newer)
    assert (newer, None) == (store.runs.overtaken(older).id, store.runs.overtaken(newer))
    arrive(store, older)
    assert ("2", "y") == (store.cursors.value("place", "position"), store.items.latest("offers:feed:here", "a.csv").sha256)
    # A newer one that arrives behind an older one moves on, and is told of it.
    last = read(store, 2, "3", "z")
    again = read(store, 3, "4", "zz")
    arrive(store, last)
    assert last == store.runs.overtaken(again).id
    arrive(store, again)
    assert ("4", "zz") == (store.cursors.value("place", "position"), store.items.latest("offers:feed:here", "a.csv").sha256)


def test_a_listing_does_not_make_what_was_overtaken_the_newest(store):
    older, newer = read(store, 0, "1", "x"), read(store, 1, "2", "y")
    arrive(store, newer)
    arrive(store, older)
    here = store.items.done_at("offers:feed:here")
    store.items.listed("offers:feed:here", [one.id for one in here if one.sha256 == "x"], LATER, timedelta(0))
    assert "y" == store.items.latest("offers:feed:here", "a.csv").sha256


def test_what_is_read_anew_is_not_overtaken_and_what_is_left_out_makes_no_reading(store):
    older, newer = read(store, 0, "1", "x"), read(store, 1, "2", "y")
    arrive(store, newer)
    store.runs.reopen(older, NOON)
    one = claim(store)
    store.runs.advance(one, RunStatus.STAGED, NOON, input_digest="less", generation=0)
    assert newer == store.runs.overtaken(older).id
    store.runs.end(one, RunStatus.FAILED, NOON)
    submit(store, 5)
    assert store.runs.overtaken(claim(store).run) is None


def test_a_listing_tells_what_was_seen(store, work):
    store.items.stage(work, "feed", item())
    assert "a.csv" == store.items.seen("offers:feed:here", "a.csv", "a.csv 1").name
    assert store.items.seen("offers:feed:here", "a.csv", "a.csv 2") is None
    assert [] == list(store.items.done_at("offers:feed:here"))
    store.items.done(work)
    assert ["a.csv"] == [one.name for one in store.items.done_at("offers:feed:here")]
    assert [] == list(store.items.done_at("elsewhere"))


def test_what_a_run_lets_go_of_is_not_its_any_more(store, work):
    store.items.stage(work, "feed", item())
    store.items.stage(work, "rates", item("r.csv", "y"))
    store.items.let_go(work, "feed")
    assert ["r.csv"] == [one.item.name for one in store.items.taken(work.run)]


def test_landed_files_are_needed_until_their_run_has_ended_and_forgotten_after_it_is(store, work):
    store.items.stage(work, "feed", item())
    assert ["x"] == [Path(one).name for one in store.items.needed()]
    store.items.done(work)
    store.runs.end(work, RunStatus.SUCCESS, NOON)
    assert [] == list(store.items.needed())
    far = NOON + timedelta(days=9000)
    assert 0 == store.items.forget(far, KEPT)
    submit(store, 1)
    store.runs.end(claim(store), RunStatus.SUCCESS, NOON + timedelta(minutes=1))
    store.runs.forget(far)
    assert (0, 0) == (store.items.forget(far, KEPT, "other"), store.items.forget(far, KEPT, besides=["offers"]))
    assert 1 == store.items.forget(far, KEPT)
    assert store.items.known("offers:feed:here", "a.csv", "x") is None


def test_files_that_a_listing_meets_are_known_however_long_ago_they_were_done(store, work):
    place, now = "offers:feed:here", datetime.now(UTC)
    for name in ("kept.csv", "gone.csv"):
        store.items.stage(work, "feed", item(name, name))
    store.items.done(work)
    store.items.give_back(work, [one.item.id for one in store.items.taken(work.run)])
    kept, gone = (store.items.known(place, name, name) for name in ("kept.csv", "gone.csv"))

    def days(number):
        return now + timedelta(days=number)

    def known():
        return [one.name for one in store.items.done_at(place)]

    store.items.listed(place, [kept.id, gone.id], days(1), KEPT / 10)
    # It counts for a while, whatever it meets.
    store.items.listed(place, [], days(40), KEPT / 10)
    store.items.listed(place, [kept.id], days(300), KEPT / 10)
    # Nobody has looked since, so nobody knows that they are gone.
    assert (0, ["kept.csv", "gone.csv"]) == (store.items.forget(days(5000), KEPT, "offers"), known())
    store.items.listed(place, [kept.id], days(402), KEPT / 10)
    assert (1, ["kept.csv"]) == (store.items.forget(days(402), KEPT, "offers"), known())
    # Of a job that is gone nothing is listed any more.
    assert (0, 1) == (store.items.forget(days(801), KEPT, besides=["other"]), store.items.forget(days(803), KEPT, besides=["other"]))


def test_what_a_name_has_by_now_stays_what_it_had_last_when_a_listing_meets_what_it_had(store, work):
    for sha256 in "xy":
        store.items.stage(work, "feed", item(sha256=sha256))
    store.items.done(work)
    earlier = store.items.known("offers:feed:here", "a.csv", "x")
    store.items.listed("offers:feed:here", [earlier.id], datetime.now(UTC) + timedelta(days=1), timedelta(0))
    assert "y" == store.items.latest("offers:feed:here", "a.csv").sha256


def test_crashes_are_counted_and_what_is_set_aside_is_known_as_that(store, work):
    store.items.stage(work, "feed", item())
    assert [1, 2] == [store.items.crashed(work)[0].crashes for _ in range(2)]
    store.items.quarantine(work)
    assert ItemStatus.QUARANTINED is store.items.known("offers:feed:here", "a.csv", "x").status
    assert ([("a.csv", work.run)], []) == (list(store.items.aside("offers:feed:here")), list(store.items.aside("offers:feed:there")))
    store.items.done(work)
    assert [] == list(store.items.aside("offers:feed:here"))


# ---------------------------------------------------------------- deliveries


def test_files_are_planned_added_once_and_marked(store, work):
    file = OutFile(work.run, "kept", "a.csv", "made/a.csv", 3, "s", "k")
    store.deliveries.plan(work, [], [file])
    store.deliveries.add(work, replace(file, rows=99))
    store.deliveries.add(work, replace(file, name="b.csv"))
    assert [("a.csv", 3), ("b.csv", 3)] == [(one.name, one.rows) for one in store.deliveries.files(work.run)]
    store.deliveries.mark_file(work, file, FileState.DONE, "there")
    assert [("done", "there"), ("planned", "")] == [(one.state, one.receipt) for one in store.deliveries.files(work.run)]


def test_a_person_settles_what_nobody_knows_and_nothing_else(store, work):
    batches = [Batch(work.run, "shop", number, number, number + 1, f"k{number}", "s") for number in range(3)]
    store.deliveries.plan(work, batches, [])
    store.deliveries.mark(work, batches[0], BatchState.DONE)
    store.deliveries.mark(work, batches[1], BatchState.UNKNOWN)
    assert 1 == store.deliveries.settle(work.run, BatchState.DONE)
    assert ["done", "done", "planned"] == [one.state for one in store.deliveries.batches(work.run)]


def sends(store, minute, status, place="the shop", known=""):
    """A run that sends a batch to a place, and how it ended; `known`: it had arrived by that run."""
    store.runs.submit(Fire("offers", FireKind.CRON, NOON + timedelta(minutes=minute)), Admission(), NOON)
    one = claim(store)
    batch = Batch(one.run, "dst", 0, 0, 1, f"k{minute}", "s", BatchState.DONE if known else BatchState.PLANNED, sent_by=known)
    store.deliveries.plan(one, [batch], [], [Sending(one.run, "dst", place, "{}")])
    if not known:
        store.deliveries.mark(one, batch, BatchState.SENDING)
        store.deliveries.mark(one, batch, BatchState.DONE)
    store.runs.end(one, status, NOON)
    return one.run


def test_what_a_place_was_told_is_known_in_the_order_in_which_it_was_told(store):
    failed = sends(store, 0, RunStatus.FAILED)
    elsewhere = sends(store, 1, RunStatus.FAILED, "the zoo")
    good = sends(store, 2, RunStatus.SUCCESS)
    confirmed = sends(store, 3, RunStatus.CANCELLED, known=failed)
    assert [failed, confirmed] == [one.run for one in store.deliveries.broken_off("the shop")]
    assert [elsewhere] == [one.run for one in store.deliveries.broken_off("the zoo")]
    told = {sending.run: [one.sent for one in batches] for sending, batches in store.deliveries.sent_to("the shop", 0)}
    assert [failed, good, confirmed] == sorted(told, key=lambda run: told[run])
    assert {good, confirmed} == {sending.run for sending, _ in store.deliveries.sent_to("the shop", told[failed][0])}
    assert [failed] == [one.sent_by for one in store.deliveries.batches(confirmed)]
    assert {failed: False, good: True, confirmed: False} == {one.run: one.closed for one, _ in store.deliveries.sent_to("the shop", 0)}


def test_what_was_told_beside_a_place_is_known_with_what_was_told_there(store):
    assert [] == list(store.deliveries.places())
    here, beside, _ = (sends(store, number, RunStatus.SUCCESS, place) for number, place in enumerate(("the shop", "a shelf", "the zoo")))
    assert ["a shelf", "the shop", "the zoo"] == sorted(store.deliveries.places())
    told = {sending.run: [one.sent for one in batches] for sending, batches in store.deliveries.sent_to("the shop", 0, "a shelf")}
    assert {here, beside} == set(told)
    assert [beside] == [sending.run for sending, _ in store.deliveries.sent_to("the shop", told[here][0], "a shelf")]


def test_a_batch_knows_its_first_attempt_and_its_last(store, work):
    batch = Batch(work.run, "dst", 0, 0, 1, "k", "s")
    store.deliveries.plan(work, [batch], [], [Sending(work.run, "dst", "the shop", "{}")])
    assert [] == list(store.deliveries.sent_to("the shop", 0))
    store.deliveries.mark(work, batch, BatchState.SENDING)
    (first,) = store.deliveries.batches(work.run)
    store.deliveries.mark(work, batch, BatchState.SENDING)
    store.deliveries.mark(work, batch, BatchState.UNKNOWN, "?")
    (last,) = store.deliveries.batches(work.run)
    assert (True, first.begun, True) == (first.begun == first.sent, last.begun, last.sent > last.begun)


def test_an_attempt_that_was_refused_leaves_a_batch_as_it_was(store, work):
    planned = Batch(work.run, "dst", 0, 0, 1, "k", "s")
    store.deliveries.plan(work, [planned], [], [Sending(work.run, "dst", "the shop", "{}")])
    store.deliveries.mark(work, planned, BatchState.SENDING)
    store.deliveries.refused(work, planned)
    assert [] == list(store.deliveries.sent_to("the shop", 0))
    assert [(BatchState.PLANNED, 1)] == [(one.state, one.attempts) for one in store.deliveries.batches(work.run)]
    store.deliveries.mark(work, planned, BatchState.SENDING)
    (lost,) = store.deliveries.batches(work.run)
    store.deliveries.mark(work, lost, BatchState.SENDING)
    store.deliveries.refused(work, lost)
    (now,) = store.deliveries.batches(work.run)
    assert (BatchState.SENDING, lost.begun, lost.sent) == (now.state, now.begun, now.sent)


def test_what_is_closed_is_not_looked_at_again(store):
    sends(store, 0, RunStatus.FAILED)
    submit(store, 1)
    now, (broken,) = claim(store), store.deliveries.broken_off("the shop")
    store.deliveries.looked(now, [replace(broken, looked=7)])
    assert [7] == [one.looked for one in store.deliveries.broken_off("the shop")]
    store.deliveries.looked(now, [replace(broken, closed=True)])
    assert [] == list(store.deliveries.broken_off("the shop"))


def test_what_a_person_says_of_a_batch_settles_it_for_the_run_that_sent_it_first(store):
    submit(store)
    first = claim(store)
    batch = Batch(first.run, "shop", 0, 0, 1, "k", "s")
    store.deliveries.plan(first, [batch], [])
    store.deliveries.mark(first, batch, BatchState.SENDING)
    store.runs.end(first, RunStatus.CANCELLED, NOON)
    submit(store, 1)
    second = claim(store)
    store.deliveries.plan(second, [replace(batch, run=second.run, state=BatchState.UNKNOWN)], [])
    assert 1 == store.deliveries.settle(second.run, BatchState.DONE)
    ((earlier,), (later,)) = (store.deliveries.batches(one.run) for one in (first, second))
    assert (BatchState.PLANNED, BatchState.DONE, True) == (earlier.state, later.state, 0 < earlier.sent < later.sent)


def test_rejects_that_come_back_are_added_once(store, work):
    store.rejects.put(work, [Rejects(work.run, "feed", "x.csv", 3)])
    for _ in range(2):
        store.rejects.add(work, Rejects(work.run, "refused-shop", "y.csv", 1))
    assert [("feed", 3), ("refused-shop", 1)] == [(one.source, one.rows) for one in store.rejects.list(work.run)]


# ---------------------------------------------------------------- messages


def test_a_message_that_was_claimed_for_nothing_is_as_if_it_had_not_been(store):
    store.inbox.put([message("a"), message("b")])
    store.inbox.claim("hook", NOON, 10)
    store.inbox.unclaim("a")
    assert [("a", 1)] == [(one.id, one.attempts) for one in store.inbox.claim("hook", NOON, 10)]
    assert 2 == store.inbox.release_all("hook")
    assert (0, {"new": 2}) == (store.inbox.release_all("other"), dict(store.inbox.counts()))


def test_a_dead_message_is_taken_up_again_and_a_new_one_is_not(store):
    store.outbox.put([message("a"), message("b")])
    store.outbox.claim("hook", NOON, 1)
    store.outbox.mark("a", MessageState.DEAD, reason="gone")
    assert (True, False, False) == tuple(store.outbox.again(id) for id in ("a", "b", "c"))
    assert [("b", "new", 0), ("a", "new", 0)] == [(one.id, one.state, one.attempts) for one in store.outbox.list()]
    assert [] == list(store.outbox.list("dead"))


def test_a_message_is_overtaken_by_one_behind_it_about_the_same_thing_that_is_done(store):
    told = [("a", "order 1"), ("b", "order 2"), ("c", "order 1"), ("d", "order 1"), ("e", ""), ("f", "")]
    store.outbox.put([message(*one) for one in told])
    for id in ("b", "c", "f"):
        store.outbox.mark(id, MessageState.DONE)
    assert ["c", "", "", "", "", ""] == [store.outbox.overtaken(id) for id, _ in told]
    assert "" == store.outbox.overtaken("nobody")


def test_behind_a_dead_message_others_go_on_or_wait(store):
    store.outbox.put([message("a", "order 1"), message("b", "order 1")])
    store.outbox.claim("hook", NOON, 1)
    store.outbox.mark("a", MessageState.DEAD)
    assert [] == list(store.outbox.claim("hook", NOON, 10, behind_dead=False))
    assert ["b"] == [one.id for one in store.outbox.claim("hook", NOON, 10)]


def test_a_channel_has_something_due_until_it_is_closed(store):
    store.outbox.put([message("a")])
    assert ["hook"] == list(store.outbox.due(NOON))
    store.outbox.mark("a", MessageState.NEW, not_before=LATER)
    assert ([], ["hook"]) == (list(store.outbox.due(NOON)), list(store.outbox.due(LATER)))
    store.outbox.close_channel("hook", "410", NOON)
    assert ("410", []) == (store.outbox.closed("hook"), list(store.outbox.due(LATER)))
    assert (True, False, "") == (store.outbox.open_channel("hook"), store.outbox.open_channel("hook"), store.outbox.closed("hook"))


def test_what_became_of_a_run_becomes_of_its_message(store):
    store.inbox.put([message("hook/a")])
    run = store.runs.submit(Fire("offers", FireKind.EVENT, NOON, "hook/a"), Admission(), NOON)
    store.inbox.claim("hook", NOON, 1)
    store.inbox.mark("hook/a", MessageState.DONE)
    store.inbox.settled(run.id, taken=False, reason="no")
    assert ("dead", True) == ((one := store.inbox.get("hook/a")).state, "no" in one.reason)
    store.inbox.settled(run.id, taken=True, reason="")
    assert MessageState.DONE is store.inbox.get("hook/a").state


def test_the_newest_version_that_was_done_and_what_the_latest_said_are_known(store):
    store.inbox.put([message("a", "order 1", version="n2"), message("b", "order 1", version="n3"), message("c", "order 2", version="n9")])
    assert "" == store.inbox.newest("hook", "order 1", "n1")
    store.inbox.mark("a", MessageState.DONE)
    assert ("n2", "") == (store.inbox.newest("hook", "order 1", "n1"), store.inbox.newest("hook", "order 2", "n1"))
    # What is of another kind has no place in their order.
    assert ("", "") == (store.inbox.newest("hook", "order 1", "i2026"), store.inbox.newest("hook", "order 1", "d2026"))
    assert ({"c", "b"}, 1) == (set(found := store.inbox.digests(2)), len(set(found.values())))


def test_what_was_begun_comes_first_then_what_precedes_then_what_waits_longest(store):
    assert store.runs.first("offers") is None
    waiting = submitted(store, "a")
    submitted(store, "b")
    assert waiting == store.runs.first("offers").id
    typed = submitted(store, "c", precedes=True)
    assert typed == store.runs.first("offers").id
    one = claim(store)
    assert typed == one.run == store.runs.first("offers").id
    # What is held keeps its place, though nobody can claim it.
    store.runs.end(one, RunStatus.HELD, NOON)
    submitted(store, "d", precedes=True)
    assert typed == store.runs.first("offers").id
    assert store.runs.first("others") is None


def submitted(store, key, *, precedes=False):
    admission = Admission(Overlap.QUEUE_ALL, precedes=precedes)
    return store.runs.submit(Fire("offers", FireKind.MANUAL, NOON, key), admission, NOON).id


# ---------------------------------------------------------------- what is remembered


def test_the_files_of_what_is_remembered_are_those_of_the_last(store, work):
    store.snapshots.commit(work, [Snapshot("Offer", "x", 3, 3, work.run), Snapshot("Order", "y", 1, 1, work.run)])
    store.snapshots.commit(work, [Snapshot("Offer", "z", 4, 2, work.run)])
    assert {"y", "z"} == set(store.snapshots.files())
    assert (4, 2) == ((one := store.snapshots.current("Offer")).rows, one.last_count)


def test_a_row_enters_a_status_once_unless_it_is_told_apart(store, work):
    def entry(key, again="", sha256="x"):
        return Entry("export", "Order", key, "PAID", sha256, 0, work.run, again)

    assert store.entries.latest("export", "Order") is None
    assert 2 == store.entries.put(work, [entry("a"), entry("b"), entry("a", sha256="y")], NOON)
    assert 1 == store.entries.put(work, [entry("a", "second time", "z"), entry("b")], NOON)
    first, *others = store.entries.after("export", "Order", 0, 10)
    assert ["a", "b", "a"] == [one.key for one in (first, *others)]
    assert (NOON, others[-1]) == (first.at, store.entries.latest("export", "Order"))
    assert [others[0]] == list(store.entries.after("export", "Order", first.number, 1))
    # A file is needed while there is a row in it that was not read.
    assert {"x", "z"} == set(store.entries.files())
