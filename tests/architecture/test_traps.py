"""Every trap of the designs has its row in docs/traps.md, and every test that a row names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.unit.functions.test_traps import TRAPS

ROOT = Path(__file__).parents[2]
ROWS = re.findall(r"^\| (?!Trap|---)(.*?) \| .*? \| (`.*) \|$", (ROOT / "docs" / "traps.md").read_text(encoding="utf-8"), re.MULTILINE)
NAMED = sorted({one for _, tests in ROWS for one in re.findall(r"`(tests/.*?)`(?=, `tests/|$)", tests)})
KERNELS, CORPUS = 12, ("F40", "F41", "F42")
"""How many behaviours of kernels the design of the language lists (4.4), and the traps of numbers, dates and letters among the failures."""


def test_every_trap_has_its_row():
    assert KERNELS + len(CORPUS) == len(ROWS)
    for name in CORPUS:
        assert 1 == sum(trap.startswith(name) for trap, _ in ROWS)
    assert all(tests.count("`tests/") for _, tests in ROWS)


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_the_page_names_is_there(named):
    if "#" in named and ".md" in named:
        path, _, title = named.partition("#")
        assert f"\n## {title}\n" in (ROOT / path).read_text(encoding="utf-8")
        return
    path, _, test = named.partition("::")
    name, _, case = test.partition("[")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
    assert not case or case.removesuffix("]") in {expression for expression, _ in TRAPS}
