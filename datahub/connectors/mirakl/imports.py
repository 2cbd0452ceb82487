"""The file import protocol: submit, ask until it is done, read the error report, and say which of our rows it is about."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from datahub.connectors.declare import Answer, Place, Refusal, TerminalError, TransientError
from datahub.connectors.mirakl.told import MiraklConnection, MiraklTo
from datahub.connectors.rest.budget import Allowance
from datahub.connectors.rest.session import Request, Session
from datahub.connectors.rest.told import described
from datahub.connectors.rest.values import decoded, text_of
from datahub.formats.written import OMITTED
from datahub.records import record

_LINES, _REASONS = ("error-line", "line", "line-number"), ("error-message", "reason", "errors", "error")


@record(frozen=True, slots=True)
class Operations:
    """The three operations of one kind of import."""

    submit: tuple[str, str]
    status: tuple[str, str]
    report: tuple[str, str]
    key: str


_OPERATIONS = {
    "offers": Operations(
        ("OF01", "api/offers/imports"), ("OF02", "api/offers/imports/{}"), ("OF03", "api/offers/imports/{}/error_report"), "sku"
    ),
    "stock": Operations(
        ("STO01", "api/offers/stock/imports"),
        ("STO02", "api/offers/stock/imports/{}/status"),
        ("STO03", "api/offers/stock/imports/{}/error_report"),
        "offer-sku",
    ),
}
_DONE = frozenset({"COMPLETE", "COMPLETED"})
_ENDED = frozenset({"FAILED", "CANCELLED", "CANCELED"})


class MiraklImports:
    """One target of a job that is bound to an import. A file that was taken is known by its number, so a run goes on with it."""

    # Imports put in or change: the same lines twice leave what they left once.
    keyed = True

    def __init__(self, session: Session, connection: MiraklConnection, told: MiraklTo, place: Place) -> None:
        self._session, self._connection, self._told, self._place = session, connection, told, place
        self._operations = _OPERATIONS[told.entity]

    @property
    def rows(self) -> int:
        return self._told.batch

    def render(self, rows: pa.Table) -> bytes:
        """The file: `;` between cells, UTF-8, a header."""
        # A file has no way to leave a value of one row out: it is empty.
        rows = rows.select([name for name in rows.column_names if not name.startswith(OMITTED)])
        header = [self._told.columns.get(name, name.replace("_", "-")) for name in rows.column_names]
        if self._operations.key not in header:
            raise TerminalError(
                f"the rows for `{self._told.entity}` have no column `{self._operations.key}`", "give the entity such a field"
            )
        return _written(header, ([text_of(cell) for cell in row.values()] for row in rows.to_pylist()))

    def send(self, body: bytes, key: str) -> Answer:
        header, *lines = _lines(body)
        waiting, numbers, refused = list(range(len(lines))), [], dict[int, str]()
        for attempt in range(self._told.resend + 1):
            part = body if attempt == 0 else _written(header, (lines[one] for one in waiting))
            number = self._submitted(part, f"{key}-{attempt}")
            numbers.append(number)
            found = self._result(number, header, [lines[one] for one in waiting])
            refused = {waiting[one]: why for one, why in found.items()}
            waiting = sorted(refused)
            if not waiting:
                break
        refusals = tuple(Refusal(row, "MIRAKL", why) for row, why in sorted(refused.items()))
        return Answer(", ".join(numbers), refusals)

    def arrived(self, key: str) -> bool | None:
        return None

    def close(self) -> None:
        self._session.close()

    # ------------------------------------------------------------ one import

    def _submitted(self, body: bytes, key: str) -> str:
        """The number of the import; one that was begun before is gone on with."""
        known = self._place.state / "mirakl" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
        if known.is_file():
            return str(json.loads(known.read_text(encoding="utf-8"))["import_id"])
        form: dict[str, Any] = {"files": {"file": (f"{self._told.entity}.csv", body, "text/csv")}}
        if self._told.entity == "offers":
            form["data"] = {"import_mode": "NORMAL"}
        response = self._ask("POST", self._operations.submit, "", form)
        number = decoded(response.content, "the import").get("import_id")
        if number is None:
            raise TerminalError(f"Mirakl took the file, and gave no `import_id`: {described(response.text)}")
        _keep(known, {"import_id": str(number)})
        return str(number)

    def _result(self, number: str, header: Sequence[str], lines: Sequence[Sequence[str]]) -> dict[int, str]:
        """What is wrong with which line, once the import is done."""
        until = time.monotonic() + self._told.patience.total_seconds()
        while True:
            status = decoded(self._ask("GET", self._operations.status, number).content, "the import")
            state = str(status.get("status") or status.get("import_status") or "")
            if state in _ENDED:
                why = described(status.get("reason_status") or "it does not say why")
                raise TerminalError(f"import {number} of {self._told.entity} ended as {state}: {why}")
            if state in _DONE:
                break
            if time.monotonic() > until:
                raise TransientError(f"import {number} of {self._told.entity} is still {state or 'without a status'}")
            self._session.sleep(self._connection.frequency.total_seconds())
        if not status.get("has_error_report"):
            if status.get("lines_in_error"):
                raise TerminalError(f"import {number} has {status['lines_in_error']} lines in error, and no report of them")
            return {}
        report = self._ask("GET", self._operations.report, number).content
        return joined(report, self._operations.key, header, lines, f"the error report of import {number}")

    def _ask(self, method: str, operation: tuple[str, str], number: str, form: dict[str, Any] | None = None) -> Any:
        name, path = operation
        allowed = Allowance(self._place.state, f"{self._connection.url} {name}", 1, self._connection.frequency.total_seconds())
        allowed.take(self._session.sleep)
        return self._session.ask(Request(method, self._session.address(path.format(number)), body=form, repeat_safe=True))


def joined(report: bytes, key: str, header: Sequence[str], lines: Sequence[Sequence[str]], what: str) -> dict[int, str]:
    """What a report says of which line: by its number where that line has the same key, by the key alone where it has not."""
    told, *errors = _lines(report)
    names = [name.strip().lower() for name in told]
    reason = next((names.index(one) for one in _REASONS if one in names), None)
    if reason is None or key not in names:
        raise TerminalError(f"{what} has no column {f'`{key}`' if reason is not None else 'with reasons'}: it has {', '.join(told)}")
    number = next((names.index(one) for one in _LINES if one in names), None)
    ours, theirs = header.index(key), names.index(key)
    by_key: dict[str, list[int]] = {}
    for row, line in enumerate(lines):
        by_key.setdefault(line[ours], []).append(row)
    found: dict[int, str] = {}
    for cells in errors:
        candidates = by_key.get(cells[theirs], [])
        row = int(cells[number]) - 2 if number is not None and cells[number].isdigit() else -1
        if not candidates:
            raise TerminalError(f"{what} has a line that was not sent: `{described(cells[theirs])}`")
        for one in [row] if row in candidates else candidates:
            found[one] = f"{found[one]}; {cells[reason]}" if one in found else cells[reason]
    return found


def _lines(data: bytes) -> list[list[str]]:
    """The lines of a file with `;` between cells, or `,` where the header has none."""
    text = data.decode("utf-8-sig")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    return [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if line]


def _written(header: Sequence[str], lines: Any) -> bytes:
    text = io.StringIO()
    made = csv.writer(text, delimiter=";", lineterminator="\n")
    made.writerow(header)
    made.writerows(lines)
    return text.getvalue().encode()


def _keep(path: Path, value: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
