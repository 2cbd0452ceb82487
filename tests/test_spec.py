"""The language's specification: every case of every Markdown file in `tests/spec` holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datahub.compiler import check
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.diagnostics.suppress import suppress
from datahub.document import Document
from datahub.syntax.format import format_script
from tests.spec_case import SCRIPT, Files, differences
from tests.spec_runner import Case, cases, rewrite

FOLDER = Path(__file__).parent / "spec"
CASES = [case for path in sorted(FOLDER.rglob("*.md")) for case in cases(path)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_specification_holds(case: Case, tmp_path: Path) -> None:
    found = differences(case, tmp_path)
    if os.environ.get("DHM_ACCEPT"):
        rewrite(case, {case.blocks.index(one.block): one.actual for one in found if one.block})
        found = [one for one in found if not one.block]
    if found:
        path = case.path.relative_to(FOLDER.parent.parent)
        pytest.fail("\n\n".join(f"{path}:{one.line}: {case.title}\n{one.text}" for one in found), pytrace=False)


ASKING = [case for case in CASES if case.script is not None and ("has(" in case.script.text or "omit" in case.script.text)]


@pytest.mark.parametrize("case", ASKING, ids=lambda case: case.name)
def test_presence_is_no_matter_of_speed(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks whether a column was there, and what a patch leaves alone, is the same of a plan as it was lowered."""
    monkeypatch.setattr("datahub.compiler.optimize", lambda plan: plan)
    assert [one.text for one in differences(case, tmp_path)] == []


SCRIPTED = [case for case in CASES if case.script is not None]


@pytest.mark.parametrize("case", SCRIPTED, ids=lambda case: case.name)
def test_formatting_leaves_what_a_script_says(case: Case) -> None:
    """Formatted, a script of the specification raises the findings it raised before, and formatting it again changes nothing."""
    assert case.script is not None
    before = Document(SCRIPT, case.script.text)
    after = Document(SCRIPT, format_script(before))
    assert _findings(before, case) == _findings(after, case)
    assert after.text == format_script(after)


def _findings(script: Document, case: Case) -> list[tuple[str, str]]:
    found: list[Diagnostic] = []
    check(script, Files(case), found.append)
    # What a script reads with a note (`else`, `?.`) is rewritten, so that notes may go.
    return sorted((one.rule.code, one.message) for one in suppress(found, [script]) if one.level is not Severity.NOTE)


def test_case_titles_of_a_file_are_all_different() -> None:
    names = [f"{case.path}: {case.title}" for case in CASES]
    assert sorted(set(names)) == sorted(names)
