"""Truth in the words that a target declares for it: `bool("TRUE", "FALSE")`, wherever it stands in the type of a column."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from datahub.functions.segments import remade
from datahub.semantic.ir import Words
from datahub.types import model as t
from datahub.types.model import Type


def worded_type(kind: Type, words: Words) -> Type:
    """The type as it is written: text where a bool has words."""
    if not words.pair and not words.parts:
        return kind
    match t.base_of(kind):
        case t.Bool(nullable=nullable) if words.pair:
            return t.Text(nullable)
        case base:
            return t.with_parts(base, lambda name, inner: worded_type(inner, words.part(name)))


def worded(values: pa.Array, kind: Type, words: Words) -> pa.Array:
    """Values of `kind` as they are written; null stays null."""
    if not words.pair and not words.parts:
        return values
    match t.base_of(kind):
        case t.Bool() if words.pair:
            true, false = words.pair
            return pc.if_else(values, true, false)
        case base:
            inside = t.inside(base)
            return remade(values, lambda name, inner: worded(inner, inside[name], words.part(name)))
