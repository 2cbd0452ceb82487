"""What a job does when things do not go smoothly: overlap, retry, tolerance, guards; and how long what runs leave is kept."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from datahub.project.model import Config, Length

_DJUST = {"RUN_IMMEDIATELY": "queue_one", "WAIT_FOR_NEXT": "skip"}

Overlap: TypeAlias = Annotated[
    Literal["queue_one", "skip", "queue_all", "cancel_previous", "allow"],
    BeforeValidator(
        lambda value: _DJUST.get(value, value) if isinstance(value, str) else value,
        json_schema_input_type=Literal["queue_one", "skip", "queue_all", "cancel_previous", "allow", "RUN_IMMEDIATELY", "WAIT_FOR_NEXT"],
    ),
]
"""What becomes of a fire while the job is busy. DJUST's names are read too: RUN_IMMEDIATELY queues one, WAIT_FOR_NEXT skips."""


def _share(value: Any) -> Any:
    try:
        found = Decimal(value[:-1].strip()) / 100 if isinstance(value, str) and value.endswith("%") else Decimal(str(value))
    except InvalidOperation:
        found = Decimal(-1)
    if isinstance(value, bool) or not 0 <= found <= 1:
        raise PydanticCustomError("share", "this is not a share such as `5%` or 0.05")
    return found


Share: TypeAlias = Annotated[
    Decimal,
    BeforeValidator(_share),
    PlainSerializer(lambda value: f"{(value * 100).normalize():f}%"),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": r"^\d+(\.\d+)?\s*%$"}, {"type": "number", "minimum": 0, "maximum": 1}]}),
]
"""A part of a whole: `5%`, or 0.05."""


class Retry(Config):
    """What is done about failures that may pass: a lost connection, a busy server, a full disk."""

    attempts: int = Field(default=5, ge=1, le=100)
    """How often a run is begun at most, the first time included."""
    first: Length = timedelta(seconds=1)
    """How long to wait after the first failure at most; the longest wait doubles each time, the actual one is drawn below it."""
    longest: Length = timedelta(minutes=5)
    """How long to wait at most; what the other side asks for is honoured up to here too."""
    within: Length = timedelta(hours=1)
    """How long after it first failed a run is still tried again."""


class Tolerance(Config):
    """How many rows may be rejected; above it nothing is delivered. Without limits, any number may. Rejects that are replayed
    are not asked: all of them were wrong once."""

    rows: int | None = Field(default=None, ge=0)
    """How many rows."""
    share: Share | None = None
    """Which share of the rows read: `5%`."""


class Guards(Config):
    """What an input must be like before it is believed; what is not is held until a person lets it through or cancels it."""

    empty: Literal["ok", "hold", "fail"] = "ok"
    """What happens where there are files and not one row in them."""
    rows: int = Field(default=0, ge=0)
    """How many rows there must be at least, where there are files."""
    shrink: Share | None = None
    """By how much the rows may be fewer than in the last run that succeeded: `30%`."""


class Notify(Config):
    """Who is told how runs end: a receiver of messages."""

    connection: str
    """A connection of the kind `webhook`."""
    on: tuple[Literal["success", "failed", "held", "recovered", "rejects"], ...] = ("failed", "held")
    """The ends that are told: `recovered` is the first success after one that failed or was held, `rejects` a success with rejected rows.
    A run that found nothing new is not told."""


def _kept_for(value: Any) -> Any:
    if (isinstance(value, str) and value.strip().isdigit()) or (isinstance(value, int | float) and not isinstance(value, bool)):
        # Seconds everywhere else, and nobody keeps anything for 90 of them.
        told = str(value).strip()
        raise PydanticCustomError("unit", "{message}", {"message": f"{told} has no unit", "help": f"write `{told} d` for days"})
    return value


Kept: TypeAlias = Annotated[Length, BeforeValidator(_kept_for)]
"""A length of time with its unit."""


class Retention(Config):
    """How long what runs leave is kept; `dhm runs prune` removes what is older, and `dhm serve` by itself."""

    payloads: Kept = timedelta(days=30)
    """Landed files, what was made of them, and what messages said. What several jobs have taken (one file, the messages of one receiver)
    goes when none of them wants it any more. Younger than an hour nothing goes, and what a run that broke off has made stays as long as the
    run does, if it had begun to send."""
    rejects: Kept = timedelta(days=90)
    """Runs, with their rejected rows, reports, and the keys and digests of what they have sent, and messages that no run could be made
    of."""
    fingerprints: Kept = timedelta(days=400)
    """What is known of messages that came, and of files that were read and are gone, so that they are not taken twice. Of a file that lies
    where it was read it is known as long as it does; a job that does not look for longer than this forgets nothing by that."""
