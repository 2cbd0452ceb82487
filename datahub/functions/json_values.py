"""JSON inside columns: values written as JSON, and parts taken out of JSON of unknown shape."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.columns import Reject, as_mask, bools, broadcast, map_distinct, valid
from datahub.functions.conversions import refuse_halves, to_json
from datahub.functions.declare import Datum, Outcome, example, function
from datahub.functions.segments import listed, unpacked
from datahub.functions.text_memory import bytes_of, changed_where
from datahub.functions.written import as_text

NO_JSON = "R111"
ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
OTHERS = {chr(code): f"\\u{code:04x}" for code in range(32) if chr(code) not in ESCAPES}


@function("json_text(value: json, pretty: bool! = false) -> text")
def json_text_of_json(value: Datum, pretty: bool = False) -> pa.Array:
    """JSON as its text."""
    (texts,) = broadcast(value)
    return _pretty(texts) if pretty else texts


@function(
    "json_text(value: any, pretty: bool! = false) -> text",
    sql="TO_JSON",
    also=(
        "VRL encode_json",
        "JSONata $string",
        "DataWeave write",
        "jq tojson",
        "JSLT to-json",
        "Bloblang format_json",
        "FEEL to json",
        "GREL jsonize",
        "Bloblang quote",
        "CEL quote",
        "Bloblang string",
    ),
    examples=[
        example('json_text({field: "value", another: [1, 2.50, null]})', '{"field":"value","another":[1,2.5,null]}'),
        example('json_text("a \\"b\\"")', '"a \\"b\\""'),
        example("json_text([null, true])", "[null,true]"),
    ],
)
def json_text(value: Datum, pretty: bool = False) -> pa.Array:
    """The value as JSON text, in one line unless `pretty`; fields in their order, decimals exact, dates as ISO text."""
    (column,) = broadcast(value)
    texts = _json(column)
    return _pretty(texts) if pretty else texts


def _pretty(texts: pa.Array) -> pa.Array:
    return map_distinct(lambda text: _dumped(_read(text), "\n"), pa.string(), texts).values


def _json(column: pa.Array) -> pa.Array:
    """The JSON of each value, `null` for null."""
    kind = column.type
    if pa.types.is_null(kind):
        return pa.repeat(pa.scalar("null"), len(column))
    if pa.types.is_struct(kind):
        members = [(quoted(field.name), _json(values)) for field, values in zip(kind, column.flatten(), strict=True)]
        parts = [part for at, (name, text) in enumerate(members) for part in (f"{',' if at else '{'}{name}:", text)]
        written = pc.binary_join_element_wise(*parts, "}", "") if parts else pa.repeat(pa.scalar("{}"), len(column))
    elif pa.types.is_map(kind):
        entries, offsets = unpacked(column)
        members_text = pc.binary_join_element_wise(_json(pc.struct_field(entries, "key")), _json(pc.struct_field(entries, "value")), ":")
        written = pc.binary_join_element_wise("{", pc.binary_join(listed(members_text, offsets), ","), "}", "")
    elif pa.types.is_list(kind):
        items, offsets = unpacked(column)
        written = pc.binary_join_element_wise("[", pc.binary_join(listed(_json(items), offsets), ","), "]", "")
    elif pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        written = as_text(column)
    else:
        written = pc.binary_join_element_wise('"', _escaped(as_text(column)), '"', "")
    return pc.if_else(pa.array(valid(column)), written, "null") if column.null_count else written


def _escaped(texts: pa.Array) -> pa.Array:
    return changed_where(as_mask(pc.match_substring_regex(texts, r'["\\\x00-\x1f]')), texts, _escape_all)


def _escape_all(texts: pa.Array) -> pa.Array:
    held, _ = bytes_of(texts)
    for letter, written in (ESCAPES | OTHERS).items():
        if (held == ord(letter)).any():
            texts = pc.replace_substring(texts, letter, written)
    return texts


def quoted(name: str) -> str:
    """A name as JSON writes it."""
    return json.dumps(name, ensure_ascii=False)


@function(
    "json_parse(value: text) -> json",
    rejects=(NO_JSON,),
    sql="PARSE_JSON",
    also=(
        "VRL parse_json",
        "JSONata $eval",
        "DataWeave read",
        "jq fromjson",
        "JSLT from-json",
        "GREL parseJson",
        "Bloblang parse_json",
        "FEEL from json",
        "Bloblang json",
    ),
    examples=[
        example('json_text(json_parse("[true, 0]"))', "[true, 0]"),
        example('json_parse("oops")', rejected=NO_JSON),
        example("json_parse(null)", None),
    ],
)
def json_parse(value: Datum) -> Outcome:
    """The text as JSON; what is not one JSON value is a reject (R111). `json_get` takes parts out of it."""
    (texts,) = broadcast(value)
    return to_json(texts)


@function(
    "json_valid(value: text) -> bool",
    sql="JSON_VALID",
    also=("VRL is_json", "MySQL JSON_VALID"),
    examples=[example('json_valid("[1, 2]")', True), example('json_valid("oops")', False)],
)
def json_valid(value: Datum) -> pa.Array:
    """Whether a text is one JSON value."""
    (texts,) = broadcast(value)
    read = to_json(texts)
    good = valid(texts)
    for mask, _ in read.failed:
        good &= ~mask
    return bools(good)


@function(
    "json_get(value: json, path: text!) -> text?",
    sql="JSON_VALUE",
    also=(
        "VRL get",
        "DataWeave payload.a.b",
        "jq .a.b",
        "GREL get",
        "BigQuery JSON_VALUE",
        "PostgreSQL ->>",
        "Bloblang unquote",
        "Bloblang json_path",
        "GREL select",
    ),
    examples=[
        example('json_get(json_parse("[{{\\"a\\": 12.50}}]"), "[0].a")', "12.50"),
        example('json_get("{{\\"a\\": {{\\"b\\": [1, 2]}}}}", "$.a.b")', "[1,2]"),
        example('json_get("{{\\"a\\": 1}}", "z")', None),
        example('json_get("oops", "a")', rejected="R111"),
        example('json_get(null, "a")', None),
    ],
)
def json_get(value: Datum, path: str) -> pa.Array:
    """What stands at a path in JSON, as text: of text the text itself, else its JSON; null where nothing or `null` stands there.

    The path is written `a.b[0]`, with `$.` before it or not, and `['a b']` for names with other signs; as in JSONPath its
    positions count from 0, and `[-1]` is the last.
    """
    return _taken(value, partial(_shown, steps(path)), pa.string()).values


@function("json_get(value: text, path: text!) -> text?", rejects=(NO_JSON,))
def json_get_of_text(value: Datum, path: str) -> Outcome:
    """A part of JSON that is text still."""
    return _taken(value, partial(_shown, steps(path)), pa.string())


@function(
    'json_list(value: json, path: text! = "") -> [json]',
    sql="JSON_QUERY_ARRAY",
    also=("DataWeave payload.a", "jq .a[]", "BigQuery JSON_EXTRACT_ARRAY"),
    examples=[
        example('[json_get(x, "a") for x in json_list(json_parse("[{{\\"a\\": 1}}, {{\\"a\\": 2}}]"))]', ["1", "2"]),
        example('length(json_list(json_parse("3")))', 0),
        example('json_list(null, "a")', None),
        example('json_list("[1,")', rejected="R111"),
    ],
)
def json_list(value: Datum, path: str = "") -> pa.Array:
    """The items of the array at a path in JSON, each as JSON; empty where there is no array."""
    return _taken(value, partial(_items, steps(path)), pa.list_(pa.field("item", pa.string()))).values


@function('json_list(value: text, path: text! = "") -> [json]', rejects=(NO_JSON,))
def json_list_of_text(value: Datum, path: str = "") -> Outcome:
    """The items of an array in JSON that is text still."""
    return _taken(value, partial(_items, steps(path)), pa.list_(pa.field("item", pa.string())))


@function(
    'json_map(value: json, path: text! = "") -> map(json)',
    sql="JSON_EACH",
    also=("jq to_entries", "PostgreSQL json_each"),
    examples=[
        example('keys(json_map(json_parse("{{\\"a\\": 1, \\"b\\": 2}}")))', ["a", "b"]),
        example('length(json_map(json_parse("3")))', 0),
        example('json_map(null, "a")', None),
        example('json_map("{{")', rejected="R111"),
    ],
)
def json_map(value: Datum, path: str = "") -> pa.Array:
    """The members of the object at a path in JSON, each as JSON; empty where there is no object."""
    return _taken(value, partial(_members, steps(path)), pa.map_(pa.string(), pa.string())).values


@function('json_map(value: text, path: text! = "") -> map(json)', rejects=(NO_JSON,))
def json_map_of_text(value: Datum, path: str = "") -> Outcome:
    """The members of an object in JSON that is text still."""
    return _taken(value, partial(_members, steps(path)), pa.map_(pa.string(), pa.string()))


def _taken(value: Datum, take: Callable[[Any], Any], kind: pa.DataType) -> Outcome:
    # No kernel reads JSON of unknown shape: once for each distinct text.
    return map_distinct(partial(_from_text, take), kind, value)


def _from_text(take: Callable[[Any], Any], text: str) -> Any:
    try:
        return take(_read(text))
    except (ValueError, RecursionError):
        return Reject(NO_JSON)


class Digits(str):
    """A number as it was written: neither digits nor zeros are lost."""

    __slots__ = ()


def _read(text: str) -> Any:
    value = json.loads(text, parse_int=Digits, parse_float=Digits, parse_constant=_refused)
    refuse_halves(text, value)
    return value


def _refused(word: str) -> Any:
    raise ValueError(word)


STEP = re.compile(r"""\.?([^.\[\]'"]+)|\[\s*(-?\d+)\s*\]|\[\s*'([^']*)'\s*\]|\[\s*"([^"]*)"\s*\]""")


def steps(path: str) -> tuple[str | int, ...]:
    """The names and positions of a path."""
    found: list[str | int] = []
    for name, position, single, double in STEP.findall(path.removeprefix("$")):
        found.append(int(position) if position else name or single or double)
    return tuple(found)


def _at(path: tuple[str | int, ...], value: Any) -> Any:
    for step in path:
        if isinstance(step, int):
            inside = isinstance(value, list) and -len(value) <= step < len(value)
            value = value[step] if inside else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _shown(path: tuple[str | int, ...], value: Any) -> str | None:
    found = _at(path, value)
    return found if found is None or isinstance(found, str) else _dumped(found)


def _items(path: tuple[str | int, ...], value: Any) -> list[str]:
    found = _at(path, value)
    return [_dumped(item) for item in found] if isinstance(found, list) else []


def _members(path: tuple[str | int, ...], value: Any) -> list[tuple[str, str]]:
    found = _at(path, value)
    return [(name, _dumped(item)) for name, item in found.items()] if isinstance(found, dict) else []


def _dumped(value: Any, line: str = "") -> str:
    """JSON again, with numbers as they were written; `line` is what a line begins with, empty for one line."""
    deeper = line and line + "  "
    match value:
        case Digits():
            return str(value)
        case dict() if value:
            colon = ": " if line else ":"
            return "{" + ",".join(f"{deeper}{quoted(name)}{colon}{_dumped(item, deeper)}" for name, item in value.items()) + line + "}"
        case list() if value:
            return "[" + ",".join(deeper + _dumped(item, deeper) for item in value) + line + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)
