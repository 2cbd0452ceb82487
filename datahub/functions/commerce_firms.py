"""Numbers of banks, companies and taxes: what they pass over, whether they are right, and how they are exchanged."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pyarrow as pa

from datahub.functions.columns import Reject, map_distinct
from datahub.functions.declare import Datum, Outcome, example, function

CATEGORY = "commerce"
_SPACES = " \u00a0\u202f"
_WRITTEN = re.compile(rf"[{_SPACES}]*[0-9A-Za-z](?:(?:[{_SPACES}]+|[.-])?[0-9A-Za-z+*])*[{_SPACES}]*")
_BETWEEN = str.maketrans("", "", _SPACES + ".-")


def signs_of(text: str) -> str:
    """The letters and digits of a number as people write it, letters as capitals; nothing where something else stands in it.

    Spaces (no-break ones too) are passed over wherever they stand, a dot or a hyphen between two signs. Line ends, tabs, and letters
    and digits of other scripts are what no number has.
    """
    return text.translate(_BETWEEN).upper() if _WRITTEN.fullmatch(text) else ""


def checked(module: str, value: Datum) -> pa.Array:
    """Whether python-stdnum takes the signs of a text for a number of its `module`; once for each distinct text."""
    return map_distinct(validity(module), pa.bool_(), value).values


def _compacted(check: Callable[[str], bool], value: Datum) -> Outcome:
    """The signs of a text where they are such a number."""
    return map_distinct(lambda text: signs_of(text) if check(text) else Reject("R603"), pa.string(), value)


@lru_cache(maxsize=64)
def validity(module: str) -> Callable[[str], bool]:
    from importlib import import_module

    check = import_module(f"stdnum.{module}").is_valid
    return lambda text: bool(check(signs_of(text)))


@function(
    "iban_valid(value: text) -> bool",
    category=CATEGORY,
    also=("python-stdnum iban.is_valid",),
    examples=[example('iban_valid("FR76 3000 6000 0112 3456 7890 189")', True), example('iban_valid("FR76")', False)],
)
def iban_valid(value: Datum) -> pa.Array:
    """Whether a text is an IBAN: the form of its country and the check digits, the country's own too where they are known.

    Spaces are passed over, and dots and hyphens between signs; small letters count as capitals. `iban_compact` gives the number
    without them.
    """
    return map_distinct(_iban_valid, pa.bool_(), value).values


@function(
    "iban_compact(value: text) -> text",
    rejects=("R603",),
    category=CATEGORY,
    also=("python-stdnum iban.compact",),
    examples=[
        example('iban_compact("fr76 3000 6000 0112 3456 7890 189")', "FR7630006000011234567890189"),
        example('iban_compact("FR76")', rejected="R603"),
    ],
)
def iban_compact(value: Datum) -> Outcome:
    """An IBAN as banks exchange it: capital letters and digits alone. What is none is a reject (R603)."""
    return _compacted(_iban_valid, value)


def _iban_valid(text: str) -> bool:
    from stdnum import iban

    number = signs_of(text)
    if not number.startswith("BE"):
        return bool(iban.is_valid(number))
    # The library asks for a bank of a list of its own too, which new banks are not in.
    return bool(iban.is_valid(number, check_country=False)) and (int(number[4:14]) % 97 or 97) == int(number[14:])


@function(
    "bic_valid(value: text) -> bool",
    category=CATEGORY,
    also=("python-stdnum bic.is_valid", "SWIFT code"),
    examples=[example('bic_valid("AGRIFRPPXXX")', True), example('bic_valid("AGRIFRP")', False)],
)
def bic_valid(value: Datum) -> pa.Array:
    """Whether a text has the form of a BIC (SWIFT code), of 8 or 11 signs.

    Spaces are passed over, and dots and hyphens between signs; small letters count as capitals. `bic_compact` gives the code
    without them.
    """
    return checked("bic", value)


@function(
    "bic_compact(value: text) -> text",
    rejects=("R603",),
    category=CATEGORY,
    also=("python-stdnum bic.compact",),
    examples=[example('bic_compact("agri fr pp xxx")', "AGRIFRPPXXX"), example('bic_compact("AGRIFRP")', rejected="R603")],
)
def bic_compact(value: Datum) -> Outcome:
    """A BIC (SWIFT code) as banks exchange it: capital letters and digits alone. What has not its form is a reject (R603)."""
    return _compacted(validity("bic"), value)


@function(
    'vat_valid(value: text, country: text = "") -> bool',
    category=CATEGORY,
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
    `country`; then they may be missing. Spaces are passed over, and dots and hyphens between signs; small letters count as
    capitals. `vat_compact` gives the number without them.
    """
    return map_distinct(_vat_valid, pa.bool_(), value, pa.scalar("") if country is None else country).values


@function(
    'vat_compact(value: text, country: text = "") -> text',
    rejects=("R603",),
    category=CATEGORY,
    also=("python-stdnum eu.vat.compact", "VIES number"),
    examples=[
        example('vat_compact("FR 40 303 265 045")', "FR40303265045"),
        example('vat_compact("40.303.265.045", "FR")', "FR40303265045"),
        example('vat_compact("FR41303265045")', rejected="R603"),
    ],
)
def vat_compact(value: Datum, country: Datum | None = None) -> Outcome:
    """A VAT number as tax offices exchange it: the letters of its country (`EL` for Greece), then capital letters and digits alone.

    What is no VAT number of the country, as `vat_valid` tells, is a reject (R603).
    """
    return map_distinct(_vat_compact, pa.string(), value, pa.scalar("") if country is None else country)


def _vat_compact(text: str, country: str) -> str | Reject:
    if not _vat_valid(text, country):
        return Reject("R603")
    number = signs_of(text)
    where = country.strip().upper() or number[:2]
    for letters in {"GR": ("GR", "EL"), "EL": ("EL", "GR")}.get(where, (where,)):
        number = number.removeprefix(letters)
    return {"GR": "EL"}.get(where, where) + number


def _vat_valid(text: str, country: str) -> bool:
    # Old numbers of Ireland have a `+` or `*` as their second sign.
    number = signs_of(text)
    where = country.strip().upper() or number[:2]
    check = _vat_check(where)
    return check is not None and check(number) and not _is_none(where, number.removeprefix(where))


_NO_CHECKS = ("00", "98", "99")
_DUTCH = re.compile("[0-9]{9}B[0-9]{2}")


def _is_none(where: str, number: str) -> bool:
    """What the library takes and no office gives out: short Dutch ones, Belgian checks, births in the months 41 to 49 and 91 to 99."""
    if where == "NL":
        return not _DUTCH.fullmatch(number)
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
    category=CATEGORY,
    also=("python-stdnum fr.siren.is_valid",),
    examples=[example('siren_valid("552 008 443")', True), example('siren_valid("552008444")', False)],
)
def siren_valid(value: Datum) -> pa.Array:
    """Whether a text is a SIREN, the nine digits of a French company.

    Spaces are passed over, and dots and hyphens between digits. `siren_compact` gives the number without them.
    """
    return checked("fr.siren", value)


@function(
    "siren_compact(value: text) -> text",
    rejects=("R603",),
    category=CATEGORY,
    also=("python-stdnum fr.siren.compact",),
    examples=[example('siren_compact("552 008 443")', "552008443"), example('siren_compact("552008444")', rejected="R603")],
)
def siren_compact(value: Datum) -> Outcome:
    """A SIREN as its nine digits alone. What is none is a reject (R603)."""
    return _compacted(validity("fr.siren"), value)


@function(
    "siret_valid(value: text) -> bool",
    category=CATEGORY,
    also=("python-stdnum fr.siret.is_valid",),
    examples=[example('siret_valid("73282932000074")', True), example('siret_valid("73282932000079")', False)],
)
def siret_valid(value: Datum) -> pa.Array:
    """Whether a text is a SIRET, the 14 digits of a French establishment, those of La Poste among them.

    Spaces are passed over, and dots and hyphens between digits. `siret_compact` gives the number without them.
    """
    return checked("fr.siret", value)


@function(
    "siret_compact(value: text) -> text",
    rejects=("R603",),
    category=CATEGORY,
    also=("python-stdnum fr.siret.compact",),
    examples=[example('siret_compact("732 829 320 00074")', "73282932000074"), example('siret_compact("73282932000079")', rejected="R603")],
)
def siret_compact(value: Datum) -> Outcome:
    """A SIRET as its 14 digits alone. What is none is a reject (R603)."""
    return _compacted(validity("fr.siret"), value)
