"""What a project tells of a source that calls an API: its calls, their pages, what is waited for, and how far was read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from datahub.connectors.rest.paths import SLOT, AnswerPath, asked
from datahub.connectors.rest.told import Method, below
from datahub.diagnostics.suggest import listed, nearest
from datahub.project.binding import From
from datahub.project.headers import HeaderName
from datahub.project.model import Config, Length, mistake

_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"
_OURS = ("CURSOR", "NOW", "EACH")


class Paging(Config):
    """How all pages of a call are fetched."""

    kind: Literal["number", "offset", "cursor", "link", "next_url"]
    """`number` and `offset` count; `cursor` takes a value out of each answer; `link` and `next_url` go where the answer says."""
    parameter: str = ""
    """The query parameter with the page's number, offset or cursor: `page`, `offset`, `cursor` unless said."""
    first: int | None = None
    """The number of the first page (1 unless said) or its offset (0)."""
    size: int | None = Field(default=None, ge=1)
    """How many rows a page has at most; an offset needs it. A server may give less: the last page is one that has less than another."""
    size_parameter: str = ""
    """The query parameter that asks for that size."""
    pages: AnswerPath = ""
    """Where the answer says how many pages there are: `$.paging.totalPages`."""
    total: AnswerPath = ""
    """Where the answer says how many rows there are in all: `$.total_count`; what came is held against it, in pages of any kind."""
    next: AnswerPath = ""
    """Where the answer has the next cursor, or the next address: `$.next_page_token`."""
    keep_parameters: bool = True
    """Whether the other parameters go along with a cursor."""
    most: int = Field(default=100_000, ge=1)
    """How many pages are fetched at most; more end the run."""
    same_rows: Literal["end", "take"] | None = None
    """What a page means that has the rows of the one before it. Unless said, it ends the run, or the list where that is sure. `end`: it is
    behind the last page, for servers that give their last page again; `take`: it is a page as any other, of rows that have no id."""
    gaps: Literal["warn", "fail"] = "warn"
    """What becomes of a run whose lists may lack rows: fewer came than `total` tells, or they became shorter while they were read.
    `fail`: it is begun again, as often as the job's `retry` says."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind in ("cursor", "next_url") and not self.next:
            where = "the next cursor" if self.kind == "cursor" else "the next address"
            raise mistake(
                "paging_next", f"pages of this kind need `next`: where the answer has {where}", key="kind", help="write such as `$.next`"
            )
        if self.kind == "offset" and self.size is None:
            raise mistake("paging_size", "an offset needs the `size` of a page", key="kind")
        return self


class Until(Config):
    """A call that is repeated until its answer says what is waited for."""

    value: AnswerPath = ""
    """Where the answer has it: `$.statusFile`; while it has nothing there, it is waited for. Empty: `status` alone is waited for."""
    equals: list[JsonValue] = []
    """What it must be: one of these."""
    fails: list[JsonValue] = []
    """What says that it will never come: any of these ends the run."""
    status: int | None = None
    """The HTTP status that the answer must have (too); while it is another one of success, or 404 or 409, it is waited for."""
    every: Length = timedelta(seconds=10)
    """How long to wait between two calls."""
    attempts: int = Field(default=60, ge=1)
    """How often to call at most."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.value and self.status is None:
            raise mistake("until", "what is waited for is a `value` of the answer, a `status`, or both")
        if bool(self.value) != bool(self.equals):
            raise mistake("until", "`value` and `equals` go together: where the answer has it, and what it must be")
        return self


class Call(Config):
    """One request of a source, or one for `each` of a list.

    Its texts may have `{{CURSOR}}`, `{{NOW}}`, and `{{name.path}}` of the answers to calls before it.
    """

    name: str = Field(default="", pattern=r"^$|" + _NAME)
    """What later calls know its answer by."""
    method: Method = "GET"
    path: str = ""
    """The path below the connection's address."""
    url: str = ""
    """A whole address, out of an earlier answer: `{{status.urlFile}}`. Its host must be the connection's, or in `follow_hosts`. A download
    from a list of addresses, `{{status.urls}}`, is a file for each."""
    parameters: dict[str, str | int | bool | list[str]] = {}
    """The query; a parameter that is only `{{CURSOR}}` is left out while there is none."""
    headers: dict[HeaderName, str] = {}
    """Headers of this call alone; what is secret belongs to the `headers` of the connection."""
    body: JsonValue = None
    """The body, sent as JSON."""
    form: dict[str, str] = {}
    """The body, as the fields of a form."""
    each: str = ""
    """A list out of an earlier answer, `{{orders.elements}}`: the call is made for each of its elements, one after the other, and knows it
    as `{{EACH}}`, or parts of it as `{{EACH.id}}`. Later calls know all answers as one list."""
    most: int = Field(default=100_000, ge=1)
    """How many elements `each` may have; more end the run before the first of these calls."""
    missing: Literal["fail", "skip", "reject"] = "fail"
    """What becomes of an element of `each` whose call finds nothing (404, 410), or that lacks what the call asks of it. `fail`: nothing is
    taken, and the run ends. `skip`: the others are taken, and the run warns. `reject`: the others are taken, and the element is rejected
    where its rows would have stood, with the reason."""
    rows: AnswerPath = ""
    """Where the answers have their rows: of an earlier call that has pages, or is made for `each`; later calls know all of them as one
    list. Those of the last call are told by `rows` of the source."""
    add: dict[str, str] = {}
    """What each row gets besides: `{order_id = "{{EACH.id}}"}`."""
    repeat_safe: bool | None = None
    """Whether it may be sent again where nobody knows if it has arrived; true for GET, PUT and DELETE unless said."""
    until: Until | None = None
    """Repeat it until its answer says so."""
    paging: Paging | None = None
    """Fetch all pages."""
    download: bool = False
    """Take the answer as a file as it is (CSV, XML …); the last call alone."""

    @model_validator(mode="after")
    def _one_behaviour(self) -> Self:
        if sum((self.until is not None, self.paging is not None, self.download)) > 1:
            raise mistake("one_behaviour", "a call has one of `until`, `paging` and `download`")
        if self.path and self.url:
            raise mistake("one_address", "a call has a `path` or a `url`", key="url")
        if self.body is not None and self.form:
            raise mistake("one_body", "a call has a `body` or a `form`", key="form")
        if self.each and not SLOT.fullmatch(self.each):
            raise mistake(
                "each",
                "`each` is a list out of an earlier answer, and nothing else",
                key="each",
                help='write such as `each = "{{orders.elements}}"`',
            )
        if self.missing != "fail" and not self.each:
            raise mistake("missing_elements", "`missing` is about the elements of `each`", key="missing", help="leave it out")
        if self.name in _OURS:
            raise mistake("call_names", f"`{self.name}` is what we call something ourselves", key="name", help="give the call another name")
        below(self.path)
        return self

    def asks_for(self, at: tuple[str | int, ...]) -> Iterator[tuple[str, tuple[str | int, ...]]]:
        """The slots of its texts, and where they stand."""
        for name in ("each", "path", "url", "parameters", "headers", "body", "form", "add"):
            yield from asked(getattr(self, name), (*at, name))


class Cursor(Config):
    """How far a source was read; it moves once all that was read has been delivered."""

    value: AnswerPath = ""
    """Where each row has it, `$.updated_at`: the greatest counts. Empty: the moment at which the calls began."""
    first: str = ""
    """What stands for it before the first run that succeeded."""
    missing: Literal["fail", "take"] = "fail"
    """What becomes of a row that has nothing there: `fail` ends the run, `take` reads it, and the others say how far was read. One that has
    null there is read in any case."""
    overlap: Length = timedelta(0)
    """How much earlier than that to ask, for rows that are written late."""
    same_rows: Literal["skip", "read"] | None = None
    """What becomes of rows that the last run has read as they are, and that come again because the cursor, or `overlap`, includes them.
    Unless said, they are skipped where the script makes of each row what it makes of it alone; where it gathers or joins rows, all are
    read as soon as one of them is new."""


_NAMED_BY = ("CONNECTION", "TIMESTAMP", "DATE")


class RestFrom(From):
    """A source of a script bound to an API: one call or several, the last of which has the rows."""

    calls: list[Call] = Field(min_length=1)
    """What is asked for, in order."""
    rows: AnswerPath = "$"
    """Where the answer of the last call has its rows: `$`, `$.elements`, `$.data[*].orders`; they arrive as JSON lines."""
    cursor: Cursor | None = None
    """What `{{CURSOR}}` stands for."""
    name: str = "{{CONNECTION}}-{{TIMESTAMP}}.jsonl"
    """What the file is called in reports."""
    largest: int = Field(default=10 << 30, ge=1)
    """How many bytes one run takes."""

    @property
    def gives(self) -> tuple[str, ...]:
        return () if self.calls[-1].download else ("jsonl", "json")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if any(call.download for call in self.calls[:-1]):
            raise mistake("last_call", "only the last call is a download", key="calls")
        for number, call in enumerate(self.calls[:-1]):
            if call.add and not call.rows:
                help = "say where its answers have them: `rows`"
                raise mistake("rows", "what is added is added to rows", key=("calls", number, "add"), help=help)
            if call.rows and not (call.each or call.paging):
                help = "later calls know all of its answer by its `name`: `{{name.elements}}`"
                raise mistake("rows", "an earlier call has `rows` where it has pages, or `each`", key=("calls", number, "rows"), help=help)
        last = len(self.calls) - 1
        if self.calls[last].rows:
            help = "write it there"
            raise mistake("rows", "the rows of the last call are told by `rows` of the source", key=("calls", last, "rows"), help=help)
        if self.calls[last].download and self.calls[last].add:
            raise mistake("rows", "a download is a file as it is: nothing is added to its rows", key=("calls", last, "add"))
        rejecting = next((number for number, call in enumerate(self.calls) if call.missing == "reject"), None)
        if self.calls[last].download and rejecting is not None:
            help = "write `skip`, or `fail`"
            raise mistake(
                "missing_elements", "a download has no rows for one to be rejected among", key=("calls", rejecting, "missing"), help=help
            )
        names = [call.name for call in self.calls if call.name]
        if len(names) != len(set(names)):
            raise mistake("call_names", "two calls have one name", key="calls")
        return self

    @model_validator(mode="after")
    def _slots_are_filled(self) -> Self:
        known = ["CURSOR", "NOW"]
        for number, call in enumerate(self.calls):
            for slot, here in call.asks_for(("calls", number)):
                name = re.split(r"[.\[]", slot, maxsplit=1)[0]
                if name == "EACH" and call.each and here[2:3] != ("each",):
                    continue
                if name not in known:
                    near = nearest(name, known)
                    later = any(one.name == name for one in self.calls)
                    advice = f"did you mean `{{{{{near}}}}}`?" if near else f"there are {listed([f'{{{{{one}}}}}' for one in known], 8)}"
                    advice = "only calls before it have answered" if later else advice
                    raise mistake("slot", f"nothing fills `{{{{{slot}}}}}`", key=here, help=advice)
                if name == "CURSOR" and self.cursor is None:
                    advice = 'write `cursor = {}`, or `cursor = {value = "$.updatedAt"}`'
                    raise mistake("slot", "`{{CURSOR}}` stands for nothing without a `cursor`", key=here, help=advice)
            known += [call.name] if call.name else []
        for slot, _ in asked(self.name, ("name",)):
            if slot not in _NAMED_BY:
                raise mistake(
                    "slot",
                    f"nothing fills `{{{{{slot}}}}}`",
                    key="name",
                    help=f"there are {listed([f'{{{{{one}}}}}' for one in _NAMED_BY])}",
                )
        return self
