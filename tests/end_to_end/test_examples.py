"""Every example project: its script is clean and formatted, its tests pass, and its run leaves what `expected/` holds."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest

from tests.commands import dhm

EXAMPLES = Path(__file__).parents[2] / "examples"
PROJECTS = sorted(path.parent for path in EXAMPLES.glob("*/command"))
COMPARED = frozenset({".csv", ".json", ".jsonl"})


def left_by(folder: Path) -> dict[str, str]:
    """The files that a run left and that are the same each time, by their names."""
    files = (path for path in folder.rglob("*") if path.suffix in COMPARED and path.name != "report.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace") for path in files}


def test_there_are_at_least_four() -> None:
    assert len(PROJECTS) >= 4


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_scripts_are_clean_and_formatted(project: Path) -> None:
    scripts = sorted(path.name for path in project.glob("*.dhm"))
    checked = dhm("check", *scripts, home=project)
    assert (checked.code, checked.out) == (0, checked.out), checked.out + checked.err
    formatted = dhm("fmt", "--check", *scripts, home=project)
    assert formatted.code == 0, formatted.out + formatted.err


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_their_tests_pass(project: Path) -> None:
    tested = dhm("test", home=project)
    assert tested.code == 0, tested.out + tested.err


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_a_run_leaves_what_is_expected(project: Path, tmp_path: Path) -> None:
    command = (project / "command").read_text(encoding="utf-8").format(out=tmp_path / "out")
    ran = dhm(*shlex.split(command), home=project)
    assert ran.code == 0, ran.err
    found = left_by(tmp_path / "out")
    kept = project / "expected"
    if os.environ.get("DHM_ACCEPT"):
        shutil.rmtree(kept, ignore_errors=True)
        for name in found:
            (kept / name).parent.mkdir(parents=True, exist_ok=True)
            (kept / name).write_bytes((tmp_path / "out" / name).read_bytes())
    assert found == left_by(kept)
