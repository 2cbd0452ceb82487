"""No function is slower than it was measured to be, by the measure of all the others in the same run.

`docs/performance-functions.md` says how fast each was. How much slower or faster this machine is now, all of them say together: the
median. One that lags behind by much more than that was given a loop over rows, a wait or a copy too many.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial

import numpy as np
import pytest

from datahub.engine.scope import RunState
from datahub.functions import load
from datahub.functions.declare import REGISTRY, Context, Function
from tests.performance import bench_functions as bench

MOST = np.array([3.5, 7])
"""So many times the others' pace, by the processor and by the clock; a loop over rows in Python takes five to a thousand times as long."""
CALL = np.array([0.001, 0.005])
"""Seconds that a call may take beside: what takes less at all is ruled by what else a processor does, and by other programs."""
ROUNDS = 20
"""How often what seems slow is tried again: by the clock a short stretch without another program in it is what is waited for."""


def tasks():
    """What evaluates each function over columns, and how many seconds it took when the page was written."""
    load()
    state = RunState(Context(datetime(2026, 1, 1, tzinfo=UTC)))
    page = bench.speeds(bench.PAGE.read_text(encoding="utf-8"))
    for name, function in sorted(REGISTRY.items()):
        if name in page and (task := task_of(function, state)) is not None:
            yield name, task, bench.ROWS / (page[name] * 1e6)


def task_of(function: Function, state: RunState):
    made = next((made for _, made in bench.over_columns(function, state) if works(made, state)), None)
    return None if made is None else partial(bench.evaluated, made[0], made[1], state)


def works(made, state: RunState) -> bool:
    try:
        bench.evaluated(made[0], made[1], state)
    except Exception:  # noqa: BLE001 - an example whose parts are not what the kernel takes as columns
        return False
    return True


def taken(task, times: int) -> np.ndarray:
    """Seconds of this thread's processor and by the clock, the least of each."""
    found = []
    for _ in range(times):
        clock, processor = time.perf_counter(), time.thread_time()
        task()
        found.append((time.thread_time() - processor, time.perf_counter() - clock))
    return np.array(found).min(axis=0)


def laggards(measured, known) -> dict[str, list[float]]:
    """Those that lag behind the others, and how much by the processor and by the clock."""
    names = list(measured)
    now, then = np.array([measured[name] for name in names]), np.array([known[name] for name in names])[:, None]
    pace = np.median(now / then, axis=0)
    behind = (now - CALL * np.maximum(pace, 1)) / (then * pace)
    return {name: factors.round(1).tolist() for name, factors in zip(names, behind, strict=True) if (factors > MOST).any()}


@pytest.mark.slow
def test_no_function_lags_behind_the_others_more_than_when_all_were_measured():
    made = list(tasks())
    known = {name: seconds for name, _, seconds in made}
    measured = {name: taken(task, 2) for name, task, _ in made}
    assert len(measured) > 200
    for _ in range(ROUNDS):
        slow = laggards(measured, known)
        if not slow:
            break
        for name, task, _ in made:
            if name in slow:
                measured[name] = np.minimum(measured[name], taken(task, 2))
    assert not laggards(measured, known)
