"""What a project tells of a REST API: how it is reached and signed in to, which calls a source makes, what a target sends."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import Discriminator, Field, JsonValue, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from datahub.project.binding import DocumentsTo, From
from datahub.project.connection import Connection
from datahub.project.model import Config, Length
from datahub.project.secrets import Secret

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"

# ------------------------------------------------------------------------------------------------------ who we are


class NoAuth(Config):
    """Nobody is asked."""

    kind: Literal["none"] = "none"


class BasicAuth(Config):
    """A user and a password with each request."""

    kind: Literal["basic"] = "basic"
    user: str
    password: Secret


class BearerAuth(Config):
    """A fixed token, sent as `Authorization: Bearer …`."""

    kind: Literal["bearer"] = "bearer"
    token: Secret


class KeyAuth(Config):
    """A key, in a header or in the query, under a name."""

    kind: Literal["key"] = "key"
    place: Literal["header", "query"] = "header"
    name: str = "X-API-Key"
    value: Secret


class OAuth2(Config):
    """A token that is asked for, renewed before it ends, and asked for once more where the API refuses it."""

    kind: Literal["oauth2"] = "oauth2"
    grant: Literal["client_credentials", "password", "refresh_token"] = "client_credentials"
    token_url: str
    """Where tokens are given out; a whole address."""
    client_id: str = ""
    client_secret: Secret | None = None
    client_in: Literal["body", "header"] = "body"
    """Where the client's id and secret stand when a token is asked for."""
    user: str = ""
    """For the grant `password`."""
    password: Secret | None = None
    """For the grant `password`."""
    refresh_token: Secret | None = None
    """For the grant `refresh_token`; one that the server gives in its place is used until the process ends."""
    scope: str = ""


class HmacAuth(Config):
    """A signature over each request, by a secret that both sides have."""

    kind: Literal["hmac"] = "hmac"
    secret: Secret
    algorithm: Literal["sha256", "sha512"] = "sha256"
    header: str = "X-Signature"
    prefix: str = ""
    """What stands before the signature, such as `sha256=`."""
    encoding: Literal["hex", "base64"] = "hex"
    timestamp_header: str = "X-Timestamp"
    """Where the seconds since 1970 stand that `{{TIMESTAMP}}` was signed with; empty to send none."""
    message: str = "{{METHOD}}\n{{TARGET}}\n{{TIMESTAMP}}\n{{BODY_DIGEST}}"
    """What is signed: `{{METHOD}}`, `{{TARGET}}` (path and query), `{{TIMESTAMP}}`, `{{BODY}}`, `{{BODY_DIGEST}}` (SHA-256, in hex)."""


def _kind(told: Any) -> str:
    return str(told.get("kind", "none") if isinstance(told, dict) else getattr(told, "kind", ""))


Auth: TypeAlias = Annotated[
    Annotated[NoAuth, Tag("none")]
    | Annotated[BasicAuth, Tag("basic")]
    | Annotated[BearerAuth, Tag("bearer")]
    | Annotated[KeyAuth, Tag("key")]
    | Annotated[OAuth2, Tag("oauth2")]
    | Annotated[HmacAuth, Tag("hmac")],
    Discriminator(_kind),
]


class Budget(Config):
    """How many requests may be sent in a length of time; counted on disk, over all runs."""

    requests: int = Field(ge=1)
    within: Length


class WebConnection(Connection):
    """What all connections to an API have."""

    url: str
    """The address that paths start from: `https://api.example.com/v1`."""
    follow_hosts: list[str] = []
    """Hosts (`files.example.com`, `files.example.com:8443`) that an address in an answer may lead to; the connection's own may always."""
    budget: Budget | None = None
    """How many requests the other side allows."""
    attempts: int = Field(default=4, ge=1)
    """How often a request is sent at most where trying again may work."""
    insecure: bool = False
    """Must be true where the address begins with `http:`: everyone between can read and change what travels."""
    ca_file: str = ""
    """The certificates of authorities that are trusted, in place of the system's; a relative path starts beside `dhm.toml`."""
    proxy: str = ""
    """The proxy to go through; those of the environment are not asked."""
    connect_timeout: Length = timedelta(seconds=30)
    """How long reaching the server may take."""
    deadline: Length = timedelta(seconds=60)
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
        if not self.url.startswith(("https://", "http://")):
            raise PydanticCustomError("url", "an address begins with `https://`")
        if self.url.startswith("http://") and not self.insecure:
            raise PydanticCustomError(
                "insecure", "without TLS everyone between can read and change what travels: write `https:`, or `insecure = true`"
            )
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
        raise PydanticCustomError("host", f"`{text}` is no host: write such as `files.example.com` or `files.example.com:8443`")
    return host.rstrip(".").lower(), port


# ------------------------------------------------------------------------------------------------------ a source


class Paging(Config):
    """How all pages of a call are fetched."""

    kind: Literal["number", "offset", "cursor", "link", "next_url"]
    """`number` and `offset` count; `cursor` takes a value out of each answer; `link` and `next_url` go where the answer says."""
    parameter: str = ""
    """The query parameter with the page's number, offset or cursor: `page`, `offset`, `cursor` unless said."""
    first: int | None = None
    """The number of the first page (1 unless said) or its offset (0)."""
    size: int | None = Field(default=None, ge=1)
    """How many rows a page has; an offset needs it."""
    size_parameter: str = ""
    """The query parameter that asks for that size."""
    pages: str = ""
    """Where the answer says how many pages there are: `$.paging.totalPages`."""
    total: str = ""
    """Where the answer says how many rows there are: `$.total_count`."""
    next: str = ""
    """Where the answer has the next cursor, or the next address: `$.next_page_token`."""
    keep_parameters: bool = True
    """Whether the other parameters go along with a cursor."""
    most: int = Field(default=100_000, ge=1)
    """How many pages are fetched at most; more end the run."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind in ("cursor", "next_url") and not self.next:
            raise PydanticCustomError("paging_next", "`next` must say where the answer has it: `$.next`")
        if self.kind == "offset" and self.size is None:
            raise PydanticCustomError("paging_size", "an offset needs the `size` of a page")
        return self


class Until(Config):
    """A call that is repeated until its answer says what is waited for."""

    value: str
    """Where the answer has it: `$.statusFile`."""
    equals: list[JsonValue]
    """What it must be: one of these."""
    fails: list[JsonValue] = []
    """What says that it will never come: any of these ends the run."""
    status: int | None = None
    """The HTTP status that the answer must have too."""
    every: Length = timedelta(seconds=10)
    """How long to wait between two calls."""
    attempts: int = Field(default=60, ge=1)
    """How often to call at most."""


class Call(Config):
    """One request of a source. Its texts may have `{{CURSOR}}`, `{{NOW}}`, and `{{name.path}}` of the answers to calls before it."""

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
    headers: dict[str, str] = {}
    body: JsonValue = None
    """The body, sent as JSON."""
    form: dict[str, str] = {}
    """The body, as the fields of a form."""
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
            raise PydanticCustomError("one_behaviour", "a call has one of `until`, `paging` and `download`")
        if self.path and self.url:
            raise PydanticCustomError("one_address", "a call has a `path` or a `url`")
        if self.body is not None and self.form:
            raise PydanticCustomError("one_body", "a call has a `body` or a `form`")
        return self


class Cursor(Config):
    """How far a source was read; it moves once all that was read has been delivered."""

    value: str = ""
    """Where each row has it, `$.updated_at`: the greatest counts. Empty: the moment at which the calls began."""
    first: str = ""
    """What stands for it before the first run that succeeded."""
    overlap: Length = timedelta(0)
    """How much earlier than that to ask, for rows that are written late; they come twice."""


class RestFrom(From):
    """A source of a script bound to an API: one call or several, the last of which has the rows."""

    calls: list[Call] = Field(min_length=1)
    """What is asked for, in order."""
    rows: str = "$"
    """Where the answer of the last call has its rows: `$`, `$.elements`, `$.data[*].orders`; they arrive as JSON lines."""
    cursor: Cursor | None = None
    """What `{{CURSOR}}` stands for."""
    name: str = "{{CONNECTION}}-{{TIMESTAMP}}.jsonl"
    """What the file is called in reports."""
    largest: int = Field(default=10 << 30, ge=1)
    """How many bytes one run takes."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if any(call.download or call.paging for call in self.calls[:-1]):
            raise PydanticCustomError("last_call", "only the last call has pages, or is a download")
        names = [call.name for call in self.calls if call.name]
        if len(names) != len(set(names)):
            raise PydanticCustomError("call_names", "two calls have one name")
        return self


# ------------------------------------------------------------------------------------------------------ a target


class Results(Config):
    """Where the answer to a batch says what became of each of its rows."""

    items: str
    """The list of results: `$.results`, `$.errors`."""
    row: str = ""
    """Where a result has the place of its row in the batch, from 0; empty: results are in the order of the rows."""
    key: str = ""
    """Where a result has the value of the row's column `column`, in place of its place."""
    column: str = ""
    ok: str = ""
    """Where a result says that all is well; empty: every result that is listed is a refusal."""
    ok_values: list[JsonValue] = [True, "ok", "OK", "created", "updated", 200, 201, 204]
    code: str = "$.code"
    message: str = "$.message"


class RestTo(DocumentsTo):
    """A target of a script bound to an API: its rows are sent as JSON, in batches, or each as a document."""

    method: Method = "POST"
    path: str = ""
    batch: int = Field(default=100, ge=1)
    """How many rows a request has; documents go alone."""
    envelope: str = ""
    """The name of the list in the body, `offers`, or of the document in it; empty sends the list or the document itself."""
    content_type: str = ""
    """What the body is said to be; that of its kind of document unless told."""
    single: bool = False
    """Whether a batch of one row is sent as an object alone; needs `batch = 1`."""
    key_header: str = "Idempotency-Key"
    """The header with the batch's key, the same each time it is sent; empty sends none, and what may have arrived is never sent again."""
    probe: str = ""
    """A path that answers 2xx where the batch with the key `{{KEY}}` has arrived, and 404 where not: asked where an answer was lost."""
    parameters: dict[str, str] = {}
    results: Results | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.documents and ("batch" in self.model_fields_set and self.batch != 1):
            raise PydanticCustomError("documents_alone", "a document is sent alone: leave `batch` out")
        if self.template and (self.envelope or self.single):
            raise PydanticCustomError("template_whole", "a template makes the whole body: leave `envelope` and `single` out")
        if self.single and self.batch != 1:
            raise PydanticCustomError("single", "`single` needs `batch = 1`")
        if self.results is not None and bool(self.results.key) != bool(self.results.column):
            raise PydanticCustomError("results_key", "`key` and `column` go together")
        return self


def described(value: Any) -> str:
    """A value out of an answer, short enough to be shown."""
    text = str(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
