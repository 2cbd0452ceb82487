"""A table with an override laid on it is proved as the same table written in one script."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.lint.advise import advise
from tests.unit.semantic.programs import elaborated

CELLS = ("< 3", "3..6", "> 6", "5", "2, 8", "< 5, >= 4", "not 5", "[1..9)", "(3..4)", "-")
ROWS = "source rows: csv { columns { n: int } }\nentity Row { r: text }\nmap Row from s in rows { r: d(s.n) }\n"


def table(head: str, cells: list[str], more: str = "") -> str:
    return head + "{\n" + more + "  | n || r |\n" + "".join(f"  | {cell} || {number} |\n" for number, cell in enumerate(cells)) + "}\n"


def told(script: str, **files: str) -> Counter[str]:
    made, errors = elaborated(script, **files)
    assert [] == [one.message for one in errors if one.rule.code < "DHM2"]
    found: list[Diagnostic] = []
    advise(made, found.append)
    assert all(one.at.span.document is made.units[-1].module.documents[0] for one in found)
    return Counter(one.rule.code for one in found if "DHM403" <= one.rule.code <= "DHM407")


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_overrides_are_proved_with_those_of_the_table(seed: int):
    chance = random.Random(seed)
    policy = chance.choice(("first", "unique"))
    below, above = (chance.choices(CELLS, k=chance.randint(1, 3)) for _ in range(2))
    head, said = "decide d (n: int) -> text ", f"  policy {policy}\n"

    # Where one row alone may fit, one of the override takes the place of one that asks the same.
    kept = [one for one in below if policy == "first" or one not in above]
    alone = told(ROWS + table(head, kept, said))
    whole = told(ROWS + table(head, above + kept, said))
    laid = told('use "x.dhm" as x\n' + table("override decide x.d ", above), x_dhm=ROWS + table(head, below, said))

    # Whether there is a gap the override does not change for the worse; rows of the pack that it replaces are not told as dead.
    for code in ("DHM403", "DHM407"):
        assert whole[code] - alone[code] <= laid[code] <= whole[code], (below, above)
    assert laid["DHM405"] <= whole["DHM405"]
    assert (laid["DHM404"], laid["DHM406"]) == (0, 0)
