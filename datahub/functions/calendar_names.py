"""Names of months and days in seven languages, pinned here so that no machine's locale has a say."""

from __future__ import annotations

from functools import cache

from datahub.functions.characters import MARKS, decomposed, is_one_of
from datahub.records import record


@record(frozen=True, slots=True)
class Names:
    """The names of one language: months from January, days from Monday, each in full and short."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]


def _names(months: str, short_months: str, days: str, short_days: str) -> Names:
    return Names(tuple(months.split()), tuple(short_months.split()), tuple(days.split()), tuple(short_days.split()))


LOCALES: dict[str, Names] = {
    "en": _names(
        "January February March April May June July August September October November December",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "Mon Tue Wed Thu Fri Sat Sun",
    ),
    "fr": _names(
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "lun. mar. mer. jeu. ven. sam. dim.",
    ),
    "de": _names(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        "Mo. Di. Mi. Do. Fr. Sa. So.",
    ),
    "es": _names(
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "ene feb mar abr may jun jul ago sept oct nov dic",
        "lunes martes miércoles jueves viernes sábado domingo",
        "lun mar mié jue vie sáb dom",
    ),
    "it": _names(
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "gen feb mar apr mag giu lug ago set ott nov dic",
        "lunedì martedì mercoledì giovedì venerdì sabato domenica",
        "lun mar mer gio ven sab dom",
    ),
    "nl": _names(
        "januari februari maart april mei juni juli augustus september oktober november december",
        "jan feb mrt apr mei jun jul aug sep okt nov dec",
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
        "ma di wo do vr za zo",
    ),
    "pt": _names(
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
        "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
        "seg. ter. qua. qui. sex. sáb. dom.",
    ),
}
_FURTHER_MONTHS = {
    "es": {"sep": 9, "set": 9},
    "fr": {"jan": 1, "fev": 2, "sep": 9},
    "de": {"jän": 1, "mrz": 3, "sep": 9},
    "en": {"sept": 9},
}
"""Abbreviations that files hold beside those that are written here."""


def names_of(locale: str) -> Names:
    """The names of a language; English where none is told or known. `fr-BE` and `fr_BE` are French."""
    return LOCALES.get(locale.lower()[:2], LOCALES["en"])


def is_known(locale: str) -> bool:
    """Whether the names of a language are known: `fr`, or `fr-BE` and `fr_BE`."""
    language, _, country = locale.replace("_", "-").lower().partition("-")
    return language in LOCALES and (not country or country.isalpha())


@cache
def month_numbers(locale: str) -> dict[str, int]:
    """What each name of a month, as `folded` leaves it, stands for."""
    names = names_of(locale)
    listed = {folded(name): at % 12 + 1 for at, name in enumerate((*names.months, *names.short_months))}
    return listed | {folded(name): at for name, at in _FURTHER_MONTHS.get(locale.lower()[:2] or "en", {}).items()}


@cache
def day_numbers(locale: str) -> dict[str, int]:
    """What each name of a day, as `folded` leaves it, stands for: 1 is Monday."""
    names = names_of(locale)
    return {folded(name): at % 7 + 1 for at, name in enumerate((*names.days, *names.short_days))}


def folded(name: str) -> str:
    """A name without accents, case and final point: files are careless about them."""
    return "".join(letter for letter in decomposed(name.casefold(), "NFD") if not is_one_of(letter, MARKS)).removesuffix(".")
