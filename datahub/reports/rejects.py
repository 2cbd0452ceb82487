"""The reject files: every rejected source row in the source's own format and columns, with what is wrong with it.

Rows are found again by block, in the order of the input, so that a corrected file can be sent again as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from datahub.engine.ledger import BLOCK_BITS, row_ids
from datahub.engine.local import Execution
from datahub.formats.declare import FORMATS, InputFile, Reader
from datahub.plan.operators import Plan
from datahub.reports.findings import Findings


def write_rejects(
    plan: Plan, execution: Execution, readers: Mapping[str, Reader], files: Mapping[str, list[InputFile]], findings: Findings, folder: Path
) -> dict[str, tuple[Path, int]]:
    """One file for each source that has rejected rows, in `folder`; its path and number of rows, by source."""
    made: dict[str, tuple[Path, int]] = {}
    for number, source in enumerate(plan.sources):
        if source.name not in readers:
            continue
        places = sorted((key, place) for key, place in execution.places.blocks.items() if key >> BLOCK_BITS == number)
        rejecter = None
        count = 0
        format = FORMATS[source.kind]
        path = folder / f"{source.name}.{format.extension}"
        for key, place in places:
            positions = execution.ledger.rejected(number, place.number)
            if not len(positions) or format.rejecter is None:
                continue
            if rejecter is None:
                folder.mkdir(parents=True, exist_ok=True)
                rejecter = format.rejecter(source, readers[source.name], str(path))
            block = readers[source.name].reread(files[source.name][place.file], place)
            _, lines, rows = execution.places.locate(row_ids(number, place.number, positions))
            rejecter.write(block, positions, findings.by_row(key, positions, rows, lines))
            count += len(positions)
        if rejecter is not None:
            rejecter.close()
            made[source.name] = (path, count)
    return made
