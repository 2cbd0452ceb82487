"""Messages to an address that others gave us, signed as Standard Webhooks has it (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from datahub.connectors.declare import Place, TerminalError, TransientError
from datahub.connectors.signing_keys import key_of
from datahub.project.redaction import redacted

if TYPE_CHECKING:
    import httpx

    from datahub.connectors.kinds.webhook import Webhook

SHOWN = 200
"""How much of an answer is kept, for whoever looks for the reason."""


class Gone(TerminalError):
    """The receiver wants no more messages (410): nothing is sent there until a person says so."""


class NotTaken(TransientError):
    """The message was not taken; it is sent again later."""


class WebhookOut:
    """One receiver."""

    def __init__(self, connection: Webhook, place: Place) -> None:
        self._connection, self._place = connection, place
        self._client: httpx.Client | None = None

    def post(self, id: str, body: bytes, now: datetime) -> None:
        """Send one message once; `Gone` or `NotTaken` where it was not answered with 2xx."""
        import httpx

        from datahub.connectors.http_client import retry_after, told

        headers = {"content-type": "application/json", **signed(self._connection.keys(), id, now, body)}
        try:
            with told(_shown(self._connection.url), self._connection.proxy or None):
                answer = self._asked().post(self._connection.url, content=body, headers=headers)
        except TransientError as problem:
            raise NotTaken(problem.message) from None
        if answer.is_success:
            return
        if answer.status_code == httpx.codes.GONE:
            raise Gone(f"{_shown(self._connection.url)} wants no more messages (HTTP 410)")
        said = " ".join(redacted.cut(answer.text, SHOWN).split())
        # A redirect may lead anywhere, and the signature with it: the standard calls it a failure.
        raise NotTaken(f"{_shown(self._connection.url)}: HTTP {answer.status_code}{f': {said}' if said else ''}", wait=retry_after(answer))

    def answers(self) -> str:
        """Whether somebody is there; a message alone tells whether messages are taken, so none is asked of it."""
        from datahub.connectors.http_client import LATER, elsewhere, retry_after, told

        self._connection.keys()
        what = _shown(self._connection.url)
        with told(what, self._connection.proxy or None):
            answer = self._asked().head(self._connection.url)
        if answer.status_code in LATER:
            raise TransientError(f"{what}: HTTP {answer.status_code}", wait=retry_after(answer))
        if 300 <= answer.status_code < 400:
            raise elsewhere(answer, what)
        return f"the receiver answers (HTTP {answer.status_code}); whether it takes messages, the first one tells"

    def _asked(self) -> httpx.Client:
        if self._client is None:
            self._client = _client(self._connection, self._place)
        return self._client

    def close(self) -> None:
        """Give the connection back."""
        if self._client is not None:
            self._client.close()
            self._client = None


def signed(secrets: Sequence[str], id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a message: its id, when it is sent, and a signature by each secret, the newest first."""
    stamp = str(int(at.timestamp()))
    content = b".".join((id.encode(), stamp.encode(), body))
    several = (base64.b64encode(hmac.digest(key_of(secret), content, hashlib.sha256)).decode() for secret in secrets)
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": " ".join(f"v1,{one}" for one in several)}


def _client(connection: Webhook, place: Place) -> httpx.Client:
    from datahub.connectors.http_client import client

    return client(_Told(connection, place), {})


class _Told:
    """The settings of the client, as it asks for them."""

    def __init__(self, connection: Webhook, place: Place) -> None:
        self.connect_timeout = self.deadline = connection.timeout.total_seconds()
        self.authorities = place.project / connection.ca_file if connection.ca_file else None
        self.proxy = connection.proxy or None


def _shown(url: str) -> str:
    """The address without what may be a secret in it."""
    return url.partition("?")[0]
