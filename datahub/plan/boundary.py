"""The boundary of an entity: what its rows must meet, and in which order they are asked.

First stands what every row is asked: constraints, checks, the key. A check `after checks` sees what passed all that; so it stands
behind a boundary of its own. One that refuses rows is asked before those that only guard the whole (`fatal`, `warn`, `info`), which
see the rows that are left in the end, also of those that fall with others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from datahub.plan import operators as op
from datahub.semantic import ir
from datahub.types.model import Type

_OWN_CODES = ("R301", "R503")
"""Codes of checks on a field that leave the field's other failures their own codes."""

Origins = tuple[tuple[str, ir.Origin], ...]


def settled(rows: op.Operator, shape: ir.EntityShape, checks: Sequence[ir.CheckRule], origins: Origins) -> op.Operator:
    """The rows that pass all that refuses a row of the entity by itself."""
    after = [check for check in checks if check.after_checks]
    refusing = [check for check in after if _refuses(check)]
    rows = _checked(rows, [check for check in checks if not check.after_checks])
    if shape.key:
        # That a key is there before is said of the row, wherever the parts of the key stand.
        rows = op.Key(rows, shape.key, replace(dict(origins).get(shape.key[0], ir.Origin(shape.name, shape.key[0])), depth=-1))
    owned = tuple((check.code, check.fields) for check in checks if check.fields and check.code not in _OWN_CODES)
    rows = op.Settle(rows, shape.name, _columns(shape), origins, owned, _raws(after))
    return _behind(rows, shape, refusing, origins, _raws(check for check in after if not _refuses(check)))


def guarded(rows: op.Operator, shape: ir.EntityShape, checks: Sequence[ir.CheckRule], origins: Origins) -> op.Operator:
    """The rows that are left in the end, seen by the checks that guard the whole."""
    return _behind(rows, shape, [check for check in checks if check.after_checks and not _refuses(check)], origins)


def _refuses(check: ir.CheckRule) -> bool:
    return check.severity == "error"


def _behind(
    rows: op.Operator, shape: ir.EntityShape, checks: Sequence[ir.CheckRule], origins: Origins, beside: tuple[str, ...] = ()
) -> op.Operator:
    return op.Settle(_checked(rows, checks), shape.name, _columns(shape), origins, (), beside) if checks else rows


def _columns(shape: ir.EntityShape) -> tuple[tuple[str, Type], ...]:
    return tuple((one.name, one.type) for one in shape.fields)


def _raws(checks: Iterable[ir.CheckRule]) -> tuple[str, ...]:
    """The raw columns that checks show of a row that does not meet them."""
    return tuple(dict.fromkeys(one.raw for check in checks for one in check.origin.evidence if one.raw.startswith("#")))


def _checked(rows: op.Operator, checks: Sequence[ir.CheckRule]) -> op.Operator:
    """Checks of each row by itself, then those that look at others."""
    local = tuple(check for check in checks if not check.windowed)
    windowed = tuple(check for check in checks if check.windowed)
    if local:
        rows = op.Check(rows, local)
    return op.SetCheck(rows, windowed) if windowed else rows
