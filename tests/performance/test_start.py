"""How long a person waits for the first word, on an idle machine: the best of several, as whole processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.bench

SCRIPT = "source feed: csv {{\n  columns {{\n    ref: text\n{columns}  }}\n}}\n\nentity Offer {{\n  key ref\n  ref: text\n{fields}}}\n\nmap Offer from f in feed {{\n  ref: f.ref\n{maps}}}\n"


def best(*arguments: str, cwd, times: int = 7) -> float:
    # Modules are compiled once for all runs, as they are in an installed package.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(cwd / "compiled")
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "datahub", *arguments], cwd=cwd, env=environment, capture_output=True, check=True)
        taken.append(time.perf_counter() - begun)
    return min(taken)


def test_the_help_is_there_at_once(tmp_path):
    assert best("--help", cwd=tmp_path) <= 0.3


def test_a_script_of_a_hundred_lines_is_checked_in_a_moment(tmp_path):
    numbers = range(30)
    text = SCRIPT.format(
        columns="".join(f"    c{number}: decimal\n" for number in numbers),
        fields="".join(f"  c{number}: decimal\n" for number in numbers),
        maps="".join(f"  c{number}: f.c{number} * 2\n" for number in numbers),
    )
    assert 100 <= len(text.splitlines())
    (tmp_path / "a.dhm").write_text(text, encoding="utf-8")
    assert best("check", "a.dhm", cwd=tmp_path) <= 0.6
