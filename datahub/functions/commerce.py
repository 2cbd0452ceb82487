"""Numbers that commerce goes by, checked: articles, books, banks, companies, taxes, cards, addresses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.characters import LETTERS, in_pattern
from datahub.functions.columns import Bytes, Ints, Reject, as_array, as_mask, bools, broadcast, from_texts, map_distinct, outcome, valid
from datahub.functions.commerce_firms import checked, signs_of, validity
from datahub.functions.declare import Datum, Mask, Outcome, example, function
from datahub.functions.text_memory import bytes_of

GTIN_LENGTHS = (8, 12, 13, 14)
ZERO = ord("0")


@function(
    "gtin_valid(value: text) -> bool",
    also=("python-stdnum ean.is_valid", "GS1 check digit", "EAN-13 check digit"),
    examples=[
        example('gtin_valid("4006381333931")', True),
        example('gtin_valid("4006381333932")', False),
        example('gtin_valid("400638133393")', False),
    ],
)
def gtin_valid(value: Datum) -> pa.Array:
    """Whether a text is a GTIN (EAN-8, UPC-A, EAN-13 or GTIN-14): 8, 12, 13 or 14 digits of which the last one checks the others."""
    (texts,) = broadcast(value)
    content, ends = bytes_of(texts)
    result = np.zeros(len(texts), np.bool_)
    for length in GTIN_LENGTHS:
        rows = np.flatnonzero(np.diff(ends) == length)
        digits, total = _weighed(content, ends[rows], length, 1)
        result[rows] = digits & (total % 10 == 0)
    return bools(result)


@function(
    "gtin_check_digit(value: text) -> text",
    rejects=("R603",),
    also=("GS1 check digit", "python-stdnum ean.calc_check_digit"),
    examples=[example('gtin_check_digit("400638133393")', "1"), example('gtin_check_digit("12")', rejected="R603")],
)
def gtin_check_digit(value: Datum) -> Outcome:
    """The last digit of a GTIN, worked out from the 7, 11, 12 or 13 digits before it; any other text is a reject (R603)."""
    (texts,) = broadcast(value)
    content, ends = bytes_of(texts)
    check, good = np.zeros(len(texts), np.int64), np.zeros(len(texts), np.bool_)
    for length in GTIN_LENGTHS:
        rows = np.flatnonzero(np.diff(ends) == length - 1)
        digits, total = _weighed(content, ends[rows], length - 1, 3)
        check[rows], good[rows] = -total % 10, digits
    written = from_texts(np.arange(len(texts) + 1), (check + ZERO).astype(np.uint8), valid(texts))
    return outcome(written, (~good & valid(texts), "R603"))


def _weighed(content: Bytes, begins: Ints, length: int, last: int) -> tuple[Mask, Ints]:
    """Which of the texts are digits alone, and their sum, times 3 and 1 in turn; `last` is what the last one is times."""
    digits, total = np.ones(len(begins), np.bool_), np.zeros(len(begins), np.int64)
    for place in range(length):
        figure = content[begins + place] - ZERO
        digits &= figure <= 9
        total += figure * np.uint16(last if (length - 1 - place) % 2 == 0 else 4 - last)
    return digits, total


@function(
    "isbn_valid(value: text) -> bool",
    also=("python-stdnum isbn.is_valid",),
    examples=[example('isbn_valid("978-3-16-148410-0")', True), example('isbn_valid("0306406153")', False)],
)
def isbn_valid(value: Datum) -> pa.Array:
    """Whether a text is an ISBN of 10 or 13 digits with the right check digit.

    Spaces are passed over, and dots and hyphens between digits. `isbn_13` gives the number that books are sold under.
    """
    return checked("isbn", value)


@function(
    "isbn_13(value: text) -> text",
    rejects=("R603",),
    also=("python-stdnum isbn.to_isbn13",),
    examples=[example('isbn_13("0-306-40615-2")', "9780306406157"), example('isbn_13("12")', rejected="R603")],
)
def isbn_13(value: Datum) -> Outcome:
    """An ISBN as the 13 digits under which its book is sold; what is none is a reject (R603)."""
    return map_distinct(_isbn_13, pa.string(), value)


def _isbn_13(text: str) -> str | Reject:
    from stdnum import isbn

    signs = signs_of(text)
    return isbn.compact(signs, convert=True) if isbn.is_valid(signs) else Reject("R603")


@function(
    "luhn_valid(value: text) -> bool",
    also=("VRL is_luhn", "python-stdnum luhn.is_valid"),
    examples=[example('luhn_valid("4111111111111111")', True), example('luhn_valid("4111111111111112")', False)],
)
def luhn_valid(value: Datum) -> pa.Array:
    """Whether a text is digits alone (`0` to `9`) of which the last one checks the others by Luhn's formula, as in numbers of cards."""
    digits = pc.if_else(pc.match_substring_regex(as_array(value, 1), r"\A[0-9]+\z"), value, "")
    return map_distinct(validity("luhn"), pa.bool_(), digits).values


LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LONG_LABEL = "[^.@:/?#]{64}"


def email_form(letter: str) -> str:
    """The regular expression of an e-mail address whose domain has such letters."""
    label = f"{letter}+(?:-+{letter}+)*"
    return rf"^{LOCAL}(?:\.{LOCAL})*@{label}(?:\.{label})+$"


_PORT = "(?:(?:[0-9]{1,4}|0[0-9]{4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))"


def url_form(letter: str) -> str:
    """The regular expression of a web address whose host has such letters."""
    label = f"{letter}+(?:-+{letter}+)*"
    host = rf"(?:\[[0-9A-Fa-f:.]+\]|{label}(?:\.{label})*\.?)"
    gap = r"\x{00}-\x{20}\x{7f}-\x{a0}\pZ"  # white space of any script, and what shows nothing
    return rf"^(?i:https?|ftps?|sftp)://(?:[^{gap}/?#@]+@)?{host}(?::{_PORT})?(?:[/?#][^{gap}]*)?$"


def _formed(texts: pa.Array, form: Callable[[str], str]) -> Mask:
    """Which texts have a form; its labels have at most 63 signs each."""
    plain = as_mask(pc.string_is_ascii(texts))
    good = as_mask(pc.match_substring_regex(texts, form("[A-Za-z0-9]"))) & plain
    foreign = ~plain & valid(texts)
    if foreign.any():
        # Letters of all scripts take RE2 a hundred times as long to make ready as those of ASCII.
        letter = f"[{in_pattern(*LETTERS, 'Nd')}]"
        good[foreign] = as_mask(pc.match_substring_regex(texts.filter(pa.array(foreign)), form(letter)))
    return good


@function(
    "email_valid(value: text) -> bool",
    also=("HTML input type=email", "Pydantic EmailStr"),
    examples=[example('email_valid("jean.martin@example.com")', True), example('email_valid("jean@localhost")', False)],
    distinct=True,
)
def email_valid(value: Datum) -> pa.Array:
    """Whether a text has the form of an e-mail address: a name, `@` and a domain with a dot.

    At most 254 signs, 64 of them before the `@`, and 63 between two dots of the domain.
    """
    (texts,) = broadcast(value)
    good = _formed(texts, email_form)
    if (long := as_mask(pc.greater(pc.binary_length(texts), 63)) & good).any():
        wild = as_mask(pc.match_substring_regex(texts, f"^[^@]{{65}}|@.*{LONG_LABEL}")) | as_mask(pc.greater(pc.utf8_length(texts), 254))
        good &= ~(long & wild)
    return bools(good)


@function(
    "url_valid(value: text) -> bool",
    also=("HTML input type=url", "Pydantic HttpUrl"),
    examples=[example('url_valid("https://shop.example.com/p/42?x=1")', True), example('url_valid("shop.example.com")', False)],
    distinct=True,
)
def url_valid(value: Datum) -> pa.Array:
    """Whether a text has the form of a web address: `http`, `https`, `ftp`, `ftps` or `sftp`, a host, and no spaces."""
    (texts,) = broadcast(value)
    good = _formed(texts, url_form)
    if (long := as_mask(pc.greater(pc.binary_length(texts), 63)) & good).any():
        good &= ~(long & as_mask(pc.match_substring_regex(texts, rf"^[A-Za-z]+://(?:[^/?#@]+@)?[^/?#]*{LONG_LABEL}")))
    return bools(good)


@function(
    'phone_e164(value: text, country: text = "") -> text',
    rejects=("R603",),
    also=("libphonenumber format E164", "python phonenumbers"),
    examples=[
        example('phone_e164("01 23 45 67 89", "FR")', "+33123456789"),
        example('phone_e164("+44 20 7946 0958")', "+442079460958"),
        example('phone_e164("12", "FR")', rejected="R603"),
    ],
)
def phone_e164(value: Datum, country: Datum | None = None) -> Outcome:
    """A phone number as all networks know it: `+`, the code of the country, digits alone.

    Numbers without `+` are read as they are dialled in `country` (two letters). What is no number of the country's
    numbering plan is a reject (R603).
    """
    return map_distinct(_e164, pa.string(), value, pa.scalar("") if country is None else country)


def _e164(text: str, country: str) -> str | Reject:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, country.strip().upper() or None)
    except phonenumbers.NumberParseException:
        return Reject("R603")
    if not phonenumbers.is_valid_number(number):
        return Reject("R603")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
