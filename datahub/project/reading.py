"""Values of all layers into models: connections by their kinds, bindings by the kinds of their connections, then the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.diagnostics.rule import Severity
from datahub.diagnostics.suggest import nearest
from datahub.document import Document, Span
from datahub.project import given_names
from datahub.project.binding import EntityFrom, From, To
from datahub.project.config import Project
from datahub.project.connection import Connection, Kinds
from datahub.project.job import Job
from datahub.project.layers import Layered, Setting
from datahub.project.literals import literal_secrets
from datahub.project.model import Config
from datahub.project.places import Path
from datahub.project.rules import INSECURE, UNDEFINED_REFERENCE, UNKNOWN_CONNECTION, UNKNOWN_KIND, WRONG_VALUE
from datahub.project.secrets import Undefined, Vault
from datahub.project.told import Where, all_told, missing, unknown

_Model = TypeVar("_Model", bound=Config)


Lacking: TypeAlias = dict[str, list[Diagnostic]]
"""Connections that nothing else is wrong with but that something which they refer to is not there, and what that is."""


def read(layers: Layered, vault: Vault, kinds: Kinds, emit: Emit, *, strict: bool = True, lacking: Lacking | None = None) -> Project | None:
    """The project that the layers make; None where `emit` was told an error, unless `strict` is false: then what could be read.

    Connections that lack something are left out and told in `lacking`, where that is given: they concern only what uses them.
    """
    reading = _Reading(layers, vault, kinds, emit, lacking)
    project = reading.project()
    return None if strict and reading.errors else project


class _Reading:
    """One reading; counts the errors that it tells, each once."""

    def __init__(self, layers: Layered, vault: Vault, kinds: Kinds, emit: Emit, lacking: Lacking | None) -> None:
        self._layers, self._vault, self._kinds, self._out, self._lacked = layers, vault, kinds, emit, lacking
        self._told: set[tuple[str, str, int]] = set()
        self._places = Places(layers)
        self._where = Where(self._places.value, self._places.key)
        self.errors = 0

    def project(self) -> Project | None:
        values = with_defaults(self._layers.values)
        # What is no table of tables stays, for the model of the whole to tell.
        tables = values.pop("connections") if isinstance(values.get("connections"), dict) else {}
        jobs = values.pop("jobs") if isinstance(values.get("jobs"), dict) else {}
        for part, several in (("connections", tables), ("jobs", jobs)):
            for name in several:
                if wrong := given_names.unfit(name):
                    what = f"the name of a {part.removesuffix('s')} {wrong}"
                    self._emit(Diagnostic(WRONG_VALUE, what, Label(self._places.key((part, name)), "here"), help=given_names.HELP))
        connections = {name: read for name, table in tables.items() if (read := self._connection(name, table)) is not None}
        for name, one in connections.items():
            if says := one.unprotected():
                label = Label(self._places.value(("connections", name, *says)), "everyone between can read and change what travels")
                advice = 'let it travel by TLS or SSH; where that cannot be, a comment says why: `# dhm: allow DHM929 because "…"`'
                self._emit(Diagnostic(INSECURE, f"the connection `{name}` is not protected", label, help=advice))
        self._defaults(values.get("defaults"))
        kinds = {name: self._kind(table) for name, table in tables.items()}
        read_jobs = {name: job for name, table in jobs.items() if (job := self._job(name, table, kinds)) is not None}
        for finding in literal_secrets(self._layers.values, self._layers.settings):
            self._emit(finding)
        project = self._model(Project, values, ())
        # Taken as they are: their own models have read them.
        return project and project.model_copy(update={"connections": connections, "jobs": read_jobs})

    def _kind(self, table: Any) -> type[Connection] | None:
        kind = table.get("kind") if isinstance(table, dict) else None
        try:
            return self._kinds.get(self._vault.fill(kind)) if isinstance(kind, str) else None
        except Undefined:
            return None

    def _connection(self, name: str, table: Any) -> Connection | None:
        at: Path = ("connections", name)
        model = self._kind(table)
        kind = table.get("kind") if isinstance(table, dict) else None
        if model is None and isinstance(kind, str):
            self._no_kind(kind, self._places.value((*at, "kind")))
            return None
        if model is None and isinstance(table, dict) and kind is None:
            # What else it has belongs to its kind.
            self._lacking("kind", table, at, self._of_kinds(table))
            return None
        return self._model(model or Connection, table, at, lacks=name)

    def _no_kind(self, kind: str, at: Span) -> None:
        near = nearest(kind, self._kinds)
        advice = f"did you mean `{near}`?" if near else f"it is one of {', '.join(sorted(self._kinds))}"
        self._emit(Diagnostic(UNKNOWN_KIND, f"`{kind}` is no kind of connection", Label(at, "no connector is called so"), help=advice))

    def _lacking(self, key: str, table: Mapping[str, Any], at: Path, advice: str = "") -> None:
        """A table without the key that says what it is; where that is misspelt, it is told as such."""
        misspelt = nearest(key, table)
        told = unknown((*at, misspelt), [key], self._where) if misspelt else missing((*at, key), self._where, advice)
        self._emit(told)

    def _of_kinds(self, table: Mapping[str, Any]) -> str:
        """Which kinds have all the keys of a table."""
        fitting = sorted(kind for kind, model in self._kinds.items() if set(table) <= set(model.model_fields))
        return " or ".join(f'`kind = "{one}"`' for one in fitting[:3]) + " has these keys" if table and fitting else ""

    def _defaults(self, defaults: Any) -> None:
        """What `[defaults]` says of no kind, or by a key that no such table has, would be a setting that does nothing."""
        tables = _tables(_tables(defaults).get("connection"))
        for kind, table in tables.items():
            model = self._kinds.get(kind)
            if model is None:
                self._no_kind(kind, self._places.key(("defaults", "connection", kind)))
                continue
            for key in sorted(set(_tables(table)) - set(model.model_fields)):
                self._emit(unknown(("defaults", "connection", kind, key), list(model.model_fields), self._where))
        for key in sorted(set(_tables(_tables(defaults).get("job"))) - set(Job.model_fields)):
            self._emit(unknown(("defaults", "job", key), list(Job.model_fields), self._where))

    def _job(self, name: str, table: Any, kinds: Mapping[str, type[Connection] | None]) -> Job | None:
        rest = dict(table) if isinstance(table, dict) else table
        sides: dict[str, dict[str, Config]] = {}
        for side in ("sources", "targets"):
            ends = _tables(rest.pop(side, {})) if isinstance(rest, dict) else {}
            bound = {end: self._binding(("jobs", name, side, end), one, kinds) for end, one in ends.items()}
            sides[side] = {end: one for end, one in bound.items() if one is not None}
        rejects = rest.pop("rejects", None) if isinstance(rest, dict) else None
        bound_rejects = None if rejects is None else self._binding(("jobs", name, "rejects"), rejects, kinds)
        job = self._model(Job, rest, ("jobs", name))
        return job and job.model_copy(update={**sides, "rejects": bound_rejects})

    def _binding(self, at: Path, table: Any, kinds: Mapping[str, type[Connection] | None]) -> Config | None:
        source = at[2] == "sources"
        name = table.get("connection") if isinstance(table, dict) else None
        if source and name is None and isinstance(table, dict) and "entity" in table:
            return self._model(EntityFrom, table, at)
        if name is None and isinstance(table, dict):
            self._lacking("connection", table, at)
            return None
        if not isinstance(name, str):
            return self._model(From if source else To, table, at)
        here = Label(self._places.value((*at, "connection")), "not below `[connections]`")
        if name not in kinds:
            near = nearest(name, kinds)
            advice = f"did you mean `{near}`?" if near else f"declare it: `[connections.{name}]`"
            self._emit(Diagnostic(UNKNOWN_CONNECTION, f"there is no connection `{name}`", here, help=advice))
            return None
        kind = kinds[name]
        if kind is None:
            # What is wrong with the connection has been told.
            return None
        model: type[Config] | None = kind.reads if source else kind.writes
        if model is None:
            label = Label(here.span, "a source cannot be read from it" if source else "a target cannot be written to it")
            word = self._layers.values["connections"][name]["kind"]
            self._emit(Diagnostic(WRONG_VALUE, f"a connection of kind `{word}` gives no {'rows' if source else 'place for rows'}", label))
            return None
        return self._model(model, table, at)

    def _model(self, model: type[_Model], value: Any, at: Path, *, lacks: str = "") -> _Model | None:
        """A value as its model; `lacks` is the connection that it is, which may be left out."""
        try:
            return model.model_validate(value, context={"vault": self._vault})
        except ValidationError as problem:
            found = list(all_told(problem.errors(include_url=False, include_input=False), model, value, at, self._where))
            if lacks and self._lacked is not None and all(one.rule is UNDEFINED_REFERENCE for one in found):
                self._lacked[lacks] = found
                return None
            for finding in found:
                self._emit(finding)
            return None

    def _emit(self, finding: Diagnostic) -> None:
        span = finding.at.span
        place = (finding.rule.code, span.document.path, span.start)
        if place in self._told:
            return
        self._told.add(place)
        self.errors += finding.level is Severity.ERROR
        self._out(finding)


class Places:
    """Where values stand, by their paths; what stands nowhere is shown at the nearest table around it."""

    def __init__(self, layers: Layered) -> None:
        self.layers = layers
        self._document = next((one.place.key.document for one in layers.settings.values()), Document("dhm.toml", ""))

    def value(self, path: Path) -> Span:
        return self._at(path, lambda setting: setting.place.value)

    def key(self, path: Path) -> Span:
        return self._at(path, lambda setting: setting.place.key)

    def setting(self, path: Path) -> Setting | None:
        """What sets the value at `path`: a layer, or a default of its kind."""
        found = self.layers.settings.get(path)
        if found is not None:
            return found
        match path:
            case ("connections", str(name), *rest) if rest:
                table = self.layers.values.get("connections", {}).get(name)
                kind = table.get("kind") if isinstance(table, dict) else None
                return self.layers.settings.get(("defaults", "connection", str(kind), *rest))
            case ("jobs", str(), *rest) if rest:
                return self.layers.settings.get(("defaults", "job", *rest))
            case _:
                return None

    def _within(self, path: Path) -> Setting | None:
        """What sets something in the table at `path`: one that a variable or the command line makes stands nowhere itself."""
        return next((one for below, one in self.layers.settings.items() if below[: len(path)] == path), None)

    def _at(self, path: Path, part: Callable[[Setting], Span]) -> Span:
        for length in range(len(path), 0, -1):
            setting = self.setting(path[:length]) or self._within(path[:length])
            if setting is not None:
                return part(setting) if length == len(path) else setting.place.key
        return Span(self._document, 0, 0)


def with_defaults(layered: Mapping[str, Any]) -> dict[str, Any]:
    """The values with `[defaults.connection.KIND]` and `[defaults.job]` where nothing else is said."""
    values = dict(layered)
    defaults = _tables(values.get("defaults", {}))
    by_kind = _tables(defaults.get("connection", {}))
    values |= {
        "connections": _each(values.get("connections", {}), lambda table: by_kind.get(str(table.get("kind")), {})),
        "jobs": _each(values.get("jobs", {}), lambda _: defaults.get("job", {})),
    }
    return values


def _each(tables: Any, default: Callable[[Mapping[str, Any]], Any]) -> Any:
    if not isinstance(tables, dict):
        return tables
    return {name: _under(default(table), table) if isinstance(table, dict) else table for name, table in tables.items()}


def _under(defaults: Any, table: Mapping[str, Any]) -> dict[str, Any]:
    """A table laid on its defaults, tables in it key by key."""
    both = dict(_tables(defaults))
    for key, value in table.items():
        both[key] = _under(both.get(key), value) if isinstance(value, dict) else value
    return both


def _tables(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
