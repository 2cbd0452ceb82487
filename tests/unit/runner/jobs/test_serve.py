"""The loop that serves jobs: what is due is recorded, what can go on gets a process, what goes nowhere is not started at once again."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from datahub.events.due import Clock
from datahub.project.job import Job
from datahub.project.schedule import Schedule
from datahub.runner.jobs.serve import Loop, Scheduled
from datahub.state.owner import this_process
from datahub.state.records import Admission, Fire, FireKind, Overlap, RunStatus
from datahub.state.sqlite.ledger import SqliteLedger

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Time:
    """The hour, as the test says."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def after(self, **length):
        self.now += timedelta(**length)
        return self.now


@pytest.fixture
def serving(tmp_path):
    """A loop over jobs, whose processes do what they are told to and no more."""
    store, time, said, started = SqliteLedger(tmp_path / "ledger.sqlite"), Time(), [], []
    jobs: dict[str, Scheduled] = {}

    def launch(job, run):
        started.append((job, run))
        return subprocess.Popen([sys.executable, "-c", ""])

    loop = Loop(store, lambda: jobs, launch, time, lambda job, what, run="": said.append(f"{job}: {what}"), workers=2)

    def job(name, *schedules, **told):
        several = schedules or (Schedule(every="every hour at :00"),)
        clocks = [Clock(name, one.cron, "UTC", one) for one in several]
        jobs[name] = Scheduled(Job(mapping="x.dhm", **told), clocks)

    loop_of = {"loop": loop, "store": store, "time": time, "said": said, "started": started, "job": job}
    yield type("Serving", (), loop_of)
    for child in loop._children:
        child.process.wait()
    store.close()


def ended(serving):
    for child in serving.loop._children:
        child.process.wait()


def test_a_schedule_begins_when_it_is_first_seen_and_fires_when_it_is_time(serving):
    serving.job("offers")
    serving.loop.turn(serving.time.now)
    assert [] == serving.started
    serving.loop.turn(serving.time.after(hours=1))
    (run,) = serving.store.runs.list()
    assert [("offers", run.id)] == serving.started
    serving.loop.turn(serving.time.after(seconds=1))
    assert 1 == len(serving.store.runs.list())


def test_a_job_that_is_off_or_switched_off_does_not_fire(serving):
    serving.job("offers", enabled=False)
    serving.job("orders")
    serving.store.switches.turn("orders", False, "me", NOON)
    serving.loop.turn(serving.time.now)
    serving.loop.turn(serving.time.after(hours=3))
    assert () == serving.store.runs.list()
    serving.store.switches.turn("orders", True, "me", NOON)
    serving.loop.turn(serving.time.now)
    serving.loop.turn(serving.time.after(hours=1))
    assert ["orders"] == [run.job for run in serving.store.runs.list()]


def test_after_a_stop_the_latest_is_made_up_for_and_the_others_are_one_record(serving):
    serving.job("offers")
    serving.loop.turn(serving.time.now)
    serving.loop.turn(serving.time.after(hours=5, minutes=30))
    assert [RunStatus.PENDING, RunStatus.MISFIRED] == [run.status for run in serving.store.runs.list()]
    assert any("4 were missed" in line for line in serving.said)


def test_what_is_not_run_is_told_apart_from_what_is(serving):
    warned = []
    serving.loop.warn = lambda job, what, run="": warned.append(what)
    serving.job("offers")
    serving.loop.turn(serving.time.now)
    serving.loop.turn(serving.time.after(hours=5, minutes=30))
    assert (1, True) == (len(warned), warned[0].startswith("misfired: "))
    assert not any("misfired" in line for line in serving.said)


def test_no_schedule_of_a_job_hides_what_another_has_missed(serving):
    serving.job("offers", *(Schedule(every=f"{minute} 14 * * *", catch_up="all") for minute in (40, 10, 25)))
    serving.loop.turn(serving.time.now)
    serving.loop.turn(serving.time.after(hours=3))
    assert [10, 25, 40] == sorted(run.fire_at.minute for run in serving.store.runs.list())


@pytest.mark.parametrize("overlap", ["queue_one", "skip"])
def test_all_that_is_made_up_for_is_run_though_one_may_wait_at_most(serving, overlap):
    serving.job("offers", Schedule(every="0 * * * *", catch_up="all", most=3), overlap=overlap)
    serving.loop.turn(serving.time.now)
    serving.loop.turn(serving.time.after(hours=5, minutes=30))
    assert (3, 1) == tuple(sum(run.status.value.startswith(word) for run in serving.store.runs.list()) for word in ("pending", "misfired"))


def test_a_fire_that_starts_later_by_chance_is_not_passed_over_for_one_of_another_schedule(serving):
    serving.job("offers", Schedule(every="0 14 * * *", jitter=timedelta(minutes=50)), Schedule(every="1 14 * * *"))
    serving.loop.turn(serving.time.now)
    for _ in range(190):
        serving.loop.turn(serving.time.after(minutes=1))
    assert [0, 1] == sorted(run.fire_at.minute for run in serving.store.runs.list())


@pytest.mark.parametrize("catch_up", ["latest", "none", "all"])
def test_with_more_jitter_than_lies_between_two_fires_each_is_run(serving, catch_up):
    serving.job("offers", Schedule(every="0,1 * * * *", jitter=timedelta(hours=1), catch_up=catch_up), overlap="queue_all")
    for _ in range(4 * 60 * 2 + 1):
        serving.loop.turn(serving.time.now)
        serving.time.after(seconds=30)
    runs = serving.store.runs.list(limit=100)
    wanted = [NOON + timedelta(hours=hour, minutes=minute) for hour in range(4) for minute in (0, 1)]
    assert wanted[1:] == sorted(run.fire_at for run in runs)[:7]
    assert {RunStatus.PENDING} == {run.status for run in runs}


@pytest.mark.parametrize("ahead", [{"minutes": 90}, {"days": 365}])
def test_a_clock_that_was_ahead_holds_no_schedule_up(serving, ahead):
    serving.job("offers")
    serving.loop.turn(serving.time.now)
    serving.loop.turn(serving.time.after(**ahead))
    before = len(serving.store.runs.list())
    serving.time.now = NOON + timedelta(minutes=20)
    for _ in range(3):
        serving.loop.turn(serving.time.after(minutes=20))
    runs = serving.store.runs.list()
    # Where it was ahead by less than the next fire, that one is recorded already.
    assert before + (NOON + timedelta(hours=1) not in [run.fire_at for run in runs[-before:]]) == len(runs)
    assert NOON + timedelta(hours=1) in [run.fire_at for run in runs]
    assert 1 == sum(
        "the clock has gone back from 2026-01-05 13:00 UTC" in one or "the clock has gone back from 2027" in one for one in serving.said
    )


def test_a_process_that_gets_nowhere_is_started_again_later_each_time(serving):
    serving.job("offers")
    serving.store.runs.submit(Fire("offers", FireKind.MANUAL, NOON), Admission(), NOON)
    serving.loop.turn(serving.time.now)
    for begun, wait in enumerate((1, 5, 30), 1):
        assert begun == len(serving.started)
        ended(serving)
        serving.loop.turn(serving.time.now)
        serving.loop.turn(serving.time.after(seconds=wait - 0.5))
        assert begun == len(serving.started)
        serving.loop.turn(serving.time.after(seconds=1))
    assert 4 == len(serving.started)


def test_of_two_loops_one_starts_a_run_and_the_other_does_where_that_is_gone(serving):
    serving.job("offers")
    serving.store.runs.submit(Fire("offers", FireKind.MANUAL, NOON), Admission(), NOON)
    epoch = serving.store.leases.acquire("start:offers", this_process(), 60)
    serving.loop.turn(serving.time.now)
    assert [] == serving.started
    serving.store.leases.release("start:offers", epoch)
    serving.loop.turn(serving.time.after(seconds=1))
    assert 1 == len(serving.started)
    assert serving.store.leases.holder("start:offers") is not None
    ended(serving)
    serving.loop.turn(serving.time.now)
    # What the process was started for is over, whatever became of it.
    assert serving.store.leases.holder("start:offers") is None


def test_no_more_processes_are_at_work_than_may_be(serving):
    serving.job("offers", overlap="allow")
    for _ in range(5):
        serving.store.runs.submit(Fire("offers", FireKind.MANUAL, NOON), Admission(Overlap.ALLOW), NOON)
    serving.loop.turn(serving.time.now)
    assert 2 == len(serving.started)


def test_a_job_with_a_held_run_starts_nothing(serving):
    serving.job("offers")
    for _ in range(2):
        serving.store.runs.submit(Fire("offers", FireKind.MANUAL, NOON), Admission(Overlap.QUEUE_ALL), NOON)
    claim, _ = serving.store.runs.claim("offers", this_process(), NOON)
    serving.store.runs.end(claim, RunStatus.HELD, NOON, reason="small")
    for _ in range(3):
        serving.loop.turn(serving.time.after(seconds=1))
    assert [] == serving.started


@pytest.mark.parametrize("crowded, other", [("a", "z"), ("z", "a")])
def test_the_oldest_run_of_all_jobs_starts_first(serving, crowded, other):
    serving.job(crowded, overlap="allow")
    serving.job(other)
    late, early = NOON + timedelta(minutes=2), NOON + timedelta(minutes=1)
    for number, (job, at, how) in enumerate(
        [(crowded, NOON, Overlap.ALLOW), (other, early, Overlap.QUEUE_ONE), (crowded, late, Overlap.ALLOW)]
    ):
        serving.store.runs.submit(Fire(job, FireKind.EVENT, at, f"m{number}"), Admission(how), at)
    serving.loop.turn(serving.time.after(minutes=3))
    assert [crowded, other] == [job for job, _ in serving.started]


def test_while_no_run_can_begin_none_is_started_and_it_is_said_now_and_then(serving):
    broken = ["dhm.toml cannot be used"]
    serving.loop.obstacle = lambda: broken[0]
    serving.job("offers")
    serving.store.runs.submit(Fire("offers", FireKind.MANUAL, NOON), Admission(), NOON)
    for _ in range(20):
        serving.loop.turn(serving.time.after(seconds=30))
    assert [] == serving.started
    assert [": dhm.toml cannot be used; 1 wait"] == serving.said
    serving.loop.turn(serving.time.after(minutes=5))
    assert 2 == len(serving.said)
    broken[0] = ""
    serving.loop.turn(serving.time.after(seconds=1))
    assert 1 == len(serving.started)


def test_what_kept_runs_from_going_on_is_forgotten_when_it_is_over(serving):
    broken = [""]
    serving.loop.obstacle = lambda: broken[0]
    serving.job("offers")
    serving.store.runs.submit(Fire("offers", FireKind.MANUAL, NOON), Admission(), NOON)
    for _ in range(3):
        serving.loop.turn(serving.time.after(minutes=3))
        ended(serving)
    serving.loop.turn(serving.time.now)
    begun = len(serving.started)
    broken[0] = "dhm.toml cannot be used"
    serving.loop.turn(serving.time.after(seconds=1))
    broken[0] = ""
    serving.loop.turn(serving.time.after(seconds=1))
    assert begun + 1 == len(serving.started)
