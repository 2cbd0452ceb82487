"""Where an address that came out of data may lead: hosts the project names, and no machine of the inside behind their names."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from datahub.connectors.declare import TerminalError
from datahub.connectors.rest.told import named_host
from datahub.patience import PatientTransport
from datahub.project.in_words import said
from datahub.project.redaction import redacted

_PORTS = {"https": 443, "http": 80}
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses as networks of IPv6 alone write them."""
_INSIDE = tuple(map(ipaddress.IPv6Network, ("64:ff9b:1::/48", "::/96", "fec0::/10")))
"""What a network translates for itself (RFC 8215), and forms that are no longer given out, and that Python takes for global."""


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address; `TerminalError` where it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise TerminalError(f"`{redacted.cut(url, 200)}` is no address") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise TerminalError(
            f"`{redacted.cut(url, 200)}` is no address that is followed", "it must begin with `https://` and name a host, and no user"
        )
    return parts.scheme, parts.hostname.rstrip(".").lower(), port


def followed(url: str, base: str, hosts: Iterable[str]) -> str:
    """The whole address that an answer leads to, once it is known that the project lets it; relative ones start at `base`."""
    try:
        whole = urljoin(base, url)
    except ValueError:
        raise TerminalError(f"`{redacted.cut(url, 200)}` is no address") from None
    home, there = origin(base), origin(whole)
    if there == home:
        return whole
    scheme, host, port = there
    allowed = {(name, at or _PORTS[scheme]) for name, at in map(named_host, hosts)}
    short = redacted.cut(host, 100)
    place = f"[{short}]" if ":" in host else short
    if (host, port) not in allowed:
        raise TerminalError(
            f"an answer leads to `{scheme}://{place}:{port}`, and the connection lets it go nowhere but its own address",
            f'if that is right, write `follow_hosts = ["{place}:{port}"]`',
        )
    if scheme == "http" and home[0] == "https":
        raise TerminalError(f"an answer leads from TLS to `http://{place}`", "the other side must give an `https:` address")
    return whole


class GuardedBackend(httpcore.NetworkBackend):
    """Looks a name up once, and connects to what was checked: no address of the inside, but of hosts named in `exact`."""

    def __init__(self, exact: Iterable[tuple[str, int]]) -> None:
        self._exact = frozenset(exact)
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        if (host.lower(), port) in self._exact:
            return self._real.connect_tcp(host, port, timeout, local_address, socket_options)
        problem: Exception | None = None
        for address in addresses(host, port):
            try:
                return self._real.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as one:
                problem = one
        raise problem or httpcore.ConnectError(f"`{host}` has no address")

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("no sockets of this machine")

    def sleep(self, seconds: float) -> None:
        self._real.sleep(seconds)


def addresses(host: str, port: int) -> list[str]:
    """The addresses behind a name; `TerminalError` where one of them is of the inside (loopback, private, link-local …)."""
    try:
        found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as problem:
        raise httpcore.ConnectError(f"`{host}` cannot be looked up: {said(problem)}") from None
    for text in found:
        if not _outside(text.partition("%")[0]):
            raise TerminalError(
                f"an answer leads to `{redacted.cut(host, 100)}`, which is {text}: a machine of the inside",
                "such addresses are never followed out of data",
            )
    return list(dict.fromkeys(found))


def outside(host: str, port: int) -> None:
    """`TerminalError` where a name is of the inside, as far as this machine knows it; others may be the proxy's to know."""
    try:
        addresses(host, port)
    except httpcore.ConnectError:
        return


def _outside(text: str) -> bool:
    one = ipaddress.ip_address(text)
    if isinstance(one, ipaddress.IPv6Address):
        inner = one.ipv4_mapped or one.sixtofour or (one.teredo and one.teredo[1])
        if one in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(one) & 0xFFFFFFFF)
        if inner:
            return _outside(str(inner))
        if any(one in network for network in _INSIDE):
            return False
    return one.is_global and not one.is_multicast


def guarded(verify: ssl.SSLContext, exact: Iterable[tuple[str, int]]) -> httpx.HTTPTransport:
    """A transport for addresses out of data."""
    return PatientTransport(verify=verify, backend=GuardedBackend(exact))
