"""Types of the language as types of Arrow.

Enumerations travel as text inside the engine (few Arrow kernels take dictionaries) and become
dictionaries where they are written; see `written_type`.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

import pyarrow as pa

from datahub.types import model as t

if find_spec("dateutil") is None:
    # Arrow tries to import this whenever it is given a Python value without a type, and does not remember that it is
    # not there: 180 µs each time, more than most kernels take for a batch.
    sys.modules.setdefault("dateutil.relativedelta", None)  # type: ignore[arg-type]


def arrow_type(kind: t.Type) -> pa.DataType:
    """The Arrow type that carries values of `kind` through the engine."""
    match kind:
        case t.Bool():
            return pa.bool_()
        case t.Int():
            return pa.int64()
        case t.Decimal(precision=precision, scale=scale):
            return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)
        case t.Float():
            return pa.float64()
        case t.Date():
            return pa.date32()
        case t.Time():
            return pa.time64("us")
        case t.DateTime():
            return pa.timestamp("us", "UTC")
        case t.LocalDateTime():
            return pa.timestamp("us")
        case t.Duration():
            return pa.duration("us")
        case t.ListOf(item=item):
            return pa.list_(pa.field("item", arrow_type(item)))
        case t.Struct(fields=pairs):
            return pa.struct([pa.field(name, arrow_type(inner)) for name, inner in pairs])
        case t.MapOf(value=value):
            return pa.map_(pa.string(), arrow_type(value))
        case t.Named(base=base):
            return arrow_type(base)
        case t.Nothing() | t.Unknown():
            return pa.null()
        case t.Text() | t.Enum() | t.Json() | t.Pattern():
            return pa.string()


def language_type(kind: pa.DataType) -> t.Type:
    """The type of the language whose values `arrow_type` carries so, as far as Arrow tells: an enumeration is text."""
    match kind:
        case pa.Decimal128Type() | pa.Decimal256Type():
            return t.Decimal(precision=kind.precision, scale=kind.scale, nullable=True)
        case pa.TimestampType():
            return t.DateTime(nullable=True) if kind.tz else t.LocalDateTime(nullable=True)
        case pa.ListType():
            return t.ListOf(language_type(kind.value_type), nullable=True)
        case pa.StructType():
            return t.Struct(tuple((one.name, language_type(one.type)) for one in kind), nullable=True)
        case pa.MapType():
            return t.MapOf(language_type(kind.item_type), nullable=True)
        case _:
            return _PLAIN.get(kind, t.Text(nullable=True))


_PLAIN: dict[pa.DataType, t.Type] = {
    pa.bool_(): t.Bool(nullable=True),
    pa.int64(): t.Int(nullable=True),
    pa.float64(): t.Float(nullable=True),
    pa.date32(): t.Date(nullable=True),
    pa.time64("us"): t.Time(nullable=True),
    pa.duration("us"): t.Duration(nullable=True),
}


def written_type(kind: t.Type, absent: bool = False) -> pa.DataType:
    """The Arrow type in which values of `kind` leave the engine in Parquet and Arrow files.

    Members of a struct that may be null, or that stands in one (`absent`), have no values where it is null, and Arrow lets no member be
    without one that is never to be null.
    """
    absent = absent or kind.nullable
    match kind:
        case t.Int(width=32):
            return pa.int32()
        case t.Int(width=16):
            return pa.int16()
        case t.Enum():
            return pa.dictionary(pa.int32(), pa.string())
        case t.ListOf(item=item):
            return pa.list_(pa.field("item", written_type(item), nullable=item.nullable))
        case t.Struct(fields=pairs):
            return pa.struct([pa.field(name, written_type(inner, absent), nullable=inner.nullable or absent) for name, inner in pairs])
        case t.MapOf(value=value):
            return pa.map_(pa.string(), written_type(value))
        case t.Named(base=base):
            return written_type(base, absent)
        case _:
            return arrow_type(kind)
