"""`dhm.toml` as a JSON Schema, for editors: the models, with each kind of connection and what jobs tell of each."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from datahub.project.config import Project
from datahub.project.connection import Kinds

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema(kinds: Kinds) -> dict[str, Any]:
    """The schema of a whole project file, whose connections may be of `kinds`."""
    models: list[Any] = [Project, *kinds.values()]
    models += [one for kind in kinds.values() for one in (kind.reads, kind.writes) if one is not None]
    named, whole = models_json_schema([(one, "validation") for one in dict.fromkeys(models)], ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = whole["$defs"]
    names = {model: reference["$ref"] for (model, _), reference in named.items()}
    project = definitions.pop("Project")
    connections = {"anyOf": [{"$ref": names[model]} for model in kinds.values()]}
    project["properties"]["connections"]["additionalProperties"] = connections
    for side, which in (("sources", "reads"), ("targets", "writes")):
        ends = dict.fromkeys(getattr(kind, which) for kind in kinds.values())
        definitions["Job"]["properties"][side]["additionalProperties"] = {
            "anyOf": [{"$ref": names[one]} for one in ends if one is not None]
        }
    for model in kinds.values():
        _required(definitions[names[model].rpartition("/")[2]])
    for definition in definitions.values():
        _referable(definition.get("properties", {}))
    # The head of a project may stand in an overlay: what is required is required of the whole, not of one file.
    return {"$schema": _DRAFT, "title": "dhm.toml", "$defs": definitions, **{key: project[key] for key in project if key != "title"}}


def _referable(properties: dict[str, Any]) -> None:
    """What is no text may be given by a reference, which is text."""
    for name, one in properties.items():
        plain = one.get("type") in ("integer", "number", "boolean")
        if plain:
            told = {key: one.pop(key) for key in ("title", "description", "default") if key in one}
            properties[name] = {**told, "anyOf": [one, {"type": "string", "pattern": r"\$\{(env|file):[^}]+\}"}]}


def _required(definition: dict[str, Any]) -> None:
    """A `kind` that is fixed tells the models apart, so it must be there."""
    definition["required"] = sorted({"kind", *definition.get("required", [])})
