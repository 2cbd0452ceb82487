"""A module imports only from below: the contracts hold, and they would notice if they did not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).parent / "lint-imports"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(LINT), "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The package and its contracts in a folder of their own, to break."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(ROOT / "datahub", folder / "datahub", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_contracts_hold():
    answer = lint(ROOT)
    assert 0 == answer.returncode, answer.stdout


@pytest.mark.parametrize(
    ("module", "text", "broken"),
    [
        ("datahub/helpers/__init__.py", "", "helpers"),
        ("datahub/plan/stray.py", "import datahub.engine\n", "A module imports only from below"),
        ("datahub/semantic/stray.py", "import datahub.runner\n", "A module imports only from below"),
        ("datahub/engine/stray.py", "import sqlite3\n", "The core does no input or output"),
        ("datahub/compiler_stray.py", "import subprocess\n", "compiler_stray"),
        ("datahub/syntax/stray.py", "import pyarrow\n", "Syntax knows nothing of Arrow"),
        ("datahub/runner/jobs/stray.py", "import datahub.state.sqlite.runs\n", "One place knows which ledger there is"),
        ("datahub/cli/commands/stray.py", "import datahub.cli.commands.check\n", "Commands do not know each other"),
    ],
)
def test_a_stray_import_or_package_is_noticed(copy, module, text, broken):
    stray = copy / module
    stray.parent.mkdir(exist_ok=True)
    stray.write_text(f'"""Stray."""\n{text}', encoding="utf-8")
    try:
        answer = lint(copy)
    finally:
        stray.unlink()
        if stray.parent.name == "helpers":
            shutil.rmtree(stray.parent)
    assert 0 != answer.returncode
    assert broken in re.sub(r"\s+", " ", answer.stdout + answer.stderr)
