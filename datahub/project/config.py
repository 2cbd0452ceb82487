"""`dhm.toml` as one model: the project, what connections and jobs share, connections, jobs, packs."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, JsonValue, SerializeAsAny

from datahub.project.connection import Connection
from datahub.project.job import Job
from datahub.project.model import Config
from datahub.project.pack import PackRequirement
from datahub.project.schedule import zone_name


class ProjectHead(Config):
    """What the project is called, its clock, and where it keeps what it knows."""

    name: str
    """The name of the project, in reports and in the ledger."""
    description: str = ""
    """What a colleague should know of it."""
    timezone: Annotated[str, AfterValidator(zone_name)] = "UTC"
    """The time zone of `today()` and of schedules that name none."""
    state: str = ".dhm"
    """The folder of the ledger and of landed files, beside `dhm.toml`."""


class Defaults(Config):
    """`[defaults]`: what connections and jobs have that do not say otherwise."""

    connection: dict[str, dict[str, JsonValue]] = {}
    """By kind: `[defaults.connection.sftp]` holds for every connection whose kind is `sftp`."""
    job: dict[str, JsonValue] = {}
    """`[defaults.job]` holds for every job."""


def _requirement(value: Any) -> Any:
    return {"version": value} if isinstance(value, str) else value


class Project(Config):
    """A whole `dhm.toml`, with its environment laid on it."""

    project: ProjectHead
    defaults: Defaults = Defaults()
    connections: dict[str, SerializeAsAny[Connection]] = {}
    """Systems by name; scripts and jobs name them, and never a host."""
    jobs: dict[str, Job] = {}
    packs: dict[str, Annotated[PackRequirement, BeforeValidator(_requirement, json_schema_input_type=str | PackRequirement)]] = {}
    """Packs by name: a range of versions, or a table."""
