"""The process that reads a document is ended in the middle of it: nothing shows, nothing is lost, and it says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """source feed: xml {
  rows "/o/b"
  columns {
    sku: text
    qty: int
  }
}
entity Stock {
  key sku
  sku: text
  qty: int
}
target stock: jsonl {}
map Stock from f in feed { include f }
flow main {
  write Stock to stock
}
"""
ROWS = 60_000


def busy_reader(parent: int) -> int:
    """The process of `parent` that reads documents, once it has used a quarter of a second of the processor."""
    ticks = os.sysconf("SC_CLK_TCK")
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent and int(fields[11]) > ticks // 4:
                return int(stat.parent.name)
        time.sleep(0.02)
    raise AssertionError("no process reads")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found by /proc")
def test_a_reader_that_is_killed_in_the_middle_of_a_file_shows_nothing_and_loses_nothing(dhm, tmp_path):
    (tmp_path / "stock.dhm").write_text(SCRIPT)
    rows = "".join(f"<b><sku>A{number}</sku><qty>{'x' if number % 1000 == 7 else number}</qty></b>\n" for number in range(ROWS))
    (tmp_path / "in.xml").write_text(f"<o>{rows}</o>")
    arguments = ["run", tmp_path / "stock.dhm", "--source", f"feed={tmp_path / 'in.xml'}", "--out", tmp_path / "out"]
    command = [str(Path(sys.executable).with_name("dhm")), *map(str, arguments)]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        os.kill(busy_reader(running.pid), signal.SIGKILL)
        _, told = running.communicate(timeout=60)
    assert 75 == running.returncode, told
    assert "in.xml" in told
    assert "ended by another (SIGKILL)" in told
    assert "Traceback" not in told
    assert not (tmp_path / "out/stock.jsonl").exists()
    ended = dhm(*arguments)
    assert 0 == ended.code, ended.err
    written = (tmp_path / "out/stock.jsonl").read_text().count("\n")
    rejected = (tmp_path / "out/run/rejects/feed.xml").read_text().count("<b>")
    assert (ROWS, ROWS // 1000) == (written + rejected, rejected)
