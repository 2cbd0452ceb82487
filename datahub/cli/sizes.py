"""Sizes that are given to options."""

from __future__ import annotations

from datahub.cli.output import Stop


def size(text: str, option: str) -> int:
    """The bytes that `text` says."""
    from datahub.project.sizes import bytes_of

    found = bytes_of(text)
    if found is None:
        raise Stop(f"`{option} {text}` is no size", "write a number and its unit: 500MB, 2GB, 1GiB")
    return found
