"""Files of a web server: resumed where the server can, and compared with every length and digest that it tells."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import httpx

from datahub.connectors.anew import Anew
from datahub.connectors.declare import Entry, TerminalError, TransientError
from datahub.connectors.http_client import by, client, refusal, told
from datahub.connectors.http_digest import Digests
from datahub.connectors.http_gzip import GZIP, Inflate
from datahub.connectors.kinds.http import Http
from datahub.connectors.pace import Pace
from datahub.records import record

_RESUMES, _WORTH = 5, 64 << 10
"""How often in a row a download is taken up again, and how many bytes must come between for it not to count."""
_APART = timedelta(hours=1)
"""How far the clock of a server that tells no time may be from ours."""

_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)


class HttpFiles:
    """The files below one address."""

    def __init__(self, connection: Http, project: Path) -> None:
        self._connection = connection
        self.connect_timeout = connection.connect_timeout.total_seconds()
        self.deadline = connection.deadline.total_seconds()
        self.authorities = project / Path(connection.ca_file).expanduser() if connection.ca_file else None
        self.proxy = connection.proxy or None
        self._client: httpx.Client | None = None
        self.begun: dict[str, Told] = {}
        """What the first answers said of files that are not here whole yet: who goes on with one compares."""

    def list(self, folder: str) -> Iterator[Entry]:
        raise TerminalError("a web server has no folders to list", "name one file: `path = …`")

    def look(self, path: str) -> Entry:
        response = self._head(path)
        problem = refusal(response, by(self._what(path), self.proxy))
        if problem is not None:
            raise problem
        headers = response.headers
        length = headers.get("content-length", "")
        coded = headers.get("content-encoding", "identity") != "identity"
        return Entry(path, "file", int(length) if length.isdigit() and not coded else None, _date(headers), headers.get("etag", ""))

    def told(self, path: str) -> str:
        """The path without its query, which may have a key in it."""
        return path.partition("?")[0]

    def answers(self) -> str:
        """What the server says to the address that paths start from, which need not be one of a file, nor be shown to anybody."""
        response = self._head("")
        if response.status_code in (403, 404, 405, 410):
            asked = self._connection.user or self._connection.token is not None or self._connection.headers
            known = "; whether it lets us in, a file tells" if asked and response.status_code == 403 else ""
            return f"the server answers, and has nothing at the address itself (HTTP {response.status_code}){known}"
        problem = refusal(response, by(self._what(""), self.proxy))
        if problem is not None:
            raise problem
        return "the address answers"

    def _head(self, path: str) -> httpx.Response:
        """The answer to a question for the head of a file; its body is not read."""
        with told(self._what(path), self.proxy), ExitStack() as open_ones:
            response = self._asked().head(self._address(path), headers={"Accept-Encoding": "identity"})
            if response.status_code in (400, 403, 405, 501):
                # Some servers, and addresses that are signed for one method, answer a GET alone.
                response = open_ones.enter_context(
                    self._asked().stream("GET", self._address(path), headers={"Accept-Encoding": "identity"})
                )
        return response

    @contextmanager
    def read(self, path: str, start: int = 0, size: int | None = None) -> Iterator[_Download]:
        download = _Download(self, path, start)
        try:
            yield download
        finally:
            download.close()

    def write(self, path: str) -> NoReturn:
        self._only_read()

    def rename(self, old: str, new: str, *, replace: bool) -> NoReturn:
        self._only_read()

    def remove(self, path: str) -> NoReturn:
        self._only_read()

    def make_folder(self, path: str) -> NoReturn:
        self._only_read()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _only_read(self) -> NoReturn:
        raise TerminalError("files of a web server can be read, and nothing else", 'leave `after` at `action = "keep"`')

    # ------------------------------------------------------------ for downloads

    @property
    def accepts_unknown_length(self) -> bool:
        return self._connection.unknown_length == "accept"

    def stream(self, path: str, headers: dict[str, str]) -> tuple[ExitStack, httpx.Response]:
        """An answer whose body is still to come, and what closes it."""
        held = ExitStack()
        with told(self._what(path), self.proxy):
            return held, held.enter_context(self._asked().stream("GET", self._address(path), headers=headers))

    def _what(self, path: str) -> str:
        """The address as it is told to people: without what stands behind a question mark, which may be a secret."""
        return f"`{self._address(path).partition('?')[0]}`"

    def what(self, path: str) -> str:
        return self._what(path)

    def _address(self, path: str) -> str:
        # Below the address, whatever the path is: it cannot name another host.
        path = _NO_ESCAPE.sub("%25", path.lstrip("/"))
        return self._connection.url.rstrip("/") + "/" + quote(path, safe="/?&=%:,;+@~!$'()*")

    def _asked(self) -> httpx.Client:
        if self._client is None:
            wanted = self._connection
            headers = {name: secret.reveal() for name, secret in wanted.headers.items()}
            if wanted.token is not None:
                headers["Authorization"] = f"Bearer {wanted.token.reveal()}"
            auth = httpx.BasicAuth(wanted.user, wanted.password.reveal() if wanted.password else "") if wanted.user else None
            self._client = client(self, headers, auth)
        return self._client


@record(frozen=True, slots=True)
class Told:
    """What an answer says that tells a file from another."""

    tag: str = ""
    """A strong one: a weak tag says that two contents mean the same, not that their bytes are."""
    weak: str = ""
    changed: str = ""
    young: bool = False
    """Whether it changed within the second of the answer, so that it may have changed again (RFC 9110, 8.8.2.2)."""

    @classmethod
    def by(cls, headers: httpx.Headers) -> Told:
        tag, changed, told_at = headers.get("etag", ""), _date(headers), _date(headers, "date")
        since = datetime.fromtimestamp(time.time(), UTC) - _APART if told_at is None else told_at
        return cls(
            "" if tag.startswith("W/") else tag,
            tag if tag.startswith("W/") else "",
            headers.get("last-modified", "") if changed is not None else "",
            changed is not None and since - changed < timedelta(seconds=1),
        )

    @property
    def validator(self) -> str:
        """What a server is asked to compare; empty where nothing tells the file from another."""
        return self.tag or ("" if self.young else self.changed)

    def goes_on(self, headers: httpx.Headers) -> bool:
        """Whether a part with these headers is not said to be of another file."""
        tag = headers.get("etag", "")
        if self.tag:
            # Not every server, and no cache that is too old for it, knows `If-Range`; those that do must tell the tag (RFC 9110, 15.3.7).
            return bool(tag == self.tag)
        if self.weak and tag and tag != self.weak:
            return False
        return not self.validator or bool(headers.get("last-modified", self.changed) == self.changed)


class _Download:
    """The bytes of one file, whole: taken up again where they broke off, as long as the server says that it is still the same file."""

    def __init__(self, files: HttpFiles, path: str, start: int) -> None:
        self._files, self._path = files, path
        self._what = files.what(path)
        self._at, self._start, self._begun, self._failed = start, start, start, 0
        self._total: int | None = None
        self._told = files.begun.get(path, Told()) if start else Told()
        self._held = ExitStack()
        self._body: Iterator[bytes] | None = None
        self._inflate: Inflate | None = None
        self._digests: Digests | None = None
        self._ready = bytearray()
        self._ended = False
        self._pace = Pace(self._what, files.deadline)

    def read(self, size: int, /) -> bytes:
        while not self._ready and not self._ended:
            try:
                self._more()
            except Anew:
                raise
            except TransientError as problem:
                self.close()
                self._failed = 0 if self._at - self._begun >= _WORTH else self._failed + 1
                if self._told.young and not self._told.tag:
                    # Another file may have come within the second, and nothing that the server says would tell it.
                    raise Anew(str(problem), problem.help, wait=problem.wait) from problem
                if not self._told.validator or self._inflate is not None or self._failed > _RESUMES or problem.wait:
                    if self._digests is not None and self._digests.said and not problem.wait:
                        # Whoever goes on from here cannot compare the whole with what the server says of it.
                        raise Anew(str(problem), problem.help) from problem
                    raise
        part = bytes(self._ready[:size])
        del self._ready[:size]
        return part

    def _more(self) -> None:
        """Take what comes next."""
        if self._body is None:
            self._begin()
        assert self._body is not None
        with told(self._what, self._files.proxy):
            part = next(self._body, None)
        if part is None:
            self._finish()
            return
        if not self._at and _PAGE.match(part) and not self._path.partition("?")[0].lower().endswith((".html", ".htm")):
            # Servers in distress answer "200" with a page that says so.
            raise Anew(f"{self._what} is a web page now, and no file of data", "open the address in a browser to see what it says")
        self._pace.moved(len(part))
        self._at += len(part)
        if self._digests is not None:
            self._digests.add(part)
        if self._inflate is not None:
            part = self._inflate.more(part, self._what)
            if self._digests is not None:
                self._digests.add_plain(part)
        self._ready += part

    def _begin(self) -> None:
        self._begun = self._at
        headers = {"Accept-Encoding": "identity"}
        if self._at:
            headers["Range"] = f"bytes={self._at}-"
            if self._told.validator:
                headers["If-Range"] = self._told.validator
        self._held, response = self._files.stream(self._path, headers)
        # The head has a deadline of its own.
        self._pace = Pace(self._what, self._files.deadline)
        if self._at and response.status_code == 416 and response.headers.get("content-range", "") == f"bytes */{self._at}":
            self._body, self._total = iter(()), self._at
            return
        if self._at and response.status_code == 206:
            self._resumed(response)
        else:
            problem = refusal(response, by(self._what, self._files.proxy))
            if problem is None and self._at:
                problem = Anew(f"{self._what} is another file than before, or cannot be had from its middle")
            if problem is not None:
                raise problem
            self._opened(response)
        self._body = response.iter_raw()

    def _opened(self, response: httpx.Response) -> None:
        headers = response.headers
        length = headers.get("content-length", "")
        self._total = int(length) if length.isdigit() else None
        if self._total is None and headers.get("transfer-encoding", "") != "chunked" and not self._files.accepts_unknown_length:
            raise TerminalError(
                f"{self._what}: the server does not say how long the file is, so a cut could not be told from its end",
                'if it cannot be helped: `unknown_length = "accept"`',
            )
        coding = headers.get("content-encoding", "identity").lower()
        if coding in GZIP:
            self._inflate = Inflate()
        elif coding not in ("identity", ""):
            raise TerminalError(f"{self._what} comes encoded as `{coding}`, though it was asked for as it is")
        self._digests = Digests(headers)
        self._told = self._files.begun[self._path] = Told.by(headers)

    def _resumed(self, response: httpx.Response) -> None:
        headers = response.headers
        unit, _, whole = headers.get("content-range", "").partition("/")
        if not unit.startswith(f"bytes {self._at}-"):
            raise Anew(f"{self._what}: the server sends another part than the one asked for")
        if not self._told.goes_on(headers):
            raise Anew(f"{self._what}: the rest that the server sends is not said to be of the same file")
        if whole.isdigit():
            if self._total is not None and self._total != int(whole):
                raise Anew(f"{self._what} has another length than before")
            self._total = int(whole)

    def _finish(self) -> None:
        if self._total is not None and self._at != self._total:
            raise TransientError(f"{self._what} came with {self._at} bytes, and has {self._total}")
        if self._inflate is not None:
            self._inflate.end(self._what)
        if self._digests is not None and not self._start:
            self._digests.check(self._what)
        self._ended = True
        self._files.begun.pop(self._path, None)
        self.close()

    def close(self) -> None:
        self._body = None
        self._held.close()


def _date(headers: httpx.Headers, name: str = "last-modified") -> datetime | None:
    try:
        found = parsedate_to_datetime(headers.get(name, ""))
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except ValueError:
        return None
