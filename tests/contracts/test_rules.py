"""Every kind of mistake shows itself: its bad folder has it and no other, its good folder has none.

`DHM_ACCEPT=1` writes what is printed into the examples that do not hold.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from datahub.reports.catalogue import rule as rule_called
from datahub.reports.catalogue import rules
from datahub.reports.examples import BLOCK, example, place, typed
from tests.typed_pages import kept, lay, run_here

TOLD = re.compile(r"^(?:(?:error|warning|note)\[|  |error: .*\()((?:DHM|R)\d{3})(?:\]|  |\)$)", re.MULTILINE)
"""A code where a command tells that something is wrong, not where it merely names one."""
WITH = {"R501": {"R201"}, "R502": {"R301"}, "R504": {"R202"}}
"""Codes of rows that fall with another one, which is rejected for a reason of its own."""
SHOWN = sorted(rules())


def test_every_code_has_an_example_and_every_example_a_code():
    assert SHOWN == sorted(path.stem for path in place("DHM001").parent.iterdir())


@pytest.mark.parametrize("code", SHOWN)
def test_the_bad_folder_has_the_mistake_and_no_other(code: str, tmp_path: Path) -> None:
    shown = example(code)
    lay(shown.bad.files, tmp_path)
    told = [run_here(one.command, tmp_path) for one in shown.bad.console]
    printed = "".join(text for text, _ in told)
    assert {code} | WITH.get(code, set()) == set(TOLD.findall(printed)), printed
    holds(code, 0, [text for text, _ in told])


@pytest.mark.parametrize("code", SHOWN)
def test_the_good_folder_has_no_mistake(code: str, tmp_path: Path) -> None:
    shown = example(code)
    assert shown.good.files or shown.good.console, "nothing is other in the good folder"
    lay(shown.mended, tmp_path)
    told = [run_here(one.command, tmp_path) for one in shown.good.console or shown.bad.console]
    printed = "".join(text for text, _ in told)
    assert [] == TOLD.findall(printed), printed
    assert {0} == {ended for _, ended in told}, printed
    if shown.good.console:
        holds(code, 1, [text for text, _ in told])


def holds(code: str, side: int, printed: list[str]) -> None:
    """One side of an example says what is printed; of the sections of its file, the first is the bad one."""
    text = place(code).read_text(encoding="utf-8")
    bad, mark, good = text.partition("## Good\n")
    sections, left = [bad, good], iter(printed)

    def block(found: re.Match[str]) -> str:
        if found["kind"] != "console":
            return found[0]
        parts = "".join(f"$ {one.command}\n{kept(one.printed, next(left))}" for one in typed(found["text"]))
        return f"{found['fence']}console\n{parts}{found['fence']}"

    sections[side] = BLOCK.sub(block, sections[side])
    now = mark.join(sections)
    if os.environ.get("DHM_ACCEPT"):
        place(code).write_text(now, encoding="utf-8")
    assert text == now


def test_a_rule_is_found_by_its_code_and_by_its_name_in_any_case():
    assert rule_called("DHM901") is rule_called("dhm901") is rule_called("unused-allowance")
    assert rule_called("DHM000") is None
