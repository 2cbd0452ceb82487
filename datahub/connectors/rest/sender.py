"""A target that is an API: batches of rows as JSON, each under its key, and what became of each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pyarrow as pa

from datahub.connectors.declare import UNSAID, Answer, DataHubError, Missing, Refusal, TerminalError, TransientError
from datahub.connectors.rest.results import Said, message_of, said
from datahub.connectors.rest.row_paths import NoPath, filled_path, named_values
from datahub.connectors.rest.session import Request, Session, shown
from datahub.connectors.rest.told import RestTo, Results
from datahub.connectors.rest.values import decoded, described, encoded
from datahub.documents.told import CONTENT_TYPES, kind_of
from datahub.formats.written import OMITTED

_DOCUMENT: list[Any] = [{}]
"""The row of a document: whatever it is made of, it is one."""
_NOT_THERE = (404, 410)
"""… and what refuses it where the address names it."""
_JOIN = "`row`, or `key` and `column`, of `results` say of which row each is"
_EXACT = msgspec.json.Decoder(float_hook=Decimal)
_REFUSALS = (400, 409, 422)
"""Answers that refuse what was sent, and not the way in which it was sent."""


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

    @property
    def address(self) -> str:
        return self._session.place(self._told.path, self._told.parameters)

    @property
    def manner(self) -> str:
        told = self._told
        return " ".join([told.method, told.envelope, "single" if told.single else "", told.content_type])

    @property
    def replaces(self) -> bool:
        return False

    def render(self, rows: pa.Table) -> bytes:
        """The rows as JSON: exact numbers, instants as ISO 8601 has them; what a row leaves out is not there, null is null."""
        made: Any = rows.to_pylist()
        if any(name.startswith(OMITTED) for name in rows.column_names):
            made = [without_omitted(row) for row in made]
        if self._told.single:
            return encoded(made[0])
        return self._encoded(made)

    def send(self, body: bytes, key: str, about: Mapping[str, str] | None = None) -> Answer:
        """Send a batch; rows that a refusal of all of it leaves unnamed are sent again, without those that it names."""
        rows = _sent_rows(body, self._told)
        try:
            path = filled_path(self._told.path, about if about is not None else named_values(rows[0]) if self._told.single else {})
        except NoPath as problem:
            return Answer("", (Refusal(0, "PATH", str(problem)),))
        waiting, refused, references = list(range(len(rows))), list[Refusal](), list[str]()
        for attempt in range(len(rows) + 1):
            try:
                answer, again = self._sent(path, body, key if not attempt else f"{key}-{attempt}", [rows[one] for one in waiting])
            except DataHubError as problem:
                # What was taken of it before stays taken.
                problem.untouched &= not attempt
                raise
            references += [answer.reference] if answer.reference else []
            refused += [Refusal(waiting[one.row], one.code, one.message) for one in answer.refused]
            waiting = [waiting[one] for one in again]
            if not waiting:
                break
            body = self._encoded([rows[one] for one in waiting])
        return Answer(", ".join(references), _one_a_row(refused))

    def _sent(self, path: str, body: bytes, key: str, rows: list[Any]) -> tuple[Answer, list[int]]:
        """What came of one request, and which of its rows go again."""
        told = self._told
        headers = {name: value.reveal() for name, value in told.headers.items()}
        headers |= {"Content-Type": told.content_type or _content_type(told)} | ({told.key_header: key} if told.key_header else {})
        request = Request(told.method, self._session.address(path), told.parameters, headers, {"content": body}, self.keyed, len(rows) == 1)
        # A batch that is refused for its rows alone comes back with what is wrong with each.
        accepted = (207, *_REFUSALS, *(_NOT_THERE if path != told.path else ())) if told.results is not None else ()
        response = self._session.ask(request, lambda status: 200 <= status < 300 or status in accepted)
        reference = response.headers.get("location", "") or response.headers.get("x-request-id", "")
        if told.results is None:
            return Answer(reference), []
        found = self._said(response, told.results, rows, shown(request))
        if response.is_success and found.whole is not False:
            return Answer(reference, _refusals(found) + _unsaid(response, told.results, found, len(rows))), []
        if found.apart:
            raise TerminalError(f"{shown(request)}: HTTP {response.status_code}: {found.apart}", _JOIN)
        if not found.refused:
            raise TerminalError(
                f"{shown(request)}: HTTP {response.status_code}: {described(response.text)}", "the whole batch is refused, and no row named"
            )
        named = found.taken | {row for row, _, _ in found.refused}
        again = [] if told.results.rest == "taken" else [row for row in range(len(rows)) if row not in named]
        return Answer(reference, _refusals(found)), again

    def _said(self, response: httpx.Response, results: Results, rows: list[Any], what: str) -> Said:
        try:
            value = decoded(response.content, what, response.charset_encoding) if response.content else None
            found = said(value, results, rows, what) if value is not None else Said()
        except TerminalError:
            if response.is_success or len(rows) > 1:
                raise
            # What refuses one row need not say so in JSON.
            value, found = None, Said()
        if response.is_success and found.whole is not False:
            return found
        code = "REFUSED" if response.is_success else str(response.status_code)
        if not found.refused and len(rows) == 1:
            # There is but one row that it can be about.
            reason = message_of(value) or described(" ".join(response.text.split())) or response.reason_phrase
            return replace(found, refused=((0, code, reason),))
        return replace(found, refused=tuple((row, own or code, why) for row, own, why in found.refused))

    def _encoded(self, rows: list[Any]) -> bytes:
        return encoded({self._told.envelope: rows} if self._told.envelope else rows)

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


def without_omitted(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what it leaves out."""
    return {name: value for name, value in row.items() if not name.startswith(OMITTED) and not row.get(OMITTED + name)}


def _content_type(told: RestTo) -> str:
    return CONTENT_TYPES[told.document or kind_of(told.template)] if told.documents else "application/json"


def _sent_rows(body: bytes, told: RestTo) -> list[Any]:
    if told.documents:
        return _DOCUMENT
    value = _EXACT.decode(body)
    if told.single:
        return [value]
    return list(value[told.envelope] if told.envelope else value)


def _one_a_row(refused: list[Refusal]) -> tuple[Refusal, ...]:
    """All that is wrong with a row as one refusal."""
    by_row: dict[int, list[Refusal]] = {}
    for one in refused:
        by_row.setdefault(one.row, []).append(one)
    return tuple(
        Refusal(row, "; ".join(dict.fromkeys(one.code for one in several)), "; ".join(dict.fromkeys(one.message for one in several)))
        for row, several in sorted(by_row.items())
    )


def _unsaid(response: httpx.Response, results: Results, found: Said, rows: int) -> tuple[Refusal, ...]:
    """The rows of which a success should say what became of them and does not: a person looks, and nothing is lost without a word."""
    silent = response.status_code in (204, 205)
    unsaid = bool(results.success) and found.whole is None
    if silent or not (unsaid or (results.items and results.ok) or found.apart):
        return ()
    known = found.taken | {row for row, _, _ in found.refused}
    reason = (
        f"{found.apart}: {_JOIN}"
        if found.apart
        else f"the answer says at `{results.success if unsaid else results.items}` nothing of this row"
    )
    told = f"{reason}; whether it was taken is to be looked up"
    return tuple(Refusal(row, UNSAID, told) for row in range(rows) if row not in known)


def _refusals(found: Said) -> tuple[Refusal, ...]:
    return tuple(Refusal(row, code, message) for row, code, message in found.refused)
