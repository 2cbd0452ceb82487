"""What the functions of commerce mean: checksums by hand; for IBAN, phones and names the libraries are the oracles."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import phonenumbers
import pycountry
from babel import Locale, UnknownLocaleError
from stdnum import get_cc_module

from datahub.types import model as t
from tests.reference import accounts
from tests.reference import numbers_of_firms as by_hand
from tests.reference.characters import category, decomposed, is_letter
from tests.reference.meaning import Asked, Reject, means
from tests.reference.numbers import exact, rounded

GTINS = (8, 12, 13, 14)
LANGUAGES = ("en", "fr", "de", "es", "it", "nl", "pt")


@means("gtin_valid")
def gtin_valid(value: str) -> bool:
    return re.fullmatch("[0-9]+", value) is not None and len(value) in GTINS and by_hand.gtin_digit(value[:-1]) == value[-1]


@means("gtin_check_digit")
def gtin_check_digit(value: str) -> str:
    if re.fullmatch("[0-9]+", value) is None or len(value) + 1 not in GTINS:
        raise Reject("R603")
    return by_hand.gtin_digit(value)


GAPS = " \u00a0\u202f"


def signs(value: str) -> str:
    """The letters and digits of a number, as capitals: between two of them are spaces, or one dot or hyphen; else it is none."""
    found, gap = "", ""
    for one in value.strip(GAPS):
        if one in GAPS or one in ".-":
            gap += one
        elif (
            not one.isascii() or not (one.isalnum() or (found and one in "+*")) or (gap and not found) or (len(gap) > 1 and gap.strip(GAPS))
        ):
            return ""
        else:
            found, gap = found + one.upper(), ""
    return "" if gap else found


VALID = {
    "iban": lambda value: accounts.formed(signs(value)),
    "bic": lambda value: by_hand.bic(signs(value)),
    "siren": lambda value: by_hand.siren(signs(value)),
    "siret": lambda value: by_hand.siret(signs(value)),
}


def compacted(name: str, value: str) -> str:
    if not VALID[name](value):
        raise Reject("R603")
    return signs(value)


for kind, valid in VALID.items():
    means(f"{kind}_valid")(valid)
    means(f"{kind}_compact")(partial(compacted, kind))
means("luhn_valid")(by_hand.luhn)
means("isbn_valid")(lambda value: by_hand.isbn(_isbn(value)))


def _isbn(value: str) -> str:
    """Without what stands between its parts, in capitals; what lacks a 0 in front, as old books print it, gets it."""
    found = signs(value)
    return "0" + found if len(found) == 9 else found


@means("isbn_13")
def isbn_13(value: str) -> str:
    found = _isbn(value)
    if not by_hand.isbn(found):
        raise Reject("R603")
    return found if len(found) == 13 else "978" + found[:9] + by_hand.gtin_digit("978" + found[:9])


@means("vat_valid")
def vat_valid(value: str, country: str = "") -> bool:
    number = signs(value)
    where = country.strip().upper() or number[:2]
    if re.fullmatch("[A-Z]{2}", where) is None:
        return False
    own = by_hand.vat(where, number.removeprefix("EL").removeprefix("GR") if where in ("EL", "GR") else number.removeprefix(where))
    if own is not None:
        return own
    module = get_cc_module({"EL": "gr", "XI": "gb"}.get(where, where.lower()), "vat")
    return module is not None and bool(module.is_valid(number))


@means("vat_compact")
def vat_compact(value: str, country: str = "") -> str:
    if not vat_valid(value, country):
        raise Reject("R603")
    where = country.strip().upper() or signs(value)[:2]
    of = ("GR", "EL") if where in ("GR", "EL") else (where,)
    number = signs(value)
    # Two letters at most stand in front, of the country as it was told before any other.
    for letters in sorted(of, key=lambda one: one != where):
        number = number.removeprefix(letters)
    return ("EL" if where == "GR" else where) + number


@means("phone_e164")
def phone_e164(value: str, country: str = "") -> str:
    try:
        number = phonenumbers.parse(value, country.strip().upper() or None)
    except phonenumbers.NumberParseException:
        raise Reject("R603") from None
    if not phonenumbers.is_valid_number(number):
        raise Reject("R603")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@means("email_valid")
def email_valid(value: str) -> bool:
    name, mark, domain = value.rpartition("@")
    labels = domain.split(".")
    return (
        bool(mark)
        and len(value) <= 254
        and len(name) <= 64
        and re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", name) is not None
        and len(labels) > 1
        and all(map(label_valid, labels))
    )


def label_valid(label: str) -> bool:
    inner = [one for one in label if one != "-"]
    letters = all(is_letter(one) or category(one) == "Nd" for one in inner)
    return letters and 0 < len(label) < 64 and not label.startswith("-") and not label.endswith("-")


@means("url_valid")
def url_valid(value: str) -> bool:
    match = re.fullmatch(r"(?i:https?|ftps?|sftp)://(?:[^/?#@]+@)?(\[[0-9A-Fa-f:.]+\]|[^/?#@:]+)(?::([0-9]{1,5}))?([/?#].*)?", value)
    if match is None or any(one.isspace() or category(one) == "Cc" for one in value):
        return False
    host = match[1]
    if match[2] and int(match[2]) > 65535:
        return False
    return host.startswith("[") or all(map(label_valid, host.removesuffix(".").split(".")))


# ---------------------------------------------------------------- codes


def bare(text: str) -> str:
    """How names are compared: letters and digits, without case and accents."""
    return "".join(one for one in decomposed(text.casefold(), compatible=True) if category(one)[0] in "LN")


COUNTRIES: dict[str, Any] = {}
for _country in pycountry.countries:
    for _name in (_country.name, getattr(_country, "official_name", ""), getattr(_country, "common_name", "")):
        COUNTRIES.setdefault(bare(_name), _country)
for _language in LANGUAGES:
    for _code, _name in Locale(_language).territories.items():
        if pycountry.countries.get(alpha_2=_code):
            COUNTRIES.setdefault(bare(_name), pycountry.countries.get(alpha_2=_code))
for _country in pycountry.countries:
    COUNTRIES |= {bare(one): _country for one in (_country.alpha_2, _country.alpha_3, _country.numeric)}
for _code, _written in (
    ("CZ", "République tchèque|Tschechische Republik|República checa|Repubblica ceca"),
    ("GB", "Great Britain|England|Scotland|Wales|Northern Ireland|Grande-Bretagne|Angleterre|Écosse|Irlande du Nord|Großbritannien"),
    ("GB", "England und Wales|Gran Bretaña|Gran Bretagna|Inghilterra|Groot-Brittannië|Engeland|Grã-Bretanha"),
    ("NL", "Holland|The Netherlands|Hollande|Holanda|Olanda"), ("IE", "Republic of Ireland|Eire|République d'Irlande|Republik Irland"),
    ("TR", "Turkey"), ("CI", "Ivory Coast"), ("SZ", "Swaziland"), ("MK", "Macedonia|FYROM|Macédoine|Mazedonien"), ("MM", "Burma|Birmanie|Birma"),
    ("MO", "Macau"), ("PS", "Palestine"), ("CD", "DR Congo|DRC|RDC|Democratic Republic of Congo"), ("VA", "Vatican|Vatican City"),
    ("AE", "UAE|U.A.E.|Emirates"), ("US", "United States America|Etats-Unis d'Amérique|Vereinigte Staaten von Amerika"), ("CV", "Cape Verde"),
    ("BY", "Biélorussie|Weißrussland"),
):  # fmt: skip
    for _name in _written.split("|"):
        COUNTRIES.setdefault(bare(_name), pycountry.countries.get(alpha_2=_code))
COUNTRIES |= {"uk": pycountry.countries.get(alpha_2="GB"), "el": pycountry.countries.get(alpha_2="GR")}
COUNTRIES.pop("", None)


def country(value: str) -> Any:
    found = COUNTRIES.get(bare(value))
    if found is None:
        raise Reject("R603")
    return found


@means("country_code")
def country_code(value: str, form: str = "alpha_2") -> str:
    return str(getattr(country(value), form))


@means("country_name")
def country_name(value: str, language: str = "en") -> str:
    return str(Locale(language).territories.get(country(value).alpha_2, country(value).name))


@means("country_valid")
def country_valid(value: str) -> bool:
    return value in by_hand.COUNTRIES


TONGUES: dict[str, Any] = {}
_short = [one for one in pycountry.languages if getattr(one, "alpha_2", "")]
for _one in _short:
    TONGUES.setdefault(bare(_one.name), _one)
    TONGUES.setdefault(bare(getattr(_one, "bibliographic", "")), _one)
for _language in LANGUAGES:
    for _one in _short:
        TONGUES.setdefault(bare(Locale(_language).languages.get(_one.alpha_2, "")), _one)
for _one in _short:
    with suppress(UnknownLocaleError):
        TONGUES.setdefault(bare(Locale(_one.alpha_2).languages.get(_one.alpha_2, "")), _one)
for _one in _short:
    TONGUES[bare(_one.alpha_2)] = TONGUES[bare(_one.alpha_3)] = _one
TONGUES.pop("", None)


@means("language_code")
def language_code(value: str, form: str = "alpha_2") -> str:
    found = TONGUES.get(bare(value)) or TONGUES.get(bare(re.split("[-_]", value)[0]))
    if found is None:
        raise Reject("R603")
    return str(getattr(found, form))


@means("language_valid")
def language_valid(value: str) -> bool:
    return re.fullmatch("[a-z]{2}", value) is not None and pycountry.languages.get(alpha_2=value) is not None


MINOR = {0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 3: "BHD IQD JOD KWD LYD OMR TND", 4: "CLF UYW"}


@means("currency_valid")
def currency_valid(value: str) -> bool:
    return value in by_hand.CURRENCIES


@means("currency_digits")
def currency_digits(value: str) -> int:
    if not currency_valid(value):
        raise Reject("R603")
    return next((digits for digits, codes in MINOR.items() if value in codes.split()), 2)


# ---------------------------------------------------------------- money


def share(rate: Decimal | int) -> Fraction:
    if not 0 <= rate <= 1:
        raise Reject("R603")
    return Fraction(rate)


def _at(value: Fraction, digits: int, asked: Asked) -> Decimal:
    return exact(Fraction(rounded(value * Fraction(10) ** digits)) / Fraction(10) ** digits, asked.kind)


@means("vat_of", asks=True)
def vat_of(asked: Asked, net: Decimal, rate: Decimal, digits: int = 2) -> Decimal:
    return _at(Fraction(net) * share(rate), digits, asked)


@means("gross_of", asks=True)
def gross_of(asked: Asked, net: Decimal, rate: Decimal, digits: int = 2) -> Decimal:
    return _at(Fraction(net) * (1 + share(rate)), digits, asked)


@means("net_of", asks=True)
def net_of(asked: Asked, gross: Decimal, rate: Decimal, digits: int = 2) -> Decimal:
    return _at(Fraction(gross) / (1 + share(rate)), digits, asked)


@means("round_money", asks=True)
def round_money(asked: Asked, amount: Decimal, currency: str) -> Decimal:
    return _at(Fraction(amount), currency_digits(currency), asked)


@means("proration", asks=True)
def proration(asked: Asked, amount: Decimal, weights: list[Any], digits: int = 2) -> list[Decimal]:
    """Rounded down all; what is left goes to those that lost most, the first of equals first."""
    parts = [Fraction(one or 0) for one in weights]
    if any(part < 0 for part in parts):
        raise Reject("R603")
    kind = t.parts(t.base_of(asked.kind))[0]
    units = rounded(Fraction(amount) * 10**digits)
    exact(Fraction(units, 10**digits), kind)
    if not sum(parts) and units:
        raise Reject("R601")
    portions = [abs(units) * part / (sum(parts) or 1) for part in parts]
    shares = [portion.numerator // portion.denominator for portion in portions]
    order = sorted(range(len(parts)), key=lambda at: (-(portions[at] - shares[at]), at))
    for at in order[: abs(units) - sum(shares)]:
        shares[at] += 1
    return [exact(Fraction(one if units >= 0 else -one, 10**digits), kind) for one in shares]


UNITS: dict[str, tuple[str, Fraction]] = {}
for _kind, _units in {
    "weight": "kg=1 KGM=1 g=0.001 GRM=0.001 mg=0.000001 MGM=0.000001 t=1000 TNE=1000 lb=0.45359237 LBR=0.45359237 lbm=0.45359237 "
    "oz=0.028349523125 ONZ=0.028349523125 ozm=0.028349523125",
    "volume": "m3=1 m³=1 MTQ=1 L=0.001 LTR=0.001 dL=0.0001 DLT=0.0001 cL=0.00001 CLT=0.00001 mL=0.000001 MLT=0.000001 dm3=0.001 DMQ=0.001 "
    "cm3=0.000001 CMQ=0.000001 gal=0.003785411784 GLL=0.003785411784 qt=0.000946352946 QTL=0.000946352946 pt=0.000473176473 "
    "PTL=0.000473176473 fl_oz=0.0000295735295625 floz=0.0000295735295625 OZA=0.0000295735295625 uk_gal=0.00454609 GLI=0.00454609 "
    "uk_qt=0.0011365225 QTI=0.0011365225 uk_pt=0.00056826125 PTI=0.00056826125 uk_fl_oz=0.0000284130625 OZI=0.0000284130625",
    "length": "mi=1609.344 SMI=1609.344 m=1 MTR=1 km=1000 KMT=1000 dm=0.1 DMT=0.1 cm=0.01 CMT=0.01 mm=0.001 MMT=0.001 yd=0.9144 YRD=0.9144 ft=0.3048 FOT=0.3048 "
    "in=0.0254 INH=0.0254",
    "area": "km2=1000000 km²=1000000 KMK=1000000 ha=10000 HAR=10000 m2=1 m²=1 MTK=1 cm2=0.0001 CMK=0.0001 mm2=0.000001 MMK=0.000001 dm2=0.01 DMK=0.01 ft2=0.09290304 ft²=0.09290304 "
    "FTK=0.09290304 in2=0.00064516 INK=0.00064516 yd2=0.83612736 YDK=0.83612736",
}.items():
    for _unit in _units.split():
        UNITS[_unit.partition("=")[0].casefold().replace("_", " ")] = (_kind, Fraction(_unit.partition("=")[2]))


def unit(name: str) -> tuple[str, Fraction] | None:
    return UNITS.get(" ".join(name.casefold().replace("_", " ").split()))


THERMOMETERS = {
    name: (Fraction(zero), Fraction(size))
    for names, zero, size in (("k kel", "0", "1"), ("c °c cel", "273.15", "1"), ("f °f fah", "459.67", "5/9"))
    for name in names.split()
}
"""How many of its degrees a scale's zero is above the coldest, and how large they are: nothing is colder than -273.15 °C or -459.67 °F."""


def thermometer(name: str) -> tuple[Fraction, Fraction] | None:
    return THERMOMETERS.get(" ".join(name.casefold().replace("_", " ").split()))


@means("convert_unit", asks=True)
def convert_unit(asked: Asked, value: Decimal, source: str, target: str) -> Decimal:
    old, new = thermometer(source), thermometer(target)
    if old is not None and new is not None:
        (above, below), (over, under) = old, new
        return exact((Fraction(value) + above) * below / under - over, asked.kind)
    given, wanted = unit(source), unit(target)
    if given is None or wanted is None or given[0] != wanted[0]:
        raise Reject("R603")
    return exact(Fraction(value) * given[1] / wanted[1], asked.kind)


@means("unit_kind")
def unit_kind(name: str) -> str | None:
    found = unit(name)
    return found[0] if found else "temperature" if thermometer(name) else None
