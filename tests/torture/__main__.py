"""`make torture`: every long run, one after the other, in as many minutes as `DHM_MINUTES` says; what it gave is kept in docs/torture.md.

`DHM_SEED` is the seed that all begin at. The whole ends with 1 where one of them found something; the page says which.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "torture.md"
BEGIN, END = "<!-- the last whole run -->\n", "<!-- end of it -->\n"
FUZZED = ("script", "cell", "expression", "template", "csv", "json", "jsonl", "xml", "xml_rows", "fixed", "xlsx", "zip", "pack", "project")
SHARES = {"functions": 0.22, "characters": 0.04, "ends": 0.02, "scripts": 0.15, "duckdb": 0.05, "written": 0.02, "fuzz": 0.25, "jobs": 0.25}
"""Which part of the time each has."""
MOST_KILLS, MOST_FIRES = 1000, 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the page: what ran, how much of it, what it found, seeds, seconds."""

    run: str
    cases: str
    found: str
    seeds: str
    seconds: int
    good: bool


def main() -> int:
    """Run all, write the page, and say what was found."""
    minutes = float(os.environ.get("DHM_MINUTES", "120"))
    seed = int(os.environ.get("DHM_SEED", "1"))
    lines = []
    ends = time.monotonic() + 60 * minutes
    for line in chain(_compared(minutes, seed), _fuzzed(minutes, ends, seed), _jobs(ends, seed)):
        print(f"{line.run}: {line.cases}; {line.found} ({line.seconds} s)", flush=True)
        lines.append(line)
        PAGE.write_text(with_lines(PAGE.read_text(encoding="utf-8"), lines, minutes), encoding="utf-8")
    return 0 if all(line.good for line in lines) else 1


def with_lines(page: str, lines: list[Line], minutes: float) -> str:
    """The page with the table of a whole run in the place of the last one's."""
    before, _, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert end, "docs/torture.md has no place for a whole run"
    said = f"`DHM_MINUTES={minutes:g} make torture`, {datetime.now(UTC):%d %B %Y}, on {os.cpu_count()} cores:"
    rows = [f"| {line.run} | {line.cases} | {line.found} | {line.seeds} | {line.seconds} |" for line in lines]
    table = "\n".join(("| Run | Held | Found | Seeds | Seconds |", "|---|---|---|---|---|", *rows))
    return f"{before}{BEGIN}\n{said}\n\n{table}\n\n{END}{after}"


def _compared(minutes: float, seed: int) -> Iterator[Line]:
    titles = {
        "functions": ("functions and operators beside the reference", "{cells:,} cells of distinct rows in {held:,} turns of a function"),
        "characters": (
            "characters of Unicode in functions of text beside the reference",
            "{cells:,} cells in {held:,} turns of a function",
        ),
        "ends": ("numbers at the ends of their types beside the reference", "{cells:,} cells in {held:,} turns of a function"),
        "scripts": ("scripts made by chance beside the reference", "{held:,} scripts of 40 rows, in four ways of running"),
        "duckdb": ("expressions beside DuckDB", "{cells:,} cells in {held:,} turns of an expression"),
        "written": (
            "operators between written numbers and columns beside fractions",
            "{cells:,} cells, in {held:,} turns of 50 expressions",
        ),
    }
    for what, (title, told) in titles.items():
        seconds = round(60 * minutes * SHARES[what])
        ended, took = _run("-m", "tests.differential.long", what, "--seconds", str(seconds), "--seed", str(seed))
        given = json.loads(ended.stdout.splitlines()[-1]) if ended.stdout.startswith("{") else None
        if given is None:
            yield Line(title, "", _last(ended), str(seed), took, False)
            continue
        first, last = given["seeds"]
        found = f"{given['mismatches']} mismatches" + "".join(f"; `{one[:200]}`" for one in given["told"][:1])
        yield Line(title, told.format(**given), found.replace("|", "\\|"), f"{first} to {last}", took, not given["mismatches"])


def _fuzzed(minutes: float, ends: float, seed: int) -> Iterator[Line]:
    """Each target as long as its share; less where those before it took more, since a corpus is read whole before the clock is asked."""
    share, done = 60 * minutes * SHARES["fuzz"] / len(FUZZED), ends - 60 * minutes * SHARES["jobs"]
    for number, name in enumerate(FUZZED):
        left = (done - time.monotonic()) / (len(FUZZED) - number)
        each = max(round(min(share, left)), 1)
        ended, took = _run("-m", "tests.fuzz", name, "--seconds", str(each), "--seed", str(seed), "--keep", "10")
        counted = re.search(r"([\d,]+) executions", ended.stdout)
        told = f"{counted[1]} executions" if counted else ""
        yield Line(f"damaged input, {name}", told, "nothing" if counted else _last(ended), str(seed), took, counted is not None)


def _jobs(ends: float, seed: int) -> Iterator[Line]:
    """The runs whose length is a number of things: as many as the time that is left allows, by what one takes."""
    seconds = max(ends - time.monotonic(), 60.0)
    kills, fires = min(MOST_KILLS, max(int(seconds / 6), 5)), min(MOST_FIRES, max(int(seconds * 1.5), 24))
    whole = seconds >= 1500
    runs = {
        f"{kills:,} kills at any instant, and at each named point": ("tests/torture/test_kills.py", {"DHM_KILLS": str(kills)}),
        f"{fires:,} fires in queues whose schedulers are killed": ("tests/torture/test_queued_fires.py", {"DHM_FIRES": str(fires)}),
        "everything at once for a while": ("tests/torture/test_soak.py", {"DHM_SOAK_SECONDS": str(round(min(seconds / 3, 900)))}),
        "messages under load": ("tests/torture/test_intake_load.py", {"DHM_LOAD_SECONDS": str(round(min(seconds / 40, 30)))}),
        "rows that enter a status in order": ("tests/torture/test_order.py", {}),
        "changes of clocks, and shared ledgers": ("tests/unit/events/test_fires.py tests/contracts/test_state.py", {}),
    }
    for title, (paths, told) in runs.items():
        environment = {"DHM_SEED": str(seed)} | told | ({"DHM_TORTURE": "1"} if whole else {})
        ended, took = _run("-m", "pytest", "-n", "0", "-q", "-m", "not bench", *paths.split(), **environment)
        counted = re.search(r"(\d+ passed|\d+ failed, \d+ passed|\d+ failed).*", ended.stdout)
        good = ended.returncode == 0
        yield Line(title, counted[1] if counted else "", "nothing" if good else _last(ended), str(seed), took, good)


def _run(*arguments: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], int]:
    begun = time.monotonic()
    inherited = {name: value for name, value in os.environ.items() if name not in ("DHM_SEED", "DHM_TORTURE")}
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=inherited | environment, capture_output=True, text=True, errors="replace", check=False
    )
    return ended, round(time.monotonic() - begun)


def _last(ended: subprocess.CompletedProcess[str]) -> str:
    """The last thing that a run said."""
    said = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
    return f"ended with {ended.returncode}: `{said[-1][:200] if said else ''}`".replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
