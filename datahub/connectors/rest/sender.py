"""A target that is an API: batches of rows as JSON, each under its key, and what became of each row."""

from __future__ import annotations

from typing import Any

import msgspec
import pyarrow as pa

from datahub.connectors.declare import Answer, Missing, Refusal, TerminalError, TransientError
from datahub.connectors.rest.session import Request, Session, shown
from datahub.connectors.rest.told import RestTo, Results, described
from datahub.connectors.rest.values import Absent, at, decoded, encoded
from datahub.documents.told import CONTENT_TYPES, kind_of
from datahub.formats.written import OMITTED

_DOCUMENT: list[Any] = [{}]
"""The row of a document: whatever it is made of, it is one."""


class RestOut:
    """One target of a job that is bound to an API."""

    def __init__(self, session: Session, told: RestTo) -> None:
        self._session, self._told = session, told

    @property
    def keyed(self) -> bool:
        # PUT and DELETE do the same however often they are sent.
        return bool(self._told.key_header) or self._told.method in ("PUT", "DELETE")

    @property
    def rows(self) -> int:
        return 1 if self._told.documents else self._told.batch

    def render(self, rows: pa.Table) -> bytes:
        """The rows as JSON: exact numbers, instants as ISO 8601 has them; what a row leaves out is not there, null is null."""
        made: Any = rows.to_pylist()
        if any(name.startswith(OMITTED) for name in rows.column_names):
            made = [_without_omitted(row) for row in made]
        if self._told.single:
            return encoded(made[0])
        return encoded({self._told.envelope: made} if self._told.envelope else made)

    def send(self, body: bytes, key: str) -> Answer:
        told = self._told
        headers = {"Content-Type": told.content_type or _content_type(told)} | ({told.key_header: key} if told.key_header else {})
        request = Request(told.method, self._session.address(told.path), told.parameters, headers, {"content": body}, self.keyed)
        # A batch that is refused for its rows alone comes back with what is wrong with each.
        accepted = (207, 400, 409, 422) if told.results is not None else ()
        response = self._session.ask(request, lambda status: 200 <= status < 300 or status in accepted)
        reference = response.headers.get("location", "") or response.headers.get("x-request-id", "")
        if told.results is None:
            return Answer(reference)
        value = decoded(response.content, shown(request)) if response.content else {}
        try:
            return Answer(reference, _refusals(value, told.results, _sent_rows(body, told), shown(request)))
        except Absent:
            if response.is_success:
                return Answer(reference)
            said = described(response.text)
            raise TerminalError(
                f"{shown(request)}: HTTP {response.status_code}: {said}", "the whole batch is refused, and no row named"
            ) from None

    @property
    def asks(self) -> bool:
        """Whether the other side can be asked for a batch by its key."""
        return bool(self._told.probe)

    def arrived(self, key: str) -> bool | None:
        if not self._told.probe:
            return None
        path = self._told.probe.replace("{{KEY}}", key)
        try:
            self._session.ask(Request("GET", self._session.address(path)))
        except Missing:
            return False
        except TransientError:
            return None
        return True

    @property
    def why(self) -> str:
        """What keeps a batch from being done twice."""
        if self._told.method in ("PUT", "DELETE"):
            return f"{self._told.method} does the same however often it is sent"
        return f"each batch bears a `{self._told.key_header}`, which the other side must do once"

    def close(self) -> None:
        self._session.close()


def _without_omitted(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith(OMITTED) and not row.get(OMITTED + name)}


def _content_type(told: RestTo) -> str:
    return CONTENT_TYPES[told.document or kind_of(told.template)] if told.documents else "application/json"


def _sent_rows(body: bytes, told: RestTo) -> list[Any]:
    if told.documents:
        return _DOCUMENT
    value = msgspec.json.decode(body)
    if told.single:
        return [value]
    return list(value[told.envelope] if told.envelope else value)


def _refusals(value: Any, told: Results, rows: list[Any], what: str) -> tuple[Refusal, ...]:
    """The rows that are not taken; a result that belongs to no row is an error, never left out."""
    refusals = []
    items = at(value, told.items, what)
    if not isinstance(items, list):
        raise TerminalError(f"{what}: `{told.items}` is no list: `{described(items)}`")
    for place, item in enumerate(items):
        if told.ok and _maybe(item, told.ok) in told.ok_values:
            continue
        code, message = described(_maybe(item, told.code) or ""), described(_maybe(item, told.message) or "")
        refusals += [Refusal(row, code, message) for row in _rows_of(item, place, told, rows, what)]
    return tuple(refusals)


def _rows_of(item: Any, place: int, told: Results, rows: list[Any], what: str) -> list[int]:
    if rows is _DOCUMENT:
        return [0]
    if told.key:
        wanted = str(at(item, told.key, what))
        found = [number for number, row in enumerate(rows) if str(row.get(told.column)) == wanted]
    else:
        number = at(item, told.row, what) if told.row else place
        found = [number] if isinstance(number, int) and 0 <= number < len(rows) else []
    if not found:
        raise TerminalError(
            f"{what}: the result `{described(item)}` is of no row that was sent", "look at `row`, `key` and `column` of `results`"
        )
    return found


def _maybe(value: Any, path: str) -> Any:
    try:
        return at(value, path, "a result")
    except Absent:
        return None
