"""What stands behind an address: HTTP and HTTPS, and folders of this machine."""

from __future__ import annotations

import netrc
import ssl
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from datahub.packs.contents import LARGEST
from datahub.packs.origins import Fetch
from datahub.patience import PatientTransport
from datahub.project.failures import TerminalError, TransientError
from datahub.project.in_words import in_words, said

_SECONDS = 30.0


def fetching(base: Path) -> Fetch:
    """A function that gets the bytes behind an address, and None where there are none; folders are seen from `base`."""
    clients: dict[str, httpx.Client] = {}

    def fetch(address: str) -> bytes | None:
        if not address.startswith(("http://", "https://")):
            place = base / address
            return place.read_bytes() if place.is_file() else None
        proxy = _proxy(address)
        if proxy not in clients:
            transport = PatientTransport(verify=ssl.create_default_context(), proxy=proxy or None)
            clients[proxy] = httpx.Client(transport=transport, timeout=_SECONDS, auth=_accounts(), trust_env=False)
        return _got(clients[proxy], address)

    return fetch


def _proxy(address: str) -> str:
    """The proxy of the environment that leads to an address; empty where none does."""
    parts = urlsplit(address)
    if proxy_bypass(parts.hostname or ""):
        return ""
    known = getproxies()
    found = known.get(parts.scheme) or known.get("all", "")
    return found if "://" in found or not found else f"http://{found}"


def _accounts() -> httpx.Auth | None:
    """Accounts of `~/.netrc`, so that no password stands in dhm.toml."""
    try:
        return httpx.NetRCAuth()
    except (OSError, netrc.NetrcParseError):
        return None


def _got(client: httpx.Client, address: str) -> bytes | None:
    try:
        with client.stream("GET", address) as answer:
            if answer.status_code == 404:
                return None
            if answer.is_redirect:
                raise TerminalError(
                    f"`{address}` has moved to `{answer.headers.get('location', '?')}`", "write the new address into dhm.toml"
                )
            if answer.status_code >= 500 or answer.status_code == 429:
                raise TransientError(f"`{address}` answers {answer.status_code} {answer.reason_phrase}", "try again later")
            if answer.status_code != 200:
                raise TerminalError(f"`{address}` answers {answer.status_code} {answer.reason_phrase}")
            found = bytearray()
            for part in answer.iter_bytes():
                found += part
                if len(found) > LARGEST:
                    raise TerminalError(f"`{address}` is larger than a pack may be: {LARGEST >> 20} MB")
            return bytes(found)
    except httpx.HTTPError as problem:
        if "CERTIFICATE_VERIFY_FAILED" in str(problem):
            help = "where the server has an authority of its own, name its certificate in the environment variable SSL_CERT_FILE"
            raise TerminalError(f"the certificate of `{address}` is not one that is trusted", help) from None
        help = in_words(problem).help or "is the address right, and the server up?"
        raise TransientError(f"`{address}` does not answer: {said(problem)}", help) from None
    except httpx.InvalidURL as problem:
        raise TerminalError(f"`{address}` is no address: {problem}") from None
