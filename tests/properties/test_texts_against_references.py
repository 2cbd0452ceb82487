"""Functions over texts against what says the same in Python, a text at a time: slugs, HTML, distances, JSON, addresses."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean, isbn, luhn
from stdnum.fr import siren

from datahub.functions import commerce, commerce_firms, encoding, json_values, likeness, list_building, markup, records, wording

LETTERS = st.text(st.sampled_from("aZ9- é_ÉœßK\u212aİ日.\u0301Ÿž한\n"), max_size=9)
PIECES = st.sampled_from(
    ["a", "b ", "<p>", "</b>", "<br/>", "&amp;", "&eacute;", "&nbsp;", "&", "&#233;", "&#x41;", "&lt;", "<", ">", "&amp", "&notit;", "&nGt;",
     "&CounterClockwiseContourIntegral;", "\u00a0", "\n", " ", "é", "日", "<!-- x > y -->", "<script>a</script>", "<style >b</style>", "<span>",
     "< p>", ";", "&;", "&#;", "&a&b;", "&#0;", "&copy2020"]
)  # fmt: skip
WORDS = st.text("abé", max_size=7) | st.text("ab", max_size=20) | st.text("ab", min_size=60, max_size=70)
MARKUP = st.lists(PIECES, max_size=7).map("".join)


def columns(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[str | None]]:
    return st.lists(texts | st.none(), max_size=8)


def column(texts: list[str | None]) -> pa.Array:
    """The texts, as a slice of a longer column."""
    return pa.array(["before", *texts, "after"], pa.string())[1 : len(texts) + 1]


@given(columns(LETTERS))
def test_a_slug_is_lower_case_without_marks_and_all_else_a_dash(texts: list[str | None]) -> None:
    def plain(text: str) -> str:
        bare = "".join(letter for letter in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(letter) != "Mn")
        return re.sub("[^a-z0-9]+", "-", bare).strip("-")

    assert [text if text is None else plain(text) for text in texts] == wording.slug(column(texts)).to_pylist()


@given(columns(LETTERS))
def test_accents_are_stripped_and_the_rest_composed_again(texts: list[str | None]) -> None:
    def plain(text: str) -> str:
        if text.isascii():
            return text
        bare = "".join(letter for letter in unicodedata.normalize("NFD", text) if unicodedata.category(letter) != "Mn")
        return unicodedata.normalize("NFC", bare)

    assert [text if text is None else plain(text) for text in texts] == wording.strip_accents(column(texts)).to_pylist()


@given(columns(LETTERS))
def test_transliterated_text_is_ascii(texts: list[str | None]) -> None:
    assert all(text is None or text.isascii() for text in wording.ascii_letters(column(texts)).to_pylist())


@given(columns(MARKUP))
def test_html_is_decoded_as_python_decodes_it(texts: list[str | None]) -> None:
    assert [text if text is None else html.unescape(text) for text in texts] == markup.html_unescape(column(texts)).to_pylist()


@given(columns(MARKUP))
def test_html_is_stripped_as_by_regular_expressions(texts: list[str | None]) -> None:
    def plain(text: str) -> str:
        text = re.sub(r"(?is)<!--.*?-->|<(script|style)\b.*?</\1\s*>", " ", text)
        return re.sub("[ \t\n\v\f\r\u00a0]+", " ", html.unescape(re.sub("<[A-Za-z/!?][^>]*>", " ", text))).strip(" ")

    assert [text if text is None else plain(text) for text in texts] == markup.html_strip(column(texts)).to_pylist()


@given(columns(MARKUP))
def test_escaped_html_is_decoded_to_itself(texts: list[str | None]) -> None:
    assert texts == markup.html_unescape(markup.html_escape(column(texts))).to_pylist()


@given(st.lists(st.tuples(WORDS, WORDS), max_size=9))
def test_the_edit_distance_is_that_of_the_table(pairs: list[tuple[str, str]]) -> None:
    def distance(left: str, right: str) -> int:
        before = list(range(len(right) + 1))
        for at, letter in enumerate(left, 1):
            row = [at]
            for to, other in enumerate(right, 1):
                row.append(min(before[to] + 1, row[-1] + 1, before[to - 1] + (letter != other)))
            before = row
        return before[-1]

    left, right = (pa.array([pair[side] for pair in pairs], pa.string()) for side in (0, 1))
    assert [distance(*pair) for pair in pairs] == likeness.edit_distance(left, right).to_pylist()


@given(columns(st.text(max_size=12).filter(lambda text: not re.search("[\ud800-\udfff]", text))))
def test_text_survives_being_encoded_and_decoded(texts: list[str | None]) -> None:
    for encode, decode in (
        (encoding.base64_encode, encoding.base64_decode),
        (encoding.hex_encode, encoding.hex_decode),
        (encoding.url_encode, encoding.url_decode),
    ):
        decoded = decode(encode(column(texts)))
        assert (texts, ()) == (decoded.values.to_pylist(), decoded.failed)
    assert [text if text is None else quote(text, safe="") for text in texts] == encoding.url_encode(column(texts)).to_pylist()


@given(columns(st.lists(st.sampled_from(["%4", "%41", "%zz", "%", "é", "+", "%C3%A9", "a"]), max_size=5).map("".join)))
def test_percent_signs_are_decoded_or_refused(texts: list[str | None]) -> None:
    result = encoding.url_decode(column(texts))
    wrong = {row for mask, _ in result.failed for row in mask.nonzero()[0]}
    for row, text in enumerate(texts):
        strange = text is not None and re.search("%(?![0-9A-Fa-f]{2})", text) is not None
        assert strange == (row in wrong)
        if text is not None and not strange:
            assert unquote(text) == result.values[row].as_py()


@given(st.lists(st.lists(st.text('ab",\n é', max_size=4), min_size=1, max_size=4), max_size=4))
def test_a_delimited_line_gives_its_fields_again(rows: list[list[str]]) -> None:
    lines = records.csv_line(pa.array(rows, pa.list_(pa.string())))
    assert rows == records.csv_fields(lines).values.to_pylist()


NESTED = pa.struct([("a", pa.string()), ("b", pa.list_(pa.int64())), ("c", pa.decimal128(20, 4)), ("d", pa.map_(pa.string(), pa.bool_()))])


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "a": st.none() | st.text('ab"\\\n\x01é日', max_size=4),
                "b": st.none() | st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=3),
                "c": st.none() | st.decimals(-(10**15), 10**15, places=4),
                "d": st.dictionaries(st.text('a"é', max_size=2), st.booleans(), max_size=2).map(lambda found: list(found.items())),
            }
        ),
        max_size=5,
    )
)
def test_json_text_is_json_that_says_the_same(rows: list[dict[str, Any]]) -> None:
    written = json_values.json_text(pa.array(rows, NESTED)).to_pylist()
    read = [json.loads(text, parse_float=Decimal, parse_int=int) for text in written]
    assert [{**row, "d": dict(row["d"])} for row in rows] == read
    pretty = json_values.json_text(pa.array(rows, NESTED), True).to_pylist()
    assert read == [json.loads(text, parse_float=Decimal) for text in pretty]


@given(columns(st.text("0123456789", max_size=15) | st.text("0123456789x -", max_size=14)))
def test_check_digits_are_those_of_the_library(texts: list[str | None]) -> None:
    valid = [None if text is None else ean.is_valid(text) and text.isdigit() for text in texts]
    assert valid == [
        None if text is None else good for text, good in zip(texts, commerce.gtin_valid(column(texts)).to_pylist(), strict=True)
    ]
    for function, library in ((commerce.isbn_valid, isbn), (commerce.luhn_valid, luhn), (commerce_firms.siren_valid, siren)):
        assert [None if text is None else library.is_valid(text) for text in texts] == function(column(texts)).to_pylist()


@given(st.lists(st.text("0123456789", min_size=7, max_size=13), max_size=6))
def test_a_number_with_its_check_digit_is_a_gtin(texts: list[str]) -> None:
    result = commerce.gtin_check_digit(column(list(texts)))
    for text, digit in zip(texts, result.values.to_pylist(), strict=True):
        assert (digit is not None) == (len(text) in (7, 11, 12, 13))
        assert digit is None or ean.is_valid(text + digit)


@given(st.lists(st.text("aé日", max_size=7), max_size=5), st.integers(1, 4))
def test_a_text_is_the_sum_of_its_chunks(texts: list[str], size: int) -> None:
    parts = list_building.chunks_of_text(column(list(texts)), pa.scalar(size)).values.to_pylist()
    assert [[text[at : at + size] for at in range(0, len(text), size)] for text in texts] == parts
