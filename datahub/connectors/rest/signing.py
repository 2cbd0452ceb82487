"""How a request says who sends it: basic, bearer, key, OAuth2, HMAC."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, assert_never

import httpx

from datahub.connectors.declare import TerminalError, TransientError
from datahub.connectors.http_client import LATER, retry_after
from datahub.connectors.rest.kept_token import KeptToken
from datahub.connectors.rest.told_auth import Auth, BasicAuth, BearerAuth, HmacAuth, KeyAuth, NoAuth, OAuth2
from datahub.connectors.rest.values import decoded, described, fill
from datahub.project.redaction import redacted
from datahub.project.secrets import Secret

_EARLY, _UNSAID = 120.0, 300.0
"""Seconds before its end at which a token is renewed, and how long one is taken to last whose server does not say."""


def signing(told: Auth, state: Path) -> httpx.Auth | None:
    """What signs the requests of a connection; `state` is where a token is kept that its server has replaced."""
    match told:
        case NoAuth():
            return None
        case BasicAuth() | BearerAuth() | KeyAuth():
            return _Fixed(told)
        case OAuth2():
            return Tokens(told, state)
        case HmacAuth():
            return _Signature(told)
        case _:
            assert_never(told)


class _Fixed(httpx.Auth):
    """The same secret with each request, fetched when the first is sent: who only looks at the project need not have it."""

    def __init__(self, told: BasicAuth | BearerAuth | KeyAuth) -> None:
        self._told = told

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        match self._told:
            case BasicAuth(user=user, password=password):
                pair = base64.b64encode(f"{user}:{password.reveal()}".encode()).decode()
                request.headers["Authorization"] = f"Basic {pair}"
            case BearerAuth(token=token):
                request.headers["Authorization"] = f"Bearer {token.reveal()}"
            case KeyAuth(place="header", name=name, value=value):
                request.headers[name] = value.reveal()
            case KeyAuth(name=name, value=value):
                request.url = request.url.copy_set_param(name, value.reveal())
        yield request


class Tokens(httpx.Auth):
    """OAuth2: a token for all requests, renewed early; one that is refused is replaced once."""

    def __init__(self, told: OAuth2, state: Path) -> None:
        self._told = told
        self._token, self._ends = "", 0.0
        self._state = state
        self._kept: KeptToken | None = None

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if not self._token or time.monotonic() >= self._ends:
            yield from self._renewed()
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == 401:
            # A token that was just given, too: a server may take a moment to know it everywhere.
            yield from self._renewed()
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _renewed(self) -> Generator[httpx.Request, httpx.Response, None]:
        if self._kept is None and self._told.grant == "refresh_token":
            self._kept = KeptToken(self._state, f"{self._told.token_url} {self._told.client_id}", _clear(self._told.refresh_token))
        with self._kept.alone() if self._kept is not None else nullcontext():
            refresh = self._kept.read() if self._kept is not None else ""
            answer = yield from self._answer(refresh)
            given = answer.get("refresh_token")
            if self._kept is not None and isinstance(given, str) and given and given != refresh:
                self._kept.write(given)
        self._token = answer["access_token"]
        lasts = answer.get("expires_in")
        seconds = float(lasts) if isinstance(lasts, (int, float, str)) and str(lasts).replace(".", "", 1).isdigit() else _UNSAID
        self._ends = time.monotonic() + max(seconds - min(_EARLY, seconds / 2), 0.0)

    def _answer(self, refresh: str) -> Generator[httpx.Request, httpx.Response, dict[str, Any]]:
        self._token = ""
        response = yield self._asking(refresh)
        response.read()
        what = f"the token of {self._told.token_url}"
        if response.status_code in LATER:
            raise TransientError(f"{what}: HTTP {response.status_code}", wait=retry_after(response))
        if not response.is_success:
            reason = _why(response)
            raise TerminalError(
                f"{what} is refused (HTTP {response.status_code}){f': {reason}' if reason else ''}",
                "look at the client's id, its secret, and the grant",
            )
        answer = decoded(response.content, what)
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise TerminalError(f"{what}: the answer has no `access_token`")
        redacted.remember(answer["access_token"])
        return answer

    def _asking(self, refresh: str) -> httpx.Request:
        told = self._told
        fields: dict[str, str] = {"grant_type": told.grant}
        headers = {"Accept": "application/json"}
        match told.grant:
            case "password":
                fields |= {"username": told.user, "password": _clear(told.password)}
            case "refresh_token":
                fields |= {"refresh_token": refresh}
            case "client_credentials":
                pass
        if told.scope:
            fields["scope"] = told.scope
        if told.client_in == "header":
            pair = f"{told.client_id}:{_clear(told.client_secret)}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        elif told.client_id:
            fields |= {"client_id": told.client_id, "client_secret": _clear(told.client_secret)}
        return httpx.Request("POST", told.token_url, data=fields, headers=headers)


class _Signature(httpx.Auth):
    requires_request_body = True

    def __init__(self, told: HmacAuth) -> None:
        self._told = told

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        told, now = self._told, str(int(time.time()))
        values = {
            "METHOD": request.method,
            "TARGET": request.url.raw_path.decode("ascii"),
            "TIMESTAMP": now,
            "BODY": request.content.decode("utf-8", "surrogateescape"),
            "BODY_DIGEST": hashlib.sha256(request.content).hexdigest(),
        }
        message = fill(told.message, values).encode("utf-8", "surrogateescape")
        made = hmac.new(told.secret.reveal().encode(), message, told.algorithm)
        text = made.hexdigest() if told.encoding == "hex" else base64.b64encode(made.digest()).decode()
        request.headers[told.header] = f"{told.prefix}{text}"
        if told.timestamp_header:
            request.headers[told.timestamp_header] = now
        yield request


def _why(response: httpx.Response) -> str:
    """What RFC 6749 has a server say of a refusal: a code, and words for whoever reads it."""
    try:
        told = decoded(response.content, "")
    except TerminalError:
        return described(" ".join(response.text.split()))
    said = [told.get(name) for name in ("error", "error_description")] if isinstance(told, dict) else []
    return described(": ".join(one for one in said if isinstance(one, str) and one))


def _clear(secret: Secret | None) -> str:
    return secret.reveal() if secret is not None else ""
