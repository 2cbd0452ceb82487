"""DuckDB as a second oracle: what both have by the same definition is equal on generated columns, nulls included.

On the left is our expression, on the right DuckDB's; where ours rejects, `try(…)` of DuckDB gives null.
"""

from __future__ import annotations

import random
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from datahub.engine.evaluate import evaluate
from datahub.engine.scope import Scope
from datahub.types import model as t
from tests.differential.calls import Call
from tests.differential.held import alike, checked, framed, rows_for, state

ROWS = 1500
COLUMNS: dict[str, t.Type] = {
    "a": t.Int(True), "b": t.Int(True), "n": t.Int(True), "k": t.Int(True), "p": t.Decimal(True, 9, 2), "q": t.Decimal(True, 9, 2), "f": t.Float(True), "s": t.Text(True),
    "u": t.Text(True), "d": t.Date(True), "e": t.Date(True), "m": t.LocalDateTime(True), "x": t.Bool(True), "y": t.Bool(True), "l": t.ListOf(t.Int(True), True),
    "w": t.ListOf(t.Text(), True), "num": t.Text(True), "day": t.Text(True), "h": t.Text(True), "lk": t.Text(True),
}  # fmt: skip
SMALL = frozenset(("n", "k", "u", "l", "f"))
POOLS = {"num": "number", "day": "date", "h": "encoded", "lk": "likes"}

SAME: dict[str, str] = {
    # numbers
    "a + b": "a + b", "a - b": "a - b", "a * b": "a * b", "n * k": "n * k", "p + q": "p + q", "p - q": "p - q", "p * q": "p * q", "-p": "-p", "abs(n)": "abs(n)", "abs(p)": "abs(p)",
    "sign(p)": "sign(p)", "round(p)": "round(p)::decimal(20, 0)", "round(p, 1)": "round(p, 1)", "ceil(p)": "ceil(p)", "floor(p)": "floor(p)", "trunc(p)": "trunc(p)::decimal(20, 0)",
    "mod(n, k)": "((n % k) + k) % k", "div(n, k)": "case when k <> 0 then floor(n::double / k)::bigint end", "gcd(n, k)": "gcd(n, k)", "greatest(a, b)": "case when a is null or b is null then null else greatest(a, b) end",
    "least(a, b)": "case when a is null or b is null then null else least(a, b) end", "bit_and(a, b)": "a & b", "bit_or(a, b)": "a | b", "bit_xor(a, b)": "xor(a, b)",
    "is_even(a)": "a % 2 = 0", "is_odd(a)": "a % 2 <> 0", "sqrt(f)": "case when f >= 0 then sqrt(f) end", "exp(f)": "exp(f)", "ln(f)": "case when f > 0 then ln(f) end", "log10(f)": "case when f > 0 then log10(f) end", "sin(f)": "sin(f)", "cos(f)": "cos(f)",
    "atan(f)": "atan(f)", "degrees(f)": "degrees(f)", "radians(f)": "radians(f)", "atan2(f, n)": "atan2(f, n)",
    # comparisons and logic
    "a = b": "a is not distinct from b", "s = u": "s is not distinct from u", "p <> q": "p is distinct from q", "d = e": "d is not distinct from e", "a is null": "a is null",
    "coalesce(a, b, 7)": "coalesce(a, b, 7)", "a default b": "coalesce(a, b)", "n in (1, 2, 3)": "coalesce(n in (1, 2, 3), false)",
    "if(n > 2, a, b)": "case when n > 2 then a else b end", "n in l": "coalesce(list_contains(l, n), false)",
    # texts
    "upper(u)": "upper(u)", "lower(u)": "lower(u)", "length(s)": "length(s)", "byte_length(s)": "strlen(s)", "s & u": "s || u", "left(s, 3)": "left(s, 3)", "right(s, 3)": "right(s, 3)",
    "reverse(u)": "reverse(u)", "repeat(u, 3)": "repeat(u, 3)", "starts_with(s, u)": "starts_with(s, u)", "ends_with(s, u)": "ends_with(s, u)", "contains(s, u)": "contains(s, u)",
    "replace(s, 'a', 'bc')": "replace(s, 'a', 'bc')", "trim(s, ' ')": "trim(s, ' ')", "trim_left(s, ' a')": "ltrim(s, ' a')", "trim_right(s, ' a')": "rtrim(s, ' a')",
    "pad_left(s, 8, '*')": "case when length(s) >= 8 then s else lpad(s, 8, '*') end", "pad_right(s, 8, '*')": "case when length(s) >= 8 then s else rpad(s, 8, '*') end",
    "split(s, ',')": "string_split(s, ',')", "before(s, '-')": "split_part(s, '-', 1)", "find(s, 'a')": "nullif(instr(s, 'a'), 0)", "like(s, lk)": "s like lk", "char_at(s, 2)": "nullif(substring(s, 2, 1), '')",
    "edit_distance(u, 'abc')": "levenshtein(u, 'abc')", "md5(s)": "md5(s)", "sha1(s)": "sha1(s)", "sha256(s)": "sha256(s)", "base64_encode(s)": "to_base64(encode(s))", "hex_encode(s)": "lower(hex(encode(s)))",
    "url_encode(s)": "url_encode(s)", "code(s)": "nullif(unicode(s), -1)", "extract_all(s, /[0-9]+/)": "regexp_extract_all(s, '[0-9]+')", "s matches /[a-z]+/": "coalesce(regexp_full_match(s, '[a-z]+'), false)",
    "replace(s, /[0-9]+/, '#')": "regexp_replace(s, '[0-9]+', '#', 'g')", "strip_accents(u)": "strip_accents(u)",
    # dates
    "year(d)": "year(d)", "month(d)": "month(d)", "day(d)": "day(d)", "quarter(d)": "quarter(d)", "weekday(d)": "isodow(d)", "day_of_year(d)": "dayofyear(d)", "week_iso(d)": "week(d)", "year_iso(d)": "isoyear(d)",
    "day_name(d)": "dayname(d)", "month_name(d)": "monthname(d)", "days_between(d, e)": "date_diff('day', d, e)", "add_days(d, n)": "case when year(d + n::int) between 1 and 9999 then d + n::int end", "add_months(d, n)": "case when year(d + to_months(n::int)) between 1 and 9999 then (d + to_months(n::int))::date end",
    "add_years(d, n)": "case when year(d + to_years(n::int)) between 1 and 9999 then (d + to_years(n::int))::date end", "add_weeks(d, n)": "case when year(d + 7 * n::int) between 1 and 9999 then d + 7 * n::int end", "end_of_month(d)": "last_day(d)", "start_of('month', d)": "date_trunc('month', d)::date", "start_of('year', d)": "date_trunc('year', d)::date",
    "start_of('quarter', d)": "date_trunc('quarter', d)::date", "start_of('week', d)": "date_trunc('week', d)::date", "hour(m)": "hour(m)", "minute(m)": "minute(m)", "second(m)": "second(m)", "date(m)": "m::date",
    "start_of('hour', m)": "date_trunc('hour', m)", "date_diff('year', d, e)": "date_sub('year', d, e)",
    # lists
    "length(l)": "len(l)", "reverse(l)": "list_reverse(l)", "append(w, 'z')": "case when w is not null then list_append(w, 'z') end", "prepend(w, 'z')": "case when w is not null then list_prepend('z', w) end", "concat(w, w)": "case when w is not null then list_concat(w, w) end",
    "sum(l)": "case when l is not null then coalesce(list_sum(l), 0) end", "min(l)": "list_min(l)", "max(l)": "list_max(l)", "count(l)": "list_count(l)", "stddev(l)": "list_stddev_samp(l)", "contains(w, 'a')": "list_contains(w, 'a')",
    "position(w, 'a')": "nullif(list_position(w, 'a'), 0)", "take(w, 2)": "w[1:2]", "drop(w, 2)": "w[3:]", "sort(w)": "list_sort(w)", "count_distinct(l)": "list_unique(l)", "first(w)": "w[1]", "last(w)": "w[-1]",
    "join_text('-', w)": "case when len(w) > 0 then array_to_string(w, '-') end",
}  # fmt: skip
DECIDED: dict[str, tuple[str, str]] = {
    "mod(n, k)": ("n % k", "the remainder has the sign of the divisor, as in spreadsheets"),
    "div(n, k)": ("n // k", "a quotient is rounded down, so that `div` and `mod` belong together"),
    "sqrt(f)": ("sqrt(f)", "there is no NaN: what has no result rejects its row"),
    "add_months(d, n)": ("(d + to_months(n::int))::date", "years end with 9999"),
    "date_diff('month', d, e)": ("date_sub('month', d, e)", "backwards too, whole months alone count; DuckDB takes ends of months for equal"),
    "a = b": ("a = b", "a comparison is true or false: null equals null"),
    "n in (1, 2, 3)": ("n in (1, 2, 3)", "null is in no list, and that is false"),
    "greatest(a, b)": ("greatest(a, b)", "null in, null out; DuckDB passes over nulls"),
    "append(w, 'z')": ("list_append(w, 'z')", "no list is not an empty list"),
    "join_text('-', w)": ("array_to_string(w, '-')", "of nothing there is no text"),
    "intersect(w, ['a', 'b'])": ("list_intersect(w, ['a', 'b'])", "what is kept stays in its order, as often as it was there"),
    "int(num)": ("num::bigint", "`1.5` is no whole number: it rejects its row and is not rounded"),
    "date(day)": ("day::date", "a date with a time is no date"),
}  # fmt: skip
"""Where both have a function and it is not the same, by decision: ours, DuckDB's, and why."""


def columns(seed: str = "duckdb") -> tuple[list[dict[str, Any]], pa.Table]:
    call = Call("", COLUMNS, POOLS, SMALL)
    rows = rows_for(call, ROWS, random.Random(seed))
    frame = framed(COLUMNS, rows)
    return rows, pa.table({name: column.array(ROWS) for name, column in frame.columns.items()})


ROWSET, TABLE = columns()


def both(expression: str, sql: str, rows: list[dict[str, Any]] = ROWSET, table: pa.Table = TABLE) -> list[str]:
    """Where the two differ, and how."""
    typed = checked(expression, COLUMNS)
    assert typed is not None, f"`{expression}` does not compile"
    ours = evaluate(typed, Scope(framed(COLUMNS, rows), state()))
    failed = np.zeros(ROWS, np.bool_)
    for failure in ours.failures:
        failed[failure.rows] = True
    with duckdb.connect(config={"threads": 1}) as session:
        session.register("given", table)
        theirs = [one for (one,) in session.execute(f"select try({sql}) from given").fetchall()]
    values = ours.array(ROWS).to_pylist()
    return [
        f"{ {name: row[name] for name in COLUMNS if name in expression.replace('(', ' ').replace(',', ' ').replace(')', ' ').split()} }: ours {'rejects' if bad else repr(one)}, DuckDB's {other!r}"
        for row, bad, one, other in zip(rows, failed, values, theirs)
        if not (other is None if bad else alike(one, other, close=True))
    ]


@pytest.mark.parametrize("expression", SAME)
def test_duckdb_says_the_same(expression: str) -> None:
    assert not both(expression, SAME[expression])


@pytest.mark.parametrize("expression", DECIDED)
def test_what_is_otherwise_by_decision_is_so_still(expression: str) -> None:
    assert both(expression, DECIDED[expression][0])
