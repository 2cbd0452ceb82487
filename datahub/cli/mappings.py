"""What `mapping` of a job names: a script beside `dhm.toml`, or what a pack of the project exports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datahub.document import Document
    from datahub.packs.folders import Folders

PACK = "pack:"


class NoMapping(Exception):
    """There is no such script or pack: what is said of it, and what to do."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.message, self.help = message, help


def mapping_of(folder: Path, mapping: str, loader: Folders) -> Document:
    """The document that a job runs; `NoMapping` where there is none."""
    if mapping.startswith(PACK):
        return _of_pack(folder, mapping.removeprefix(PACK), loader)
    path = folder / mapping
    if not path.is_file():
        raise NoMapping(f"there is no script `{mapping}`", _advice(folder, mapping))
    try:
        path = path.relative_to(Path.cwd())
    except ValueError:
        pass
    try:
        return loader.document(path)
    except (OSError, UnicodeDecodeError) as problem:
        raise NoMapping(f"`{mapping}` cannot be read: {problem}") from problem


def _of_pack(folder: Path, name: str, loader: Folders) -> Document:
    from datahub.document import Document
    from datahub.semantic.loaders import Unusable

    # Packs are found for a script of the project; the job stands for one.
    found = loader.pack(name, "", Document((folder / "dhm.toml").as_posix(), ""))
    if isinstance(found, Unusable):
        raise NoMapping(found.reason, found.help)
    if not found:
        raise NoMapping(f"there is no pack `{name}`", f"`dhm pack add {name}` adds it to the project")
    return found[0]


def _advice(folder: Path, mapping: str) -> str:
    from datahub.diagnostics.suggest import nearest

    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.dhm") if not path.name.startswith("."))
    near = nearest(mapping, there)
    return f"did you mean `{near}`?" if near else "`mapping` names a file, from the folder of `dhm.toml`, or `pack:NAME`"
