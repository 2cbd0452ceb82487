"""What is told of arguments that do not fit says what to write instead."""

from __future__ import annotations

import pytest

from datahub.testing.expressions import answer

CASES = (
    ('contains([1, 2], "3")', '`contains` takes an int as `value`, and `"3"` is text', None),
    ("contains(3, [1, 2])", "`contains` takes a list or text as `values`, and `3` is an int", "write `contains([1, 2], 3)`"),
    ('date_add(date("2024-01-01"), 2, "day")', "`date_add` takes text as `unit`", 'write `date_add("day", 2, date("2024-01-01"))`'),
    ('join_text(",", [3, 8])', "`join_text` takes text as `value`, and `[3, 8]` is [int]", "write `[text(x) for x in [3, 8]]`"),
    ('datetime("2024-01-01T10:00:00", "Europe/Paris")', "`Europe/Paris` is a time zone, and stands where", 'write `zone: "Europe/Paris"`'),
    ('get({a: 1}, "b")', '`get` does not take `"b"` as `key`', "its fields are `a`"),
    ('has({a: 1}, "b")', "`has` takes a map as `map`", "which fields a struct has is known: `a`"),
    ('date("2024-01-01") + duration("P1D")', "`+` takes", 'days are added with `add_days(date("2024-01-01"), 1)`'),
    ('date(datetime("2024-01-01T10:00Z"))', "`date` takes text", 'write `local_date(datetime("2024-01-01T10:00Z"), "Europe/Paris")`'),
    ('time(datetime("2024-01-01T10:00Z"))', "`time` takes", 'write `time(to_zone(datetime("2024-01-01T10:00Z"), "Europe/Paris"))`'),
    (
        'local_datetime(datetime("2024-01-01T10:00Z"))',
        "takes text as `value`",
        'write `to_zone(datetime("2024-01-01T10:00Z"), "Europe/Paris")`',
    ),
    ('convert_unit(2, "parsec", "g")', "there is no unit `parsec`", "weights, volumes, lengths, areas and temperatures"),
    ('convert_unit(2, "kgs", "g")', "there is no unit `kgs`", 'write `"kg"`'),
    ('convert_unit(2, "kg", "m")', "`kg` is a weight, and `m` is a length", None),
    ('text(0, "0.00;-0.00;zero")', "as `pattern`: `;` stands once", "see `dhm functions text`"),
    ('text(12.5, "0.00 x 10")', "as `pattern`: digits stand together", "see `dhm functions text`"),
    ('time("23:59") + duration("PT2M")', "`+` takes", '`time(local_datetime(date("2000-01-01"), time("23:59")) + duration("PT2M"))`'),
    ('[int(x) for x in json_list("[1,2]")]', "and `x` is json", 'write `json_get(x, "")`'),
    ('time("10:00") - time("09:00")', "`-` takes", '`local_datetime(date("2000-01-01"), time("10:00")) - local_datetime('),
    ('text(4.34, "# ?/?")', "as `pattern`: `?` of spreadsheets is not known", "see `dhm functions text`"),
    ('text(5, "[Red]0")', "as `pattern`: `[Red]` of spreadsheets is not known", "see `dhm functions text`"),
    (r'json_get("{\"a\":1}", "a")', "the text has no end", "a brace itself is written twice"),
    (r'"\{"', r"`\{` is no escape", "a brace itself is written twice: `{{`"),
    ("[x for x in [1] for y in [2]]", "`for` stands where", "write a loop inside of the loop"),
    (r'"\u00a0"', r"`\u` is no escape", r"`\u{a0}` for the character"),
    (r'"\f"', r"`\f` is no escape", r"`\u{C}` for the character"),
    (r'"\q"', r"`\q` is no escape", r"write `\\q` for a backslash"),
)


@pytest.mark.parametrize(("expression", "message", "help"), CASES, ids=[case[0] for case in CASES])
def test_the_message_names_what_is_there_and_the_help_what_to_write(expression: str, message: str, help: str | None) -> None:
    first = answer(expression).refused[0]
    assert message in first.message
    assert first.help is None if help is None else help in (first.help or "")
