"""Expected rows against those that came out: matched as well as can be, told apart cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datahub.semantic.expected_cells import ANY
from datahub.testing.normal import same, shown

Row = Sequence[Any]


def differences(wanted: Sequence[Row], got: Sequence[Row], ordered: bool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The rows side by side where they are not the same, empty where they are."""
    pairs = _in_turn(wanted, got) if ordered else _matched(wanted, got)
    if all(left is not None and right is not None and _equal(left, right) for left, right in pairs):
        return ()
    return tuple(line for pair in pairs for line in _lines(*pair))


def _equal(wanted: Row, got: Row) -> bool:
    return all(map(same, wanted, got))


def _in_turn(wanted: Sequence[Row], got: Sequence[Row]) -> list[tuple[Row | None, Row | None]]:
    length = max(len(wanted), len(got))
    return [(wanted[at] if at < len(wanted) else None, got[at] if at < len(got) else None) for at in range(length)]


def _matched(wanted: Sequence[Row], got: Sequence[Row]) -> list[tuple[Row | None, Row | None]]:
    """Equal rows first, then each expected row with the row left that is most like it, then what is left of both."""
    left = list(range(len(got)))
    partner: dict[int, int] = {}
    for at, row in enumerate(wanted):
        equal = next((other for other in left if _equal(row, got[other])), None)
        if equal is not None:
            partner[at] = equal
            left.remove(equal)
    for at, row in enumerate(wanted):
        if at not in partner and left:
            likeness = {other: sum(map(same, row, got[other])) for other in left}
            best = max(left, key=lambda other: likeness[other])
            if likeness[best]:
                partner[at] = best
                left.remove(best)
    pairs: list[tuple[Row | None, Row | None]] = [(row, got[partner[at]] if at in partner else None) for at, row in enumerate(wanted)]
    return pairs + [(None, got[other]) for other in left]


def _lines(wanted: Row | None, got: Row | None) -> list[tuple[str, tuple[str, ...]]]:
    if wanted is not None and got is not None and _equal(wanted, got):
        return [("=", tuple(shown(value) for value in got))]
    lines = []
    if wanted is not None:
        lines.append(("-", tuple("-" if value is ANY else shown(value) for value in wanted)))
    if got is not None:
        lines.append(("+", tuple(shown(value) for value in got)))
    return lines
