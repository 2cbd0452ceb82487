"""Lines of FTP listings as entries: MLSD's facts, and the LIST of Unix and of Windows. A line that nobody knows is an error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from datahub.connectors.declare import Entry, TerminalError
from datahub.connectors.file_names import checked
from datahub.project.redaction import redacted

Kind: TypeAlias = Literal["file", "folder", "link", "other"]

_UNIX = re.compile(
    r"(?P<kind>[-dlbcpsD])[-rwxsStTl.+@]{9,11}\s+"
    r"(?:\d+\s+)?(?:\S+\s+){0,5}?"
    r"(?P<size>\d+(?:,\s*\d+)?)\s+"
    r"(?:[^\W\d]\w{1,4}\.?\s+\d{1,2}|\d{1,2}\.?\s+[^\W\d]\w{1,4}\.?|\d{4}-\d\d-\d\d)\s+"
    r"(?:\d{1,2}:\d{2}(?::\d\d)?|\d{4})\s"
    r"(?P<name>.+)"
)
_WINDOWS = re.compile(
    r"\d\d[-/]\d\d[-/](?:\d{4}|\d\d)\s+\d\d:\d\d(?:\s*[AP]M)?\s+(?:(?P<folder><(?:DIR|JUNCTION|SYMLINKD?)>)|(?P<size>[\d.,]+))\s(?P<name>.+)"
)
_KINDS: dict[str, Kind] = {"-": "file", "d": "folder", "l": "link"}


def entries(lines: Iterable[str], folder: str) -> Iterator[Entry]:
    """The entries of a LIST of `folder`. Its times name no zone, and often no year: they are left out."""
    for line in lines:
        if not line.strip() or re.fullmatch(r"total \d+\s*", line, re.IGNORECASE):
            continue
        found = _unix(line) or _windows(line)
        if found is None:
            raise TerminalError(f"the host lists `{folder or '.'}` in a form that is not known: `{redacted.cut(line, 100)}`")
        name, kind, size = found
        if name not in (".", ".."):
            yield Entry(within(folder, name), kind, size)


def _unix(line: str) -> tuple[str, Kind, int | None] | None:
    found = _UNIX.match(line)
    if found is None:
        return None
    kind = _KINDS.get(found["kind"], "other")
    name = found["name"].rpartition(" -> ")[0] or found["name"] if kind == "link" else found["name"]
    # Devices have two numbers in place of a size.
    return name, kind, int(found["size"]) if found["size"].isdigit() else None


def _windows(line: str) -> tuple[str, Kind, int | None] | None:
    found = _WINDOWS.match(line)
    if found is None:
        return None
    if found["folder"]:
        return found["name"].lstrip(" "), "folder" if found["folder"] == "<DIR>" else "link", None
    return found["name"], "file", int(re.sub(r"\D", "", found["size"]))


def of_facts(line: str, folder: str) -> Entry | None:
    """One line of MLSD or MLST; None for the folder itself and the one above it."""
    facts, space, name = line.partition(" ")
    if not space or "=" not in facts:
        raise TerminalError(f"the host lists `{folder or '.'}` in a form that is not known: `{redacted.cut(line, 100)}`")
    known = {key.lower(): value for key, _, value in (fact.partition("=") for fact in facts.split(";") if fact)}
    what = known.get("type", "").lower()
    if what in ("cdir", "pdir") or name in (".", ".."):
        return None
    kind: Kind = "file" if what == "file" else "folder" if what == "dir" else "link" if "link" in what else "other"
    size = int(known["size"]) if known.get("size", "").isdigit() else None
    return Entry(within(folder, name), kind, size, instant(known.get("modify", "")), known.get("unique", ""))


def instant(text: str) -> datetime | None:
    """The time of MDTM and MLSD, which is UTC: `20260501120000` and maybe a fraction."""
    found = re.match(r"(\d{14})(?:\.(\d{1,6}))?", text)
    if found is None:
        return None
    try:
        whole = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return whole.replace(microsecond=int((found[2] or "0").ljust(6, "0")))


def within(folder: str, name: str) -> str:
    name = checked(name, folder)
    return f"{folder.rstrip('/')}/{name}" if folder else name
