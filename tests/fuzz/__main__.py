"""The long run, led by coverage: `python -m tests.fuzz TARGET … --seconds N --seed N`; an input that breaks something is kept.

Every target runs in a process of its own, since libFuzzer ends the one that it runs in.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOUND = Path(__file__).parent / "found"
LONGEST = 2000
"""How many bytes an input has at most that is kept."""
SEEDS_A_SECOND = 4
DONE = re.compile(r"Done (\d+) runs in (\d+) second")
NAMES = ("script", "cell", "expression", "template", "csv", "json", "jsonl", "xml", "xml_rows", "fixed", "xlsx", "zip", "pack", "project")


def main() -> int:
    """Run the targets one after the other, and say how many inputs each took."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    # No default: what stands there is held against the choices as one word.
    asked.add_argument("targets", nargs="*", choices=[*NAMES, []], metavar="TARGET")
    asked.add_argument("--seconds", type=int, default=60, help="how long each target runs")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--keep", type=int, default=0, help="keep so many inputs of those that reached new code in tests/fuzz/corpus")
    asked.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given, rest = asked.parse_known_args()
    if find_spec("atheris") is None:
        # Not told by a run of each target: what ends without an input kept looks as if something had been found.
        print("the long run needs atheris, which is not installed: `pip install --editable '.[fuzz]'`", file=sys.stderr)
        return 2
    if given.inside:
        _inside(given.targets[0], rest)
    broken = 0
    for name in given.targets or NAMES:
        with tempfile.TemporaryDirectory() as folder:
            broken += _told(name, given.seconds, given.seed, Path(folder))
            _keep(name, given.keep, Path(folder))
    return 1 if broken else 0


def _told(name: str, seconds: int, seed: int, folder: Path) -> int:
    seeds = _seeds(name)
    # All of them are read before the clock is asked for the first time, and a script takes a tenth of a second.
    for number, data in enumerate(random.Random(seed).sample(seeds, min(len(seeds), max(SEEDS_A_SECOND * seconds, 20)))):
        (folder / str(number)).write_bytes(data)
    (FOUND / name).mkdir(parents=True, exist_ok=True)
    flags = [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        # Of the clock, which on a busy machine runs far ahead of the processor; the bounded run asks for seconds of that.
        "-timeout=100",
        "-max_len=20000",
        "-rss_limit_mb=2048",
        f"-artifact_prefix={FOUND / name}/",
    ]
    command = [sys.executable, "-m", "tests.fuzz", name, "--inside", *flags, str(folder)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    done = DONE.search(ended.stderr)
    if ended.returncode == 0 and done:
        print(f"{name:<12} {int(done[1]):>9,} executions  {done[2]:>4} s  nothing found", flush=True)
        return 0
    kept = re.search(r"Test unit written to (\S+)", ended.stderr)
    print(
        f"{name:<12} broken by {Path(kept[1]).relative_to(ROOT) if kept else 'an input that was not kept'}\n{ended.stdout[-3000:]}{ended.stderr[-3000:]}",
        flush=True,
    )
    return 1


def _keep(name: str, count: int, folder: Path) -> None:
    """Keep some of what the run added to its corpus, short and long, each under libFuzzer's name: a hash of what is in it."""
    from tests.fuzz.targets import CORPUS

    found = (path for path in folder.iterdir() if len(path.name) == 40 and path.stat().st_size <= LONGEST)
    added = sorted(found, key=lambda one: (one.stat().st_size, one.name))
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    for path in added[:: max(len(added) // max(count, 1), 1)][:count]:
        (CORPUS / name / path.name).write_bytes(path.read_bytes())


def _seeds(name: str) -> list[bytes]:
    from tests.fuzz.targets import TARGETS, corpus

    return [*TARGETS[name].seeds(), *corpus(name)]


def _inside(name: str, flags: list[str]) -> None:
    import atheris

    # The house's own code alone is looked at: branches of libraries are not what is to be found.
    with atheris.instrument_imports(include=["datahub"]):
        from tests.fuzz.targets import TARGETS

    os.environ.pop("DHM_SEED", None)
    # What is loaded when it is first needed is not part of the time that an input takes.
    TARGETS[name].attempt(TARGETS[name].seeds()[0])
    atheris.Setup([sys.argv[0], *flags], TARGETS[name].attempt)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
