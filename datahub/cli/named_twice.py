"""Files of one run under one name: what a target of a job leaves where another of it leaves its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from datahub.cli.read_again import ending_of, name_in_run

if TYPE_CHECKING:
    from datahub.plan.operators import Plan
    from datahub.project.binding import FilesTo
    from datahub.project.job import Job


def named_twice(name: str, job: Job, plan: Plan) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """The place in the job of each name that a target before it has, what is wrong, and what to do."""
    from datahub.project.binding import FilesTo

    made = [(end, told, _file(name, end, told, plan)) for end, told in job.targets.items() if isinstance(told, FilesTo)]
    taken: dict[tuple[str, ...], str] = {}
    for end, told, file in made:
        place = (told.connection, *_parts(told.folder), file)
        if file and place in taken:
            message = f"the targets `{taken[place]}` and `{end}` both leave `{file}` in the same folder"
            yield ("targets", end), message, "give each a `name` of its own: `{{TARGET}}-{{RUN}}.{{FORMAT}}`"
        elif file:
            taken[place] = end
    for end, told, file in made:
        done = name_in_run(told.done_file, name, end, file) if file and told.done_file else ""
        other = taken.get((told.connection, *_parts(told.folder), done))
        if other is not None and other != end:
            message = f"the `done_file` of the target `{end}` is `{done}`, the file of the target `{other}`"
            yield ("targets", end, "done_file"), message, "give it a name of its own, such as `{{NAME}}.done`"


def _file(job: str, end: str, told: FilesTo, plan: Plan) -> str:
    """The one name that a target gives; nothing where there are several, or its rows say what it is."""
    from datahub.project.slots import OF_RUN, slots_of

    if told.name and set(slots_of(told.name)) <= {*OF_RUN, "FORMAT"}:
        return name_in_run(told.name, job, end, f"{end}.{ending_of(end, told, plan)}")
    return ""


def _parts(folder: str) -> tuple[str, ...]:
    return (folder[:1] if folder.startswith("/") else "", *(part for part in folder.split("/") if part not in ("", ".")))
