"""Sources that are files on this machine: which files, and their blocks one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from datahub.diagnostics.suggest import listed, nearest
from datahub.engine.start import UnusableRun
from datahub.formats.archives import members
from datahub.formats.declare import FORMATS, BadInput, Block, InputFile
from datahub.formats.options import option
from datahub.plan import operators as op
from datahub.plan.order import roots, topological


class SourceFeed:
    """The files of one source, one after the other, as blocks."""

    def __init__(self, reader: Any, files: Sequence[InputFile]) -> None:
        self._reader, self._files = reader, files

    def blocks(self) -> Iterator[Block]:
        number = 0
        for place, file in enumerate(self._files):
            try:
                for block in self._part(file, place, number) if file.part else self._reader.blocks(file, place, number):
                    number = block.number + 1
                    yield block
            except BadInput as problem:
                if file.member:
                    problem.help = "; ".join(one for one in (problem.help, self._meant(file)) if one)
                raise

    def _meant(self, file: InputFile) -> str:
        """How to say that a file of an archive is not one of those that are read."""
        own = PurePosixPath(file.member).suffix
        endings = {PurePosixPath(one.member).suffix for one in self._files if one.path == file.path} - {own, ""}
        pattern = f"*{endings.pop()}" if len(endings) == 1 else "…"
        return f'if it is not meant to be read, the source says which files of an archive are: `member "{pattern}"`'

    def _part(self, file: InputFile, place: int, number: int) -> Iterator[Block]:
        """The blocks of some stretches of a file; what its head says of all records is read first."""
        whole = self._reader.blocks(file, place, number)
        first = next(whole, None)
        whole.close()
        if first is not None:
            for at, one in enumerate(file.part):
                found = Block(place, number + at, one.offset, one.length, one.first_line, None)
                yield self._reader.reread(file, found)

    def rows_before(self, file: int) -> int:
        """How many rows of the file stand before those that are read."""
        part = self._files[file].part
        return part[0].first_row - 1 if part else 0

    def parse(self, block: Block) -> Any:
        return self._reader.parse(block)

    def file_name(self, file: int) -> str:
        return self._files[file].name

    def absent(self) -> Sequence[str]:
        """The declared columns that a file lacked, or of which no record had a value; lines of fixed width have all."""
        return tuple(self._reader.absent()) if hasattr(self._reader, "absent") else ()

    def warnings(self) -> Sequence[str]:
        """What a person should hear of what was read, or of there being nothing to read."""
        return self._reader.warnings() if self._files else ("there is no file to read",)

    @property
    def path_prefix(self) -> str:
        return str(getattr(self._reader, "path_prefix", ""))


def input_files(given: Sequence[str | InputFile]) -> list[InputFile]:
    """The files of a source; a folder stands for its files by name."""
    found: list[InputFile] = []
    for one in given:
        if isinstance(one, InputFile):
            # A landed file: where it lies says nothing of what it is called.
            found.append(one)
            continue
        path = Path(one)
        if path.is_dir():
            found.extend(
                InputFile(str(file), file.name) for file in sorted(path.iterdir()) if file.is_file() and not file.name.startswith(".")
            )
        elif path.is_file():
            found.append(InputFile(str(path), path.name))
        else:
            raise UnusableRun(f"there is no file `{path}`")
    return _told_apart(found)


def _told_apart(files: list[InputFile]) -> list[InputFile]:
    """Files of one name with as much of their folders before it as tells them apart; landed ones are counted, as their folders say nothing.

    What a script joins by `file_name` would be that of another file, and a reject would point to either.
    """
    paths: dict[str, list[str]] = {}
    for one in files:
        if one.path not in paths.setdefault(one.name, []):
            paths[one.name].append(one.path)
    return [
        InputFile(one.path, _own_name(one, paths[one.name]), one.part, one.member) if len(paths[one.name]) > 1 else one for one in files
    ]


def _own_name(file: InputFile, alike: list[str]) -> str:
    if any(Path(path).name != file.name for path in alike):
        number = alike.index(file.path) + 1
        return file.name if number == 1 else f"{file.name} ({number})"
    others = [Path(path).absolute().parts for path in alike if path != file.path]
    own = Path(file.path).absolute().parts
    return next(("/".join(own[-n:]) for n in range(2, len(own)) if all(own[-n:] != other[-n:] for other in others)), file.name)


def bound_files(plan: op.Plan, sources: Mapping[str, Sequence[str | InputFile]]) -> dict[str, list[InputFile]]:
    """The files of each source; an archive stands for the files in it that the source asks for."""
    shapes = {shape.name: shape for shape in plan.sources}
    found = {}
    for name, given in sources.items():
        if name not in shapes:
            raise UnusableRun(_no_source(name, tuple(shapes)))
        pattern = str(option(shapes[name], "member") or "")
        found[name] = [one for file in input_files(given) for one in members(file, shapes[name].kind, pattern)]
    return found


def _no_source(name: str, known: Sequence[str]) -> str:
    meant = nearest(name, known)
    has = f"; is it `{meant}`?" if meant else f"; it has {listed(known)}" if known else ", and none at all"
    return f"the script has no source `{name}`{has}"


class NoRows(UnusableRun):
    """A source that the run reads was given no file."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the source `{name}` has no file; name one with `--source {name}=PATH`")
        self.name = name


def open_feeds(plan: op.Plan, files: Mapping[str, list[InputFile]]) -> tuple[dict[str, Any], dict[str, SourceFeed]]:
    """A reader for each source that the plan reads, of only the columns it needs."""
    wanted = {one.source: frozenset(one.columns) for one in topological(roots(plan)) if isinstance(one, op.Read)}
    shapes = {shape.name: shape for shape in plan.sources}
    readers: dict[str, Any] = {}
    feeds: dict[str, SourceFeed] = {}
    for name, columns in wanted.items():
        if name not in files:
            raise NoRows(name)
        kind = shapes[name].kind
        make = FORMATS[kind].reader if kind in FORMATS else None
        if make is None:
            raise UnusableRun(f"the source `{name}` is of kind `{shapes[name].kind}`, which is not read from files")
        readers[name] = make(shapes[name], columns, files[name])
        feeds[name] = SourceFeed(readers[name], files[name])
    return readers, feeds
