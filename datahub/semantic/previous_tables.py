"""The tables that hold the rows which were delivered last: their names tell whose they are."""

from __future__ import annotations

from collections.abc import Iterable

from datahub.semantic import ir

TABLE = "previous "
"""How the names of the tables begin; the entity's follows. No table of a script can be called so."""


def table_of(entity: str) -> str:
    """The name of the table with the rows of an entity that were delivered last."""
    return TABLE + entity


def remembered_by(lookups: Iterable[ir.LookupTable]) -> tuple[str, ...]:
    """The entities whose earlier rows a program asks for."""
    return tuple(one.name.removeprefix(TABLE) for one in lookups if one.name.startswith(TABLE))
