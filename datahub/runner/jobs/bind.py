"""A job of a project, with its plan, as something that can be run: connections opened, sources and targets bound."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, cast

from datahub import connectors
from datahub.connectors.declare import Connector, Place, Poster, PosterConnection, Sender, Sink, Source, TerminalError
from datahub.connectors.files_at_once import FilesAtOnce
from datahub.connectors.files_in import FilesIn
from datahub.connectors.files_out import FilesOut
from datahub.diagnostics.suggest import nearest
from datahub.plan.asked import delivered
from datahub.plan.operators import Plan, Read
from datahub.plan.order import roots, topological
from datahub.project.binding import DocumentsTo, EntityFrom, FilesFrom, FilesTo, From, To
from datahub.project.connection import Connection, RemoteFiles
from datahub.project.job import Job
from datahub.project.load import Loaded
from datahub.project.trigger import StatusEntered
from datahub.runner.jobs.announced import Announced, wait_together
from datahub.runner.jobs.deliver import REJECTS
from datahub.runner.jobs.documents import documents_of, entities_of, of_api
from datahub.runner.jobs.job_context import Folders, JobContext, Ways
from datahub.runner.jobs.named_twice import named_twice
from datahub.runner.jobs.names_made import REJECTS_NAME
from datahub.runner.jobs.promise import Asked
from datahub.runner.jobs.remembered_rows import Origin, source_of
from datahub.runner.jobs.same_place import place_at
from datahub.runner.jobs.watching import Watched, entries_of, watched
from datahub.runner.outlet import Progress
from datahub.runner.splits import driving_sources
from datahub.semantic.ir import SourceShape
from datahub.state.store import StateStore

_APART = re.compile(r"\{\{\s*(STEM|NAME)\s*\}\}", re.IGNORECASE)
"""What tells the files of one target apart."""


def bind(loaded: Loaded, name: str, plan: Plan, store: StateStore, progress: Progress | None = None, *, threads: int = 0) -> JobContext:
    """The job, ready to be run; `TerminalError` where something is bound to nothing. Of 0 `threads` each core has one."""
    job = job_of(loaded, name)
    folders = folders_of(loaded)
    ways = ways_of(loaded, name, plan, store)
    for _, message, advice in named_twice(name, job, plan, loaded.project.connections, loaded.folder):
        raise TerminalError(f"the job `{name}` would lose a file: {message}", advice)
    watches = watched(loaded.project.jobs)
    _watchable(plan, watches)
    return JobContext(
        name=name,
        job=job,
        plan=plan,
        store=store,
        folders=folders,
        ways=ways,
        places={source: place_of(name, source, job.sources[source]) for source in ways.sources},
        driving=driving_sources(plan),
        clock=lambda: datetime.now(UTC),
        chance=Random(time.time_ns() ^ os.getpid()),
        threads=threads or os.cpu_count() or 1,
        progress=progress,
        watches=watches,
        zone=loaded.project.project.timezone,
    )


def job_of(loaded: Loaded, name: str) -> Job:
    """A job by its name."""
    jobs = loaded.project.jobs
    if name not in jobs:
        near = nearest(name, jobs)
        advice = f"did you mean `{near}`?" if near else f"it has {', '.join(jobs)}" if jobs else "declare it: `[jobs.NAME]`"
        raise TerminalError(f"the project has no job `{name}`", advice)
    return jobs[name]


def folders_of(loaded: Loaded) -> Folders:
    """Where the state of the project lies, one folder for each environment."""
    return Folders(loaded.folder / Path(loaded.project.project.state).expanduser() / (loaded.env or "default"))


def ways_of(loaded: Loaded, name: str, plan: Plan, store: StateStore | None = None) -> Ways:
    """What the job's bindings lead to. Nothing is connected to before it is used, and `store` is needed only then."""
    job = job_of(loaded, name)
    _bound(name, "source", sources_read(plan), job.sources)
    _bound(name, "target", targets_written(plan), job.targets)
    place = Place(loaded.folder, folders_of(loaded).state)
    opened = _Opened(loaded, place)
    sources: dict[str, Source] = {}
    for one in sources_read(plan):
        shape = next(shape for shape in plan.sources if shape.name == one)
        _readable(shape, job.sources[one])
        match job.sources[one]:
            case EntityFrom(entity=entity):
                sources[one] = source_of(Origin(name, shape, entity, store, folders_of(loaded)), entered=_waits_for(job, entity))
            case bound:
                sources[one] = opened.source(one, bound)
    if store is not None:
        wait_together(opened.announced(name, job, sources), store)
    sinks: dict[str, Sink] = {}
    senders: dict[str, Sender] = {}
    posters: set[str] = set()
    bindings = {one: job.targets[one] for one in targets_written(plan)}
    documents = {
        target: documents_of(target, told, plan, loaded.folder)
        for target, told in bindings.items()
        if isinstance(told, DocumentsTo) and told.documents
    }
    for target, told in {**bindings, **({REJECTS: _each_apart(job.rejects)} if job.rejects else {})}.items():
        if opened.is_poster(told.connection):
            of_api(plan, target, "its rows are sent")
            posters.add(target)
            continue
        way = opened.target(_named(told) if target in documents else told)
        if isinstance(way, Sender):
            senders[target] = way
            of_api(plan, target, "its rows are sent")
            if job.on_unknown == "probe" and not way.keyed and not (isinstance(way, Asked) and way.asks):
                raise TerminalError(
                    f"`on_unknown` of `{name}` is `probe`, and the target `{target}` cannot be asked",
                    f'write `targets.{target}.probe = "…/{{{{KEY}}}}"`, or `on_unknown = "hold"`',
                )
            if target not in documents:
                _one_entity(plan, target)
        else:
            sinks[target] = way
            if target not in documents and isinstance(told, FilesTo):
                _names_apart(plan, target, told)
    for told_how_it_ends in job.notify:
        opened.poster(told_how_it_ends.connection)
    return Ways(sources, sinks, senders, documents, frozenset(posters))


def source_alone(loaded: Loaded, name: str, told: From) -> Source:
    """One source of a job, to be looked at without its script."""
    return _Opened(loaded, Place(loaded.folder, folders_of(loaded).state)).source(name, told)


def receivers(loaded: Loaded, names: Iterable[str]) -> Mapping[str, tuple[PosterConnection, Poster]]:
    """Receivers of messages, by the names of their connections."""
    opened = _Opened(loaded, Place(loaded.folder, folders_of(loaded).state))
    return {name: cast(tuple[PosterConnection, Poster], opened.poster(name)) for name in names}


def receivers_of(loaded: Loaded, job: str) -> tuple[str, ...]:
    """The receivers that a job sends messages to."""
    opened, declared = _Opened(loaded, Place(loaded.folder, folders_of(loaded).state)), job_of(loaded, job)
    rows = (one.connection for one in declared.targets.values() if opened.is_poster(one.connection))
    return tuple(dict.fromkeys((*(one.connection for one in declared.notify), *rows)))


def signable(loaded: Loaded, job: str) -> None:
    """`TerminalError` where a secret is missing that the messages of a job's rows are signed with."""
    opened = _Opened(loaded, Place(loaded.folder, folders_of(loaded).state))
    for told in job_of(loaded, job).targets.values():
        if opened.is_poster(told.connection):
            cast(PosterConnection, opened.poster(told.connection)[0]).keys()


def sources_read(plan: Plan) -> tuple[str, ...]:
    """The sources that the plan reads, in the order of the script."""
    read = {one.source for one in topological(roots(plan)) if isinstance(one, Read)}
    return tuple(shape.name for shape in plan.sources if shape.name in read)


def targets_written(plan: Plan) -> tuple[str, ...]:
    """The targets that the plan writes to; entities where the script has no flow."""
    if plan.flow is None:
        return tuple(output.entity for output in plan.outputs)
    return tuple(dict.fromkeys([*(item.target for item in plan.flow.writes), *(route.target for route in plan.flow.routes)]))


def _named(told: To) -> To:
    """Documents have their names when they are made."""
    return told.model_copy(update={"name": ""}) if isinstance(told, FilesTo) else told


def _names_apart(plan: Plan, target: str, told: FilesTo) -> None:
    """The files of several entities are told apart by their names."""
    writes = plan.flow.writes if plan.flow is not None else ()
    several = [entity for item in writes if item.target == target and not item.interleaved for entity in item.entities]
    if len(several) > 1 and told.name and not _APART.search(told.name):
        both = " and ".join(f"`{one}`" for one in several[:2])
        raise TerminalError(
            f"the files of {both} for `{target}` would have one name: `{told.name}`", "put `{{STEM}}` into `name`: it is that of the entity"
        )


def _one_entity(plan: Plan, target: str) -> None:
    """Batches are of rows of one kind."""
    names = entities_of(plan, target)
    if len(names) > 1:
        raise TerminalError(
            f"`{target}` gets {' and '.join(f'`{name}`' for name in names)}, and takes batches of rows of one entity",
            'give each a target of its own, or send whole documents: `document = "json"`',
        )


def _each_apart(told: To) -> To:
    """Rejects of each run under a name of their own, unless the project says otherwise."""
    return told.model_copy(update={"name": REJECTS_NAME}) if isinstance(told, FilesTo) and not told.name else told


def _bound(job: str, what: str, wanted: tuple[str, ...], given: dict[str, Any]) -> None:
    """Everything the script names is bound, and nothing else."""
    for name in wanted:
        if name not in given:
            raise TerminalError(
                f"the job `{job}` does not say where the {what} `{name}` {'comes from' if what == 'source' else 'goes'}",
                f'write `[jobs.{job}.{what}s.{name}]` with `connection = "…"`',
            )
    for name in given:
        if name not in wanted:
            near = nearest(name, wanted)
            has = f"did you mean `{near}`?" if near else f"it has {', '.join(wanted) or 'none'}"
            raise TerminalError(f"the script of the job `{job}` has no {what} `{name}` that is used", has)


def _readable(shape: SourceShape, told: From) -> None:
    """`TerminalError` where what comes is in no form that the script's source reads."""
    if told.gives and shape.kind not in told.gives:
        raise TerminalError(
            f"the source `{shape.name}` of the script is `{shape.kind}`, and the rows of an API arrive as JSON lines",
            f"declare it `source {shape.name}: jsonl`, or let the last call be a `download` of a file",
        )


class _Opened:
    """The connections of a project, each with what it takes to reach it."""

    def __init__(self, loaded: Loaded, place: Place) -> None:
        self._loaded, self._connections, self._place = loaded, loaded.project.connections, place
        self._kinds = connectors.load()

    def source(self, name: str, told: From) -> Source:
        connection, connector = self._to(told.connection)
        if connector.source is not None:
            return connector.source(connection, told, self._place)
        assert connector.files is not None
        assert isinstance(told, FilesFrom)
        open_files = partial(connector.files, connection, self._place)
        if isinstance(connection, RemoteFiles):
            return FilesAtOnce(name, open_files, told, connection.parallel)
        return FilesIn(name, open_files(), told)

    def announced(self, name: str, job: Job, sources: Mapping[str, Source]) -> dict[str, Announced]:
        """The sources of a job whose files are announced."""
        found = {}
        for one, way in sources.items():
            told = job.sources[one]
            if isinstance(way, FilesIn) and isinstance(told, FilesFrom) and told.ready.done_file:
                at = partial(place_at, self._connections[told.connection], project=self._place.project)
                found[one] = Announced(way, place_of(name, one, told), at)
        return found

    def target(self, told: To) -> Sink | Sender:
        connection, connector = self._to(told.connection)
        make: Callable[..., Sink | Sender] | None = connector.sender or connector.sink
        if make is not None:
            return make(connection, told, self._place)
        assert connector.files is not None
        assert isinstance(told, FilesTo)
        return FilesOut(connector.files(connection, self._place), told)

    def is_poster(self, name: str) -> bool:
        """Whether what goes to a connection is sent as messages."""
        return self._to(name)[1].poster is not None

    def poster(self, name: str) -> tuple[Connection, Poster]:
        """A receiver of messages."""
        self._loaded.usable(name)
        if name not in self._connections:
            raise TerminalError(f"there is no connection `{name}`", "messages for it wait until there is one again")
        connection, connector = self._to(name)
        if connector.poster is None:
            raise TerminalError(f"the connection `{name}` takes no messages", "name one of the kind `webhook`")
        return connection, connector.poster(connection, self._place)

    def _to(self, name: str) -> tuple[Connection, Connector]:
        self._loaded.usable(name)
        connection = self._connections[name]
        return connection, self._kinds[connection.kind]


def _waits_for(job: Job, entity: str) -> bool:
    return any(isinstance(one, StatusEntered) and one.entity == entity for one in job.triggers)


def _watchable(plan: Plan, watches: tuple[Watched, ...]) -> None:
    """What is waited for can be told from the rows that the plan delivers."""
    made = delivered(plan)
    for shape in plan.entities:
        for watch in watches:
            if watch.entity != shape.name or shape.name not in made:
                continue
            if not shape.key:
                raise TerminalError(
                    f"the job `{watch.job}` waits for a status of `{shape.name}`, which has no key",
                    f"give `{shape.name}` a `key`, which tells its rows apart",
                )
            if all(field.name != watch.field for field in shape.fields):
                near = nearest(watch.field, [field.name for field in shape.fields])
                raise TerminalError(
                    f"the job `{watch.job}` waits for the field `{watch.field}` of `{shape.name}`, which has none such",
                    f'write `field = "{near or "NAME"}"` in the trigger of `{watch.job}`',
                )


def place_of(job: str, source: str, told: From) -> str:
    """Where a source is, as the ledger keeps what was read of it."""
    if isinstance(told, EntityFrom):
        return entries_of(job, told.entity)
    return f"{job}:{source}:{_shown(told)}"


def _shown(told: From) -> str:
    """Where a source is, in words without a secret: what is read before is told apart by it."""
    where = (getattr(told, "path", "") or getattr(told, "folder", "")) if isinstance(told, FilesFrom) else ""
    path, mark, query = where.partition("?")
    if mark:
        # Over HTTP that is a query, and may have a key in it; what it asks for is another file all the same.
        where = f"{path} ({hashlib.sha256(query.encode()).hexdigest()[:16]})"
    return f"{told.connection}/{where}" if where else told.connection
