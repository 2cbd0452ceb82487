"""`webhook`: an address that takes messages, signed as Standard Webhooks has it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from datahub.connectors.declare import Connector, Place, declare_connector
from datahub.project.addresses import Address, protected
from datahub.project.binding import To
from datahub.project.connection import Connection
from datahub.project.model import SomeTime
from datahub.project.secrets import Secret

if TYPE_CHECKING:
    from datahub.connectors.webhook_out import WebhookOut


class WebhookTo(To):
    """A target of a script whose rows are sent as messages, one each, after the run has arrived."""

    type: str = Field(pattern=r"^[A-Za-z0-9_.]+$")
    """What the messages say has happened, such as `order.paid`."""
    key: str = ""
    """The field that tells what a message is about: messages about one thing are sent one after the other, in their order."""


class Webhook(Connection):
    """An address that takes messages, signed as Standard Webhooks has it."""

    writes = WebhookTo

    kind: Literal["webhook"] = "webhook"
    url: Address
    """Where the messages are sent."""
    secrets: tuple[Secret, ...] = Field(min_length=1)
    """The secret shared with the receiver, `whsec_…`; the new one before the old while one takes the place of the other."""
    timeout: SomeTime = timedelta(seconds=20)
    """How long the receiver may take to answer."""
    attempts: int = Field(default=10, ge=1, le=10)
    """How often a message is sent before it is set aside: at once, after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h."""
    after_dead: Literal["go on", "wait"] = "go on"
    """What becomes of later messages about the same thing once one was set aside."""
    insecure: bool = False
    """Must be true where the address begins with `http:`: everyone between can read what travels."""
    ca_file: str = ""
    """The certificates of authorities that are trusted, in place of the system's; a relative path starts beside `dhm.toml`."""
    proxy: str = ""
    """The proxy to go through; those of the environment are not asked."""

    @model_validator(mode="after")
    def _said_that_it_is_insecure(self) -> Self:
        protected(self.url, self.insecure)
        return self

    def keys(self) -> tuple[str, ...]:
        """The secrets, fetched."""
        return tuple(secret.reveal() for secret in self.secrets)


def _poster(connection: Webhook, place: Place) -> WebhookOut:
    from datahub.connectors.webhook_out import WebhookOut

    return WebhookOut(connection, place)


def _test(connection: Webhook, place: Place) -> str:
    poster = _poster(connection, place)
    try:
        return poster.answers()
    finally:
        poster.close()


declare_connector(
    Connector("webhook", Webhook, "An address that takes messages, signed as Standard Webhooks has it.", poster=_poster, test=_test)
)
