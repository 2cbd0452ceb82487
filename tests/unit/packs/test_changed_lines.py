"""The lines in which two ways of writing something differ."""

from __future__ import annotations

from datahub.packs.changed_lines import MOST, changed_lines

TABLE = "lookup l (a: text) -> text {{\n  | a | b |\n{}\n}}"


def table(*rows: str) -> str:
    return TABLE.format("\n".join(rows))


def test_of_a_table_the_rows_are_shown_that_differ():
    before, now = table("  | x | 1 |", "  | y | 2 |"), table("  | x  | 1 |", "  | y | 3 |", "  | z | 4 |")
    assert ["- | y | 2 |", "+ | y | 3 |", "+ | z | 4 |"] == changed_lines(before, now)


def test_what_is_one_line_is_shown_whole_elsewhere():
    assert [] == changed_lines("a: lower(x)", "a: upper(x)")
    assert [] == changed_lines("", table("  | x | 1 |"))


def test_of_many_lines_the_rest_is_counted():
    told = changed_lines(table(), table(*(f"  | {number} | {number} |" for number in range(200))))
    assert MOST == len(told)
    assert "… and 189 lines more" == told[-1]
