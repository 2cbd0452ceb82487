"""What a Python function of one row may answer where a type is declared: nothing that Arrow would make another value of.

Arrow takes 1.5 for the int 1, 5 for a day of 1970 and an instant for its day, and says nothing.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from datahub.types import model as t


class Unlike(Exception):
    """What an answer has that the declaration does not allow, as the end of a sentence."""


def hold(value: Any, kind: t.Type) -> None:
    """Raise `Unlike` where a value, or one within it, is of another type than the declared one; None is looked at within alone."""
    match kind:
        case t.Named(base=base):
            hold(value, base)
        case t.ListOf(item=item) if isinstance(value, list | tuple | np.ndarray):
            for one in value:
                _hold_within(one, item)
        case t.MapOf(value=item) if isinstance(value, dict):
            _hold_pairs(list(value.items()), item)
        case t.MapOf(value=item) if isinstance(value, list) and all(isinstance(one, tuple) and len(one) == 2 for one in value):
            _hold_pairs(value, item)
        case t.Struct(fields=fields) if isinstance(value, dict) and value.keys() <= {name for name, _ in fields}:
            for name, inner in fields:
                _hold_within(value.get(name), inner, name)
        case _ if not _is_one(value, kind):
            raise Unlike(f"gave {written(value)} ({_what(value, kind)}) where {t.spelled(kind)} is declared")
        case _:
            pass


def _hold_pairs(pairs: list[tuple[Any, Any]], item: t.Type) -> None:
    for key, value in pairs:
        hold(key, t.Text())
        _hold_within(value, item, key)


def _hold_within(value: Any, kind: t.Type, name: str = "") -> None:
    if value is not None:
        hold(value, kind)
    elif not kind.nullable:
        raise Unlike(f"gave null{f' for `{name}`,' if name else ''} where {t.spelled(kind)} is declared; declare `{t.spelled(kind)}?`")


def _is_one(value: Any, kind: t.Type) -> bool:
    """Whether a single value is one of the type; a list, map or struct comes here where it is none."""
    match kind:
        case t.Bool():
            return isinstance(value, bool | np.bool_)
        case t.Int():
            return isinstance(value, int | np.integer) and not isinstance(value, bool)
        case t.Decimal():
            return isinstance(value, int | Decimal) and not isinstance(value, bool)
        case t.Float():
            return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        case t.Date():
            return isinstance(value, date) and not isinstance(value, datetime)
        case t.Time():
            return isinstance(value, time) and value.tzinfo is None
        case t.DateTime():
            return isinstance(value, datetime) and value.utcoffset() is not None
        case t.LocalDateTime():
            return isinstance(value, datetime) and value.tzinfo is None
        case t.Duration():
            return isinstance(value, timedelta)
        case t.Text() | t.Enum() | t.Json() | t.Pattern():
            return isinstance(value, str)
        case _:
            return False


def _what(value: Any, kind: t.Type) -> str:
    name = type(value).__name__
    match value, kind:
        case datetime(), t.DateTime() | t.LocalDateTime():
            return f"{name} {'without a' if isinstance(kind, t.DateTime) else 'with a'} time zone"
        case time(), t.Time():
            return f"{name} with a time zone"
        case dict(), t.Struct(fields=fields):
            return f"{name} with `{next(key for key in value if key not in {one for one, _ in fields})}`"
        case _:
            return name


def written(value: Any, most: int = 80) -> str:
    """A value as a sentence shows it: a text in quotes, what is long cut short."""
    text = str(value) if isinstance(value, Decimal | date | time | timedelta | np.generic) else repr(value)
    line = " ".join(text.encode(errors="backslashreplace").decode().split())
    return line if len(line) <= most else line[: most - 1] + "…"
