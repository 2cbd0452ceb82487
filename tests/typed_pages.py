"""Commands that a page types, and whether what it says they print is what they print."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from datahub.reports.examples import File
from tests.commands import Told
from tests.commands import typed as dhm_typed

SPEED = re.compile(r"in [\d.]+ s \([\d,]+ rows?/s\)")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+")
SETTINGS = {"LC_ALL": "C.UTF-8", "COLUMNS": "100", "NO_COLOR": "1"}
"""How the terminal of a page is set: as wide as a page, without colour."""


def lay(files: Iterable[File], home: Path) -> None:
    """Write the files of an example."""
    for file in files:
        path = home / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8", newline="")


def run(command: str, home: Path) -> tuple[str, int]:
    """What `command` prints in the folder `home`, to both streams, and its exit code."""
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    settings = {**os.environ, "PATH": places, **SETTINGS}
    settings.pop("GITHUB_ACTIONS", None)
    typed = ["bash", "-c", command]
    ended = subprocess.run(typed, cwd=home, env=settings, check=False, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    printed = ended.stdout.decode("utf-8").replace(f"{home}/", "")
    assert "Traceback" not in printed, printed
    return printed, ended.returncode


def run_here(command: str, home: Path, *, talk: bool = True) -> tuple[str, int]:
    """The same in this process where nothing but `dhm` is called, which is much faster; without its `talk` the result alone."""
    if not re.fullmatch(r"dhm [^|&;<>`$*~(){}\n]*", command):
        return run(command, home)
    told = Told()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GITHUB_ACTIONS", raising=False)
        code = dhm_typed(shlex.split(command)[1:], told, told if talk else Told(), home, **SETTINGS)
    printed = told.text().replace(f"{home}/", "")
    assert "Traceback" not in printed, printed
    return printed, code


def kept(said: str, printed: str) -> str:
    """What the page says where that holds, else what was printed; a line `…` of the page stands for any lines."""
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "…" else re.escape(still(line)) + r"\n" for line in said.splitlines())
    return said if re.fullmatch(pattern, still(printed)) else printed


def still(text: str) -> str:
    """Text without what differs each time."""
    return MOMENT.sub("MOMENT", SPEED.sub("in 0 s (0 rows/s)", text))
