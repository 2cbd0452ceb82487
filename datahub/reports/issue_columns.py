"""The columns of an issue, as people and machines meet them."""

from __future__ import annotations

from collections.abc import Sequence

from datahub.types.model import Int, Text, Type


def issue_types(names: Sequence[str]) -> tuple[tuple[str, Type], ...]:
    """The columns `names` of an issue with their types."""
    return tuple((name, Int(nullable=True) if name in ("row", "line") else Text(nullable=True)) for name in names)
