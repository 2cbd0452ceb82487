"""What a project tells of how an API knows who asks: nobody, by a password, a token, a key, OAuth2, or a signature."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag, model_validator

from datahub.project.addresses import Address
from datahub.project.headers import HeaderName
from datahub.project.model import Config, mistake
from datahub.project.secrets import Secret, signing
from datahub.project.slots import check_slots, slots_of


class NoAuth(Config):
    """Nobody is asked."""

    kind: Literal["none"] = "none"


class BasicAuth(Config):
    """A user and a password with each request."""

    kind: Literal["basic"] = "basic"
    user: str
    password: Secret


class BearerAuth(Config):
    """A fixed token, sent as `Authorization: Bearer …`."""

    kind: Literal["bearer"] = "bearer"
    token: Secret


class KeyAuth(Config):
    """A key, in a header or in the query, under a name."""

    kind: Literal["key"] = "key"
    place: Literal["header", "query"] = "header"
    name: HeaderName = "X-API-Key"
    value: Annotated[Secret, BeforeValidator(signing)]


class OAuth2(Config):
    """A token that is asked for, renewed before it ends, and asked for once more where the API refuses it."""

    kind: Literal["oauth2"] = "oauth2"
    grant: Literal["client_credentials", "password", "refresh_token"] = "client_credentials"
    token_url: Address
    """Where tokens are given out; a whole address."""
    client_id: str = ""
    client_secret: Secret | None = None
    client_in: Literal["body", "header"] = "body"
    """Where the client's id and secret stand when a token is asked for."""
    user: str = ""
    """For the grant `password`."""
    password: Secret | None = None
    """For the grant `password`."""
    refresh_token: Secret | None = None
    """For the grant `refresh_token`; one that the server gives in its place is kept in the folder `state` of the project, and used then."""
    scope: str = ""

    @model_validator(mode="after")
    def _has_what_its_grant_needs(self) -> Self:
        match self.grant:
            case "password" if not self.user or self.password is None:
                raise mistake("grant", "the grant `password` needs a `user` and a `password`", key="grant")
            case "refresh_token" if self.refresh_token is None:
                raise mistake("grant", "the grant `refresh_token` needs a `refresh_token`", key="grant")
            case "client_credentials" if not self.client_id:
                raise mistake("grant", "the grant `client_credentials` needs a `client_id`", key="grant")
            case _:
                return self


SIGNED = ("METHOD", "TARGET", "TIMESTAMP", "BODY", "BODY_DIGEST")
"""What of a request can be signed."""


class HmacAuth(Config):
    """A signature over each request, by a secret that both sides have."""

    kind: Literal["hmac"] = "hmac"
    secret: Secret
    algorithm: Literal["sha256", "sha512"] = "sha256"
    header: HeaderName = "X-Signature"
    prefix: str = ""
    """What stands before the signature, such as `sha256=`."""
    encoding: Literal["hex", "base64"] = "hex"
    timestamp_header: HeaderName = "X-Timestamp"
    """Where the seconds since 1970 stand that `{{TIMESTAMP}}` was signed with; empty to send none."""
    message: str = "{{METHOD}}\n{{TARGET}}\n{{TIMESTAMP}}\n{{BODY_DIGEST}}"
    """What is signed: `{{METHOD}}`, `{{TARGET}}` (path and query), `{{TIMESTAMP}}`, `{{BODY}}`, `{{BODY_DIGEST}}` (SHA-256, in hex)."""

    @model_validator(mode="after")
    def _signs_the_request(self) -> Self:
        check_slots("message", self.message, SIGNED, path=True)
        if not set(slots_of(self.message)) & set(SIGNED):
            raise mistake("message", "nothing of the request is signed: all would have one signature", key="message")
        return self


def _kind(told: Any) -> str | None:
    if isinstance(told, dict):
        # Without anything it is nobody; with something, what that is must be said.
        return str(told["kind"]) if "kind" in told else None if told else "none"
    return getattr(told, "kind", None)


Auth: TypeAlias = Annotated[
    Annotated[NoAuth, Tag("none")]
    | Annotated[BasicAuth, Tag("basic")]
    | Annotated[BearerAuth, Tag("bearer")]
    | Annotated[KeyAuth, Tag("key")]
    | Annotated[OAuth2, Tag("oauth2")]
    | Annotated[HmacAuth, Tag("hmac")],
    Discriminator(_kind),
]
