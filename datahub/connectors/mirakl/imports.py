"""A target that is one of Mirakl's file imports: submitted, waited for, and its error reports joined back to the rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from datahub.connectors.declare import UNSAID, Answer, DataHubError, Place, Refusal, TerminalError
from datahub.connectors.mirakl.following import Following, Outcome
from datahub.connectors.mirakl.operations import IMPORTS, OF24, Operation
from datahub.connectors.mirakl.reports import parsed, written
from datahub.connectors.mirakl.told import MiraklConnection, MiraklTo
from datahub.connectors.rest.sender import without_omitted
from datahub.connectors.rest.session import Session
from datahub.connectors.rest.values import decoded, encoded, text_of
from datahub.formats.row_texts import row_texts
from datahub.formats.written import OMITTED

_ALL = 1 << 40
REFUSED = "MIRAKL"
"""The code of lines that Mirakl names as in error."""


class MiraklImports:
    """One target of a job that is bound to an import. A file that was taken is known by its number, so a run goes on with it."""

    # Imports put in, change or replace: the same lines twice leave what they left once.
    keyed = True

    def __init__(self, session: Session, connection: MiraklConnection, told: MiraklTo, place: Place) -> None:
        self._session, self._told = session, told
        assert told.entity is not None
        self._import = IMPORTS[told.entity]
        self._keys = tuple(told.key) or self._import.keys
        self._follow = Following(session, connection, told, place, self._import)

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
        return written(header, row_texts(rows))

    def send(self, body: bytes, key: str, about: Mapping[str, str] | None = None) -> Answer:
        header, lines, part = self._parts(body)
        waiting = self._together(range(len(lines)), header, lines)
        numbers, refused = [], dict[int, Refusal]()
        for attempt in range(self._told.resend + 1):
            # Lines that are sent again are put beside what is there; nothing is replaced by them.
            mode = "REPLACE" if self._told.mode == "replace" and attempt == 0 else "NORMAL"
            sent = part(waiting)
            # What is sent again depends on what was told of it before.
            own = f"{key}-{attempt}" + (f"-{hashlib.sha256(sent).hexdigest()}" if attempt else "")
            try:
                number, status = self._follow.through(*self._submission(sent, mode), own)
                found = self._follow.outcome(number, status, self._keys, header, [lines[one] for one in waiting])
            except DataHubError as problem:
                # What was taken of it before stays taken.
                problem.untouched &= not attempt
                raise
            numbers.append(number)
            refused = {one.row: one for one in _refusals(waiting, found)}
            waiting = self._again(list(refused), header, lines)
            if not waiting:
                break
        return Answer(", ".join(numbers), tuple(one for _, one in sorted(refused.items())))

    def _submission(self, body: bytes, mode: str) -> tuple[Operation, dict[str, Any]]:
        if self._told.form == "json":
            return OF24, {"content": body}
        form: dict[str, Any] = {"files": {"file": (f"{self._told.entity}.csv", body, "text/csv")}}
        return self._import.submit, form | ({"data": {"import_mode": mode}} if self._told.entity == "offers" else {})

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

    def _again(self, refused: Sequence[int], header: Sequence[str], lines: Sequence[Sequence[str]]) -> list[int]:
        """The rows that are sent once more; where lines of one key replace what is there, all of that key."""
        if not self._import.together:
            return sorted(refused)
        own = header.index(self._keys[0])
        keys = {lines[row][own] for row in refused}
        return self._together([row for row, line in enumerate(lines) if line[own] in keys], header, lines)


def _refusals(waiting: Sequence[int], found: Outcome) -> Iterator[Refusal]:
    """The rows that are in error, and where others may be too, those: a person looks, and nothing is lost without a word."""
    for line, row in enumerate(waiting):
        if line in found.refused:
            yield Refusal(row, REFUSED, found.refused[line])
        elif found.doubt:
            yield Refusal(row, UNSAID, f"{found.doubt}; whether this line was taken is to be looked up")
