"""TLS of the web server: a certificate with its key, read again when it is renewed."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path


class BadCertificate(Exception):
    """A certificate or key that cannot be used: what is wrong with it."""


class Tls:
    """What connections are protected with, from now on and after every renewal; `BadCertificate` where that cannot be."""

    def __init__(self, certificate: Path, key: Path | None, tell: Callable[[str], None]) -> None:
        self._certificate, self._key, self._tell = certificate, key or certificate, tell
        self._stamp = self._look()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._read(self.context)

    def renew(self) -> None:
        """Read the files again where they have changed; what is wrong with them then changes nothing."""
        stamp = self._look()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            # Tried apart, because a certificate without its key would leave the one in use broken.
            self._read(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
            self._read(self.context)
        except BadCertificate as problem:
            self._tell(f"{problem}; the certificate of before is used still")
            return
        self._tell("the certificate was read again")

    def _read(self, context: ssl.SSLContext) -> None:
        try:
            # A key with a password would wait for somebody to type it.
            context.load_cert_chain(self._certificate, self._key, password=lambda: "")
        except FileNotFoundError:
            missing = next((path for path in (self._certificate, self._key) if not path.is_file()), self._certificate)
            raise BadCertificate(f"there is no file `{missing}`") from None
        except ssl.SSLError as problem:
            raise BadCertificate(f"`{self._certificate}` with `{self._key}`: {_words(problem)}") from None
        except OSError as problem:
            raise BadCertificate(f"`{self._certificate}` or `{self._key}` cannot be read: {problem.strerror}") from None

    def _look(self) -> tuple[int, ...]:
        return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in (self._certificate, self._key))


def _words(problem: ssl.SSLError) -> str:
    match problem.reason:
        case "KEY_VALUES_MISMATCH":
            return "the key is not that of the certificate"
        case "BAD_DECRYPT" | "BAD_PASSWORD_READ":
            return "the key has a password, which nobody can type here"
        case _:
            return "this is no certificate with its key, as PEM has them"
