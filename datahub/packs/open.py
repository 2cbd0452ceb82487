"""A pack where it lies, checked before anybody uses it: its files, its head, the places it names, and whether it compiles."""

from __future__ import annotations

from pathlib import Path

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.packs.archive import ENDINGS, from_file
from datahub.packs.contents import Contents, NotAPack, from_folder
from datahub.packs.manifest import Manifest, manifest_of
from datahub.packs.places import places_named
from datahub.project.failures import TerminalError
from datahub.records import record


@record(frozen=True, slots=True)
class OpenedPack:
    """The files of a pack that were found to be nothing but data, and what it says of itself."""

    contents: Contents
    manifest: Manifest

    @property
    def called(self) -> str:
        """Its name and version."""
        return f"{self.manifest.name} {self.manifest.version}"


def open_pack(path: Path, shown: str = "") -> OpenedPack:
    """The pack in a folder or archive; `NotAPack` with all that is wrong where it may not be used."""
    label = shown or path.as_posix()
    if path.is_dir():
        return opened(from_folder(path, label))
    if path.is_file():
        if not path.name.endswith(ENDINGS):
            raise TerminalError(f"`{label}` is no archive of a pack", f"its name ends in {', '.join(ENDINGS)}")
        return opened(from_file(path, label))
    raise TerminalError(f"there is no pack `{label}`", "give a folder with `pack.dhm`, or an archive of one")


def opened(contents: Contents) -> OpenedPack:
    """The pack with these files; `NotAPack` where it names a host or holds a secret, or does not say what it is."""
    named: list[Diagnostic] = [one for one in places_named(contents) if one.level is Severity.ERROR]
    if named:
        raise NotAPack(f"`{contents.shown}` says what no pack may say", named)
    return OpenedPack(contents, manifest_of(contents))
