"""Text read strictly as values of other types, and written back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from babel.dates import get_day_names, get_month_names

from datahub.functions import calendar_names, civil
from datahub.functions import conversions as c
from datahub.functions.date_patterns import complaint
from datahub.functions.declare import Outcome
from datahub.functions.written import as_text


def told(result: Outcome) -> list[Any]:
    values = result.values.to_pylist()
    for mask, code in result.failed:
        for row in mask.nonzero()[0]:
            assert values[row] is None
            values[row] = code
    return values


def dates(texts: list[str | None], pattern: str = "", locale: str = "") -> list[Any]:
    return [
        value.isoformat() if isinstance(value, date) else value for value in told(c.to_date(pa.array(texts, pa.string()), pattern, locale))
    ]


def instants(texts: Sequence[str | None], pattern: str = "", zone: str = "") -> list[Any]:
    result = c.to_datetime(pa.array(texts, pa.string()), pattern, zone)
    return told(Outcome(as_text(result.values), result.failed))


def test_a_day_that_is_not_in_the_calendar_is_rejected() -> None:
    texts = [
        "31/02/2020",
        "29/02/2020",
        "29/02/1900",
        "29/02/2000",
        "00/00/0000",
        "31/04/2024",
        "31/12/9999",
        "01/01/0001",
        "01/13/2024",
        "01/01/0000",
        None,
    ]
    expected = ["R106", "2020-02-29", "R106", "2000-02-29", "R106", "R106", "9999-12-31", "0001-01-01", "R106", "R106", None]
    assert expected == dates(texts, "dd/MM/yyyy")


def test_a_pattern_is_followed_to_the_letter() -> None:
    assert ["R106"] * 7 == dates(
        ["1/2/2020", "01/02/20", " 01/02/2020", "01/02/2020 ", "01-02-2020", "01/02/2020x", "٠١/٠٢/٢٠٢٠"], "dd/MM/yyyy"
    )
    assert ["2020-02-01", "2020-12-31", "R106"] == dates(["1/2/2020", "31/12/2020", "1/2/20"], "d/M/yyyy")
    assert ["2024-05-01", "R106"] == dates(["20240501", "2024051"], "yyyyMMdd")
    assert ["2024-02-29", "R106"] == dates(["2024060", "2023366"], "yyyyDDD")


def test_iso_dates_need_no_pattern() -> None:
    assert ["2024-05-01", "R106", "R106", None] == dates(["2024-05-01", "2024-5-1", "20240501", None])


def test_two_digit_years_turn_at_sixty_nine() -> None:
    assert ["1969-01-01", "2068-01-01", "2000-01-01", "R106"] == dates(["01/01/69", "01/01/68", "01/01/00", "01/01/2000"], "dd/MM/yy")


def test_names_of_months_are_read_in_their_language_without_regard_to_case_and_accents() -> None:
    assert ["2024-08-12", "2024-02-03", "2024-07-14", "R106"] == dates(
        ["12 AOUT 2024", "3 févr. 2024", "14 juil 2024", "1 May 2024"], "d MMM yyyy", "fr"
    )
    assert ["2024-03-01", "2024-12-24"] == dates(["1. März 2024", "24. Dezember 2024"], "d. MMMM yyyy", "de")
    assert ["2020-10-10"] == dates(["10-Oct-2020"], "d-MMM-yyyy")


def test_a_day_name_that_lies_is_rejected() -> None:
    assert ["2024-05-01", "R106"] == dates(["Wed 01/05/2024", "Thu 01/05/2024"], "EEE dd/MM/yyyy")


def test_patterns_of_strftime_are_read_too() -> None:
    assert ["2024-05-01", "R106"] == dates(["01/05/2024", "1/5/2024"], "%d/%m/%Y")


@pytest.mark.parametrize("locale", list(calendar_names.LOCALES))
def test_names_are_those_of_cldr(locale: str) -> None:
    names = calendar_names.names_of(locale)
    assert tuple(get_month_names("wide", "format", locale).values()) == names.months
    assert tuple(get_month_names("abbreviated", "format", locale).values()) == names.short_months
    assert [get_day_names("wide", "format", locale)[day] for day in range(7)] == list(names.days)
    assert [get_day_names("abbreviated", "format", locale)[day] for day in range(7)] == list(names.short_days)


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("dd/mm/yyyy", "MM"),
        ("YYYY-MM-dd", "YYYY"),
        ("DD/MM/yyyy", "dd"),
        ("hh:mm", "HH"),
        ("'T", "quote"),
        ("'x'", "no part"),
        ("%Q", "%Q"),
    ],
)
def test_patterns_that_cannot_be_meant_are_told(pattern: str, word: str) -> None:
    assert word in complaint(pattern)


@pytest.mark.parametrize(
    "pattern", ["dd/MM/yyyy", "yyyyMMdd", "yyyy-MM-dd'T'HH:mm:ssXXX", "d MMMM yyyy", "%d/%m/%Y %H:%M", "HH:mm", "hh:mm a"]
)
def test_patterns_that_are_fine_are_not_complained_about(pattern: str) -> None:
    assert not complaint(pattern)


def test_instants_are_read_with_their_offset() -> None:
    texts = [
        "2024-05-01T10:00:00Z",
        "2024-05-01T10:00:00+02:00",
        "2024-05-01T10:00:00.123-0130",
        "2024-05-01 10:00:00+02",
        "2024-05-01T10:00:00,5Z",
    ]
    assert ["2024-05-01T10:00:00Z", "2024-05-01T08:00:00Z", "2024-05-01T11:30:00.123Z", "2024-05-01T08:00:00Z", "R107"] == instants(texts)


def test_impossible_clock_times_are_rejected() -> None:
    texts = [
        "2024-05-01T24:00:00Z",
        "2024-05-01T23:60:00Z",
        "2024-05-01T23:59:60Z",
        "2024-02-30T00:00:00Z",
        "2024-05-01T10:00:00+25:00",
        "x",
        "",
    ]
    assert ["R107"] * 7 == instants(texts)


def test_a_local_time_that_the_clock_skipped_or_showed_twice_is_rejected() -> None:
    texts = [
        "2024-03-31T01:59:59",
        "2024-03-31T02:00:00",
        "2024-03-31T02:30:00",
        "2024-03-31T03:00:00",
        "2024-10-27T01:59:59",
        "2024-10-27T02:30:00",
        "2024-10-27T03:00:00",
    ]
    expected = ["2024-03-31T00:59:59Z", "R110", "R110", "2024-03-31T01:00:00Z", "2024-10-26T23:59:59Z", "R110", "2024-10-27T02:00:00Z"]
    assert expected == instants(texts, zone="Europe/Paris")


def test_a_local_time_without_a_zone_is_no_instant() -> None:
    assert ["R110", "2024-05-01T10:00:00Z"] == instants(["2024-05-01T10:00:00", "2024-05-01T10:00:00Z"])
    assert ["2024-05-01T08:00:00Z"] == instants(["2024-05-01T10:00:00"], zone="+02:00")


@pytest.mark.parametrize(
    "zone", ["Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo"]
)
def test_zones_agree_with_python(zone: str) -> None:
    rng, place = random.Random(zone), ZoneInfo(zone)
    texts, expected = [], []
    for _ in range(400):
        local = datetime(1975, 1, 1) + timedelta(minutes=15 * rng.randint(0, 4 * 24 * 365 * 60))  # noqa: DTZ001 - a clock on a wall
        offsets = {local.replace(tzinfo=place, fold=fold).utcoffset() for fold in (0, 1)}
        instant = local.replace(tzinfo=place).astimezone(UTC)
        texts.append(local.isoformat())
        expected.append(instant.isoformat().replace("+00:00", "Z") if len(offsets) == 1 else "R110")
    assert expected == instants(texts, zone=zone)


def test_clocks_in_a_zone_agree_with_python() -> None:
    moments = [datetime(2024, 3, 31, 0, 59, tzinfo=UTC) + timedelta(minutes=7 * step) for step in range(40)]
    column = civil.to_local(pa.array(moments, civil.INSTANT), "Europe/Paris")
    assert [moment.astimezone(ZoneInfo("Europe/Paris")).replace(tzinfo=None) for moment in moments] == column.to_pylist()


def test_times_of_day() -> None:
    result = c.to_time(pa.array(["10:00", "23:59:59", "24:00", "7:30", "10:00:00.250", None]))
    assert ["10:00:00", "23:59:59", "R108", "R108", "10:00:00.250", None] == told(Outcome(as_text(result.values), result.failed))


def test_durations() -> None:
    texts = [
        "PT1H30M",
        "P3D",
        "P1W",
        "-PT0.5S",
        "1h 30m",
        "1005ms",
        "1s 1ms",
        "90m",
        "1:30:00",
        "-0:30",
        "P1M",
        "P",
        "PT",
        "1 month",
        "",
        "x",
        "12",
        None,
        "9" * 30 + "d",
    ]
    expected = [
        "PT1H30M",
        "P3D",
        "P7D",
        "-PT0.5S",
        "PT1H30M",
        "PT1.005S",
        "PT1.001S",
        "PT1H30M",
        "PT1H30M",
        "-PT30M",
        *["R112"] * 7,
        None,
        "R112",
    ]
    result = c.to_duration(pa.array(texts))
    assert expected == told(Outcome(as_text(result.values), result.failed))


def test_truth_has_just_the_words_told() -> None:
    assert [True, False, "R103", "R103", None] == told(c.to_bool(pa.array(["O", "N", "o", "1", None]), ("O",), ("N",)))


def test_members_of_enums() -> None:
    assert ["new", "R109", None] == told(c.to_enum(pa.array(["new", "New", None]), ("new", "old")))


def test_json_is_judged_strictly() -> None:
    texts = ['{"a": 1}', "[1, 2", "NaN", '"x"', "", "1e400", "9" * 5000, "[" * 100_000]
    assert [texts[0], "R111", "R111", texts[3], "R111", texts[5], texts[6], "R111"] == told(c.to_json(pa.array(texts)))


def test_text_fits_by_code_points() -> None:
    assert ["été", "R202", "R203", None] == told(c.fit_text(pa.array(["été", "étés!", "", None]), 1, 4))


def test_a_column_that_repeats_itself_is_read_the_same() -> None:
    few = ["01/05/2024", "31/02/2024", None, "02/05/2024"]
    assert dates(few, "dd/MM/yyyy") * 100 == dates(few * 100, "dd/MM/yyyy")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([Decimal("12.50"), Decimal("-0.05"), Decimal(0), None], pa.decimal128(28, 10)), ["12.5", "-0.05", "0", None]),
        (pa.array([Decimal("12.50"), Decimal("-0.05"), Decimal(10) ** 50], pa.decimal256(76, 20)), ["12.5", "-0.05", "1" + "0" * 50]),
        (pa.array([Decimal(-(2**63)), Decimal(5)], pa.decimal128(38, 0)), [str(-(2**63)), "5"]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([1.5, 100.0, 1e22]), ["1.5", "100", "1e+22"]),
        (pa.array([date(1, 1, 1), None]), ["0001-01-01", None]),
        (pa.array([{"a": Decimal("1.50"), "b": ["é", None]}, None]), ['{"a":1.5,"b":["é",null]}', None]),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), ['{"k":1}']),
    ],
    ids=str,
)
def test_each_type_has_one_text(values: pa.Array, expected: list[str | None]) -> None:
    assert expected == as_text(values).to_pylist()


def test_a_decimal_keeps_as_many_digits_as_asked() -> None:
    values = pa.array([Decimal("12.5"), Decimal("12.125"), Decimal(-3)], pa.decimal128(28, 10))
    assert ["12.50", "12.125", "-3.00"] == as_text(values, least_digits=2).to_pylist()
