"""What is wrong between the jobs of a project, their scripts and each other, each mistake at its place in `dhm.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datahub.diagnostics.diagnostic import Diagnostic
    from datahub.diagnostics.rule import Rule
    from datahub.plan.operators import Plan
    from datahub.project.config import Project
    from datahub.project.job import Job
    from datahub.project.reading import Places


def binding_findings(folder: Path) -> list[Diagnostic]:
    """The findings of all jobs of the project in `folder`; scripts that do not compile have findings of their own."""
    from datahub.connectors import models
    from datahub.project.load import as_written

    made = as_written(folder, models())
    if made is None:
        return []
    bindings = _Bindings(folder, *made)
    return list(bindings.findings())


class _Bindings:
    def __init__(self, folder: Path, project: Project, places: Places) -> None:
        self._folder, self._project, self._places = folder, project, places
        self._plans: dict[str, Plan] = {}

    def findings(self) -> Iterator[Diagnostic]:
        for name, job in self._project.jobs.items():
            yield from self._script(name, job)
        for name, job in self._project.jobs.items():
            if name in self._plans:
                yield from self._ends(name, job, self._plans[name])
                yield from self._parameters(name, job, self._plans[name])
            yield from self._triggers(name, job)
            yield from self._receivers(name, job)
        yield from self._addresses()

    def _script(self, name: str, job: Job) -> Iterator[Diagnostic]:
        """Find the plan of a job, or say why there is none."""
        from datahub.cli.mappings import NoMapping, mapping_of
        from datahub.compiler import compile
        from datahub.packs.folders import Folders
        from datahub.project.rules_jobs import NO_SCRIPT

        loader = Folders()
        try:
            document = mapping_of(self._folder, job.mapping, loader)
        except NoMapping as problem:
            yield self._at(NO_SCRIPT, problem.message, ("jobs", name, "mapping"), "nothing is there", problem.help)
            return
        try:
            plan = compile(document, loader, lambda _: None, job.flow or None)
        except LookupError as problem:
            key = "flow" if job.flow else "mapping"
            yield self._at(NO_SCRIPT, str(problem.args[0]), ("jobs", name, key), "asked for here", "")
            return
        if plan is not None:
            self._plans[name] = plan

    def _ends(self, name: str, job: Job, plan: Plan) -> Iterator[Diagnostic]:
        from datahub.diagnostics.suggest import listed, nearest
        from datahub.project.rules_jobs import BOUND_TO_NOTHING, NOT_BOUND
        from datahub.runner.jobs.bind import sources_read, targets_written

        ends: tuple[tuple[str, tuple[str, ...], Mapping[str, object]], ...] = (
            ("source", sources_read(plan), job.sources),
            ("target", targets_written(plan), job.targets),
        )
        for what, wanted, given in ends:
            for end in wanted:
                if end not in given:
                    whence = "comes from" if what == "source" else "goes"
                    advice = f'write `[jobs.{name}.{what}s.{end}]` with `connection = "…"`'
                    yield self._at(NOT_BOUND, f"`{name}` does not say where the {what} `{end}` {whence}", ("jobs", name), "not bound", advice)
            for end in given:
                if end not in wanted:
                    near = nearest(end, [one for one in wanted if one not in given])
                    has = f"did you mean `{near}`?" if near else f"it has {listed(wanted)}" if wanted else f"it uses no {what}"
                    message = f"the script of `{name}` has no {what} `{end}` that is used"
                    yield self._at(BOUND_TO_NOTHING, message, ("jobs", name, f"{what}s", end), "bound here", has, key=True)

    def _parameters(self, name: str, job: Job, plan: Plan) -> Iterator[Diagnostic]:
        from datahub.diagnostics.suggest import listed, nearest
        from datahub.project.rules_jobs import WRONG_PARAMETER
        from datahub.runner.jobs.transform import text_of_parameter
        from datahub.runner.parameters import Unreadable, value_of

        known = {shape.name: shape for shape in plan.parameters}
        given: dict[str, tuple[str | int, ...]] = {one: ("jobs", name, "parameters", one) for one in job.parameters}
        for number, trigger in enumerate(job.triggers):
            if trigger.kind == "webhook":
                # One trigger may stand as a table, several as an array of them.
                given |= {one: ("jobs", name, "triggers", number, "parameters", one) for one in trigger.parameters}
        for one, path in given.items():
            if one not in known:
                near = nearest(one, known)
                has = f"did you mean `{near}`?" if near else f"it has {listed(known)}" if known else "it has none"
                yield self._at(WRONG_PARAMETER, f"the script of `{name}` has no parameter `{one}`", path, "given here", has, key=True)
            elif one in job.parameters:
                try:
                    value_of(text_of_parameter(job.parameters[one]), known[one].type, one)
                except Unreadable as problem:
                    yield self._at(WRONG_PARAMETER, str(problem), ("jobs", name, "parameters", one), "this value", "")
        for one, shape in known.items():
            if shape.required and one not in given:
                advice = f"write `parameters.{one} = …` below `[jobs.{name}]`"
                yield self._at(WRONG_PARAMETER, f"`{name}` gives no value to the parameter `{one}`", ("jobs", name), "not given", advice)

    def _triggers(self, name: str, job: Job) -> Iterator[Diagnostic]:
        from datahub.diagnostics.suggest import nearest
        from datahub.project.binding import EntityFrom, FilesFrom
        from datahub.project.rules_jobs import NO_SUCH_JOB, WAITS_FOR_NOTHING

        jobs = self._project.jobs
        for trigger in job.triggers:
            here = ("jobs", name, "triggers")
            match trigger.kind:
                case "after-job" if trigger.job not in jobs:
                    near = nearest(trigger.job, jobs)
                    has = f"did you mean `{near}`?" if near else f"there are {', '.join(jobs)}"
                    yield self._at(NO_SUCH_JOB, f"`{name}` starts after `{trigger.job}`, which is no job", here, "named here", has)
                case "after-job" if name in self._followed(trigger.job):
                    ring = f"`{name}` starts after `{trigger.job}`, and that after it"
                    message = ring if trigger.job != name else f"`{name}` starts after itself"
                    yield self._at(NO_SUCH_JOB, message, here, "comes back to it", "one of them has to be started by something else")
                case "status":
                    yield from self._awaited(name, trigger.entity, trigger.field, (*trigger.statuses, *trigger.again), here)
                    if not any(isinstance(one, EntityFrom) and one.entity == trigger.entity for one in job.sources.values()):
                        advice = f'bind one: `sources.NAME.entity = "{trigger.entity}"`'
                        message = f"`{name}` waits for `{trigger.entity}`, and no source of it reads that"
                        yield self._at(WAITS_FOR_NOTHING, message, here, "nobody would read the rows", advice)
                case "file":
                    bound = [end for end, one in job.sources.items() if isinstance(one, FilesFrom)]
                    if (trigger.source and trigger.source not in bound) or not bound:
                        what = f"its source `{trigger.source}` reads none" if trigger.source else "no source of it reads any"
                        has = f"there is {', '.join(f'`{one}`' for one in bound)}" if bound else "bind a source to files"
                        yield self._at(WAITS_FOR_NOTHING, f"`{name}` waits for files, and {what}", here, "waits here", has)
                case _:
                    continue
        waited = {one.entity for one in job.triggers if one.kind == "status"}
        for end, told in job.sources.items():
            if isinstance(told, EntityFrom) and told.entity not in waited:
                yield from self._remembered(name, end, told.entity)

    def _followed(self, start: str) -> set[str]:
        """The jobs that a job starts after, and those that they do."""
        found, waiting = {start}, [start]
        while waiting:
            job = self._project.jobs.get(waiting.pop())
            for trigger in job.triggers if job is not None else ():
                if trigger.kind == "after-job" and trigger.job not in found:
                    found.add(trigger.job)
                    waiting.append(trigger.job)
        return found

    def _awaited(self, name: str, entity: str, field: str, statuses: tuple[str, ...], here: tuple[str | int, ...]) -> Iterator[Diagnostic]:
        from datahub.diagnostics.suggest import listed, nearest
        from datahub.project.rules_jobs import WAITS_FOR_NOTHING
        from datahub.types import model as t

        shapes = [shape for plan in self._plans.values() for shape in plan.entities if shape.name == entity and _makes(plan, entity)]
        if not shapes:
            known = sorted({output.entity for plan in self._plans.values() for output in plan.outputs})
            near = nearest(entity, known)
            has = f"did you mean `{near}`?" if near else f"they deliver {listed(known)}" if known else ""
            if len(self._plans) == len(self._project.jobs):
                message = f"`{name}` waits for `{entity}`, which no job delivers"
                yield self._at(WAITS_FOR_NOTHING, message, here, "waits here", has)
            return
        for shape in shapes[:1]:
            if not shape.key:
                message = f"`{name}` waits for a status of `{entity}`, which has no key"
                yield self._at(WAITS_FOR_NOTHING, message, here, "waits here", f"give `{entity}` a `key`, which tells its rows apart")
                return
            kinds = {one.name: t.base_of(one.type) for one in shape.fields}
            if field not in kinds:
                near = nearest(field, kinds)
                has = f'write `field = "{near}"`' if near else f"it has {listed(kinds)}; say which with `field`"
                yield self._at(WAITS_FOR_NOTHING, f"`{entity}` has no field `{field}` that `{name}` waits for", here, "waits here", has)
                return
            kind = kinds[field]
            for status in statuses if isinstance(kind, t.Enum) else ():
                if status not in kind.members:
                    near = nearest(status, kind.members)
                    has = f"did you mean `{near}`?" if near else f"there are {listed(kind.members)}"
                    message = f"`{entity}.{field}` is never `{status}`, for which `{name}` waits"
                    yield self._at(WAITS_FOR_NOTHING, message, here, "waits here", has)

    def _remembered(self, name: str, end: str, entity: str) -> Iterator[Diagnostic]:
        from datahub.project.rules_jobs import WAITS_FOR_NOTHING

        makers = [one for one, plan in self._plans.items() if _makes(plan, entity)]
        keeps = any(entity in self._project.jobs[one].remember or entity in self._plans[one].remembers for one in makers)
        waited = any(trigger.kind == "status" and trigger.entity == entity for job in self._project.jobs.values() for trigger in job.triggers)
        if keeps or waited or len(self._plans) < len(self._project.jobs):
            return
        advice = f'write `remember = ["{entity}"]` below `[jobs.{makers[0]}]`' if makers else "a job has to deliver it"
        message = f"`{name}` reads the rows of `{entity}`, which no job {'remembers' if makers else 'delivers'}"
        yield self._at(WAITS_FOR_NOTHING, message, ("jobs", name, "sources", end, "entity"), "reads nothing", advice)

    def _receivers(self, name: str, job: Job) -> Iterator[Diagnostic]:
        from datahub.project.rules_jobs import UNFIT_BINDING

        for one in job.notify:
            connection = self._project.connections.get(one.connection)
            if connection is None or connection.kind != "webhook":
                what = "is no connection" if connection is None else f"is of the kind `{connection.kind}`, which takes no messages"
                message = f"`{name}` tells `{one.connection}` how its runs end, which {what}"
                advice = "name a connection of the kind `webhook`"
                yield self._at(UNFIT_BINDING, message, ("jobs", name, "notify"), "named here", advice)

    def _addresses(self) -> Iterator[Diagnostic]:
        from datahub.project.rules_jobs import ADDRESS_TWICE

        taken: dict[str, str] = {}
        for name, job in self._project.jobs.items():
            for trigger in job.triggers:
                if trigger.kind != "webhook":
                    continue
                if trigger.path in taken:
                    message = f"`/hooks/{trigger.path}` starts two jobs, `{taken[trigger.path]}` and `{name}`"
                    advice = f'let `{name}` start after the other: `{{kind = "after-job", job = "{taken[trigger.path]}"}}`'
                    yield self._at(ADDRESS_TWICE, message, ("jobs", name, "triggers"), "taken already", advice)
                taken.setdefault(trigger.path, name)

    def _at(self, rule: Rule, message: str, path: tuple[str | int, ...], label: str, advice: str, *, key: bool = False) -> Diagnostic:
        from datahub.diagnostics.diagnostic import Diagnostic, Label

        span = self._places.key(path) if key else self._places.value(path)
        return Diagnostic(rule, message, Label(span, label), help=advice or None)


def _makes(plan: Plan, entity: str) -> bool:
    return any(output.entity == entity for output in plan.outputs)
