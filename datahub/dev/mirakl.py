"""A fake of Mirakl's seller API: imports of offers and stock with error reports, offers and orders by pages, call frequencies."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from datahub.dev.serving import Asked, Given

KEY = "demo-key"
_FREQUENCY = {"OF01": 60.0, "OF02": 60.0, "OF03": 60.0, "STO01": 60.0, "STO02": 60.0, "STO03": 60.0, "OR11": 60.0}
"""Seconds between two calls of an operation, at least."""
_STATES = ("WAITING", "QUEUED", "RUNNING", "COMPLETE")


@dataclass
class Import:
    """A file on its way through the platform."""

    number: int
    kind: str
    digest: str
    header: list[str]
    rows: list[list[str]]
    looks: int = 0
    errors: dict[int, str] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return _STATES[min(self.looks, len(_STATES) - 1)]


class FakeMirakl:
    """The state of one shop. `pace` stretches or shortens the call frequencies; 0 asks for none."""

    def __init__(self, key: str = KEY, pace: float = 1.0, orders: Sequence[dict[str, Any]] = ()) -> None:
        self._key, self._pace = key, pace
        self.offers: dict[str, dict[str, str]] = {}
        self.stock: dict[tuple[str, str], str] = {}
        self.orders = list(orders)
        self.imports: dict[int, Import] = {}
        self.calls: list[str] = []
        self._last: dict[str, float] = {}

    def __call__(self, asked: Asked) -> Given:
        if asked.headers.get("authorization") != self._key:
            return Given(401, {"message": "Unauthorized", "status": 401})
        for method, pattern, operation in _ROUTES:
            found = re.fullmatch(pattern, asked.path)
            if found and method == asked.method:
                return self._too_often(operation) or getattr(self, f"_{operation.lower()}")(asked, *found.groups())
        return Given(404, {"message": f"no such operation: {asked.method} {asked.path}", "status": 404})

    def _too_often(self, operation: str) -> Given | None:
        self.calls.append(operation)
        now, least = time.monotonic(), _FREQUENCY.get(operation, 0.0) * self._pace
        wait = self._last.get(operation, -math.inf) + least - now
        if wait > 0:
            return Given(429, {"message": "Too many requests", "status": 429}, {"Retry-After": str(math.ceil(wait))})
        self._last[operation] = now
        return None

    # ------------------------------------------------------------ files that are sent

    def _of01(self, asked: Asked) -> Given:
        return self._submitted(asked, "offers")

    def _sto01(self, asked: Asked) -> Given:
        return self._submitted(asked, "stock")

    def _submitted(self, asked: Asked, kind: str) -> Given:
        parts = asked.parts()
        if "file" not in parts:
            return Given(400, {"message": "The part `file` is missing", "status": 400})
        if kind == "offers" and parts.get("import_mode", b"NORMAL") not in (b"NORMAL", b"REPLACE", b"PARTIAL_UPDATE"):
            return Given(400, {"message": "import_mode is unknown", "status": 400})
        digest = hashlib.sha256(parts["file"]).hexdigest()
        for one in self.imports.values():
            # The same file while it is still on its way is not taken twice.
            if (one.kind, one.digest) == (kind, digest) and one.status != "COMPLETE":
                return Given(201, {"import_id": one.number})
        header, *rows = list(csv.reader(io.StringIO(parts["file"].decode("utf-8-sig")), delimiter=";")) or [[]]
        one = Import(len(self.imports) + 2001, kind, digest, header, rows)
        self.imports[one.number] = one
        return Given(201, {"import_id": one.number})

    def _of02(self, asked: Asked, number: str) -> Given:
        return self._status(number, "offers")

    def _sto02(self, asked: Asked, number: str) -> Given:
        return self._status(number, "stock")

    def _status(self, number: str, kind: str) -> Given:
        one = self._found(number, kind)
        if one is None:
            return Given(404, {"message": f"import {number} is unknown", "status": 404})
        one.looks += 1
        if one.status == "COMPLETE" and one.looks == len(_STATES) - 1:
            self._integrate(one)
        return Given(200, self._told(one))

    def _told(self, one: Import) -> dict[str, Any]:
        done = one.status == "COMPLETE"
        return {
            "import_id": one.number,
            "status": one.status,
            "lines_read": len(one.rows) if done else 0,
            "lines_in_success": len(one.rows) - len(one.errors) if done else 0,
            "lines_in_error": len(one.errors) if done else 0,
            "lines_in_pending": 0 if done else len(one.rows),
            "has_error_report": bool(one.errors) and done,
            "mode": "NORMAL",
            "type": one.kind.upper(),
        }

    def _of03(self, asked: Asked, number: str) -> Given:
        """The lines in error as they came, and why, in columns behind them."""
        one = self._found(number, "offers")
        if one is None or not one.errors:
            return Given(404, {"message": "there is no error report", "status": 404})
        lines = [[*one.rows[row], str(row + 2), why] for row, why in one.errors.items()]
        return _report([*one.header, "error-line", "error-message"], lines)

    def _sto03(self, asked: Asked, number: str) -> Given:
        """The line's number and the reason, and behind them the line as it came."""
        one = self._found(number, "stock")
        if one is None or not one.errors:
            return Given(404, {"message": "there is no error report", "status": 404})
        return _report(["line", "reason", *one.header], [[str(row + 2), why, *one.rows[row]] for row, why in one.errors.items()])

    def _found(self, number: str, kind: str) -> Import | None:
        one = self.imports.get(int(number))
        return one if one is not None and one.kind == kind else None

    def _integrate(self, one: Import) -> None:
        for place, cells in enumerate(one.rows):
            row = dict(zip(one.header, cells, strict=False))
            why = self._offer(row) if one.kind == "offers" else self._quantity(row)
            if why:
                one.errors[place] = why

    def _offer(self, row: dict[str, str]) -> str:
        sku = row.get("sku", "")
        if not sku:
            return "The column 'sku' is mandatory"
        if row.get("update-delete") == "delete":
            return "" if self.offers.pop(sku, None) else f"The offer '{sku}' is unknown"
        if sku not in self.offers and not (row.get("product-id") and row.get("product-id-type")):
            return "The columns 'product-id' and 'product-id-type' are mandatory to create an offer"
        if not row.get("state"):
            return "The column 'state' is mandatory"
        if (price := _number(row.get("price", ""))) is None or price <= 0:
            return "The price must be a number greater than 0"
        if row.get("quantity") and not row["quantity"].isdigit():
            return "The quantity must be a whole number"
        self.offers[sku] = row
        return ""

    def _quantity(self, row: dict[str, str]) -> str:
        sku = row.get("offer-sku", "")
        if sku not in self.offers:
            return f"The offer '{sku}' is unknown"
        if not row.get("quantity", "").isdigit():
            return "The quantity must be a whole number"
        self.stock[sku, row.get("warehouse-code", "")] = row["quantity"]
        self.offers[sku]["quantity"] = row["quantity"]
        return ""

    # ------------------------------------------------------------ lists

    def _of04(self, asked: Asked) -> Given:
        """By seek: a token leads to the next page, and other filters count no more."""
        size, token = min(int(asked.query.get("limit", 10)), 100), int(asked.query.get("page_token", "0") or 0)
        told = [self._told(one) for one in self.imports.values()]
        more = {"next_page_token": str(token + size)} if token + size < len(told) else {}
        return Given(200, {"data": told[token : token + size], **more})

    def _of21(self, asked: Asked) -> Given:
        told = [{"shop_sku": sku, "price": row.get("price"), "quantity": row.get("quantity")} for sku, row in sorted(self.offers.items())]
        return _page(asked, "offers", told)

    def _or11(self, asked: Asked) -> Given:
        since = asked.query.get("start_update_date", "")
        found = [one for one in self.orders if str(one["last_updated_date"]) >= since]
        wanted = asked.query.get("order_state_codes", "")
        return _page(asked, "orders", [one for one in found if not wanted or one["order_state"] in wanted.split(",")])


_ROUTES = (
    ("POST", r"/api/offers/imports", "OF01"),
    ("GET", r"/api/offers/imports", "OF04"),
    ("GET", r"/api/offers/imports/(\d+)", "OF02"),
    ("GET", r"/api/offers/imports/(\d+)/error_report", "OF03"),
    ("POST", r"/api/offers/stock/imports", "STO01"),
    ("GET", r"/api/offers/stock/imports/(\d+)/status", "STO02"),
    ("GET", r"/api/offers/stock/imports/(\d+)/error_report", "STO03"),
    ("GET", r"/api/offers", "OF21"),
    ("GET", r"/api/orders", "OR11"),
)


def _page(asked: Asked, name: str, found: list[dict[str, Any]]) -> Given:
    size, start = min(int(asked.query.get("max", 10)), 100), int(asked.query.get("offset", 0))
    return Given(200, {name: found[start : start + size], "total_count": len(found)})


def _report(header: list[str], lines: list[list[str]]) -> Given:
    text = io.StringIO()
    csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([header, *lines])
    return Given(200, text.getvalue().encode(), {"Content-Type": "text/csv;charset=UTF-8"})


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
