"""What a user declares of a job: what runs, on what, and where it goes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, SerializeAsAny

from datahub.project.binding import From, To
from datahub.project.model import Config
from datahub.project.policy import Guards, Notify, Overlap, Retention, Retry, Tolerance
from datahub.project.schedule import Schedules
from datahub.project.sizes import Size
from datahub.project.trigger import Triggers, several


class Job(Config):
    """One job: a mapping with its sources and targets bound."""

    mapping: str
    """The script, such as `mappings/offers.dhm`, or what a pack exports: `pack:commerce.shopify`."""
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
    rejects: SerializeAsAny[To] | None = None
    """Where the rejected rows go, a file for each source that has some; they stay with the run in any case."""
    schedule: Schedules = ()
    """When it starts by itself: `"every day at 02:30"`, a table, or several."""
    triggers: Triggers = ()
    """What starts it beside its schedule: a table such as `{kind = "after-job", job = "offers"}`, or several."""
    memory: Size = 1 << 30
    """How much an operator of a run holds before it sets rows aside on disk: `256MiB`. A run takes some 200 MB beside that."""
    overlap: Overlap = "queue_one"
    """What becomes of a start while an earlier run is not done."""
    most_waiting: int = Field(default=100, ge=1)
    """How many runs `queue_all` lets wait; those with parameters of their own, such as a message's, wait in any number."""
    retry: Retry = Retry()
    """What is done about failures that may pass."""
    tolerance: Tolerance = Tolerance()
    """How many rows may be rejected."""
    guards: Guards = Guards()
    """What the input must be like to be believed."""
    notify: Annotated[tuple[Notify, ...], BeforeValidator(several, json_schema_input_type=Notify | list[Notify])] = ()
    """Who is told how its runs end: a table such as `{connection = "ops", on = ["failed", "held"]}`, or several."""
    on_unknown: Literal["hold", "resend", "probe"] = "hold"
    """What becomes of a batch of which nobody knows whether it arrived, where the target cannot tell a second one: a person decides, it is
    sent again, or the target is asked (`probe` of the target); what a target says of itself is asked for in any case."""
    remember: tuple[str, ...] = ()
    """Entities of which the rows last delivered are kept, beside those that its own script asks for by `previous`."""
    retention: Retention = Retention()
    """How long what its runs leave is kept."""
