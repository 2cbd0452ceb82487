"""The packs of a project: what `[packs]` asks for, what dhm.lock holds, and the pack itself for whoever uses it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError
from semver import Version

from datahub.durable import write_whole
from datahub.packs.archive import from_file, pack_up
from datahub.packs.contents import Contents, NotAPack
from datahub.packs.fetch import fetching
from datahub.packs.lock import Lock, LockedPack, read_lock
from datahub.packs.open import OpenedPack, opened
from datahub.packs.origins import Index, Origin, at_path, installed, shipped
from datahub.packs.resolve import Chosen, Required, resolve
from datahub.project.failures import TerminalError
from datahub.project.load import NAME as MANIFEST
from datahub.project.load import find
from datahub.project.pack import PackRequirement
from datahub.project.versions import parse_range, parse_version


class Tampered(NotAPack):
    """A pack whose files are not those that were locked."""

    def __init__(self, locked: LockedPack, contents: Contents) -> None:
        fetched = locked.origin.startswith("index:")
        what = "`dhm pack lock` fetches it again" if fetched else "where the change is yours, `dhm pack lock` takes it"
        help = f"locked {locked.files}, found {contents.digest}; {what}"
        super().__init__(f"the files of {locked.name} {locked.version} are not those that were locked", help=help)


def project_packs(start: Path) -> ProjectPacks | None:
    """The packs of the project at or above the folder `start`; None where there is no dhm.toml.

    `[packs]` is the same in every environment, so that there is one lock file.
    """
    folder = find(start)
    if folder is None:
        return None
    place = folder / MANIFEST
    try:
        values = tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise TerminalError(f"`{place}` cannot be read: {problem}") from None
    asked: dict[str, PackRequirement] = {}
    tables = values.get("packs", {})
    for name, value in tables.items() if isinstance(tables, dict) else ():
        try:
            asked[name] = PackRequirement.model_validate({"version": value} if isinstance(value, str) else value)
        except ValidationError as problem:
            message = f"`packs.{name}` of `{place}`: {problem.errors(include_input=False)[0]['msg']}"
            raise TerminalError(message, 'write such as `acme.core = "^1.4"`, or `{ version = "^1.4", path = "packs/core" }`') from None
    head = values.get("project", {})
    state = head.get("state", ".dhm") if isinstance(head, dict) else ".dhm"
    return ProjectPacks(folder, asked, read_lock(folder), folder / str(state))


@dataclass(slots=True)
class ProjectPacks:
    """The packs of the project in `folder`; `state` is where archives from indexes are kept."""

    folder: Path
    asked: Mapping[str, PackRequirement]
    lock: Lock | None
    state: Path
    _indexes: dict[str, Index] = field(default_factory=dict, init=False)
    _origins: dict[str, Origin] = field(default_factory=dict, init=False)
    _opened: dict[str, OpenedPack] = field(default_factory=dict, init=False)

    # ------------------------------------------------------------ where packs come from

    def origin(self, name: str, by: Iterable[str]) -> Origin | None:
        """The one place of a pack: as dhm.toml says; else DataHub, an installed distribution, or the index of who requires it."""
        found = self._origins.get(name) or self._found(name, by)
        if found is not None:
            self._origins[name] = found
        return found

    def _found(self, name: str, by: Iterable[str]) -> Origin | None:
        asked = self.asked.get(name)
        if asked is not None and asked.path:
            return at_path(self.folder, asked.path)
        if asked is not None and asked.index:
            return self._index(asked.index)
        found = shipped(name) or installed(name)
        if found is not None:
            return found
        return next((origin for origin in self._of_requirers(by, {name}) if origin.offers(name)), None)

    def _of_requirers(self, by: Iterable[str], seen: set[str]) -> Iterator[Index]:
        """The indexes that those who require a pack come from; of one that dhm.toml does not name, that of who requires it."""
        for requirer in sorted(one.partition(" ")[0] for one in by):
            asked = self.asked.get(requirer)
            origin = self._origins.get(requirer) or (self._index(asked.index) if asked is not None and asked.index else None)
            if isinstance(origin, Index):
                yield origin
            elif origin is None and requirer not in seen:
                yield from self._of_requirers(self.requirers(requirer), {*seen, requirer})

    def _index(self, address: str) -> Index:
        if address not in self._indexes:
            self._indexes[address] = Index(address, fetching(self.folder))
        return self._indexes[address]

    def required(self) -> list[Required]:
        """What dhm.toml requires."""
        return [Required(name, parse_range(one.version), MANIFEST) for name, one in sorted(self.asked.items())]

    def resolved(self, also: Iterable[Required] = (), renew: Iterable[str] | None = ()) -> dict[str, Chosen]:
        """The version of every pack: as locked where that suits, newest for those to `renew` (None: for all)."""
        kept = {} if renew is None or self.lock is None else {one.name: parse_version(one.version) for one in self.lock.pack}
        for name in renew or ():
            kept.pop(name, None)
        return resolve([*self.required(), *also], self.origin, kept)

    # ------------------------------------------------------------ the packs themselves

    def open(self, name: str) -> OpenedPack | None:
        """The pack that the project uses under this name; None where it asks for none.

        `Tampered` where its files are not those that were locked, but for folders, which are worked on.
        """
        if name not in self._opened:
            made = self._locked(name) if self.lock is not None and self.lock.of(name) is not None else self._unlocked(name)
            if made is None:
                return None
            self._opened[name] = made
        return self._opened[name]

    def _locked(self, name: str) -> OpenedPack:
        assert self.lock is not None
        locked = self.lock.of(name)
        assert locked is not None
        version = parse_version(locked.version)
        pack = self._kept(locked) or self.fetched(name, version, locked)
        if self.is_worked_on(name):
            return pack
        if pack.manifest.version != version:
            message = f"{name} {version} is locked, and {locked.origin} has {pack.manifest.version}"
            raise TerminalError(message, f"take it: `dhm pack update {name}`")
        if pack.contents.digest != locked.files:
            raise Tampered(locked, pack.contents)
        return pack

    def is_worked_on(self, name: str) -> bool:
        """Whether a pack lies in a folder that dhm.toml names, where it may be changed."""
        asked = self.asked.get(name)
        return asked is not None and bool(asked.path) and (self.folder / asked.path).is_dir()

    def fetched(self, name: str, version: Version, locked: LockedPack | None = None) -> OpenedPack:
        """A pack from its origin, kept where it came from an index."""
        origin = self.origin(name, self.requirers(name))
        if origin is None:
            raise TerminalError(
                f"nobody has the pack `{name}` any more", f"it was locked from {locked.origin}" if locked is not None else ""
            )
        pack = self._signed(origin.open(name, version), origin)
        if isinstance(origin, Index):
            self._keep(pack)
        return pack

    def _signed(self, pack: OpenedPack, origin: Origin) -> OpenedPack:
        """The pack, if whoever dhm.toml names has signed it; a folder that is worked on changes, and is not asked for it."""
        asked = self.asked.get(pack.manifest.name)
        if asked is None or not asked.signers or self.is_worked_on(pack.manifest.name):
            return pack
        # Loaded where it is needed: most projects name no signers.
        from datahub.packs.signatures import require

        shown, data = origin.signatures(pack.manifest.name, pack.manifest.version)
        require(pack, data, asked.signers, shown)
        return pack

    def requirers(self, name: str) -> list[str]:
        """The locked packs that require the pack `name`."""
        return [one.name for one in self.lock.pack if any(said.split(" ")[0] == name for said in one.requires)] if self.lock else []

    def _unlocked(self, name: str) -> OpenedPack | None:
        asked = self.asked.get(name)
        if asked is None:
            return None
        if asked.index:
            raise TerminalError(f"`{name}` comes from an index, and is not locked yet", "`dhm pack lock` fetches it")
        origin = self.origin(name, ())
        if origin is None:
            return None
        offered = origin.offers(name)[0]
        if not parse_range(asked.version).suits(offered.version):
            raise TerminalError(f"dhm.toml asks for `{name}` {asked.version}, and {origin.shown} has {offered.version}")
        return self._signed(origin.open(name, offered.version), origin)

    # ------------------------------------------------------------ what was fetched

    def _place(self, name: str, version: str, digest: str) -> Path:
        return self.state / "packs" / f"{name}-{version}-{digest.removeprefix('sha256:')[:16]}.tar.gz"

    def _keep(self, pack: OpenedPack) -> None:
        place = self._place(pack.manifest.name, str(pack.manifest.version), pack.contents.digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, pack_up(pack.contents))

    def _kept(self, locked: LockedPack) -> OpenedPack | None:
        place = self._place(locked.name, locked.version, locked.files)
        if not locked.origin.startswith("index:") or not place.is_file():
            return None
        return opened(from_file(place, f"{locked.name}-{locked.version}"))
