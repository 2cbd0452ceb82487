"""What the files of a run have no more that those of the last good run had: a sender may have dropped it without knowing who needs it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from datahub.reports.report import Report
from datahub.runner.jobs.job_context import JobContext
from datahub.state.records import Run


def missing_now(context: JobContext, run: Run, report: Report) -> Iterator[str]:
    """A sentence for each source of which a file lacks declared columns that were all there in the last run which delivered something."""
    if run.apart or not report.absent:
        # Rejects that are run again, and files of the past, are no news of the sender.
        return
    last = context.store.runs.last_good(context.name)
    path = context.folders.run(last.id if last is not None else "none") / "out" / "run" / "report.json"
    if last is None or not path.is_file():
        return
    before = json.loads(path.read_text(encoding="utf-8"))
    if "absent" not in before:
        # It is of an earlier version.
        return
    read = {one["source"] for one in before["sources"] if one["read"]}
    for source, absent in report.absent.items():
        lost = [name for name in absent if name not in before["absent"].get(source, ())]
        if lost and source in read:
            files = next(one.files for one in report.sources if one.source == source)
            where = f"`{files[0]}`" if len(files) == 1 else "a file"
            names = f"column{'s' if len(lost) > 1 else ''} {', '.join(f'`{name}`' for name in lost)}"
            yield f"{source}: {where} lacks the {names}, which run {last.id} had: null in all of its rows"
