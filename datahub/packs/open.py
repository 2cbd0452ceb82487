"""A pack where it lies, checked before anybody uses it: its files, its head, the places it names, and whether it compiles."""

from __future__ import annotations

from pathlib import Path

from datahub.packs.archive import ENDINGS, from_file
from datahub.packs.contents import Contents, NotAPack, from_folder
from datahub.packs.manifest import Manifest, manifest_of, required_by
from datahub.packs.places import places_named
from datahub.project.failures import TerminalError
from datahub.project.versions import Range
from datahub.records import record

ENDING = ".sig"
"""How the name of a file of signatures ends, behind that of the archive."""


@record(frozen=True, slots=True)
class OpenedPack:
    """The files of a pack that were found to be nothing but data, and what it says of itself."""

    contents: Contents
    manifest: Manifest

    @property
    def requires(self) -> tuple[tuple[str, Range], ...]:
        """The packs that it requires, in the ranges in which its head and its files name them."""
        return required_by(self.contents, self.manifest)

    @property
    def called(self) -> str:
        """Its name and version."""
        return f"{self.manifest.name} {self.manifest.version}"


def open_pack(path: Path, shown: str = "", *, beside: frozenset[str] = frozenset()) -> OpenedPack:
    """The pack in a folder, but for files called as those `beside`, or in an archive; `NotAPack` with all that is wrong with it."""
    label = shown or path.as_posix()
    if path.is_dir():
        return opened(from_folder(path, label, beside=beside))
    if path.is_file():
        if not path.name.endswith(ENDINGS):
            raise TerminalError(f"`{label}` is no archive of a pack", f"its name ends in {', '.join(ENDINGS)}")
        return opened(from_file(path, label))
    raise TerminalError(f"there is no pack `{label}`", "give a folder with `pack.dhm`, or an archive of one")


def opened(contents: Contents) -> OpenedPack:
    """The pack with these files."""
    return OpenedPack(contents, manifest_of(contents))


def examined(pack: OpenedPack) -> OpenedPack:
    """The pack, if it says nothing that no pack may say: `NotAPack` where it names a host or holds a secret.

    This is asked before a pack is built or locked; what is locked is known by its hash from then on.
    """
    named = list(places_named(pack.contents))
    if named:
        raise NotAPack(f"`{pack.contents.shown}` says what no pack may say", named)
    return pack
