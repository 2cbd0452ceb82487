"""A run's memory does not grow as its input does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """\
source items: csv {
  columns {
    sku: text
    price: decimal
    note: text
  }
}
entity Item {
  sku: text
  price: decimal(10,2)
  note: text
}
map Item from i in items {
  sku: upper(i.sku)
  price: i.price
  note: i.note
}
"""


# A process begins with the peak of the one that it was forked from, and the tests' own may be large: this one is small.
BETWEEN = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
process.returncode = os.waitstatus_to_exitcode(status)
print(used.ru_maxrss)
sys.exit(process.returncode)
"""


def taken(folder: Path, *arguments: str) -> float:
    """How many MB a command has at most."""
    command = [sys.executable, "-c", BETWEEN, sys.executable, "-m", "datahub", *arguments]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
    assert 0 == done.returncode
    return int(done.stdout.split()[-1]) / 1000


def peak(folder, rows):
    """How many MB a run over so many rows has at most."""
    path = folder / f"{rows}.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("sku,price,note\n")
        for start in range(0, rows, 1000):
            file.write("".join(f"sku-{row},{row % 1000}.50,{'of some length ' * 4}\n" for row in range(start, start + 1000)))
    return taken(folder, "run", "items.dhm", "--source", f"items={path}", "--out", f"out-{rows}", "--memory", "64MB", "--quiet")


STORM = """\
source s: csv { columns { id: int, price: decimal, day: date } }
entity E { id: int, price: decimal(10,2), day: date }
map E from x in s { include x }
"""


@pytest.mark.slow
def test_rows_that_all_fail_take_memory_as_bounded_as_others(tmp_path):
    """Narrow rows, two failures in each: what is told of a row takes ten times the room of its text."""
    (tmp_path / "items.dhm").write_text(STORM, encoding="utf-8")
    with (tmp_path / "s.csv").open("w", encoding="utf-8") as file:
        file.write("id,price,day\n")
        file.writelines(f"{row},{row % 1000}x,2024-01-41\n" for row in range(1_000_000))
    # It was 1,200 MB when blocks had as many rows as their bytes allow.
    assert taken(tmp_path, "run", "items.dhm", "--source", "s=s.csv", "--quiet") < 700


MANY = """\
source p: jsonl { columns { id: text, d: text, v: [{ sku: text }] } }
entity V {
  sku: text
  n: int
}
entity W {
  id: text
  n: int
}
map V from r in p each x in r.v { sku: x.sku, n: length(r.d) }
map W from r in p { id: r.id, n: sum(length(r.d & x.sku) for x in r.v) }
"""


@pytest.mark.slow
def test_a_long_text_with_many_elements_takes_no_memory_for_each_of_them(tmp_path):
    """A text of 60 kB for each of 30,000 elements would be 1.8 GB, twice over in the loop."""
    (tmp_path / "many.dhm").write_text(MANY, encoding="utf-8")
    skus = [f"s{number}" for number in range(30_000)]
    record = {"id": "1", "d": "x" * 60_000, "v": [{"sku": sku} for sku in skus]}
    (tmp_path / "p.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    used = taken(tmp_path, "run", "many.dhm", "--source", "p=p.jsonl", "--out", "out", "--quiet")
    assert 30_000 == len((tmp_path / "out" / "V.jsonl").read_text().splitlines())
    length = 30_000 * 60_000 + sum(map(len, skus))
    assert {"id": "1", "n": length} == json.loads((tmp_path / "out" / "W.jsonl").read_text())
    assert used < 700


@pytest.mark.slow
def test_three_times_the_rows_take_hardly_more_memory(tmp_path):
    (tmp_path / "items.dhm").write_text(SCRIPT, encoding="utf-8")
    small, large = peak(tmp_path, 400_000), peak(tmp_path, 1_200_000)
    print(f"400,000 rows: {small:.0f} MB, 1,200,000 rows: {large:.0f} MB")
    # What is in flight is bounded; the allocator keeps some of what was.
    assert large < 1.5 * small
