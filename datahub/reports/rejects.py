"""The reject files: every rejected source row in the source's own format and columns, with what is wrong with it.

Rows stand in the order of the input, so that a corrected file can be sent again as it is. They are written as soon as all
that becomes of their block is known; where rows wait for others that is the end, and blocks are read again then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from itertools import count as counted
from pathlib import Path
from typing import Any

from datahub.engine.execution import Execution
from datahub.engine.ledger import BLOCK_BITS, row_ids
from datahub.engine.outside import Finished
from datahub.formats.declare import FORMATS, InputFile, Reader, Selective
from datahub.plan.operators import Plan
from datahub.records import record
from datahub.reports.findings import Findings, by_row


@record(slots=True)
class Rejects:
    """A file for each source that has rejected rows, in `folder`; `made` has the path and the number of rows of each."""

    plan: Plan
    readers: Mapping[str, Reader]
    folder: Path
    made: dict[str, tuple[Path, int]] = field(default_factory=dict)
    _open: dict[str, Any] = field(default_factory=dict)

    def add(self, block: Finished) -> None:
        """Write the rejected rows of a block."""
        if not len(block.rejected):
            return
        name = self._file(block)
        if name is None:
            return
        self._open[name].write(block.block, block.rejected, by_row(block.issues, block.key, block.rejected, block.numbers, block.lines))
        path, count = self.made[name]
        self.made[name] = path, count + len(block.rejected)

    def _file(self, block: Finished) -> str | None:
        """The file that takes the rows of a block, opened when it is needed first; None where their format has none.

        Files whose headers differ may need more than one, so that no value is left out: `s`, `s-2`.
        """
        source = next(shape for shape in self.plan.sources if shape.name == block.source)
        format = FORMATS[source.kind]
        if format.rejecter is None:
            return None
        for number in counted(1):
            name = source.name if number == 1 else f"{source.name}-{number}"
            if name not in self._open:
                break
            rejecter = self._open[name]
            if not isinstance(rejecter, Selective) or rejecter.takes(block.block):
                return name
        path = self.folder / f"{name}.{format.extension}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._open[name] = format.rejecter(source, self.readers[source.name], str(path))
        self.made[name] = path, 0
        return name

    def add_waited(self, execution: Execution, files: Mapping[str, list[InputFile]], findings: Findings) -> None:
        """Write the rejected rows of the sources whose rows had to wait for others."""
        for number, source in enumerate(self.plan.sources):
            if source.name not in execution.waited:
                continue
            places = sorted((key, place) for key, place in execution.places.blocks.items() if key >> BLOCK_BITS == number)
            for key, place in places:
                positions = execution.ledger.rejected(number, place.number)
                if not len(positions) or FORMATS[source.kind].rejecter is None:
                    continue
                block = self.readers[source.name].reread(files[source.name][place.file], place)
                _, lines, numbers = execution.places.locate(row_ids(number, place.number, positions))
                self.add(Finished(source.name, key, block, positions, numbers, lines, tuple(findings.of_block(key))))

    def commit(self) -> None:
        """All files get their names."""
        while self._open:
            _, rejecter = self._open.popitem()
            rejecter.close()

    def abort(self) -> None:
        """Nothing is left."""
        while self._open:
            _, rejecter = self._open.popitem()
            rejecter.abort()
