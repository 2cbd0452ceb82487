"""What a project tells of a REST API: how it is reached, and what a target sends to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, field_validator, model_validator

from datahub.connectors.rest.paths import AnswerPath, asked
from datahub.connectors.rest.told_auth import OAuth2
from datahub.project.addresses import BaseAddress, protected
from datahub.project.binding import DocumentsTo
from datahub.project.connection import Connection
from datahub.project.headers import HeaderName, Headers
from datahub.project.model import Config, SomeTime, mistake

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Budget(Config):
    """How many requests may be sent in a length of time; counted on disk, over all runs."""

    requests: int = Field(ge=1)
    """How many."""
    within: SomeTime
    """In how long a time."""


class WebConnection(Connection):
    """What all connections to an API have."""

    url: BaseAddress
    """The address that paths start from: `https://api.example.com/v1`."""
    follow_hosts: list[str] = []
    """Hosts (`files.example.com`, `files.example.com:8443`) that an address in an answer may lead to; the connection's own may always."""
    budget: Budget | None = None
    """How many requests the other side allows; those for tokens are not counted."""
    attempts: int = Field(default=4, ge=1)
    """How often one run sends a request at most where trying again may work; `retry` of the job says how often it is begun again."""
    insecure: bool = False
    """Must be true where the address begins with `http:`: everyone between can read and change what travels."""
    ca_file: str = ""
    """The certificates of authorities that are trusted, in place of the system's; a relative path starts beside `dhm.toml`."""
    proxy: str = ""
    """The proxy to go through; those of the environment are not asked."""
    connect_timeout: SomeTime = timedelta(seconds=30)
    """How long reaching the server may take."""
    deadline: SomeTime = timedelta(seconds=60)
    """How long the server may be silent."""
    largest: int = Field(default=64 << 20, ge=1)
    """How many bytes one answer may have; downloads go by `largest` of their source."""

    @field_validator("follow_hosts")
    @classmethod
    def _hosts(cls, hosts: list[str]) -> list[str]:
        for one in hosts:
            named_host(one)
        return hosts

    @model_validator(mode="after")
    def _said_that_it_is_insecure(self) -> Self:
        protected(self.url, self.insecure)
        told = getattr(self, "auth", None)
        if isinstance(told, OAuth2):
            protected(told.token_url, self.insecure, key=("auth", "token_url"))
        return self


def named_host(text: str) -> tuple[str, int | None]:
    """The host and the port of `files.example.com:8443`, `[2001:db8::7]:443` or `2001:db8::7`."""
    bare = text.count(":") > 1 and not text.startswith("[")
    try:
        parts = urlsplit(f"//[{text}]" if bare else f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or parts.username is not None or parts.path or parts.query or parts.fragment:
        raise mistake("host", f"`{text}` is no host", help="write such as `files.example.com` or `files.example.com:8443`")
    return host.rstrip(".").lower(), port


def below(path: str, key: str = "path") -> None:
    """A mistake where a path leads elsewhere than below the connection's address."""
    if "://" in path.partition("?")[0]:
        raise mistake("path", "a path stays below the address of its connection", key=key, help="an address out of an answer is a `url`")
    if any(part in ("..", "%2e%2e", ".%2e", "%2e.") for part in path.partition("?")[0].lower().split("/")):
        raise mistake("path", "a path stays below the address of its connection, and this one climbs up", key=key)


class Results(Config):
    """Where the answer to a batch says what became of each of its rows."""

    items: AnswerPath = ""
    """The list of results: `$.results`, `$.errors`; or a table of them by the number of the row, or by what `column` has. Where a request
    has one row, what stands there is its result: `$`."""
    success: AnswerPath = ""
    """Where the answer says of all of the request whether it was taken: `$.success`. With another value than those of `ok_values` it is an
    answer of failure, whatever its status; with none, nobody knows of the rows that no result names."""
    row: AnswerPath = ""
    """Where a result has the place of its row in the batch, or a list of places; empty: results are in the order of the rows."""
    first: Literal[0, 1] = 0
    """From what the places of rows are counted."""
    key: AnswerPath = ""
    """Where a result has the value of the row's column `column`, in place of its place."""
    column: str = ""
    """The column by which results tell rows apart."""
    ok: AnswerPath = ""
    """Where a result says that all is well; empty: every result that is listed is a refusal."""
    ok_values: list[JsonValue] = [True, "ok", "OK", "created", "updated", 200, 201, 204]
    """What says that all is well."""
    code: AnswerPath = "$.code"
    """Where a result says by a code what is wrong."""
    message: AnswerPath = "$.message"
    """Where a result says what is wrong; of a list, `$.errors[*].message`, all is told."""
    rest: Literal["resend", "taken"] = "resend"
    """What becomes of rows that an answer of failure (400, 409, 422) says nothing of: by what HTTP means nothing of the batch was taken,
    and they are sent again without those that were refused; `taken` where the API takes them all the same."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.items and not self.success:
            raise mistake(
                "results", "what became of the rows is told by `items`, `success`, or both", help='write such as `items = "$.results"`'
            )
        return self


class RestTo(DocumentsTo):
    """A target of a script bound to an API: its rows are sent as JSON, in batches, or each as a document."""

    method: Method = "POST"
    path: str = ""
    """The path below the connection's address. Where each request has one row, or document, its fields can stand in it, as in names of
    files: `orders/{{ORDERID}}/ship`."""
    batch: int = Field(default=100, ge=1)
    """How many rows a request has; documents go alone."""
    envelope: str = ""
    """The name of the list in the body, `offers`, or of the document in it; empty sends the list or the document itself."""
    content_type: str = ""
    """What the body is said to be; that of its kind of document unless told."""
    single: bool = False
    """Whether a batch of one row is sent as an object alone; needs `batch = 1`."""
    key_header: HeaderName = "Idempotency-Key"
    """The header with the batch's key, the same each time it is sent; empty sends none, and what may have arrived is never sent again."""
    probe: str = ""
    """A path that answers 2xx where the batch with the key `{{KEY}}` has arrived, and 404 where not: asked where an answer was lost."""
    parameters: dict[str, str] = {}
    """The query."""
    headers: Headers = {}
    """Further headers of its requests, beside those of the connection: `Prefer = "return=minimal"`; what is secret by reference."""
    results: Results | None = None
    """What became of each row; without it, an answer is for all rows."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.documents and ("batch" in self.model_fields_set and self.batch != 1):
            raise mistake("documents_alone", "a document is sent alone: leave `batch` out", key="batch")
        if self.template and (self.envelope or self.single):
            raise mistake("template_whole", "a template makes the whole body: leave `envelope` and `single` out", key="template")
        if self.single and self.batch != 1:
            raise mistake("single", "`single` needs `batch = 1`", key="single")
        if self.results is not None and self.results.key and not self.results.column:
            raise mistake("results_key", "`key` needs `column`: the column of the rows that has the same value", key="results")
        if self.probe and "{{KEY}}" not in self.probe:
            raise mistake("probe", "a probe asks for a batch by `{{KEY}}`", key="probe", help="write such as `batches/{{KEY}}`")
        if said := next((name for name in self.headers if name.lower() == "content-type"), ""):
            raise mistake("content_type", "what a body is said to be is `content_type`", key=("headers", said), help="write it there")
        if any(asked(self.path, ("path",))) and not (self.documents or self.single):
            raise mistake(
                "path", "a path can name a row only where each request has one", key="path", help="write `batch = 1` and `single = true`"
            )
        below(self.path)
        below(self.probe, "probe")
        return self
