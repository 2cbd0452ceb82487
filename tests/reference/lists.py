"""What the functions of lists, maps, structs and JSON mean: lists are lists, maps and structs dicts in order."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import re
import uuid
import zlib
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlsplit

from datahub.types import model as t
from tests.reference.meaning import Asked, Reject, means
from tests.reference.numbers import exact, plain

List = list[Any]


def same(left: Any, right: Any) -> bool:
    return left is not None and right is not None and bool(left == right)


def once(values: List) -> List:
    """The values without repetitions and nulls, in order of first appearance."""
    found: List = []
    for value in values:
        if value is not None and value not in found:
            found.append(value)
    return found


# ---------------------------------------------------------------- lists


@means("nth")
def nth(values: List, position: int) -> Any:
    return values[position - 1 if position > 0 else position] if 0 < abs(position) <= len(values) else None


@means("get")
def get(of: Any, *path: Any) -> Any:
    if isinstance(of, list):
        return nth(of, path[0])
    for name in path[0] if isinstance(path[0], tuple | list) else path:
        of = None if of is None else of.get(name)
    return of


@means("position")
def position(values: List, value: Any) -> int | None:
    return next((at for at, one in enumerate(values, 1) if same(one, value)), None)


@means("positions")
def positions(values: List, value: Any) -> List:
    return [at for at, one in enumerate(values, 1) if same(one, value)]


@means("take")
def take(values: List, count: int) -> List:
    return values[:count] if count >= 0 else values[count:]


@means("drop")
def drop(values: List, count: int) -> List:
    return values[count:] if count >= 0 else values[:count]


@means("append")
def append(values: List, *added: Any) -> List:
    return [*values, *added]


@means("prepend")
def prepend(values: List, value: Any) -> List:
    return [value, *values]


@means("concat")
def concat(*lists: List) -> List:
    return [one for values in lists for one in values]


@means("union")
def union(*lists: List) -> List:
    return once(concat(*lists))


@means("insert")
def insert(values: List, at: int, value: Any) -> List:
    first = at - 1 if at > 0 else len(values) + at
    if at == 0 or not 0 <= first <= len(values):
        raise Reject("R604")
    return [*values[:first], value, *values[first:]]


@means("remove_at")
def remove_at(values: List, at: int) -> List:
    if not 0 < abs(at) <= len(values):
        raise Reject("R604")
    first = at - 1 if at > 0 else len(values) + at
    return [*values[:first], *values[first + 1 :]]


@means("replace_at")
def replace_at(values: List, at: int, value: Any) -> List:
    if not 0 < abs(at) <= len(values):
        raise Reject("R604")
    first = at - 1 if at > 0 else len(values) + at
    return [*values[:first], value, *values[first + 1 :]]


@means("remove")
def remove(values: List, value: Any) -> List:
    return [one for one in values if not same(one, value)]


@means("compact")
def compact(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: one for key, one in values.items() if one is not None}
    return [one for one in values if one is not None]


@means("difference")
def difference(left: List, right: List) -> List:
    return [one for one in left if not any(same(one, other) for other in right)]


@means("intersect")
def intersect(left: List, right: List) -> List:
    return [one for one in left if any(same(one, other) for other in right)]


@means("flatten")
def flatten(values: Any, separator: str = ".") -> Any:
    if isinstance(values, dict):
        found: dict[str, Any] = {}
        for name, value in values.items():
            found |= (
                {f"{name}{separator}{inner}": one for inner, one in flatten(value, separator).items()}
                if isinstance(value, dict)
                else {name: value}
            )
        return found
    return [one for inner in values if inner is not None for one in inner]


@means("chunks")
def chunks(values: Any, size: int) -> List:
    if size < 1:
        raise Reject("R603")
    return [values[at : at + size] for at in range(0, len(values), size)]


@means("zip", asks=True)
def zipped(asked: Asked, *lists: List) -> List:
    item = t.base_of(t.parts(t.base_of(asked.kind))[0])
    if isinstance(item, t.Struct):
        return [{"left": left, "right": right} for left, right in zip(*lists)]
    if len(lists) == 1:
        lists = tuple(one or [] for one in lists[0])
    return [list(row) for row in zip(*lists)]


@means("range")
def numbers_from(first: Any, last: Any, step: int = 1) -> List:
    if step == 0:
        raise Reject("R603")
    span = (last - first).days if isinstance(first, date) else last - first
    count = max(span // step + 1, 0)
    if count > 1_000_000:
        raise Reject("R603")
    return [first + timedelta(days=at * step) if isinstance(first, date) else first + at * step for at in range(count)]


@means("sort")
def sort(values: List, descending: bool = False) -> List:
    return sorted(compact(values), reverse=descending) + [None] * sum(one is None for one in values)


@means("is_empty", nulls=True)
def is_empty(values: Any) -> bool:
    return values is None or len(values) == 0


@means("not_empty", nulls=True)
def not_empty(values: Any) -> bool:
    return not is_empty(values)


# ---------------------------------------------------------------- maps and structs


@means("keys")
def keys(of: dict[str, Any]) -> List:
    return list(of)


@means("values")
def values_of(of: dict[str, Any]) -> List:
    return list(of.values())


@means("entries")
def entries(of: dict[str, Any]) -> List:
    return [{"key": key, "value": value} for key, value in of.items()]


@means("has")
def has(of: dict[str, Any], key: str) -> bool:
    return key in of


@means("merge")
def merge(*maps: dict[str, Any]) -> dict[str, Any]:
    return {key: value for one in maps for key, value in one.items()}


@means("struct_from")
def struct_from(of: List, names: List | None = None) -> dict[str, Any]:
    if names is None:
        return {one["key"]: one["value"] for one in of if one is not None and one["key"] is not None}
    return {name: value for name, value in zip(names, of) if name is not None}


@means("pick")
def pick(of: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: of[name] for name in names}


@means("omit")
def omit(of: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in of.items() if name not in names}


@means("distinct_by")
def distinct_by(values: List, key: str) -> List:
    found: List = []
    seen: List = []
    for one in values:
        value = None if one is None else one[key]
        if one is not None and value not in seen:
            seen.append(value)
            found.append(one)
    return found


@means("group_by")
def group_by(values: List, key: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in values:
        if one is not None and one[key] is not None:
            found.setdefault(one[key], []).append(one)
    return found


@means("index_by")
def index_by(values: List, key: str, value: str = "") -> dict[str, Any]:
    return {one[key]: one[value] if value else one for one in values if one is not None and one[key] is not None}


# ---------------------------------------------------------------- JSON


def json_of(value: Any) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case int() | Decimal():
            return plain(value)
        case float():
            return repr(value)
        case list():
            return "[" + ",".join(map(json_of, value)) + "]"
        case dict():
            return "{" + ",".join(f"{json_of(name)}:{json_of(one)}" for name, one in value.items()) + "}"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return json.dumps(plain(value))


class Digits(str):
    """A number as it was written."""

    __slots__ = ()


def json_read(value: str) -> Any:
    def refused(word: str) -> Any:
        raise ValueError(word)

    try:
        found = json.loads(value, parse_int=Digits, parse_float=Digits, parse_constant=refused)
        json.dumps(found, ensure_ascii=False).encode()  # half of a character is none
        return found
    except (ValueError, RecursionError):
        raise Reject("R111") from None


def json_written(value: Any, line: str = "") -> str:
    deeper = line and line + "  "
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, dict) and value:
        colon = ": " if line else ":"
        inside = ",".join(
            f"{deeper}{json.dumps(name, ensure_ascii=False)}{colon}{json_written(one, deeper)}" for name, one in value.items()
        )
        return "{" + inside + line + "}"
    if isinstance(value, list) and value:
        return "[" + ",".join(deeper + json_written(one, deeper) for one in value) + line + "]"
    return json.dumps(value, ensure_ascii=False)


@means("json_text", asks=True)
def json_text(asked: Asked, value: Any, pretty: bool = False) -> str:
    text = value if isinstance(t.base_of(asked.kinds[0]), t.Json) else json_of(value)
    return json_written(json_read(text), "\n") if pretty else text


@means("json_parse")
def json_parse(value: str) -> str:
    json_read(value)
    return value


@means("json_valid")
def json_valid(value: str) -> bool:
    try:
        json_read(value)
    except Reject:
        return False
    return True


def json_at(value: str, path: str) -> Any:
    found = json_read(value)
    for name, place, single, double in re.findall(
        r"""\.?([^.\[\]'"]+)|\[\s*(-?\d+)\s*\]|\[\s*'([^']*)'\s*\]|\[\s*"([^"]*)"\s*\]""", path.removeprefix("$")
    ):
        if place:
            found = found[int(place)] if isinstance(found, list) and -len(found) <= int(place) < len(found) else None
        else:
            found = found.get(name or single or double) if isinstance(found, dict) else None
    return found


@means("json_get")
def json_get(value: str, path: str) -> str | None:
    found = json_at(value, path)
    return found if found is None or (isinstance(found, str) and not isinstance(found, Digits)) else json_written(found)


@means("json_list")
def json_list(value: str, path: str = "") -> List:
    found = json_at(value, path)
    return [json_written(one) for one in found] if isinstance(found, list) else []


@means("json_map")
def json_map(value: str, path: str = "") -> dict[str, str]:
    found = json_at(value, path)
    return {name: json_written(one) for name, one in found.items()} if isinstance(found, dict) else {}


# ---------------------------------------------------------------- several values in one text


@means("csv_line")
def csv_line(values: List, delimiter: str = ",") -> str:
    texts = [one or "" for one in values]
    return delimiter.join('"' + one.replace('"', '""') + '"' if re.search(f'["\r\n]|{re.escape(delimiter)}', one) else one for one in texts)


@means("csv_fields")
def csv_fields(value: str, delimiter: str = ",") -> List:
    fields, at, text = [""], 0, value
    while at <= len(text):
        if text[at : at + 1] == '"' and fields[-1] == "" and (at == 0 or text[:at].endswith(delimiter)):
            end = at + 1
            while True:
                end = text.find('"', end)
                if end < 0:
                    raise Reject("R603")
                if text[end : end + 2] != '""':
                    break
                end += 2
            fields[-1] = text[at + 1 : end].replace('""', '"')
            at = end + 1
            stop = text.find(delimiter, at)
            stop = len(text) if stop < 0 else stop
            fields[-1] += text[at:stop]
            at = stop
        if at >= len(text):
            break
        if text.startswith(delimiter, at):
            fields.append("")
            at += len(delimiter)
        else:
            fields[-1] += text[at]
            at += 1
    return fields


@means("key_values")
def key_values(value: str, between: str = "=", pairs: str = " ") -> dict[str, str]:
    """Read from left to right: what separates pairs, a key, and behind `between` its value."""
    mark, end = re.escape(between), re.escape(pairs)
    spaces = "" if not between.strip() else r"[ \t]*"
    one = re.compile(
        rf'(?:{end}|(?!{end})\s)*("(?:[^"\\]|\\.)*"|(?:(?!{mark}|{end}).)+){spaces}(?:{mark}{spaces}("(?:[^"\\]|\\.)*"|(?:(?!{end}).)*))?(?={end}|\s|$)',
        re.DOTALL,
    )

    def bare(text: str) -> str:
        text = text.strip()
        return re.sub(r"\\(.)", r"\1", text[1:-1]) if len(text) > 1 and text[0] == text[-1] == '"' else text

    return {bare(key): bare(held or "") for key, held in one.findall(value) if bare(key)}


@means("query_parse")
def query_parse(value: str) -> dict[str, str]:
    return dict(parse_qsl(query_of(value), keep_blank_values=True))


def query_of(value: str) -> str:
    """Behind the first `?` of an address and before its `#`; all of a text in which `=`, `&` or `#` come first, and no scheme stands."""
    match = re.fullmatch(r"(?s)(?:[A-Za-z][A-Za-z0-9+.-]*://[^?#]*|[^=&?#]*)\?([^#]*)(?:#.*)?", value)
    return match[1] if match else "" if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value) else value


@means("query_values")
def query_values(value: str, name: str) -> List:
    return [held for key, held in parse_qsl(query_of(value), keep_blank_values=True) if key == name]


@means("url_parse")
def url_parse(value: str) -> dict[str, Any]:
    try:
        parts = urlsplit(value)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise Reject("R603") from None
    if not parts.scheme or not (host or parts.path) or re.search(r"\s", value):
        raise Reject("R603")

    def decoded(text: str | None) -> str | None:
        return None if text is None else unquote_to_bytes(text).decode("utf-8", "replace")

    return {
        "scheme": parts.scheme, "username": decoded(parts.username), "password": decoded(parts.password), "host": host, "port": port,
        "path": parts.path, "query": dict(parse_qsl(parts.query, keep_blank_values=True)), "fragment": parts.fragment or None,
    }  # fmt: skip


@means("parse_bytes", asks=True)
def parse_bytes(asked: Asked, value: str, unit: str = "B", base: str = "2") -> Decimal:
    match = re.fullmatch(r"[ \t\n\r\f\v]*([0-9]+(?:\.[0-9]+)?)[ \t\n\r\f\v]*([A-Za-z]*)[ \t\n\r\f\v]*", value)
    if match is None:
        raise Reject("R603")
    return exact(Fraction(match[1]) * _bytes(match[2] or "B", base) / _bytes(unit, base), asked.kind)


def _bytes(unit: str, base: str) -> int:
    match = re.fullmatch(r"(?:([KMGTPE])(I?))?B", unit.upper())
    if match is None:
        raise Reject("R603")
    return int((1000 if base == "10" and not match[2] else 1024) ** ("KMGTPE".index(match[1]) + 1 if match[1] else 0))


# ---------------------------------------------------------------- encodings and digests


def _decoded(decode: Callable[[], bytes]) -> str:
    try:
        return decode().decode("utf-8")
    except (ValueError, binascii.Error):
        raise Reject("R603") from None


@means("base64_encode")
def base64_encode(value: str, padded: Any = True, alphabet: str = "standard") -> str:
    if isinstance(padded, str):
        padded, alphabet = True, padded
    text = (urlsafe_b64encode if alphabet == "url_safe" else b64encode)(value.encode()).decode()
    return text if padded else text.rstrip("=")


@means("base64_decode")
def base64_decode(value: str, alphabet: str = "standard") -> str:
    letters = "A-Za-z0-9_-" if alphabet == "url_safe" else "A-Za-z0-9+/"
    bare = value.rstrip("=")
    if re.fullmatch(f"[{letters}]*={{0,2}}", value) is None or len(bare) % 4 == 1:
        raise Reject("R603")
    if bare != value and len(value) % 4:
        raise Reject("R603")
    filled = bare + "=" * (-len(bare) % 4)
    return _decoded(lambda: urlsafe_b64decode(filled) if alphabet == "url_safe" else b64decode(filled))


@means("hex_encode")
def hex_encode(value: str) -> str:
    return value.encode().hex()


@means("hex_decode")
def hex_decode(value: str) -> str:
    if re.fullmatch("([0-9A-Fa-f]{2})*", value) is None:
        raise Reject("R603")
    return _decoded(lambda: bytes.fromhex(value))


@means("url_encode")
def url_encode(value: str) -> str:
    return quote(value, safe="-_.~")


@means("url_encode_full")
def url_encode_full(value: str) -> str:
    return quote(value, safe="-_.~!*'();/?:@&=+$,#")


@means("url_decode")
def url_decode(value: str) -> str:
    if re.search("%(?![0-9A-Fa-f]{2})", value):
        raise Reject("R603")
    return _decoded(lambda: unquote_to_bytes(value))


def _digest(name: str) -> None:
    @means(name)
    def digest(value: str) -> str:
        return hashlib.new(name, value.encode()).hexdigest()


for _name in ("md5", "sha1", "sha256", "sha512"):
    _digest(_name)


@means("crc32")
def crc32(value: str) -> int:
    return zlib.crc32(value.encode())


@means("hmac_sha256")
def hmac_sha256(value: str, key: str) -> str:
    return hmac.new(key.encode(), value.encode(), "sha256").hexdigest()


@means("uuid5")
def uuid5(namespace: str, name: str) -> str:
    known = {"dns": uuid.NAMESPACE_DNS, "url": uuid.NAMESPACE_URL, "oid": uuid.NAMESPACE_OID, "x500": uuid.NAMESPACE_X500}
    try:
        return str(uuid.uuid5(known.get(namespace) or uuid.UUID(namespace), name))
    except ValueError:
        raise Reject("R603") from None


@means("hash", nulls=True)
def hashed(*values: Any) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        text = (
            None
            if value is None
            else json_of(value)
            if isinstance(value, list | dict)
            else repr(value)
            if isinstance(value, float)
            else plain(value)
        )
        digest.update(b"-" if text is None else f"{len(text.encode())}:".encode() + text.encode())
    return digest.hexdigest()
