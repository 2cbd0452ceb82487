"""Matches are told apart by characters that the texts do not have, whatever they have."""

from __future__ import annotations

import pyarrow as pa

from datahub.functions.groups import every_match, unused_marks

NOT_FOR_TEXTS = "".join(map(chr, range(0xFDD0, 0xFDF0)))


def test_texts_that_hold_all_characters_that_none_should_are_cut_where_they_match():
    _, (found,) = every_match(pa.array([f"a{NOT_FOR_TEXTS}b", "cd"]), "[a-z]", (0,))
    assert found.to_pylist() == ["a", "b", "c", "d"]


def test_a_mark_stands_in_no_text_and_is_another_one_than_the_next():
    held = NOT_FOR_TEXTS + chr(0x10FFFD)
    marks = unused_marks(pa.array([held]), 4)
    assert len(set(marks)) == 4
    assert not set(marks) & set(held)
