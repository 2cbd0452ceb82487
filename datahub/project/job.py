"""What a user declares of a job: what runs, on what, and where it goes."""

from __future__ import annotations

from pydantic import JsonValue, SerializeAsAny

from datahub.project.binding import From, To
from datahub.project.model import Config


class Job(Config):
    """One job: a mapping with its sources and targets bound."""

    mapping: str
    """The script, such as `mappings/offers.dhm`, or the name of what a pack exports."""
    flow: str = ""
    """The flow of the script, where it has several."""
    description: str = ""
    """What a colleague should know of it."""
    enabled: bool = True
    """Whether schedules and events start it; by hand it can always be run."""
    sources: dict[str, SerializeAsAny[From]] = {}
    """Where each source of the script comes from; what can be told is up to the kind of its connection."""
    targets: dict[str, SerializeAsAny[To]] = {}
    """Where each target of the script goes; likewise."""
    parameters: dict[str, JsonValue] = {}
    """Parameters of the script."""
