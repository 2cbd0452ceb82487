"""What overrides stand against, for every kind of override that the specification shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from datahub.compiler import check
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.document import Document
from datahub.semantic.bases import bases
from datahub.syntax import ast
from datahub.syntax.parser import parse
from tests.spec_case import Files
from tests.spec_runner import Case, cases

SPEC = Path(__file__).parents[2] / "spec" / "overrides.md"


def compiles(case: Case) -> bool:
    return case.script is not None and check(Document("script.dhm", case.script.text), Files(case), lambda _: None) is not None


GOOD = [case for case in cases(SPEC) if compiles(case)]


def overrides(case: Case) -> list[ast.Override]:
    assert case.script is not None
    told: list[Diagnostic] = []
    declared = parse(Document("script.dhm", case.script.text), told.append).declarations
    return [one for one in declared if isinstance(one, ast.Override)]


def test_every_kind_of_override_is_among_the_cases():
    shown = {one.kind for case in GOOD for one in overrides(case)}
    kinds = ("map", "checks", "rules", "lookup", "decide", "fn", "entity", "view", "source", "target", "flow", "type", "param")
    assert set(kinds) == shown


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.title)
def test_each_override_stands_against_something_that_has_a_meaning_where_the_pack_writes_it(case):
    assert case.script is not None
    found = bases(parse(Document("script.dhm", case.script.text), lambda _: None), Files(case))
    own = [one for one in found if not one.by]
    for one in overrides(case):
        items = [base for base in own if base.item.startswith(f"{one.kind} {one.name.parts[-1].text}")]
        assert items, one.name.text
        assert all(base.pack.startswith("acme.") for base in items)
    assert [] == [base.item for base in own if base.written is not None and not base.meaning]
    # What is new has neither; what a source says by default has a meaning that nobody wrote.
    assert [] == [base.item for base in own if base.written is None and base.meaning and ".option " not in base.item]
