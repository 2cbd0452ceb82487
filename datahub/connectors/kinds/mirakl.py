"""`mirakl`: a Mirakl marketplace, as a seller or operator sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from datahub.connectors.declare import Connector, Place, Sender, Source, declare_connector
from datahub.connectors.mirakl.told import MiraklConnection, MiraklTo
from datahub.connectors.rest.told_auth import Auth
from datahub.connectors.rest.told_source import RestFrom
from datahub.project.model import mistake
from datahub.project.secrets import Secret

if TYPE_CHECKING:
    from datahub.connectors.rest.session import Session


class Mirakl(MiraklConnection):
    """A Mirakl marketplace: its lists are read by calls; files go through its imports, and rows and documents to its other operations."""

    reads = RestFrom
    writes = MiraklTo

    kind: Literal["mirakl"] = "mirakl"
    key: Secret | None = None
    """The API key, sent as it is in the header `Authorization`."""
    auth: Auth | None = None
    """OAuth2 or a bearer token, in place of the key; told as for connections of kind `rest`."""
    shop_id: str = ""
    """The shop, where the key is for several."""

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        if (self.key is None) == (self.auth is None):
            told = (
                "Mirakl asks who calls: give the `key`, or `auth`"
                if self.key is None
                else "who calls is said by `key` or by `auth`, not by both"
            )
            raise mistake(
                "way_in", told, key="" if self.key is None else "auth", help='write `key = "${env:MIRAKL_KEY}"`' if self.key is None else ""
            )
        return self


def _session(connection: Mirakl, place: Place) -> Session:
    from datahub.connectors.rest.session import Session
    from datahub.connectors.rest.signing import signing
    from datahub.connectors.rest.told_auth import KeyAuth

    key = KeyAuth(name="Authorization", value=connection.key) if connection.key is not None else None
    told = connection.auth or key
    return Session(
        connection,
        place,
        signing(told, place.state) if told is not None else None,
        query={"shop_id": connection.shop_id} if connection.shop_id else None,
    )


def _source(connection: Mirakl, told: RestFrom, place: Place) -> Source:
    from datahub.connectors.rest.source import RestIn

    return RestIn(_session(connection, place), told, place)


def _sender(connection: Mirakl, told: MiraklTo, place: Place) -> Sender:
    if told.entity is None:
        from datahub.connectors.rest.sender import RestOut

        return RestOut(_session(connection, place), told)
    from datahub.connectors.mirakl.imports import MiraklImports

    return MiraklImports(_session(connection, place), connection, told, place)


def _test(connection: Mirakl, place: Place) -> str:
    from datahub.connectors.rest.session import Request

    session = _session(connection, place)
    try:
        session.ask(Request("GET", session.address("api/offers"), {"max": "1"}))
        return "the platform answers, and takes the key"
    finally:
        session.close()


declare_connector(
    Connector(
        "mirakl", Mirakl, "A Mirakl marketplace: lists, file imports, and its other operations.", source=_source, sender=_sender, test=_test
    )
)
