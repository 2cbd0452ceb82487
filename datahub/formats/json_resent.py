"""Records that were no JSON objects: how a reject file holds them, and how they are themselves again when it is sent again."""

from __future__ import annotations

import json
import re

import numpy as np

from datahub.formats.declare import ADDED
from datahub.formats.json_records import Records

RAW = "_dhm_raw"
"""The member that holds the text of a record that is no JSON object."""
RAW_BYTES = "_dhm_raw_bytes"
"""The same of a record that is no text: a byte that belongs to none stands there as `\\xe9`, and a backslash is doubled."""
_RAW = f'"{RAW}'.encode()
_ESCAPED = re.compile(r"\\(?:\\|x([0-9a-f]{2}))")


def wrapped(raw: bytes) -> str:
    """The member that holds a record."""
    try:
        name, text = RAW, raw.decode("utf-8")
    except UnicodeDecodeError:
        name, text = RAW_BYTES, raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
    return f'"{name}":{json.dumps(text, ensure_ascii=False)}'


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
    if not isinstance(value, dict) or any(not name.startswith(ADDED) for name in value):
        return record
    match value.get(RAW), value.get(RAW_BYTES):
        case (str() as text, None):
            return _encoded(text) or record
        case (None, str() as text):
            # What was escaped comes to be what stands for a byte alone.
            return _encoded(_ESCAPED.sub(_unescaped, text)) or record
        case _:
            return record


def _unescaped(found: re.Match[str]) -> str:
    return bytes((int(found[1], 16),)).decode("utf-8", "surrogateescape") if found[1] else "\\"


def _encoded(text: str) -> bytes:
    """The bytes of a text; nothing where it is none."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return b""
