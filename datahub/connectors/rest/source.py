"""A source that calls an API: its calls in order, and the rows or the file of the last one, landed before it is read."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from datahub.connectors.declare import Landed, Place, Split, TerminalError, TransientError
from datahub.connectors.file_names import filled
from datahub.connectors.http_gzip import whole
from datahub.connectors.rest.again import Again
from datahub.connectors.rest.elements import Elements
from datahub.connectors.rest.pages import pages
from datahub.connectors.rest.paths import slots
from datahub.connectors.rest.ranks import earlier, instant, rank_of
from datahub.connectors.rest.session import Request, Session, shown
from datahub.connectors.rest.taken import Taken
from datahub.connectors.rest.told_source import Call, RestFrom, Until
from datahub.connectors.rest.values import Absent, at, decoded, described, encoded, fill
from datahub.connectors.rest.walked import Remarks
from datahub.durable import to_disk

_NOT_YET = (404, 409)


class RestIn:
    """One source of a job that is bound to an API."""

    def __init__(self, session: Session, told: RestFrom, place: Place) -> None:
        self._session, self._told, self._source = session, told, told.connection
        self._folder = place.state / "rest"
        self._position: str | None = None
        self._before: str | None = None
        self._recalled: str | None = None
        self._apart = True
        self._again = Again(None, None, apart=True)
        self._window: tuple[str, str] | None = None
        self._values: dict[str, Any] = {}
        self._parts: list[tuple[Path, int]] = []
        self._elements, self._remarks = Elements(self._values), Remarks()

    def start(self, position: str | None) -> None:
        self._before = position

    def position(self) -> str | None:
        return self._position

    def recall(self, rows: str | None, *, apart: bool) -> None:
        self._recalled, self._apart = rows, apart

    def remembered(self) -> str | None:
        return self._again.remembered()

    def within(self, window: tuple[datetime, datetime] | None) -> None:
        """`{{CURSOR}}` is the beginning of the window, and `{{NOW}}` its end."""
        if window is None:
            self._window = None
            return
        asked = {slot for call in self._told.calls for slot in slots(call.model_dump_json())}
        if "CURSOR" not in asked:
            raise TerminalError(
                "its calls do not say from when on", 'ask for it: `parameters = {since = "{{CURSOR}}", until = "{{NOW}}"}` in the call'
            )
        if "NOW" not in asked and window[1] < datetime.now(UTC):
            raise TerminalError("its calls do not say until when", 'ask for it: `until = "{{NOW}}"` in `parameters` of the call')
        self._window = instant(window[0]), instant(window[1])

    def splits(self) -> Iterator[Split]:
        """One file with all rows, or one for each address of a download; none where the API has none."""
        began = datetime.now(UTC)
        self._values = self._known_from(began)
        self._position = None
        self._parts, self._elements, self._remarks = [], Elements(self._values), Remarks()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        *earlier, last = self._told.calls
        for call in earlier:
            self._remember(call, self._known(call))
        self._again = Again(self._told.cursor if self._window is None else None, self._recalled, apart=self._apart)
        taken = Taken(self._told, self._again)
        if last.download:
            self._fetch(last, taken)
        else:
            with self._part() as taken.file:
                for rows in self._rows_of(last, self._told.rows):
                    taken.bytes(self._elements.rejected())
                    taken.rows(rows)
                taken.bytes(self._elements.rejected())
            if taken.size == taken.known:
                # None of it is new.
                self._parts = [(path, 0) for path, _ in self._parts]
        self._move(began, taken)
        yield from self._found(began)

    def _fetch(self, call: Call, taken: Taken) -> None:
        """The files of a download: one, or those of each element."""
        for _ in self._elements.rounds(call):
            requests = self._requests(call)
            begun = False
            # Once a file of it has come, an element is no longer one of which there is nothing.
            with self._elements.spared(call):
                if (first := next(requests, None)) is not None:
                    self._download(first, taken)
                    begun = True
            if begun:
                for request in requests:
                    self._download(request, taken)

    @contextmanager
    def _part(self) -> Iterator[IO[bytes]]:
        """A file for what one request brings, on the disk when it ends."""
        path = self._folder / f"{os.getpid()}-{id(self)}-{len(self._parts)}.part"
        self._parts.append((path, 0))
        with path.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            self._parts[-1] = (path, file.tell())

    def _found(self, began: datetime) -> Iterator[Split]:
        full = [(path, size) for path, size in self._parts if size]
        told = "; ".join(self.left()), "; ".join(filter(None, (self._remarks.aside(), self._again.note())))
        for number, (path, size) in enumerate(full, 1):
            values = {"CONNECTION": self._source, "TIMESTAMP": began.strftime("%Y%m%dT%H%M%S%fZ"), "DATE": began.strftime("%Y%m%d")}
            name = filled(self._told.name, values)
            if len(full) > 1:
                stem, dot, ending = name.rpartition(".")
                name = f"{stem}-{number}{dot}{ending}" if dot else f"{name}-{number}"
            note, aside = told if number == 1 else ("", "")
            yield Split(self._source, path.name, name, size=size, note=note, aside=aside)

    def left(self) -> list[str]:
        """What a person should hear of what was not read."""
        return [*filter(None, (self._elements.note(), self._remarks.note()))]

    def land(self, split: Split, folder: Path) -> Landed:
        """Move what was fetched into `folder`."""
        part = self._folder / split.locator
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        final = folder / digest
        shutil.move(part, final)
        to_disk(folder)
        return Landed(split, final, split.name, final.stat().st_size, digest)

    def settle(self, landed: Landed, *, succeeded: bool) -> None:
        """The ledger alone knows how far was read."""

    def close(self) -> None:
        self._session.close()
        for path, _ in self._parts:
            path.unlink(missing_ok=True)
        self._parts = []

    # ------------------------------------------------------------ calls

    def _value(self, call: Call) -> Any:
        if call.until is not None:
            return self._awaited(call, call.until)
        response = self._session.ask(self._request(call))
        return decoded(response.content, call.name or call.path, response.charset_encoding) if response.content else None

    def _awaited(self, call: Call, until: Until) -> Any:
        request = self._request(call)
        seen: Any = None
        wanted = until.status

        def accept(status: int) -> bool:
            # Where a status is waited for, what is not there yet, or busy, is what it is waited for.
            return 200 <= status < 300 or (wanted is not None and status in (wanted, *_NOT_YET))

        for attempt in range(until.attempts):
            if attempt:
                looked = (
                    f"`{until.value}` is `{described(seen)}`" if seen is not None and until.value else str(seen or "there is nothing yet")
                )
                self._session.wait(until.every.total_seconds(), f"{shown(request)}: {looked}")
            response = self._session.ask(request, accept)
            there = wanted in (None, response.status_code)
            if not until.value:
                seen = f"HTTP {response.status_code}"
                if there:
                    return decoded(response.content, shown(request), response.charset_encoding) if response.content else None
                continue
            if not response.content or not (response.is_success or there):
                continue
            value = decoded(response.content, shown(request), response.charset_encoding)
            try:
                seen = at(value, until.value, shown(request))
            except Absent:
                # Many an API says nothing of it before it is begun.
                continue
            if _one_of(seen, until.fails):
                raise TerminalError(f"{shown(request)}: `{until.value}` is `{described(seen)}`, and what is waited for will not come")
            if there and _one_of(seen, until.equals):
                return value
        looked = f"`{until.value}` is still `{described(seen)}`" if until.value else f"the answer is still {seen}"
        looked = f"there is still nothing at `{until.value}`" if until.value and seen is None else looked
        raise TransientError(f"{shown(request)}: {looked} after {until.attempts} calls")

    def _requests(self, call: Call) -> Iterator[Request]:
        """The request of a download; from a list of addresses it is one for each."""
        found = fill(call.url, self._values) if call.url else None
        if isinstance(found, list):
            for url in found:
                yield self._request(call, str(url))
            return
        yield self._request(call)

    def _known(self, call: Call) -> Any:
        """What later calls know of an earlier one: its answer; or all its rows, or answers, where it is made of several."""
        if call.rows or call.paging is not None:
            return [row for rows in self._rows_of(call, call.rows or "$") for row in rows]
        if not call.each:
            return self._value(call)
        answers = []
        for _ in self._elements.rounds(call):
            with self._elements.spared(call):
                answers.append(self._value(call))
        return answers

    def _rows_of(self, call: Call, path: str) -> Iterator[list[Any]]:
        """The rows of each page or answer, with what is added to them."""
        for _ in self._elements.rounds(call):
            answers = self._answers(call, path)
            first: list[Any] | None = None
            # Once a part of its rows has come, an element is no longer one of which there is nothing.
            with self._elements.spared(call):
                first = next(answers, None)
            if first is not None:
                yield first
                yield from answers

    def _answers(self, call: Call, path: str) -> Iterator[list[Any]]:
        if call.paging is not None:
            found = pages(self._session, self._request(call), call.paging, lambda value: self._rows(value, path, call), self._remarks)
            yield from (self._with(call, rows) for rows in found)
            return
        value = self._value(call)
        yield self._with(call, self._rows(value, path, call) if value is not None else [])

    def _with(self, call: Call, rows: list[Any]) -> list[Any]:
        if not call.add:
            return rows
        added = fill(call.add, self._values)
        return [{**row, **added} for row in rows]

    def _rows(self, value: Any, path: str, call: Call) -> list[Any]:
        found = at(value, path, f"{call.method} {call.path}")
        # Many an API says null where there are none.
        rows = found if isinstance(found, list) else [] if found is None else [found]
        # `$.shops[*].orders` is a list of lists.
        flat = [one for row in rows for one in row] if rows and all(isinstance(row, list) for row in rows) else rows
        for row in flat:
            if not isinstance(row, dict):
                raise TerminalError(f"`{path}` has `{described(row)}` in it, which is no row", "`rows` must lead to objects")
        return flat

    def _download(self, request: Request, taken: Taken) -> None:
        with self._part() as taken.file, self._session.stream(request) as response:
            for piece in whole(response, shown(request)):
                taken.bytes(piece)

    def _request(self, call: Call, address: str = "") -> Request:
        url = (
            self._session.follow(address or str(fill(call.url, self._values)))
            if call.url
            else self._session.address(fill(call.path, self._values, url=True))
        )
        query = {
            name: fill(value, self._values)
            for name, value in call.parameters.items()
            # Nothing was read yet: then everything is asked for.
            if not (isinstance(value, str) and "CURSOR" in slots(value) and not self._values["CURSOR"])
        }
        body: dict[str, Any] = {}
        headers = {name: str(fill(value, self._values)) for name, value in call.headers.items()}
        if call.body is not None:
            body = {"content": encoded(fill(call.body, self._values))}
            headers.setdefault("Content-Type", "application/json")
        elif call.form:
            body = {"data": {name: str(fill(value, self._values)) for name, value in call.form.items()}}
        return Request(call.method, url, query, headers, body, call.repeat_safe)

    def _remember(self, call: Call, value: Any) -> None:
        if call.name:
            self._values[call.name] = value

    # ------------------------------------------------------------ how far was read

    def _known_from(self, began: datetime) -> dict[str, Any]:
        if self._window is not None:
            return dict(zip(("CURSOR", "NOW"), self._window, strict=True))
        cursor = self._told.cursor
        position = self._before or (cursor.first if cursor is not None else "")
        if cursor is not None and cursor.overlap and self._before:
            position = earlier(self._before, cursor.overlap.total_seconds())
        return {"CURSOR": position, "NOW": instant(began)}

    def _move(self, began: datetime, taken: Taken) -> None:
        cursor = self._told.cursor
        if cursor is None:
            return
        if not cursor.value:
            self._position = instant(began)
        elif taken.greatest is not None:
            found = taken.greatest
            self._position = found if self._before is None else max(self._before, found, key=rank_of)


def _one_of(value: Any, words: list[Any]) -> bool:
    """Whether a value is one of these; `true` is no 1, as it is to Python."""
    return any(one == value and isinstance(one, bool) == isinstance(value, bool) for one in words)
