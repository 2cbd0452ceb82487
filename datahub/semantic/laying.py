"""One declaration of a pack with an override laid on it: what stands in the override wins, what it leaves out stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from datahub.diagnostics.diagnostic import Diagnostic, Emit
from datahub.document import Document
from datahub.records import record
from datahub.semantic.kinds import SOURCES, TARGETS, Kind
from datahub.semantic.order import in_order
from datahub.syntax import ast
from datahub.syntax.walk import walk

Part = TypeVar("Part")


def overridden_map(base: ast.Map, items: tuple[ast.MapItem, ...], emit: Emit) -> ast.Map | None:
    """The lines of `base` with those of `items` in their places; new ones follow, each line after those it reads.

    What is dropped stays named, since only the meaning of an `include` tells whether it was there. None where lines read each other.
    """
    gone = {name.text for item in items if isinstance(item, ast.Drop) for name in item.names}
    ours = {key: item for item in items if (key := _key(item))}
    kept = {key: item for item in base.items if (key := _key(item)) and key.removeprefix("field ") not in gone}
    lines = {**kept, **ours}
    # A let that is new may be read by any line, so it stands before them all unless it reads one of them.
    fresh = [key for key in lines if key not in kept and key.startswith("let ")]
    named = {
        key: _line(lines[key], ranked, key in ours) for ranked, key in enumerate((*fresh, *(one for one in lines if one not in fresh)))
    }
    rings: list[Diagnostic] = []
    ordered = tuple(in_order(named, lambda line: _read_by(line, named), lambda line: line.name, rings.append))
    if rings:
        emit(_told_at_override(rings[0], items[0].span.document))
        return None
    again = {item.name.text for item in items if isinstance(item, ast.FieldItem)}
    drops = tuple(
        replace(item, names=tuple(name for name in item.names if name.text not in again))
        for item in (*base.items, *items)
        if isinstance(item, ast.Drop)
    )
    return replace(base, items=(*drops, *(line.item for line in ordered)))


def _told_at_override(ring: Diagnostic, document: Document) -> Diagnostic:
    """A ring, told at the first line of it that the override wrote."""
    labels = (ring.at, *ring.also)
    at = next(one for one in labels if one.span.document is document)
    return replace(ring, at=at, also=tuple(one for one in labels if one is not at))


def _key(item: ast.MapItem) -> str:
    match item:
        case ast.FieldItem(name=name):
            return f"field {name.text}"
        case ast.Let(name=name):
            return f"let {name.text}"
        case ast.Include(of=name):
            return f"include {name.text}"
        case ast.Drop():
            return ""


@record(frozen=True, slots=True)
class _Line:
    """A line of a map: the name it goes by, where it stands, and whether the override wrote it."""

    name: ast.Name
    item: ast.MapItem
    rank: int
    ours: bool


def _line(item: ast.MapItem, rank: int, ours: bool) -> _Line:
    assert not isinstance(item, ast.Drop)
    return _Line(item.of if isinstance(item, ast.Include) else item.name, item, rank, ours)


def _read_by(line: _Line, named: Mapping[str, _Line]) -> Iterator[str]:
    """The lets and fields that a line reads; in a line of the pack a later one is a column of that name."""
    for node in walk(line.item):
        match node:
            case ast.Reference(name=name):
                key = f"let {name.text}"
            case ast.Member(of=ast.Reference(name=row), name=name) if row.text == "out":
                key = f"field {name.text}"
            case _:
                continue
        read = named.get(key)
        if read is not None and read is not line and (line.ours or read.rank < line.rank):
            yield key


WHOLE = "whole"
"""What an override drops so that rows of an entity no longer stand or fall together."""


def overridden_entity(base: ast.Entity, over: ast.Entity) -> ast.Entity:
    """The fields of `base` with those of `over` in their places, then the new ones, without those that it drops."""
    gone = {name.text for name in over.dropped}
    whole = None if WHOLE in gone and all(one.name.text != WHOLE for one in base.fields) else base.whole
    fields = _laid(base.fields, tuple(_documented(one, base.fields) for one in over.fields), lambda one: one.name.text)
    return replace(
        base,
        tags=_laid(base.tags, over.tags, lambda one: one.name.text),
        key=over.key or tuple(name for name in base.key if name.text not in gone),
        fields=tuple(one for one in fields if one.name.text not in gone),
        owns=_laid(base.owns, over.owns, lambda one: one.child.text),
        codes=_translated(base.codes, over.codes),
        whole=over.whole or whole,
        doc=over.doc or base.doc,
    )


def _documented(field: ast.EntityField, before: Iterable[ast.EntityField]) -> ast.EntityField:
    doc = next((one.doc for one in before if one.name.text == field.name.text), "")
    return field if field.doc else replace(field, doc=doc)


def _translated(base: ast.Translate | None, over: ast.Translate | None) -> ast.Translate | None:
    if base is None or over is None:
        return over or base
    return replace(base, pairs=_laid(base.pairs, over.pairs, lambda pair: pair[0]))


def overridden_source(base: ast.Source, over: ast.Source) -> ast.Source:
    """The options and columns of `base` with those of `over` in their places, then the new ones."""
    return replace(
        base,
        kind=over.kind if over.kind.text else base.kind,
        options=_laid(_that_stay(base, over, SOURCES), over.options, lambda one: one.name.text),
        columns=_laid(base.columns, over.columns, lambda one: one.name.text),
        doc=over.doc or base.doc,
    )


def _that_stay(base: ast.Source | ast.Target, over: ast.Source | ast.Target, kinds: Mapping[str, Kind]) -> tuple[ast.Option, ...]:
    """The options of `base`; where `over` is of another kind, those that it has too: `delimiter` says nothing of a workbook."""
    if over.kind.text in ("", base.kind.text):
        return base.options
    kind = kinds.get(over.kind.text)
    return tuple(one for one in base.options if kind is not None and kind.option(one.name.text) is not None)


def overridden_target(base: ast.Target, over: ast.Target) -> ast.Target:
    """The options and columns of `base` with those of `over` in their places, then the new ones."""
    return replace(
        base,
        kind=over.kind if over.kind.text else base.kind,
        options=_laid(_that_stay(base, over, TARGETS), over.options, lambda one: one.name.text),
        columns=_laid(base.columns, over.columns, lambda one: one.name.text),
        doc=over.doc or base.doc,
    )


def overridden_checks(base: tuple[ast.Check, ...], over: tuple[ast.Check, ...]) -> tuple[ast.Check, ...]:
    """The checks of `base` by code: put off, with another severity, or with another condition; new ones follow.

    Several checks may have one code of a platform: a severity is for all of them, and a condition is one more beside them.
    """
    several = {code for code, count in Counter(one.code.text for one in base).items() if count > 1}
    changes = {one.code.text: one for one in over if one.condition is None or one.code.text not in several}
    laid = tuple(
        _changed(one, changes.pop(one.code.text, None) if one.code.text not in several else changes.get(one.code.text)) for one in base
    )
    fresh = tuple(one for one in over if one.condition is not None and (one.code.text in several or one.code.text in changes))
    return tuple(one for one in (*laid, *fresh) if one.severity != "off")


def _changed(base: ast.Check, over: ast.Check | None) -> ast.Check:
    if over is None:
        return base
    return over if over.condition is not None else replace(base, severity=over.severity)


def overridden_rules(base: ast.Rules, over: tuple[ast.RuleDecl, ...]) -> ast.Rules:
    """The rules of `base` by name: put off, or with another condition; new ones follow."""
    rules = _laid(base.rules, over, lambda one: one.name.text)
    return replace(base, rules=tuple(one for one in rules if not one.off))


Table = TypeVar("Table", ast.Lookup, ast.Decide)


def overridden_table(base: Table, over: ast.Override) -> Table:
    """The table with rows to be laid on its own, once they are typed; what `otherwise` says is the override's, where it says so."""
    return replace(base, over=(*base.over, over), otherwise=over.otherwise or base.otherwise)


def overridden_fn(base: ast.Fn, over: ast.Fn) -> ast.Fn:
    """The function of the override, known by what the pack says of it where it says nothing."""
    return replace(over, doc=over.doc or base.doc)


def overridden_view(base: ast.View, over: ast.View) -> ast.View:
    return replace(over, doc=over.doc or base.doc)


def overridden_flow(base: ast.Flow, over: ast.Flow) -> ast.Flow:
    return replace(over, doc=over.doc or base.doc)


def _laid(base: tuple[Part, ...], over: tuple[Part, ...], name: Callable[[Part], str]) -> tuple[Part, ...]:
    """`base` with each part that `over` has too replaced in its place, and what only `over` has behind it."""
    found = {name(part): part for part in base}
    return tuple((found | {name(part): part for part in over}).values())
