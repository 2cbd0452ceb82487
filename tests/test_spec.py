"""The language's specification: every case of every Markdown file in `tests/spec` holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.spec_case import differences
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


def test_case_titles_of_a_file_are_all_different() -> None:
    names = [f"{case.path}: {case.title}" for case in CASES]
    assert sorted(set(names)) == sorted(names)
