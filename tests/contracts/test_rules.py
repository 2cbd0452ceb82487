"""Every kind of mistake shows itself: its bad folder has it and no other, its good folder has none.

`DHM_ACCEPT=1` writes what is printed into the examples that do not hold.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from datahub.reports.catalogue import rule as rule_called
from datahub.reports.catalogue import rules
from datahub.reports.examples import BLOCK, Example, File, example, place, typed
from tests.typed_pages import kept, run_here

TOLD = re.compile(r"^(?:(?:error|warning|note)\[|  |error: .*\()((?:DHM|R)\d{3})(?:\]|  |\)$)", re.MULTILINE)
"""A code where a command tells that something is wrong, not where it merely names one."""
WITH = {"R501": {"R201"}, "R502": {"R301"}, "R504": {"R202"}}
"""Codes of rows that fall with another one, which is rejected for a reason of its own."""
SHOWN = sorted(code for code in rules() if example(code))


def test_every_example_has_a_code():
    assert set() == {path.stem for path in place("DHM001").parent.iterdir()} - set(rules())


@pytest.mark.parametrize("code", SHOWN)
def test_the_bad_folder_has_the_mistake_and_no_other(code: str, tmp_path: Path) -> None:
    shown = example_of(code)
    lay(shown.bad.files, tmp_path)
    printed = []

    def block(found: re.Match[str]) -> str:
        if found["kind"] != "console":
            return found[0]
        parts = []
        for one in typed(found["text"]):
            printed.append(run_here(one.command, tmp_path)[0])
            parts.append(f"$ {one.command}\n{kept(one.printed, printed[-1])}")
        return f"{found['fence']}console\n{''.join(parts)}{found['fence']}"

    text = place(code).read_text(encoding="utf-8")
    bad, mark, good = text.partition("## Good\n")
    now = BLOCK.sub(block, bad) + mark + good
    if os.environ.get("DHM_ACCEPT"):
        place(code).write_text(now, encoding="utf-8")
    assert {code} | WITH.get(code, set()) == set(TOLD.findall("".join(printed))), "\n".join(printed)
    assert text == now


@pytest.mark.parametrize("code", SHOWN)
def test_the_good_folder_has_no_mistake(code: str, tmp_path: Path) -> None:
    shown = example_of(code)
    assert shown.good.files or shown.good.console, "nothing is other in the good folder"
    lay(shown.mended, tmp_path)
    for one in shown.good.console or shown.bad.console:
        printed, ended = run_here(one.command, tmp_path)
        assert [] == TOLD.findall(printed), printed
        assert ended == 0, printed
        if shown.good.console:
            assert one.printed == kept(one.printed, printed)


def test_a_rule_is_found_by_its_code_and_by_its_name_in_any_case():
    assert rule_called("DHM901") is rule_called("dhm901") is rule_called("unused-allowance")
    assert rule_called("DHM000") is None


def example_of(code: str) -> Example:
    shown = example(code)
    assert shown is not None
    return shown


def lay(files: Iterable[File], home: Path) -> None:
    for file in files:
        path = home / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8", newline="")
