"""A fake of a REST API as DJUST's data hub calls it: the flow of offer files, lists in envelopes, orders taken under a key."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from datahub.dev.serving import Asked, Given

CLIENT, SECRET = "demo", "demo-secret"
OFFERS = tuple(
    {"sku": f"SKU-{day:03}", "price": f"{day}.50", "stock": str(day * 3), "updatedAt": f"2026-01-{day:02}T08:00:00Z"}
    for day in range(1, 13)
)
_LOOKS = 2
"""How often a file is still being made when its status is asked for."""


class FakeDjust:
    """The state of one platform."""

    def __init__(self, offers: Sequence[dict[str, str]] = OFFERS) -> None:
        self.offers = list(offers)
        self.orders: dict[str, Any] = {}
        self.taken: dict[str, Any] = {}
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
                return self._page(asked)
            case ("POST", "/orders"):
                return self._ordered(asked)
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
        lines = csv.DictWriter(text, ["sku", "price", "stock", "updatedAt"], delimiter=";", lineterminator="\n")
        lines.writeheader()
        lines.writerows(one for one in self.offers if one["updatedAt"] > self._since)
        return Given(200, text.getvalue().encode(), {"Content-Type": "text/csv"})

    def _page(self, asked: Asked) -> Given:
        number, size = int(asked.query.get("pageNumber", 0)), int(asked.query.get("pageSize", 5))
        part = self.offers[number * size : (number + 1) * size]
        total = len(self.offers)
        return Given(
            200,
            {"elements": part, "paging": {"pageNumber": number, "pageSize": size, "totalPages": -(-total // size), "totalRecords": total}},
        )

    def _ordered(self, asked: Asked) -> Given:
        """Orders, each with what became of it; the same key gets the same answer, and nothing is done again."""
        key = asked.headers.get("idempotency-key", "")
        if key and key in self.taken:
            return Given(200, self.taken[key])
        results = []
        for one in asked.json():
            good = bool(one.get("externalId"))
            if good:
                self.orders[one["externalId"]] = one
            results.append({"ok": True} if good else {"ok": False, "code": "F-E-001", "message": "externalId is missing"})
        answer = {"results": results}
        if key:
            self.taken[key] = answer
        return Given(200 if all(one["ok"] for one in results) else 207, answer)
