"""Text: capitals and small letters."""

from __future__ import annotations

from functools import cache, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import (
    Bytes,
    Ints,
    as_array,
    from_lists,
    from_texts,
    text_bytes,
    text_offsets,
    valid,
)
from datahub.functions.declare import Datum, Mask, example, function
from datahub.functions.text_memory import bytes_of, changed_where, rows_at

CATEGORY = "text"


@function(
    "upper(value: text) -> text",
    category=CATEGORY,
    sql="UPPER",
    excel="UPPER",
    also=(
        "VRL upcase",
        "JSONata $uppercase",
        "DataWeave upper",
        "Bloblang uppercase",
        "jq ascii_upcase",
        "GREL toUppercase",
        "FEEL upper case",
        "CEL upperAscii",
        "JSLT uppercase",
    ),
    distinct=True,
    examples=[example('upper("été")', "ÉTÉ"), example('upper("straße")', "STRAẞE")],
)
def upper(value: Datum) -> pa.Array:
    """The text in capitals, letter by letter, as Unicode 18.0 has them: its length stays (`ß` becomes `ẞ`)."""
    return pc.utf8_upper(as_array(value, 1))


@function(
    "lower(value: text) -> text",
    category=CATEGORY,
    sql="LOWER",
    excel="LOWER",
    also=(
        "VRL downcase",
        "JSONata $lowercase",
        "DataWeave lower",
        "Bloblang lowercase",
        "jq ascii_downcase",
        "GREL toLowercase",
        "FEEL lower case",
        "CEL lowerAscii",
        "JSLT lowercase",
    ),
    distinct=True,
    examples=[example('lower("ÉTÉ")', "été"), example('lower("ABC-1")', "abc-1")],
)
def lower(value: Datum) -> pa.Array:
    """The text in small letters, letter by letter, as Unicode 18.0 has them."""
    return pc.utf8_lower(as_array(value, 1))


@function(
    'title_case(value: text, breaks: text! = "") -> text',
    category=CATEGORY,
    sql="INITCAP",
    excel="PROPER",
    also=("GREL toTitlecase", "DataWeave capitalize", "Bloblang capitalize"),
    distinct=True,
    examples=[
        example('title_case("gants DE travail")', "Gants De Travail"),
        example('title_case("jean-pierre o\'neil")', "Jean-pierre O'neil"),
        example('title_case("jean-pierre o\'neil", "-\'")', "Jean-Pierre O'Neil"),
    ],
)
def title_case(value: Datum, breaks: str = "") -> pa.Array:
    """Each word with its first letter in capitals and the rest small; words are what stands between spaces.

    The characters in `breaks` end a word too, each one of them. Excel's PROPER and SQL's INITCAP begin a word after every character that
    is no letter (INITCAP: nor a digit), so that they write `Jean-Pierre` and `O'Neil`, but also `2-Cent'S Worth`: here the signs are
    named that shall do so, as in `title_case(x, "-'’./(")`.
    """
    texts = pc.utf8_lower(as_array(value, 1))
    content, ends = bytes_of(texts)
    content = content.copy()
    first = np.zeros(len(content) + 1, np.bool_)
    first[1:] = _ends_word(content, breaks)
    first[ends[:-1]] = True
    cuts = np.flatnonzero(first)
    starts = cuts[cuts < len(content)]
    starts = starts[content[starts] > 32]
    letters = content[starts]
    content[starts] -= np.where((letters - np.uint8(97)) < 26, np.uint8(32), np.uint8(0))
    left = _raised_in_place(content, starts[letters >= 128])
    raised = from_texts(ends, content, valid(texts))
    if not len(left):
        return raised
    hard = np.zeros(len(texts), np.bool_)
    hard[rows_at(left, ends)] = True
    return changed_where(hard, texts, partial(_words_raised, breaks), raised)


def _ends_word(content: Bytes, breaks: str) -> Mask:
    """Behind which bytes a word begins."""
    found = content <= 32
    for mark in breaks:
        *before, last = mark.encode()
        here = content == last
        for back, byte in enumerate(reversed(before), 1):
            here[back:] &= content[:-back] == byte
            here[:back] = False
        found |= here
    return found


def _raised_in_place(content: Bytes, starts: Ints) -> Ints:
    """Put letters of two bytes (accented, Greek, Cyrillic) in capitals that have two as well; the other places are given back."""
    lead = content[starts]
    short = (lead >= 0xC2) & (lead < 0xE0)
    places = starts[short]
    capitals = _capitals()[(content[places].astype(np.int64) << 8) | content[places + 1]]
    known = capitals != 0
    content[places[known]] = capitals[known] >> 8
    content[places[known] + 1] = capitals[known] & 255
    return np.sort(np.concatenate((starts[~short], places[~known])))


@cache
def _capitals() -> Ints:
    """For the two bytes of a letter those of its capital; 0 where that has another number of bytes."""
    letters = pa.array([chr(code) for code in range(0x80, 0x800)], pa.string())
    raised = pc.utf8_capitalize(letters)
    whole = np.diff(text_offsets(raised)) == 2
    before, after = _pairs(letters), _pairs(pc.if_else(pa.array(whole), raised, letters))
    table = np.zeros(65_536, np.int64)
    table[before] = np.where(whole, after, 0)
    return table


def _pairs(letters: pa.Array) -> Ints:
    """Letters of two bytes each as numbers of sixteen bits."""
    both = text_bytes(letters)[: 2 * len(letters)].reshape(-1, 2).astype(np.int64)
    return (both[:, 0] << 8) | both[:, 1]


def _words_raised(breaks: str, texts: pa.Array) -> pa.Array:
    """Each word by itself: those that begin with a letter beyond ASCII."""
    content, ends = bytes_of(texts)
    cuts = np.union1d(np.flatnonzero(_ends_word(content, breaks)) + 1, ends)
    words = from_texts(cuts, content).dictionary_encode()
    raised = pc.utf8_capitalize(words.dictionary).take(words.indices)
    return pc.binary_join(from_lists(np.searchsorted(cuts, ends), raised, valid(texts)), "")


@function(
    "capitalize(value: text) -> text",
    category=CATEGORY,
    also=("DataWeave capitalize", "Bloblang capitalize", "pandas str.capitalize"),
    distinct=True,
    examples=[example('capitalize("gants DE travail")', "Gants de travail"), example('capitalize("été")', "Été")],
)
def capitalize(value: Datum) -> pa.Array:
    """The first letter in capitals, the rest small."""
    return pc.utf8_capitalize(as_array(value, 1))
