"""Encodings of names on other hosts, with the bytes that do not belong to them kept: one odd name must not hide a whole folder."""

from __future__ import annotations

import codecs

_BEGIN = "dhm_keeping_"


def keeping(encoding: str) -> str:
    """The name of a codec that reads and writes `encoding`, and carries foreign bytes through as lone surrogates.

    Python's client of FTP takes the name of an encoding, and no way to treat errors.
    """
    return _BEGIN + codecs.lookup(encoding).name.replace("-", "_")


def _found(name: str) -> codecs.CodecInfo | None:
    if not name.startswith(_BEGIN):
        return None
    plain = codecs.lookup(name.removeprefix(_BEGIN))
    return codecs.CodecInfo(
        name=name,
        encode=lambda text, errors="strict": plain.encode(text, "surrogateescape"),
        decode=lambda data, errors="strict": plain.decode(data, "surrogateescape"),
        incrementalencoder=lambda errors="strict": plain.incrementalencoder("surrogateescape"),
        incrementaldecoder=lambda errors="strict": plain.incrementaldecoder("surrogateescape"),
    )


codecs.register(_found)
