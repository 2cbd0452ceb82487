"""What starts a job beside its schedule: a message, another job that ended well, a status that is entered, a file that arrives."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from datahub.project.model import Config, Length, mistake
from datahub.project.secrets import Secret


class Webhook(Config):
    """Messages that others send to `/hooks/NAME`; each that is new starts the job, and reaches its script as parameters if asked for."""

    kind: Literal["webhook"] = "webhook"
    path: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")
    """The end of its address: `orders` is `/hooks/orders`."""
    signature: Literal["standard", "stripe", "github", "shopify", "woocommerce", "hmac", "token"] = "standard"
    """How senders prove who they are: as Standard Webhooks, Stripe, GitHub, Shopify or WooCommerce do; by an HMAC-SHA256 of the body in a
    `header` (`hmac`); or by a token in a header, which proves less."""
    secrets: tuple[Secret, ...] = Field(min_length=1)
    """The secret shared with the sender; several while one takes the place of another."""
    header: str = ""
    """The header that holds the signature where `signature` is `hmac`, or the token where it is `token`: `Authorization` if empty."""
    prefix: str = ""
    """What stands before the signature in it, such as `sha256=`."""
    encoding: Literal["hex", "base64"] = "hex"
    """How the signature is written in it."""
    key: str = ""
    """Where in the body the thing stands that a message is about, such as `data.id`; messages about one thing keep their order."""
    version: str = ""
    """Where in the body the version or time of that thing stands; a message that is older than one seen before starts nothing.
    Numbers, dotted numbers, instants, days, ULIDs and UUIDs of version 7 are compared as that; of anything else no message is older."""
    parameters: dict[str, str] = {}
    """Parameters of the run that are taken from the body: `order = "data.id"`."""
    tolerance: Length = timedelta(minutes=5)
    """How far the time of a message may be from ours."""
    largest: int = Field(default=1_000_000, ge=1, le=16_000_000)
    """How many bytes a message may have."""
    rate: float = Field(default=50, gt=0)
    """How many messages a second are taken in the long run; more are told to come later."""
    burst: int = Field(default=200, ge=1)
    """How many are taken at once."""

    @model_validator(mode="after")
    def _has_a_header(self) -> Self:
        if self.signature == "hmac" and not self.header:
            raise mistake("no_header", "`hmac` needs the `header` in which the signature stands", key="signature")
        for name in ("prefix", "encoding"):
            if self.signature != "hmac" and name in self.model_fields_set:
                advice = 'write `signature = "hmac"`, or leave it out'
                raise mistake("no_form", f"`{name}` is for `hmac`: the other signatures have forms of their own", key=name, help=advice)
        return self


class AfterJob(Config):
    """Another job of the project that ended with success and found something new."""

    kind: Literal["after-job"] = "after-job"
    job: str
    """Its name."""


class StatusEntered(Config):
    """Rows of an entity that enter a status in a run of any job of the project: each starts the job once, ever.

    A source of the job that is bound to the entity reads them.
    """

    kind: Literal["status"] = "status"
    entity: str
    """The entity, by the name that the script which delivers it has for it. It must have a key."""
    field: str = "status"
    """The field of the entity that holds the status."""
    statuses: tuple[str, ...] = ()
    """The statuses that count the first time that a row enters them."""
    again: tuple[str, ...] = ()
    """Those that count each time, after the row has been in another."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not (self.statuses or self.again):
            raise PydanticCustomError("no_status", "a trigger of the kind `status` names the `statuses` that start the job")
        return self


class FileArrived(Config):
    """A file that is ready in a source of the job, and was not read before."""

    kind: Literal["file"] = "file"
    source: str = ""
    """The source of the script; all that are bound to files where it is empty."""
    every: Length = timedelta(seconds=30)
    """How often the folder is looked at."""


def several(value: Any) -> Any:
    """One table where several are read."""
    return (value,) if isinstance(value, dict) else value


def _kind(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


KINDS = ("webhook", "after-job", "status", "file")
"""What a trigger can be."""

# By a function: what fills references in runs before `kind` is read, and pydantic finds no constant behind that.
Trigger: TypeAlias = Annotated[
    Annotated[Webhook, Tag("webhook")]
    | Annotated[AfterJob, Tag("after-job")]
    | Annotated[StatusEntered, Tag("status")]
    | Annotated[FileArrived, Tag("file")],
    Discriminator(
        _kind, custom_error_type="trigger", custom_error_message="a trigger has a `kind`: `webhook`, `after-job`, `status` or `file`"
    ),
]
Triggers: TypeAlias = Annotated[tuple[Trigger, ...], BeforeValidator(several, json_schema_input_type=Trigger | list[Trigger])]
"""What starts a job: a table, or several."""
