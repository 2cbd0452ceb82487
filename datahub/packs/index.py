"""An index of packs: a folder of archives with a file that lists them, which any web server can serve.

`NAME/index.json` says of each version its archive, the hash of its files, and what it requires.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from datahub.durable import write_whole
from datahub.packs.archive import pack_up
from datahub.packs.open import OpenedPack
from datahub.project.failures import TerminalError
from datahub.project.versions import NoRange, parse_version


class Published(BaseModel):
    """One version of a pack in an index."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: str
    file: str
    files: str
    """The hash of the files in the archive."""
    requires: dict[str, list[str]] = {}
    """The ranges in which it requires other packs."""
    withdrawn: str = ""
    """Why nobody should begin to use it; who has it locked keeps it."""


class Listing(BaseModel):
    """`NAME/index.json`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    versions: list[Published]


def listing(data: bytes, name: str, shown: str) -> Listing:
    """What an index says of a pack; `TerminalError` where that is not what an index says."""
    try:
        found = Listing.model_validate_json(data)
        for one in found.versions:
            parse_version(one.version)
            if "/" in one.file or "\\" in one.file or one.file.startswith("."):
                raise NoRange(f"`{one.file}` is no file beside the index")
    except (ValidationError, NoRange) as problem:
        first = problem.errors()[0]["msg"] if isinstance(problem, ValidationError) else str(problem)
        raise TerminalError(f"`{shown}` is no index of packs: {first}") from None
    if found.name != name:
        raise TerminalError(f"`{shown}` is the index of `{found.name}`, not of `{name}`")
    return found


def publish(pack: OpenedPack, index: Path) -> Path:
    """Put an archive of `pack` into the index in the folder `index`; a version that is there is never replaced by another."""
    manifest = pack.manifest
    folder = index / manifest.name
    folder.mkdir(parents=True, exist_ok=True)
    place, list_ = folder / f"{manifest.name}-{manifest.version}.tar.gz", folder / "index.json"
    there = listing(list_.read_bytes(), manifest.name, str(list_)).versions if list_.exists() else []
    same = next((one for one in there if one.version == str(manifest.version)), None)
    if same is not None and same.files != pack.contents.digest:
        raise TerminalError(f"the index has another {pack.called}", "what was published stays as it is: give the pack a new version")
    requires: dict[str, list[str]] = {}
    for name, versions in pack.requires:
        requires.setdefault(name, []).append(versions.text)
    made = Published(version=str(manifest.version), file=place.name, files=pack.contents.digest, requires=requires)
    write_whole(place, pack_up(pack.contents))
    # The list names an archive only once it is there whole.
    _write(list_, manifest.name, [one for one in there if one.version != made.version] + [made])
    return place


def _write(place: Path, name: str, versions: Iterable[Published]) -> None:
    ordered = sorted(versions, key=lambda one: parse_version(one.version))
    text = json.dumps({"name": name, "versions": [one.model_dump(exclude_defaults=True) for one in ordered]}, indent=2) + "\n"
    write_whole(place, text.encode())
