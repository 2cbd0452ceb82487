"""`--param`: text as values of the declared types, strictly."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from datahub.cli.output import Stop
from datahub.runner.parameters import Unreadable, instant, value_of
from datahub.types import model as t


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("draft", t.Text(), "draft"),
        ("12", t.Int(), 12),
        ("-12.50", t.Decimal(), Decimal("-12.50")),
        ("true", t.Bool(), True),
        ("2026-01-31", t.Date(), date(2026, 1, 31)),
        ("2026-01-31T10:00+01:00", t.DateTime(), datetime(2026, 1, 31, 9, tzinfo=UTC)),
        ("b", t.Enum(("a", "b")), "b"),
        ("", t.Int(nullable=True), None),
        ("", t.Text(), ""),
        ("FR, BE", t.ListOf(t.Text()), ("FR", "BE")),
        ("", t.ListOf(t.Text()), ()),
        ('["a, b", "c"]', t.ListOf(t.Text()), ("a, b", "c")),
        ("[1, 2.50]", t.ListOf(t.Decimal()), (Decimal(1), Decimal("2.50"))),
        ("[true, null]", t.ListOf(t.Bool(nullable=True)), (True, None)),
        ("[]", t.ListOf(t.Text()), ()),
        ("7", t.Named("Count", t.Int()), 7),
    ],
)
def test_text_is_read_as_its_type(text, kind, value):
    assert value == value_of(text, kind, "p")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1_000", t.Int()),
        ("0x10", t.Int()),
        ("", t.Int()),
        ("1.5", t.Int()),
        ("nan", t.Decimal()),
        ("1e5", t.Decimal()),
        ("nan", t.Float()),
        ("True", t.Bool()),
        ("31/01/2026", t.Date()),
        ("c", t.Enum(("a", "b"))),
        ("[1, {}]", t.ListOf(t.Int())),
        ('["a"', t.Int()),
        ('["a",]', t.ListOf(t.Text())),
    ],
)
def test_what_is_none_of_the_type_is_told(text, kind):
    with pytest.raises(Unreadable, match=r"`p` takes .*, and `.*` is none"):
        value_of(text, kind, "p")


@pytest.mark.parametrize(
    ("text", "kind", "why"),
    [
        ("toolong", t.Text(longest=3), "has 7 characters, at most 3 are taken"),
        ("1.234", t.Decimal(False, 4, 2), "has 3 decimals, 2 are taken"),
        ("123", t.Decimal(True, 4, 2), "has 3 digits before the point, 2 are taken"),
        ("70000", t.Int(width=16), "does not fit 16 bits"),
        ("99999999999999999999", t.Int(), "does not fit 64 bits"),
        ("9" * 400, t.Float(), "is no number that is written down"),
        ("1, 70000", t.ListOf(t.Int(width=16)), "does not fit 16 bits"),
    ],
)
def test_what_its_type_has_no_room_for_is_told(text, kind, why):
    with pytest.raises(Unreadable, match=f"`p` takes .*, and `.*` {why}"):
        value_of(text, kind, "p")


def test_an_instant_without_a_zone_is_utc_and_a_day_is_its_first_moment():
    assert datetime(2026, 1, 31, tzinfo=UTC) == instant("2026-01-31")
    assert instant("2026-01-31T12:00Z") == instant("2026-01-31T12:00")


def test_pairs_are_given_once_and_with_a_name():
    from datahub.cli.inputs import pairs, sources

    assert {"a": "1=2", "b": ""} == pairs(["a=1=2", "b="], "--param", "NAME=VALUE")
    for wrong in (["a"], ["=1"], ["a=1", "a=2"]):
        with pytest.raises(Stop):
            pairs(wrong, "--param", "NAME=VALUE")
    for text in ("a", "=a.csv", "a="):
        with pytest.raises(Stop, match="names no source and file"):
            sources([text])


def test_a_source_takes_several_files_in_order(tmp_path):
    from datahub.cli.inputs import sources

    for name in ("1.csv", "2.csv"):
        (tmp_path / name).write_text("")
    first, second = str(tmp_path / "1.csv"), str(tmp_path / "2.csv")
    assert {"a": [second, first]} == sources([f"a={second}", f"a={first}"])
