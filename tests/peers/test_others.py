"""What users of Excel, FEEL, Bloblang, JSLT, CEL and GREL write has an equal here, or an answer of its own with its reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from datahub.functions import load
from datahub.functions.elsewhere.search import meant
from tests.peers.others import TOOLS, agrees, cases, given, holds, pages

ROOT = Path(__file__).parents[2]
LEAST, MOST_DECIDED = 60, 0.20


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.tool}: {case.there}")
def test_a_case_agrees_or_says_why_not(case):
    assert not given(case).refused, [one.message for one in given(case).refused]
    assert agrees(case) is not bool(case.why), given(case).as_json()


@pytest.mark.parametrize("case", [one for one in cases() if one.why], ids=lambda case: f"{case.tool}: {case.there}")
def test_what_a_reason_says_of_another_function_is_shown_and_so(case):
    assert set() == case.unshown
    assert holds(case)


@pytest.mark.parametrize("tool", TOOLS)
def test_enough_is_asked_and_little_is_decided(tool):
    mine = [case for case in cases() if case.tool == tool]
    decided = sum(bool(case.why) for case in mine)
    assert LEAST <= len(mine)
    assert [] == [one for one, count in Counter(case.there for case in mine).items() if count > 1]
    assert decided <= MOST_DECIDED * len(mine)


NAMES = (
    "VLOOKUP", "XLOOKUP", "SUMIFS", "NETWORKDAYS.INTL", "WORKDAY.INTL", "TEXTJOIN", "IFERROR", "EOMONTH", "DATEDIF", "SUBSTITUTE", "PROPER", "MROUND", "LARGE",
    "GROUP_CONCAT", "NVL", "DATE_TRUNC", "INITCAP", "SPLIT_PART", "REGEXP_REPLACE", "COALESCE", "ROW_NUMBER", "LAG", "$uppercase", "$join", "$map", "mapObject",
    "parse_key_value", "upcase", "is_nullish", "string join", "substring before", "context put", "date and time", "replace_all", "format_json", "map_each",
    "starts-with", "exists_one", "toTitlecase", "fingerprint", "cross", "forEach", "groupby", "explode", "to_datetime", "fillna",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_another_tool_leads_somewhere(name):
    assert meant(load(), name)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("$merge", "merge"),
        ("RANK", "1 + count(1 for y in xs where y > x)"),
        ("ISNUMBER", "not failed(decimal(x))"),
        ("ISERROR", "failed(x)"),
        ("TEXTJOIN", "join_text"),
        ("ts_format", "text"),
        ("re_replace_all", "replace"),
        ("trim zeros", "trim_left"),
        ("serial date", 'add_days(date("1899-12-30"), n)'),
        ("first of month", "start_of"),
    ],
)
def test_what_a_name_of_another_tool_leads_to_first(name, first):
    found = meant(load(), name)
    assert [first] == [*(one.written for one in found.forms), *(one.name for one in found.functions)][:1]


def test_the_pages_say_what_is_so():
    for name, text in pages().items():
        assert text == (ROOT / "docs" / "coming-from" / name).read_text(encoding="utf-8"), f"docs/coming-from/{name} is stale: `make docs`"
