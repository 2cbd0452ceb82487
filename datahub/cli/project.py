"""The project around a command: found, read with its environment, and what is wrong with it told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datahub.cli.output import Exit, Stop, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datahub.diagnostics.diagnostic import Diagnostic
    from datahub.plan.operators import Plan
    from datahub.project.load import Loaded
    from datahub.state.store import StateStore


def project(env: str = "", start: Path | None = None, given: Sequence[str] = ()) -> Loaded:
    """The project at or above the folder the command is typed in; what is wrong with it ends the command.

    `given` are values of single keys, as `connections.erp.host=localhost`.
    """
    from datahub.cli.inputs import pairs
    from datahub.connectors import models
    from datahub.project.failures import TerminalError
    from datahub.project.load import Request, find, load

    folder = find(start or Path.cwd())
    if folder is None:
        raise Stop("there is no `dhm.toml` here or above", "`cd` to the project, or make one: `dhm init`")
    found: list[Diagnostic] = []
    assignments = tuple(pairs(given, "--set", "connections.NAME.KEY=VALUE").items())
    try:
        loaded = load(Request(folder, env, set=assignments), models(), found.append)
    except TerminalError as problem:
        raise Stop(problem.message, problem.help) from problem
    if loaded is None:
        from datahub.cli.complaints import complain
        from datahub.diagnostics.rule import Severity

        errors = [one for one in found if one.level is Severity.ERROR]
        # What is only warned of stands in the way of nothing, and would bury what does.
        complain(errors)
        files = dict.fromkeys(Path(one.at.span.document.path).name for one in errors)
        wrong = f"{' and '.join(f'`{one}`' for one in files)} {'has' if len(files) == 1 else 'have'} {counted(len(errors), 'mistake')}"
        warned = len(found) - len(errors)
        raise Stop(wrong, f"`dhm check` tells of {counted(warned, 'warning')} besides" if warned else "")
    return loaded


def plan_of(loaded: Loaded, name: str) -> Plan:
    """The plan of a job's script."""
    from datahub.cli.compiled import compiled_document
    from datahub.cli.mappings import NoMapping, mapping_of
    from datahub.packs.folders import Folders
    from datahub.project.failures import TerminalError
    from datahub.runner.jobs.bind import job_of

    try:
        job = job_of(loaded, name)
    except TerminalError as problem:
        raise Stop(problem.message, problem.help) from problem
    loader = Folders()
    try:
        document = mapping_of(loaded.folder, job.mapping, loader)
    except NoMapping as problem:
        raise Stop(f"the job `{name}`: {problem.message}", problem.help) from problem
    return compiled_document(document, loader, job.flow).plan


def ledger(loaded: Loaded) -> StateStore:
    """The ledger of the project's environment; what stands in its way ends the command, with the way out."""
    from datahub.runner.jobs.bind import folders_of
    from datahub.state.opening import opened
    from datahub.state.store import LedgerUnusable

    try:
        return opened(folders_of(loaded).ledger)
    except LedgerUnusable as problem:
        raise Stop(problem.message, problem.help, code=Exit.LATER if problem.later else Exit.WRONG) from problem
