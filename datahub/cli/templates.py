"""What is wrong with the templates that the jobs of a project make documents with, each mistake at its place in the template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datahub.diagnostics.diagnostic import Diagnostic
    from datahub.document import Document, Span
    from datahub.documents.told import BadTemplate, Problem
    from datahub.plan.operators import Plan
    from datahub.project.binding import DocumentsTo
    from datahub.project.job import Job


def template_findings(folder: Path, env: str = "") -> list[Diagnostic]:
    """The findings of all templates of the project in `folder` in an environment; scripts have findings of their own."""
    from datahub.connectors import models
    from datahub.project.binding import DocumentsTo
    from datahub.project.load import as_written

    made = as_written(folder, models(), env)
    if made is None:
        return []
    project, places = made
    found: list[Diagnostic] = []
    for name, job in project.jobs.items():
        told = {target: one for target, one in job.targets.items() if isinstance(one, DocumentsTo) and one.documents}
        plan = _plan(folder, job) if told else None
        if plan is None:
            continue
        for target, one in told.items():
            at = places.value(("jobs", name, "targets", target, "template" if one.template else "document"))
            found += [finding for finding in _of(folder, target, one, plan, at) if finding not in found]
    return found


def _plan(folder: Path, job: Job) -> Plan | None:
    from datahub.cli.scripts import Unreadable, read
    from datahub.compiler import compile
    from datahub.packs.folders import Folders

    path, loader = folder / job.mapping, Folders()
    document = read(path, loader) if path.is_file() else None
    if document is None or isinstance(document, Unreadable):
        return None
    try:
        return compile(document, loader, lambda _: None, job.flow or None)
    except LookupError:
        return None


def _of(folder: Path, target: str, told: DocumentsTo, plan: Plan, at: Span) -> Iterator[Diagnostic]:
    from datahub.diagnostics.diagnostic import Diagnostic, Label
    from datahub.documents.told import BadTemplate
    from datahub.project.failures import TerminalError
    from datahub.project.rules import WRONG_TEMPLATE
    from datahub.runner.jobs.bind import targets_written
    from datahub.runner.jobs.documents import documents_of, entities_of

    # What the script does not write is told of with the job's targets.
    if target in targets_written(plan) and entities_of(plan, target):
        try:
            documents_of(target, told, plan, folder)
        except BadTemplate as problem:
            yield from _in_template(folder, problem)
        except TerminalError as problem:
            yield Diagnostic(WRONG_TEMPLATE, problem.message, Label(at, "asked for here"), help=problem.help or None)


def _in_template(folder: Path, problem: BadTemplate) -> Iterator[Diagnostic]:
    from datahub.diagnostics.diagnostic import Diagnostic, Label
    from datahub.document import Document
    from datahub.project.rules import WRONG_TEMPLATE

    path = folder / problem.path
    document = Document(path.as_posix(), path.read_text(encoding="utf-8-sig"))
    for one in problem.problems:
        yield Diagnostic(WRONG_TEMPLATE, one.message, Label(_place(document, one), "here"), help=one.help or None)


def _place(document: Document, one: Problem) -> Span:
    """The word on its line, or what is written on the line."""
    from datahub.document import Span

    line = min(one.line, len(document.line_starts))
    text, start = document.line(line), document.line_starts[line - 1]
    found = text.find(one.word) if one.word else -1
    if found >= 0:
        return Span(document, start + found, start + found + len(one.word))
    indent = len(text) - len(text.lstrip())
    return Span(document, start + indent, start + max(len(text.rstrip()), indent))
