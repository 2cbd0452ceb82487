"""Examples of inputs as one reads them: the name of each, and its value as a cell or a script writes it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from datahub.semantic import ir
from datahub.semantic.proofs import Example
from datahub.types import model as t


def shown_example(example: Example, table: ir.DecisionTable) -> str:
    """`weight 31, country "DE"`."""
    kinds = dict(table.inputs)
    return ", ".join(f"{name} {shown_value(value, kinds[name])}" for name, value in example.values)


def shown_value(value: ir.Value, kind: t.Type) -> str:
    """One value: texts in quotes, members of an enumeration bare."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            base = t.base_of(kind)
            if isinstance(base, t.ListOf | t.Struct | t.MapOf | t.Nothing):
                return "not null"
            return value if isinstance(base, t.Enum | t.Json) else json.dumps(value, ensure_ascii=False)
        case Decimal():
            text = format(value, "f")
            return text.rstrip("0").rstrip(".") if "." in text else text
        case datetime():
            return value.isoformat().replace("+00:00", "Z") if value.tzinfo is UTC else value.isoformat()
        case date() | time():
            return value.isoformat()
        case timedelta():
            return _duration(value)
        case _:
            return str(value)


def _duration(value: timedelta) -> str:
    sign, value = ("-", -value) if value < timedelta(0) else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = "".join(f"{number}{letter}" for number, letter in ((hours, "H"), (minutes, "M"), (seconds, "S")) if number)
    days = f"{value.days}D" if value.days or not parts else ""
    return f"{sign}P{days}" + (f"T{parts}" if parts else "")
