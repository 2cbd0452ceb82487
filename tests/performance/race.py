"""Races the whole table of targets: both workloads against the engines of others, the smaller tasks against DuckDB, and our own limits.

`make bench` runs it and writes a dated table, with versions, into the page on performance. The workloads and the other engines'
implementations of them are no part of this project: they are looked for in `../shared/bench`. `RUNS` says how often each takes its
turn (5), `ONLY` names some of the races (`products,orders,small,tasks,scale,limits,start`): the tables of the others stay, each with
its own day and machine.
"""

from __future__ import annotations

import compileall
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.performance import task_data
from tests.performance.turns import Taken, in_turn

ROOT = Path(__file__).parents[2]
BENCH = ROOT.parent / "shared" / "bench"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- race: written by `make bench` -->", "<!-- end of the race -->"
RUNS = int(os.environ.get("RUNS", "5"))
TASKS = Path(__file__).parent / "tasks"
HEAD = "| who | wall s | least | most | CPU s | MB | their wall ÷ ours | their CPU ÷ ours |\n|---|---|---|---|---|---|---|---|"
PEERS = {
    "products": {"arrow_hand": "p_pa_stream.py {i} {o} fast 4", "polars": "p_polars.py {i} {o} sink2", "duckdb": "p_duckdb.py {i} {o}"},
    "orders": {"arrow_hand": "o_pa.py {i} {o} stream", "polars": "o_polars.py {i} {o}", "duckdb": "o_duckdb.py {i} {o}"},
}


def main() -> None:
    """Run the races and write what they gave into the page."""
    if not BENCH.is_dir():
        print(f"no race: there is no folder {BENCH.relative_to(ROOT.parent)} beside this checkout")
        return
    # As an installed package is: loading would otherwise compile each module in each run.
    compileall.compile_dir(ROOT / "datahub", quiet=2)
    chosen = os.environ.get("ONLY", ",".join(RACES)).split(",")
    found: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            before = os.getloadavg()[1]
            tables = titled(RACES[name](Path(folder)))
            said = f"{conditions()}; load of the machine {before:.1f} before and {os.getloadavg()[1]:.1f} after."
            found |= {title: f"{said}\n\n{text}" for title, text in tables.items()}
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    section, _, tail = rest.partition(END)
    text = "\n\n".join(f"### {title}\n\n{table}" for title, table in merged(section, found).items())
    PAGE.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")
    print(text)


def merged(section: str, found: dict[str, str]) -> dict[str, str]:
    """The tables of a page by their titles, those that were `found` in the places of the old ones, new ones behind them."""
    return titled(section) | found


def titled(section: str) -> dict[str, str]:
    """The parts of a text by what stands above them."""
    _, *parts = re.split(r"^### (.*)\n", section, flags=re.MULTILINE)
    return {title: text.strip() for title, text in zip(parts[::2], parts[1::2], strict=True)}


def conditions() -> str:
    """When, on what and with which versions a race was run."""
    names = ", ".join(f"{name} {version(name)}" for name in ("pyarrow", "numpy", "polars", "duckdb"))
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, Python {sys.version.split()[0]}, {names}; whole processes, "
        f"medians of {RUNS} runs in turn"
    )


# ---------------------------------------------------------------- both workloads


def products(folder: Path) -> str:
    """Two million rows, and so few that starting counts."""
    return "\n\n".join(_workload(folder, "products", rows, "feed.csv") for rows in (2_000_000, 20_000))


def orders(folder: Path) -> str:
    return _workload(folder, "orders", 300_000, "feed.jsonl")


def _workload(folder: Path, name: str, rows: int, feed: str) -> str:
    place = _generated(folder, name, rows, feed)
    commands = {"dhm": _ours(name, place / feed)}
    commands |= {peer: [sys.executable, *text.format(i=place / feed, o="{o}").split()] for peer, text in PEERS[name].items()}
    taken = in_turn(commands, RUNS, folder / "out", BENCH / name)
    outputs = [str(folder / "out" / one) for one in ("arrow_hand", "dhm")]
    compared = subprocess.run([sys.executable, "compare.py", *outputs], cwd=BENCH / name, capture_output=True, text=True, check=True)
    same = "identical to" if "IDENTICAL" in compared.stdout else "DIFFERENT from"
    return f"### {name}, {rows:,} rows\n\n{_table(taken)}\n\nThe output is {same} that of `arrow_hand`."


def _generated(folder: Path, name: str, rows: int, feed: str) -> Path:
    place = folder / f"{name}-{rows}"
    if not place.exists():
        place.mkdir()
        subprocess.run([sys.executable, BENCH / name / "generate.py", str(rows), place / feed], check=True, stdout=subprocess.DEVNULL)
    return place


def _ours(name: str, feed: Path) -> list[str]:
    script = ROOT / "examples" / "race" / f"{name}.dhm"
    sources = {"products": {"feed": feed, "categories": feed.with_name("categories.csv")}, "orders": {"orders": feed}}[name]
    return _run(script, sources)


def _run(script: Path, sources: dict[str, Path]) -> list[str]:
    given = [part for name, path in sources.items() for part in ("--source", f"{name}={path}")]
    return [sys.executable, "-m", "datahub", "run", str(script), *given, "--out", "{o}", "--quiet"]


def _table(taken: dict[str, list[Taken]]) -> str:
    ours = _median(taken["dhm"])
    rows = []
    for name, runs in taken.items():
        one, walls = _median(runs), [run.wall for run in runs]
        ratios = f"{one.wall / ours.wall:.2f} | {one.cpu / ours.cpu:.2f}" if name != "dhm" else "|"
        rows.append(f"| {name} | {one.wall:.2f} | {min(walls):.2f} | {max(walls):.2f} | {one.cpu:.2f} | {one.memory:.0f} | {ratios} |")
    return "\n".join([HEAD, *rows])


def _median(runs: Sequence[Taken]) -> Taken:
    return Taken(*(statistics.median(getattr(run, name) for run in runs) for name in Taken._fields))


# ---------------------------------------------------------------- smaller tasks


def tasks(folder: Path) -> str:
    """A lookup of a million keys, a decision table of 200 rows, a million rows grouped: each against DuckDB on the same data."""
    data = folder / "tasks"
    data.mkdir()
    task_data.write(data, 1_000_000)
    ours = {
        "lookup": _run(TASKS / "lookup.dhm", {"facts": data / "facts.csv", "entries": data / "entries.csv"}),
        "decide": _run(data / "decide.dhm", {"parcels": data / "parcels.csv"}),
        "group": _run(TASKS / "group.dhm", {"facts": data / "orders.csv"}),
    }
    titles = {
        "lookup": "lookup of 1 M keys",
        "decide": "decision table of 200 rows over 1 M rows",
        "group": "1 M rows grouped to ordered lists",
    }
    parts = []
    for name, command in ours.items():
        rival = [sys.executable, "-m", "tests.performance.task_duckdb", name, str(data), "{o}"]
        taken = in_turn({"dhm": command, "duckdb": rival}, RUNS, folder / "out", ROOT)
        parts.append(f"### {titles[name]}\n\n{_table(taken)}")
    return "\n\n".join(parts)


def small(folder: Path) -> str:
    """Rows that all fail, against rows that do not; ten thousand files of a hundred rows, against one file of them all."""
    good = _generated(folder, "products", 200_000, "feed.csv")
    bad = folder / "failing"
    bad.mkdir()
    (bad / "categories.csv").write_bytes((good / "categories.csv").read_bytes())
    task_data.break_column(good / "feed.csv", bad / "feed.csv", "ean")
    failing = in_turn(
        {"dhm": _ours("products", good / "feed.csv"), "all fail": _ours("products", bad / "feed.csv")}, RUNS, folder / "out", ROOT
    )
    many, one = task_data.small_files(folder / "small", 10_000, 100)
    script = TASKS / "small.dhm"
    files = in_turn({"dhm": _run(script, {"parcels": one}), "10,000 files": _run(script, {"parcels": many})}, RUNS, folder / "out", ROOT)
    each = (_median(files["10,000 files"]).wall - _median(files["dhm"]).wall) / 10
    return (
        f"### products, 200,000 rows, none and all of them failing\n\n{_table(failing)}\n\n"
        f"### 10,000 files of 100 rows, and one file of them all\n\n{_table(files)}\n\nBeside the mapping a file takes {each:.2f} ms."
    )


# ---------------------------------------------------------------- ourselves


def scale(folder: Path) -> str:
    """Time and memory against rows, from 10^4 to 10^7."""
    lines, points = [], []
    for rows in (10_000, 100_000, 1_000_000, 10_000_000):
        place = _generated(folder, "products", rows, "feed.csv")
        runs = in_turn({"dhm": _ours("products", place / "feed.csv")}, RUNS, folder / "out", ROOT)["dhm"]
        one = _median(runs)
        points.append((math.log(rows), math.log(one.cpu), math.log(one.wall)))
        lines.append(f"| {rows:,} | {one.wall:.2f} | {one.cpu:.2f} | {one.memory:.0f} |")
        (place / "feed.csv").unlink()
    # Starting is no part of what grows: it flattens the first steps, so that the last one is told too.
    cpu, wall, late = _power(points, 1), _power(points, 2), _power(points[2:], 1)
    head = "| rows | wall s | CPU s | MB |\n|---|---|---|---|"
    said = f"Time grows with the power {cpu:.2f} of the rows by the processor, {wall:.2f} by the clock; from a million rows on with {late:.2f}."
    return "### products against rows\n\n" + "\n".join([head, *lines]) + f"\n\n{said}"


def _power(points: Sequence[tuple[float, ...]], at: int) -> float:
    return statistics.linear_regression([point[0] for point in points], [point[at] for point in points]).slope


def limits(folder: Path) -> str:
    """What nobody can go below with these libraries: reading alone, parsing alone, parsing and writing, writing alone."""
    return "\n\n".join(
        (
            _limits(folder, "products", 2_000_000, "feed.csv", ("read", "parse", "copy"), "valid.parquet"),
            _limits(folder, "orders", 300_000, "feed.jsonl", ("read", "parse"), "lines.parquet"),
        )
    )


def _limits(folder: Path, name: str, rows: int, feed: str, alone: Sequence[str], result: str) -> str:
    place = _generated(folder, name, rows, feed)
    program = [sys.executable, "-m", "tests.performance.limits"]
    commands = {"dhm": _ours(name, place / feed)}
    commands |= {what: [*program, what, str(place / feed), "{o}"] for what in alone}
    commands |= {what: [*program, what, str(folder / "out" / "dhm" / result), "{o}"] for what in ("load", "write")}
    return f"### {name}, {rows:,} rows: the limits\n\n{_table(in_turn(commands, RUNS, folder / 'out', ROOT))}"


def start(folder: Path) -> str:
    """How long a person waits for the first word: the commands, and the findings of the longest example."""
    longest = max((ROOT / "examples").rglob("*.dhm"), key=lambda script: script.read_bytes().count(b"\n"))
    commands = {
        "dhm": [sys.executable, "-m", "datahub", "--help"],
        f"dhm check, {longest.relative_to(ROOT / 'examples')}": [sys.executable, "-m", "datahub", "check", str(longest)],
    }
    return f"### `dhm --help` and `dhm check`\n\n{_table(in_turn(commands, RUNS, folder / 'out', ROOT))}"


RACES: dict[str, Callable[[Path], str]] = {
    "products": products, "orders": orders, "tasks": tasks, "small": small, "limits": limits, "start": start, "scale": scale,
}  # fmt: skip


if __name__ == "__main__":
    main()
