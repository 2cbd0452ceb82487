"""Values that came out in the form of those that a test expects, so that they can be compared, and shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from datahub.semantic.expected_cells import ANY


def actual(value: Any) -> Any:
    """A value that came out, in the same form."""
    match value:
        case bool():
            return value
        case int() | float():
            return Decimal(str(value))
        case list():
            if value and all(isinstance(one, tuple) and len(one) == 2 for one in value):
                return {key: actual(inner) for key, inner in value}
            return [actual(one) for one in value]
        case dict():
            return {key: actual(inner) for key, inner in value.items()}
        case _:
            return value


def same(wanted: Any, got: Any) -> bool:
    """Whether what came out is what was expected; fields of structs that are not named are null."""
    if wanted is ANY:
        return True
    if isinstance(wanted, dict) and isinstance(got, Mapping):
        return all(same(wanted.get(key), got.get(key)) for key in {*wanted, *got})
    if wanted == {} and got == []:
        return True  # a map of nothing has no pairs to know it by
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(same, wanted, got))
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    return bool(wanted == got)


def shown(value: Any) -> str:
    """A value as one writes it in a table."""
    match value:
        case None:
            return ""
        case "":
            return '""'
        case bool():
            return "true" if value else "false"
        case Decimal():
            plain = format(value, "f")
            return plain.rstrip("0").rstrip(".") if "." in plain else plain
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case list():
            return "[" + ", ".join(map(shown, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key}: {shown(inner) or 'null'}" for key, inner in value.items()) + "}"
        case _:
            return str(value)
