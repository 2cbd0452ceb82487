"""One run of a job, and every way in which it can end."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from datahub.connectors.declare import TransientError
from datahub.connectors.files_in import FilesIn
from datahub.connectors.local_files import LocalFiles
from datahub.project.binding import After, FilesFrom, Ready
from datahub.project.policy import Guards, Retry, Tolerance
from datahub.runner.jobs.hold import Stopped
from datahub.runner.jobs.perform import perform
from datahub.state.owner import this_process
from datahub.state.records import BatchState, ItemStatus, RunStatus
from tests.jobs_world import JOB, Shop, ShopSender, context, delivered, feed, make, now, rejected, submit, work

NOW = timedelta(0)
AT_ONCE = Retry(first=NOW)


@pytest.fixture
def shop():
    made = Shop()
    yield made
    made.close()


@pytest.fixture
def world(tmp_path, shop):
    """Makes the job of the world, with what is to be otherwise; everything is closed behind it."""
    make(tmp_path)
    opened = []

    def start(**job):
        one = context(tmp_path, shop.port, job=JOB.model_copy(update=job))
        opened.append(one)
        return one

    yield start
    for one in opened:
        one.store.close()


def once(one):
    submit(one)
    (ending,) = work(one)
    return ending


def begun(one):
    """The run after its first attempt."""
    submit(one)
    return perform(one, *one.store.runs.claim(one.name, this_process(), now())).run


def test_a_run_delivers_rejects_moves_away_and_says_what_became_of_each_row(world, tmp_path, shop):
    good = feed(tmp_path, "a.csv", 1, 30)
    one = world()
    run = once(one).run
    assert RunStatus.SUCCESS is run.status
    assert dict.fromkeys(good, 1) == delivered(tmp_path) == shop.rows
    assert 4 == sum(rejected(tmp_path).values())
    assert (30, 26, 4) == (run.counts.read, run.counts.written, run.counts.rejected)
    assert run.counts.add_up
    assert [] == [path.name for path in (tmp_path / "in").iterdir()]
    assert ["a.csv"] == [path.name[:5] for path in (tmp_path / "done").iterdir()]
    assert {BatchState.DONE} == {batch.state for batch in one.store.deliveries.batches(run.id)}
    assert 3 == shop.posts


def test_without_anything_new_a_run_does_nothing_and_is_well(world, shop):
    run = once(world()).run
    assert (RunStatus.SUCCESS, "nothing new") == (run.status, run.reason)
    assert 0 == shop.posts


def test_files_that_wait_are_told_where_there_is_nothing_new(world, tmp_path, shop):
    feed(tmp_path, "a.csv", 1, 30)
    feed(tmp_path, "b.csv", 1, 30)
    one = world()
    announced = FilesFrom(connection="here", folder="in", ready=Ready(stable=timedelta(0), done_file="{{STEM}}.ok"))
    one.ways.sources["feed"] = FilesIn("feed", LocalFiles(tmp_path), announced)
    run = once(one).run
    assert (RunStatus.SUCCESS, "nothing new; `a.csv` waits for `a.ok` (and 1 more)") == (run.status, run.reason)


@pytest.mark.parametrize("count", [1, 5])
def test_files_that_wait_are_told_too_where_others_were_taken(world, tmp_path, shop, count):
    feed(tmp_path, "a.csv", 1, 30)
    (tmp_path / "in" / "a.ok").touch()
    for number in range(count):
        feed(tmp_path, f"b{number}.csv", 1, 30)
    one = world()
    announced = FilesFrom(connection="here", folder="in", ready=Ready(stable=timedelta(0), done_file="{{STEM}}.ok"))
    one.ways.sources["feed"] = FilesIn("feed", LocalFiles(tmp_path), announced)
    ending = once(one)
    first = "`b0.csv` waits for `b0.ok`" + ("; `b1.csv` waits for `b1.ok`; `b2.csv` waits for `b2.ok`; and 2 more" if count > 1 else "")
    assert (RunStatus.SUCCESS, f"feed: not taken: {first}") == (ending.run.status, *ending.report.notes)


def test_a_file_that_comes_again_is_not_delivered_again_but_is_moved_away(world, tmp_path, shop):
    feed(tmp_path, "a.csv", 1, 30)
    one = world()
    first = once(one).run
    feed(tmp_path, "a.csv", 1, 30)
    assert f"nothing new: `a.csv` has what run {first.id} read from it: it was not read again" == once(one).run.reason
    assert [] == [path.name for path in (tmp_path / "in").iterdir()]
    assert 3 == shop.posts


def test_a_content_that_comes_under_another_name_is_read_with_a_warning(world, tmp_path, shop):
    good = feed(tmp_path, "a.csv", 1, 30)
    one = world()
    first = once(one).run
    feed(tmp_path, "b.csv", 1, 30)
    ending = once(one)
    assert (f"`b.csv` has what run {first.id} read from `a.csv`, and was read again",) == ending.report.warnings
    assert (26, 6, dict.fromkeys(good, 2)) == (ending.run.counts.written, shop.posts, shop.rows)
    assert ending.report.warnings[0] in (one.folders.run(ending.run.id) / "out" / "run" / "report.json").read_text()


def test_a_job_may_skip_every_content_that_it_has_read_and_says_so(world, tmp_path, shop):
    feed(tmp_path, "a.csv", 1, 30)
    one = world(sources={"feed": JOB.sources["feed"].model_copy(update={"same_content": "skip"})})
    first = once(one).run
    feed(tmp_path, "b.csv", 1, 30)
    feed(tmp_path, "c.csv", 1, 30)
    told = f"nothing new: `b.csv` has what run {first.id} read from `a.csv`: it was not read again (and 1 more)"
    assert told == once(one).run.reason
    assert ([], 3) == ([path.name for path in (tmp_path / "in").iterdir()], shop.posts)


@pytest.mark.parametrize("action", ["keep", "move", "delete"])
def test_a_feed_that_is_as_it_was_before_is_read(world, tmp_path, action):
    after = After(action=action, folder="done" if action == "move" else "")
    one = world(sources={"feed": JOB.sources["feed"].model_copy(update={"after": after})})
    runs = []
    for first in (1, 101, 1):
        feed(tmp_path, "stock.csv", first, 30)
        # A copy that keeps its time has even the time of before.
        os.utime(tmp_path / "in" / "stock.csv", (first, first))
        runs.append(once(one))
    assert [30, 30, 30] == [ending.run.counts.read for ending in runs]
    again = f"`stock.csv` has what run {runs[0].run.id} read from it, and was read again"
    assert [(), (), (again,)] == [ending.report.warnings for ending in runs]
    if action == "keep":
        # What lies there still is the last of it.
        assert "nothing new" == once(one).run.reason


def test_the_same_name_with_other_content_is_new(world, tmp_path, shop):
    one = world()
    first = feed(tmp_path, "a.csv", 1, 30)
    once(one)
    second = feed(tmp_path, "a.csv", 101, 30)
    once(one)
    assert dict.fromkeys(first | second, 1) == shop.rows


def test_nothing_is_sent_where_more_is_rejected_than_tolerated(world, tmp_path, shop):
    feed(tmp_path, "a.csv", 1, 30)
    ending = once(world(tolerance=Tolerance(share=Decimal("0.1"))))
    assert RunStatus.OVER_LIMIT is ending.run.status
    assert "`a.csv`: 4 of 30 rows are rejected, and the job tolerates 10 %" == ending.run.reason
    assert (0, {}, {}) == (shop.posts, delivered(tmp_path), rejected(tmp_path))
    assert ["a.csv"] == [path.name[:5] for path in (tmp_path / "failed").iterdir()]


def test_an_input_that_has_shrunk_is_held_until_a_person_lets_it_through(world, tmp_path, shop):
    one = world(guards=Guards(shrink=Decimal("0.3")))
    feed(tmp_path, "a.csv", 1, 30)
    once(one)
    small = feed(tmp_path, "b.csv", 101, 20)
    held = once(one).run
    assert RunStatus.HELD is held.status
    assert "20 rows were read, and 30 by run" in held.reason
    assert not small & set(shop.rows)
    assert [] == work(one)
    assert one.store.runs.reopen(held.id, now(), approved=True)
    (ending,) = work(one)
    assert RunStatus.SUCCESS is ending.run.status
    assert small < set(shop.rows)


def test_a_held_run_that_is_cancelled_gives_its_files_back(world, tmp_path, shop):
    one = world(guards=Guards(rows=25))
    few = feed(tmp_path, "b.csv", 101, 20)
    held = once(one).run
    one.store.runs.cancel(held.id, "we know", now())
    again = replace(one, job=JOB)
    assert RunStatus.SUCCESS is once(again).run.status
    assert dict.fromkeys(few, 1) == shop.rows


@pytest.mark.parametrize("empty, status", [("ok", RunStatus.SUCCESS), ("hold", RunStatus.HELD), ("fail", RunStatus.FAILED)])
def test_a_file_without_rows_is_what_the_job_says(world, tmp_path, empty, status):
    feed(tmp_path, "a.csv", 1, 0)
    assert status is once(world(guards=Guards(empty=empty))).run.status


def test_a_busy_shop_is_asked_again_and_gets_nothing_twice(world, tmp_path, shop):
    good = feed(tmp_path, "a.csv", 1, 30)
    shop.busy = 2
    assert RunStatus.SUCCESS is once(world(retry=AT_ONCE)).run.status
    assert dict.fromkeys(good, 1) == shop.rows


def test_a_lost_answer_is_asked_for_again_where_the_shop_knows_keys(world, tmp_path, shop):
    good = feed(tmp_path, "a.csv", 1, 30)
    shop.lose = 2
    assert RunStatus.SUCCESS is once(world(retry=AT_ONCE)).run.status
    assert dict.fromkeys(good, 1) == shop.rows
    assert 5 == shop.posts


def test_a_lost_answer_holds_the_run_where_nobody_can_know(world, tmp_path, shop):
    good = feed(tmp_path, "a.csv", 1, 30)
    shop.keyed, shop.lose = False, 1
    one = world(retry=AT_ONCE)
    one = replace(one, ways=replace(one.ways, senders={"shop": ShopSender(shop.port, keyed=False)}))
    held = once(one).run
    assert RunStatus.HELD is held.status
    assert "nobody knows whether batch 1 for `shop` has arrived" in held.reason
    assert 1 == one.store.deliveries.settle(held.id, BatchState.DONE)
    one.store.runs.reopen(held.id, now())
    (ending,) = work(one)
    assert RunStatus.SUCCESS is ending.run.status
    assert dict.fromkeys(good, 1) == shop.rows


def test_a_shop_that_can_tell_is_asked_whether_a_batch_arrived(world, tmp_path, shop):
    good = feed(tmp_path, "a.csv", 1, 30)
    shop.keyed = False
    one = world(retry=AT_ONCE)
    one = replace(one, ways=replace(one.ways, senders={"shop": ShopSender(shop.port, keyed=False, asks=True)}))
    shop.lose = 1
    assert RunStatus.SUCCESS is once(one).run.status
    assert dict.fromkeys(good, 1) == shop.rows


def test_a_lost_answer_is_sent_again_where_the_job_says_so(world, tmp_path, shop):
    good = feed(tmp_path, "a.csv", 1, 30)
    shop.keyed, shop.lose = False, 1
    one = world(retry=AT_ONCE, on_unknown="resend")
    one = replace(one, ways=replace(one.ways, senders={"shop": ShopSender(shop.port, keyed=False)}))
    assert RunStatus.SUCCESS is once(one).run.status
    assert set(good) == set(shop.rows)
    assert 2 == max(shop.rows.values())


def test_a_closed_shop_leaves_the_run_for_later_where_it_was(world, tmp_path, shop):
    good = feed(tmp_path, "a.csv", 1, 30)
    one = world(retry=Retry(first=NOW, attempts=3))
    broken = replace(one, ways=replace(one.ways, senders={"shop": ShopSender(1)}))
    left = begun(broken)
    assert RunStatus.RETRYABLE is left.status
    assert "the shop is closed" in left.reason
    (ending,) = work(one)
    assert (left.id, RunStatus.SUCCESS) == (ending.run.id, ending.run.status)
    assert dict.fromkeys(good, 1) == delivered(tmp_path) == shop.rows


def test_patience_ends(world, tmp_path):
    feed(tmp_path, "a.csv", 1, 30)
    one = world(retry=Retry(first=NOW, attempts=2))
    broken = replace(one, ways=replace(one.ways, senders={"shop": ShopSender(1)}))
    submit(broken)
    assert [RunStatus.RETRYABLE, RunStatus.FAILED] == [ending.run.status for ending in work(broken)]
    assert {} == delivered(tmp_path)
    assert [] == [path.name for path in (tmp_path / "out").iterdir()]


@pytest.mark.parametrize(("tries", "sent"), [(0, 3), (4, 1)])
def test_who_counts_how_often_a_batch_is_sent_is_not_asked_again_by_the_same_run(world, tmp_path, tries, sent):
    feed(tmp_path, "a.csv", 1, 5)
    asked = []

    class Away(ShopSender):
        def send(self, body, key, about=None):
            asked.append(key)
            problem = TransientError("the shop is away")
            problem.tries = tries
            raise problem

    one = world(retry=Retry(first=NOW, attempts=1))
    submit(one)
    (ending,) = work(replace(one, ways=replace(one.ways, senders={"shop": Away(1)})))
    assert (RunStatus.FAILED, sent) == (ending.run.status, len(asked))


def test_a_run_is_cancelled_between_two_batches_and_the_next_sends_only_the_rest(world, tmp_path, shop):
    good = feed(tmp_path, "a.csv", 1, 30)
    one = world()

    class Cancelling(ShopSender):
        def send(self, body, key, about=None):
            one.store.runs.cancel(run.id, "wrong day", now())
            return super().send(body, key)

    run = submit(one)
    (ending,) = work(replace(one, ways=replace(one.ways, senders={"shop": Cancelling(shop.port)})))
    assert (RunStatus.CANCELLED, "wrong day") == (ending.run.status, ending.run.reason)
    assert (1, {}) == (shop.posts, delivered(tmp_path))
    once(one)
    assert dict.fromkeys(good, 1) == delivered(tmp_path) == shop.rows
    assert 3 == shop.posts


def test_an_input_that_is_wrong_as_a_whole_fails_the_run_and_goes_aside(world, tmp_path, shop):
    (tmp_path / "in" / "a.csv").write_text("<html>503</html>\n", encoding="utf-8")
    ending = once(world())
    assert (RunStatus.FAILED, 0) == (ending.run.status, shop.posts)
    assert ending.run.code.startswith("R0")
    assert ["a.csv"] == [path.name[:5] for path in (tmp_path / "failed").iterdir()]


def test_what_was_made_and_is_not_there_any_more_is_not_sent(world, tmp_path, shop):
    feed(tmp_path, "a.csv", 1, 30)
    one = world(retry=AT_ONCE)
    broken = replace(one, ways=replace(one.ways, senders={"shop": ShopSender(1)}))
    left = begun(broken)
    for path in (tmp_path / "state" / "runs" / left.id / "out").glob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-1])
    (ending,) = work(one)
    assert RunStatus.HELD is ending.run.status
    assert 0 == shop.posts


def test_an_input_over_which_the_process_dies_again_and_again_is_set_aside(world, tmp_path, monkeypatch):
    feed(tmp_path, "a.csv", 1, 30)
    one = world()
    submit(one)

    class Died(BaseException):
        pass

    def die(*_):
        raise Died

    with monkeypatch.context() as patched:
        patched.setattr("datahub.runner.jobs.perform.transform", die)
        # Who is killed releases nothing.
        patched.setattr("datahub.state.sqlite.leases.SqliteLeases.release", lambda *_: None)
        gone = replace(this_process(), started="before")
        for _ in range(3):
            with pytest.raises(Died):
                perform(one, *one.store.runs.claim(one.name, gone, now()))
    (ending,) = work(one)
    assert "POISON" == ending.run.code
    assert f"`dhm runs resume {ending.run.id}` does" in ending.help
    assert ItemStatus.QUARANTINED is one.store.items.taken(ending.run.id)[0].item.status
    # Nobody forgets it for that nothing takes it any more.
    feed(tmp_path, "b.csv", 1, 3)
    for reason in (once(one).run.reason, once(one).run.reason):
        assert "`a.csv` was set aside" in reason
        assert f"`dhm runs resume {ending.run.id}`" in reason
    assert one.store.runs.reopen(ending.run.id, now())
    assert [RunStatus.SUCCESS] == [one.run.status for one in work(one)]
    assert "nothing new" == once(one).run.reason


def test_an_input_while_which_was_read_the_process_was_told_to_end_is_as_good_as_any(world, tmp_path, monkeypatch):
    good = feed(tmp_path, "a.csv", 1, 30)
    one = world()
    submit(one)

    def told(*_):
        os.kill(os.getpid(), signal.SIGTERM)
        # A group that is stopped is told by more than one.
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patched:
        patched.setattr("datahub.runner.jobs.perform.transform", told)
        for _ in range(5):
            with pytest.raises(Stopped):
                work(one)
    (ending,) = work(one)
    assert (RunStatus.SUCCESS, 1, 0) == (ending.run.status, ending.run.attempt, one.store.items.taken(ending.run.id)[0].item.crashes)
    assert dict.fromkeys(good, 1) == delivered(tmp_path)


@pytest.mark.parametrize("where", ["withdraw", "judge"])
def test_a_run_that_is_told_to_end_while_it_ends_has_not_crashed(world, tmp_path, monkeypatch, where):
    feed(tmp_path, "a.csv", 1, 30)
    one = world(tolerance=Tolerance(share=Decimal(0)))
    submit(one)

    def told(*_, **__):
        os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(f"datahub.runner.jobs.perform.{where}", told)
        with pytest.raises(Stopped):
            work(one)
    (ending,) = work(one)
    assert (RunStatus.OVER_LIMIT, 1) == (ending.run.status, ending.run.attempt)


def test_two_runs_over_the_same_input_on_purpose_send_it_twice(world, tmp_path, shop):
    one = world()
    feed(tmp_path, "a.csv", 1, 10)
    first = once(one).run
    again = replace(one, places={"feed": "elsewhere"})
    feed(tmp_path, "a.csv", 1, 10)
    second = once(again).run
    assert (0, 1) == (first.generation, second.generation)
    assert 2 == shop.posts


def test_a_broken_run_that_is_cancelled_takes_back_what_it_set_down(world, tmp_path, shop):
    good = feed(tmp_path, "a.csv", 1, 30)
    one = world(retry=AT_ONCE)
    broken = replace(one, ways=replace(one.ways, senders={"shop": ShopSender(1)}))
    left = begun(broken)
    assert [".list"] == [path.name[:5] for path in (tmp_path / "out").iterdir()]
    one.store.runs.cancel(left.id, "wrong day", now())
    (ending,) = work(one)
    assert (RunStatus.CANCELLED, "wrong day") == (ending.run.status, ending.run.reason)
    assert [] == list((tmp_path / "out").iterdir())
    assert RunStatus.SUCCESS is once(one).run.status
    assert dict.fromkeys(good, 1) == delivered(tmp_path) == shop.rows
