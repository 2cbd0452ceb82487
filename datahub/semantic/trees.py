"""Making typed expressions so that equal ones are one object, and making them anew with parts exchanged.

The engine computes an object once; an expression that a script writes twice must therefore be one object. Keys are
shallow (the parts' identities), because equality of deep trees that share parts takes exponential time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, get_args

from datahub.semantic import ir

Node = TypeVar("Node", bound=ir.Expression)
Change = Callable[[ir.Expression], ir.Expression]

EXPRESSIONS: tuple[type, ...] = get_args(ir.Expression)
_OVERS: tuple[type, ...] = (ir.Loop, ir.Members, ir.Window, ir.Sorting)
_NAMES: dict[type, tuple[str, ...]] = {kind: tuple(one.name for one in fields(kind)) for kind in (*EXPRESSIONS, *_OVERS)}


def interned(known: dict[object, ir.Expression], node: Node) -> Node:
    """The object that stands for `node` in `known`: itself, if none did yet."""
    return known.setdefault(_key(node), node)  # type: ignore[return-value]


def _key(node: Any) -> object:
    parts = [type(node), *(_shallow(getattr(node, name)) for name in _NAMES[type(node)])]
    if isinstance(node, ir.Constant):
        # 1, 1.0 and true are equal in Python.
        parts.append(type(node.value))
    return tuple(parts)


def _shallow(part: Any) -> object:
    kind = type(part)
    if kind in EXPRESSIONS:
        return id(part)
    if kind is tuple:
        return tuple(_shallow(one) for one in part)
    return _key(part) if kind in _OVERS else part


def rebuilt(node: ir.Expression, change: Change) -> ir.Expression:
    """`node` with `change` made to each expression directly inside it; itself where nothing changed."""
    return _with(node, change)  # type: ignore[no-any-return]


def _with(node: Any, change: Change) -> Any:
    changed = {}
    for name in _NAMES[type(node)]:
        before = getattr(node, name)
        after = _part(before, change)
        if after is not before:
            changed[name] = after
    return replace(node, **changed) if changed else node


def _part(part: Any, change: Change) -> Any:
    kind = type(part)
    if kind in EXPRESSIONS:
        return change(part)
    if kind is tuple:
        after = tuple(_part(one, change) for one in part)
        return part if all(a is b for a, b in zip(after, part, strict=True)) else after
    return _with(part, change) if kind in _OVERS and is_dataclass(part) else part


def substituted(expression: ir.Expression, values: Mapping[str, ir.Expression], known: dict[object, ir.Expression]) -> ir.Expression:
    """`expression` with the columns named in `values` exchanged for them; shared parts stay shared."""
    done: dict[int, ir.Expression] = {}

    def exchanged(node: ir.Expression) -> ir.Expression:
        if isinstance(node, ir.Column):
            return values.get(node.name, node)
        after = done.get(id(node))
        if after is None:
            after = done[id(node)] = interned(known, rebuilt(node, exchanged))
        return after

    return exchanged(expression)
