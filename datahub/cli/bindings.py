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
    from datahub.project.trigger import StatusEntered


def binding_findings(folder: Path, env: str = "") -> list[Diagnostic]:
    """The findings of all jobs of the project in `folder` in an environment; scripts that do not compile have findings of their own."""
    from datahub.connectors import models
    from datahub.project.load import as_written

    made = as_written(folder, models(), env)
    if made is None:
        return []
    return list(_Bindings(folder, *made).findings())


class _Bindings:
    def __init__(self, folder: Path, project: Project, places: Places) -> None:
        self._folder, self._project, self._places = folder, project, places
        self._plans: dict[str, Plan] = {}

    def findings(self) -> Iterator[Diagnostic]:
        for name, job in self._project.jobs.items():
            yield from self._script(name, job)
        for name, job in self._project.jobs.items():
            own = list(self._own(name, job))
            yield from own or self._unfit(name)
        yield from self._addresses()

    def _own(self, name: str, job: Job) -> Iterator[Diagnostic]:
        if name in self._plans:
            yield from self._ends(name, job, self._plans[name])
            yield from self._parameters(name, job, self._plans[name])
            yield from self._own_files(name, job, self._plans[name])
        yield from self._triggers(name, job)
        yield from self._receivers(name, job)

    def _unfit(self, name: str) -> Iterator[Diagnostic]:
        """What else keeps a job from being bound, as its run would tell it."""
        from datahub.documents.told import BadTemplate
        from datahub.project.failures import DataHubError
        from datahub.project.load import Loaded
        from datahub.project.rules_jobs import UNFIT_BINDING
        from datahub.project.secrets import Vault
        from datahub.runner.jobs.bind import sources_read, targets_written, ways_of

        if name not in self._plans:
            return
        job, plan = self._project.jobs[name], self._plans[name]
        if any(one not in job.sources for one in sources_read(plan)) or any(one not in job.targets for one in targets_written(plan)):
            # What is wrong with one that is written down has been told.
            return
        named = {getattr(one, "connection", "") for one in (*job.sources.values(), *job.targets.values())} - {""}
        if not named <= set(self._project.connections):
            # So has what is wrong with a connection.
            return
        loaded = Loaded(self._project, self._folder, "", Vault({}, self._folder), self._places.layers, {})
        try:
            ways_of(loaded, name, self._plans[name])
        except BadTemplate:
            # It is told at its place in the template.
            return
        except DataHubError as problem:
            ends = [("sources", one) for one in job.sources] + [("targets", one) for one in job.targets]
            # The smallest place that is certain: the one end that the message names.
            named_ends = [end for end in ends if f"`{end[1]}`" in problem.message]
            place = ("jobs", name, *(named_ends[0] if len(named_ends) == 1 else ()))
            yield self._at(UNFIT_BINDING, problem.message, place, "bound here", problem.help)

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
                if end not in given and not self._written(name, f"{what}s", end):
                    message = f"`{name}` does not say where the {what} `{end}` {'comes from' if what == 'source' else 'goes'}"
                    advice = f'write `[jobs.{name}.{what}s.{end}]` with `connection = "…"`'
                    yield self._at(NOT_BOUND, message, ("jobs", name), "not bound", advice)
            for end in given:
                if end not in wanted:
                    near = nearest(end, [one for one in wanted if one not in given])
                    has = f"did you mean `{near}`?" if near else f"it has {listed(wanted)}" if wanted else f"it uses no {what}"
                    message = f"the script of `{name}` has no {what} `{end}` that is used"
                    yield self._at(BOUND_TO_NOTHING, message, ("jobs", name, f"{what}s", end), "bound here", has, key=True)

    def _own_files(self, name: str, job: Job, plan: Plan) -> Iterator[Diagnostic]:
        from datahub.cli.read_again import read_again
        from datahub.project.rules_jobs import READS_ITSELF, UNFIT_BINDING
        from datahub.runner.jobs.named_twice import named_twice

        for place, message, advice in read_again(name, job, plan):
            yield self._at(READS_ITSELF, message, ("jobs", name, *place), "left here", advice)
        for place, message, advice in named_twice(name, job, plan, self._project.connections, self._folder):
            yield self._at(UNFIT_BINDING, message, ("jobs", name, *place), "left here", advice)

    def _written(self, *path: str) -> bool:
        """Whether the project says something of it, be it wrong."""
        return self._places.setting(("jobs", *path)) is not None

    def _parameters(self, name: str, job: Job, plan: Plan) -> Iterator[Diagnostic]:
        from datahub.diagnostics.suggest import listed, nearest
        from datahub.project.rules_jobs import WRONG_PARAMETER
        from datahub.project.trigger import Webhook
        from datahub.runner.jobs.transform import text_of_parameter
        from datahub.runner.parameters import Unreadable, value_of

        known = {shape.name: shape for shape in plan.parameters}
        given: dict[str, tuple[str | int, ...]] = {one: ("jobs", name, "parameters", one) for one in job.parameters}
        for trigger in job.triggers:
            if isinstance(trigger, Webhook):
                given |= dict.fromkeys(trigger.parameters, ("jobs", name, "triggers"))
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
        from datahub.project.binding import EntityFrom
        from datahub.project.trigger import AfterJob, FileArrived, StatusEntered

        waited = set()
        for trigger in job.triggers:
            match trigger:
                case AfterJob(job=other):
                    yield from self._after(name, other)
                case StatusEntered():
                    waited.add(trigger.entity)
                    yield from self._awaited(name, trigger)
                    yield from self._read(name, job, trigger.entity)
                case FileArrived(source=source):
                    yield from self._arriving(name, job, source)
                case _:
                    continue
        for end, told in job.sources.items():
            if isinstance(told, EntityFrom) and told.entity not in waited:
                yield from self._remembered(name, end, told.entity)

    def _after(self, name: str, other: str) -> Iterator[Diagnostic]:
        from datahub.diagnostics.suggest import nearest
        from datahub.project.rules_jobs import NO_SUCH_JOB

        jobs, here = self._project.jobs, ("jobs", name, "triggers")
        if other not in jobs:
            near = nearest(other, jobs)
            has = f"did you mean `{near}`?" if near else f"there are {', '.join(jobs)}"
            yield self._at(NO_SUCH_JOB, f"`{name}` starts after `{other}`, which is no job", here, "named here", has)
        elif name in self._followed(other):
            message = f"`{name}` starts after `{other}`, and that after it" if other != name else f"`{name}` starts after itself"
            yield self._at(NO_SUCH_JOB, message, here, "comes back to it", "one of them has to be started by something else")

    def _read(self, name: str, job: Job, entity: str) -> Iterator[Diagnostic]:
        from datahub.project.binding import EntityFrom
        from datahub.project.rules_jobs import WAITS_FOR_NOTHING

        if not any(isinstance(one, EntityFrom) and one.entity == entity for one in job.sources.values()):
            message = f"`{name}` waits for `{entity}`, and no source of it reads that"
            advice = f'bind one: `sources.NAME.entity = "{entity}"`'
            yield self._at(WAITS_FOR_NOTHING, message, ("jobs", name, "triggers"), "nobody would read the rows", advice)

    def _arriving(self, name: str, job: Job, source: str) -> Iterator[Diagnostic]:
        from datahub.project.binding import FilesFrom
        from datahub.project.rules_jobs import WAITS_FOR_NOTHING

        bound = [end for end, one in job.sources.items() if isinstance(one, FilesFrom)]
        if bound and source in ("", *bound):
            return
        what = f"its source `{source}` reads none" if source else "no source of it reads any"
        has = f"there is {', '.join(f'`{one}`' for one in bound)}" if bound else "bind a source to files"
        yield self._at(WAITS_FOR_NOTHING, f"`{name}` waits for files, and {what}", ("jobs", name, "triggers"), "waits here", has)

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

    def _awaited(self, name: str, trigger: StatusEntered) -> Iterator[Diagnostic]:
        from datahub.diagnostics.suggest import listed, nearest
        from datahub.plan.asked import delivered
        from datahub.project.rules_jobs import WAITS_FOR_NOTHING
        from datahub.types import model as t

        entity, field, here = trigger.entity, trigger.field, ("jobs", name, "triggers")
        shape = next((one for plan in self._plans.values() for one in plan.entities if one.name == entity and _makes(plan, entity)), None)
        if shape is None:
            if self._all_known:
                known = sorted({made for plan in self._plans.values() for made in delivered(plan)})
                near = nearest(entity, known)
                has = f"did you mean `{near}`?" if near else f"they deliver {listed(known)}" if known else ""
                yield self._at(WAITS_FOR_NOTHING, f"`{name}` waits for `{entity}`, which no job delivers", here, "waits here", has)
            return
        if not shape.key:
            message = f"`{name}` waits for a status of `{entity}`, which has no key"
            yield self._at(WAITS_FOR_NOTHING, message, here, "waits here", f"give `{entity}` a `key`, which tells its rows apart")
            return
        kinds = {one.name: t.base_of(one.type) for one in shape.fields}
        if field not in kinds:
            near = nearest(field, kinds)
            has = f'write `field = "{near}"`' if near else f"it has {listed(kinds)}; say which with `field`"
            yield self._at(WAITS_FOR_NOTHING, f"`{entity}` has no field `{field}`, for which `{name}` waits", here, "waits here", has)
            return
        kind = kinds[field]
        if isinstance(kind, t.Enum):
            for status in (*trigger.statuses, *trigger.again):
                if status not in kind.members:
                    near = nearest(status, kind.members)
                    has = f"did you mean `{near}`?" if near else f"there are {listed(kind.members)}"
                    message = f"`{entity}.{field}` is never `{status}`, for which `{name}` waits"
                    yield self._at(WAITS_FOR_NOTHING, message, here, "waits here", has)

    def _remembered(self, name: str, end: str, entity: str) -> Iterator[Diagnostic]:
        from datahub.project.rules_jobs import WAITS_FOR_NOTHING
        from datahub.runner.jobs.watching import watched

        jobs = self._project.jobs
        makers = [one for one, plan in self._plans.items() if _makes(plan, entity)]
        keeps = any(entity in (*jobs[one].remember, *self._plans[one].remembers) for one in makers)
        if keeps or any(one.entity == entity for one in watched(jobs)) or not self._all_known:
            return
        advice = f'write `remember = ["{entity}"]` below `[jobs.{makers[0]}]`' if makers else "a job has to deliver it"
        message = f"`{name}` reads the rows of `{entity}`, which no job {'remembers' if makers else 'delivers'}"
        yield self._at(WAITS_FOR_NOTHING, message, ("jobs", name, "sources", end, "entity"), "reads nothing", advice)

    @property
    def _all_known(self) -> bool:
        """Whether the scripts of all jobs were understood; else nobody can say what none of them does."""
        return len(self._plans) == len(self._project.jobs)

    def _receivers(self, name: str, job: Job) -> Iterator[Diagnostic]:
        from datahub.project.rules_jobs import UNFIT_BINDING

        for one in job.notify:
            # As it is written: what it refers to need not be there.
            table = self._places.layers.values.get("connections", {}).get(one.connection)
            kind = table.get("kind") if isinstance(table, dict) else None
            if kind != "webhook":
                what = "that is no connection" if kind is None else f"a connection of the kind `{kind}` takes no messages"
                message = f"`{name}` tells `{one.connection}` how its runs end, and {what}"
                advice = "name a connection of the kind `webhook`"
                yield self._at(UNFIT_BINDING, message, ("jobs", name, "notify"), "named here", advice)

    def _addresses(self) -> Iterator[Diagnostic]:
        from datahub.project.rules_jobs import ADDRESS_TWICE, SHARED_TOKEN
        from datahub.project.trigger import Webhook

        taken: dict[str, str] = {}
        for name, job in self._project.jobs.items():
            for number, trigger in enumerate(job.triggers):
                if not isinstance(trigger, Webhook):
                    continue
                if trigger.signature == "token":
                    message = f"messages to `/hooks/{trigger.path}` prove nothing but that somebody knows a token"
                    advice = (
                        "let the sender sign: `signature` is `standard`, `stripe` or `github`; where it cannot, a comment says why: "
                        '`# dhm: allow DHM939 because "…"`'
                    )
                    several = [("jobs", name, "triggers", number, "signature"), ("jobs", name, "triggers", "signature")]
                    place = next((one for one in several if self._places.setting(one) is not None), several[0])
                    yield self._at(SHARED_TOKEN, message, place, "whoever sees one message can send others", advice)
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
    from datahub.plan.asked import delivered

    return entity in delivered(plan)
