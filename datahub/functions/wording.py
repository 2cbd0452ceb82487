"""Words rewritten for keys, addresses and comparison: slugs, cases of identifiers, plain letters, sounds, likeness."""

from __future__ import annotations

from functools import cache
from typing import Any
from unicodedata import combining, normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.characters import LETTERS, MARKS, in_pattern
from datahub.functions.columns import (
    Bytes,
    Ints,
    as_mask,
    broadcast,
    ints,
    map_distinct,
    outcome,
    valid,
)
from datahub.functions.declare import Datum, Mask, Outcome, example, function
from datahub.functions.segments import listed, unpacked
from datahub.functions.text_memory import bytes_of, changed_where, rows_at, squeezed, without
from datahub.records import record


@record(frozen=True, slots=True)
class _Signs:
    """What stands between the brackets of patterns: small letters, capitals, digits, and whatever a word has."""

    small: str
    capital: str
    digit: str
    word: str


@cache
def _signs(plain: bool) -> _Signs:
    """Those of ASCII, or of all scripts, which take long to make ready."""
    if plain:
        return _Signs("a-z", "A-Z", "0-9", "A-Za-z0-9")
    return _Signs(in_pattern("Ll"), in_pattern("Lu"), in_pattern("Nd"), in_pattern(*LETTERS, *MARKS, "Nd"))


STYLES = {
    "snake_case": "_+",
    "kebab-case": "-+",
    "camelCase": " +",
    "PascalCase": " +",
    "SCREAMING_SNAKE": "_+",
}
"""What stands between words, by how the words are written."""


@function(
    "slug(value: text) -> text",
    also=("Jinja slugify", "DataWeave dasherize", "Bloblang slug"),
    examples=[
        example('slug("Perceuse à percussion 18V")', "perceuse-a-percussion-18v"),
        example('slug("  --Été / Hiver!-- ")', "ete-hiver"),
        example('slug("Œuvre")', "uvre"),
        example('slug(ascii("Œuvre"))', "oeuvre"),
    ],
    distinct=True,
)
def slug(value: Datum) -> pa.Array:
    """The text as it stands in a web address: lower case, without accents, all else than `a-z` and `0-9` one `-`.

    Accents are what Unicode's canonical decomposition sets apart, so `é` is `e`. Letters that have none are no
    letters here, as `ß`, `œ`, `æ`, `ø` and those of other scripts; `slug(ascii(x))` spells them out before.
    """
    (texts,) = broadcast(value)
    content, ends = bytes_of(texts)
    folded, marks, foreign = _folded(content)
    if len(foreign):
        hard = np.zeros(len(texts), np.bool_)
        hard[rows_at(foreign, ends)] = True
        content, ends = bytes_of(changed_where(hard, texts, lambda held: unmarked(pc.utf8_lower(held))))
        folded, marks, _ = _folded(content)
    folded, ends = without(folded, ends, marks)
    return squeezed(folded, ends, folded == DASH, DASH, valid(texts), np.flatnonzero(folded == SURPLUS))


def unmarked(texts: pa.Array) -> pa.Array:
    """The texts decomposed, and without their marks."""
    return pc.replace_substring_regex(pc.utf8_normalize(texts, "NFD"), f"[{in_pattern('Mn')}]+", "")


DASH, SURPLUS = ord("-"), 0


def _lowered(content: Bytes) -> Bytes:
    """Letters of ASCII in lower case, digits as they are, a dash for any other byte; in steps that the processor does for many at once."""
    letters = content | np.uint8(0x20)
    is_letter = letters - np.uint8(ord("a")) < 26
    is_digit = content - np.uint8(ord("0")) < 10
    lowered = letters * is_letter
    lowered += content * is_digit
    lowered += np.uint8(DASH) * ~(is_letter | is_digit)
    return lowered


@cache
def _plain_letters() -> Bytes:
    """What is left of U+00C0 to U+017F in lower case without its marks: a letter of ASCII, else a dash."""
    plain = []
    for code in range(0xC0, 0x180):
        rest = "".join(letter for letter in normalize("NFD", chr(code).lower()) if not combining(letter))
        plain.append(ord(rest) if rest.isascii() and rest.isalnum() and len(rest) == 1 else DASH)
    return np.array(plain, np.uint8)


def _folded(content: Bytes) -> tuple[Bytes, Ints, Ints]:
    """UTF-8 as letters of ASCII in lower case and dashes; where combining marks are, and where letters begin that it does not know.

    It knows ASCII and the European letters up to U+017F. The first byte of such a letter is `SURPLUS`.
    """
    folded = _lowered(content)
    leads = np.flatnonzero(content >= 0xC3)
    if not len(leads):
        return folded, leads, leads
    lead, following = content[leads], content[leads + 1]
    known = lead <= 0xC5
    at = leads[known]
    letters = _plain_letters()[(lead[known].astype(np.int64) - 0xC3) * 64 + following[known] - 0x80]
    folded[at + 1] = letters
    folded[at] = np.where(letters == DASH, DASH, SURPLUS)
    mark = (lead == 0xCC) | ((lead == 0xCD) & (following < 0xB0))
    marks = np.repeat(leads[mark], 2)
    marks[1::2] += 1
    return folded, marks, leads[~(known | mark)]


@function(
    "strip_accents(value: text) -> text",
    sql="STRIP_ACCENTS",
    also=("VRL strip_diacritics", "GREL unaccent", "PostgreSQL unaccent"),
    examples=[example('strip_accents("Crème brûlée")', "Creme brulee"), example('strip_accents("Straße")', "Straße")],
    distinct=True,
)
def strip_accents(value: Datum) -> pa.Array:
    """The text without accents and other marks; letters that are no accented ones (`ß`, `ø`) stay."""
    (texts,) = broadcast(value)
    return changed_where(_beyond_ascii(texts), texts, lambda held: pc.utf8_normalize(unmarked(held), "NFC"))


def _beyond_ascii(texts: pa.Array) -> Mask:
    return valid(texts) & ~as_mask(pc.string_is_ascii(texts))


@function(
    "ascii(value: text) -> text",
    also=("Unidecode", "GREL asciify", "Bloblang unidecode", "Excel ASC"),
    examples=[example('ascii("Œuvre à 5 €")', "Oeuvre a 5 EUR"), example('ascii("Straße Αθήνα")', "Strasse Athina")],
    distinct=True,
)
def ascii_letters(value: Datum) -> pa.Array:
    """The text in ASCII alone: accents dropped, other letters and signs spelled as one reads them, whatever their script."""
    (texts,) = broadcast(value)
    return changed_where(_beyond_ascii(texts), texts, _transliterated)


def _transliterated(texts: pa.Array) -> pa.Array:
    from anyascii import anyascii

    # No kernel knows how scripts are read: once for each distinct text that is not ASCII.
    return map_distinct(anyascii, pa.string(), texts).values


def _words(value: Datum, written: str) -> tuple[pa.Array, Any]:
    """The words of each text in lower case."""
    (texts,) = broadcast(value)
    signs = _signs(not _beyond_ascii(texts).any())
    if written in ("", "camelCase", "PascalCase"):
        capital = f"[{signs.capital}]"
        for pattern in (f"([{signs.small}{signs.digit}])({capital})", f"({capital})({capital}[{signs.small}])"):
            # Twice: matches do not overlap, and `aBC` has two breaks next to each other.
            texts = pc.replace_substring_regex(pc.replace_substring_regex(texts, pattern, r"\1 \2"), pattern, r"\1 \2")
    apart = pc.replace_substring_regex(texts, STYLES.get(written, f"[^{signs.word}]+"), " ")
    return unpacked(pc.split_pattern(pc.utf8_lower(pc.utf8_trim(apart, " ")), " "))


def _joined(value: Datum, written: str, between: str) -> pa.Array:
    return pc.binary_join(listed(*_words(value, written)), between)


@function(
    'snake_case(value: text, written: text! = "") -> text',
    also=("VRL snakecase", "DataWeave underscore", "Bloblang snake_case"),
    examples=[example('snake_case("inputString")', "input_string"), example('snake_case("HTTP Server-Name 2")', "http_server_name_2")],
    distinct=True,
)
def snake_case(value: Datum, written: str = "") -> pa.Array:
    """The words in lower case with `_` between them.

    Words end at what is no letter or digit, and before a capital letter. `written` says how they are written instead,
    `snake_case`, `kebab-case`, `camelCase` or `PascalCase`; then nothing else parts them.
    """
    return _joined(value, written, "_")


@function(
    'kebab_case(value: text, written: text! = "") -> text',
    also=("VRL kebabcase", "DataWeave dasherize", "Bloblang kebab_case"),
    examples=[example('kebab_case("InputString")', "input-string"), example('kebab_case("foo_bar_baz")', "foo-bar-baz")],
    distinct=True,
)
def kebab_case(value: Datum, written: str = "") -> pa.Array:
    """The words in lower case with `-` between them; for `written` see `snake_case`."""
    return _joined(value, written, "-")


@function(
    'upper_snake_case(value: text, written: text! = "") -> text',
    also=("VRL screamingsnakecase",),
    examples=[example('upper_snake_case("input-string")', "INPUT_STRING"), example('upper_snake_case("inputString")', "INPUT_STRING")],
    distinct=True,
)
def upper_snake_case(value: Datum, written: str = "") -> pa.Array:
    """The words in upper case with `_` between them; for `written` see `snake_case`."""
    return pc.utf8_upper(_joined(value, written, "_"))


@function(
    'pascal_case(value: text, written: text! = "") -> text',
    also=("VRL pascalcase", "DataWeave capitalize", "Bloblang capitalize"),
    examples=[example('pascal_case("input-string")', "InputString"), example('pascal_case("foo_bar_baz", "kebab-case")', "Foo_bar_baz")],
    distinct=True,
)
def pascal_case(value: Datum, written: str = "") -> pa.Array:
    """The words with a capital letter each, and nothing between them; for `written` see `snake_case`."""
    words, offsets = _words(value, written)
    return pc.binary_join(listed(pc.utf8_capitalize(words), offsets), "")


@function(
    'camel_case(value: text, written: text! = "") -> text',
    also=("VRL camelcase", "DataWeave camelize", "Bloblang camel_case"),
    examples=[example('camel_case("input-string")', "inputString"), example('camel_case("Prix HT")', "prixHt")],
    distinct=True,
)
def camel_case(value: Datum, written: str = "") -> pa.Array:
    """The words with a capital letter each but the first, and nothing between them; for `written` see `snake_case`."""
    words, offsets = _words(value, written)
    first = np.zeros(len(words), np.bool_)
    first[offsets[:-1][offsets[:-1] < offsets[1:]]] = True
    return pc.binary_join(listed(pc.if_else(pa.array(first), words, pc.utf8_capitalize(words)), offsets), "")


ROMAN = (
    ("M", 1000), ("CM", 900), ("D", 500), ("CD", 400), ("C", 100), ("XC", 90), ("L", 50), ("XL", 40),
    ("X", 10), ("IX", 9), ("V", 5), ("IV", 4), ("I", 1),
)  # fmt: skip


@function(
    "roman(value: int) -> text",
    rejects=("R603",),
    excel="ROMAN",
    also=("JSONata $formatInteger",),
    examples=[example("roman(1994)", "MCMXCIV"), example("roman(4)", "IV"), example("roman(0)", rejected="R603")],
)
def roman(value: Datum) -> Outcome:
    """A whole number in Roman numerals; outside 1 to 3999 a reject (R603)."""
    (column,) = broadcast(value)
    numbers = ints(column)
    wild = (numbers < 1) | (numbers > 3999)
    sought, inverse = np.unique(np.where(wild, 1, numbers), return_inverse=True)
    # At most 3,999 distinct numerals.
    return outcome(pa.array([_numeral(int(one)) for one in sought], pa.string()).take(pa.array(inverse)), (wild, "R603"))


def _numeral(number: int) -> str:
    text = ""
    for letters, worth in ROMAN:
        count, number = divmod(number, worth)
        text += letters * count
    return text
