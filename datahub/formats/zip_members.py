"""Archives opened in the process that reads what strangers wrote: which files are in one, and the bytes of one of them."""

from __future__ import annotations

import os
import zipfile
import zlib
from typing import Any

from datahub.formats.apart.child import Talk
from datahub.formats.bad_input import BadInput

MOST_MEMBERS, LARGEST = 10_000, 4 << 30
"""So many files may be in an archive, and so many bytes may they hold together."""
_LOCKED = 1
_CHUNK = 256 << 10
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)
"""What the library raises for an archive whose parts contradict each other."""


def names(talk: Talk, asked: dict[str, Any], file: int) -> None:
    """The files of an archive that a person put there: no folders, links, or what an operating system left."""
    name = asked["name"]
    try:
        with os.fdopen(os.dup(file), "rb") as stream, zipfile.ZipFile(stream) as archive:
            found = archive.infolist()
    except _DAMAGED as problem:
        raise BadInput("R005", f"`{name}` is no whole ZIP archive: {problem}", "fetch it again", path=name) from None
    size = sum(info.file_size for info in found)
    if len(found) > MOST_MEMBERS or size > LARGEST:
        message = f"`{name}` holds {len(found):,} files of {size >> 20:,} MB"
        raise BadInput("R005", message, f"at most {MOST_MEMBERS:,} files of {LARGEST >> 20:,} MB are read", path=name)
    talk.send({"names": [info.filename for info in found if _is_regular(info)]})


def _is_regular(info: zipfile.ZipInfo) -> bool:
    plain = (info.external_attr >> 28) in (0, 8)
    # The library asks for the last letter of a name, and a damaged archive may have none.
    if not plain or not info.filename or info.is_dir():
        return False
    return not info.filename.rpartition("/")[2].startswith(".") and not info.filename.startswith("__MACOSX/")


def read(talk: Talk, asked: dict[str, Any], file: int) -> None:
    """How many bytes a file of an archive has there, then what they are when they are inflated, checked to the end."""
    name, member = asked["name"], asked["member"]
    with os.fdopen(os.dup(file), "rb") as packed:
        try:
            archive = zipfile.ZipFile(packed)
            info = archive.getinfo(member)
            if info.flag_bits & _LOCKED:
                message = f"`{member}` in `{name}` is locked with a password"
                raise BadInput("R005", message, "have it packed without one", path=name)
            stream = archive.open(info)
        except (*_DAMAGED, KeyError) as problem:
            raise BadInput("R005", f"`{member}` in `{name}` is damaged: {problem}", "fetch it again", path=name) from None
        talk.send({"size": info.compress_size})
        try:
            while chunk := stream.read(_CHUNK):
                talk.send({}, chunk)
        except ConnectionError:
            raise
        except _DAMAGED as problem:
            talk.send({"damaged": str(problem)})
