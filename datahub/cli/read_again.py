"""Files of a job that come back to it: what a target, or its rejects, leave where one of its own sources looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datahub.plan.operators import Plan
    from datahub.project.binding import FilesFrom, FilesTo
    from datahub.project.job import Job


def read_again(name: str, job: Job, plan: Plan) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """The place in the job of each end whose files the job would read itself, what is wrong, and what to do."""
    from datahub.project.binding import FilesFrom, FilesTo

    sources = [(end, told) for end, told in job.sources.items() if isinstance(told, FilesFrom) and not told.path]
    ends: list[tuple[tuple[str, ...], str, FilesTo, Sequence[str]]] = []
    for end, told in job.targets.items():
        if isinstance(told, FilesTo):
            ends.append((("targets", end), f"the target `{end}`", told, _made(name, end, told, plan)))
    if isinstance(job.rejects, FilesTo):
        ends.append((("rejects",), "`rejects`", job.rejects, _rejected(name, job.rejects, plan)))
    for place, what, left, files in ends:
        for source, asked in sources:
            taken = next((file for file in files if _takes(asked, left, file)), None)
            if taken is not None:
                message = f"what {what} leaves in `{left.folder}`, such as `{taken}`, is read by the source `{source}` in the next run"
                yield place, message, "name another `folder`, or a `pattern` of the source that its names do not fit"
                break


def _takes(source: FilesFrom, target: FilesTo, file: str) -> bool:
    from datahub.connectors.file_names import fits
    from datahub.project.binding import lies_in

    return source.connection == target.connection and lies_in(target.folder, source.folder, source.recursive) and fits(file, source.pattern)


def _made(job: str, target: str, told: FilesTo, plan: Plan) -> Sequence[str]:
    from datahub.runner.jobs.names_made import ending_of, name_in_run

    ending = ending_of(target, told, plan)
    if told.documents:
        return [name_in_run(told.name, job, target, f"{target}.{ending}")]
    writes = plan.flow.writes if plan.flow is not None else ()
    stems = (target, *(entity for item in writes if item.target == target for entity in item.entities))
    return [name_in_run(told.name, job, target, f"{stem}.{ending}") for stem in stems]


def _rejected(job: str, told: FilesTo, plan: Plan) -> Sequence[str]:
    from datahub.runner.jobs.names_made import REJECTS_NAME, ending, name_in_run

    names = [f"{one.name}.{ending(one.kind)}" for one in plan.sources] + [f"refused-{one.name}.csv" for one in plan.targets]
    return [name_in_run(told.name or REJECTS_NAME, job, "rejects", name) for name in names]
