"""What says of a text that it is a secret: the name that it stands under, its own form, and its place in an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

NAMED = re.compile(
    r"(^|[_-])(pass(word|phrase|wd)?|secret|token|api[_-]?key|apikey|(access|account|private|shared)[_-]?key|connection[_-]?string"
    r"|credential|authorization)s?$",
    re.IGNORECASE,
)
"""Names of what is secret."""
NAMED_IN_HEADERS = re.compile(r"(^|[_-])(key|auth|cookie|signature|session|jwt|pwd|pin)s?$", re.IGNORECASE)
"""What further names say so where a request is signed."""
ISSUED = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bxox[abpr]-[A-Za-z0-9-]{10,}"
    r"|\bwhsec_[A-Za-z0-9+/=]{24,}|\bsk_live_[A-Za-z0-9]{16,}"
)
"""Keys by the forms in which they are issued."""
CODED = re.compile(r"(?=[^\d]*\d)(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+=_-]{20,}|eyJ[\w-]+\.[\w.-]+|(basic|bearer) .+", re.IGNORECASE)
"""What keys and tokens look like; a media type has a `/` in it, and an id of hyphens its own form."""
IN_ADDRESS = re.compile(r"\w+://(?P<user>[^/\s:@?#]*)(:(?P<password>[^/\s@]*))?@")
"""A user, and a password, in an address."""
_LEAST = 8
"""How long a part of a path is that may be a key; a shorter one is a word, and found in every other one."""
_ADDRESS = re.compile(r"\w+://")
_WORD = r"[A-Za-z][A-Za-z0-9._-]{0,30}"
_THERE = r'"?\0(?::\0)*"?'
_ONE = rf'(?:{_THERE}|{_WORD}\s*=\s*(?:{_THERE}|"?[^\s,;"\0=]{{0,64}}"?)|Secure|HttpOnly)'
_HEADER = re.compile(rf"\s*(?:(?P<scheme>{_WORD})\s+)?{_ONE}(?:\s*[,;]\s*{_ONE})*[\s;,]*")
_PAIR = re.compile(rf'({_WORD})\s*=\s*"?([^\s,;"\0=]+)')


def header_refers(text: str) -> bool:
    """Whether of a header's value, in which NUL stands for each reference, what is written beside them is no secret.

    That is the word for how it is signed (`OAuth`, `GenieKey`), names (`sid=`), and values under names of what is none (`Path=/`).
    """
    found = _HEADER.fullmatch(text) if "\0" in text else None
    if found is None or (found["scheme"] and CODED.fullmatch(found["scheme"])):
        return False
    return not any(signs(name) or ISSUED.search(value) or CODED.fullmatch(value) for name, value in _PAIR.findall(text))


def signs(name: str) -> bool:
    """Whether the name of a header, or of a part of one, says that it signs a request."""
    return bool(NAMED.search(name) or NAMED_IN_HEADERS.search(name))


def secret_parts(before: str, value: str, behind: str) -> Iterator[str]:
    """What is secret of a `value` that was put into a text, by its place where that is an address, and of an address that it is itself.

    Hosts, ports and the users of passwords are none; what a message says of an address is of use by them.
    """
    begins = list(_ADDRESS.finditer(before))
    for part in _within(before[begins[-1].end() :], value, behind) if begins else _whole(value):
        yield part
        if unquote(part) != part:
            yield unquote(part)


def _within(before: str, value: str, behind: str) -> Iterator[str]:
    if re.search(r"[/?#\s]", before):
        if len(value) >= _LEAST:
            yield value
        return
    to_host = re.match(r"[^/?#\s@]*@", behind)
    if to_host is None:
        # Of a host there may be its user too.
        yield from _whole(f"x://{value}")
    elif ":" in before or ":" not in to_host[0]:
        yield value
        if ":" not in before and ":" in value:
            yield value.partition(":")[2]


def _whole(address: str) -> Iterator[str]:
    if not _ADDRESS.match(address):
        return
    there = IN_ADDRESS.match(address)
    if there is not None:
        yield there["password"] or there["user"]
    yield from (part for part in re.split(r"[/?#&=]", address) if CODED.fullmatch(part))
