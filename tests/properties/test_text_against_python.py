"""Functions over text and patterns against what says the same in Python, a text at a time."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datahub.functions import load
from datahub.functions.declare import Outcome

SPACE = " \t\n\x0b\x0c\r\x85\xa0\u1680\u2000\u2003\u200a\u2028\u2029\u202f\u205f\u3000"
PIECES = st.sampled_from(
    [*SPACE, "a", "B", "é", "É", "œ", "-", "日", "\u2013", "\u2019", "💩", "\u1681", "\ufeff", "\u200b", "\x01", "\x7f", "  ", "1"]
)
TEXTS = st.lists(st.lists(PIECES, max_size=8).map("".join) | st.none(), max_size=9)
PLAIN = st.lists(st.text(st.sampled_from("abé日-."), max_size=9) | st.none(), max_size=9)


def call(name: str, *given: Any, overload: int = 0) -> list[Any]:
    own = [one for one in load()[name].overloads if one.parameters[0].type in {"text", "text?"}]
    result = own[overload].kernel(*given)
    values = result.values if isinstance(result, Outcome) else result
    values.validate(full=True)
    return list(values.to_pylist())


def column(texts: list[str | None]) -> pa.Array:
    # Behind a slice, so that offsets do not begin at zero.
    return pa.array(["é  x", None, *texts], pa.string())[2:]


def each(texts: list[str | None], give: Any) -> list[Any]:
    return [None if text is None else give(text) for text in texts]


def spaced(text: str) -> str:
    return re.sub(f"[{SPACE}]+", " ", text).strip(" ")


@given(TEXTS)
def test_spaces_become_one_and_none_at_the_ends(texts: list[str | None]) -> None:
    assert each(texts, spaced) == call("normalize_spaces", column(texts))


@given(TEXTS)
def test_a_clean_text_shows_all_that_it_holds_and_is_never_empty(texts: list[str | None]) -> None:
    def clean(text: str) -> str | None:
        return spaced(re.sub("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff]", "", text)) or None

    assert each(texts, clean) == call("clean", column(texts))


@given(TEXTS)
def test_title_case_raises_the_first_letter_of_each_word_and_lowers_the_rest(texts: list[str | None]) -> None:
    def title(text: str) -> str:
        return re.sub("(^|[\x00- ])([^\x00- ])", lambda found: found[1] + found[2].upper(), text.lower())

    assert each(texts, title) == call("title_case", column(texts))


@given(TEXTS)
def test_lengths_are_code_points_and_bytes(texts: list[str | None]) -> None:
    assert each(texts, len) == call("length", column(texts))
    assert each(texts, lambda text: len(text.encode())) == call("byte_length", column(texts))


@given(TEXTS)
def test_digits_are_the_ten_of_ascii(texts: list[str | None]) -> None:
    assert each(texts, lambda text: re.sub("[^0-9]", "", text)) == call("digits", column(texts))


@given(PLAIN, st.sampled_from(["-", "é", "日", "", "ab", "."]))
def test_what_stands_around_a_mark(texts: list[str | None], mark: str) -> None:
    values, sign = column(texts), pa.scalar(mark)
    assert each(texts, lambda text: text.partition(mark)[0] if mark else "") == call("before", values, sign)
    assert each(texts, lambda text: text.partition(mark)[2] if mark and mark in text else text) == call("after", values, sign)
    assert each(texts, lambda text: text.rpartition(mark)[0] if mark and mark in text else text) == call("before_last", values, sign)
    assert each(texts, lambda text: text.rpartition(mark)[2] if mark else "") == call("after_last", values, sign)
    assert each(texts, lambda text: text.split(mark) if mark else list(text)) == call("split", values, sign, pa.scalar(-1))
    assert each(texts, lambda text: text.replace(mark, "+") if mark else text) == call(
        "replace", values, sign, pa.scalar("+"), pa.scalar(-1)
    )
    assert each(texts, lambda text: (text.find(mark) + 1) or None) == call("find", values, sign, pa.scalar(1))


@given(PLAIN, st.integers(-4, 6), st.integers(-3, 6))
def test_parts_by_position(texts: list[str | None], start: int, count: int) -> None:
    values, at, many = column(texts), pa.scalar(start), pa.scalar(count)
    assert each(texts, lambda text: text[: max(count, 0)]) == call("left", values, many)
    assert each(texts, lambda text: text[-count:] if count > 0 else "") == call("right", values, many)
    assert each(texts, lambda text: text[start:count]) == call("slice", values, at, many)
    repeated = [column(texts), pa.array([start] * len(texts), pa.int64()), pa.array([count] * len(texts), pa.int64())]
    assert call("mid", *repeated) == call("mid", values, at, many)
    if start > 0:
        assert each(texts, lambda text: text[start - 1 : start - 1 + max(count, 0)]) == call("mid", values, at, many)


@given(PLAIN, st.integers(-1, 14), st.sampled_from([" ", "0", "ab", "é", ""]))
def test_padding_never_cuts(texts: list[str | None], width: int, fill: str) -> None:
    def filling(text: str) -> str:
        return ((fill or " ") * 20)[: max(width - len(text), 0)]

    assert each(texts, lambda text: filling(text) + text) == call("pad_left", column(texts), pa.scalar(width), pa.scalar(fill))
    assert each(texts, lambda text: text + filling(text)) == call("pad_right", column(texts), pa.scalar(width), pa.scalar(fill))


PATTERNS = [r"a", r"[ab]+", r"(a)(b)?", r"é|日", r"(?i)A", r"^a", r"b$", r"-|\.", r"(?P<first>[ab])-(?P<rest>[^-]*)", r"\(|[(a]", r"a{2}"]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(texts=PLAIN)
def test_patterns_agree_with_python_where_both_know_them(pattern: str, texts: list[str | None]) -> None:
    values, known = column(texts), re.compile(pattern, re.ASCII)
    assert [text is not None and known.fullmatch(text) is not None for text in texts] == call("matches", values, pattern)
    assert [text is not None and known.search(text) is not None for text in texts] == call("found", values, pattern)
    assert each(texts, lambda text: len(known.findall(text))) == call("count_matches", values, pattern, overload=1)
    assert each(texts, lambda text: (found := known.search(text)) and found[0]) == call("extract", values, pattern)
    assert each(texts, lambda text: [found[0] for found in known.finditer(text)]) == call("extract_all", values, pattern, 0)
    assert each(texts, lambda text: (found := known.search(text)) and found.start() + 1) == call("find", values, pattern, 1, overload=1)
    assert each(texts, lambda text: known.sub(lambda found: f"<{found[0]}>", text)) == call(
        "replace", values, pattern, "<$0>", -1, overload=1
    )
    assert each(texts, lambda text: known.sub("\\\\$", text, count=1)) == call("replace", values, pattern, "\\\\$$", 1, overload=1)
    if not known.groups:
        assert each(texts, known.split) == call("split", values, pattern, -1, overload=1)


@given(texts=PLAIN)
def test_groups_are_taken_by_number_and_name(texts: list[str | None]) -> None:
    pattern = r"(?P<first>[ab])(-)(?P<rest>[^-]*)"
    values, known = column(texts), re.compile(pattern)
    for group in (1, 2, 3, "first", "rest"):
        assert each(texts, lambda text, group=group: (found := known.search(text)) and found[group]) == call(
            "extract", values, pattern, group
        )
    assert each(texts, lambda text: (found := known.search(text)) and found.groupdict()) == call("extract_groups", values, pattern)
    assert each(texts, lambda text: [found.groupdict() for found in known.finditer(text)]) == call("extract_all", values, pattern)
    assert each(texts, lambda text: known.sub(r"\3\2\1", text)) == call("replace", values, pattern, "${rest}$2$1", -1, overload=1)
