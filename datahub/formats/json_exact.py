"""JSON records read one by one, strictly: numbers as they are written, repeated keys noticed, what is no JSON refused with the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datahub.formats.json_scan import DEEPEST, LONGEST_RECORD, too_deep
from datahub.frames.frame import Failure
from datahub.semantic.ir import Reading, SourceColumn
from datahub.types import model as t
from datahub.types.model import Type

LONGEST_NUMBER = 1024
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_NUMERAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
"""A text that Arrow takes for a decimal; it is one here too, whichever way its record was read."""


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class Malformed(ValueError):
    """Text that is no JSON, and the code under which it is rejected."""

    def __init__(self, message: str, code: str = "R005") -> None:
        super().__init__(message)
        self.code = code


Path: TypeAlias = "tuple[str | int, ...]"


@dataclass(slots=True)
class Decoder:
    """Reads records; remembers keys that an object had twice."""

    repeated: dict[str, None] = field(default_factory=dict)
    _decoder: json.JSONDecoder = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=_number, parse_int=_number, parse_constant=_constant, strict=True
        )

    def read(self, data: bytes) -> Any:
        """The value of one record; `Malformed` says what is wrong with it."""
        if len(data) > LONGEST_RECORD:
            raise Malformed(f"the record is {len(data)} bytes long; at most {LONGEST_RECORD} are read")
        if too_deep(data):
            raise Malformed(f"values are nested more than {DEEPEST} deep")
        try:
            value = self._decoder.decode(data.decode())
        except UnicodeDecodeError as problem:
            raise Malformed(f"the byte 0x{data[problem.start]:02X} does not belong to UTF-8, at byte {problem.start + 1}", "R001") from None
        except json.JSONDecodeError as problem:
            raise Malformed(_explained(problem)) from None
        if _SURROGATE.search(data):
            _refuse_lone_surrogates(value)
        return value

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self.repeated[key] = None
                seen.add(key)
        return made


def _number(text: str) -> Number:
    if len(text) > LONGEST_NUMBER:
        raise Malformed(f"a number has {len(text)} characters; at most {LONGEST_NUMBER} are read")
    return Number(text)


def _constant(name: str) -> Any:
    raise Malformed(f"`{name}` is no JSON")


def _explained(problem: json.JSONDecodeError) -> str:
    words = problem.msg[0].lower() + problem.msg[1:]
    return f"{words}, at character {problem.pos + 1}"


def _refuse_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Malformed("a text has half of a surrogate pair") from None


# ---------------------------------------------------------------- values to raw columns


@dataclass(slots=True)
class Misfits:
    """Values of the wrong kind (an object where a number was declared): row, place and text of each."""

    rows: list[int] = field(default_factory=list)
    places: list[Path] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def note(self, row: int, path: Path, value: Any) -> None:
        self.rows.append(row)
        self.places.append(path)
        self.texts.append(compact(value)[:1000])


def raw_type(kind: Type) -> pa.DataType:
    """The type of a raw column: texts in the shape of `kind`."""
    match t.base_of(kind):
        case t.ListOf(item=item):
            return pa.list_(raw_type(item))
        case t.Struct(fields=fields):
            return pa.struct([(name, raw_type(inner)) for name, inner in fields])
        case t.MapOf(value=value):
            return pa.map_(pa.string(), raw_type(value))
        case _:
            return pa.string()


def raw_column(values: Sequence[Any], column: SourceColumn) -> tuple[pa.Array, Misfits]:
    """The values of one column as texts in the shape of its type, and those that have another shape."""
    misfits = Misfits()
    shaped = [_shaped(value, column.type, column.reading, row, (), misfits) for row, value in enumerate(values)]
    return pa.array(shaped, raw_type(column.type)), misfits


def _shaped(value: Any, kind: Type, reading: Reading, row: int, path: Path, misfits: Misfits) -> Any:
    if value is None:
        return None
    base = t.base_of(kind)
    match base:
        case t.ListOf(item=item):
            if isinstance(value, str) and reading.split:
                value = value.split(reading.split[0]) if value.strip() else []
            if isinstance(value, list):
                return [_shaped(one, item, reading, row, (*path, at), misfits) for at, one in enumerate(value)]
        case t.Struct(fields=fields):
            if isinstance(value, dict):
                return {name: _shaped(value.get(name), inner, reading, row, (*path, name), misfits) for name, inner in fields}
        case t.MapOf(value=inner):
            if isinstance(value, dict):
                return [(name, _shaped(one, inner, reading, row, (*path, name), misfits)) for name, one in value.items()]
        case t.Json():
            return compact(value)
        case _:
            if not isinstance(value, list | dict):
                return _leaf(value, base, reading)
    misfits.note(row, path, value)
    return None


def _leaf(value: Any, base: Type, reading: Reading) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Number) and isinstance(base, t.Int | t.Decimal | t.Float):
        plain = _plain(value, isinstance(base, t.Int))
        return plain if reading.decimal == "." or isinstance(base, t.Int) else plain.replace(".", reading.decimal)
    if isinstance(base, t.Decimal) and reading.decimal == "." and _NUMERAL.fullmatch(value):
        return _plain(value, whole=False)
    return str(value)


def _plain(number: str, whole: bool) -> str:
    """A number without exponent; one that is whole without its point, where a whole number is wanted."""
    if number.lstrip("-").isdigit():
        return str(number)
    try:
        exact = Decimal(number)
    except InvalidOperation:
        return str(number)
    if abs(exact.adjusted()) > LONGEST_NUMBER:
        return str(number)
    if whole and exact == exact.to_integral_value():
        return format(exact.to_integral_value(), "f")
    return format(exact, "f")


def compact(value: Any) -> str:
    """A value as JSON again, its numbers as they were written."""
    match value:
        case Number():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{compact(one)}" for key, one in value.items()) + "}"
        case list():
            return "[" + ",".join(map(compact, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def misfit_failures(misfits: Misfits, kind: Type) -> tuple[Failure, ...]:
    """Failures R006 for values of the wrong kind, by the field inside of the column that they are."""
    sorted_out: dict[tuple[bool, str], list[int]] = {}
    for number, path in enumerate(misfits.places):
        listed = bool(path) and isinstance(path[0], int)
        sorted_out.setdefault((listed, inside(path, kind)), []).append(number)
    return tuple(_misfit_failure(misfits, numbers, listed, deeper) for (listed, deeper), numbers in sorted_out.items())


def _misfit_failure(misfits: Misfits, numbers: list[int], listed: bool, deeper: str) -> Failure:
    places = [misfits.places[number] for number in numbers]
    rows: npt.NDArray[np.int64] = np.array([misfits.rows[number] for number in numbers], np.int64)
    elements = np.array([place[0] for place in places], np.int64) if listed else None
    paths = pa.array(["".join(f"/{part}" for part in place) for place in places], pa.string()) if any(places) else None
    values = pa.array([misfits.texts[number] for number in numbers], pa.string())
    return Failure(rows, "R006", values=values, paths=paths, elements=elements, inside=deeper)


def inside(path: Path, kind: Type) -> str:
    """The field, of structs inside of structs, that `path` leads to before it goes into a list or map."""
    base = t.base_of(kind)
    if path and isinstance(base, t.ListOf):
        base, path = t.base_of(base.item), path[1:]
    names = []
    for part in path:
        if not isinstance(base, t.Struct):
            break
        names.append(str(part))
        base = t.base_of(base.get(str(part)) or t.Unknown())
    return "/".join(names)
