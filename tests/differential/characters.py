"""Every character of Unicode in the functions of text: alone, between others, and put into texts that a function knows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

from datahub.semantic import ir
from datahub.types import model as t
from tests.differential import values
from tests.differential.calls import Call
from tests.differential.held import POOLS
from tests.differential.values import EVERY
from tests.reference.characters import CANONICAL, COMPATIBLE, category

PARTS = 271
"""Into how many parts all characters are dealt, one after the other, for a turn of a function."""


@cache
def telling() -> tuple[str, ...]:
    """The characters but for those of long runs of one kind (ideographs, syllables of Hangul, what is not assigned), of which the ends are here.

    With every thousandth of the others.
    """
    kinds = [category(one) for one in EVERY]
    alike = ("Lo", "Cn", "Co")
    chosen = [
        one
        for at, one in enumerate(EVERY)
        if kinds[at] not in alike
        or not (0 < at < len(EVERY) - 1 and kinds[at - 1] == kinds[at] == kinds[at + 1])
        or at % 1009 == 0
        or one in CANONICAL
        or one in COMPATIBLE
    ]
    return tuple(chosen)


def asked(name: str) -> list[tuple[ir.Expression, Call]]:
    """The calls of a function in each of its signatures that takes a text."""
    from tests.differential.test_functions import typed_calls

    return [one for one in typed_calls(name) if any(isinstance(kind, t.Text) for kind in one[1].columns.values())]


def rows_with(characters: Sequence[str], call: Call, r: random.Random) -> list[dict[str, Any]]:
    """A row for each character, which stands in all texts of the row; what else is in it is drawn."""
    return [
        {name: _value(kind, POOLS[call.pools.get(name, "")], name in call.small, one, r) for name, kind in call.columns.items()}
        for one in characters
    ]


def _value(kind: t.Type, pool: tuple[str, ...], small: bool, one: str, r: random.Random) -> Any:
    if not isinstance(kind, t.Text):
        return values.value(t.required(kind), r, pool, small)
    around = r.choice(("", "a", r.choice(pool or values.WORDS)))
    at = r.choice((0, len(around), r.randint(0, len(around))))
    return around[:at] + one + around[at:]
