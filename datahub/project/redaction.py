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
_SHORTEST_LOWERED = 16
"""A host is told in small letters; those of a shorter secret may be a word."""
MASK = "•••"
_HEAD = 6
"""So many characters of a secret that was cut off are looked for, where it is told that something was."""
_LONG_HEAD = 12
"""So many where a text or a quotation ends, as one does that was cut without a word."""
_CUT = re.compile(r"\s?(?:…|\\u2026|&hellip;)")
_END = re.compile(r"\Z|[`\"'<\n]|\\\"|&quot;|&#x27;")


class Redactor:
    """Knows secrets, and takes them out of text: as they are, and in base64, hexadecimal, URL, JSON and HTML."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self._heads: re.Pattern[str] | None = None
        self._begun: dict[str, list[str]] = {}
        """The forms by how they begin."""

    def remember(self, secret: str) -> None:
        """Take `secret` out of every text from now on; of several lines, such as a key, each by itself too."""
        parts = {one for one in (secret, secret.strip(), *_long_lines(secret)) if len(one) >= SHORTEST}
        if parts <= self._known:
            return
        self._known |= parts
        forms = {form for part in self._known for form in _forms(part)}
        self._pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))
        self._begun = {}
        for form in forms:
            if len(form) > _HEAD:
                self._begun.setdefault(form[:_HEAD], []).append(form)
        self._heads = re.compile("|".join(map(re.escape, self._begun))) if self._begun else None

    def __call__(self, text: str) -> str:
        """`text` without any secret that is known, nor the beginning of one that was cut off."""
        if self._pattern is None:
            return text
        whole = self._pattern.sub(MASK, text)
        return whole if self._heads is None else self._without_beginnings(whole, self._heads)

    def cut(self, text: str, most: int) -> str:
        """The beginning of a text of others, with an `…` where it goes on; no part of a secret is left at its end."""
        size = 2 * most
        while True:
            # As much as may be one form of a secret can be half of one at the end of what is looked at.
            kept = self._pattern.sub(MASK, text[:size]) if self._pattern else text[:size]
            if size >= len(text) or len(kept) - self._longest >= most:
                break
            size *= 2
        return kept if len(kept) <= most else f"{kept[:most]}…"

    @property
    def _longest(self) -> int:
        return max((len(form) for several in self._begun.values() for form in several), default=_HEAD)

    def _without_beginnings(self, text: str, heads: re.Pattern[str]) -> str:
        kept, at = [], 0
        while found := heads.search(text, at):
            start = found.start()
            lengths = {_common(text, start, form) for form in self._begun[found[0]]}
            cut = max((length for length in lengths if _cut_off(text, start, length)), default=0)
            if cut:
                kept += [text[at:start], MASK]
                at = start + cut
            else:
                kept.append(text[at : start + 1])
                at = start + 1
        return "".join([*kept, text[at:]])


redacted = Redactor()
"""What all ways out of this process share: console, log, ledger, reports, files about mistakes of our own."""


def _cut_off(text: str, start: int, length: int) -> bool:
    """Whether what ends so many characters behind a place was cut there."""
    return bool(_CUT.match(text, start + length) or (length >= _LONG_HEAD and _END.match(text, start + length)))


def _common(text: str, start: int, form: str) -> int:
    """How many characters of `form` stand at a place of `text`."""
    return next((place for place, one in enumerate(form) if text[start + place : start + place + 1] != one), len(form))


def _long_lines(secret: str) -> Iterator[str]:
    if "\n" in secret:
        yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= 16)


def _forms(secret: str) -> Iterator[str]:
    data = secret.encode("utf-8", "surrogateescape")
    yield secret
    yield repr(secret)[1:-1]
    yield html.escape(secret)
    if len(secret) >= _SHORTEST_LOWERED:
        yield secret.lower()
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
