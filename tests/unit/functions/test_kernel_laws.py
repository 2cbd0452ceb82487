"""What holds for every kernel: rows do not see each other, nulls do not matter to others, a constant is a column of one value."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datahub.functions import load
from datahub.functions.declare import Context, Outcome, Overload, Parameter
from datahub.types.arrow import arrow_type
from datahub.types.shapes import built, shape

MODULES = {
    "operators", "compare", "text", "text_parts", "patterns", "number", "rounding", "casts", "pictures", "date", "date_parts", "date_arithmetic", "choice",
    "trigonometry", "text_search", "text_case", "date_steps", "date_zones", "extremes",
}  # fmt: skip
CONTEXT = Context(datetime(2024, 5, 1, 10, 30, tzinfo=UTC), "Europe/Paris")
ROWS = 60
CUTS = (0, 0, 1, 17, 17, 40, ROWS)

TEXTS = [
    "",
    " ",
    "abc",
    "a,b",
    "ABCabc",
    "été",
    "Ça va",
    "12",
    "12.5",
    "-3",
    "31/02/2020",
    "2024-05-01",
    "2024-05-01T10:00:00Z",
    "1h 30m",
    "yes",
    "x" * 30,
    "💩 a\tb",
    "  a  b ",
]
SAMPLES: dict[str, list[Any]] = {
    "text": TEXTS,
    "int": [0, 1, -1, 2, 3, 7, 12, 31, 100, -45, 2024, 2**63 - 1, -(2**63)],
    "decimal": [Decimal(0), Decimal("1.5"), Decimal("-2.345"), Decimal("12.3456789012"), Decimal("99999999.99"), Decimal("-0.0000000001"), Decimal(3)],
    "float": [0.0, 1.5, -2.5, 1e300, 0.1, -3.0, 7.0],
    "bool": [True, False],
    "date": [date(2024, 1, 31), date(2024, 2, 29), date(1999, 12, 31), date(1, 1, 1), date(9999, 12, 31), date(2024, 5, 4)],
    "time": [time(0, 0), time(10, 20, 30, 500_000), time(23, 59, 59)],
    "datetime": [datetime(2024, 3, 31, 0, 30, tzinfo=UTC), datetime(2024, 10, 27, 0, 30, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC), datetime(2024, 5, 1, 10, 0, 0, 1000, tzinfo=UTC)],
    "local_datetime": [datetime(2024, 3, 31, 2, 30), datetime(2024, 2, 29, 10), datetime(1999, 12, 31, 23, 59, 59)],  # noqa: DTZ001 - clocks on walls
    "duration": [timedelta(0), timedelta(hours=1, minutes=30), timedelta(days=-2), timedelta(microseconds=1)],
    "[text]": [[], ["a"], ["a", "b", ""], ["é"]],
    "[T]": [[], [1], [1, 2, 12]],
    "map(text)": [[], [("a", "b"), ("b", "c")]],
}  # fmt: skip
VARIABLES = {"T": "int", "U": "text", "any": "text", "number": "decimal"}
CONSTANTS: dict[str, Any] = {
    "pattern:pattern": "([ab])(c)?", "patterns:[pattern]": ("a", "b+"), "pattern:text": "#,##0.0", "unit:text": "month", "part:text": "month", "base:int": 16,
    "mark:text": ",", "groups:text": ".", "digits:int": 2, "members:[text]": ("abc", "a,b"), "values:[T?]": (1, 7, None), "new:text": "<$0>", "start:int": 2,
    "occurrence:int": 1, "group:int": 1, "group:text": "none", "old:[text]": ("a", "b"), "new:[text]": ("b", "c"), "yes:text": "yes", "no:text": "12",
}  # fmt: skip
UNITS = {"from_unix": "ms", "to_unix": "ms", "duration_in": "h", "parse_duration": "h"}


def cases() -> Iterator[Any]:
    for name, declared in load().items():
        for number, overload in enumerate(declared.overloads):
            if (
                overload.kernel.__module__.rpartition(".")[2] in MODULES
                and declared.kind in {"function", "operator"}
                and overload.parameters
            ):
                yield pytest.param(name, overload, id=f"{name}-{number}")


def constant(name: str, overload: Overload, parameter: Parameter) -> Any:
    key = f"{parameter.name}:{parameter.type}"
    if key == "unit:text" and name in UNITS:
        return UNITS[name]
    if key == "pattern:text" and any(one.type in {"date", "time", "datetime", "local_datetime"} for one in overload.parameters):
        return "dd/MM/yyyy HH:mm:ss"
    if key == "pattern:text" and name in {"date", "datetime", "local_datetime"}:
        return "yyyy-MM-dd"
    if key == "pattern:text" and name == "time":
        return "HH:mm"
    if parameter.optional and key != "unit:text":
        return parameter.default
    return CONSTANTS[key]


def column(kind: str, seed: int) -> pa.Array:
    plain = kind.removesuffix("?").replace("?", "")
    plain = VARIABLES.get(plain, plain)
    rng = random.Random(seed)
    values = [rng.choice(SAMPLES[plain]) if rng.random() > 0.15 else None for _ in range(ROWS)]
    arrow = pa.list_(pa.field("item", pa.int64())) if plain == "[T]" else arrow_type(built(shape(plain), {}))
    return pa.array(values, arrow)


def arguments(name: str, overload: Overload) -> list[Any]:
    given: list[Any] = []
    for place, parameter in enumerate(overload.parameters):
        if name == "power" and parameter.name == "exponent" and overload.rule is not None:
            given.append(pa.scalar(3))
        elif parameter.constant:
            given.append(constant(name, overload, parameter))
        elif parameter.variadic:
            given.extend(column(parameter.type, place + extra) for extra in range(3))
        elif parameter.optional and parameter.default is not None:
            given.append(pa.scalar(parameter.default))
        elif parameter.optional:
            given.append(pa.scalar(None, column(parameter.type, 0).type))
        else:
            given.append(column(parameter.type, place + 7 * len(name)))
    return given


def called(overload: Overload, given: list[Any]) -> Outcome:
    extra = {"context": CONTEXT} if overload.context else {}
    result = overload.kernel(*given, **extra)
    outcome = result if isinstance(result, Outcome) else Outcome(result)
    if isinstance(outcome.values, pa.Array):
        outcome.values.validate(full=True)
    return outcome


def live(overload: Overload, given: list[Any], length: int) -> list[bool]:
    """The rows in which no strict argument is null."""
    kinds = [*overload.parameters, *[overload.parameters[-1]] * len(given)]
    strict = [one for one, parameter in zip(given, kinds, strict=False) if not parameter.nullable and isinstance(one, pa.Array)]
    return [all(one[row].is_valid for one in strict) for row in range(length)]


def told(outcome: Outcome, rows: list[bool]) -> list[Any]:
    values: list[Any] = outcome.values.to_pylist()
    assert len(rows) == len(values)
    for mask, code in outcome.failed:
        assert len(rows) == len(mask)
        for row in np.flatnonzero(mask):
            values[row] = code
    return [value for value, there in zip(values, rows, strict=True) if there]


def cut(given: list[Any], start: int, stop: int) -> list[Any]:
    return [one[start:stop] if isinstance(one, pa.Array) else one for one in given]


@pytest.mark.parametrize(("name", "overload"), list(cases()))
def test_a_column_in_parts_gives_the_parts_of_its_result(name: str, overload: Overload) -> None:
    given = arguments(name, overload)
    whole = called(overload, given)
    expected = told(whole, live(overload, given, ROWS))
    found = []
    for start, stop in pairwise(CUTS):
        part = cut(given, start, stop)
        outcome = called(overload, part)
        if start < stop:
            assert whole.values.type == outcome.values.type
        found.extend(told(outcome, live(overload, part, stop - start)))
    assert expected == found


@pytest.mark.parametrize(("name", "overload"), list(cases()))
def test_rows_with_nulls_do_not_matter_to_the_others(name: str, overload: Overload) -> None:
    given = arguments(name, overload)
    rows = live(overload, given, ROWS)
    kept = [one.filter(pa.array(rows)) if isinstance(one, pa.Array) else one for one in given]
    assert told(called(overload, given), rows) == told(called(overload, kept), [True] * sum(rows))


@pytest.mark.parametrize(("name", "overload"), list(cases()))
def test_a_constant_is_a_column_of_one_value(name: str, overload: Overload) -> None:
    given = arguments(name, overload)
    arrays = [at for at, one in enumerate(given) if isinstance(one, pa.Array)]
    if len(arrays) < 2:
        return
    for at in arrays[1:]:
        single = next(value for value in given[at] if value.is_valid)
        repeated = [*given[:at], pa.repeat(single, ROWS), *given[at + 1 :]]
        scalar = [*given[:at], single, *given[at + 1 :]]
        rows = live(overload, repeated, ROWS)
        assert told(called(overload, repeated), rows) == told(called(overload, scalar), rows)


@pytest.mark.parametrize(("name", "overload"), list(cases()))
def test_a_reject_is_one_that_the_declaration_names(name: str, overload: Overload) -> None:
    kinds = [built(shape(parameter.type), {}) for parameter in overload.parameters]
    given = arguments(name, overload)
    if overload.rule is not None and overload.rule(kinds, [None if isinstance(one, pa.Array) else one for one in given]) is None:
        return  # an overload for constants alone
    rows = np.array(live(overload, given, ROWS))
    assert {code for mask, code in called(overload, given).failed if (mask & rows).any()} <= set(overload.rejects)


def test_kernels_take_their_context_by_name() -> None:
    for name, declared in load().items():
        for overload in declared.overloads:
            if overload.context:
                assert "context" in inspect.signature(overload.kernel).parameters, name
