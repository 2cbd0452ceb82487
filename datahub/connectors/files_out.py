"""The way out for files: set down under a hidden name in the folder they are for, checked, and then renamed in one step."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from datahub.connectors.declare import DataHubError, FileSystem, Missing, Output, Receipt, Taken, TerminalError, TransientError
from datahub.connectors.file_names import about, filled
from datahub.faults import reach
from datahub.project.binding import FilesTo

PIECE = 1 << 20
_MOST = 10_000


class FilesOut:
    """One target of a job that is bound to files."""

    def __init__(self, files: FileSystem, told: FilesTo) -> None:
        self._files, self._told = files, told

    def stage(self, output: Output) -> Receipt:
        """Write the file where nobody sees it; what an earlier attempt left there is written over."""
        if self._told.create_folders and self._told.folder:
            self._files.make_folder(self._told.folder)
        name = self._name(output)
        if self._done_file_of(name) == name:
            raise TerminalError(f"`done_file` makes `{name}`, the name of the file itself", "let it make another: `{{NAME}}.done`")
        # The same on every attempt, also where another name has become the free one.
        temporary = self._at(f".{output.path.name[:150]}.{output.key[:16]}.part")
        size, digest = 0, hashlib.sha256()
        try:
            with output.path.open("rb") as local, self._files.write(temporary) as remote:
                while data := local.read(PIECE):
                    size += len(data)
                    digest.update(data)
                    remote.write(data)
                    reach("half_written")
        except Missing as problem:
            if not self._told.folder:
                raise
            # A file that is to be made is missing nowhere: its folder is.
            raise TerminalError(f"there is no folder `{self._told.folder}`", "make it, or set `create_folders = true`") from problem
        there = self._files.look(temporary).size
        if there is not None and there != size:
            raise TransientError(f"`{temporary}` has {there:,} bytes there, and {size:,} here")
        return Receipt(output, self._at(name), temporary, size, digest.hexdigest())

    def commit(self, receipts: Sequence[Receipt]) -> None:
        """Give each file its name. Only that makes its hidden one go away: where it is gone, the name was given before."""
        names = {receipt.locator.rpartition("/")[2] for receipt in receipts}
        taken = sorted({self._done_file_of(name) for name in names} & names)
        if taken:
            raise TerminalError(f"`done_file` makes `{taken[0]}`, the name of another file of this run", "let it make names of its own")
        for receipt in receipts:
            if self._there(receipt.temporary):
                self._show(receipt)
            if self._told.exists == "replace" and self._there(self._aside(receipt)):
                self._files.remove(self._aside(receipt))
            if self._told.done_file:
                with self._files.write(self._at(self._done_file_of(receipt.locator.rpartition("/")[2]))):
                    pass

    def abort(self, receipts: Sequence[Receipt]) -> None:
        for receipt in receipts:
            if self._there(receipt.temporary):
                self._files.remove(receipt.temporary)

    def close(self) -> None:
        self._files.close()

    def _show(self, receipt: Receipt) -> None:
        try:
            self._files.rename(receipt.temporary, receipt.locator, replace=self._told.exists == "replace")
        except Taken as problem:
            if self._same(receipt.temporary, receipt.locator):
                # Some file systems give a name in two steps, and the process had come to the first.
                self._files.remove(receipt.temporary)
                return
            if self._told.exists == "replace":
                self._replace_in_steps(receipt)
                return
            raise TerminalError(
                f"`{receipt.locator}` exists", 'put `{{RUN}}` or `{{TIMESTAMP}}` into `name`, or set `exists = "replace"`'
            ) from problem
        reach("renamed")

    def _replace_in_steps(self, receipt: Receipt) -> None:
        """For hosts that replace nothing: set the old file aside, give the new one its name, and only then let the old one go."""
        aside = self._aside(receipt)
        if not self._there(aside):
            self._files.rename(receipt.locator, aside, replace=False)
        try:
            self._files.rename(receipt.temporary, receipt.locator, replace=False)
        except DataHubError:
            self._files.rename(aside, receipt.locator, replace=False)
            raise
        reach("renamed")

    def _aside(self, receipt: Receipt) -> str:
        folder, slash, name = receipt.locator.rpartition("/")
        return f"{folder}{slash}.{name[:150]}.{receipt.output.key[:16]}.old"

    def _same(self, one: str, other: str) -> bool:
        """Whether two names are of one file."""
        identity = self._files.look(one).identity
        return bool(identity) and identity == self._files.look(other).identity

    def _done_file_of(self, name: str) -> str:
        """The name of what announces a file; nothing where nothing does."""
        return filled(self._told.done_file, about(name)) if self._told.done_file else ""

    def _name(self, output: Output) -> str:
        """The name of the file, one that is free where it must be."""
        values = {**about(output.path.name), "FORMAT": output.path.suffix.removeprefix("."), **output.values}
        name = filled(self._told.name, values) if self._told.name else output.path.name
        if self._told.exists == "replace" or not self._there(self._at(name)):
            return name
        if self._told.exists == "fail":
            advice = 'put `{{RUN}}` or `{{TIMESTAMP}}` into `name`, or set `exists = "replace"` or `"number"`'
            raise TerminalError(f"`{self._at(name)}` exists", advice)
        stem, dot, ending = name.rpartition(".")
        for number in range(1, _MOST):
            numbered = f"{stem}-{number}{dot}{ending}" if dot and stem else f"{name}-{number}"
            if not self._there(self._at(numbered)):
                return numbered
        raise TerminalError(f"`{self._told.folder}` is full of files called `{name}`", "clear it")

    def _there(self, path: str) -> bool:
        try:
            self._files.look(path)
        except Missing:
            return False
        return True

    def _at(self, name: str) -> str:
        folder = self._told.folder.rstrip("/")
        return f"{folder}/{name}" if folder else name
