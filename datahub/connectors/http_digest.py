"""Digests that a web server tells of what it sends, compared with what came: RFC 9530's, and the older headers."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from datahub.connectors.anew import Anew

_NEW = re.compile(r"(sha-256|sha-512)=:([A-Za-z0-9+/=]+):")
_OLD = re.compile(r"(sha-256|sha-512|md5)=([A-Za-z0-9+/=]+)", re.IGNORECASE)
_MAKE = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512, "md5": hashlib.md5}


class Digests:
    """Every digest that the headers of an answer tell of its body."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        said = [*_NEW.findall(headers.get("content-digest", "")), *_OLD.findall(headers.get("digest", ""))]
        of_file = _NEW.findall(headers.get("repr-digest", ""))
        coded = headers.get("content-encoding", "identity").lower() not in ("identity", "")
        if headers.get("content-md5"):
            said.append(("md5", headers["content-md5"].strip()))
        self._said: list[tuple[str, bytes, Any, Any]] = []
        for name, text in [*said, *of_file]:
            make = _MAKE[name.lower()]
            # By the standards it is about what is encoded; what compresses on the way (a proxy) leaves that of the file itself.
            plain = make() if coded else None
            try:
                self._said.append((name.lower(), base64.b64decode(text, validate=True), make(), plain))
            except binascii.Error:
                continue

    @property
    def said(self) -> bool:
        """Whether there is any."""
        return bool(self._said)

    def add(self, data: bytes) -> None:
        for _, _, running, _ in self._said:
            running.update(data)

    def add_plain(self, data: bytes) -> None:
        """The same bytes as they are when nothing is encoded any more."""
        for _, _, _, plain in self._said:
            if plain is not None:
                plain.update(data)

    def check(self, what: str) -> None:
        """`Anew` where one of them is another than the server's."""
        for name, expected, running, plain in self._said:
            if expected not in (running.digest(), plain.digest() if plain is not None else b""):
                raise Anew(f"{what} came damaged: its {name} is another than the server says")
