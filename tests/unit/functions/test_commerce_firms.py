"""What numbers of firms pass over is the same for all of them, and what passed has one form."""

from __future__ import annotations

import pytest

from datahub.testing.expressions import answer
from tests.reference import commerce as reference
from tests.reference.meaning import MEANINGS, Reject

NUMBERS = {
    "siren": "303265045",
    "siret": "35600000000048",
    "iban": "FR7630006000011234567890189",
    "bic": "BNPAFRPP",
    "vat": "FR40303265045",
}


def spread(number: str, gap: str) -> str:
    return number[:4] + gap + number[4:7] + gap + number[7:]


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("gap", [" ", "  ", "\u00a0", "\u202f", ".", "-"])
def test_spaces_dots_and_hyphens_between_signs_are_passed_over(kind, gap):
    written = spread(NUMBERS[kind].lower(), gap)

    assert answer(f'{kind}_valid("{written}")').value is True
    assert NUMBERS[kind] == answer(f'{kind}_compact("{written}")').value
    assert NUMBERS[kind] == MEANINGS[f"{kind}_compact"].of(written)


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("damage", ["{}\\n", "\\t{}", "...{}...", "-{}", "{}.", "/{}", "{}/", "\ufeff{}"])
def test_nothing_else_is(kind, damage):
    written = damage.format(NUMBERS[kind])

    assert answer(f'{kind}_valid("{written}")').value is False
    assert "R603" == answer(f'{kind}_compact("{written}")').rejected
    with pytest.raises(Reject):
        MEANINGS[f"{kind}_compact"].of(written.replace("\\n", "\n").replace("\\t", "\t"))


@pytest.mark.parametrize("kind", [*NUMBERS, "luhn", "isbn", "gtin"])
def test_digits_of_other_scripts_are_none(kind):
    number = {**NUMBERS, "luhn": "4111111111111111", "isbn": "9783161484100", "gtin": "4006381333931"}[kind]
    assert answer(f'{kind}_valid("{number}")').value is True

    wide = "".join(chr(ord(one) + 0xFEE0) if one.isdigit() else one for one in number)
    if wide != number:
        assert answer(f'{kind}_valid("{wide}")').value is False
        assert MEANINGS[f"{kind}_valid"].of(wide) is False
    assert answer(f'{kind}_valid("{number}\\n")').value is False


@pytest.mark.parametrize(
    ("call", "compact"),
    [
        ('vat_compact("094259216", "GR")', "EL094259216"),
        ('vat_compact("GR094259216")', "EL094259216"),
        ('vat_compact("40303265045", "fr")', "FR40303265045"),
        ('vat_compact("NL4495445B01")', None),
        ('vat_compact("NL004495445B01")', "NL004495445B01"),
    ],
)
def test_a_vat_number_has_the_letters_of_its_country(call, compact):
    found = answer(call)

    assert compact == found.value
    assert ("" if compact else "R603") == found.rejected


def test_ports_end_at_65535():
    for port, good in (("0", True), ("80", True), ("65535", True), ("65536", False), ("99999", False), ("00080", True), ("000080", False)):
        address = f"http://localhost:{port}/"
        assert answer(f'url_valid("{address}")').value is good
        assert reference.url_valid(address) is good
