"""How alike texts are: patterns with gaps, edits between them, the sounds that they have in common."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import (
    Bytes,
    Ints,
    all_valid,
    as_array,
    as_mask,
    bools,
    broadcast,
    constant,
    from_ints,
    ints,
    length_of,
    map_distinct,
    text_offsets,
    valid,
)
from datahub.functions.declare import Datum, example, function
from datahub.functions.text_memory import bytes_of
from datahub.functions.wording import strip_accents


@function(
    "like(value: text, pattern: text, ignore_case: bool! = false) -> bool",
    sql="LIKE",
    excel="COUNTIF wildcards",
    examples=[
        example('like("abcdefg", "abc%")', True),
        example('like("abcdefg", "_bc")', False),
        example('like("50%", "50\\\\%")', True),
    ],
)
def like(value: Datum, pattern: Datum, ignore_case: bool = False) -> pa.Array:
    r"""Whether the whole text fits a pattern in which `%` stands for any text and `_` for one character.

    A backslash before one of them takes it literally.
    """
    if isinstance(pattern, pa.Scalar):
        (texts,) = broadcast(value)
        return _fits(texts, constant(pattern) or "", ignore_case)
    texts, patterns = broadcast(value, pattern)
    coded = patterns.dictionary_encode()
    numbers = np.where(valid(coded.indices), ints(coded.indices), -1)
    result = np.zeros(len(texts), np.bool_)
    # A pattern is compiled: once for each distinct one.
    for number, one in enumerate(coded.dictionary.to_pylist()):
        rows = np.flatnonzero(numbers == number)
        result[rows] = as_mask(_fits(texts.take(pa.array(rows)), one, ignore_case))
    return bools(result)


def _fits(texts: pa.Array, pattern: str, ignore_case: bool) -> pa.Array:
    # Arrow drops a backslash before a letter, but keeps it where the pattern is a mere part of the text.
    if "\\" not in pattern:
        return pc.match_like(texts, pattern, ignore_case=ignore_case)
    return pc.match_substring_regex(texts, rf"(?s)\A{_LIKE.sub(_as_regex, pattern)}\z", ignore_case=ignore_case)


_LIKE = re.compile(r"\\([%_\\])|(.)", re.DOTALL)


def _as_regex(found: re.Match[str]) -> str:
    return re.escape(found[1]) if found[1] else {"%": ".*", "_": "."}.get(found[2]) or re.escape(found[2])


@function(
    "edit_distance(left: text, right: text) -> int",
    sql="LEVENSHTEIN",
    also=("DataWeave levenshteinDistance", "GREL levenshteinDistance", "DuckDB levenshtein", "Snowflake EDITDISTANCE"),
    examples=[example('edit_distance("kitten", "sitting")', 3), example('edit_distance("été", "ete")', 2)],
)
def edit_distance(left: Datum, right: Datum) -> pa.Array:
    """How many characters must be put in, taken out or changed to make one text the other (Levenshtein's distance)."""
    length = length_of(left, right)
    first, second = as_array(left, length), as_array(right, length)
    there = all_valid(first, second)
    result = np.zeros(length, np.int64)
    size = np.maximum(_lengths(first), _lengths(second))
    simple = there & as_mask(pc.string_is_ascii(first)) & as_mask(pc.string_is_ascii(second))
    for limit, below in zip(SIZES, (-1, *SIZES), strict=False):
        rows = np.flatnonzero(simple & (size <= limit) & (size > below))
        picked = pa.array(rows)
        result[rows] = _table(first.take(picked), second.take(picked))
    rest = np.flatnonzero(there & ~(simple & (size <= SIZES[-1])))
    picked = pa.array(rest)
    # Long texts and other letters: once for each distinct pair.
    result[rest] = ints(map_distinct(_distance, pa.int64(), first.take(picked), second.take(picked)).values)
    return from_ints(result, there)


SIZES = (8, 16, 32, 64)
"""How long texts of ASCII may be that are compared together; each is filled up to the longest beside it."""


def _lengths(texts: pa.Array) -> Ints:
    lengths: Ints = np.diff(text_offsets(texts)).astype(np.int64)
    return lengths


def _table(left: pa.Array, right: pa.Array) -> Ints:
    """The distances of all pairs, by the usual table, a row of it for all pairs at a time."""
    first, second = _letters(left), _letters(right)
    down, across = _lengths(left), _lengths(right)
    columns = np.arange(second.shape[1] + 1, dtype=np.int16)
    row = np.repeat(columns[None, :], len(left), axis=0)
    result = across.copy()
    for step in range(first.shape[1]):
        changed = row[:, :-1] + (second != first[:, step, None])
        longer = row + np.int16(1)
        np.minimum(longer[:, 1:], changed, out=longer[:, 1:])
        # What is put in counts from the left: a running minimum of what each place costs beyond its number.
        row = np.minimum.accumulate(longer - columns, axis=1) + columns
        done = np.flatnonzero(down == step + 1)
        result[done] = row[done, across[done]]
    return result


def _letters(texts: pa.Array) -> Bytes:
    """One row a text of ASCII, filled up to the longest with zeros."""
    content, ends = bytes_of(texts)
    width = int(np.diff(ends).max(initial=0))
    places = ends[:-1, None] + np.arange(width)
    inside = places < ends[1:, None]
    return np.where(inside, np.append(content, np.uint8(0))[np.where(inside, places, len(content))], np.uint8(0))


def _distance(left: str, right: str) -> int:
    """Levenshtein's distance by Myers' bit vectors: a row of the table is two integers of as many bits as `left` is long."""
    if not left or not right:
        return len(left) + len(right)
    where: dict[str, int] = {}
    for at, letter in enumerate(left):
        where[letter] = where.get(letter, 0) | 1 << at
    full, last = (1 << len(left)) - 1, 1 << (len(left) - 1)
    more, less, score = full, 0, len(left)
    for letter in right:
        same = where.get(letter, 0)
        across = (((same & more) + more) ^ more) | same | less
        grown, shrunk = less | (full & ~(across | more)), more & across
        score += bool(grown & last) - bool(shrunk & last)
        grown = (grown << 1 | 1) & full
        shrunk = shrunk << 1 & full
        upright = same | less
        more, less = shrunk | (full & ~(upright | grown)), grown & upright
    return score


@function(
    "similarity(left: text, right: text) -> float",
    also=("DuckDB levenshtein", "Snowflake JAROWINKLER_SIMILARITY", "PostgreSQL similarity"),
    examples=[example('similarity("kitten", "kitten")', 1.0), example('similarity("abcd", "abxx")', 0.5)],
)
def similarity(left: Datum, right: Datum) -> pa.Array:
    """How alike two texts are, from 0 to 1: 1 less their `edit_distance` by the length of the longer one."""
    return map_distinct(lambda a, b: 1.0 - _distance(a, b) / max(len(a), len(b)) if a or b else 1.0, pa.float64(), left, right).values


ALIKE = {"1": "BFPV", "2": "CGJKQSXZ", "3": "DT", "4": "L", "5": "MN", "6": "R"}
SOUNDS = {letter: digit for digit, letters in ALIKE.items() for letter in letters}


@function(
    "phonetic(value: text) -> text",
    sql="SOUNDEX",
    also=("GREL phonetic", "Snowflake SOUNDEX", "Excel SOUNDEX"),
    examples=[example('phonetic("Robert")', "R163"), example('phonetic("Rupert")', "R163"), example('phonetic("Ashcraft")', "A261")],
)
def phonetic(value: Datum) -> pa.Array:
    """The American Soundex code: a letter and three digits, the same for names that sound alike in English.

    Accents are dropped before; text without a letter gives empty text.
    """
    (texts,) = broadcast(value)
    return map_distinct(_soundex, pa.string(), pc.utf8_upper(strip_accents(texts))).values


def _soundex(text: str) -> str:
    letters = [letter for letter in text if "A" <= letter <= "Z"]
    if not letters:
        return ""
    digits, before = [], SOUNDS.get(letters[0], "")
    for letter in letters[1:]:
        sound = SOUNDS.get(letter, "")
        if sound and sound != before:
            digits.append(sound)
        # H and W do not part two equal sounds; vowels do.
        if letter not in "HW":
            before = sound
    return (letters[0] + "".join(digits) + "000")[:4]
