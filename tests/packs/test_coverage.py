"""The tests of the standard packs reach every row of every table, and break every check: what they reach is watched in the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from datahub.engine import decisions, lookups
from datahub.engine.operators import check
from datahub.packs.folders import Folders
from datahub.resources import folder
from datahub.semantic.elaborate import elaborate_whole
from datahub.semantic.ir import CheckRule, Program
from datahub.syntax.parser import parse
from datahub.testing.cases import run_tests

PACKS = folder("stdlib_mappings")
HEADS = sorted(PACKS.rglob("pack.dhm"))


@dataclass
class Reached:
    """What the tests of a pack have reached: rows of tables by name, and checks by the script and line that declare them."""

    lookups: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    decisions: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    checks: set[tuple[str, int, str]] = field(default_factory=set)


@pytest.fixture(scope="module")
def reached() -> Iterator[Reached]:
    """The engine as it is, and beside it a note of what it did."""
    seen = Reached()
    with pytest.MonkeyPatch.context() as patch:
        answered, given, finding = lookups._answered, decisions._of_rows, check._finding

        def look(node, index, found, columns, scope):
            hit = (found.place >= 0) & found.live
            seen.lookups[node.table].update(np.unique(np.asarray(found.place)[hit]).tolist())
            return answered(node, index, found, columns, scope)

        def decide(node, index, row, inner):
            seen.decisions[node.table].update(np.unique(row[row >= 0]).tolist())
            return given(node, index, row, inner)

        def broken(rule: CheckRule, *rest):
            seen.checks.add(place(rule))
            return finding(rule, *rest)

        patch.setattr(lookups, "_answered", look)
        patch.setattr(decisions, "_of_rows", decide)
        patch.setattr(check, "_finding", broken)
        yield seen


def place(rule: CheckRule) -> tuple[str, int, str]:
    return rule.origin.script, rule.origin.line, rule.code


@pytest.fixture(scope="module")
def tested(reached) -> dict[Path, Program]:
    """All packs with their tests run; the program of each."""
    programs: dict[Path, Program] = {}
    for head in HEADS:
        loader = Folders()
        # The files of a pack are one program, so that it is elaborated once for all of their tests.
        elaborated = elaborate_whole(parse(loader.document(head), lambda one: None), loader, lambda one: None)
        programs[head] = elaborated.program
        for path in sorted(head.parent.glob("*.dhm")):
            script = parse(loader.document(path), lambda one: None)
            assert [] == [one.name for one in run_tests(elaborated, script) if not one.passed]
    return programs


@pytest.mark.parametrize("head", HEADS, ids=lambda path: path.parent.relative_to(PACKS).as_posix())
def test_every_row_of_a_table_is_reached(head, tested, reached):
    program = tested[head]
    tables = [one for one in program.lookups if "." not in one.name and not one.source]
    keys = {table.name: [row[0] for row in table.rows] for table in tables}
    assert {} == {name: left for name in keys if (left := [key for at, key in enumerate(keys[name]) if at not in reached.lookups[name]])}
    decided = {table.name: len(table.rows) for table in program.decisions if "." not in table.name}
    assert {} == {name: left for name, count in decided.items() if (left := set(range(count)) - reached.decisions[name])}


def test_every_check_is_broken_once(tested, reached):
    declared = {place(rule): rule.code for program in tested.values() for _, rule in program.checks}
    assert len(declared) > 100
    assert [] == sorted(one for one in declared if one not in reached.checks)
