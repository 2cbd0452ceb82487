"""Whether jobs do what their schedules ask, and the figures that an alarm is made of."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from datahub.events.due import Clock
from datahub.project.job import Job
from datahub.project.schedule import Schedule
from datahub.runner.jobs.lateness import punctuality
from datahub.runner.jobs.operations import metrics
from datahub.runner.jobs.serve import Scheduled
from datahub.state.owner import this_process
from datahub.state.records import Admission, Counts, Fire, FireKind, RunStatus
from datahub.state.sqlite.ledger import SqliteLedger

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
WITHIN = timedelta(minutes=15)
_SAMPLE = re.compile(r'([a-z_]+)\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\} (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)')


@pytest.fixture
def store(tmp_path):
    made = SqliteLedger(tmp_path / "ledger.sqlite")
    yield made
    made.close()


def clock(every, zone="UTC", **told):
    schedule = Schedule(every=every, **told)
    return Clock("stock", schedule.cron, zone, schedule)


def ran(store, at, status=RunStatus.SUCCESS, counts=None, job="stock"):
    store.runs.submit(Fire(job, FireKind.CRON, at), Admission(), at)
    claim, _ = store.runs.claim(job, this_process(), at)
    if counts is not None:
        store.runs.counted(claim, counts)
    store.runs.end(claim, status, at + timedelta(minutes=2), reason="so")


def late(store, now, *every):
    return punctuality(store, "stock", [clock(one) for one in every or ("every day at 11:00",)], now, WITHIN).late


def test_a_job_is_late_when_nothing_has_succeeded_since_it_was_to_start(store):
    yesterday = NOON - timedelta(days=1, hours=1)
    assert not late(store, NOON), "what was just declared has missed nothing"
    ran(store, yesterday)
    assert late(store, NOON)
    assert not late(store, NOON - timedelta(minutes=50)), "there is time until a quarter past"
    ran(store, NOON - timedelta(hours=1), RunStatus.FAILED)
    assert late(store, NOON), "one that failed has not done it"
    ran(store, NOON - timedelta(minutes=30))
    assert not late(store, NOON), "one that a person has started has"


def test_the_last_time_is_found_however_seldom_it_comes(store):
    ran(store, NOON - timedelta(days=300))
    assert late(store, NOON, "0 3 29 2,7 *")
    assert not late(store, NOON, "0 3 1 2 *"), "it has not come since"
    assert late(store, NOON, "0 3 1 2 *", "* * * * *"), "of several schedules the latest counts"


def samples(text):
    """The figures, each line of which has the form that Prometheus reads, below the help and the type of its name."""
    found, declared = {}, set()
    for line in text.splitlines():
        if line.startswith("# "):
            _, what, name, *rest = line.split(" ")
            assert (what == "HELP" and rest) or (what, rest) == ("TYPE", ["gauge"])
            declared.add(name)
            continue
        sample = _SAMPLE.fullmatch(line)
        assert sample is not None, line
        name, labels, value = sample.groups()
        assert name in declared
        assert (name, labels) not in found
        found[name, labels] = float(value)
    return found


def test_figures_of_each_job_are_told_in_the_form_that_prometheus_reads(store):
    counts = Counts(read=10, written=7, rejected=3)
    ran(store, NOON - timedelta(days=1, hours=1), counts=counts)
    ran(store, NOON - timedelta(hours=1), RunStatus.FAILED, Counts(read=4, rejected=4))
    jobs = {
        "stock": Scheduled(Job(mapping="x.dhm"), [clock("every day at 11:00")]),
        "off": Scheduled(Job(mapping="x.dhm", enabled=False), [clock("every hour at :00")]),
        "by_hand": Scheduled(Job(mapping="x.dhm"), []),
    }
    found = samples(metrics(store, jobs, (1, 4), NOON))
    ended = (NOON - timedelta(hours=1) + timedelta(minutes=2)).timestamp()
    assert {
        ("dhm_job_enabled", 'job="stock"'): 1,
        ("dhm_job_enabled", 'job="off"'): 0,
        ("dhm_job_last_run_succeeded", 'job="stock"'): 0,
        ("dhm_job_last_run_timestamp_seconds", 'job="stock"'): ended,
        ("dhm_job_last_success_timestamp_seconds", 'job="stock"'): ended - 86400,
        ("dhm_job_last_run_rows", 'job="stock",fate="rejected"'): 4,
        ("dhm_job_next_run_timestamp_seconds", 'job="stock"'): (NOON + timedelta(hours=23)).timestamp(),
        ("dhm_job_late", 'job="stock"'): 1,
        ("dhm_processes", 'kind="busy"'): 1,
        ("dhm_runs_waiting", 'status="held"'): 0,
    }.items() <= found.items()
    assert not [one for one in found if "off" in one[1] and one[0] in ("dhm_job_late", "dhm_job_next_run_timestamp_seconds")]
