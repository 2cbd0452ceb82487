from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datahub.engine import lookups
from datahub.engine.lookup_index import FEW, Part
from datahub.frames.frame import Frame
from datahub.semantic import ir
from datahub.types import model as t
from tests.unit.engine.trees import BOOL, INT, TEXT, call, col, const, failure, frame, run, told, values

RAW = t.Text(True)
RATE = t.Struct((("code", TEXT), ("rate", INT)))


def table(rows: list[tuple[Any, ...]], keys: Any = (("country", TEXT),), result: t.Type = INT, **more: Any) -> ir.LookupTable:
    given = {"valid_from": "", "source": "", "miss": "error", "fallback": None, "message": None, **more}
    made = tuple((tuple(row[: len(keys)]), row[len(keys)] if given["valid_from"] else None, row[-1]) for row in rows)
    return ir.LookupTable("vat", tuple(keys), result=result, rows=made, **given)


def look(rows: Frame, declared: ir.LookupTable, *keys: ir.Expression, kind: t.Type = INT, fed: pa.Table | None = None, **more: Any) -> Any:
    node = ir.LookUp("vat", keys, more.get("day"), more.get("member", ""), bool(more.get("inverse")), kind)
    return run(node, rows, lookups={"vat": lookups.build(declared, fed)})


VAT = [("FR", 20), ("DE", 19)]
COUNTRY = col("r.c", RAW)


def test_a_key_gives_its_value_and_null_gives_null():
    column = look(frame({"r.c": (RAW, ["DE", None, "FR"])}), table(VAT), COUNTRY, kind=t.Int(True))

    assert values(column, 3) == [19, None, 20]
    assert told(column) == []


def test_a_miss_fails_the_row_in_the_words_of_the_table():
    message = call("&", const("no rate for "), col("country", TEXT), kind=TEXT)
    column = look(frame({"r.c": (RAW, ["XX", "FR", "YY"])}), table(VAT, message=message), COUNTRY)

    assert told(column) == [(0, "R401", ""), (2, "R401", "")]
    assert column.failures[0].texts.to_pylist() == ["no rate for XX", "no rate for YY"]


def test_a_miss_gives_what_the_table_says_instead():
    rows = frame({"r.c": (RAW, ["XX", "FR", None])})

    assert values(look(rows, table(VAT, miss="value", fallback=const(7)), COUNTRY, kind=t.Int(True)), 3) == [7, 20, None]
    assert values(look(rows, table(VAT, miss="value", fallback=const(None)), COUNTRY, kind=t.Int(True)), 3) == [None, 20, None]
    named = table([("FR", "France")], result=TEXT, miss="self")
    assert values(look(rows, named, COUNTRY, kind=RAW), 3) == ["XX", "France", None]


def test_a_failed_key_is_not_looked_up():
    column = look(frame({"r.c": (RAW, [None, "XX"])}, r__c=[failure([0], "R101")]), table(VAT), COUNTRY)

    assert told(column) == [(0, "R101", ""), (1, "R401", "")]


def test_several_columns_make_one_key():
    declared = table([("FR", 1, 10), ("FR", 2, 20), ("DE", 1, 30)], keys=(("country", TEXT), ("level", INT)))
    rows = frame({"r.c": (RAW, ["FR", "DE", "FR", "DE", None]), "r.l": (INT, [2, 1, 1, 2, 1])})

    column = look(rows, declared, COUNTRY, col("r.l"), kind=t.Int(True))

    assert values(column, 5) == [20, 30, 10, None, None]
    assert told(column) == [(3, "R401", "")]


def test_a_field_of_the_result_can_be_asked_for():
    declared = table([("FR", ("N", 20)), ("DE", ("S", 19))], result=RATE)
    rows = frame({"r.c": (RAW, ["DE", "FR"])})

    assert values(look(rows, declared, COUNTRY, member="rate"), 2) == [19, 20]
    assert values(look(rows, declared, COUNTRY, kind=RATE), 2) == [{"code": "S", "rate": 19}, {"code": "N", "rate": 20}]


def test_the_last_row_that_was_valid_on_the_day_answers():
    day = col("r.d", t.Date(True))
    declared = table(
        [("FR", date(2014, 1, 1), 20), ("FR", date(2000, 1, 1), 19), ("DE", None, 16), ("DE", date(2007, 1, 1), 19)], valid_from="since"
    )
    rows = frame(
        {
            "r.c": (RAW, ["FR", "FR", "FR", "DE", "DE", "XX", "FR"]),
            "r.d": (
                t.Date(True),
                [date(2013, 12, 31), date(2014, 1, 1), date(1999, 1, 1), date(1990, 1, 1), date(2020, 1, 1), date(2020, 1, 1), None],
            ),
        }
    )

    column = look(rows, declared, COUNTRY, day=day, kind=t.Int(True))

    assert values(column, 7) == [19, 20, None, 16, 19, None, None]
    assert told(column) == [(2, "R402", ""), (5, "R401", "")]


def test_without_a_day_the_run_s_own_counts():
    declared = table([("FR", date(2024, 5, 1), 20), ("FR", date(2024, 5, 2), 21)], valid_from="since")

    assert values(look(frame({"r.c": (RAW, ["FR"])}), declared, COUNTRY), 1) == [20]


def test_a_table_can_be_asked_backwards():
    declared = table([("FR", ("N", 20)), ("DE", ("S", 19))], result=RATE)
    rows = frame({"r.x": (INT, [19, 20, 7])})

    column = look(rows, declared, col("r.x"), member="rate", inverse=True, kind=TEXT)

    assert values(column, 3) == ["DE", "FR", None]
    assert told(column) == [(2, "R401", "")]
    assert told(look(rows, table(VAT, miss="value", fallback=const(None)), col("r.x"), inverse=True, kind=RAW)) == []


def test_a_source_feeds_a_table_and_rows_that_contradict_each_other_refuse_to_answer():
    fed = pa.table({"country": ["FR", "DE", "FR", None, "ES", "ES"], "result": [20, 19, 21, 5, 7, 7]})
    column = look(frame({"r.c": (RAW, ["FR", "DE", "ES"])}), table([], source="rates"), COUNTRY, fed=fed)

    assert values(column, 3) == [None, 19, 7]
    assert told(column) == [(0, "R403", "")]


def test_an_empty_table_misses_every_key():
    assert told(look(frame({"r.c": (RAW, ["FR"])}), table([]), COUNTRY)) == [(0, "R401", "")]
    two = table([], keys=(("country", TEXT), ("level", INT)))
    assert told(look(frame({"r.c": (RAW, ["FR"])}), two, COUNTRY, const(1))) == [(0, "R401", "")]


def test_a_constant_key_is_looked_up_too():
    assert values(look(frame({"r.c": (RAW, ["a", "b"])}), table(VAT), const("FR")), 2) == [20, 20]


def test_in_says_whether_the_table_has_the_key():
    node = ir.InLookUp("vat", (COUNTRY,), BOOL)

    assert values(run(node, frame({"r.c": (RAW, ["DE", None, "XX"])}), lookups={"vat": lookups.build(table(VAT))}), 3) == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("kind", [pa.int64(), pa.string()])
def test_a_large_table_finds_what_a_small_one_would(kind):
    keys = pa.array(range(0, 2 * (FEW + 10), 2)).cast(kind)
    wanted = pa.array([0, 1, 2, None, 2 * FEW, 2]).cast(kind)

    assert list(Part(keys).codes(wanted)) == [0, -1, 1, -1, FEW, 1]


def test_numbers_are_found_whatever_their_scale():
    declared = table([("1.50", 1)], keys=(("size", t.Decimal(False, 10, 2)),))
    rows = frame({"r.x": (t.Decimal(False, 10, 2), ["1.5", "2"])})

    assert values(look(rows, declared, col("r.x", t.Decimal(False, 10, 2)), kind=t.Int(True)), 2) == [1, None]
    assert np.array_equal(look(rows, declared, col("r.x", t.Decimal(False, 10, 2))).failures[0].rows, [1])
