"""Several values in one text: delimited lines, pairs of keys and values, web addresses, sizes with units."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Reject, as_mask, broadcast, map_distinct
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.segments import listed, unpacked
from datahub.functions.text_memory import changed_where

PAIRS = pa.map_(pa.string(), pa.string())
TEXTS = pa.list_(pa.field("item", pa.string()))


@function(
    'csv_fields(value: text, delimiter: text! = ",") -> [text]',
    rejects=("R603",),
    also=("VRL parse_csv", "GREL parseCsv", "Bloblang parse_csv", "DataWeave read", "GREL smartSplit"),
    examples=[
        example('csv_fields("foo,bar,\\"foo \\"\\", bar\\"")', ["foo", "bar", 'foo ", bar']),
        example('csv_fields("foo bar", " ")', ["foo", "bar"]),
        example('csv_fields("a,\\"b")', rejected="R603"),
    ],
)
def csv_fields(value: Datum, delimiter: str = ",") -> Outcome:
    """The values of one line of delimited text; those with quotes around them may hold delimiters, line ends and doubled quotes.

    A quote that is not closed is a reject (R603).
    """
    (texts,) = broadcast(value)
    quoted = as_mask(pc.match_substring(texts, '"'))
    if not quoted.any() and delimiter:
        return Outcome(pc.cast(pc.split_pattern(texts, delimiter), TEXTS))
    return map_distinct(partial(_fields, delimiter), TEXTS, texts)


def _fields(delimiter: str, text: str) -> list[str] | Reject:
    if '"' not in text:
        return text.split(delimiter)
    found: list[str] = []
    rest, going = text, True
    while going:
        if not rest.startswith('"'):
            field, mark, rest = rest.partition(delimiter)
            going = bool(mark)
        else:
            whole = re.match(r'"((?:[^"]|"")*)"(?!")', rest)
            if whole is None:
                return Reject("R603")
            field, after = whole[1].replace('""', '"'), rest[whole.end() :]
            more, mark, rest = after.partition(delimiter)
            field, going = field + more, bool(mark)
        found.append(field)
    return found


@function(
    'csv_line(values: [text?], delimiter: text! = ",") -> text',
    excel="TEXTJOIN",
    also=("VRL encode_csv", "jq @csv", "DataWeave write", "Bloblang format_csv"),
    examples=[example('csv_line(["foo", "bar", "a \\", b"])', 'foo,bar,"a "", b"'), example('csv_line(["a", null], ";")', "a;")],
)
def csv_line(values: Datum, delimiter: str = ",") -> pa.Array:
    """The texts of a list as one line of delimited text; quotes stand where one holds a quote, a delimiter or a line end."""
    (lists,) = broadcast(values)
    items, offsets = unpacked(lists)
    items = pc.fill_null(pc.cast(items, pa.string()), "")
    special = as_mask(pc.match_substring_regex(items, f'["\r\n]|{re.escape(delimiter)}'))
    return pc.binary_join(listed(changed_where(special, items, _quoted), offsets), delimiter)


def _quoted(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise('"', pc.replace_substring(texts, '"', '""'), '"', "")


@function(
    'key_values(value: text, between: text! = "=", pairs: text! = " ") -> map(text)',
    also=("VRL parse_key_value", "VRL parse_logfmt", "DuckDB map_from_entries", "Hive str_to_map"),
    examples=[
        example('key_values("zork=zook zonk=nork")', {"zork": "zook", "zonk": "nork"}),
        example('key_values("path:\\"/cart\\", host:x.com", ":", ",")', {"path": "/cart", "host": "x.com"}),
        example('key_values("a=1 beta")', {"a": "1", "beta": ""}),
    ],
)
def key_values(value: Datum, between: str = "=", pairs: str = " ") -> pa.Array:
    """A map of the keys and values in a text: `between` stands between the two, `pairs` between pairs.

    Spaces around keys and values go; a value in double quotes may hold anything. A key alone has an empty value; where
    one repeats, the last value counts.
    """
    # No kernel reads quotes: once for each distinct text.
    return map_distinct(partial(_pairs, _pair_pattern(between, pairs)), PAIRS, value).values


def _pair_pattern(between: str, pairs: str) -> re.Pattern[str]:
    mark, end = re.escape(between), re.escape(pairs)
    spaces = "" if not between.strip() else r"[ \t]*"
    key = rf'("(?:[^"\\]|\\.)*"|(?:(?!{mark}|{end}).)+)'
    held = rf'("(?:[^"\\]|\\.)*"|(?:(?!{end}).)*)'
    return re.compile(rf"(?:{end}|(?!{end})\s)*{key}{spaces}(?:{mark}{spaces}{held})?(?={end}|\s|$)", re.DOTALL)


def _pairs(pattern: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for match in pattern.finditer(text):
        key = _unquoted(match[1])
        if key:
            found[key] = _unquoted(match[2] or "")
    return list(found.items())


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


@function(
    "query_parse(value: text) -> map(text)",
    also=("VRL parse_query_string", "DataWeave read", "GREL parseUri.query", "Bloblang parse_form_url_encoded"),
    examples=[
        example('query_parse("foo=1&bar=a+b%21")', {"foo": "1", "bar": "a b!"}),
        example('query_parse("?a=1&a=2&z")', {"a": "2", "z": ""}),
        example('query_parse("https://shop.example.com/p?ref=feed#top")', {"ref": "feed"}),
    ],
)
def query_parse(value: Datum) -> pa.Array:
    """A map of the parameters after the `?` of a web address, decoded; where one repeats, the last counts: see `query_values`.

    The address may be whole, or be left out with its `?`.
    """
    return map_distinct(lambda text: list(dict(_parameters(text)).items()), PAIRS, value).values


@function(
    "query_values(value: text, name: text) -> [text]",
    also=("VRL parse_query_string", "URLSearchParams.getAll"),
    examples=[example('query_values("a=1&a=2&b=3", "a")', ["1", "2"]), example('query_values("a=1", "z")', [])],
)
def query_values(value: Datum, name: Datum) -> pa.Array:
    """All values of one parameter of a web address, decoded, in order."""
    return map_distinct(lambda text, wanted: [held for key, held in _parameters(text) if key == wanted], TEXTS, value, name).values


def _parameters(text: str) -> list[tuple[str, str]]:
    return parse_qsl(_query(text), keep_blank_values=True)


def _query(text: str) -> str:
    """What stands behind the `?` of a web address, whole or not; a text that is no address is the parameters themselves."""
    first = next((sign for sign in text if sign in "=&?#"), "")
    if first != "?" and not _SCHEME.match(text):
        return text
    return text.partition("#")[0].partition("?")[2]


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


ADDRESS = pa.struct(
    [
        ("scheme", pa.string()),
        ("username", pa.string()),
        ("password", pa.string()),
        ("host", pa.string()),
        ("port", pa.int64()),
        ("path", pa.string()),
        ("query", PAIRS),
        ("fragment", pa.string()),
    ]
)


@function(
    "url_parse(value: text) -> {scheme: text, username: text?, password: text?, host: text?, port: int?, path: text,"
    " query: map(text), fragment: text?}",
    rejects=("R603",),
    also=("VRL parse_url", "GREL parseUri", "DataWeave parseURI", "Bloblang parse_url", "JSLT parse-url"),
    examples=[
        example('url_parse("https://shop.example.com:8443/p/42?ref=feed#top").host', "shop.example.com"),
        example('get(url_parse("https://shop.example.com/p?ref=feed").query, "ref")', "feed"),
        example('url_parse("no address")', rejected="R603"),
        example("url_parse(null)", None),
    ],
)
def url_parse(value: Datum) -> Outcome:
    """The parts of a web address; those that it lacks are null. A text without a scheme, or that is none, is a reject (R603)."""
    return map_distinct(_address, ADDRESS, value)


def _address(text: str) -> dict[str, Any] | Reject:
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        return Reject("R603")
    if not parts.scheme or not (host or parts.path) or re.search(r"\s", text):
        return Reject("R603")
    return {
        "scheme": parts.scheme,
        "username": None if parts.username is None else unquote(parts.username),
        "password": None if parts.password is None else unquote(parts.password),
        "host": host,
        "port": port,
        "path": parts.path,
        "query": list(dict(_parameters(parts.query)).items()),
        "fragment": parts.fragment or None,
    }


STEPS = "KMGTPE"


@function(
    'parse_bytes(value: text, unit: text! = "B", base: text! = "2") -> decimal',
    rejects=("R603", "R602"),
    also=("VRL parse_bytes", "ClickHouse parseReadableSize"),
    examples=[
        example('parse_bytes("1024KiB", "MiB")', Decimal(1)),
        example('parse_bytes("4TB", "MB", "10")', Decimal(4000000)),
        example('parse_bytes("a lot")', rejected="R603"),
        example('parse_bytes("99999999999999999999999 EB")', rejected="R602"),
    ],
)
def parse_bytes(value: Datum, unit: str = "B", base: str = "2") -> Outcome:
    """A size such as `1.5 GB` as a number of `unit`; what is no size is a reject (R603).

    `KiB`, `MiB` … are powers of 1024. `kB`, `MB` … are powers of 1024 too, or of 1000 where `base` is `10`.
    """
    return map_distinct(partial(_size, unit, base), pa.decimal128(28, 10), value)


def _size(unit: str, base: str, text: str) -> Decimal | Reject:
    whole = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text, re.ASCII)
    worth, wanted = _worth(whole[2] or "B", base) if whole else None, _worth(unit, base)
    if whole is None or worth is None or wanted is None:
        return Reject("R603")
    size = Decimal(whole[1]) * worth
    if size / wanted >= 10**18:
        return Reject("R602")
    return (size / wanted).quantize(Decimal("1e-10"), ROUND_HALF_UP)


def _worth(unit: str, base: str) -> int | None:
    """How many bytes a unit is."""
    known = re.fullmatch(r"([KMGTPE])?(I)?B", unit.upper())
    if known is None or (known[2] and not known[1]):
        return None
    power = STEPS.index(known[1]) + 1 if known[1] else 0
    return int(pow(1000 if base == "10" and not known[2] else 1024, power))
