"""`dhm.lock`: which version of each pack is in use, what its files and its meaning hash to, and what overrides were written against."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path

import tomlkit
from pydantic import BaseModel, ConfigDict, ValidationError

from datahub.project.failures import TerminalError

NAME = "dhm.lock"
FORMAT = 1
_HEAD = ("`dhm pack lock` writes this file. Keep it under version control, beside dhm.toml.",)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LockedPack(_Entry):
    """A pack: its version, where it came from, the hash of its files, the hash of what they mean, and what it requires."""

    name: str
    version: str
    origin: str
    files: str
    meaning: str
    requires: tuple[str, ...] = ()


class LockedBase(_Entry):
    """What an override stood against when it was written: the item of the pack, what it meant, and how it was written."""

    by: str
    pack: str
    item: str
    meaning: str
    version: str
    text: str = ""


class Lock(_Entry):
    format: int = FORMAT
    pack: tuple[LockedPack, ...] = ()
    override: tuple[LockedBase, ...] = ()

    def of(self, name: str) -> LockedPack | None:
        """What is locked of the pack `name`."""
        return next((one for one in self.pack if one.name == name), None)


def read_lock(folder: Path) -> Lock | None:
    """The lock file in `folder`; None where there is none, `TerminalError` where it cannot be read."""
    place = folder / NAME
    try:
        values = tomllib.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise TerminalError(
            f"`{place}` is not TOML: {problem}", "take the last one that was committed, or remove it; then `dhm pack lock`"
        ) from None
    if values.get("format") != FORMAT:
        raise TerminalError(f"`{place}` is of format {values.get('format')}, and this version of DataHub knows {FORMAT}")
    try:
        return Lock.model_validate(values)
    except ValidationError as problem:
        first = problem.errors()[0]
        at = ".".join(map(str, first["loc"]))
        raise TerminalError(
            f"`{place}` is no lock file: {at}: {first['msg']}", "take the last one that was committed, or remove it; then `dhm pack lock`"
        ) from None


def written_lock(lock: Lock) -> str:
    """The text of a lock file; the same lock gives the same text."""
    made = tomlkit.document()
    for line in _HEAD:
        made.add(tomlkit.comment(line))
    made.add("format", tomlkit.item(lock.format))
    for key, entries in (("pack", sorted(lock.pack, key=lambda one: one.name)), ("override", sorted(lock.override, key=_place))):
        if entries:
            made.add(key, _tables(entries))
    return tomlkit.dumps(made)


def _place(one: LockedBase) -> tuple[str, str, str]:
    return one.by, one.pack, one.item


def _tables(entries: Iterable[BaseModel]) -> tomlkit.items.AoT:
    tables = tomlkit.aot()
    for entry in entries:
        table = tomlkit.table()
        for name, value in entry.model_dump(exclude_defaults=True).items():
            text = isinstance(value, str) and "\n" in value
            table.add(name, tomlkit.string(value, multiline=True) if text else list(value) if isinstance(value, tuple) else value)
        tables.append(table)
    return tables
