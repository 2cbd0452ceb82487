"""A fake of a REST API as DJUST's data hub calls it: offer files on demand, lists in envelopes, imports of every entity, order export."""

from __future__ import annotations

import io
import secrets
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any
from urllib.parse import parse_qsl

from datahub.dev.djust_imports import ENTITIES, Platform
from datahub.dev.serving import Asked, Given
from datahub.formats.delimited import line_reader, line_writer

CLIENT, SECRET = "demo", "demo-secret"
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
        self._since, self._looks = "", 0
        self.url = ""
        """Where the fake is reached, for addresses in its answers."""

    def __call__(self, asked: Asked) -> Given:
        if (asked.method, asked.path) == ("POST", "/oauth/token"):
            return self._token(asked)
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Given(401, {"message": "the token is missing or has ended"})
        match (asked.method, asked.path):
            case ("POST", "/offer/file/generate"):
                self._since, self._looks = str((asked.json() or {}).get("sinceUpdateDateTime") or ""), 0
                return Given(202, {"statusFile": "GENERATING"})
            case ("GET", "/offer/file/status"):
                self._looks += 1
                done = self._looks > _LOOKS
                return Given(
                    200, {"statusFile": "AVAILABLE" if done else "GENERATING", "urlFile": f"{self.url}/files/offers.csv" if done else None}
                )
            case ("GET", "/files/offers.csv"):
                return self._file()
            case ("GET", "/offers"):
                return _page(asked, self.offers)
            case ("GET", "/orders"):
                return self._listed(asked)
            case ("GET", path) if path.startswith("/orders/"):
                return self._order(path.removeprefix("/orders/"))
            case ("POST", "/orders"):
                return self._once(asked, self._ordered)
            case ("POST", path) if path.startswith("/imports/"):
                return self._once(asked, self._imported)
            case _:
                return Given(404, {"message": f"no such operation: {asked.method} {asked.path}"})

    def _token(self, asked: Asked) -> Given:
        told = dict(parse_qsl(asked.body.decode()))
        if (told.get("grant_type"), told.get("client_id"), told.get("client_secret")) != ("client_credentials", CLIENT, SECRET):
            return Given(401, {"error": "invalid_client"})
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return Given(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3599})

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

    def _order(self, reference: str) -> Given:
        found = next((one for one in self.exported if one["reference"] == reference), None)
        return Given(200, found) if found else Given(404, {"message": f"there is no order `{reference}`"})

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
        """Orders, each with what became of it."""
        results = []
        for one in asked.json():
            good = bool(one.get("externalId"))
            if good:
                self.orders[one["externalId"]] = one
            results.append({"ok": True} if good else {"ok": False, "code": "F-E-001", "message": "externalId is missing"})
        return Given(200 if all(one["ok"] for one in results) else 207, {"results": results})

    def _imported(self, asked: Asked) -> Given:
        """Rows of one entity, as JSON or as CSV whose mark the query names; those that are not taken, by their place and code."""
        entity = asked.path.rpartition("/")[2]
        if entity not in ENTITIES:
            return Given(404, {"message": f"there is no entity `{entity}`: there are {', '.join(ENTITIES)}"})
        if "csv" in asked.headers.get("content-type", ""):
            mark = asked.query.get("delimiter", "")
            if mark not in (",", ";"):
                return Given(400, {"message": "the delimiter must be chosen: `,` or `;`"})
            header, *lines = [line for line in line_reader(io.StringIO(asked.body.decode("utf-8-sig")), mark) if line] or [[]]
            rows: list[dict[str, Any]] = [dict(zip_longest(header, line[: len(header)])) for line in lines]
        else:
            told = asked.json()
            rows = told["elements"] if isinstance(told, dict) else told
        errors = [{"row": row, "code": code, "message": message} for row, code, message in self.platform.take(entity, rows)]
        return Given(207 if errors else 200, {"read": len(rows), "errors": errors})


def _page(asked: Asked, found: Sequence[Any]) -> Given:
    number, size = int(asked.query.get("pageNumber", 0)), int(asked.query.get("pageSize", 5))
    part = found[number * size : (number + 1) * size]
    total = len(found)
    paging = {"pageNumber": number, "pageSize": size, "totalPages": -(-total // size), "totalRecords": total}
    return Given(200, {"elements": part, "paging": paging})
