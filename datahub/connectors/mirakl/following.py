"""One import on its way through Mirakl: what is known after each answer, when it is asked for again, and when it is let go.

A file that was taken is known by its number, so a later attempt goes on with it. The number is let go as soon as the platform has
nothing more to say of it: where the import has failed, is not known any more, or does not come to an end. Whoever sends the lines
then sends them as a new import, which leaves what is in as it is.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import httpx

from datahub.connectors.declare import DataHubError, Missing, Place, TerminalError, TransientError
from datahub.connectors.mirakl.operations import OFTEN, Import, Operation
from datahub.connectors.mirakl.reports import joined
from datahub.connectors.mirakl.told import MiraklConnection, MiraklTo
from datahub.connectors.rest.budget import Allowance
from datahub.connectors.rest.session import Request, Session
from datahub.connectors.rest.values import decoded, described, text_of
from datahub.connectors.waits import rest, tell
from datahub.durable import write_whole
from datahub.records import record

Status = Mapping[str, Any]
_ENDED = frozenset({"FAILED", "TRANSFORMATION_FAILED", "CANCELLED", "CANCELED"})
_PAGE = 100
_NUMBER = re.compile(r"[\w-]{1,80}", re.ASCII)
_SETTLED = 600.0
"""Seconds after which a platform must know an import that it took."""
_ENDLESS = timedelta(hours=24)
"""How long an import may be on its way, whatever the patience of a run: what takes longer does not come to an end."""
_LOOKS = 3
"""How often status and reports are read where they are at odds: a report may be made a moment after the status."""
_AGAIN = "the next run sends these lines as a new import: what is in stays as it is"


@record(frozen=True, slots=True)
class Outcome:
    """What is known of lines once their import is done."""

    refused: dict[int, str]
    """What is wrong with which line."""
    doubt: str = ""
    """Why others may be in error too."""


class Following:
    """The imports of one kind."""

    def __init__(self, session: Session, connection: MiraklConnection, told: MiraklTo, place: Place, kind: Import) -> None:
        self._session, self._connection, self._told, self._place, self._import = session, connection, told, place, kind
        self._done = frozenset(("COMPLETE",) if told.wait_for == "complete" else kind.done)

    def through(self, operation: Operation, form: dict[str, Any], key: str) -> tuple[str, Status]:
        """The number of an import, and what is told of it once it is done; one that was begun before is gone on with."""
        kept = self._place.state / "mirakl" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
        known = _known(kept)
        number = known or self._submitted(operation, form, kept)
        try:
            status = self._awaited(number, kept)
            if status is None and known:
                # It was put away meanwhile, or belongs to another shop: what became of its lines nobody can tell any more.
                number = self._submitted(operation, form, kept)
                status = self._awaited(number, kept)
        except DataHubError as problem:
            # An import that was begun may be done, whoever refuses to tell of it.
            problem.untouched = False
            raise
        if status is None:
            raise TerminalError(
                f"Mirakl took the file as import {number} of {self._told.entity}, and does not know that import",
                f"look at `shop_id` of the connection; {_AGAIN}",
            )
        return number, status

    def outcome(self, number: str, status: Status, keys: Sequence[str], header: Sequence[str], lines: Sequence[Sequence[str]]) -> Outcome:
        """What is wrong with which line of an import that is done."""
        try:
            found = self._reported(number, status, keys, header, lines)
            for _ in range(_LOOKS - 1):
                if not found.doubt:
                    break
                self._wait(self._often(self._import.status), found.doubt)
                found = self._reported(number, self._status(number, time.monotonic()) or status, keys, header, lines)
        except DataHubError as problem:
            problem.untouched = False
            raise
        return found

    # ------------------------------------------------------------ on its way

    def _submitted(self, operation: Operation, form: dict[str, Any], kept: Path) -> str:
        response = self._ask("POST", operation, "", form)
        answer = decoded(response.content, f"the answer of {operation.name}") if response.content.strip() else None
        told = answer.get("import_id", answer.get("synchro_id")) if isinstance(answer, dict) else None
        number = "" if isinstance(told, bool) else text_of(told)
        if not _NUMBER.fullmatch(number):
            raise TerminalError(f"Mirakl took the file, and gave no `import_id`: `{described(response.text)}`", _AGAIN)
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(kept, json.dumps({"import_id": number}).encode())
        return number

    def _awaited(self, number: str, kept: Path) -> Status | None:
        """What is told of the import once it is done; None, and its number is let go, where the platform does not know it."""
        until = time.monotonic() + self._told.patience.total_seconds()
        while True:
            status, age = self._status(number, until), _age(kept)
            if status is None and age >= _SETTLED:
                kept.unlink(missing_ok=True)
                return None
            state = "not known yet" if status is None else _state(status)
            about = f"import {number} of {self._told.entity}"
            if status is not None and state in _ENDED:
                kept.unlink(missing_ok=True)
                why = described(status.get("reason_status") or "it does not say why")
                raise TerminalError(f"{about} ended as {state}: {why}", _AGAIN)
            if status is not None and state in self._done:
                return status
            if age >= max(_ENDLESS, self._told.patience).total_seconds():
                kept.unlink(missing_ok=True)
                raise TerminalError(f"{about} is {state} since {age / 3600:.0f} hours", f"ask the operator of the platform; {_AGAIN}")
            if time.monotonic() > until:
                raise TransientError(f"{about} is still {state}")
            self._wait(self._often(self._import.status), f"{about} is {state}")

    def _status(self, number: str, until: float) -> Status | None:
        """What is told of the import; None where the platform does not know it."""
        if self._import.listed:
            return self._in_list(number, until)
        operation = self._import.status
        try:
            content = self._ask("GET", operation, number).content
        except Missing:
            return None
        status = decoded(content, f"the answer of {operation.name}")
        if not isinstance(status, dict):
            self._odd(operation, number, "no import", status)
        return status

    def _in_list(self, number: str, until: float) -> Status | None:
        """The status out of the list of all imports, the newest of which come first."""
        operation, token, seen = self._import.status, "", set[str]()
        while True:
            query = {"import_id": number, "limit": str(_PAGE)} | ({"page_token": token} if token else {})
            page = decoded(self._ask("GET", operation, number, query=query).content, f"the answer of {operation.name}")
            # A list that is empty may be written as null.
            rows = (page.get("data") or []) if isinstance(page, dict) else None
            if not isinstance(rows, list):
                self._odd(operation, number, "no list of imports", page)
            for one in rows:
                if isinstance(one, dict) and text_of(one.get("import_id")) == number:
                    return dict(one)
            token = text_of(page.get("next_page_token"))
            if not token:
                return None
            if token in seen:
                self._odd(operation, number, "a list that goes in a circle, and has no such import in it", token)
            seen.add(token)
            if time.monotonic() > until:
                raise TransientError(f"import {number} is not found in {len(seen)} pages of the list of imports ({operation.name})")

    def _odd(self, operation: Operation, number: str, what: str, value: Any) -> NoReturn:
        raise TerminalError(
            f"{operation.name} answers {what}: `{described(value)}`",
            f"import {number} of {self._told.entity} was taken; the next run asks for it again",
        )

    # ------------------------------------------------------------ done

    def _reported(self, number: str, status: Status, keys: Sequence[str], header: Sequence[str], lines: Sequence[Sequence[str]]) -> Outcome:
        """What the reports say now, held against what the status counts."""
        refused: dict[int, str] = {}
        doubts = []
        read = _count(status.get("lines_read"))
        if read is not None and 0 < read < len(lines):
            doubts.append(f"import {number} tells that it has read {read:,} of {len(lines):,} lines")
        for one in self._import.reports:
            count, what = _count(status.get(one.counted_by)), f"the error report of import {number}"
            if not _yes(status.get(one.said_by)):
                if count:
                    doubts.append(f"import {number} has {_lines(count)} in error, and no report of them")
                continue
            try:
                told = joined(self._ask("GET", one.operation, number).content, keys, header, lines, what)
            except Missing:
                doubts.append(f"{what} is not there")
                continue
            for row, why in told.refused.items():
                refused[row] = f"{refused[row]}; {why}" if row in refused else why
            doubts += self._at_odds(number, count, told.named, told.told, told.doubt)
        return Outcome(refused, "; ".join(doubts))

    @staticmethod
    def _at_odds(number: str, count: int | None, named: int, told: int, doubt: str) -> Iterable[str]:
        if doubt:
            yield doubt
        elif count is not None and named < count:
            yield f"import {number} has {_lines(count)} in error, and its error report names {named:,}"
        elif count is None and not told:
            yield f"import {number} has an error report that names no line"

    # ------------------------------------------------------------ calls

    def _ask(
        self, method: str, operation: Operation, number: str, form: dict[str, Any] | None = None, query: Mapping[str, str] | None = None
    ) -> httpx.Response:
        Allowance(self._place.state, f"{operation.name} of {self._connection.url}", 1, self._often(operation)).take(self._wait)
        address = self._session.address(operation.path.format(number))
        headers = {"Content-Type": "application/json"} if form is not None and "content" in form else None
        return self._session.ask(Request(method, address, query, headers, form, repeat_safe=True))

    def _wait(self, seconds: float, why: str) -> None:
        """Wait; who is told to end, ends here: nothing is on its way, and the number of the import is kept."""
        tell(seconds, why)
        rest(seconds, self._session.sleep)

    def _often(self, operation: Operation) -> float:
        own = self._connection.frequency
        return own.total_seconds() if own is not None else OFTEN.get(operation.name, 60.0)


def _known(kept: Path) -> str:
    """The number that was kept; nothing where there is none, or none that can be read."""
    try:
        number = str(json.loads(kept.read_text(encoding="utf-8"))["import_id"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return number if _NUMBER.fullmatch(number) else ""


def _age(kept: Path) -> float:
    """For how many seconds the import is on its way."""
    try:
        return time.time() - kept.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _state(status: Status) -> str:
    said = next((status[one] for one in ("status", "import_status", "synchro_status") if status.get(one)), None)
    return described(said) if said is not None else "without a status"


def _count(value: Any) -> int | None:
    """A number of lines, as far as it is one."""
    text = text_of(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None


def _lines(count: int) -> str:
    return f"{count:,} line{'s' * (count != 1)}"


def _yes(value: Any) -> bool:
    return text_of(value).strip().lower() in ("true", "1")
