"""The one redactor: every secret that was handed out in this process, in whatever form it may show, is taken out of a text."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 4
"""A shorter secret is not looked for: it would be found in every other word."""
_SHORTEST_CODED = 6
MASK = "•••"


class Redactor:
    """Knows secrets, and takes them out of text: as they are, and in base64, hexadecimal, URL, JSON and HTML."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def remember(self, secret: str) -> None:
        """Take `secret` out of every text from now on; of several lines, such as a key, each by itself too."""
        parts = {one for one in (secret, secret.strip(), *_long_lines(secret)) if len(one) >= SHORTEST}
        if parts <= self._known:
            return
        self._known |= parts
        forms = {form for part in self._known for form in _forms(part)}
        self._pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))

    def __call__(self, text: str) -> str:
        """`text` without any secret that is known."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)


redacted = Redactor()
"""What all ways out of this process share: console, log, ledger, reports, files about mistakes of our own."""


def _long_lines(secret: str) -> Iterator[str]:
    if "\n" in secret:
        yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= 16)


def _forms(secret: str) -> Iterator[str]:
    data = secret.encode("utf-8", "surrogateescape")
    yield secret
    yield repr(secret)[1:-1]
    yield html.escape(secret)
    for ascii_only in (True, False):
        told = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield from (told, told.replace("/", "\\/"), html.escape(told))
    for coded in (quote(data, safe=""), quote(data), quote_plus(data)):
        # An address within an address, as of what is to come after a log-in, is coded twice.
        for often in (coded, quote(coded, safe="")):
            yield from (often, re.sub("%(25)?[0-9A-F]{2}", lambda found: found[0].lower(), often))
    for hexadecimal in (data.hex(), data.hex(" "), data.hex(":")):
        yield from (hexadecimal, hexadecimal.upper())
    for shift in range(3):
        for one in _base64(data, shift):
            if len(one) >= _SHORTEST_CODED:
                yield from (one, quote(one, safe=""))


def _base64(data: bytes, shift: int) -> Iterator[str]:
    """The characters that `data` alone decides where it stands `shift` bytes into a group of three, as in `user:password`."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(bytes(shift) + data).decode().rstrip("=")
        end = len(text) - (1 if (shift + len(data)) % 3 else 0)
        yield text[(0, 2, 3)[shift] : end]
