"""Codes of countries, languages and currencies: known or not, found by name, turned from one standard into another."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import pyarrow as pa

from datahub.functions.characters import LETTERS, NUMBERS, decomposed, is_one_of
from datahub.functions.columns import Reject, map_distinct
from datahub.functions.declare import Datum, Outcome, example, function

LOCALES = ("en", "fr", "de", "es", "it", "nl", "pt")
"""Languages in which the names of countries and languages are known."""
FORMS = {"alpha_2": 0, "alpha_3": 1, "numeric": 2}


@function(
    'country_code(value: text, form: text! = "alpha_2") -> text',
    rejects=("R603",),
    also=("pycountry", "VRL enrichment table", "Excel Geography"),
    examples=[
        example('country_code("Allemagne")', "DE"),
        example('country_code("fra")', "FR"),
        example('country_code("FR", "alpha_3")', "FRA"),
        example('country_code("Atlantis")', rejected="R603"),
    ],
)
def country_code(value: Datum, form: str = "alpha_2") -> Outcome:
    """The ISO 3166 code of a country that is told by any of its codes, or by its name.

    Names are those of English, French, German, Spanish, Italian, Dutch and Portuguese; case and accents do not matter.
    So are names that files go on using (`Turkey`, `Holland`, `England`). `UK` and `EL` are read as `GB` and `GR`.
    `form` is `alpha_2`, `alpha_3` or `numeric`. What is no country is a reject (R603).
    """
    return map_distinct(partial(_country, _place(form, 3)), pa.string(), value)


def _place(form: str, count: int) -> int:
    """Where the code of a form stands among those of a record that has so many."""
    if FORMS.get(form, count) >= count:
        raise ValueError(f"it gives {' and '.join(f'`{one}`' for one in list(FORMS)[:count])}")
    return FORMS[form]


def _country(form: int, text: str) -> str | Reject:
    found = _countries().get(_plain(text))
    return Reject("R603") if found is None else found[form]


@function(
    "country_valid(value: text) -> bool",
    also=("pycountry",),
    examples=[example('country_valid("FR")', True), example('country_valid("XX")', False), example('country_valid("fr")', False)],
)
def country_valid(value: Datum) -> pa.Array:
    """Whether a text is a country's code of two capital letters (ISO 3166-1 alpha-2)."""
    return map_distinct(lambda text: _countries().get(_plain(text), (None,))[0] == text, pa.bool_(), value).values


@function(
    'country_name(value: text, language: text! = "en") -> text',
    rejects=("R603",),
    also=("babel Locale.territories", "Intl.DisplayNames"),
    examples=[
        example('country_name("DE")', "Germany"),
        example('country_name("DE", "fr")', "Allemagne"),
        example('country_name("XX")', rejected="R603"),
    ],
)
def country_name(value: Datum, language: str = "en") -> Outcome:
    """The name of a country in a language, told by any of its codes; what is no country is a reject (R603)."""
    return map_distinct(partial(_country_name, language), pa.string(), value)


def _country_name(language: str, text: str) -> str | Reject:
    found = _countries().get(_plain(text))
    if found is None:
        return Reject("R603")
    return str(names_in("territories", language).get(found[0], found[3]))


_USUAL = {
    "CZ": "république tchèque, tschechische republik, república checa, repubblica ceca",
    "GB": "great britain, england, scotland, wales, northern ireland, grande-bretagne, angleterre, écosse, irlande du nord, "
    "großbritannien, england und wales, gran bretaña, gran bretagna, inghilterra, groot-brittannië, engeland, grã-bretanha",
    "NL": "holland, the netherlands, hollande, holanda, olanda",
    "IE": "republic of ireland, eire, république d'irlande, republik irland",
    "TR": "turkey",
    "CI": "ivory coast",
    "SZ": "swaziland",
    "MK": "macedonia, fyrom, macédoine, mazedonien",
    "MM": "burma, birmanie, birma",
    "MO": "macau",
    "PS": "palestine",
    "CD": "dr congo, drc, rdc, democratic republic of congo",
    "VA": "vatican, vatican city",
    "AE": "uae, u.a.e., emirates",
    "US": "united states america, etats-unis d'amérique, vereinigte staaten von amerika",
    "CV": "cape verde",
    "BY": "biélorussie, weißrussland",
}
"""What files call countries whose names have changed, are shortened, or are those of a part."""


@cache
def _countries() -> dict[str, tuple[str, str, str, str]]:
    """The codes of a country, and its English name, by each of its codes and names in plain letters."""
    import pycountry

    found: dict[str, tuple[str, str, str, str]] = {}
    codes = {}
    for one in pycountry.countries:
        record = (one.alpha_2, one.alpha_3, one.numeric, one.name)
        codes[one.alpha_2] = record
        for name in (one.name, getattr(one, "official_name", ""), getattr(one, "common_name", "")):
            found.setdefault(_plain(name), record)
    for locale in LOCALES:
        for code, name in names_in("territories", locale).items():
            if code in codes:
                found.setdefault(_plain(name), codes[code])
    for record in codes.values():
        for code in record[:3]:
            found[_plain(code)] = record
    for code, written in _USUAL.items():
        for name in written.split(","):
            found.setdefault(_plain(name), codes[code])
    found["uk"], found["el"] = codes["GB"], codes["GR"]
    found.pop("", None)
    return found


@cache
def names_in(what: str, locale: str) -> dict[str, str]:
    """What a language calls territories, languages or currencies; nothing where the language is not known."""
    from babel import Locale, UnknownLocaleError

    try:
        return dict(getattr(Locale.parse(locale), what))
    except (UnknownLocaleError, ValueError):
        return {}


def _plain(text: str) -> str:
    """The letters and digits of a text, in lower case and without accents: how names are compared."""
    return "".join(letter for letter in decomposed(text.casefold(), "NFKD") if is_one_of(letter, LETTERS + NUMBERS))


@function(
    'language_code(value: text, form: text! = "alpha_2") -> text',
    rejects=("R603",),
    also=("pycountry.languages",),
    examples=[
        example('language_code("français")', "fr"),
        example('language_code("deu")', "de"),
        example('language_code("fr", "alpha_3")', "fra"),
        example('language_code("Klingonisch")', rejected="R603"),
    ],
)
def language_code(value: Datum, form: str = "alpha_2") -> Outcome:
    """The ISO 639 code of a language that is told by any of its codes, or by its name in one of seven languages or its own.

    `form` is `alpha_2` or `alpha_3`. A text such as `fr-BE` counts by what stands before the mark. What is no language
    with a code of two letters is a reject (R603).
    """
    return map_distinct(partial(_language, _place(form, 2)), pa.string(), value)


def _language(form: int, text: str) -> str | Reject:
    known = _languages()
    found = known.get(_plain(text)) or known.get(_plain(text.replace("_", "-").partition("-")[0]))
    return Reject("R603") if found is None else found[form]


@function(
    "language_valid(value: text) -> bool",
    also=("pycountry.languages",),
    examples=[example('language_valid("fr")', True), example('language_valid("xx")', False)],
)
def language_valid(value: Datum) -> pa.Array:
    """Whether a text is a language's code of two small letters (ISO 639-1)."""
    return map_distinct(lambda text: _languages().get(_plain(text), (None,))[0] == text, pa.bool_(), value).values


@cache
def _languages() -> dict[str, tuple[str, str]]:
    import pycountry

    found: dict[str, tuple[str, str]] = {}
    codes: dict[str, tuple[str, str]] = {}
    for one in pycountry.languages:
        short = getattr(one, "alpha_2", "")
        if short:
            record = (short, one.alpha_3)
            codes[short] = record
            found.setdefault(_plain(one.name), record)
            found.setdefault(_plain(getattr(one, "bibliographic", "")), record)
    for locale in (*LOCALES, *codes):
        names = names_in("languages", locale)
        wanted = codes if locale in LOCALES else {locale: codes[locale]}
        for code, record in wanted.items():
            found.setdefault(_plain(names.get(code, "")), record)
    for record in codes.values():
        found[_plain(record[0])] = found[_plain(record[1])] = record
    found.pop("", None)
    return found


DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""The currencies that ISO 4217 gives other minor units than two digits."""
NO_MONEY = frozenset(("XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"))
"""Codes of ISO 4217 for metals, units of account and tests: nobody pays in them."""


@cache
def currencies() -> dict[str, int]:
    """How many digits amounts have after the point, by the code of the currency (ISO 4217)."""
    import pycountry

    other = {code: digits for digits, some in DIGITS.items() for code in some.split()}
    return {one.alpha_3: other.get(one.alpha_3, 2) for one in pycountry.currencies if one.alpha_3 not in NO_MONEY}


@function(
    "currency_valid(value: text) -> bool",
    also=("pycountry.currencies",),
    examples=[example('currency_valid("EUR")', True), example('currency_valid("XXX")', False), example('currency_valid("eur")', False)],
)
def currency_valid(value: Datum) -> pa.Array:
    """Whether a text is a currency's code of three capital letters (ISO 4217) that one can pay in."""
    return map_distinct(lambda text: text in currencies(), pa.bool_(), value).values


@function(
    "currency_digits(value: text) -> int",
    rejects=("R603",),
    also=("Intl.NumberFormat maximumFractionDigits", "babel get_currency_precision"),
    examples=[
        example('currency_digits("EUR")', 2),
        example('currency_digits("JPY")', 0),
        example('currency_digits("XXX")', rejected="R603"),
    ],
)
def currency_digits(value: Datum) -> Outcome:
    """How many digits amounts of a currency have after the point (ISO 4217); what is no currency is a reject (R603)."""
    return map_distinct(digits_of, pa.int64(), value)


def digits_of(text: str) -> Any:
    """The digits of a currency, or a reject."""
    return currencies().get(text, Reject("R603"))
