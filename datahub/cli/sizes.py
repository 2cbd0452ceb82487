"""Sizes as people write them: `500MB`, `2 GiB`."""

from __future__ import annotations

import re

from datahub.cli.output import Stop

_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}


def size(text: str, option: str) -> int:
    """The bytes that `text` says."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", text.strip())
    unit = _UNITS.get(found[2].upper()) if found else None
    if found is None or unit is None:
        raise Stop(f"`{option} {text}` is no size", "write a number and its unit: 500MB, 2GB, 1GiB")
    return int(float(found[1]) * unit)
