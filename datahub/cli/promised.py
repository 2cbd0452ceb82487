"""What `dhm check` tells of the jobs that run the scripts it checked: which promise each of their targets gets."""

from __future__ import annotations

import re
import sys
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from datahub.cli.output import Paint, Stop, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from datahub.document import Document
    from datahub.plan.operators import Plan
    from datahub.project.job import Job
    from datahub.project.load import Loaded
    from datahub.semantic.ir import Program

_OF_A_RUN = re.compile(r"\{\{\s*(RUN|TIMESTAMP|DATE)\s*\}\}", re.IGNORECASE)
"""What tells the name of a run's file from those of others."""


def promised(programs: Sequence[tuple[Document, Program]], *, told: bool = False, env: str = "") -> int:
    """Tell it for each job of the project around, and how many of them bind their script wrongly; `told`: the findings have said so."""
    from datahub.cli.mappings import PACK
    from datahub.cli.project import plan_of
    from datahub.project.folder import find

    folder = find(Path.cwd())
    if folder is None or not (programs or told):
        return 0
    loaded = _loaded(folder, env)
    if loaded is None:
        return 0
    wrong = 0
    checked = {Path(document.path).resolve(): program for document, program in programs}
    for name, job in loaded.project.jobs.items():
        program = checked.get((folder / job.mapping).resolve())
        if program is not None:
            wrong += _job(loaded, name, partial(_lowered, program, job), told)
        elif told and job.mapping.startswith(PACK):
            # What is wrong with a pack is told by the findings, as what is wrong with its binding.
            with suppress(Stop):
                wrong += _job(loaded, name, partial(plan_of, loaded, name), told)
    if told:
        _orphans(loaded)
    return wrong


def _orphans(loaded: Loaded) -> None:
    """Tell of runs that a job without its name would leave behind, where there is a ledger that can be looked into."""
    from datahub.cli.queued import orphaned, orphans
    from datahub.runner.jobs.bind import folders_of
    from datahub.state.opening import opened
    from datahub.state.store import LedgerUnusable

    path = folders_of(loaded).ledger
    if not path.exists():
        return
    # What is wrong with the ledger is for whoever runs something.
    with suppress(LedgerUnusable), closing(opened(path, look=True)) as store:
        for run in orphans(store, loaded.project.jobs):
            say(f"{Paint(sys.stderr)('1;33', 'warning')}: run {run.id} is not done: {orphaned(run)}")


def _lowered(program: Program, job: Job) -> Plan:
    from datahub import compiler
    from datahub.plan.lower import lower
    from datahub.plan.optimize import optimize

    return optimize(lower(program, compiler.chosen(program, job.flow or None)))


def _loaded(folder: Path, env: str) -> Loaded | None:
    """The project, if it can be read without what only its place of work has: secrets, variables."""
    from datahub.connectors import models
    from datahub.project.failures import DataHubError
    from datahub.project.load import Request, load

    try:
        return load(Request(folder, env), models(), lambda _: None)
    except DataHubError as problem:
        if env:
            # What was typed names none that there is.
            raise Stop(problem.message, problem.help) from problem
        return None


def _job(loaded: Loaded, name: str, made: Callable[[], Plan], told: bool) -> int:
    from datahub.project.failures import DataHubError
    from datahub.runner.jobs.bind import ways_of
    from datahub.runner.jobs.halves import halves
    from datahub.runner.jobs.promise import promises

    job, paint = loaded.project.jobs[name], Paint(sys.stderr)
    ends = (*job.sources.values(), *job.targets.values(), *job.notify, job.rejects)
    if any(getattr(one, "connection", "") in loaded.lacking for one in ends):
        # What its connections refer to belongs to the machine that runs it.
        return 0
    try:
        plan = made()
        ways = ways_of(loaded, name, plan)
        for promise in promises(job, ways, plan):
            say(f"{paint('1', f'job {name}')}: {promise.told}")
        for target in _one_name(job):
            said = f"job {name}: `{target}` gets a file of the same name from every run, and fails where the last is still there"
            say(f"{paint('1;33', 'warning')}: {said}")
            say(f'  {paint("1", "help")}: put `{{{{RUN}}}}` or `{{{{TIMESTAMP}}}}` into `name`, or say `exists = "replace"` or `"number"`')
        for half in halves(ways, plan):
            may = f"an API may take some of an `{half.owner}` with its `{half.owned}` and refuse others"
            say(f"{paint('1;33', 'warning')}: job {name}: `{half.target}` is sent rows, and {may}")
            say(f'  {paint("1", "help")}: where it takes them whole, write both to one target that is sent as `document = "json"`')
    except (LookupError, DataHubError) as problem:
        if told:
            return 0
        message = problem.message if isinstance(problem, DataHubError) else str(problem.args[0])
        say(f"{paint('1;31', 'error')}: job {name}: {message}")
        if isinstance(problem, DataHubError) and problem.help:
            say(f"  {paint('1', 'help')}: {problem.help}")
        return 1
    return 0


def _one_name(job: Job) -> tuple[str, ...]:
    """The targets of a job that runs by itself to which each run brings a file of one name that must not be there."""
    from datahub.project.binding import FilesTo

    if not job.schedule and not job.triggers:
        return ()
    files = [(target, told) for target, told in job.targets.items() if isinstance(told, FilesTo) and not told.documents]
    return tuple(target for target, told in files if told.exists == "fail" and not _OF_A_RUN.search(told.name))
