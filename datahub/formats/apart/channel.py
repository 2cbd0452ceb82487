"""Messages between a process and its child: a line of JSON and some bytes, each with its length before it.

Nothing here makes an object of what arrives: what was hostile enough to take a child over can send text and bytes, and no more.
"""

from __future__ import annotations

import json
import struct
from typing import Any

HEAD = struct.Struct("<II")
"""The lengths of the JSON and of all parts behind it."""
MOST_TOLD, LARGEST_PART = 64 << 20, 1 << 30
"""No message has more JSON, or more bytes behind it: whoever announces more is not understood any more."""
END = {"end": True}


def message(told: dict[str, Any], *parts: bytes | memoryview) -> list[bytes | memoryview]:
    """A message as it is sent: its head and JSON, then its parts as they are."""
    text = json.dumps({**told, "parts": [len(part) for part in parts]}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return [HEAD.pack(len(text), sum(map(len, parts))) + text, *parts]


def lengths(head: bytes | bytearray) -> tuple[int, int]:
    """How much JSON follows a head, and how many bytes behind it."""
    text, rest = HEAD.unpack(head)
    if text > MOST_TOLD or rest > LARGEST_PART:
        raise ValueError("a message of a child is longer than any is")
    return text, rest


def opened(text: bytes | bytearray, rest: bytes | bytearray) -> tuple[dict[str, Any], list[memoryview]]:
    """What a message tells, and its parts."""
    told = json.loads(text.decode("utf-8", "surrogatepass"))
    view, parts, at = memoryview(rest), [], 0
    for length in told.pop("parts"):
        parts.append(view[at : at + length])
        at += length
    return told, parts
