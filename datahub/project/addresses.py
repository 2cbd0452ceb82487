"""Hosts and addresses as a project writes them: whole, without secrets, and nothing in them that a request would lose."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, WithJsonSchema

from datahub.project.model import mistake

_HOST = re.compile(r"[^\s/@:?#]+|\[?[0-9A-Fa-f:.]+(%[\w.]+)?\]?")
WITH_USER = "an address has no user and no password in it"
NO_USER = "they have keys of their own: `user` and `password`, or `auth`, where a password is given by reference"
_PATTERN = r"^https?://[^\s/?#@]+"


def _host(text: str) -> str:
    if not text:
        raise mistake("host", "a host has a name, or an address")
    if not _HOST.fullmatch(text):
        inner = re.search(r"://(?:[^/@]*@)?([^/:?#\s]+)", text)
        advice = f"write `{inner[1]}` alone" if inner else "write such as `sftp.example.com`; the port has a key of its own"
        raise mistake("host", f"`{text}` is more than the name of a host", help=advice)
    return text


def _address(text: str) -> str:
    """The address, if it is whole and begins with `https:` or `http:`."""
    try:
        parts = urlsplit(text)
        whole = parts.scheme in ("https", "http") and bool(parts.hostname) and not re.search(r"\s", text)
        # What is no number raises only when it is asked for.
        whole = whole and (parts.port is None or parts.port > 0)
    except ValueError:
        whole = False
    if not whole:
        raise mistake("address", "an address begins with `https://` and has a host", help="write such as `https://api.example.com/v1`")
    if parts.username is not None:
        raise mistake("address_user", WITH_USER, help=NO_USER)
    return text


def _base(text: str) -> str:
    """The address, if paths can be put behind it."""
    _address(text)
    for sign, what in (("?", "a query"), ("#", "a fragment")):
        if sign in text:
            raise mistake(
                "base", f"paths are put behind this address, and it has {what} already", help=f"leave out what begins with `{sign}`"
            )
    return text


Host: TypeAlias = Annotated[str, AfterValidator(_host), WithJsonSchema({"type": "string", "pattern": r"^[^\s/@?#]+$"})]
"""The name of a host, or its address, without port, user or path."""
Address: TypeAlias = Annotated[str, AfterValidator(_address), WithJsonSchema({"type": "string", "pattern": rf"{_PATTERN}|\$\{{"})]
"""A whole address."""
BaseAddress: TypeAlias = Annotated[str, AfterValidator(_base), WithJsonSchema({"type": "string", "pattern": rf"{_PATTERN}[^?#]*$|\$\{{"})]
"""An address that paths start from."""


def protected(url: str, insecure: bool, *, key: str | tuple[str, ...] = "url") -> None:
    """A mistake where an address has no TLS, and nobody said that this is known."""
    if url.startswith("http://") and not insecure:
        raise mistake(
            "insecure",
            "without TLS everyone between can read and change what travels",
            key=key,
            help="write `https:`, or `insecure = true` beside the connection's address",
        )
