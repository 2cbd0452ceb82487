"""The form of an IBAN in each country, as the registry of ISO 13616 has it: written down by hand, without the library of the engine.

`5n11c2n` is five digits, eleven digits or capitals, two digits; `a` is a capital letter. Accounts of Belgium, Spain, Montenegro and
Norway have checks of their own, by the rules of their banks.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.reference.numbers_of_firms import remainder_97

FORMS = {
    "AD": "8n12c", "AE": "19n", "AL": "8n16c", "AT": "16n", "AZ": "4a20c", "BA": "16n", "BE": "12n", "BG": "4a6n8c", "BH": "4a14c", "BR": "23n1a1c",
    "BY": "4c4n16c", "CH": "5n12c", "CR": "18n", "CY": "8n16c", "CZ": "20n", "DE": "18n", "DK": "14n", "DO": "4c20n", "EE": "16n", "EG": "25n",
    "ES": "20n", "FI": "14n", "FO": "14n", "FR": "10n11c2n", "GB": "4a14n", "GE": "2a16n", "GI": "4a15c", "GL": "14n", "GR": "7n16c", "GT": "24c",
    "HR": "17n", "HU": "24n", "IE": "4a14n", "IL": "19n", "IQ": "4a15n", "IS": "22n", "IT": "1a10n12c", "JO": "4a4n18c", "KW": "4a22c", "KZ": "3n13c",
    "LB": "4n20c", "LC": "4a24c", "LI": "5n12c", "LT": "16n", "LU": "3n13c", "LV": "4a13c", "MC": "10n11c2n", "MD": "20c", "ME": "18n", "MK": "3n10c2n",
    "MR": "23n", "MT": "4a5n18c", "MU": "4a19n3a", "NL": "4a10n", "NO": "11n", "PK": "4a16c", "PL": "24n", "PS": "4a21c", "PT": "21n", "QA": "4a21c",
    "RO": "4a16c", "RS": "18n", "SA": "2n18c", "SC": "4a20n3a", "SE": "20n", "SI": "15n", "SK": "20n", "SM": "1a10n12c", "ST": "21n", "SV": "4a20n",
    "TL": "19n", "TN": "20n", "TR": "6n16c", "UA": "6n19c", "VA": "18n", "VG": "4a16n", "XK": "16n",
    "BI": "23n", "DJ": "23n", "FK": "2a12n", "HN": "4a20n", "LY": "21n", "MN": "16n", "NI": "4a20n", "OM": "3n16c", "RU": "14n15c", "SD": "14n",
    "SO": "19n", "YE": "4a4n18c",
}  # fmt: skip
CLASSES = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}


def formed(number: str) -> bool:
    """Whether an IBAN has its country's form, the check of all, and its country's own."""
    country, account = number[:2], number[4:]
    pattern = "".join(f"{CLASSES[kind]}{{{count}}}" for count, kind in re.findall("([0-9]+)([nac])", FORMS.get(country, "")))
    if not pattern or re.fullmatch(f"[A-Z]{{2}}[0-9]{{2}}{pattern}", number) is None or remainder_97(account + number[:4]) != 1:
        return False
    return country not in INSIDE or INSIDE[country](account)


def _spanish(account: str) -> bool:
    """A digit for bank and branch and one for the account, modulus 11; ten is 1."""
    weights = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)
    digits = [-sum(weight * int(one) for weight, one in zip(weights, part)) % 11 for part in ("00" + account[:8], account[10:])]
    return account[8:10] == "".join("1" if one == 10 else str(one) for one in digits)


INSIDE: dict[str, Callable[[str], bool]] = {
    "BE": lambda account: (int(account[:10]) % 97 or 97) == int(account[10:]),
    "ES": _spanish,
    "ME": lambda account: int(account) % 97 == 1,
    "NO": lambda account: -sum(weight * int(one) for weight, one in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), account)) % 11 == int(account[10]),
}
"""The checks of countries that have one of their own."""
