"""A fake of a REST API as DJUST's data hub calls it: offer files on demand, lists in envelopes, imports of every entity, order export."""

from __future__ import annotations

import base64
import binascii
import io
import secrets
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any
from urllib.parse import unquote, unquote_plus

from datahub.dev.djust_imports import ENTITIES, Platform
from datahub.dev.serving import Asked, Given, Wrong, lines, objects
from datahub.formats.delimited import line_writer

CLIENT, SECRET = "demo", "demo-secret"
USER, PASSWORD = "demo-user", "demo-password"
"""For the grant `password`."""
OFFERS = tuple(
    {"sku": f"SKU-{day:03}", "price": f"{day}.50", "stock": str(day * 3), "updatedAt": f"2026-01-{day:02}T08:00:00Z"}
    for day in range(1, 13)
)
EXPORTED = tuple(
    {
        "reference": f"172-189-{number}-1",
        "accountExternalId": f"ACC-{number % 3}",
        "supplierExternalId": "SUP-1",
        "orderStatus": "ORDER_CREATED" if number % 2 else "SHIPPED",
        "createdAt": f"2026-01-{number:02}T09:00:00Z",
        "updatedAt": f"2026-01-{number:02}T10:00:00Z",
        "orderLines": [
            {"orderLineId": f"L-{number}", "variantExternalId": "V-1", "quantityPerItem": "1", "gtin": "4006381333931", "quantity": 2}
        ],
    }
    for number in range(1, 8)
)
_LOOKS = 2
"""How often a file is still being made when its status is asked for."""


class FakeDjust:
    """The state of one platform."""

    def __init__(self, offers: Sequence[dict[str, str]] = OFFERS, exported: Sequence[dict[str, Any]] = EXPORTED) -> None:
        self.offers, self.exported = list(offers), list(exported)
        self.orders: dict[str, Any] = {}
        self.platform = Platform()
        """What imports brought."""
        self.taken: dict[str, Given] = {}
        self.tokens: set[str] = set()
        self.refreshes: set[str] = set()
        self._since, self._looks = "", 0
        self.url = ""
        """Where the fake is reached, for addresses in its answers."""

    def __call__(self, asked: Asked) -> Given:
        if asked.path == "/oauth/token" and asked.method == "POST":
            return self._token(asked)
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Given(401, self.refusal(401, "the token is missing or has ended"))
        there = {method: answer for method, path, answer in self._table() if _fits(path, asked.path)}
        if asked.method in there:
            return there[asked.method](asked)
        if there:
            raise Wrong(405, f"{asked.path} is not asked by {asked.method}", {"Allow": ", ".join(there)})
        raise Wrong(404, f"no such operation: {asked.method} {asked.path}")

    def refusal(self, status: int, message: str) -> Any:
        """How the platform says that it does not do what is asked."""
        return {"message": message}

    def _table(self) -> Iterator[tuple[str, str, Callable[[Asked], Given]]]:
        """Every operation: its method, its path, and what answers; a path that ends with `/` goes on with a name."""
        yield "POST", "/offer/file/generate", self._generate
        yield "GET", "/offer/file/status", self._status
        yield "GET", "/files/offers.csv", lambda asked: self._file()
        yield "GET", "/offers", lambda asked: _page(asked, self.offers)
        yield "GET", "/orders", self._listed
        yield "GET", "/orders/", self._order
        yield "POST", "/orders", lambda asked: self._once(asked, self._ordered)
        yield "POST", "/imports/", lambda asked: self._once(asked, self._imported)

    def _token(self, asked: Asked) -> Given:
        """A token, by any of the three grants; the client says who it is in the body, or as HTTP Basic has it."""
        told = asked.form()
        if (told.get("client_id"), told.get("client_secret")) != (CLIENT, SECRET) and _basic(asked) != (CLIENT, SECRET):
            return Given(401, {"error": "invalid_client"}, {"WWW-Authenticate": "Basic"})
        match told.get("grant_type"):
            case "client_credentials":
                more = {}
            case "password" if (told.get("username"), told.get("password")) == (USER, PASSWORD):
                more = {"refresh_token": self._refresh()}
            case "refresh_token" if told.get("refresh_token") in self.refreshes:
                # A refresh token is good for one use.
                self.refreshes.discard(told["refresh_token"])
                more = {"refresh_token": self._refresh()}
            case "password" | "refresh_token":
                return Given(400, {"error": "invalid_grant"})
            case None:
                return Given(400, {"error": "invalid_request", "error_description": "grant_type is missing"})
            case _:
                return Given(400, {"error": "unsupported_grant_type"})
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return Given(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3599, **more})

    def _refresh(self) -> str:
        token = secrets.token_urlsafe(16)
        self.refreshes.add(token)
        return token

    def _generate(self, asked: Asked) -> Given:
        self._since, self._looks = str(asked.object().get("sinceUpdateDateTime") or ""), 0
        return Given(202, {"statusFile": "GENERATING"})

    def _status(self, asked: Asked) -> Given:
        self._looks += 1
        done = self._looks > _LOOKS
        return Given(
            200, {"statusFile": "AVAILABLE" if done else "GENERATING", "urlFile": f"{self.url}/files/offers.csv" if done else None}
        )

    def _file(self) -> Given:
        text = io.StringIO()
        columns = ["sku", "price", "stock", "updatedAt"]
        offers = ([one[name] for name in columns] for one in self.offers if one["updatedAt"] > self._since)
        line_writer(text, ";").writerows([columns, *offers])
        return Given(200, text.getvalue().encode(), {"Content-Type": "text/csv"})

    def _listed(self, asked: Asked) -> Given:
        """The orders for export, by the status that they have entered and the time of their last change."""
        since, status = asked.query.get("updatedSince", ""), asked.query.get("orderStatus", "")
        return _page(asked, [one for one in self.exported if one["updatedAt"] > since and status in ("", one["orderStatus"])])

    def _order(self, asked: Asked) -> Given:
        reference = _named(asked)
        found = next((one for one in self.exported if one["reference"] == reference), None)
        if found is None:
            raise Wrong(404, f"there is no order `{reference}`")
        return Given(200, found)

    # ------------------------------------------------------------ what is sent

    def _once(self, asked: Asked, work: Any) -> Given:
        """The same key gets the same answer, and nothing is done again."""
        key = asked.headers.get("idempotency-key", "")
        if key and key in self.taken:
            return self.taken[key]
        given: Given = work(asked)
        if key:
            self.taken[key] = given
        return given

    def _ordered(self, asked: Asked) -> Given:
        """Orders, each with what became of it; one that comes alone is answered alone."""
        told = asked.json()
        alone = isinstance(told, dict)
        results: list[dict[str, Any]] = []
        for one in [told] if alone else _some(told, "the body"):
            id = one.get("externalId")
            good = isinstance(id, str | int) and id not in ("", True, False)
            if good:
                self.orders[str(id)] = one
            results.append({"ok": True} if good else {"ok": False, "code": "F-E-001", "message": "externalId is missing"})
        good = all(one["ok"] for one in results)
        if alone:
            return Given(201, results[0]) if good else Given(400, results[0])
        return Given(200 if good else 207, {"results": results})

    def _imported(self, asked: Asked) -> Given:
        """Rows of one entity, as JSON or as CSV whose mark the query names; those that are not taken, by their place and code."""
        entity = _named(asked)
        if entity not in ENTITIES:
            raise Wrong(404, f"there is no entity `{entity}`: there are {', '.join(ENTITIES)}")
        if "csv" in asked.headers.get("content-type", ""):
            mark = asked.query.get("delimiter", "")
            if mark not in (",", ";"):
                raise Wrong(400, "the delimiter must be chosen: `,` or `;`")
            header, *cells = [line for line in lines(asked.body, mark) if line] or [[]]
            rows: list[dict[str, Any]] = [dict(zip_longest(header, line[: len(header)])) for line in cells]
        else:
            told = asked.json()
            if isinstance(told, dict):
                told = told.get("elements", [told])
            rows = _some(told, "`elements`")
        errors = [{"row": row, "code": code, "message": message} for row, code, message in self.platform.take(entity, rows)]
        return Given(207 if errors else 200, {"read": len(rows), "errors": errors})


def _fits(path: str, asked: str) -> bool:
    return asked.startswith(path) and len(asked) > len(path) if path.endswith("/") else asked == path


def _named(asked: Asked) -> str:
    """What the last part of a path names."""
    return unquote(asked.path.split("/", 2)[2])


def _basic(asked: Asked) -> tuple[str, str] | None:
    """A client in the header: RFC 6749 (2.3.1) has both parts encoded as in a form."""
    kind, _, told = asked.headers.get("authorization", "").partition(" ")
    try:
        id, _, secret = base64.b64decode(told, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (unquote_plus(id), unquote_plus(secret)) if kind.lower() == "basic" else None


def _some(told: Any, name: str) -> list[dict[str, Any]]:
    if told is None:
        raise Wrong(400, f"{name} is missing")
    return objects(told, name)


def _page(asked: Asked, found: Sequence[Any]) -> Given:
    number, size = asked.number("pageNumber", 0), asked.number("pageSize", 5, 1)
    part = found[number * size : (number + 1) * size]
    total = len(found)
    paging = {"pageNumber": number, "pageSize": size, "totalPages": -(-total // size), "totalRecords": total}
    return Given(200, {"elements": part, "paging": paging})
