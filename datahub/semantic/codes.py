"""What an expression can be rejected with, and which of its columns decide whether it can be asked at all.

Failures behind a guard do not count: those of a branch only where it is taken, those of the right side of `and` only
where the left one is true, none behind `on error`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import assert_never

from datahub.semantic import ir
from datahub.semantic.narrowing import path
from datahub.semantic.walk import columns_read as columns
from datahub.semantic.walk import inside, is_made
from datahub.types import model as t
from datahub.types.assign import losses

__all__ = ["codes", "columns", "conversion_codes", "nullable_operands", "nullable_reads"]

Carried = Mapping[str, tuple[str, ...]]
_NONE: frozenset[str] = frozenset()


def codes(expression: ir.Expression, carried: Carried | None = None) -> tuple[str, ...]:
    """The reject codes that `expression` can give, in order; `carried` are those that columns bring along."""
    return tuple(sorted(_Codes(carried or {}).of(expression, _NONE)))


class _Codes:
    """The codes of expressions, found once for each however often it is shared."""

    def __init__(self, carried: Carried) -> None:
        self.carried = carried
        self.known: dict[tuple[int, frozenset[str]], frozenset[str]] = {}

    def of(self, node: ir.Expression, made: frozenset[str]) -> frozenset[str]:
        key = (id(node), made)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = self._of(node, made)
        return found

    def all(self, nodes: tuple[ir.Expression, ...], made: frozenset[str]) -> frozenset[str]:
        return _NONE.union(*(self.of(node, made) for node in nodes))

    def _of(self, node: ir.Expression, made: frozenset[str]) -> frozenset[str]:
        match node:
            case ir.Column(name=name):
                return _NONE if is_made(name, made) else frozenset(self.carried.get(name, ()))
            case ir.Constant() | ir.Parameter() | ir.Present() | ir.RowFact() | ir.Omitted() | ir.Failed():
                return _NONE
            case ir.Logic() | ir.Choose() | ir.Default() | ir.Recover():
                return self._guarded(node, made)
            case ir.Fit():
                return self._fit(node, made)
            case ir.Convert(value=value, type=kind, reading=reading):
                return self.of(value, made) | frozenset(conversion_codes(kind, reading))
            case ir.Aggregate(codes=own, over=over):
                return frozenset(own) | self._over(node, over, made)
            case ir.Collect(over=over) | ir.WindowCall(over=over):
                return self._over(node, over, made)
            case ir.Call(codes=own) | ir.LookUp(codes=own) | ir.Decision(codes=own):
                return frozenset(own) | self.all(inside(node), made)
            case ir.Field() | ir.MakeStruct() | ir.MakeList() | ir.InLookUp():
                return self.all(inside(node), made)
            case _:
                assert_never(node)

    def _guarded(self, node: ir.Logic | ir.Choose | ir.Default | ir.Recover, made: frozenset[str]) -> frozenset[str]:
        match node:
            case ir.Logic(operator=operator, left=left, right=right):
                decided = isinstance(left, ir.Constant) and left.value is (operator == "or")
                return self.of(left, made) | (_NONE if decided else self.of(right, made))
            case ir.Choose():
                return self._choose(node, made)
            case ir.Default(value=value, fallback=fallback):
                return self.of(value, made) | (self.of(fallback, made) if value.type.nullable else _NONE)
            case ir.Recover(value=value, how=how, fallback=fallback, code=code):
                if not self.of(value, made):
                    return _NONE
                if how == "reject":
                    return frozenset((code,)) if code else self.of(value, made)
                return _NONE if fallback is None else self.of(fallback, made)
            case _:
                assert_never(node)

    def _choose(self, node: ir.Choose, made: frozenset[str]) -> frozenset[str]:
        found = _NONE
        for condition, value in node.branches:
            constant = condition.value if isinstance(condition, ir.Constant) else None
            if constant is not False:
                found |= self.of(condition, made) | self.of(value, made)
            if constant is True:
                return found
        return found | self.of(node.otherwise, made)

    def _fit(self, node: ir.Fit, made: frozenset[str]) -> frozenset[str]:
        found = self.of(node.value, made) | frozenset(losses(node.value.type, node.type, node.rounding))
        for condition, code in node.conditions:
            found |= self.of(condition, made) | {code}
        return found

    def _over(self, node: ir.Expression, over: ir.Over, made: frozenset[str]) -> frozenset[str]:
        if not isinstance(over, ir.Loop):
            return self.all(inside(node), made)
        within = made | {name for name in (over.item, over.position) if name}
        rest = tuple(part for part in inside(node) if part is not over.over)
        return self.of(over.over, made) | self.all(rest, within)


def conversion_codes(kind: t.Type, reading: ir.Reading) -> tuple[str, ...]:
    """The codes that reading text as `kind` can give."""
    return tuple(sorted({*_conversion(kind, reading), *(("R007",) if _may_be_uneven(kind, reading) else ())}))


def _may_be_uneven(kind: t.Type, reading: ir.Reading) -> bool:
    """Whether a cell is cut into the fields of a struct or the entries of a map, of which it may have others."""
    base = t.base_of(kind)
    within = tuple(reading.inner[at] if at < len(reading.inner) else reading for at in range(len(t.parts(base))))
    if not reading.split:
        return any(bool(reading.inner) and _may_be_uneven(part, inner) for part, inner in zip(t.parts(base), within, strict=True))
    if isinstance(base, t.ListOf):
        return _may_be_uneven(base.item, within[0] if reading.inner and within[0].split else replace(within[0], split=reading.split[1:]))
    return isinstance(base, t.Struct | t.MapOf)


def _conversion(kind: t.Type, reading: ir.Reading) -> Iterator[str]:
    base = t.base_of(kind)
    if not kind.nullable and not isinstance(base, t.ListOf | t.MapOf):
        yield "R201"
    match base:
        case t.ListOf(item=inner) | t.MapOf(value=inner):
            # Blank parts are dropped or null; a part is there or is none.
            yield from (code for code in _conversion(inner, reading) if code != "R201" or not inner.nullable)
        case t.Struct(fields=pairs):
            for _, inner in pairs:
                yield from _conversion(inner, reading)
        case t.Text():
            yield from losses(t.Text(), t.required(base))
        case t.DateTime():
            yield "R107"
            if reading.zone and reading.zone != "UTC":
                yield "R110"
        case _:
            yield from _SCALARS.get(type(base), ())


_SCALARS: dict[type, tuple[str, ...]] = {
    t.Int: ("R101", "R102"),
    t.Bool: ("R103",),
    t.Decimal: ("R102", "R104", "R105"),
    t.Float: ("R102", "R104"),
    t.Date: ("R106",),
    t.LocalDateTime: ("R107",),
    t.Time: ("R108",),
    t.Enum: ("R109",),
    t.Json: ("R111",),
    t.Duration: ("R112",),
}


# ---------------------------------------------------------------- null

_ANSWERED = frozenset(("is_null", "is_blank"))


def nullable_reads(expression: ir.Expression) -> frozenset[str]:
    """The nullable columns that `expression` reads outside `is null`, `default` and `coalesce`, and that it does not know to be there."""
    return frozenset(one.name for one in nullable_operands(expression) if isinstance(one, ir.Column))


def nullable_operands(expression: ir.Expression) -> tuple[ir.Column | ir.Field | ir.Call, ...]:
    """The nullable columns, fields of structs and entries of maps in columns, of which a condition says nothing where they are null.

    Reads inside `is null`, `default` and `coalesce` are answered there; narrowed ones are of a type without null.
    """
    return tuple(dict.fromkeys(_unanswered(expression, _NONE, set())))


def _unanswered(
    node: ir.Expression, made: frozenset[str], seen: set[tuple[int, frozenset[str]]]
) -> Iterator[ir.Column | ir.Field | ir.Call]:
    if (id(node), made) in seen:
        return
    seen.add((id(node), made))
    match node:
        case ir.Call(function=name) if name in _ANSWERED:
            return
        case ir.Default() | ir.Failed():
            return
        case ir.Call(function="get", arguments=(of, ir.Constant())) if (whole := path(of)) is not None:
            if node.type.nullable and not is_made(whole, made):
                yield node
        case ir.Column() | ir.Field() if (whole := path(node)) is not None:
            if node.type.nullable and not is_made(whole, made):
                yield node
        case ir.Aggregate(over=ir.Loop() as loop) | ir.Collect(over=ir.Loop() as loop):
            yield from _unanswered(loop.over, made, seen)
            within = made | {name for name in (loop.item, loop.position) if name}
            for part in inside(node):
                if part is not loop.over:
                    yield from _unanswered(part, within, seen)
        case _:
            for part in inside(node):
                yield from _unanswered(part, made, seen)
