"""Numbers that commerce goes by, checked: articles, books, banks, companies, taxes, cards, addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Bytes, Ints, Reject, as_mask, bools, broadcast, from_texts, map_distinct, outcome, valid
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


def _checked(module: str, value: Datum) -> pa.Array:
    """Whether python-stdnum takes a text for a number of its `module`; once for each distinct text."""
    return map_distinct(_validity(module), pa.bool_(), value).values


@lru_cache(maxsize=64)
def _validity(module: str) -> Callable[[str], bool]:
    from importlib import import_module

    found: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return found


@function(
    "isbn_valid(value: text) -> bool",
    also=("python-stdnum isbn.is_valid",),
    examples=[example('isbn_valid("978-3-16-148410-0")', True), example('isbn_valid("0306406153")', False)],
)
def isbn_valid(value: Datum) -> pa.Array:
    """Whether a text is an ISBN of 10 or 13 digits with the right check digit; hyphens and spaces are passed over."""
    return _checked("isbn", value)


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

    return isbn.compact(text, convert=True) if isbn.is_valid(text) else Reject("R603")


@function(
    "iban_valid(value: text) -> bool",
    also=("python-stdnum iban.is_valid",),
    examples=[example('iban_valid("FR76 3000 6000 0112 3456 7890 189")', True), example('iban_valid("FR76")', False)],
)
def iban_valid(value: Datum) -> pa.Array:
    """Whether a text is an IBAN: the form of its country and the check digits, the country's own too where they are known.

    Spaces are passed over.
    """
    return map_distinct(_iban_valid, pa.bool_(), value).values


def _iban_valid(text: str) -> bool:
    from stdnum import iban

    number = iban.compact(text)
    if not number.startswith("BE"):
        return bool(iban.is_valid(number))
    # The library asks for a bank of a list of its own too, which new banks are not in.
    return bool(iban.is_valid(number, check_country=False)) and (int(number[4:14]) % 97 or 97) == int(number[14:])


@function(
    "bic_valid(value: text) -> bool",
    also=("python-stdnum bic.is_valid", "SWIFT code"),
    examples=[example('bic_valid("AGRIFRPPXXX")', True), example('bic_valid("AGRIFRP")', False)],
)
def bic_valid(value: Datum) -> pa.Array:
    """Whether a text has the form of a BIC (SWIFT code), of 8 or 11 signs."""
    return _checked("bic", value)


@function(
    'vat_valid(value: text, country: text = "") -> bool',
    also=("python-stdnum eu.vat.is_valid", "VIES format"),
    examples=[
        example('vat_valid("FR40303265045")', True),
        example('vat_valid("FR41303265045")', False),
        example('vat_valid("40303265045", "FR")', True),
    ],
)
def vat_valid(value: Datum, country: Datum | None = None) -> pa.Array:
    """Whether a text is a VAT number of its country by form and check digits; whether it is registered only the tax office knows.

    The country is told by its two letters at the front (`EL` or `GR` for Greece, `XI` for Northern Ireland), or by
    `country`; then they may be missing. Spaces, dots and hyphens are passed over.
    """
    return map_distinct(_vat_valid, pa.bool_(), value, pa.scalar("") if country is None else country).values


def _vat_valid(text: str, country: str) -> bool:
    # Old numbers of Ireland have a `+` or `*` as their second sign.
    number = "".join(letter for letter in text.upper() if letter.isalnum() or letter in "+*")
    where = country.strip().upper() or number[:2]
    check = _vat_check(where)
    return check is not None and check(number) and not _is_none(where, number.removeprefix(where))


_NO_CHECKS = ("00", "98", "99")


def _is_none(where: str, number: str) -> bool:
    """What the library takes and no office gives out: Belgian checks, and births in the months 41 to 49 and 91 to 99."""
    if where == "BE":
        return number[-2:] in _NO_CHECKS
    if where not in ("CZ", "SK") or len(number) == 8 or number[2:3] not in ("4", "9") or number[3:4] == "0":
        return False
    # A number of a firm may have any digits there.
    return number[0] == "0" or int(number) % 11 != 0 if where == "SK" else len(number) == 10 or number[0] != "6"


"""Belgium's check is 97 less a remainder, so 1 to 97; the library takes what leaves the same remainder too."""


@lru_cache(maxsize=512)
def _vat_check(country: str) -> Any:
    """How python-stdnum checks the VAT numbers of a country, or None where it does not."""
    from stdnum import get_cc_module

    if len(country) != 2 or not (country.isascii() and country.isalpha()):
        return None
    module = get_cc_module({"EL": "gr", "XI": "gb"}.get(country, country.lower()), "vat")
    return None if module is None else module.is_valid


@function(
    "siren_valid(value: text) -> bool",
    also=("python-stdnum fr.siren.is_valid",),
    examples=[example('siren_valid("552 008 443")', True), example('siren_valid("552008444")', False)],
)
def siren_valid(value: Datum) -> pa.Array:
    """Whether a text is a SIREN, the nine digits of a French company; spaces are passed over."""
    return _checked("fr.siren", value)


@function(
    "siret_valid(value: text) -> bool",
    also=("python-stdnum fr.siret.is_valid",),
    examples=[example('siret_valid("73282932000074")', True), example('siret_valid("73282932000079")', False)],
)
def siret_valid(value: Datum) -> pa.Array:
    """Whether a text is a SIRET, the 14 digits of a French establishment, those of La Poste among them; spaces are passed over."""
    return _checked("fr.siret", value)


@function(
    "luhn_valid(value: text) -> bool",
    also=("VRL is_luhn", "python-stdnum luhn.is_valid"),
    examples=[example('luhn_valid("4111111111111111")', True), example('luhn_valid("4111111111111112")', False)],
)
def luhn_valid(value: Datum) -> pa.Array:
    """Whether a text is digits of which the last one checks the others by Luhn's formula, as in numbers of cards."""
    return _checked("luhn", value)


LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
# Letters of all scripts take RE2 a hundred times as long to make ready as those of ASCII: they are for texts that have some.
LETTERS = ("[A-Za-z0-9]", r"[\p{L}\p{Nd}]")
LONG_LABEL = "[^.@:/?#]{64}"


def email_form(letter: str) -> str:
    """The regular expression of an e-mail address whose domain has such letters."""
    label = f"{letter}+(?:-+{letter}+)*"
    return rf"^{LOCAL}(?:\.{LOCAL})*@{label}(?:\.{label})+$"


def url_form(letter: str) -> str:
    """The regular expression of a web address whose host has such letters."""
    label = f"{letter}+(?:-+{letter}+)*"
    host = rf"(?:\[[0-9A-Fa-f:.]+\]|{label}(?:\.{label})*\.?)"
    gap = r"\x{00}-\x{20}\x{7f}-\x{a0}\pZ"  # white space of any script, and what shows nothing
    return rf"^(?i:https?|ftps?|sftp)://(?:[^{gap}/?#@]+@)?{host}(?::[0-9]{{1,5}})?(?:[/?#][^{gap}]*)?$"


def _formed(texts: pa.Array, form: Callable[[str], str]) -> Mask:
    """Which texts have a form; its labels have at most 63 signs each."""
    plain = as_mask(pc.string_is_ascii(texts))
    good = as_mask(pc.match_substring_regex(texts, form(LETTERS[0]))) & plain
    foreign = ~plain & valid(texts)
    if foreign.any():
        good[foreign] = as_mask(pc.match_substring_regex(texts.filter(pa.array(foreign)), form(LETTERS[1])))
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
