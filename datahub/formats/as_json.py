"""Columns of any of Arrow's types as JSON: for fields that are JSON, and for people who are shown a value of another kind."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

from datahub.formats.json_text import json_texts
from datahub.types import model as t
from datahub.types.arrow import arrow_type, language_type
from datahub.types.model import Type


def as_json(values: pa.Array) -> pa.Array:
    """Each value as JSON; null stays null."""
    kind = _told(values.type)
    try:
        texts = json_texts(values.cast(arrow_type(kind)), kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # Types that the language lacks, such as whole numbers of 64 bits without a sign: each value is written by itself.
        texts = pa.array([json.dumps(value, default=str, ensure_ascii=False) for value in values.to_pylist()], pa.string())
    return pc.if_else(pc.is_valid(values), texts, pa.scalar(None, pa.string())) if values.null_count else texts


def _told(kind: pa.DataType) -> Type:
    """The type of the language that says most of what values of Arrow's type say."""
    if pa.types.is_integer(kind):
        return t.Int(nullable=True)
    if pa.types.is_floating(kind):
        return t.Float(nullable=True)
    if pa.types.is_list(kind):
        return t.ListOf(_told(kind.value_type), nullable=True)
    if pa.types.is_struct(kind):
        return t.Struct(tuple((one.name, _told(one.type)) for one in kind), nullable=True)
    if pa.types.is_map(kind):
        return t.MapOf(_told(kind.item_type), nullable=True)
    return language_type(kind)
