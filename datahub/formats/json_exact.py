"""JSON records read one by one, strictly: numbers as they are written, repeated keys noticed, what is no JSON refused with the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from datahub.formats.cut_values import Uneven, cut
from datahub.formats.json_scan import DEEPEST, LONGEST_RECORD, too_deep
from datahub.formats.typed import inner, without_exponent
from datahub.frames.frame import Failure
from datahub.semantic.ir import Reading, SourceColumn
from datahub.types import model as t
from datahub.types.model import Type

if TYPE_CHECKING:
    import numpy.typing as npt

LONGEST_NUMBER = 1024
_LONG_NUMBER = re.compile(rb"[-+.0-9eE]{%d,}" % (LONGEST_NUMBER + 1))
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class Malformed(ValueError):
    """Text that is no JSON, and the code under which it is rejected."""

    def __init__(self, message: str, code: str = "R005") -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Decoder:
    """Reads records; remembers keys that an object had twice."""

    repeated: dict[str, None] = field(default_factory=dict)
    _decoder: json.JSONDecoder = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=Number, parse_int=Number, parse_constant=_constant, strict=True
        )

    def read(self, data: bytes) -> Any:
        """The value of one record; `Malformed` says what is wrong with it."""
        if len(data) > LONGEST_RECORD:
            raise Malformed(f"the record is {len(data)} bytes long; at most {LONGEST_RECORD} are read")
        if too_deep(data):
            raise Malformed(f"values are nested more than {DEEPEST} deep")
        if len(data) > LONGEST_NUMBER and _LONG_NUMBER.search(data) and (length := _longest_number(data)) > LONGEST_NUMBER:
            raise Malformed(f"a number has {length} characters; at most {LONGEST_NUMBER} are read")
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


def _longest_number(data: bytes) -> int:
    """The length of the longest run that could be a number, outside of texts."""
    outside = re.sub(rb'"(?:[^"\\]|\\.)*"', b'""', data, flags=re.DOTALL)
    return max(map(len, _LONG_NUMBER.findall(outside)), default=0)


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
class Misfit:
    """A value of the wrong kind (an object where a number was declared): its row, its text, and its place, innermost part first."""

    text: str
    parts: list[str | int] = field(default_factory=list)
    row: int = -1

    @property
    def place(self) -> tuple[str | int, ...]:
        return tuple(reversed(self.parts))

    @property
    def path(self) -> str:
        return "".join(f"/{part}" for part in self.place)


Shaper: TypeAlias = Callable[[Any, list[Misfit]], Any]


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


def raw_column(values: Sequence[Any], column: SourceColumn) -> tuple[pa.Array, list[Misfit]]:
    """The values of one column as texts in the shape of its type, and those that have another shape."""
    misfits: list[Misfit] = []
    shape = shaper(column.type, column.reading)
    shaped = []
    for row, value in enumerate(values):
        before = len(misfits)
        shaped.append(shape(value, misfits))
        for misfit in misfits[before:]:
            misfit.row = row
    return pa.array(shaped, raw_type(column.type)), misfits


def shaper(kind: Type, reading: Reading) -> Shaper:
    """What brings values into the shape of `kind`, made once for all records; a text with marks between its parts has it too."""
    base = t.base_of(kind)
    made = _shaper(base, reading)
    return _or_cut(made, base, reading) if reading.split and t.inside(base) else made


def _or_cut(whole: Shaper, base: Type, reading: Reading) -> Shaper:
    def shape(value: Any, misfits: list[Misfit]) -> Any:
        if type(value) is not str:
            return whole(value, misfits)
        try:
            return whole(cut(value, base, reading), misfits)
        except Uneven:
            return _misfit(value, misfits)

    return shape


def _shaper(base: Type, reading: Reading) -> Shaper:
    match base:
        case t.ListOf(item=item):
            return _list_shaper(shaper(item, inner(reading, 0)))
        case t.Struct(fields=fields):
            return _struct_shaper([(name, shaper(part, inner(reading, at))) for at, (name, part) in enumerate(fields)])
        case t.MapOf(value=value):
            return _map_shaper(shaper(value, inner(reading, 0)))
        case t.Json():
            return lambda value, misfits: None if value is None else compact(value)
        case _:
            return _leaf_shaper(base, reading)


def _list_shaper(item: Shaper) -> Shaper:
    def shape(value: Any, misfits: list[Misfit]) -> Any:
        if type(value) is not list:
            return _misfit(value, misfits)
        made = []
        for at, one in enumerate(value):
            before = len(misfits)
            made.append(item(one, misfits))
            if len(misfits) > before:
                _placed(misfits, before, at)
        return made

    return shape


def _struct_shaper(parts: list[tuple[str, Shaper]]) -> Shaper:
    def shape(value: Any, misfits: list[Misfit]) -> Any:
        if type(value) is not dict:
            return _misfit(value, misfits)
        made = {}
        for name, part in parts:
            before = len(misfits)
            made[name] = part(value.get(name), misfits)
            if len(misfits) > before:
                _placed(misfits, before, name)
        return made

    return shape


def _map_shaper(item: Shaper) -> Shaper:
    def shape(value: Any, misfits: list[Misfit]) -> Any:
        if type(value) is not dict:
            return _misfit(value, misfits)
        made = []
        for name, one in value.items():
            before = len(misfits)
            made.append((name, item(one, misfits)))
            if len(misfits) > before:
                _placed(misfits, before, name)
        return made

    return shape


def _misfit(value: Any, misfits: list[Misfit]) -> None:
    if value is not None:
        misfits.append(Misfit(compact(value)[:1000]))


def _placed(misfits: list[Misfit], before: int, part: str | int) -> None:
    for misfit in misfits[before:]:
        misfit.parts.append(part)


def _leaf_shaper(base: Type, reading: Reading) -> Shaper:
    exact, whole = isinstance(base, t.Int | t.Decimal), isinstance(base, t.Int)
    numeric = exact or isinstance(base, t.Float)
    mark = "." if whole else reading.decimal

    def shape(value: Any, misfits: list[Misfit]) -> Any:
        kind = type(value)
        if kind is str:
            return value
        if kind is Number:
            plain = without_exponent(value, whole) if exact else value
            return plain if mark == "." or not numeric else plain.replace(".", mark)
        if kind is bool:
            return "true" if value else "false"
        return _misfit(value, misfits)

    return shape


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


def misfit_failures(misfits: Sequence[Misfit], kind: Type) -> tuple[Failure, ...]:
    """Failures R006 for values of the wrong kind, by the field inside of the column that they are."""
    sorted_out: dict[tuple[bool, str], list[Misfit]] = {}
    for misfit in misfits:
        listed = bool(misfit.parts) and isinstance(misfit.place[0], int)
        sorted_out.setdefault((listed, inside(misfit.place, kind)), []).append(misfit)
    return tuple(_misfit_failure(several, listed, deeper) for (listed, deeper), several in sorted_out.items())


def _misfit_failure(misfits: Sequence[Misfit], listed: bool, deeper: str) -> Failure:
    rows: npt.NDArray[np.int64] = np.array([misfit.row for misfit in misfits], np.int64)
    elements = np.array([misfit.place[0] for misfit in misfits], np.int64) if listed else None
    nested = any(misfit.parts for misfit in misfits)
    paths = pa.array([misfit.path for misfit in misfits], pa.string()) if nested else None
    return Failure(
        rows, "R006", values=pa.array([misfit.text for misfit in misfits], pa.string()), paths=paths, elements=elements, inside=deeper
    )


def inside(path: tuple[str | int, ...], kind: Type) -> str:
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
