"""`rest`: an API that gives rows by calls, and takes them in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from datahub.connectors.declare import Connector, Missing, Place, Sender, Source, declare_connector
from datahub.connectors.rest.told import RestTo, WebConnection
from datahub.connectors.rest.told_auth import Auth, NoAuth
from datahub.connectors.rest.told_source import RestFrom
from datahub.project.headers import Headers

if TYPE_CHECKING:
    from datahub.connectors.rest.session import Session


class Rest(WebConnection):
    """An API that gives rows by calls, and takes them in batches."""

    reads = RestFrom
    writes = RestTo

    kind: Literal["rest"] = "rest"
    auth: Auth = NoAuth()
    """How requests say who sends them, by `kind`: `none`, `basic` (`user`, `password`), `bearer` (`token`), `key` (`place` as `header` or
    `query`, `name`, `value`), `oauth2` (`grant`, `token_url`, `client_id`, `client_secret`, `client_in` as `body` or `header`, `user`,
    `password`, `refresh_token`, `scope`), `hmac` (`secret`, `algorithm`, `header`, `prefix`, `encoding`, `timestamp_header`, `message`)."""
    headers: Headers = {}
    """Further headers of each request: `X-Api-Version = "2"`; what is secret by reference, `X-Tenant-Token = "${env:TENANT}"`."""


def _session(connection: Rest, place: Place) -> Session:
    from datahub.connectors.rest.session import Session
    from datahub.connectors.rest.signing import signing

    def headers() -> dict[str, str]:
        return {name: secret.reveal() for name, secret in connection.headers.items()}

    return Session(connection, place, signing(connection.auth, place.state), headers=headers)


def _source(connection: Rest, told: RestFrom, place: Place) -> Source:
    from datahub.connectors.rest.source import RestIn

    return RestIn(_session(connection, place), told, place)


def _sender(connection: Rest, told: RestTo, place: Place) -> Sender:
    from datahub.connectors.rest.sender import RestOut

    return RestOut(_session(connection, place), told)


def _test(connection: Rest, place: Place) -> str:
    from datahub.connectors.rest.session import Request

    session = _session(connection, place)
    try:
        answer = session.ask(Request("GET", connection.url), lambda status: 200 <= status < 300 or status in (403, 405))
        if answer.status_code == 403:
            # As gateways answer it to whoever asks for what is no call of theirs.
            known = "" if isinstance(connection.auth, NoAuth) and not connection.headers else "; whether it lets us in, a call tells"
            return f"the server answers, and shows nothing at the address itself (HTTP 403){known}"
        if answer.status_code != 405:
            return "the address answers"
        return "the server answers, and has nothing to read at the address itself"
    except Missing:
        # An API need not have a page at its root.
        return "the server answers, and has nothing at the address itself"
    finally:
        session.close()


declare_connector(
    Connector("rest", Rest, "An API that gives rows by calls, and takes them in batches.", source=_source, sender=_sender, test=_test)
)
