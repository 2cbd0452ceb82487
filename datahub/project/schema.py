"""`dhm.toml` as a JSON Schema, for editors: the models, with each kind of connection and what jobs tell of each."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from datahub.project.binding import EntityFrom
from datahub.project.config import Project
from datahub.project.connection import Kinds
from datahub.project.given_names import PATTERN

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema(kinds: Kinds) -> dict[str, Any]:
    """The schema of a whole project file, whose connections may be of `kinds`."""
    models: list[Any] = [Project, EntityFrom, *kinds.values()]
    models += [one for kind in kinds.values() for one in (kind.reads, kind.writes) if one is not None]
    named, whole = models_json_schema([(one, "validation") for one in dict.fromkeys(models)], ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = whole["$defs"]
    names = {model: reference["$ref"] for (model, _), reference in named.items()}
    project = definitions.pop("Project")
    for definition in definitions.values():
        _referable(definition.get("properties", {}))
        if "const" in definition.get("properties", {}).get("kind", {}):
            # What tells the tables of one key apart must be there.
            definition["required"] = sorted({"kind", *definition.get("required", [])})
    needed = {kind: _loosened(definitions[names[model].rpartition("/")[2]]) for kind, model in kinds.items()}
    needed_of_jobs = _loosened(definitions["Job"])
    kept = {"anyOf": [{"$ref": names[model], "required": ["kind"]} for model in kinds.values()]}
    project["properties"]["connections"] |= {"additionalProperties": kept, "propertyNames": {"pattern": PATTERN}}
    project["properties"]["jobs"]["propertyNames"] = {"pattern": PATTERN}
    definitions["Defaults"]["properties"]["connection"] |= {
        "properties": {kind: {"$ref": names[model]} for kind, model in kinds.items()},
        "additionalProperties": False,
    }
    definitions["Defaults"]["properties"]["job"] = {
        "$ref": "#/$defs/Job",
        "description": definitions["Defaults"]["properties"]["job"]["description"],
    }
    for side, which in (("sources", "reads"), ("targets", "writes")):
        ends = dict.fromkeys(getattr(kind, which) for kind in kinds.values())
        references = [{"$ref": names[one]} for one in ends if one is not None]
        # What the project remembers is read without a connection.
        references += [{"$ref": names[EntityFrom]}] if side == "sources" else []
        definitions["Job"]["properties"][side]["additionalProperties"] = {"anyOf": references}
    rejects = [{"$ref": names[one]} for one in dict.fromkeys(kind.writes for kind in kinds.values()) if one is not None]
    definitions["Job"]["properties"]["rejects"]["anyOf"] = [*rejects, {"type": "null"}]
    return {
        "$schema": _DRAFT,
        "title": "dhm.toml",
        "$defs": definitions,
        **{key: project[key] for key in project if key != "title"},
        **_whole(needed, needed_of_jobs),
    }


def _loosened(definition: dict[str, Any]) -> list[str]:
    """Take from a table that others can lie under what it must have, and give it back."""
    return [one for one in definition.pop("required", []) if one != "kind"]


def _whole(connections: dict[str, list[str]], jobs: list[str]) -> dict[str, Any]:
    """What must be there where no `[defaults]` can have it."""
    each = [
        {"if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]}, "then": {"required": needed}}
        for kind, needed in connections.items()
        if needed
    ]
    tables = {"connections": {"additionalProperties": {"allOf": each}}, "jobs": {"additionalProperties": {"required": jobs}}}
    return {"if": {"required": ["defaults"]}, "else": {"properties": tables}}


def _referable(properties: dict[str, Any]) -> None:
    """What is no text may be given by a reference, which is text."""
    for name, one in properties.items():
        plain = one.get("type") in ("integer", "number", "boolean")
        if plain or "enum" in one:
            told = {key: one.pop(key) for key in ("title", "description", "default") if key in one}
            properties[name] = {**told, "anyOf": [one, {"type": "string", "pattern": r"\$\{(env|file):[^}]+\}"}]}
