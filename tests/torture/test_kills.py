"""Runs are killed at every named point and at any instant (G1), stopped and overtaken (G14), and planted mistakes are found (G4).

`make torture` kills a thousand times, `make test` a few dozen times of the same sequence; a failure prints the case, which
says all that is needed to do it again.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.torture import chain, span
from tests.torture.harness import POINTS, SCENARIOS, Case, Harness, Kill, random_case
from tests.torture.mutants import CHAIN_MUTANTS, MUTANTS, SPAN_MUTANTS
from tests.torture.zygote import DOES_NOT_RUN

SEED = int(os.environ.get("DHM_SEED", "20261127"))
LONG = bool(os.environ.get("DHM_TORTURE"))
KILLS = int(os.environ.get("DHM_KILLS", 1000 if LONG else 40))


@pytest.fixture(scope="module")
def harness():
    made = Harness()
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("point", POINTS)
def test_a_run_that_is_killed_at_a_named_point_goes_on_by_itself(harness, point):
    for scenario in SCENARIOS if LONG else ("asked" if point in ("send", "sent", "marked") else "keyed",):
        for count in (1, 2) if LONG else (1,):
            case = Case(scenario, (Kill(point, count),))
            assert [] == harness.problems(case), case.told


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("point", ("land", "landed", "half_taken", "taken", "dispose", "disposed"))
def test_files_that_are_written_down_together_are_all_taken_and_moved_away_once(harness, point):
    for count in (1, 2, 3, 4) if LONG else (2,):
        before, case = harness.killed, Case("many", (Kill(point, count),))
        assert [] == harness.problems(case), case.told
        assert harness.killed == before + 1, f"{case.told} is not reached"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("point", chain.POINTS if LONG else ("remembered", "told", "delivered", "posted"))
def test_rows_that_enter_a_status_and_messages_are_neither_lost_nor_doubled_by_a_kill(harness, point):
    for count in (1, 2, 3) if LONG else (2,):
        before = harness.killed
        assert [] == harness.chain((Kill(point, count),)), f"{point}:{count}"
        assert harness.killed == before + 1 or count > 2, f"{point}:{count} is not reached"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("point", span.POINTS if LONG else ("taken", "planned", "file_marked"))
def test_a_range_that_is_killed_is_delivered_once_and_touches_nothing_else(harness, point):
    for count in (1, 2, 3) if LONG else (1,):
        before = harness.killed
        assert [] == harness.span((Kill(point, count),)), f"{point}:{count}"
        assert harness.killed == before + 1 or count > 1, f"{point}:{count} is not reached"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("point", (*POINTS, "narrowed") if LONG else ("narrowed", "planned", "delivered"))
def test_files_that_piled_up_arrive_one_after_the_other_whoever_is_killed(harness, point):
    for count in (1, 2, 3) if LONG else (1,):
        before = harness.killed
        assert [] == harness.piled((Kill(point, count),)), f"{point}:{count}"
        assert harness.killed == before + 1 or count > 1, f"{point}:{count} is not reached"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_runs_that_are_killed_at_any_instant_lose_and_double_nothing(harness):
    chance = Random(SEED)
    before, cases = harness.killed, 0
    while harness.killed - before < KILLS:
        case = random_case(chance)
        cases += 1
        assert [] == harness.problems(case), f"seed {SEED}, case {cases}: {case.told}"
    print(f"seed {SEED}: {harness.killed - before} kills in {cases} cases, 0 lost, 0 doubled")


@pytest.mark.slow
def test_a_run_that_is_cancelled_when_all_has_arrived_moves_its_files_away(harness):
    assert [] == harness.problems(Case("keyed", (Kill("dispose"),), cancelled=True, more=True))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_run_that_was_stopped_and_overtaken_sends_nothing_when_it_wakes_up(harness):
    for point in ("stage:1", "stage:2", "send:1", "send:2", "show:1", "dispose:1") if LONG else ("send:2", "stage:1"):
        assert [] == harness.stopped(point=point), point


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_disk_that_refuses_any_one_operation_costs_nothing(harness):
    met = 0
    for at in range(1, 31, 1 if LONG else 5):
        problems, attempts = harness.broken(at)
        assert [] == problems, f"operation {at}"
        met += attempts > 1
    assert met >= (15 if LONG else 4)


CATCHERS = {
    "cursor_early": Case("cursor", (Kill("planned"),), cancelled=True),
    "dedupe_off": Case("keep", (Kill("planned"),)),
    "boundaries_anew": Case("keyed", (Kill("marked"),)),
    "half_shown": Case("keyed", (Kill("half_written"),)),
    "mark_before_send": Case("keyed", (Kill("send"),)),
    "mark_before_show": Case("keyed", (Kill("show"),)),
    "unstable_key": Case("keyed", (Kill("sent"),)),
    "archive_first": Case("keyed", (Kill("landed"),)),
    "lock_stays": Case("keyed", (Kill("planned"),)),
    "done_before_sent": Case("keyed", (Kill("landed", 3),)),
    "disposed_early": Case("many", (Kill("dispose", 5),)),
    "apart": Case("keyed", (Kill("torn"),)),
}
"""For each mistake a case that shows it, for `make test`; `make torture` finds each by chance."""


CHAIN_CATCHERS = {
    "entries_apart": Kill("apart"),
    "entries_twice": Kill("delivered", 3),
    "told_early": Kill("planned"),
    "mark_before_post": Kill("post", 2),
}
"""The same for mistakes with what jobs wait for, and with what others are told."""


def found(problems):
    """What shows a mistake; that it does not even run shows nothing."""
    assert not any("a mistake of DataHub" in one or one.endswith(f"ended with {DOES_NOT_RUN}") for one in problems), problems
    return problems


def test_what_does_not_even_run_is_no_mistake_that_was_found(harness):
    with pytest.raises(AssertionError, match=f"ended with {DOES_NOT_RUN}"):
        found(harness.span((Kill("planned"),), "takes_nothing"))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mutant", sorted(CHAIN_MUTANTS))
def test_a_planted_mistake_between_jobs_is_found(harness, mutant):
    assert found(harness.chain((CHAIN_CATCHERS[mutant],), mutant)), mutant


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mutant", sorted(SPAN_MUTANTS))
def test_a_planted_mistake_with_ranges_is_found(harness, mutant):
    assert found(harness.span((Kill("planned"),), mutant)), mutant


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("mutant", sorted(MUTANTS))
def test_a_planted_mistake_is_found(harness, mutant):
    if mutant == "no_epoch":
        assert found(harness.stopped(mutant))
        return
    if not LONG or mutant == "apart":
        case = CATCHERS[mutant]
        assert found(harness.problems(Case(case.scenario, case.kills, mutant, case.cancelled))), case.told
        return
    chance = Random(SEED)
    for tried in range(1, 200):
        case = random_case(chance, mutant)
        if problems := found(harness.problems(case)):
            print(f"{mutant}: found after {tried} cases: {problems[0]}")
            return
    raise AssertionError(f"{mutant} lives")
