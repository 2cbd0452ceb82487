"""The types of the language; each knows whether its value may be null."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from datahub.records import record


@record(frozen=True, slots=True)
class Bool:
    nullable: bool = False


@record(frozen=True, slots=True)
class Int:
    """A whole number; inside always 64 bits wide, `width` is what is written."""

    nullable: bool = False
    width: int = 64


@record(frozen=True, slots=True)
class Decimal:
    """An exact number of `precision` digits, `scale` of them after the point."""

    nullable: bool = False
    precision: int = 28
    scale: int = 10


@record(frozen=True, slots=True)
class Float:
    nullable: bool = False


@record(frozen=True, slots=True)
class Text:
    """Text of `shortest` to `longest` code points; None is no bound."""

    nullable: bool = False
    shortest: int | None = None
    longest: int | None = None


@record(frozen=True, slots=True)
class Date:
    nullable: bool = False


@record(frozen=True, slots=True)
class Time:
    nullable: bool = False


@record(frozen=True, slots=True)
class DateTime:
    """An instant."""

    nullable: bool = False


@record(frozen=True, slots=True)
class LocalDateTime:
    """What a clock on a wall shows: no zone, no instant."""

    nullable: bool = False


@record(frozen=True, slots=True)
class Duration:
    nullable: bool = False


@record(frozen=True, slots=True)
class Enum:
    """One of `members`, which are ordered as declared."""

    members: tuple[str, ...]
    nullable: bool = False


@record(frozen=True, slots=True)
class ListOf:
    item: Type
    nullable: bool = False


@record(frozen=True, slots=True)
class Struct:
    fields: tuple[tuple[str, Type], ...]
    nullable: bool = False

    def get(self, name: str) -> Type | None:
        """The type of field `name`, or None where there is no such field."""
        return next((kind for key, kind in self.fields if key == name), None)


@record(frozen=True, slots=True)
class MapOf:
    """Texts to values of one type."""

    value: Type
    nullable: bool = False


@record(frozen=True, slots=True)
class Json:
    """A JSON value of unknown shape, kept as its text."""

    nullable: bool = False


@record(frozen=True, slots=True)
class Named:
    """A type declared in a script: `base`, with a pattern or condition checked where a value enters it."""

    name: str
    base: Type
    nullable: bool = False


@record(frozen=True, slots=True)
class Pattern:
    """A regular expression written in the script."""

    nullable: bool = False


@record(frozen=True, slots=True)
class Nothing:
    """The type of `null`, which stands where any nullable type may."""

    nullable: bool = True


@record(frozen=True, slots=True)
class Unknown:
    """The type of what was already reported: it agrees with every type, so one mistake gives one message."""

    nullable: bool = False


Type: TypeAlias = (
    Bool | Int | Decimal | Float | Text | Date | Time | DateTime | LocalDateTime | Duration | Enum
    | ListOf | Struct | MapOf | Json | Named | Pattern | Nothing | Unknown
)  # fmt: skip


def nullable(kind: Type) -> Type:
    """`kind`, but its value may be null."""
    return kind if kind.nullable else replace(kind, nullable=True)


def required(kind: Type) -> Type:
    """`kind`, but its value is never null."""
    if isinstance(kind, Nothing):
        return Unknown()
    return replace(kind, nullable=False) if kind.nullable else kind


def with_null(kind: Type, may_be_null: bool) -> Type:
    """`kind`, nullable or not as told."""
    return nullable(kind) if may_be_null else required(kind)


def base_of(kind: Type) -> Type:
    """`kind` without its name: what operators and functions work on; nullability stays."""
    while isinstance(kind, Named):
        kind = with_null(kind.base, kind.nullable or kind.base.nullable)
    return kind


def spelled(kind: Type) -> str:
    """`kind` as one writes it in a script."""
    return _spelled(kind) + ("?" if kind.nullable and not isinstance(kind, Nothing) else "")


def _spelled(kind: Type) -> str:
    match kind:
        case Int(width=64):
            return "int"
        case Int(width=width):
            return f"int({width})"
        case Decimal(precision=28, scale=10):
            return "decimal"
        case Decimal(precision=precision, scale=scale):
            return f"decimal({precision},{scale})"
        case Text(shortest=None, longest=None):
            return "text"
        case Text(shortest=None, longest=longest):
            return f"text({longest})"
        case Text(shortest=shortest, longest=longest):
            return f"text({shortest}..{'' if longest is None else longest})"
        case LocalDateTime():
            return "local_datetime"
        case Enum(members=members):
            return f"enum({', '.join(members)})"
        case ListOf(item=item):
            return f"[{spelled(item)}]"
        case Struct(fields=pairs):
            return "{" + ", ".join(f"{name}: {spelled(item)}" for name, item in pairs) + "}"
        case MapOf(value=value):
            return f"map({spelled(value)})"
        case Named(name=name):
            return name
        case Nothing():
            return "null"
        case _:
            return type(kind).__name__.lower()


def parts(kind: Type) -> tuple[Type, ...]:
    """The types directly inside `kind`."""
    match kind:
        case ListOf(item=inner) | MapOf(value=inner) | Named(base=inner):
            return (inner,)
        case Struct(fields=pairs):
            return tuple(inner for _, inner in pairs)
        case _:
            return ()


def inside(kind: Type) -> dict[str, Type]:
    """The types directly inside a list, a map or a struct: of its fields by their names, of items and values under no name."""
    match kind:
        case ListOf(item=inner) | MapOf(value=inner):
            return {"": inner}
        case Struct(fields=pairs):
            return dict(pairs)
        case _:
            return {}


def with_parts(kind: Type, part: Callable[[str, Type], Type]) -> Type:
    """A list, a map or a struct with the types inside it as `part` makes them, by name as `inside` has them; any other as it is."""
    match kind:
        case ListOf(item=inner):
            return replace(kind, item=part("", inner))
        case MapOf(value=inner):
            return replace(kind, value=part("", inner))
        case Struct(fields=pairs):
            return replace(kind, fields=tuple((name, part(name, inner)) for name, inner in pairs))
        case _:
            return kind
