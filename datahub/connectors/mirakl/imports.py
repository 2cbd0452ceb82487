"""A target that is one of Mirakl's file imports: submitted, waited for, and its error reports joined back to the rows."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from datahub.connectors.declare import UNSAID, Answer, DataHubError, Missing, Place, Refusal, TerminalError, TransientError
from datahub.connectors.mirakl.operations import IMPORTS, OF24, OFTEN, Operation
from datahub.connectors.mirakl.reports import joined, parsed, written
from datahub.connectors.mirakl.told import MiraklConnection, MiraklTo
from datahub.connectors.rest.budget import Allowance
from datahub.connectors.rest.sender import without_omitted
from datahub.connectors.rest.session import Request, Session
from datahub.connectors.rest.values import decoded, described, encoded, text_of
from datahub.durable import write_whole
from datahub.formats.written import OMITTED

_ENDED = frozenset({"FAILED", "TRANSFORMATION_FAILED", "CANCELLED", "CANCELED"})
_ALL = 1 << 40
_PAGE = 100


class _Over(TerminalError):
    """An import of which nothing will come any more: its lines are to be sent anew."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "the next run sends its lines again, as an import of its own")


class MiraklImports:
    """One target of a job that is bound to an import. A file that was taken is known by its number, so a run goes on with it."""

    # Imports put in, change or replace: the same lines twice leave what they left once.
    keyed = True

    def __init__(self, session: Session, connection: MiraklConnection, told: MiraklTo, place: Place) -> None:
        self._session, self._connection, self._told, self._place = session, connection, told, place
        assert told.entity is not None
        self._import = IMPORTS[told.entity]
        self._keys = tuple(told.key) or self._import.keys
        self._done = frozenset(("COMPLETE",) if told.wait_for == "complete" else self._import.done)

    @property
    def rows(self) -> int:
        # What is in a second file would take away what was in the first.
        return _ALL if self._import.together or self._told.mode == "replace" else self._told.lines

    @property
    def address(self) -> str:
        return self._session.place(f"imports of {self._told.entity}", {})

    @property
    def manner(self) -> str:
        return json.dumps([self._told.form, self._told.mode, self._told.columns], sort_keys=True)

    @property
    def replaces(self) -> bool:
        # All prices of an offer are replaced by those that are sent.
        return self._told.mode == "replace" or self._import.together

    def render(self, rows: pa.Table) -> bytes:
        """The file, its lines in the order of the rows."""
        if self._told.form == "json":
            return self._as_json(rows)
        # A file has no way to leave a value of one row out: it is empty.
        rows = rows.select([name for name in rows.column_names if not name.startswith(OMITTED)])
        header = [self._told.columns.get(name, self._column(name)) for name in rows.column_names]
        missing = next((one for one in self._keys if one not in header), None)
        if missing is not None:
            raise TerminalError(
                f"the rows for `{self._told.entity}` have no column `{missing}`",
                "give the entity such a field, or name the columns that tell lines apart: `key`",
            )
        return written(header, ([text_of(cell) for cell in row.values()] for row in rows.to_pylist()))

    def send(self, body: bytes, key: str, about: Mapping[str, str] | None = None) -> Answer:
        header, lines, part = self._parts(body)
        waiting = self._together(range(len(lines)), header, lines)
        numbers, refused, unsaid = [], dict[int, str](), dict[int, str]()
        for attempt in range(self._told.resend + 1):
            # Lines that are sent again are put beside what is there; nothing is replaced by them.
            mode = "REPLACE" if self._told.mode == "replace" and attempt == 0 else "NORMAL"
            try:
                number = self._submitted(part(waiting), f"{key}-{attempt}", mode)
                numbers.append(number)
                found, lacks = self._result(number, header, [lines[one] for one in waiting])
            except DataHubError as problem:
                if isinstance(problem, _Over):
                    self._known(f"{key}-{attempt}").unlink(missing_ok=True)
                # An import that was begun may be done, whoever refuses to tell of it.
                problem.untouched &= not numbers
                raise
            refused = {waiting[one]: why for one, why in found.items()}
            unsaid = {row: why for row, why in unsaid.items() if row not in waiting}
            unsaid |= {row: lacks for row in waiting if lacks and row not in refused}
            waiting = self._again(refused, header, lines)
            if not waiting:
                break
        refusals = {row: Refusal(row, UNSAID, why) for row, why in unsaid.items()}
        refusals |= {row: Refusal(row, "MIRAKL", why) for row, why in refused.items()}
        return Answer(", ".join(numbers), tuple(refusals[row] for row in sorted(refusals)))

    def arrived(self, key: str) -> bool | None:
        return None

    def close(self) -> None:
        self._session.close()

    # ------------------------------------------------------------ lines

    def _as_json(self, rows: pa.Table) -> bytes:
        if "shop_sku" not in rows.column_names:
            raise TerminalError(
                "the rows for `offers` have no column `shop_sku`", "OF24 tells offers apart by it: give the entity such a field"
            )
        return encoded({"offers": [without_omitted(row) for row in rows.to_pylist()]})

    def _parts(self, body: bytes) -> tuple[list[str], list[list[str]], Callable[[Sequence[int]], bytes]]:
        """The columns and lines by which reports are joined back, and what makes a body of some of the lines."""
        if self._told.form == "csv":
            header, *lines = parsed(body)
            return header, lines, lambda some: written(header, (lines[one] for one in some))
        offers = decoded(body, "what was made for OF24")["offers"]
        # Reports have the columns of OF01.
        return ["sku"], [[text_of(one["shop_sku"])] for one in offers], lambda some: encoded({"offers": [offers[one] for one in some]})

    def _column(self, field: str) -> str:
        # The columns of products are codes of attributes, which are the operator's own.
        return field if self._told.entity == "products" else field.replace("_", "-")

    def _together(self, rows: Sequence[int], header: Sequence[str], lines: Sequence[Sequence[str]]) -> list[int]:
        """The rows in the order of their lines in the file: those of one key one after the other, where that matters."""
        if not self._import.together:
            return list(rows)
        place: dict[str, int] = {}
        own = header.index(self._keys[0])
        return sorted(rows, key=lambda row: place.setdefault(lines[row][own], row))

    def _again(self, refused: Mapping[int, str], header: Sequence[str], lines: Sequence[Sequence[str]]) -> list[int]:
        """The rows that are sent once more; where lines of one key replace what is there, all of that key."""
        if not self._import.together:
            return sorted(refused)
        own = header.index(self._keys[0])
        keys = {lines[row][own] for row in refused}
        return self._together([row for row, line in enumerate(lines) if line[own] in keys], header, lines)

    # ------------------------------------------------------------ one import

    def _known(self, key: str) -> Path:
        """Where the number of the import with this key is kept."""
        return self._place.state / "mirakl" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    def _submitted(self, body: bytes, key: str, mode: str) -> str:
        """The number of the import; one that was begun before is gone on with."""
        known = self._known(key)
        if known.is_file():
            return str(json.loads(known.read_text(encoding="utf-8"))["import_id"])
        form: dict[str, Any] = {"files": {"file": (f"{self._told.entity}.csv", body, "text/csv")}}
        if self._told.entity == "offers":
            form["data"] = {"import_mode": mode}
        if self._told.form == "json":
            form = {"content": body}
        response = self._ask("POST", OF24 if self._told.form == "json" else self._import.submit, "", form)
        answer = decoded(response.content, "the import")
        number = answer.get("import_id", answer.get("synchro_id")) if isinstance(answer, dict) else None
        if number is None:
            raise TerminalError(f"Mirakl took the file, and gave no `import_id`: {described(response.text)}")
        _keep(known, {"import_id": str(number)})
        return str(number)

    def _result(self, number: str, header: Sequence[str], lines: Sequence[Sequence[str]]) -> tuple[dict[int, str], str]:
        """What is wrong with which line, once the import is done; and why it is not known of the others whether they are in."""
        status = self._awaited(number)
        found: dict[int, str] = {}
        for one in self._import.reports:
            if status.get(one.said_by):
                report = self._ask("GET", one.operation, number).content
                for row, why in joined(report, self._keys, header, lines, f"the error report of import {number}").items():
                    found[row] = f"{found[row]}; {why}" if row in found else why
        count = text_of(status.get("lines_in_error"))
        if count.isdecimal() and len(found) < min(int(count[:18]), len(lines)):
            lacks = f"import {number} has {described(count)} lines in error, and names {len(found):,} of them"
            return found, f"{lacks}; whether this row was taken is to be looked up"
        return found, ""

    def _awaited(self, number: str) -> Mapping[str, Any]:
        """What is told of the import once it is done."""
        until = time.monotonic() + self._told.patience.total_seconds()
        while True:
            status = self._status(number, until)
            state = str(status.get("status") or status.get("import_status") or status.get("synchro_status") or "")
            if state in _ENDED:
                why = described(status.get("reason_status") or "it does not say why")
                raise _Over(f"import {number} of {self._told.entity} ended as {state}: {why}")
            if state in self._done:
                return status
            if time.monotonic() > until:
                raise TransientError(f"import {number} of {self._told.entity} is still {state or 'without a status'}")
            self._session.wait(self._often(self._import.status), f"import {number} of {self._told.entity} is {state or 'without a status'}")

    def _status(self, number: str, until: float) -> Mapping[str, Any]:
        if self._import.listed:
            return self._in_list(number, until)
        try:
            status = decoded(self._ask("GET", self._import.status, number).content, "the import")
        except Missing as problem:
            raise _Over(f"import {number} of {self._told.entity} was taken, and is not known any more: {problem.message}") from None
        return status if isinstance(status, dict) else {}

    def _in_list(self, number: str, until: float) -> Mapping[str, Any]:
        """The status out of the list of all imports, the newest of which come first."""
        token, asked = "", set[str]()
        while True:
            query = {"import_id": number, "limit": str(_PAGE)} | ({"page_token": token} if token else {})
            page = decoded(self._ask("GET", self._import.status, number, query=query).content, "the list of imports")
            listed = page.get("data") or [] if isinstance(page, dict) else page
            if not isinstance(page, dict) or not isinstance(listed, list):
                raise TerminalError(f"Mirakl has no list of imports at `$.data`: `{described(page)}`")
            for one in listed:
                if isinstance(one, dict) and text_of(one.get("import_id")) == number:
                    return one
            token = text_of(page.get("next_page_token"))
            if not token:
                # It was taken, and is not listed yet.
                return {"status": "WAITING"}
            if token in asked:
                raise TerminalError("the list of imports goes round in a circle: a page leads to one that was read")
            asked.add(token)
            if time.monotonic() > until:
                raise TransientError(f"import {number} of {self._told.entity} is not among the first {len(asked) * _PAGE:,} of the list")

    def _ask(
        self,
        method: str,
        operation: Operation,
        number: str,
        form: dict[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        Allowance(self._place.state, f"{operation.name} of {self._connection.url}", 1, self._often(operation)).take(self._session.wait)
        address = self._session.address(operation.path.format(number))
        headers = {"Content-Type": "application/json"} if form is not None and "content" in form else None
        return self._session.ask(Request(method, address, query, headers, form, repeat_safe=True))

    def _often(self, operation: Operation) -> float:
        own = self._connection.frequency
        return own.total_seconds() if own is not None else OFTEN.get(operation.name, 60.0)


def _keep(path: Path, value: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, json.dumps(value).encode())
