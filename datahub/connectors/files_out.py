"""The way out for files: set down under a hidden name in the folder they are for, checked, and then renamed in one step."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress

from datahub.connectors.declare import (
    Choosy,
    DataHubError,
    FileSystem,
    Missing,
    NoRoom,
    Output,
    Receipt,
    Taken,
    TerminalError,
    TransientError,
)
from datahub.connectors.file_names import about, filled
from datahub.connectors.given_names import GivenNames
from datahub.faults import reach
from datahub.project.binding import FilesTo

PIECE = 1 << 20
_MOST = 10_000


class FilesOut:
    """One target of a job that is bound to files."""

    def __init__(self, files: FileSystem, told: FilesTo) -> None:
        self._files, self._told = files, told

    def stage(self, output: Output, given: GivenNames | None = None) -> Receipt:
        """Write the file where nobody sees it; what an earlier attempt left there is written over."""
        if self._told.create_folders and self._told.folder:
            self._files.make_folder(self._told.folder)
        name = self._name(output, given or GivenNames())
        done = self._done_file_of(name)
        self._announceable(output, name, given or GivenNames())
        temporary = self._temporary(output)
        size, digest = 0, hashlib.sha256()
        try:
            with output.path.open("rb") as local, self._files.write(temporary) as remote:
                while data := local.read(PIECE):
                    size += len(data)
                    digest.update(data)
                    remote.write(data)
                    reach("half_written")
        except NoRoom:
            # Half a file would take the room that there is.
            with suppress(DataHubError):
                self._let_go(temporary)
            raise
        except Missing as problem:
            if not self._told.folder:
                raise
            # A file that is to be made is missing nowhere: its folder is.
            raise TerminalError(f"there is no folder `{self._told.folder}`", "make it, or set `create_folders = true`") from problem
        there = self._files.look(temporary).size
        if there is not None and there != size:
            raise TransientError(f"`{temporary}` has {there:,} bytes there, and {size:,} here")
        return Receipt(output, self._at(name), temporary, size, digest.hexdigest(), self._at(done) if done else "")

    def unnameable(self, name: str) -> str:
        """Why no file can be called so; nothing where one can."""
        return self._files.unnameable(name) if isinstance(self._files, Choosy) else ""

    def commit(self, receipts: Sequence[Receipt]) -> None:
        """Give each file its name. Only that makes its hidden one go away: where it is gone, the name was given before."""
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
            self._let_go(receipt.temporary)

    def give_up(self, output: Output) -> None:
        self._let_go(self._temporary(output))

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

    def _let_go(self, temporary: str) -> None:
        if self._there(temporary):
            self._files.remove(temporary)

    def _same(self, one: str, other: str) -> bool:
        """Whether two names are of one file."""
        identity = self._files.look(one).identity
        return bool(identity) and identity == self._files.look(other).identity

    def _done_file_of(self, name: str) -> str:
        """The name of what announces a file; nothing where nothing does."""
        return filled(self._told.done_file, about(name)) if self._told.done_file else ""

    def _announceable(self, output: Output, name: str, given: GivenNames) -> None:
        """`TerminalError` where what announces a file would be written over one with content, of this run or whoever's."""
        advice = "let `done_file` make a name of its own: `{{NAME}}.done`"
        done = self._done_file_of(name)
        announced = given.announcing(name, self._sees)
        if announced is not None:
            raise TerminalError(
                f"`{self._at(name)}` is to announce the file of `{announced.output.target}`, and a file of this run", advice
            )
        if not done:
            return
        if done == name:
            raise TerminalError(f"`done_file` makes `{name}`, the name of the file itself", advice)
        other = given.file(done, self._sees)
        if other is not None:
            raise TerminalError(f"`done_file` makes `{done}`, the name of another file of this run, for `{other.output.target}`", advice)
        try:
            size = self._files.look(self._at(done)).size
        except Missing:
            return
        if size:
            raise TerminalError(f"`done_file` makes `{done}`, and a file that has content is called so", advice)

    def _name(self, output: Output, given: GivenNames) -> str:
        """The name of the file: one that no other of the run has, and that is free where it must be."""
        values = {**about(output.path.name), "FORMAT": output.path.suffix.removeprefix("."), **output.values}
        name = filled(self._told.name, values) if self._told.name else output.path.name
        twice = given.file(name, self._sees)
        if twice is not None and self._told.exists != "number":
            raise TerminalError(
                f"two files of this run are called `{self._at(name)}`: one for `{twice.output.target}`, one for `{output.target}`",
                'give each a `name` of its own: `{{TARGET}}-{{STEM}}.{{FORMAT}}`, or set `exists = "number"`',
            )
        if self._told.exists == "replace" or (twice is None and not self._there(self._at(name))):
            return name
        if self._told.exists == "fail":
            advice = 'put `{{RUN}}` or `{{TIMESTAMP}}` into `name`, or set `exists = "replace"` or `"number"`'
            raise TerminalError(f"`{self._at(name)}` exists", advice)
        stem, dot, ending = name.rpartition(".")
        for number in range(1, _MOST):
            numbered = f"{stem}-{number}{dot}{ending}" if dot and stem else f"{name}-{number}"
            if not self._there(self._at(numbered)) and given.file(numbered, self._sees) is None:
                return numbered
        raise TerminalError(f"`{self._told.folder}` is full of files called `{name}`", "clear it")

    def _sees(self, name: str) -> bool:
        return self._there(self._at(name))

    def _temporary(self, output: Output) -> str:
        """The same on every attempt, also where another name has become the free one."""
        return self._at(f".{output.path.name[:150]}.{output.key[:16]}.part")

    def _there(self, path: str) -> bool:
        try:
            self._files.look(path)
        except Missing:
            return False
        return True

    def _at(self, name: str) -> str:
        folder = self._told.folder.rstrip("/")
        return f"{folder}/{name}" if folder else name
