"""What a command loads and how long it takes to start, as multiples of loading Arrow alone: what is gross about it is noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """source feed: csv {
  columns {
    ref   : text
    price : decimal(12,2)
  }
}

entity Offer {
  key ref
  ref   : text
  price : decimal(12,2)
  slug  : text
}

map Offer from f in feed {
  ref   : upper(f.ref)
  price : f.price * 2
  slug  : slug("{f.ref} {f.price}")
}

checks Offer {
  CHEAP error on price : price > 1
}
"""

ASIDE = {
    "argparse", "asyncio", "dateutil", "email", "fsspec", "httpx", "jinja2", "lark", "lxml", "openpyxl", "pyarrow.acero", "pyarrow.dataset",
    "pyarrow.fs", "pyarrow.parquet", "pydantic", "rich", "numpy._typing", "numpy.ma.core", "pydoc", "semver", "sqlite3", "ssl",
    "typer._adapters", "uvicorn", "xml",
}  # fmt: skip
"""What no run over a small file of CSV needs."""
COMPILING = {"datahub.compiler", "datahub.lint", "datahub.semantic.scope", "datahub.syntax.ast", "datahub.syntax.parser"}
"""What a run of a script that was run before does not need either."""

PROBE = """
import atexit, json, os, sys
leave = os._exit
def told(code):
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
    sys.stderr.flush()
    leave(code)
os._exit = told
from datahub.cli.main import program
program()
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.dhm").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "feed.csv").write_text("ref,price\na,1.5\nb,0.1\nc,x\n,x\n", encoding="utf-8")
    return tmp_path


def arguments(command: str) -> list[str]:
    return {"help": ["--help"], "check": ["check", "a.dhm"], "run": ["run", "a.dhm", "--source", "feed=feed.csv", "--format", "parquet"]}[
        command
    ]


def environment(folder: Path) -> dict[str, str]:
    # Modules are compiled once for all runs, as they are in an installed package.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "compiled"), "XDG_CACHE_HOME": str(folder / "cache")}


def loaded(command: str, folder: Path) -> list[str]:
    answer = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments(command)], cwd=folder, env=environment(folder), capture_output=True, text=True, check=True
    )
    return json.loads(answer.stderr.splitlines()[-1])


def test_a_run_leaves_aside_what_it_does_not_need(folder):
    modules = loaded("run", folder)
    assert [] == sorted(ASIDE & set(modules))
    assert len(modules) < 735
    assert (folder / "out" / "Offer.parquet").exists()
    again = loaded("run", folder)
    assert [] == sorted((ASIDE | COMPILING) & set(again))
    assert len(again) < 580


def test_a_check_leaves_the_engine_and_formats_aside(folder):
    modules = loaded("check", folder)
    assert [] == sorted(ASIDE & set(modules))
    assert [] == [name for name in modules if name.startswith(("datahub.engine", "datahub.runner", "datahub.reports", "pyarrow.parquet"))]
    assert len(modules) < 570


def seconds(folder: Path, *command: str) -> float:
    """Of the processor, for a whole process: the least of several."""
    taken = []
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, *command], cwd=folder, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        assert 0 == child.returncode
        taken.append(usage.ru_utime + usage.ru_stime)
    return min(taken)


@pytest.mark.slow
def test_starting_takes_a_few_times_what_loading_arrow_takes(folder):
    arrow = seconds(folder, "-c", "import os; os.environ['OPENBLAS_NUM_THREADS'] = '1'; import pyarrow.compute, pyarrow.parquet")
    multiples = {command: seconds(folder, "-m", "datahub", *arguments(command)) / arrow for command in ("help", "check", "run")}
    print({command: round(multiple, 2) for command, multiple in multiples.items()})
    assert multiples["help"] < 1
    assert multiples["check"] < 2.5
    assert multiples["run"] < 3.5
