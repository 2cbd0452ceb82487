"""One address that takes messages: what a request must be like, and the message that it becomes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from datahub.events.signatures import OfBody, verify
from datahub.events.versions import ordered
from datahub.formats.json_scan import too_deep
from datahub.project.trigger import Webhook
from datahub.records import record
from datahub.state.records import Message

LONGEST_ID = 200
LARGEST = 1_000_000
"""How much of a message to an address that does not exist is read, as of one that does."""


_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
"""What WooCommerce sends unsigned when a webhook is saved, to see whether 200 is answered; it starts nothing."""


class Refused(Exception):
    """A request that is not taken: the status, and a word that tells the sender no more than they may know."""

    def __init__(self, status: int, word: str, wait: float = 0) -> None:
        super().__init__(word)
        self.status, self.word, self.wait = status, word, wait


@dataclass(slots=True)
class Bucket:
    """How many messages may still be taken now: refilled at a steady rate, up to a bound."""

    rate: float
    burst: float
    left: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.left = self.burst

    def take(self, now: float) -> float:
        """Take one; 0, or in how many seconds there will be one."""
        self.left = min(self.burst, self.left + max(0.0, now - self.at) * self.rate)
        self.at = now
        if self.left < 1:
            return (1 - self.left) / self.rate
        self.left -= 1
        return 0.0


@record(frozen=True, slots=True)
class Endpoint:
    """An address with its secrets fetched; `job` is what its messages start."""

    name: str
    job: str
    hook: Webhook
    secrets: Sequence[str]
    bucket: Bucket


def read(endpoint: Endpoint | None, headers: Mapping[str, str], body: bytes, now: datetime) -> Message:
    """The message that a request is, or `Refused`. An address that does not exist is answered as a signature that is wrong."""
    if _PING.fullmatch(body):
        # At every address alike, so that it tells of none whether it is there.
        raise Refused(200, "here")
    hook = endpoint.hook if endpoint is not None else _NONE
    secrets = endpoint.secrets if endpoint is not None else ("no secret at all",)
    signed = verify(hook.signature, secrets, headers, body, _told(hook))
    if signed is None or endpoint is None:
        raise Refused(401, "not known")
    if signed.at is not None and abs(now.timestamp() - signed.at) > hook.tolerance.total_seconds():
        raise Refused(401, "too old or too new: look at the clocks")
    if len(signed.id) > LONGEST_ID:
        raise Refused(400, "the id is too long")
    if too_deep(body):
        # Before it is decoded: the limit of recursion is no guard where long scripts have raised it.
        raise Refused(400, "not JSON")
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(400, "not JSON") from None
    # Only an id that is signed tells messages apart; without one their content does.
    id = signed.id or sha256(body).hexdigest()
    return Message(
        id=f"{endpoint.name}/{id}",
        channel=endpoint.name,
        key=at(content, hook.key),
        body=body,
        received=now.astimezone(UTC),
        kind=(signed.kind or at(content, "type"))[:LONGEST_ID],
        version=ordered(found(content, hook.version)),
    )


def _told(hook: Webhook) -> OfBody | None:
    """Where a hook finds the signature, or the token, of a sender that is not known by name."""
    return OfBody(hook.header.lower(), hook.prefix, hook.encoding) if hook.header else None


def parameters(hook: Webhook, body: bytes) -> dict[str, str]:
    """The parameters of the run that a message starts; what it does not say is as the job or the script has it, if they do."""
    content = msgspec.json.decode(body)
    told = {name: found(content, path) for name, path in hook.parameters.items()}
    return {name: at(content, hook.parameters[name]) for name, value in told.items() if isinstance(value, (str, int, float))}


def at(content: object, path: str) -> str:
    """The text or number at `path` of a JSON value, such as `data.items.0.id`; empty where there is none."""
    match found(content, path):
        case bool() as truth:
            return str(truth).lower()
        case str() | int() | float() as told:
            return str(told)
        case _:
            return ""


def found(content: object, path: str) -> object:
    """What stands at `path` of a JSON value; None where there is nothing, and for no path."""
    for step in path.split("."):
        match content:
            case dict() if step in content:
                content = content[step]
            case list() if step.isdigit() and int(step) < len(content):
                content = content[int(step)]
            case _:
                return None
    return content if path else None


_NONE = Webhook.model_construct(path="none", signature="standard", secrets=(), header="")
