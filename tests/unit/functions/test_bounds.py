"""Texts that would become too long are rejected, row by row, and no memory is eaten for them."""

from __future__ import annotations

import pyarrow as pa
import pytest

import datahub
from datahub.testing.expressions import answer
from tests.reference import aggregation, texts
from tests.reference.meaning import Reject

LONG = "a" * 5000
MANY = 'repeat("a", 5000)'
TOO_LONG = [
    (f'replace({MANY}, "a", repeat("b", 5000))', lambda: texts.replace(LONG, "a", "b" * 5000)),
    (f'replace({MANY}, "a", repeat("b", 5000), 4900)', lambda: texts.replace(LONG, "a", "b" * 5000, 4900)),
    (f'replace_each({MANY}, ["a"], ["{"b" * 4000}"])', lambda: texts.replace_each(LONG, ["a"], ["b" * 4000])),
    (f'join_text(repeat("b", 5000), split({MANY}, ""))', lambda: aggregation.join_text("b" * 5000, list(LONG))),
    (f'redact({MANY}, [/a/], "{"b" * 4000}")', lambda: texts.redact(LONG, ("a",), "b" * 4000)),
]
BELOW = [
    (f'replace({MANY}, "a", repeat("b", 3000))', 15_000_000),
    (f'replace({MANY}, "a", repeat("b", 5000), 3000)', 15_002_000),
    (f'replace({MANY}, /a/, "{"b" * 3000}")', 15_000_000),
    (f'replace({MANY}, /(a)(a)/, "{"b" * 4000}$1$2")', 10_005_000),
    (f'join_text(repeat("b", 3000), split({MANY}, ""))', 5000 + 4999 * 3000),
]


@pytest.mark.parametrize(("expression", "meant"), TOO_LONG, ids=[one[:24] for one, _ in TOO_LONG])
def test_a_text_that_would_be_longer_than_16_mib_is_rejected_in_engine_and_reference(expression, meant):
    assert "R603" == answer(expression).rejected
    with pytest.raises(Reject, match="R603"):
        meant()


@pytest.mark.parametrize(("expression", "length"), BELOW, ids=[one[:40] for one, _ in BELOW])
def test_a_long_text_below_that_is_made(expression, length):
    assert length == answer(f"length({expression})").value


SCRIPT = """\
source s: csv { columns { id: int, a: text, b: text } }
entity E {
  id: int
  n: int
}
map E from r in s {
  id: r.id
  n: length(MADE)
}
"""


@pytest.mark.parametrize(
    "made",
    [
        'replace(r.a, "a", r.b)',
        "replace(r.a, /a/, r.b)",
        'join_text(r.b, split(r.a, ""))',
        "join_text(r.b, [r.b for x in 1..28000])",
        'replace("{r.a}{r.a}{r.a}", "a", r.b)',
        'replace(r.a, "a", r.a) & r.b',
    ],
)
def test_rows_that_would_be_too_long_fall_alone(made):
    rows = [{"id": n, "a": "a" * 28000, "b": "b" * 28000} for n in (1, 2, 3)]

    result = datahub.run(SCRIPT.replace("MADE", made), {"s": pa.Table.from_pylist([*rows, {"id": 9, "a": "aa", "b": "b"}])})

    assert [9] == [row["id"] for row in result.entities["E"].to_pylist()]
    assert ["R603"] * 3 == [one["code"] for one in result.issues.to_pylist()]


def test_what_is_too_much_for_one_column_is_worked_out_for_fewer_rows_at_once():
    rows = [{"id": n, "a": "a" * 400, "b": "b" * 20_000} for n in range(60)]

    result = datahub.run(SCRIPT.replace("MADE", 'replace(r.a, "a", r.b)'), {"s": pa.Table.from_pylist(rows)})

    assert [(n, 8_000_000) for n in range(60)] == [(row["id"], row["n"]) for row in result.entities["E"].to_pylist()]
