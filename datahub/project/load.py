"""Finds `dhm.toml`, lays an environment on it, and reads it into models; every mistake is a diagnostic at its place in the file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from datahub.diagnostics.diagnostic import Diagnostic, Emit
from datahub.diagnostics.suggest import nearest
from datahub.document import Document
from datahub.project.config import Project
from datahub.project.connection import Kinds
from datahub.project.failures import TerminalError
from datahub.project.folder import NAME as NAME
from datahub.project.folder import find as find
from datahub.project.layers import Layered, Layers
from datahub.project.reading import Lacking, Places, read
from datahub.project.rules import MISSING_KEY, UNDEFINED_REFERENCE
from datahub.project.secrets import Undefined, Vault
from datahub.records import record


@record(frozen=True, slots=True)
class Request:
    """What is read: the folder of `dhm.toml`, the environment laid on it, and what variables and `--set` say."""

    folder: Path
    env: str = ""
    variables: Mapping[str, str] | None = None
    set: tuple[tuple[str, str], ...] = ()


@record(frozen=True, slots=True)
class Loaded:
    """A project that was read, where each of its values comes from, and the vault that its secrets are fetched from."""

    project: Project
    folder: Path
    env: str
    vault: Vault
    layers: Layered
    lacking: Mapping[str, Sequence[Diagnostic]]
    """The connections that cannot be used here, for what they refer to is not there: by name, each with what that is."""

    def usable(self, name: str) -> None:
        """`TerminalError` where something is not there that a connection refers to."""
        for one in self.lacking.get(name, ()):
            raise Undefined(f"the connection `{name}` cannot be used: {one.message} ({one.at.span})", one.help or "")


def environments(folder: Path) -> list[str]:
    """The environments of the project in `folder`: each has a file `dhm.<environment>.toml`."""
    return sorted(path.name[len("dhm.") : -len(".toml")] for path in folder.glob("dhm.*.toml"))


def load(request: Request, kinds: Kinds, emit: Emit) -> Loaded | None:
    """The project that `request` asks for; None where an error was told.

    `TerminalError` where there is no such file or environment.
    """
    variables = os.environ if request.variables is None else request.variables
    layers = _layers(request, variables, emit)
    if layers is None:
        return None
    vault = Vault(variables, request.folder)
    lacking: Lacking = {}
    project = read(layers, vault, kinds, emit, lacking=lacking)
    return None if project is None else Loaded(project, request.folder, request.env, vault, layers, lacking)


def _layers(
    request: Request, variables: Mapping[str, str], emit: Emit, documents: dict[Path, Document | None] | None = None
) -> Layered | None:
    base = request.folder / NAME
    if not base.is_file():
        raise TerminalError(f"there is no `{NAME}` in `{request.folder}`", "`dhm init` makes one")
    layers = Layers(documents)
    good = layers.file(base, _shown(base), emit)
    if request.env:
        overlay = request.folder / f"dhm.{request.env}.toml"
        if not overlay.is_file():
            known = environments(request.folder)
            near = nearest(request.env, known)
            advice = f"did you mean `{near}`?" if near else f"it has {', '.join(known)}" if known else f"make it: `dhm.{request.env}.toml`"
            raise TerminalError(f"the project has no environment `{request.env}`", advice)
        good = layers.file(overlay, _shown(overlay), emit) and good
    layers.variables(variables)
    layers.assignments(request.set)
    return layers.result() if good else None


def _shown(path: Path) -> str:
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def check(folder: Path, kinds: Kinds) -> tuple[list[Diagnostic], list[Document]]:
    """What is wrong with the files of a project in themselves, each environment laid on them in turn; and those files.

    What the machine must have is not asked for: variables and secrets belong to the machine that runs the jobs.
    """
    found: list[Diagnostic] = []
    documents: dict[Path, Document | None] = {}
    known = environments(folder)
    for env in ("", *known):
        told: list[Diagnostic] = []
        layers = _layers(Request(folder, env, {}), {}, told.append, documents)
        if layers is not None:
            read(layers, Vault({}, folder), kinds, told.append)
        # What is missing may be left to the environments, as long as each of them has it.
        spared = {UNDEFINED_REFERENCE, MISSING_KEY} if known and not env else {UNDEFINED_REFERENCE}
        found += [one for one in told if one.rule not in spared and _once(one, found)]
    return found, [one for one in documents.values() if one is not None]


def not_here(folder: Path, kinds: Kinds, env: str = "") -> list[tuple[str, Diagnostic]]:
    """What the files of a project refer to that is not there on this machine, but for secrets: what cannot run for it, and the finding."""
    told: list[Diagnostic] = []
    layers = _layers(Request(folder, env), os.environ, told.append)
    lacking: Lacking = {}
    if layers is not None:
        read(layers, Vault(os.environ, folder), kinds, told.append, strict=False, lacking=lacking)
    found = [(f"what uses the connection `{name}` cannot run", one) for name, several in lacking.items() for one in several]
    return found + [("no job of the project can run", one) for one in told if one.rule is UNDEFINED_REFERENCE]


def _once(finding: Diagnostic, found: Sequence[Diagnostic]) -> bool:
    """Whether a finding is a new one: `dhm.toml` is read again for each environment."""
    place = (finding.rule, finding.at.span.document.path, finding.at.span.start)
    return place not in {(one.rule, one.at.span.document.path, one.at.span.start) for one in found}


def as_written(folder: Path, kinds: Kinds, env: str = "") -> tuple[Project, Places] | None:
    """The project as its files have it, and where its values stand, whatever is wrong with some; None where it cannot be read.

    `TerminalError` where there is no such environment.
    """
    layers = _layers(Request(folder, env, {}), {}, lambda _: None)
    project = None if layers is None else read(layers, Vault({}, folder), kinds, lambda _: None, strict=False)
    return None if layers is None or project is None else (project, Places(layers))
