"""Ordered values of decision tables as whole numbers, so that one arithmetic serves amounts, dates and times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from datahub.records import record
from datahub.semantic.ir import Value
from datahub.syntax.literals import EXACT
from datahub.types import model as t

_SECOND = 10**6
_CLOCK = (3600 * _SECOND, 60 * _SECOND, _SECOND, 1000, 1)
_CALENDAR = (24 * _CLOCK[0], *_CLOCK)
_TICK = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@record(frozen=True, slots=True)
class Numbers:
    """How the values of a type count.

    `units` are the round steps in which examples are looked for, the smallest of them what the type can write; in a `dense`
    type there is always something between two values. `lowest` and `highest` are the ends of the type, None where there are none.
    """

    kind: t.Type
    scale: int
    units: tuple[int, ...]
    dense: bool
    lowest: int | None = None
    highest: int | None = None
    usual: int = 0
    """What stands for any value."""

    @staticmethod
    def of(kind: t.Type, values: Iterable[Value]) -> Numbers:
        """The numbers for a type, fine enough for `values`."""
        match kind:
            case t.Decimal(precision=precision, scale=digits):
                scale = max(digits, _digits(values))
                units = tuple(10**power for power in range(scale, scale - digits - 1, -1))
                end = 10 ** (precision - digits + scale) - units[-1]
                return Numbers(kind, scale, units, True, -end, end)
            case t.Float():
                scale = _digits(values) + 1
                return Numbers(kind, scale, tuple(10**power for power in range(scale, -1, -1)), True)
            case t.Int(width=width):
                return Numbers(kind, 0, (1,), False, -(1 << width - 1), (1 << width - 1) - 1)
            case t.Date():
                return Numbers(kind, 0, (1,), False, 1, date.max.toordinal(), date(2000, 1, 1).toordinal())
            case t.Time():
                return Numbers(kind, 0, _CLOCK, False, 0, _CALENDAR[0] - 1)
            case t.DateTime() | t.LocalDateTime():
                return Numbers(kind, 0, _CALENDAR, False, *_ENDS)
            case _:
                return Numbers(kind, 0, _CALENDAR, False)

    def number(self, value: Value) -> int:
        """What a value counts as."""
        match value:
            case datetime():
                return _ticks(value if value.tzinfo else value.replace(tzinfo=UTC))
            case date():
                return value.toordinal()
            case time():
                return _ticks(datetime.combine(_EPOCH.date(), value, UTC))
            case timedelta():
                return int(value // _TICK)
            case Decimal():
                return int(value.scaleb(self.scale, EXACT))
            case float():
                return int(Decimal(repr(value)).scaleb(self.scale, EXACT))
            case _:
                return int(str(value)) * int(10**self.scale)

    def value(self, number: int) -> Value:
        """The value that counts as `number`."""
        match self.kind:
            case t.Decimal():
                return Decimal(number).scaleb(-self.scale, EXACT)
            case t.Float():
                return float(Decimal(number).scaleb(-self.scale, EXACT))
            case t.Date():
                return date.fromordinal(number)
            case t.Time():
                return (_EPOCH + number * _TICK).time()
            case t.DateTime():
                return _EPOCH + number * _TICK
            case t.LocalDateTime():
                return (_EPOCH + number * _TICK).replace(tzinfo=None)
            case t.Duration():
                return number * _TICK
            case _:
                return number

    def is_written(self, number: int) -> bool:
        """Whether the type as declared has this value."""
        return number % self.units[-1] == 0 and self._is_within(number)

    def has_between(self, low: int | None, high: int | None) -> bool:
        """Whether any value lies between the two, declared or longer; None is no end."""
        return self.dense or low is None or high is None or high - low > 1

    def writes_between(self, low: int | None, high: int | None) -> bool:
        """Whether a value of the type as declared lies between the two."""
        return self._step(low, high, self.units[-1]) is not None

    def between(self, low: int | None, high: int | None) -> int | None:
        """The roundest value of the type between the two."""
        return next((found for unit in self.units if (found := self._step(low, high, unit)) is not None), None)

    def _step(self, low: int | None, high: int | None, unit: int) -> int | None:
        if low is not None:
            found = (low // unit + 1) * unit
        elif high is not None:
            found = -(-high // unit) * unit - unit
        else:
            found = self.usual
        return found if (high is None or found < high) and self._is_within(found) else None

    def _is_within(self, number: int) -> bool:
        return (self.lowest is None or self.lowest <= number) and (self.highest is None or number <= self.highest)


def _digits(values: Iterable[Value]) -> int:
    """The most digits that one of the values has after the point."""
    exponents = (Decimal(str(value)).normalize(EXACT).as_tuple().exponent for value in values)
    return max((0, *(-one for one in exponents if isinstance(one, int))))


def _ticks(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK


_ENDS = _ticks(datetime(1, 1, 1, tzinfo=UTC)), _ticks(datetime(9999, 12, 31, 23, 59, 59, 999999, UTC))
