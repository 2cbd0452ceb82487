"""The `Link` header of an answer, as RFC 8288 has it: relations are words, and commas and semicolons may stand in quotes."""

from __future__ import annotations

import re

_PARAMETER = r";\s*(?P<{}>[\w!#$&+.^`|~*%-]+)\s*(?:=\s*(?:\"(?P<{}>(?:[^\"\\]|\\.)*)\"|(?P<{}>[^\s;,\"]*)))?\s*"
_LINK = re.compile(r"<([^>]*)>\s*((?:;\s*[\w!#$&+.^`|~*%-]+\s*(?:=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?\s*)*)")
_PARTS = re.compile(_PARAMETER.format("name", "quoted", "plain"))


def next_of(header: str) -> str:
    """Where the next page is; empty where there is none."""
    for link in _LINK.finditer(header):
        # The first relation counts, were there two.
        relation = next((one["quoted"] or one["plain"] or "" for one in _PARTS.finditer(link[2]) if one["name"].lower() == "rel"), "")
        if "next" in relation.lower().split():
            return link[1]
    return ""
