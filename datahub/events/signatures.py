"""Who sent a message: signatures of Standard Webhooks, of Stripe's kind, of the body alone, and tokens, over the bytes as they came."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from typing import Literal

from datahub.connectors.signing_keys import key_of
from datahub.records import record

Scheme = Literal["standard", "stripe", "github", "shopify", "woocommerce", "hmac", "token"]


@record(frozen=True, slots=True)
class OfBody:
    """HMAC-SHA256 of the body alone, in a header of its own. Nothing else of such a message is signed: what it says in other headers of
    its id or time is for whoever sends it again to choose, so neither tells messages apart nor old ones from new."""

    header: str
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "base64"
    topic: str = ""
    """The header that says what the message is about, for people to read."""


SENDERS: Mapping[str, OfBody] = {
    "github": OfBody("x-hub-signature-256", "sha256=", "hex", "x-github-event"),
    "shopify": OfBody("x-shopify-hmac-sha256", topic="x-shopify-topic"),
    "woocommerce": OfBody("x-wc-webhook-signature", topic="x-wc-webhook-topic"),
}
"""Those who sign so and are known by name."""


@record(frozen=True, slots=True)
class Signed:
    """A message of which the sender is known; `id` is what the sender calls it, if they do, `at` when they say that they sent it."""

    id: str = ""
    at: float | None = None
    kind: str = ""
    """What it says to be about; nothing hangs on it, as it need not be signed."""


def verify(scheme: Scheme, secrets: Sequence[str], headers: Mapping[str, str], body: bytes, told: OfBody | None = None) -> Signed | None:
    """What is signed, or None where the signature is missing or not that of any of the secrets. Names of headers are in lower case.

    `told` is where a signature of the body, or a token, stands of a sender that is not known by name. Whether `at` is near enough to now
    is not looked at here.
    """
    match scheme:
        case "standard":
            return _standard(secrets, headers, body)
        case "stripe":
            return _stripe(secrets, headers.get("stripe-signature", ""), body)
        case "github" | "shopify" | "woocommerce":
            return _of_body(secrets, headers, body, SENDERS[scheme])
        case "hmac":
            return None if told is None else _of_body(secrets, headers, body, told)
        case "token":
            return _token(secrets, headers, told.header if told is not None else "authorization")


def _standard(secrets: Sequence[str], headers: Mapping[str, str], body: bytes) -> Signed | None:
    """https://www.standardwebhooks.com: `id.timestamp.body` under HMAC-SHA256, in base64; several signatures while a secret changes."""
    id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    at = _seconds(stamp)
    if not id or at is None:
        return None
    given = [one[3:] for one in headers.get("webhook-signature", "").split() if one.startswith("v1,")]
    signed = b".".join((id.encode(), stamp.encode(), body))
    wanted = [base64.b64encode(_hmac(key, signed)).decode() for key in map(key_of, secrets)]
    return Signed(id, at) if _any(given, wanted) else None


def _stripe(secrets: Sequence[str], header: str, body: bytes) -> Signed | None:
    """`t=TIME,v1=HEX`: `time.body` under HMAC-SHA256."""
    pairs = [(name.strip(), value.strip()) for name, _, value in (part.partition("=") for part in header.split(","))]
    stamp = next((value for name, value in pairs if name == "t"), "")
    at = _seconds(stamp)
    if at is None:
        return None
    signed = stamp.encode() + b"." + body
    wanted = [_hmac(secret.encode(), signed).hex() for secret in secrets]
    return Signed(at=at) if _any([value for name, value in pairs if name == "v1"], wanted) else None


def _of_body(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, told: OfBody) -> Signed | None:
    made = [_hmac(secret.encode(), body) for secret in secrets]
    wanted = [told.prefix + (one.hex() if told.encoding == "hex" else base64.b64encode(one).decode()) for one in made]
    return Signed(kind=headers.get(told.topic, "")) if _any([headers.get(told.header, "")], wanted) else None


def _token(secrets: Sequence[str], headers: Mapping[str, str], header: str) -> Signed | None:
    given = headers.get(header, "")
    if header == "authorization" and given[:7].lower() == "bearer ":
        given = given[7:]
    return Signed() if _any([given], secrets) else None


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)


def _any(given: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether one of those given is one of those wanted, in a time that does not tell which or how much of it."""
    # Eight are plenty for a secret that changes; more would be work for whoever has none.
    found = False
    for one in given[:8]:
        for other in wanted:
            found |= hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())
    return found


def _seconds(text: str) -> float | None:
    try:
        found = float(text) if len(text) <= 20 else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) else None
