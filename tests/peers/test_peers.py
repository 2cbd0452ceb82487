"""The cases that other tools test themselves with: each agrees with ours, or differs for one reason that is written down."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import pytest

from datahub.testing.expressions import Answer, answer
from tests.peers.columns import answers_in_column
from tests.peers.decided import FILE, Figures, deciding, figures, kind, reasons
from tests.peers.page import made
from tests.peers.suites import FILES, Case, agrees, moment, plain, read, same

ROOT = Path(__file__).parents[2]
FOLDER = ROOT.parent / "shared" / "peers"
GOAL, MOST_DECIDED = 0.97, 0.20


@pytest.fixture
def suite(request) -> list[Case]:
    if not FOLDER.is_dir():
        message = "there is no ../shared/peers beside this checkout: the cases of other tools are missing"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return [case for case in cases() if case.suite == request.param]


each_suite = pytest.mark.parametrize("suite", FILES, indirect=True)


@cache
def cases() -> tuple[Case, ...]:
    return tuple(read(FOLDER))


@cache
def alone(expression: str) -> Answer:
    return answer(expression)


def test_all_cases_are_there():
    if FOLDER.is_dir():
        assert 1560 == len(cases())


# ---------------------------------------------------------------- alone


@each_suite
def test_every_case_agrees_or_differs_for_one_reason(suite):
    assert [] == [
        (case.id, case.expression, case.expected, alone(case.expression).as_json(), [reason.name for reason, _ in found])
        for case in suite
        if not agrees(alone(case.expression), case) and len(found := deciding(case)) != 1
    ]


@each_suite
def test_no_reason_is_given_for_a_case_that_agrees(suite):
    assert [] == [
        (case.id, case.expression, reason.name) for case in suite if agrees(alone(case.expression), case) for reason, _ in deciding(case)
    ]


@each_suite
def test_what_differs_differs_as_it_is_said_to(suite):
    found = [(case, one) for case in suite for _, one in deciding(case)]
    assert [] == [(case.id, kind(alone(case.expression))) for case, one in found if kind(alone(case.expression)) not in one.gives]


@each_suite
def test_said_in_our_words_the_case_agrees(suite):
    found = [(case, one.rewritten(case.expression)) for case in suite for _, one in deciding(case) if one.instead]
    assert [] == [(case.id, ours, alone(ours).as_json(), case.expected) for case, ours in found if not agrees(alone(ours), case)]


@each_suite
def test_every_translation_that_is_called_wrong_is_proved_wrong(suite):
    found = [(case, one) for case in suite for reason, one in deciding(case) if reason.translation]
    assert [] == [case.id for case, one in found if not one.instead and "error" not in case.expected]


@each_suite
def test_no_reason_is_left_without_a_case(suite):
    used = {id(one) for case in suite for _, one in deciding(case)}
    names = {case.suite for case in suite}
    assert [] == [(reason.name, one.groups) for reason in reasons() for one in reason.cases if one.suite in names and id(one) not in used]


@each_suite
def test_the_goals_are_met_suite_by_suite(suite):
    found = counted(suite)
    inside = found.cases - found.outside
    differing = found.translated + found.decided
    assert found.agreed >= GOAL * (inside - differing)
    assert differing <= MOST_DECIDED * inside


@each_suite
def test_the_figures_written_down_are_those_measured(suite):
    told = next(one for one in figures() if one.name == suite[0].suite)
    assert counted(suite) == told, f"write it into {FILE.name}, then `make docs`"


def counted(suite: list[Case]) -> Figures:
    """How the cases of a suite end."""
    told = next(one for one in figures() if one.name == suite[0].suite)
    agreed = [case for case in suite if agrees(alone(case.expression), case)]
    differing = [deciding(case)[0][0] for case in suite if case not in agreed]
    outside = sum(one.outside for one in differing)
    translated = sum(one.translation for one in differing)
    decided = len(differing) - outside - translated
    return Figures(told.name, told.title, len(suite), len(agreed), translated, decided, outside)


# ---------------------------------------------------------------- in a column


@each_suite
def test_in_the_middle_of_a_column_every_case_gives_what_it_gives_alone(suite):
    columns = literals = 0
    differing: list[tuple[str, ...]] = []
    for case in suite:
        given = alone(case.expression)
        found = answers_in_column(case.expression, given)
        if not given.refused:
            columns, literals = columns + found.columns, literals + found.literals
        assert found.answers or given.refused, case.expression
        differing.extend((case.id, case.expression, shown(given), shown(one)) for one in found.answers if not alike(given, one))
    assert [] == differing
    # The rest must be constants: pictures of dates, units, patterns.
    assert columns >= 0.6 * literals


def alike(given: Answer, other: Answer) -> bool:
    """Whether two answers are the same; what was refused as a constant is rejected as data."""
    if given.refused:
        return bool(other.refused or other.rejected)
    if given.rejected or other.rejected or other.refused:
        return given.rejected == other.rejected and not other.refused
    return same(plain(given.value, given.type), plain(other.value, other.type))


def shown(given: Answer) -> str:
    return json.dumps(given.as_json(), ensure_ascii=True, default=str)


# ---------------------------------------------------------------- the page

EXAMPLES = {f"{reason.name}-{at}": one for reason in reasons() for at, one in enumerate(reason.examples)}
REWRITTEN = {name: one for name, one in EXAMPLES.items() if one.instead}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_the_page_tells_what_ours_gives(example):
    given = answer(example.here)
    told = {"refused": given.refused[0].rule.code} if given.refused else given.as_json()
    answers = {"refused": example.answers, "rejected": example.answers, "null": True, "value": None}[kind(given)]
    if kind(given) == "value":
        assert json.loads(example.answers) == told["value"]
    elif kind(given) == "null":
        assert "null" == example.answers
    else:
        assert answers == (told.get("refused") or told.get("rejected"))


@pytest.mark.parametrize("example", REWRITTEN.values(), ids=REWRITTEN)
def test_what_to_write_instead_gives_what_they_get(example):
    given = answer(example.instead)
    assert kind(given) in ("value", "null"), given.as_json()
    ours = plain(given.value, given.type)
    try:
        wanted = json.loads(example.gives)
    except json.JSONDecodeError:
        wanted = example.gives
        assert moment(wanted) is not None or wanted == "an error", f"{wanted} is neither JSON nor a moment"
    assert same(ours, wanted, 1e-6)


def test_the_page_is_fresh():
    written = (ROOT / "docs" / "coming-from.md").read_text(encoding="utf-8")
    assert made(reasons(), figures()) == written, "`make docs` writes it again"
