"""Races both workloads against the engines of others, and writes the table, with date and versions, into the page on performance.

The workloads and the other engines' implementations are no part of this project: they are looked for in `../shared/bench`.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
BENCH = ROOT.parent / "shared" / "bench"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- race: written by `make bench` -->", "<!-- end of the race -->"
RUNS = os.environ.get("RUNS", "5")
RACES = (
    ("products, 2,000,000 rows", "products", 2_000_000, "feed.csv", "arrow_hand,polars,duckdb"),
    ("products, 20,000 rows", "products", 20_000, "feed.csv", "arrow_hand,polars,duckdb"),
    ("orders, 300,000 nested orders", "orders", 300_000, "feed.jsonl", "arrow_hand,polars,duckdb"),
)


def main() -> None:
    """Run all races and write what they gave into the page."""
    if not BENCH.is_dir():
        print(f"no race: there is no folder {BENCH.relative_to(ROOT.parent)} beside this checkout")
        return
    # As an installed package is: loading would otherwise compile each module in each run.
    compileall.compile_dir(ROOT / "datahub", quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        tables = [raced(Path(folder), *race) for race in RACES]
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n\n{conditions()}\n\n" + "\n\n".join(tables) + f"\n\n{END}{after}", encoding="utf-8")


def raced(folder: Path, title: str, workload: str, size: int, name: str, rivals: str) -> str:
    """One race as a table."""
    place = folder / f"{workload}-{size}"
    place.mkdir()
    feed = place / name
    subprocess.run([sys.executable, BENCH / workload / "generate.py", str(size), feed], check=True, stdout=subprocess.DEVNULL)
    script = ROOT / "examples" / "race" / f"{workload}.dhm"
    sources = (
        f"--source feed={feed} --source categories={place / 'categories.csv'}" if workload == "products" else f"--source orders={feed}"
    )
    ours = f"dhm={sys.executable} -m datahub run {script} {sources} --out {{o}} --quiet"
    kept = place / "out"
    race = [
        sys.executable,
        str(BENCH / "race.py"),
        workload,
        str(feed),
        "--runs",
        RUNS,
        "--only",
        rivals,
        "--also",
        ours,
        "--keep",
        str(kept),
    ]
    lines = subprocess.run(race, check=True, capture_output=True, text=True).stdout.splitlines()
    outputs = [kept / one for one in ("arrow_hand", "dhm")]
    compared = subprocess.run([sys.executable, "compare.py", *outputs], cwd=BENCH / workload, capture_output=True, text=True, check=True)
    same = "identical to" if "IDENTICAL" in compared.stdout else "DIFFERENT from"
    rows = [line.split() for line in lines[1:]]
    head = "| engine | wall s | least | most | CPU s | MB | engine ÷ dhm, wall |\n|---|---|---|---|---|---|---|"
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return f"### {title}\n\n{head}\n{table}\n\nThe output is {same} that of `arrow_hand`."


def conditions() -> str:
    """When, on what and with which versions the race was run."""
    names = ", ".join(f"{name} {version(name)}" for name in ("pyarrow", "numpy", "polars", "duckdb"))
    python = sys.version.split()[0]
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    load = os.getloadavg()[1]
    return f"{day}, {os.cpu_count()} cores, Python {python}, {names}; medians of {RUNS} alternating runs; load of the machine {load:.1f}."


if __name__ == "__main__":
    main()
