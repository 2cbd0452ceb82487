"""Records that were no JSON objects: how a reject file holds them, and how they are themselves again when it is sent again."""

from __future__ import annotations

import json
import re

import numpy as np

from datahub.formats.declare import ADDED
from datahub.formats.json_records import Records

RAW = "_dhm_raw"
"""The member that holds the text of a record that is no JSON object."""
_RAW = f'"{RAW}"'.encode()
_ESCAPED = re.compile("[\udc80-\udcff]")
"""Bytes that belong to no text, as `surrogateescape` carries them."""


def wrapped(raw: bytes) -> str:
    """The text of a record as a JSON string; a byte that belongs to no text is written as the escape `\\udcXX`."""
    text = json.dumps(raw.decode("utf-8", "surrogateescape"), ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def unwrapped(records: Records) -> Records:
    """`records` with those that an earlier run wrapped as the texts that they were."""
    if not _may_be_wrapped(records):
        return records
    spans = zip(records.starts.tolist(), records.ends.tolist(), strict=True)
    # Records of a reject file, one by one.
    texts = [_as_it_was(records.text[start:end]) for start, end in spans]
    lengths = np.array([len(text) for text in texts], np.int64)
    ends = np.cumsum(lengths + 1) - 1
    return Records(b"\n".join(texts), ends - lengths, ends, records.lines)


def _may_be_wrapped(records: Records) -> bool:
    """Whether a record may have been wrapped: then its first member is one that we added, as all are."""
    text = np.frombuffer(records.text, np.uint8)
    if len(text) < len(_RAW) or not len(records.starts):
        return False
    second, third = text[np.minimum(records.starts + 1, len(text) - 1)], text[np.minimum(records.starts + 2, len(text) - 1)]
    # Whoever mended a record by hand may have put spaces before it.
    suspect = (second <= 32) | ((second == 34) & (third == ord(ADDED[0])))
    return bool(suspect.any()) and _RAW in records.text


def _as_it_was(record: bytes) -> bytes:
    if _RAW not in record:
        return record
    try:
        value = json.loads(record)
    except ValueError:
        return record
    raw = value.get(RAW) if isinstance(value, dict) else None
    if not isinstance(raw, str) or any(not name.startswith(ADDED) for name in value):
        return record
    try:
        return raw.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return record
