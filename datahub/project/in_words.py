"""What stops a conversation before it begins or in its middle, in words: networks and TLS fail alike whatever is spoken over them."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator

from datahub.project.failures import DataHubError
from datahub.records import record

_NUMBER = re.compile(r"\[Errno (-?\d+)\]")
"""What asyncio leaves of several failures, where a name has several addresses."""


@record(frozen=True, slots=True)
class Words:
    """What has happened, and what to do about it; both empty where nobody knows more than the failure itself says."""

    reason: str = ""
    help: str = ""

    def __bool__(self) -> bool:
        return bool(self.reason)


NO_NAME = Words("nobody knows its name", "look at the host of the connection, or at the network of this machine")
_REFUSED = Words("nothing listens there (connection refused)", "look at the port, at whether the server runs, and at what lies between")
_NO_WAY = Words("no way leads there from this machine", "look at the host of the connection, or at the network of this machine")
_BROKEN_OFF = Words("the other side broke the connection off")
_BY_NUMBER = {
    errno.ECONNREFUSED: _REFUSED,
    errno.EHOSTUNREACH: _NO_WAY,
    errno.ENETUNREACH: _NO_WAY,
    errno.EADDRNOTAVAIL: _NO_WAY,
    errno.ECONNRESET: _BROKEN_OFF,
    errno.ECONNABORTED: _BROKEN_OFF,
    errno.EPIPE: _BROKEN_OFF,
    errno.ETIMEDOUT: Words("no answer in time"),
}
ANOTHER = "look at the port: another program may listen there, or one that lets this machine not in"
NO_TLS = Words("what answers there does not speak TLS", "look at the port, and at whether the server does TLS at all")
TLS_ENDED = Words("the other side ended TLS in the middle")
_NO_COMMON = Words(
    "it and we have no kind of TLS in common", "from TLS 1.2 on a connection is safe; whoever runs the server can say what it speaks"
)
_ASKS_US = Words("it asks for a certificate of ours, which connections do not have")
_BY_TLS = {
    "WRONG_VERSION_NUMBER": NO_TLS,
    "HTTP_REQUEST": NO_TLS,
    "RECORD_LAYER_FAILURE": NO_TLS,
    "UNEXPECTED_EOF_WHILE_READING": TLS_ENDED,
    "UNSUPPORTED_PROTOCOL": _NO_COMMON,
    "TLSV1_ALERT_PROTOCOL_VERSION": _NO_COMMON,
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _NO_COMMON,
    "NO_SHARED_CIPHER": _NO_COMMON,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _ASKS_US,
}


def in_words(problem: BaseException) -> Words:
    """What lies behind a failure that a library may have wrapped in its own."""
    for one in _behind(problem):
        if isinstance(one, socket.gaierror):
            return NO_NAME
        if isinstance(one, ssl.SSLError):
            if isinstance(one, ssl.SSLEOFError):
                return TLS_ENDED
            if known := _BY_TLS.get(one.reason or ""):
                return known
        elif isinstance(one, OSError) and (known := _BY_NUMBER.get(_number(one))):
            return known
    return Words()


def said(problem: BaseException) -> str:
    """A failure of the machine or of a library in one line, without what Python puts before it."""
    if known := in_words(problem).reason:
        return known
    if isinstance(problem, OSError) and problem.strerror and not isinstance(problem, ssl.SSLError):
        return problem.strerror
    text = _NUMBER.sub("", " ".join(str(problem).split()))
    return text.strip() or type(problem).__name__


def _behind(problem: BaseException | None) -> Iterator[BaseException]:
    # Behind one of ours lies what an earlier try failed of.
    while problem is not None and not isinstance(problem, DataHubError):
        yield problem
        problem = problem.__cause__ or problem.__context__


def _number(problem: OSError) -> int:
    if problem.errno is not None:
        return problem.errno
    found = _NUMBER.search(str(problem))
    return int(found[1]) if found else 0
