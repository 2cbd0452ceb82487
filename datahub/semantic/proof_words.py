"""The texts of an input of a decision table, cut into classes: those that cells name, and the rest, by what is known of them.

Of a pattern nobody says whether it matches anything beside the texts that are looked at one by one. So what it matches
among the rest is a class of its own, which other cells hold as well as they hold all of the rest; it has no example.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.proof_spaces import named
from datahub.types import model as t

_OTHERS = ("other", "X", "0", "a b", "", "é", "~")
_JSON = ("{}", "0", "[]")
_MOST_PARTS = 2000


@record(frozen=True, slots=True)
class Words:
    """Texts: first the rest, part by part between the `ends` that intervals name, each as a whole and by pattern; then `points`; then null.

    `stands` is the example of the rest where nothing but the named texts is told apart, and empty otherwise.
    """

    points: tuple[str, ...]
    place: dict[str, int]
    ends: tuple[str, ...]
    patterns: dict[str, int]
    """What each pattern matches among the points, as classes."""
    turn: dict[str, int]
    """The number of each pattern among the classes of a part; the whole of the part is number 0."""
    every: int
    sure: int
    stands: str

    @property
    def width(self) -> int:
        return len(self.turn) + 1

    @property
    def first(self) -> int:
        """The class of the first point."""
        return (len(self.ends) + 1) * self.width

    @property
    def null(self) -> int:
        return 1 << self.first + len(self.points)

    def mask(self, test: ir.CellTest) -> int:
        match test:
            case ir.AnyValue():
                return self.every
            case ir.IsNull():
                return self.null & self.every
            case ir.OneOf(values=values, negated=negated):
                found = sum(1 << self.first + self.place[str(value)] for value in set(values) if value is not None)
                return self.every & (~found & ~self.null if negated else found)
            case ir.Between():
                return self._between(test)
            case ir.Like(pattern=pattern):
                found = self.patterns[pattern]
                if pattern in self.turn:
                    found |= sum(1 << part * self.width + self.turn[pattern] for part in range(len(self.ends) + 1))
                return found
        raise AssertionError(test)

    def _between(self, test: ir.Between) -> int:
        low = None if test.low is None else str(test.low)
        high = None if test.high is None else str(test.high)
        first = 0 if low is None else bisect_left(self.ends, low) + 1
        last = len(self.ends) if high is None else bisect_left(self.ends, high)
        parts = (1 << (last + 1) * self.width) - (1 << first * self.width) if last >= first else 0
        return parts | sum(1 << self.first + at for at, point in enumerate(self.points) if _is_within(point, low, high, test))

    def example(self, at: int) -> ir.Value:
        if at < self.first:
            return self.stands
        return self.points[at - self.first] if at - self.first < len(self.points) else None


def _is_within(text: str, low: str | None, high: str | None, test: ir.Between) -> bool:
    above = low is None or text > low or (test.low_closed and text == low)
    return above and (high is None or text < high or (test.high_closed and text == high))


def words(kind: t.Type, tests: Sequence[ir.CellTest]) -> Words:
    """The classes of an input of texts."""
    texts = dict.fromkeys(str(value) for test in tests for value in named(test))
    ends = tuple(sorted({str(value) for test in tests if isinstance(test, ir.Between) for value in named(test)}))
    patterns = tuple(dict.fromkeys(test.pattern for test in tests if isinstance(test, ir.Like)))
    spare = [one for one in _samples(kind, ends) if one not in texts]
    is_plain = not patterns and not ends
    points = tuple(texts) if is_plain else (*texts, *spare)
    fine = len(patterns) * (len(ends) + 1) <= _MOST_PARTS
    turn = {one: number for number, one in enumerate(patterns, 1)} if fine else {}
    first = (len(ends) + 1) * (len(turn) + 1)
    null = 1 << first + len(points) if kind.nullable else 0
    sure = sum(1 << first + at for at, point in enumerate(points) if _has_length(point, kind)) | null
    stands = spare[0] if is_plain and spare else ""
    return Words(
        points,
        {point: at for at, point in enumerate(points)},
        ends,
        {one: matched(one, points) << first for one in patterns},
        turn,
        (1 << first + len(points)) - 1 | null,
        sure | (1 if is_plain and spare else 0),
        stands,
    )


def matched(pattern: str, texts: Sequence[str]) -> int:
    """Which of the texts a pattern matches, a bit each."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        # A handful of texts that the script itself writes.
        found = pc.match_substring_regex(pa.array(texts, pa.string()), f"^(?:{pattern})$").to_pylist()
    except pa.ArrowInvalid:
        # What is wrong with the pattern was told when its cell was read.
        return 0
    return sum(1 << at for at, matches in enumerate(found) if matches)


def _samples(kind: t.Type, ends: Iterable[str]) -> list[str]:
    """Texts of the type that few cells name, and some between the ends of intervals."""
    base = t.base_of(kind)
    if isinstance(base, t.Json):
        return list(_JSON)
    found = [*_OTHERS, *(f"{end}0" for end in ends)]
    if isinstance(base, t.Text) and not _has_length(found[0], kind):
        found.insert(0, "X" * (base.longest if base.longest is not None and base.longest < len(found[0]) else base.shortest or 0))
    return list(dict.fromkeys(one for one in found if _has_length(one, kind)))


def _has_length(text: str, kind: t.Type) -> bool:
    base = t.base_of(kind)
    if not isinstance(base, t.Text):
        return True
    return (base.shortest or 0) <= len(text) and (base.longest is None or len(text) <= base.longest)
