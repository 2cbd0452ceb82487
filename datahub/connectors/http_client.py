"""The one place where httpx is configured: nothing of the environment, no redirects, no cookies, certificates always checked."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from datahub.connectors.declare import DataHubError, Missing, TerminalError, TransientError
from datahub.patience import PatientTransport
from datahub.project.in_words import ANOTHER, in_words, said
from datahub.project.redaction import redacted

LATER = frozenset({408, 425, 429, 500, 502, 503, 504, 509, 520, 521, 522, 523, 524})
"""Answers after which trying again may work."""
LONGEST_WAIT = 3600.0
PROXY = "look at the `proxy` of the connection, and at what that lets through"
_CUT = re.compile(r"without sending complete message body \(received (\d+) bytes, expected (\d+)\)")


class Web(Protocol):
    """What a connection tells of the web server that it reaches."""

    @property
    def connect_timeout(self) -> float: ...
    @property
    def deadline(self) -> float: ...
    @property
    def authorities(self) -> Path | None: ...
    @property
    def proxy(self) -> str | None: ...


def client(web: Web, headers: dict[str, str], auth: httpx.Auth | None = None) -> httpx.Client:
    """A client with strict settings: what is not asked for is not done."""
    return httpx.Client(
        headers={"User-Agent": "dhm", **headers},
        auth=auth,
        transport=PatientTransport(verify=tls(web.authorities), proxy=web.proxy),
        timeout=httpx.Timeout(web.deadline, connect=web.connect_timeout),
        follow_redirects=False,
        # Neither proxies nor passwords of the account that runs us (HTTP_PROXY, ~/.netrc).
        trust_env=False,
        cookies=no_cookies(),
    )


def no_cookies() -> CookieJar:
    """A jar that keeps nothing: what a server remembers of us is its own matter."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


def tls(authorities: Path | None) -> ssl.SSLContext:
    """TLS from 1.2 on, by the system's authorities or those of a file."""
    try:
        context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
    except (OSError, ssl.SSLError) as problem:
        raise TerminalError(f"`{authorities}` cannot be read as certificates: {problem}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@contextmanager
def told(what: str, proxy: str | None = None) -> Iterator[None]:
    """What httpx raises inside is told as a failure of the world; `what` is the address without its secrets, `proxy` what leads there."""
    what = by(what, proxy)
    try:
        yield
    except httpx.ProxyError as problem:
        refused = f"{what}: it does not lead there: {problem}"
        if any(str(problem).startswith(str(status)) for status in LATER):
            raise TransientError(refused) from None
        raise TerminalError(refused, PROXY) from None
    except httpx.TimeoutException:
        raise TransientError(f"{what}: no answer in time") from None
    except httpx.ConnectError as problem:
        if "CERTIFICATE_VERIFY_FAILED" in str(problem):
            reason = str(problem).partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or str(problem)
            advice = "if an authority of your own made the certificate out, name that in `ca_file`"
            raise TerminalError(f"{what}: the certificate is not to be trusted: {reason}", advice) from None
        raise TransientError(f"{what}: {said(problem)}", in_words(problem).help) from None
    except httpx.TransportError as problem:
        text = str(problem)
        if "illegal status line" in text:
            raise TransientError(f"{what}: what answers there does not speak HTTP", ANOTHER) from None
        if "without sending a response" in text:
            raise TransientError(f"{what}: the server ended the connection without an answer", ANOTHER) from None
        if cut := _CUT.search(text):
            came, wanted = (int(count) for count in cut.groups())
            raise TransientError(f"{what}: the server ended the connection after {came:,} of {wanted:,} bytes") from None
        raise TransientError(f"{what}: {said(problem)}", in_words(problem).help) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as problem:
        raise TerminalError(f"{what} is no address: {problem}") from None


def by(what: str, proxy: str | None) -> str:
    """What was asked, and the proxy that may have answered in place of the server."""
    return f"{what}, by the proxy `{_host(proxy)}`" if proxy else what


def _host(proxy: str) -> str:
    """A proxy as it is told to people: without the password that may be in its address."""
    parts = urlsplit(proxy)
    return parts.netloc.rpartition("@")[2] or parts.path


def refusal(response: httpx.Response, what: str) -> DataHubError | None:
    """What an answer without the content asked for means; None where it has it."""
    status = response.status_code
    match status:
        case 200:
            return None
        case 404 | 410:
            return Missing(f"there is no {what} (HTTP {status})")
        case 401 | 403:
            return TerminalError(f"{what}: the server refuses who we are (HTTP {status})", "look at the user, password or headers")
        case 407:
            return TerminalError(f"{what}: the proxy refuses who we are (HTTP 407)", PROXY)
        case _ if status in LATER:
            return TransientError(f"{what}: HTTP {status}", wait=retry_after(response))
        case _ if 300 <= status < 400:
            return elsewhere(response, what)
        case _:
            return TerminalError(f"{what}: HTTP {status} has no file in it")


def elsewhere(response: httpx.Response, what: str) -> TerminalError:
    """What an answer means that has no content, but says where that is (3xx)."""
    status, place = response.status_code, response.headers.get("location", "")
    if status == 304:
        advice = "it, or a cache before it, is set up wrongly: tell whoever runs it"
        return TerminalError(f"{what}: the server says that nothing has changed (HTTP 304), which it was not asked", advice)
    if not place:
        return TerminalError(f"{what}: the server says that it is elsewhere, and not where (HTTP {status})", "ask whoever runs it")
    # A redirect may lead anywhere, and take secrets along.
    return TerminalError(
        f"{what} leads to `{redacted.cut(place, 200)}` (HTTP {status})", "redirects are not followed: name that address itself"
    )


def retry_after(response: httpx.Response, now: datetime | None = None) -> float | None:
    """How many seconds the server asks us to wait, in seconds or as a date, at most an hour; None where it does not say."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT) if seconds == seconds else None
