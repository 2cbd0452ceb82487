"""Files of one run under one name, found before there is a run: what targets and rejects of a job leave where another leaves its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from datahub import connectors
from datahub.formats import load
from datahub.plan.operators import Plan, Read
from datahub.plan.order import roots, topological
from datahub.project.binding import FilesTo
from datahub.project.connection import Connection
from datahub.project.job import Job
from datahub.records import record
from datahub.runner.jobs.names_made import REJECTS_NAME, as_told, done_file_of, ending, name_in_run, names_of
from datahub.runner.jobs.refused import refused_by
from datahub.runner.jobs.same_place import place_at

Problem: TypeAlias = tuple[tuple[str, ...], str, str]
"""The place in the job, what is wrong there, and what to do."""


@record(frozen=True, slots=True)
class _Made:
    """A file that a run leaves, or may leave: by which end of the job, and of what."""

    end: str
    of: str
    told: FilesTo
    folder: tuple[str, ...]
    name: str

    @property
    def at(self) -> tuple[str, ...]:
        return ("targets", self.end) if self.end else ("rejects",)

    @property
    def words(self) -> str:
        return f"the target `{self.end}`" if self.end else "`rejects`"


def named_twice(name: str, job: Job, plan: Plan, known: Mapping[str, Connection], folder: Path) -> Iterator[Problem]:
    """Each file that has the name of another, and each that would be announced under the name of one; `folder` is the project's.

    What cannot be known of connections and of rows here, the run finds before it shows anything.
    """
    made = [*_of_targets(name, job, plan, known, folder), *_of_rejects(name, job, plan, known, folder)]
    files: dict[tuple[str, ...], _Made] = {}
    for one in made:
        other = files.setdefault((*one.folder, one.name), one)
        numbered = other.told.exists == one.told.exists == "number"
        # Of several entities it is said with them.
        if other is not one and not numbered and not (one.end and one.end == other.end):
            yield one.at, _twice(other, one), _apart(other, one)
    for one in made:
        done = done_file_of(one.told, one.name) if one.told.done_file else ""
        announced = files.get((*one.folder, done))
        if done and announced is not None:
            whose = "the file itself" if announced.name == one.name and announced.at == one.at else f"the file of {announced.words}"
            message = f"the `done_file` of {one.words} is `{as_told(done)}`, {whose}"
            yield (*one.at, "done_file"), message, "give it a name of its own, such as `{{NAME}}.done`"


def _twice(one: _Made, other: _Made) -> str:
    if one.at == other.at:
        return f"the rejects of `{one.of}` and `{other.of}` would both be `{as_told(one.name)}`"
    both = f"the targets `{one.end}` and `{other.end}`" if one.end and other.end else f"{one.words} and {other.words}"
    return f"{both} both leave `{as_told(one.name)}` in the same folder"


def _apart(one: _Made, other: _Made) -> str:
    if one.at == other.at:
        return 'put `{{STEM}}` into `name`: it says whose they are; or set `exists = "number"`'
    return "give each a `name` of its own: `{{TARGET}}-{{RUN}}.{{FORMAT}}`"


def _of_targets(name: str, job: Job, plan: Plan, known: Mapping[str, Connection], folder: Path) -> Iterator[_Made]:
    for end, told in job.targets.items():
        if isinstance(told, FilesTo) and told.connection in known:
            for made in names_of(name, end, told, plan):
                yield _Made(end, end, told, place_at(known[told.connection], told.folder, folder), made)


def _of_rejects(name: str, job: Job, plan: Plan, known: Mapping[str, Connection], folder: Path) -> Iterator[_Made]:
    told = job.rejects
    if not isinstance(told, FilesTo) or told.connection not in known:
        return
    place = place_at(known[told.connection], told.folder, folder)
    for of, made in _rejected(job, plan, known):
        yield _Made("", of, told, place, name_in_run(told.name or REJECTS_NAME, name, "rejects", made))


def _rejected(job: Job, plan: Plan, known: Mapping[str, Connection]) -> Iterator[tuple[str, str]]:
    """Whose rejects there may be, with the names of their files: of sources, and of targets that can refuse a row."""
    read = {one.source for one in topological(roots(plan)) if isinstance(one, Read)}
    for source in plan.sources:
        if source.name in read and source.kind in load() and load()[source.kind].rejecter is not None:
            yield source.name, f"{source.name}.{ending(source.kind)}"
    for target, told in job.targets.items():
        connection = known.get(told.connection)
        sent = connection is not None and connectors.load()[connection.kind].sender is not None
        if sent or (isinstance(told, FilesTo) and told.documents):
            yield target, f"{refused_by(target)}.csv"
