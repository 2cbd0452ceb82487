"""Types as signatures of functions write them, with variables; what they match, and what they give once bound."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias, assert_never

from datahub.records import record
from datahub.types import model as t
from datahub.types.assign import assignable, common, common_of

Bound: TypeAlias = dict[str, t.Type]
"""What each type variable stands for."""


@record(frozen=True, slots=True)
class Variable:
    """A capital letter: any type, the same wherever it stands."""

    name: str
    nullable: bool = False


@record(frozen=True, slots=True)
class Family:
    """`any`, `number`, `struct`, `enum`: each argument may have another type of the family."""

    name: str
    nullable: bool = False


@record(frozen=True, slots=True)
class Exact:
    """A type of the language; of decimals and texts, every size of it."""

    kind: t.Type
    nullable: bool = False


@record(frozen=True, slots=True)
class ListShape:
    item: Shape
    nullable: bool = False


@record(frozen=True, slots=True)
class MapShape:
    value: Shape
    nullable: bool = False


@record(frozen=True, slots=True)
class StructShape:
    fields: tuple[tuple[str, Shape], ...]
    nullable: bool = False


Shape: TypeAlias = Variable | Family | Exact | ListShape | MapShape | StructShape

_FAMILIES = frozenset(("any", "number", "struct", "enum"))
_SIMPLE: dict[str, t.Type] = {
    "bool": t.Bool(),
    "int": t.Int(),
    "decimal": t.Decimal(),
    "float": t.Float(),
    "text": t.Text(),
    "date": t.Date(),
    "time": t.Time(),
    "datetime": t.DateTime(),
    "local_datetime": t.LocalDateTime(),
    "duration": t.Duration(),
    "json": t.Json(),
    "pattern": t.Pattern(),
    "null": t.Nothing(),
}
_WORD = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*|\d+|\.\.|[\[\](){}:,?])")


@lru_cache(maxsize=4096)
def shape(text: str) -> Shape:
    """The shape that `text` writes, such as `[T?]` or `{code: text, rate: decimal(5,2)}`."""
    words = _WORD.findall(text)
    found, rest = _read(words)
    assert not rest, f"{text!r} is no type of a signature"
    return found


def _read(words: list[str]) -> tuple[Shape, list[str]]:
    found, rest = _read_plain(words)
    if rest and rest[0] == "?":
        return _nullable(found), rest[1:]
    return found, rest


def _nullable(found: Shape) -> Shape:
    match found:
        case Variable(name=name):
            return Variable(name, True)
        case Family(name=name):
            return Family(name, True)
        case Exact(kind=kind):
            return Exact(kind, True)
        case ListShape(item=item):
            return ListShape(item, True)
        case MapShape(value=value):
            return MapShape(value, True)
        case StructShape(fields=fields):
            return StructShape(fields, True)
        case _:
            assert_never(found)


def _read_plain(words: list[str]) -> tuple[Shape, list[str]]:
    word, rest = words[0], words[1:]
    if word == "[":
        item, rest = _read(rest)
        return ListShape(item), rest[1:]
    if word == "{":
        return _read_struct(rest)
    if word == "map" and rest[:1] == ["("]:
        value, rest = _read(rest[1:])
        return MapShape(value), rest[1:]
    if rest[:1] == ["("]:
        end = rest.index(")")
        return Exact(_sized(word, rest[1:end])), rest[end + 1 :]
    if word in _FAMILIES:
        return Family(word), rest
    if len(word) == 1 and word.isupper():
        return Variable(word), rest
    return Exact(_SIMPLE[word]), rest


def _read_struct(rest: list[str]) -> tuple[Shape, list[str]]:
    fields: list[tuple[str, Shape]] = []
    while rest[0] != "}":
        name, rest = rest[0], rest[2:]
        value, rest = _read(rest)
        fields.append((name, value))
        rest = rest[1:] if rest[0] == "," else rest
    return StructShape(tuple(fields)), rest[1:]


def _sized(word: str, sizes: list[str]) -> t.Type:
    numbers = [int(size) for size in sizes if size.isdigit()]
    if word == "decimal":
        return t.Decimal(False, *numbers)
    if word == "enum":
        return t.Enum(tuple(size for size in sizes if size != ","))
    if ".." in sizes:
        return t.Text(False, numbers[0], numbers[1] if len(numbers) > 1 else None)
    return t.Text(False, None, numbers[0])


def matches(wanted: Shape, kind: t.Type, bound: Bound, widen: bool) -> bool:
    """Whether a value of type `kind` may be given for `wanted`; binds variables. `widen`: ints pass for decimals."""
    if isinstance(kind, t.Unknown | t.Nothing):
        if isinstance(wanted, Variable):
            bound.setdefault(wanted.name, kind)
        return True
    base = t.base_of(kind)
    match wanted:
        case Variable(name=name):
            return _bind(name, t.required(kind), bound, widen)
        case Family(name=name):
            return _of_family(name, base)
        case Exact(kind=exact):
            return _exactly(exact, base, widen)
        case ListShape(item=item):
            return isinstance(base, t.ListOf) and _inner(item, base.item, bound, widen)
        case MapShape(value=value):
            return isinstance(base, t.MapOf) and _inner(value, base.value, bound, widen)
        case StructShape(fields=fields):
            return isinstance(base, t.Struct) and all(
                (inner := base.get(name)) is not None and _inner(value, inner, bound, widen) for name, value in fields
            )
        case _:
            assert_never(wanted)


def _inner(wanted: Shape, kind: t.Type, bound: Bound, widen: bool) -> bool:
    # A variable inside a list or map takes its items as they are: `[text?]` binds `T` in `[T]` to `text?`.
    if isinstance(wanted, Variable) and not wanted.nullable:
        return _bind(wanted.name, kind, bound, widen)
    return matches(wanted, kind, bound, widen)


def _bind(name: str, kind: t.Type, bound: Bound, widen: bool) -> bool:
    before = bound.get(name)
    if before is None:
        bound[name] = kind
        return True
    after = common(before, kind)
    if after is None or (not widen and _kinds(before) != _kinds(kind)):
        return False
    bound[name] = after
    return True


def _kinds(kind: t.Type) -> object:
    base = t.base_of(kind)
    return "text" if isinstance(base, t.Text | t.Enum) else "any" if isinstance(base, t.Unknown | t.Nothing) else type(base)


def _of_family(name: str, base: t.Type) -> bool:
    match name:
        case "any":
            return not isinstance(base, t.Pattern)
        case "number":
            return isinstance(base, t.Int | t.Decimal | t.Float)
        case "struct":
            return isinstance(base, t.Struct)
        case _:
            return isinstance(base, t.Enum)


def _exactly(exact: t.Type, base: t.Type, widen: bool) -> bool:
    match exact, base:
        case t.Text(), t.Text() | t.Enum():
            return True
        case t.Decimal(), t.Int():
            return widen
        case t.Enum(), t.Enum():
            return assignable(base, exact)
        case _:
            return type(exact) is type(base)


def built(wanted: Shape, bound: Bound) -> t.Type:
    """The type that `wanted` is once its variables are bound."""
    match wanted:
        case Variable(name=name, nullable=nullable):
            kind = bound.get(name, t.Unknown())
            return t.nullable(kind) if nullable else kind
        case Family():
            found: t.Type = t.Unknown()
        case Exact(kind=kind):
            found = kind
        case ListShape(item=item):
            found = t.ListOf(built(item, bound))
        case MapShape(value=value):
            found = t.MapOf(built(value, bound))
        case StructShape(fields=fields):
            found = t.Struct(tuple((name, built(value, bound)) for name, value in fields))
        case _:
            assert_never(wanted)
    return t.nullable(found) if wanted.nullable else found


def family_result(wanted: Shape, wanted_of: list[Shape], kinds: list[t.Type]) -> t.Type | None:
    """For a result written as a family (`number`): the type that the arguments of that family share."""
    if not isinstance(wanted, Family):
        return None
    given = (kind for one, kind in zip(wanted_of, kinds, strict=False) if isinstance(one, Family) and one.name == wanted.name)
    found = common_of(map(t.required, given))
    return found if found is None or not wanted.nullable else t.nullable(found)


def told(wanted: Shape) -> str:
    """`wanted` as one names it in a sentence."""
    match wanted:
        case Variable():
            return "any value"
        case Family(name=name):
            return {"any": "any value", "number": "a number"}.get(name, name)
        case Exact(kind=kind):
            return t.spelled(kind)
        case ListShape(item=item):
            inner = told(item)
            return "a list" if inner == "any value" else f"[{inner}]"
        case MapShape(value=value):
            inner = told(value)
            return "a map" if inner == "any value" else f"map({inner})"
        case StructShape(fields=fields):
            return "{" + ", ".join(f"{name}: {told(value)}" for name, value in fields) + "}"
        case _:
            assert_never(wanted)
