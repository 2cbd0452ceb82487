"""Trees of nodes, from the top down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

from datahub.document import Span


def children(node: Any) -> Iterator[Any]:
    """The nodes directly inside `node`, in the order of its fields."""
    for name in _parts(node.__class__):
        yield from _nodes(getattr(node, name))


def walk(node: Any) -> Iterator[Any]:
    """The node, and all nodes inside it, each before those inside it."""
    waiting = [node]
    while waiting:
        at = waiting.pop()
        yield at
        waiting.extend(reversed(list(children(at))))


@cache
def _parts(kind: Any) -> tuple[str, ...]:
    return tuple(part.name for part in fields(kind) if part.name != "span")


def _nodes(value: Any) -> Iterator[Any]:
    """The nodes that a field holds: one, several in a tuple, or none."""
    if isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
    elif hasattr(value, "__dataclass_fields__") and not isinstance(value, Span):
        yield value
