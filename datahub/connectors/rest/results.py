"""What an answer says became of each row of a request: refused with a code and a reason, taken, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.told import Results
from datahub.connectors.rest.values import Absent, at, described
from datahub.records import record


@record(frozen=True, slots=True)
class Said:
    """The rows that are refused, each with what is wrong with it; and those of which it is said that all is well.

    `apart` says why results cannot be told to be of one row or another, where they cannot; `whole`, what is said of all of the request.
    """

    refused: tuple[tuple[int, str, str], ...] = ()
    taken: frozenset[int] = frozenset()
    apart: str = ""
    whole: bool | None = None


def said(value: Any, told: Results, rows: Sequence[Mapping[str, Any]], what: str) -> Said:
    """What an answer says of `rows`. A result that belongs to no row is an error, never left out."""
    refused: list[tuple[int, str, str]] = []
    taken: set[int] = set()
    flag = _maybe(value, told.success)
    whole = None if flag is None else flag in told.ok_values
    items = _maybe(value, told.items)
    if items is None:
        return Said(whole=whole)
    if apart := _apart(items, told, rows):
        return Said(apart=apart, whole=whole)
    for named, place, item in _listed(items, told, rows, what):
        where = _rows_of(named, item, place, told, rows, what)
        if told.ok and _maybe(item, told.ok) in told.ok_values:
            taken.update(where)
            continue
        message = _words(item if isinstance(item, str) else _maybe(item, told.message))
        refused += [(row, _words(_maybe(item, told.code)), message) for row in where]
    return Said(tuple(refused), frozenset(taken) - {row for row, _, _ in refused}, whole=whole)


def message_of(value: Any) -> str:
    """What an answer that is no list of results says for itself, where APIs usually say it (RFC 9457 among them)."""
    if not isinstance(value, dict):
        return ""
    return next((words for name in ("message", "detail", "error_description", "title", "error") if (words := _words(value.get(name)))), "")


def _apart(items: Any, told: Results, rows: Sequence[Any]) -> str:
    """Results in the order of the rows are as many as they; a list of some errors alone would blame the first rows for others."""
    by_order = isinstance(items, list) and len(rows) > 1 and not (told.row or told.key)
    if not by_order or len(items) == len(rows) or (not items and not told.ok):
        return ""
    first = f", the first of them `{described(items[0])}`" if items else ""
    return f"{len(rows)} rows were sent, and the answer has {len(items)} results{first}"


def _listed(items: Any, told: Results, rows: Sequence[Any], what: str) -> Iterator[tuple[str | None, int, Any]]:
    """Each result, with what names its row where results are a table."""
    match items:
        case list():
            yield from ((None, place, item) for place, item in enumerate(items))
        case dict() if told.column or (items and all(name.isdigit() for name in items)):
            for name, item in items.items():
                # A row may have several things wrong with it.
                yield from ((name, 0, one) for one in (item if isinstance(item, list) else [item]))
        case dict() if len(rows) == 1:
            yield None, 0, items
        case _:
            raise TerminalError(
                f"{what}: `{told.items}` is no list of results: `{described(items)}`",
                "a table names rows by their number, or by the value of `column`; what is said once of all rows stands at `success`",
            )


def _rows_of(named: str | None, item: Any, place: int, told: Results, rows: Sequence[Mapping[str, Any]], what: str) -> list[int]:
    if len(rows) == 1 and (not rows[0] or (named is None and not told.row and not told.key)):
        # Whatever is said is said of it; a document has no columns to be told by.
        return [0]
    if told.column:
        wanted = str(_maybe(item, told.key)) if named is None and told.key else str(named)
        found = [number for number, row in enumerate(rows) if str(row.get(told.column)) == wanted]
    else:
        numbers = int(named) if named is not None else _maybe(item, told.row) if told.row else place + told.first
        found = [
            one - told.first
            for one in (numbers if isinstance(numbers, list) else [numbers])
            if isinstance(one, int) and not isinstance(one, bool) and 0 <= one - told.first < len(rows)
        ]
    if not found:
        raise TerminalError(
            f"{what}: the result `{described(item)}` is of no row that was sent", "look at `row`, `first`, `key` and `column` of `results`"
        )
    return found


def _words(value: Any) -> str:
    """A code or a reason; several as one."""
    match value:
        case None:
            return ""
        case list():
            return described("; ".join(dict.fromkeys(word for one in value if (word := _words(one)))))
        case _:
            return described(value)


def _maybe(value: Any, path: str) -> Any:
    if not path:
        return None
    try:
        return at(value, path, "a result")
    except Absent:
        return None
