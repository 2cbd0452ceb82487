"""Commands run in turn, each as a whole process seen from outside: wall clock, processor, memory."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Taken(NamedTuple):
    """Seconds by the clock and of the processor, and megabytes at most."""

    wall: float
    cpu: float
    memory: float


def in_turn(commands: dict[str, list[str]], runs: int, out: Path, folder: Path) -> dict[str, list[Taken]]:
    """What each command took in each of `runs` rounds; `{o}` in it is a folder of its own below `out`, emptied before."""
    taken: dict[str, list[Taken]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            place = out / name.replace(" ", "-").replace(",", "")
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            taken[name].append(once([part.replace("{o}", str(place)) for part in command], folder))
            print(f"{name:20} {taken[name][-1].wall:8.2f} s {taken[name][-1].cpu:8.2f} CPU s", file=sys.stderr, flush=True)
    return taken


def once(command: list[str], folder: Path) -> Taken:
    """Run one command in `folder` and wait for it; it must succeed."""
    null = os.open(os.devnull, os.O_WRONLY)
    begun = time.perf_counter()
    here = Path.cwd()
    os.chdir(folder)
    try:
        child = os.posix_spawn(
            command[0], command, _environment(), file_actions=[(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
        )
    finally:
        os.chdir(here)
        os.close(null)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - begun
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    scale = 1 if sys.platform == "darwin" else 1024
    return Taken(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale / 1e6)


def _environment() -> dict[str, str]:
    """That of an installed program: what was compiled is kept."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
