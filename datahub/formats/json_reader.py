"""What readers of JSON share: typed columns out of records, blocks brought back, what a person should hear."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from datahub.diagnostics.suggest import listed
from datahub.formats.declare import BadInput, Block, InputFile, Parsed, Placed
from datahub.formats.files import Rereader
from datahub.formats.json_records import RecordParser, Records
from datahub.formats.json_resent import unwrapped
from datahub.formats.options import option
from datahub.semantic.ir import SourceShape

LARGEST_BLOCK = 16 << 20
"""Names stand beside all values: a block of JSON has half the rows that one of CSV has."""


class JsonReader(ABC):
    """Reads the files of one source of JSON."""

    def __init__(self, shape: SourceShape, wanted: frozenset[str], files: Sequence[InputFile]) -> None:
        self.shape, self.files = shape, files
        self.parser = RecordParser(shape, wanted)
        self.notes: list[str] = []
        self._again = Rereader()

    @abstractmethod
    def blocks(self, file: InputFile, number: int, first_block: int) -> Iterator[Block]:
        """The blocks of one file."""

    @abstractmethod
    def records(self, block: Block) -> Records:
        """Where the records of a block are."""

    def parse(self, block: Block) -> Parsed:
        """The wanted columns of one block, typed."""
        return self.parser.parse(unwrapped(self.records(block)), block.first_line)

    def absent(self) -> Sequence[str]:
        """The columns of which no record had a value."""
        return self.parser.absent()

    def warnings(self) -> Sequence[str]:
        found = list(self.notes)
        if self.parser.repeated:
            found.append(f"objects of `{self.shape.name}` have {listed(self.parser.repeated)} more than once; the last one counts")
        if self.parser.surplus and option(self.shape, "extra") == "warn":
            found.append(f"the records have members that `{self.shape.name}` does not declare: {listed(self.parser.surplus)}")
        return tuple(found)

    def ended(self, file: InputFile, rows: bool) -> None:
        """Note, or refuse, a file without rows."""
        if not rows:
            if option(self.shape, "require_rows"):
                raise BadInput("R005", f"`{file.name}` has no rows", path=file.name)
            self.notes.append(f"`{file.name}` has no rows")

    def reread(self, file: InputFile, place: Placed) -> Block:
        """The block at `place` of `file`, which was read before."""
        data = self._again.read(file, place.offset, place.length)
        return Block(place.file, place.number, place.offset, place.length, place.first_line, data)


def refuse_markup(head: bytes | bytearray, name: str, wanted: str = "JSON") -> None:
    """Refuse a page of HTML or XML, whatever it is called, where something was `wanted` that does not begin with `<`."""
    if bytes(head[:4096]).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise BadInput(
            "R005", f"`{name}` is a page of HTML or XML, not {wanted}", "a server may have answered with an error page", path=name
        )
