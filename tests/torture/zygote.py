"""A process with everything loaded, from which each child begins in no time; it runs nothing itself, so that it can be forked.

It reads one JSON object a line (the folder, the port of the shop, the scenario, a fail-point, a mutant), answers with the
number of the child, and with how it ended if that is to be waited for.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import traceback
from dataclasses import replace
from itertools import count
from pathlib import Path

from datahub import faults
from datahub.connectors.declare import Source
from datahub.runner.jobs import hold
from datahub.state.sqlite import runs
from datahub.state.store import Fenced
from tests import jobs_world
from tests.servers.receiver import SECRET
from tests.torture import chain, mutants, span

TAKEN_OVER = 3
DOES_NOT_RUN = 8
"""How a child ends whose code is none that could be run, which says nothing of what it does."""


def child(asked: dict) -> int:
    """Do everything that can be claimed; `TAKEN_OVER` where another has the run."""
    if asked["halted"]:
        # Whoever looks on has time to come.
        os.kill(os.getpid(), signal.SIGSTOP)
    faults._ASKED, faults._TRACE = asked["fail"], asked["trace"]
    if asked["lease"]:
        mutants.plant(runs, "LEASE_SECONDS", asked["lease"])
        for name, part in (("LEASE_SECONDS", 1), ("BEAT", 4), ("MARGIN", 6)):
            mutants.plant(hold, name, asked["lease"] / part)
    if asked["broken"]:
        break_disk(asked["broken"])
    mutants.apply(asked["mutant"])
    folder = Path(asked["folder"])
    if asked["scenario"] in ("chain", "span"):
        os.environ["DHM_TEST_HOOK"] = SECRET
        (chain if asked["scenario"] == "chain" else span).live(folder)
        return 0
    one = jobs_world.context(folder, asked["port"], keyed=asked["scenario"] not in ("asked", "stopped"))
    source: Source = jobs_world.folder_source(folder, keep=asked["scenario"] == "keep")
    if asked["scenario"] == "cursor":
        source = jobs_world.CursorSource(folder / "in")
    one = replace(one, ways=replace(one.ways, sources={"feed": source}))
    try:
        jobs_world.work(one)
    except Fenced:
        return TAKEN_OVER
    return 0


def break_disk(at: int) -> None:
    """Let the disk refuse one operation: the nth of all that bring something to it or give it its name."""
    calls = count(1)

    def breaking(act):
        def once_broken(*given, **named):
            if next(calls) == at:
                raise OSError((errno.EIO, errno.ENOSPC)[at % 2], "the disk does not do it")
            return act(*given, **named)

        return once_broken

    for name in ("fsync", "replace", "rename", "link", "unlink"):
        mutants.plant(os, name, breaking(getattr(os, name)))


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        number = os.fork()
        if not number:
            code = 9
            try:
                code = child(asked)
            except BaseException as problem:  # noqa: BLE001 - the process ends right below
                traceback.print_exc()
                code = DOES_NOT_RUN if isinstance(problem, TypeError | AttributeError | NameError | ImportError) else code
            finally:
                sys.stderr.flush()
                os._exit(code)
        print("begun", number, flush=True)
        _, status = os.waitpid(number, os.WUNTRACED)
        print("ended", number, "stopped" if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
