"""Text: replacing, searching, single characters, paths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.characters import LETTERS, MARKS, in_pattern
from datahub.functions.columns import (
    Reject,
    as_array,
    as_mask,
    from_ints,
    from_texts,
    map_distinct,
    nulled,
    valid,
)
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.text import each
from datahub.functions.text_growth import in_turn, replaced_text
from datahub.functions.text_memory import bytes_of
from datahub.functions.text_parts import around
from datahub.types.sizes import LONGEST_TEXT

CATEGORY = "text"


# --- replacing ---------------------------------------------------------------------------------------------------


@function(
    "replace(value: text, old: text, new: text, count: int = -1) -> text",
    rejects=("R603",),
    category=CATEGORY,
    sql="REPLACE",
    excel="SUBSTITUTE",
    also=("VRL replace", "JSONata $replace", "DataWeave replace", "Bloblang replace_all", "jq sub", "GREL replace", "CEL replace"),
    examples=[
        example('replace("a-b-c", "-", "+")', "a+b+c"),
        example('replace("a-b-c", "-", "+", 1)', "a+b-c"),
        example('replace("abc", "", "+")', "abc"),
        example('replace(repeat("a", 10000), "a", repeat("b", 10000))', rejected="R603"),
    ],
)
def replace(value: Datum, old: Datum, new: Datum, count: Datum) -> Any:
    """The text with every occurrence of `old` replaced, or the first `count` of them. Nothing is found where `old` is empty.

    A count below zero is all of them. R603 where the text would grow beyond 16 MiB.
    """
    if isinstance(count, pa.Scalar) and count.is_valid and count.as_py() < 0:
        return each(value, (old, new), replaced_text, _one_replaced)
    return map_distinct(_one_replaced, pa.string(), value, old, new, count)


def _one_replaced(text: str, old: str, new: str, count: int = -1) -> str | Reject:
    if not old:
        return text
    if len(text) * max(len(new), 1) > LONGEST_TEXT // 4:
        found = text.count(old) if count < 0 else min(text.count(old), count)
        size, longest = len(text.encode()), len(new.encode())
        if size + found * (longest - len(old.encode())) > max(LONGEST_TEXT, size, longest):
            return Reject("R603")
    return text.replace(old, new, max(count, -1))


@function(
    "replace_each(value: text, changes: map(text)) -> text",
    "replace_each(value: text, old: [text]!, new: [text]!) -> text",
    rejects=("R603",),
    category=CATEGORY,
    sql="TRANSLATE",
    also=("GREL replaceEach", "Polars str.replace_many", "Bloblang replace_all_many", "Bloblang replace_many"),
    examples=[
        example('replace_each("a-b_c", ["-", "_"], [" ", "."])', "a b.c"),
        example('replace_each("x", [], [])', "x"),
        example('replace_each(repeat("a", 20000), ["a", "b", "c"], ["bbbbbbbbbb", "cccccccccc", "dddddddddd"])', rejected="R603"),
    ],
)
def replace_each(value: Datum, old: Any, new: Any = None) -> Any:
    """The text with several texts replaced, one after the other in the order given. R603 where it would grow beyond 16 MiB."""
    if new is None:
        return map_distinct(_replace_pairs, pa.string(), value, old)
    if len(old) != len(new):
        raise ValueError("it takes as many texts to put in as texts to look for")
    steps = [partial(replaced_text, old=before_it, new=after_it) for before_it, after_it in zip(old, new, strict=True)]
    return in_turn(as_array(value, 1), steps)


def _replace_pairs(text: str, pairs: Sequence[tuple[str, str]]) -> str | Reject:
    for old, new in pairs:
        made = _one_replaced(text, old, new)
        if isinstance(made, Reject):
            return made
        text = made
    return text


@function(
    "remove_prefix(value: text, prefix: text) -> text",
    category=CATEGORY,
    also=("jq ltrimstr", "Bloblang trim_prefix", "Polars str.strip_prefix"),
    examples=[example('remove_prefix("FR-12", "FR-")', "12"), example('remove_prefix("12", "FR-")', "12")],
)
def remove_prefix(value: Datum, prefix: Datum) -> Any:
    """The text without the prefix, if it begins with it."""
    return each(value, (prefix,), _without_prefix, str.removeprefix)


def _without_prefix(texts: pa.Array, prefix: str) -> pa.Array:
    return pc.if_else(pc.starts_with(texts, prefix), pc.utf8_slice_codeunits(texts, len(prefix)), texts)


@function(
    "remove_suffix(value: text, suffix: text) -> text",
    category=CATEGORY,
    also=("jq rtrimstr", "Bloblang trim_suffix", "Polars str.strip_suffix", "GREL chomp"),
    examples=[example('remove_suffix("12 EUR", " EUR")', "12"), example('remove_suffix("12", " EUR")', "12")],
)
def remove_suffix(value: Datum, suffix: Datum) -> Any:
    """The text without the suffix, if it ends with it."""
    return each(value, (suffix,), _without_suffix, str.removesuffix)


def _without_suffix(texts: pa.Array, suffix: str) -> pa.Array:
    if not suffix:
        return texts
    return pc.if_else(pc.ends_with(texts, suffix), pc.utf8_slice_codeunits(texts, 0, -len(suffix)), texts)


# --- searching ---------------------------------------------------------------------------------------------------


@function(
    "contains(value: text, part: text, case_sensitive: bool = true) -> bool",
    category=CATEGORY,
    sql="POSITION(part IN x) > 0",
    excel="SEARCH",
    also=(
        "VRL contains",
        "JSONata $contains",
        "DataWeave contains",
        "Bloblang contains",
        "jq contains",
        "GREL contains",
        "FEEL contains",
        "CEL contains",
    ),
    examples=[
        example('contains("banana", "nan")', True),
        example('contains("banana", "NAN")', False),
        example('contains("banana", "NAN", false)', True),
    ],
)
def contains(value: Datum, part: Datum, case_sensitive: Datum) -> Any:
    """Whether the text has a part; `case_sensitive` false looks past capitals."""
    return _search(value, part, case_sensitive, pc.match_substring, lambda text, sought: sought in text)


@function(
    "starts_with(value: text, prefix: text, case_sensitive: bool = true) -> bool",
    category=CATEGORY,
    sql="STARTS_WITH",
    also=(
        "VRL starts_with",
        "DataWeave startsWith",
        "Bloblang has_prefix",
        "jq startswith",
        "GREL startsWith",
        "FEEL starts with",
        "CEL startsWith",
        "JSLT starts-with",
    ),
    examples=[example('starts_with("FR-12", "FR")', True), example('starts_with("FR-12", "fr", false)', True)],
)
def starts_with(value: Datum, prefix: Datum, case_sensitive: Datum) -> Any:
    """Whether the text begins with another; `case_sensitive` false looks past capitals."""
    return _search(value, prefix, case_sensitive, pc.starts_with, str.startswith)


@function(
    "ends_with(value: text, suffix: text, case_sensitive: bool = true) -> bool",
    category=CATEGORY,
    sql="ENDS_WITH",
    also=(
        "VRL ends_with",
        "DataWeave endsWith",
        "Bloblang has_suffix",
        "jq endswith",
        "GREL endsWith",
        "FEEL ends with",
        "CEL endsWith",
        "JSLT ends-with",
    ),
    examples=[
        example('ends_with("a.csv", ".csv")', True),
        example('ends_with("a.CSV", ".csv")', False),
        example('ends_with("a.CSV", ".csv", false)', True),
    ],
)
def ends_with(value: Datum, suffix: Datum, case_sensitive: Datum) -> Any:
    """Whether the text ends with another; `case_sensitive` false looks past capitals."""
    return _search(value, suffix, case_sensitive, pc.ends_with, str.endswith)


def _search(value: Datum, part: Datum, exact: Datum, kernel: Callable[..., pa.Array], slow: Callable[[str, str], bool]) -> Any:
    if isinstance(exact, pa.Scalar) and exact.as_py() is not True:
        value, part = (pc.utf8_lower(one) for one in (value, part))
    elif isinstance(exact, pa.Array):
        return map_distinct(
            lambda text, sought, told: slow(text, sought) if told else slow(_low(text), _low(sought)), pa.bool_(), value, part, exact
        ).values
    return each(value, (part,), kernel, slow, pa.bool_())


def _low(text: str) -> str:
    # Arrow's small letters, which are those of `lower`.
    return pc.utf8_lower(pa.scalar(text)).as_py()  # type: ignore[no-any-return, unused-ignore]


@function(
    "contains_all(value: text, parts: [text], case_sensitive: bool = true) -> bool",
    category=CATEGORY,
    also=("VRL contains_all",),
    examples=[
        example('contains_all("needle in a haystack", ["needle", "hay"])', True),
        example('contains_all("needle", ["needle", "hay"])', False),
    ],
)
def contains_all(value: Datum, parts: Datum, case_sensitive: Datum) -> Any:
    """Whether the text has all of the parts; `case_sensitive` false looks past capitals."""
    return _search_list(value, parts, case_sensitive, all)


@function(
    "contains_any(value: text, parts: [text], case_sensitive: bool = true) -> bool",
    category=CATEGORY,
    also=("Polars str.contains_any",),
    examples=[example('contains_any("a haystack", ["needle", "hay"])', True), example('contains_any("a", ["b"])', False)],
)
def contains_any(value: Datum, parts: Datum, case_sensitive: Datum) -> Any:
    """Whether the text has one of the parts; `case_sensitive` false looks past capitals."""
    return _search_list(value, parts, case_sensitive, any)


def _search_list(value: Datum, parts: Datum, exact: Datum, quantified: Callable[..., bool]) -> pa.Array:
    def holds(text: str, sought: list[str | None], told: bool) -> bool:
        if not told:
            text, sought = _low(text), [None if word is None else _low(word) for word in sought]
        return quantified(word is not None and word in text for word in sought)

    return map_distinct(holds, pa.bool_(), value, parts, exact).values


@function(
    "find(value: text, part: text, start: int = 1) -> int?",
    category=CATEGORY,
    sql="POSITION",
    excel="FIND",
    also=("VRL find", "DataWeave indexOf", "Bloblang index_of", "jq index", "GREL indexOf", "CEL indexOf", "Polars str.find"),
    examples=[example('find("été", "é")', 1), example('find("été", "é", 2)', 3), example('find("abc", "x")')],
)
def find(value: Datum, part: Datum, start: Datum) -> Any:
    """The position, counted from 1, at which the text first has a part, looked for from `start` on; null where it has not."""
    if isinstance(start, pa.Scalar) and start.as_py() == 1:
        return each(value, (part,), _found_at, lambda text, sought: (text.find(sought) + 1) or None, pa.int64())
    return map_distinct(lambda text, sought, at: (text.find(sought, max(at - 1, 0)) + 1) or None, pa.int64(), value, part, start).values


@function(
    "find_last(value: text, part: text) -> int?",
    category=CATEGORY,
    also=("DataWeave lastIndexOf", "GREL lastIndexOf", "CEL lastIndexOf"),
    examples=[example('find_last("a/b/c", "/")', 4), example('find_last("abc", "/")')],
)
def find_last(value: Datum, part: Datum) -> pa.Array:
    """The position, counted from 1, at which the text last has a part; null where it has not."""
    return map_distinct(lambda text, sought: (text.rfind(sought) + 1) or None, pa.int64(), value, part).values


def _found_at(texts: pa.Array, sought: str) -> pa.Array:
    places = pc.fill_null(pc.find_substring(texts, sought), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return characters_before(texts, places)


def characters_before(texts: pa.Array, places: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Array:
    """Byte offsets in texts as positions in characters, counted from 1; null where below zero."""
    content, ends = bytes_of(texts)
    hit = places >= 0
    if (content >= 128).any():
        # The bytes that begin a character, counted up to each byte.
        counted = np.concatenate(([0], np.cumsum((content & 0xC0) != 0x80)))
        starts = ends[:-1]
        places = np.where(hit, counted[starts + np.maximum(places, 0)] - counted[starts], -1)
    return from_ints(places + 1, hit)


# --- characters --------------------------------------------------------------------------------------------------


@function(
    "digits(value: text) -> text",
    category=CATEGORY,
    also=("GREL replace(/\\D/, '')",),
    examples=[example('digits("FR 12-34")', "1234"), example('digits("abc")', "")],
)
def digits(value: Datum) -> pa.Array:
    """The digits 0 to 9 of a text, and nothing else."""
    texts = as_array(value, 1)
    content, ends = bytes_of(texts)
    kept = (content - np.uint8(48)) < 10
    if kept.all():
        return texts
    counted = np.concatenate(([0], np.cumsum(kept, dtype=np.int32)))
    return from_texts(counted[ends], content[kept], valid(texts))


@function(
    "letters(value: text) -> text",
    category=CATEGORY,
    examples=[example('letters("é-12 ab")', "éab"), example('letters("12")', "")],
    distinct=True,
)
def letters(value: Datum) -> pa.Array:
    """The letters of a text, of any script, with their marks, and nothing else; what a letter is, Unicode 18.0 says."""
    known = "A-Za-z" if pc.all(pc.string_is_ascii(value), min_count=0).as_py() else in_pattern(*LETTERS, *MARKS)
    return pc.replace_substring_regex(as_array(value, 1), f"[^{known}]+", "")


@function(
    "char(code: int) -> text",
    category=CATEGORY,
    rejects=("R603",),
    sql="CHR",
    excel="UNICHAR",
    also=("DataWeave fromCharCode", "jq implode", "GREL unicode", "Excel CHAR"),
    examples=[example("char(233)", "é"), example("char(55296)", rejected="R603")],
)
def char(code: Datum) -> Outcome:
    """The character with a number; R603 where there is none."""
    return map_distinct(
        lambda number: chr(number) if 0 <= number < 0xD800 or 0xDFFF < number <= 0x10FFFF else Reject("R603"), pa.string(), code
    )


@function(
    "code(value: text) -> int?",
    category=CATEGORY,
    sql="ASCII",
    excel="UNICODE",
    also=("DataWeave charCode", "jq explode", "GREL unicode", "Excel CODE"),
    examples=[example('code("é")', 233), example('code("")')],
)
def code(value: Datum) -> pa.Array:
    """The number of a text's first character; null where it has none."""
    first = pc.utf8_slice_codeunits(as_array(value, 1), 0, 1)
    return map_distinct(lambda letter: ord(letter) if letter else None, pa.int64(), first).values


# --- paths -------------------------------------------------------------------------------------------------------


@function(
    "base_name(path: text) -> text?",
    "file_name(path: text) -> text?",
    category=CATEGORY,
    also=("VRL basename", "Bloblang filepath_split"),
    examples=[
        example('base_name("/in/orders.csv")', "orders.csv"),
        example('base_name("/in/")', "in"),
        example('base_name("/")'),
        example("file_name(null)", None),
    ],
)
def base_name(path: Datum) -> pa.Array:
    """The last part of a path; null where it has none."""
    trimmed = pc.utf8_rtrim(as_array(path, 1), "/")
    name = around(trimmed, pa.scalar("/"), lambda text, sign: text.rpartition(sign)[2], first=False, part=1)
    return nulled(name, as_mask(pc.equal(trimmed, "")))


@function(
    "folder(path: text) -> text",
    category=CATEGORY,
    also=("VRL dirname", "Bloblang filepath_split"),
    examples=[example('folder("/in/orders.csv")', "/in"), example('folder("orders.csv")', "."), example('folder("/")', "/")],
)
def folder(path: Datum) -> pa.Array:
    """A path without its last part; `.` where it has just one."""
    return map_distinct(_folder, pa.string(), path).values


def _folder(path: str) -> str:
    head, mark, _ = path.rstrip("/").rpartition("/")
    return head.rstrip("/") or "/" if mark or path.startswith("/") else "."
