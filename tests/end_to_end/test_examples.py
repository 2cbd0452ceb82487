"""Every example project: its script is clean and formatted, its tests pass, and its run leaves what `expected/` holds."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PROJECTS = sorted(path.parent for path in EXAMPLES.glob("*/command"))
COMPARED = frozenset({".csv", ".json", ".jsonl"})


def dhm(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "datahub", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def left_by(folder: Path) -> dict[str, str]:
    """The files that a run left and that are the same each time, by their names."""
    files = (path for path in folder.rglob("*") if path.suffix in COMPARED and path.name != "report.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace") for path in files}


def test_there_are_at_least_four() -> None:
    assert len(PROJECTS) >= 4


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_scripts_are_clean_and_formatted(project: Path) -> None:
    scripts = sorted(path.name for path in project.glob("*.dhm"))
    checked = dhm("check", *scripts, folder=project)
    assert (checked.returncode, checked.stdout) == (0, checked.stdout), checked.stdout + checked.stderr
    formatted = dhm("fmt", "--check", *scripts, folder=project)
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_their_tests_pass(project: Path) -> None:
    tested = dhm("test", folder=project)
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_a_run_leaves_what_is_expected(project: Path, tmp_path: Path) -> None:
    command = (project / "command").read_text(encoding="utf-8").format(out=tmp_path / "out")
    ran = dhm(*shlex.split(command), folder=project)
    assert ran.returncode == 0, ran.stderr
    found = left_by(tmp_path / "out")
    kept = project / "expected"
    if os.environ.get("DHM_ACCEPT"):
        shutil.rmtree(kept, ignore_errors=True)
        for name in found:
            (kept / name).parent.mkdir(parents=True, exist_ok=True)
            (kept / name).write_bytes((tmp_path / "out" / name).read_bytes())
    assert found == left_by(kept)
