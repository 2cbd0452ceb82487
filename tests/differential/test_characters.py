"""Every character of Unicode is to the engine what it is to the reference, whichever version of Unicode Python and the libraries have."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from datahub.functions import characters, load
from datahub.functions.columns import as_array
from tests.differential.characters import telling
from tests.differential.values import EVERY
from tests.reference.characters import CANONICAL, category
from tests.reference.meaning import MEANINGS

SEEN_ALONE = (
    "trim", "trim_left", "trim_right", "clean", "normalize_spaces", "is_blank", "upper", "lower", "title_case", "capitalize", "letters",
    "strip_accents", "slug", "snake_case", "camel_case", "pascal_case", "upper_snake_case", "phonetic", "html_strip", "email_valid",
    "url_valid", "iban_valid",
)  # fmt: skip
"""Functions of one text that look at its characters; `python -m tests.differential.long characters` asks all functions of text."""
AROUND: dict[str, tuple[str, ...]] = {
    "email_valid": ("a@b{}.fr", "a{}@b.fr"),
    "url_valid": ("http://a{}b.fr/", "http://a.fr/{}"),
    "gtin_valid": ("4006381{}333931",),
    "iban_valid": ("FR76 3000 6000{}0112 3456 7890 189",),
    "luhn_valid": ("{}79927398713",),
}


@pytest.mark.parametrize("name", SEEN_ALONE)
def test_a_character_is_what_the_reference_says(name: str) -> None:
    texts = [form.format(one) for form in AROUND.get(name, ("{}", "a{}B")) for one in telling() if one not in "{}"]
    said = MEANINGS[name].of
    found = as_array(load()[name].overloads[0].kernel(pa.array(texts)), len(texts)).to_pylist()
    assert [] == [(text, engine, said(text)) for text, engine in zip(texts, found, strict=True) if engine != said(text)][:10]


def test_the_table_is_that_of_what_python_and_arrow_know() -> None:
    """Two libraries that each know a part: Arrow letters, numbers and what is assigned, of Unicode 18; Python all categories, of an older one."""
    ours = categories()
    assert ours == {one: category(one) for one in EVERY if category(one)[0] in "LMN"}
    changed = {"\u0295", "\U0001171e"}
    older = {one: unicodedata.category(one) for one in EVERY if one not in changed}
    assert {one: told for one, told in older.items() if told[0] in "LMN"} == {
        one: ours[one] for one in ours if older.get(one, "Cn") != "Cn"
    }
    signs = pa.array(EVERY)
    for kernel, wanted in (("utf8_is_alpha", "L"), ("utf8_is_decimal", "Nd"), ("utf8_is_alnum", ("L", "N"))):
        found = getattr(pc, kernel)(signs).to_pylist()
        assert [one for one, told in zip(EVERY, found, strict=True) if told] == [
            one for one in EVERY if ours.get(one, "").startswith(wanted)
        ]


@cache
def categories() -> dict[str, str]:
    """Every letter, mark and number of the table."""
    every = characters.LETTERS + characters.MARKS + characters.NUMBERS
    return {chr(code): one for one in every for first, last in characters.runs(one) for code in range(first, last + 1)}


def test_characters_are_decomposed_as_unicode_18_has_it() -> None:
    signs = pa.array(EVERY)
    changed = dict(zip(EVERY, pc.utf8_normalize(signs, "NFD").to_pylist(), strict=True))
    wrong: list[Any] = [one for one, parts in CANONICAL.items() if changed[one] != "".join(changed[part] for part in parts)]
    assert [] == wrong
    assert [] == [one for one in EVERY if one not in CANONICAL and changed[one] != unicodedata.normalize("NFD", one)]


@pytest.mark.parametrize("wanted", [("Lu",), ("Mn",), characters.LETTERS + characters.MARKS])
def test_patterns_of_the_table_match_its_characters(wanted: tuple[str, ...]) -> None:
    found = pc.match_substring_regex(pa.array(EVERY), f"^[{characters.in_pattern(*wanted)}]$").to_pylist()
    ours = categories()
    assert [one for one, told in zip(EVERY, found, strict=True) if told] == [one for one in EVERY if ours.get(one) in wanted]
