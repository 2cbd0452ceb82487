"""What aggregates mean: of a list of values, in their order, nulls left out unless told otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from datahub.types import model as t
from tests.reference.lists import once
from tests.reference.meaning import Asked, Reject, aggregates
from tests.reference.numbers import exact, finite, lasting, micros, rounded, whole
from tests.reference.texts import LONGEST, in_bounds

List = list[Any]


def there(values: List) -> List:
    return [one for one in values if one is not None]


@aggregates("count")
def count(values: List) -> int:
    return len(there(values))


@aggregates("sum", asks=True)
def total(asked: Asked, values: List) -> Any:
    numbers = there(values)
    match t.base_of(asked.kind):
        case t.Int():
            return whole(sum(numbers))
        case t.Float():
            return finite(fsum(numbers))
        case t.Duration():
            return lasting(sum(map(micros, numbers)))
        case _:
            return exact(sum(map(Fraction, numbers), Fraction()), asked.kind)


def fsum(numbers: List) -> float:
    try:
        return math.fsum(numbers)
    except OverflowError:
        raise Reject("R602") from None


@aggregates("avg", asks=True)
def avg(asked: Asked, values: List) -> Any:
    numbers = there(values)
    if not numbers:
        return None
    if isinstance(t.base_of(asked.kind), t.Float):
        return finite(fsum(numbers) / len(numbers))
    return exact(sum(map(Fraction, numbers), Fraction()) / len(numbers), asked.kind)


@aggregates("min")
def least(values: List) -> Any:
    return min(there(values), default=None)


@aggregates("max")
def largest(values: List) -> Any:
    return max(there(values), default=None)


@aggregates("any")
def any_true(values: List) -> bool:
    return any(there(values))


@aggregates("all")
def all_true(values: List) -> bool:
    return all(there(values))


@aggregates("first")
def first(values: List) -> Any:
    return values[0] if values else None


@aggregates("last")
def last(values: List) -> Any:
    return values[-1] if values else None


@aggregates("list")
def listed(values: List) -> List:
    return values


@aggregates("distinct")
def distinct(values: List) -> List:
    return once(values)


@aggregates("count_distinct")
def count_distinct(values: List) -> int:
    return len(once(values))


@aggregates("duplicates")
def duplicates(values: List) -> List:
    return [one for one in once(values) if sum(one == other for other in there(values)) > 1]


@aggregates("increasing")
def increasing(values: List) -> bool:
    numbers = there(values)
    return all(one < other for one, other in pairwise(numbers))


@aggregates("join_text")
def join_text(separator: Any, values: Any, *more: Any) -> str | None:
    texts = there([values, *more] if not isinstance(values, list) else values)
    if len(texts) > 1 and len(separator) * (len(texts) - 1) > LONGEST:
        # It is not made to be measured: it may be more than memory has.
        raise Reject("R603")
    return in_bounds(separator.join(texts), *texts) if texts else None


@aggregates("same")
def same(values: List) -> Any:
    if any(one != values[0] for one in values):
        raise Reject("R511")
    return values[0] if values else None


@aggregates("median", asks=True)
def median(asked: Asked, values: List) -> Any:
    numbers = sorted(there(values))
    if not numbers:
        return None
    low, high = numbers[(len(numbers) - 1) // 2], numbers[len(numbers) // 2]
    if isinstance(t.base_of(asked.kind), t.Float):
        return low / 2 + high / 2
    return exact((Fraction(low) + Fraction(high)) / 2, asked.kind)


@aggregates("percentile", asks=True)
def percentile(asked: Asked, values: List, share: Decimal) -> Any:
    numbers = sorted(map(Fraction, there(values)))
    if not numbers or not 0 <= share <= 1:
        return None
    way = (len(numbers) - 1) * Fraction(share)
    at = math.floor(way)
    following = numbers[min(at + 1, len(numbers) - 1)]
    return exact(numbers[at] + (way - at) * (following - numbers[at]), asked.kind)


@aggregates("product", asks=True)
def product(asked: Asked, values: List) -> Any:
    numbers = there(values)
    if not numbers:
        return None
    if any(one == 0 for one in numbers) and not isinstance(numbers[0], float):
        return 0 if isinstance(numbers[0], int) else Decimal(0)
    match t.base_of(asked.kind):
        case t.Float():
            return finite(math.prod(numbers))
        case t.Int():
            return whole(math.prod(numbers))
        case t.Decimal(scale=scale):
            found = Fraction(1)
            for one in numbers:
                found = Fraction(rounded(found * Fraction(one) * 10**scale), 10**scale)
                exact(found, asked.kind)
            return exact(found, asked.kind)
        case _:
            raise AssertionError(asked)


def spread(values: List, fewer: int, root: Callable[[float], float] = math.sqrt) -> float | None:
    numbers = there(values)
    if len(numbers) <= fewer:
        return None
    if not any(isinstance(one, float) for one in numbers):
        middle = Fraction(sum(map(Fraction, numbers)), len(numbers))
        return root(float(sum((Fraction(one) - middle) ** 2 for one in numbers) / (len(numbers) - fewer)))
    mean = fsum(numbers) / len(numbers)
    try:
        return finite(root(math.fsum((one - mean) ** 2 for one in numbers) / (len(numbers) - fewer)))
    except OverflowError:
        raise Reject("R602") from None


@aggregates("stddev")
def stddev(values: List) -> float | None:
    return spread(values, 1)


@aggregates("stddev_all")
def stddev_all(values: List) -> float | None:
    return spread(values, 0)


@aggregates("variance")
def variance(values: List) -> float | None:
    return spread(values, 1, float)


@aggregates("variance_all")
def variance_all(values: List) -> float | None:
    return spread(values, 0, float)


@aggregates("nth_largest")
def nth_largest(values: List, n: int) -> Any:
    numbers = sorted(there(values), reverse=True)
    return numbers[n - 1] if 1 <= n <= len(numbers) else None


@aggregates("nth_smallest")
def nth_smallest(values: List, n: int) -> Any:
    numbers = sorted(there(values))
    return numbers[n - 1] if 1 <= n <= len(numbers) else None


@aggregates("top")
def top(values: List, n: int) -> List:
    return sorted(there(values), reverse=True)[: max(n, 0)]


@aggregates("mode")
def mode(values: List) -> Any:
    numbers = there(values)
    return max(once(values), key=lambda one: sum(one == other for other in numbers)) if numbers else None


@aggregates("tally")
def tally(values: List) -> dict[str, int]:
    return {one: sum(one == other for other in values) for one in once(values)}
