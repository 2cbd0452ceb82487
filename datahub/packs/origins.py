"""Where packs come from: a folder or archive, an index, an installed Python distribution, and DataHub itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from semver import Version

from datahub.packs.archive import from_bytes
from datahub.packs.contents import NotAPack
from datahub.packs.index import listing
from datahub.packs.open import ENDING, OpenedPack, open_pack, opened
from datahub.project.failures import TerminalError
from datahub.project.versions import Range, parse_range, parse_version
from datahub.records import record
from datahub.resources import folder

_OF_PYTHON = frozenset({"__init__.py", "py.typed"})
"""Files by which a folder is a Python package: they are no part of the pack that lies there, and nothing runs them."""
GROUP = "datahub.packs"
"""The entry points of Python distributions that bring packs: the pack's name, and `package` or `package.folder` that holds it."""


@record(frozen=True, slots=True)
class Offered:
    """A version of a pack that can be had; `digest` is the hash of its files where that is known without opening it."""

    version: Version
    requires: tuple[tuple[str, Range], ...]
    digest: str = ""
    withdrawn: str = ""


class Origin(Protocol):
    """One place that packs come from."""

    @property
    def shown(self) -> str:
        """How dhm.lock names it: `path:packs/core`, `index:https://…`, `installed:acme-packs`, `shipped`."""
        ...

    def offers(self, name: str) -> Sequence[Offered]:
        """The versions of a pack that it has; none where it does not know the pack."""
        ...

    def open(self, name: str, version: Version) -> OpenedPack:
        """A pack that it offers."""
        ...

    def signatures(self, name: str, version: Version) -> tuple[str, bytes | None]:
        """Where the signatures of a pack lie, and what stands there; None where there are none."""
        ...


class _Single:
    """An origin that has one version of a pack, in a folder or archive."""

    def __init__(self, shown: str, place: Path, beside: frozenset[str] = frozenset()) -> None:
        self.shown, self.place, self._beside = shown, place, beside
        self._opened: OpenedPack | None = None

    def offers(self, name: str) -> Sequence[Offered]:
        pack = self._pack()
        if pack.manifest.name != name:
            raise TerminalError(f"`{self.place}` holds the pack `{pack.manifest.name}`, not `{name}`")
        return (Offered(pack.manifest.version, pack.requires, pack.contents.digest),)

    def open(self, name: str, version: Version) -> OpenedPack:
        return self._pack()

    def signatures(self, name: str, version: Version) -> tuple[str, bytes | None]:
        place = self.place.with_name(self.place.name + ENDING)
        return str(place), place.read_bytes() if place.is_file() else None

    def _pack(self) -> OpenedPack:
        if self._opened is None:
            self._opened = open_pack(self.place, beside=self._beside)
        return self._opened


def at_path(base: Path, path: str) -> Origin:
    """A pack in a folder or archive, as seen from the folder of dhm.toml."""
    return _Single(f"path:{path}", base / path)


def shipped(name: str) -> Origin | None:
    """A pack that comes with DataHub."""
    return next((_Single("shipped", place) for place in _below(folder("stdlib_mappings"), name)), None)


def _below(root: Path, name: str) -> Iterator[Path]:
    for place in (root / name, root.joinpath(*name.split("."))):
        if (place / "pack.dhm").is_file():
            yield place


def installed(name: str) -> Origin | None:
    """A pack that an installed Python distribution brings; nothing of the distribution is run to find it."""
    for point in entry_points(group=GROUP, name=name):
        package, *inner = point.module.split(".")
        spec = PathFinder.find_spec(package)
        places = list(spec.submodule_search_locations or ()) if spec is not None else []
        if not places:
            raise TerminalError(
                f"the pack `{name}` of `{point.dist.name if point.dist else point.value}` is not where it says", "install it again"
            )
        return _Single(f"installed:{point.dist.name if point.dist else package}", Path(places[0]).joinpath(*inner), _OF_PYTHON)
    return None


Fetch = Callable[[str], bytes | None]
"""Gets what stands behind an address, or None where nothing does."""


class Index:
    """Packs behind an address: a static index that a web server serves, or a folder of the same shape."""

    def __init__(self, address: str, fetch: Fetch) -> None:
        self.shown, self._address, self._fetch = f"index:{address}", address.rstrip("/"), fetch
        self._known: dict[str, dict[Version, tuple[Offered, str]]] = {}

    def offers(self, name: str) -> Sequence[Offered]:
        return [offered for offered, _ in self._listed(name).values()]

    def _listed(self, name: str) -> dict[Version, tuple[Offered, str]]:
        if name not in self._known:
            address = f"{self._address}/{name}/index.json"
            data = self._fetch(address)
            found = listing(data, name, address).versions if data is not None else []
            self._known[name] = {
                parse_version(one.version): (
                    Offered(
                        parse_version(one.version),
                        tuple((other, parse_range(text)) for other, texts in one.requires.items() for text in texts),
                        one.files,
                        one.withdrawn,
                    ),
                    one.file,
                )
                for one in found
            }
        return self._known[name]

    def signatures(self, name: str, version: Version) -> tuple[str, bytes | None]:
        address = f"{self._address}/{name}/{self._listed(name)[version][1]}{ENDING}"
        return address, self._fetch(address)

    def open(self, name: str, version: Version) -> OpenedPack:
        offered, file = self._listed(name)[version]
        address = f"{self._address}/{name}/{file}"
        data = self._fetch(address)
        if data is None:
            raise TerminalError(f"the index names `{address}`, and nothing is there")
        return checked(opened(from_bytes(data, f"{name}-{version}")), name, version, offered.digest)


def checked(pack: OpenedPack, name: str, version: Version, digest: str) -> OpenedPack:
    """The pack, if it is the one that was promised."""
    manifest = pack.manifest
    if (manifest.name, manifest.version) != (name, version):
        raise NotAPack(f"the archive of {name} {version} holds {pack.called}")
    if pack.contents.digest != digest:
        raise NotAPack(
            f"the files of {name} {version} are not those that were promised", help=f"promised {digest}, found {pack.contents.digest}"
        )
    return pack
