"""Orders of a fake shop: lists, exports on demand, and what a seller does with an order, its lines, incidents and returns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from datahub.dev.mirakl_imports import number
from datahub.dev.mirakl_pages import page, seek
from datahub.dev.serving import Asked, Given, Wrong, objects, whole

_LOOKS = 1
"""How often an export is still being made when its status is asked for."""


class Orders:
    """The orders and returns of one shop."""

    def __init__(self, orders: Sequence[dict[str, Any]]) -> None:
        self.all, self.returns = list(orders), list[dict[str, Any]]()
        self.url = ""
        self._exports: dict[str, tuple[int, list[bytes]]] = {}

    def table(self) -> Iterator[tuple[str, str, str, Any]]:
        """Every operation: its method, its path, its name, and what answers."""
        one, line = r"/api/orders/([^/]+)", r"/api/orders/([^/]+)/lines/([^/]+)"
        yield "GET", r"/api/orders", "OR11", lambda asked: page(asked, "orders", self._wanted(asked.query))
        yield "POST", r"/api/orders/async-export", "OR13", self._export
        yield "GET", r"/api/orders/async-export/status/(.+)", "OR14", self._exporting
        yield "GET", r"/api/orders/async-export/files/(.+)/(\d+)", "OR15", self._chunk
        yield "PUT", rf"{one}/accept", "OR21", self._accepted
        yield "PUT", rf"{one}/tracking", "OR23", lambda asked, order: self._changed(order, tracking=asked.object())
        yield "PUT", rf"{one}/ship", "OR24", self._shipped
        yield "PUT", r"/api/orders/refund", "OR28", lambda asked: self._taken_back(asked, "refunds")
        yield "PUT", rf"{one}/cancel", "OR29", self._cancelled
        yield "PUT", r"/api/orders/cancel", "OR30", lambda asked: self._taken_back(asked, "cancelations")
        yield "PUT", rf"{one}/additional_fields", "OR31", self._fields
        yield "PUT", rf"{line}/resolve_incident", "OR64", self._resolved
        yield "GET", r"/api/returns", "RT11", lambda asked: seek(asked, self._returned(asked.query))

    # ------------------------------------------------------------ lists and exports

    def _wanted(self, query: Any) -> list[dict[str, Any]]:
        since, until = str(query.get("start_update_date") or ""), str(query.get("end_update_date") or "9")
        states, ids = _several(query.get("order_state_codes")), _several(query.get("order_ids"))
        return [
            one
            for one in self.all
            if since <= str(one["last_updated_date"]) <= until
            and (not states or one["order_state"] in states)
            and (not ids or one["order_id"] in ids)
        ]

    def _returned(self, query: Any) -> list[dict[str, Any]]:
        since, states = str(query.get("last_updated_from") or ""), _several(query.get("state"))
        return [one for one in self.returns if str(one["last_updated_date"]) >= since and (not states or one["state"] in states)]

    def _export(self, asked: Asked) -> Given:
        """Orders as JSON, in chunks; one export at a time, which whoever asks meanwhile is led to."""
        told = asked.object()
        running = next((id for id, (looks, _) in self._exports.items() if looks <= _LOOKS), None)
        if running is not None:
            return Given(200, {"tracking_id": running})
        size = whole(told.get("items_per_chunk", 1000), "items_per_chunk", 1)
        found = self._wanted(told)
        id = hashlib.sha256(f"{len(self._exports)} {told}".encode()).hexdigest()[:12]
        parts = [json.dumps({"orders": found[at : at + size]}).encode() for at in range(0, len(found), size)]
        self._exports[id] = (0, parts)
        return Given(200, {"tracking_id": id})

    def _exporting(self, asked: Asked, id: str) -> Given:
        if id not in self._exports:
            return _unknown("export", id)
        looks, parts = self._exports[id]
        self._exports[id] = (looks + 1, parts)
        if looks < _LOOKS:
            return Given(200, {"status": "PENDING"})
        self._exports[id] = (_LOOKS + 1, parts)
        return Given(
            200, {"status": "COMPLETED", "urls": [f"{self.url}/api/orders/async-export/files/{id}/{at}" for at in range(len(parts))]}
        )

    def _chunk(self, asked: Asked, id: str, number: str) -> Given:
        return Given(200, part(self._exports, id, number))

    # ------------------------------------------------------------ an order

    def _accepted(self, asked: Asked, order: str) -> Given:
        """Every line must be answered; where one is refused, the order goes on with the others."""
        one = self._order(order)
        if one is None:
            return _unknown("order", order)
        if one["order_state"] != "WAITING_ACCEPTANCE":
            return _wrong("ORDER_INVALID_STATE")
        lines = objects(asked.object().get("order_lines"), "`order_lines`")
        told = {str(line.get("id")): line.get("accepted") in (True, "true") for line in lines}
        if set(told) != {line["order_line_id"] for line in one.get("order_lines", [])}:
            return _wrong("ORDER_LINE_ACCEPTANCE_DECISION_MISSING")
        return self._changed(order, order_state="SHIPPING" if any(told.values()) else "REFUSED")

    def _shipped(self, asked: Asked, order: str) -> Given:
        one = self._order(order)
        if one is not None and one["order_state"] not in ("SHIPPING", "WAITING_DEBIT_PAYMENT", "SHIPPED"):
            return _wrong("ORDER_INVALID_STATE")
        return self._changed(order, order_state="SHIPPED")

    def _cancelled(self, asked: Asked, order: str) -> Given:
        one = self._order(order)
        if one is not None and one["order_state"] in ("SHIPPED", "RECEIVED", "CLOSED", "REFUSED"):
            return _wrong("ORDER_INVALID_STATE")
        return self._changed(order, order_state="CANCELED")

    def _fields(self, asked: Asked, order: str) -> Given:
        """Only fields that are sent change; one without a value is gone."""
        one = self._order(order)
        if one is None:
            return _unknown("order", order)
        fields = {field["code"]: field["value"] for field in one.get("order_additional_fields", [])}
        for field in objects(asked.object().get("order_additional_fields"), "`order_additional_fields`"):
            if not isinstance(field.get("code"), str):
                return _wrong("the code of an additional field is missing")
            fields[field["code"]] = field.get("value")
        kept = [{"code": code, "value": value} for code, value in fields.items() if value not in (None, "")]
        return self._changed(order, order_additional_fields=kept)

    def _changed(self, order: str, **values: Any) -> Given:
        one = self._order(order)
        if one is None:
            return _unknown("order", order)
        one.update(values)
        return Given(204, b"")

    # ------------------------------------------------------------ lines

    def _taken_back(self, asked: Asked, kind: str) -> Given:
        """Amounts of lines that are paid back, or cancelled; all of the request, or none of it."""
        wanted = objects(asked.object().get(kind), f"`{kind}`")
        if not wanted:
            return _wrong(f"`{kind}` is missing")
        made = []
        for place, told in enumerate(wanted):
            line = self._line(str(told.get("order_line_id")))
            amount = _number(told.get("amount"))
            if line is None:
                return _unknown("order line", str(told.get("order_line_id")))
            if amount is None or amount <= 0 or amount > (_number(line.get("price")) or Decimal(0)):
                return _wrong(f"the amount of {kind}[{place}] is not between 0 and the price of the line")
            if not told.get("reason_code"):
                return _wrong(f"the reason_code of {kind}[{place}] is missing")
            made.append((line, told))
        ids = []
        for line, told in made:
            line.setdefault(kind, []).append({"id": f"{line['order_line_id']}-{len(line.get(kind, [])) + 1}", **told})
            ids.append({"order_line_id": line["order_line_id"], "id": line[kind][-1]["id"]})
        return Given(200, {kind: ids})

    def _resolved(self, asked: Asked, order: str, line: str) -> Given:
        one = self._line(line)
        if self._order(order) is None or one is None:
            return _unknown("order line", line)
        if one.get("order_line_state") != "INCIDENT_OPEN":
            return _wrong("ORDER_LINE_INVALID_STATE")
        reason = asked.object().get("reason_code")
        if not reason:
            return _wrong("reason_code is missing")
        one.update(order_line_state="INCIDENT_CLOSED", order_line_state_reason_code=reason)
        return Given(204, b"")

    def _order(self, id: str) -> dict[str, Any] | None:
        return next((one for one in self.all if one["order_id"] == id), None)

    def _line(self, id: str) -> dict[str, Any] | None:
        return next((line for one in self.all for line in one.get("order_lines", []) if line["order_line_id"] == id), None)


def sample_orders() -> list[dict[str, Any]]:
    """Three orders of a shop, as OR11 gives them, for whoever begins."""
    lines = (("1", (("ACME-1", 2, 25.0), ("ACME-2", 1, 9.9))), ("2", (("ACME-1", 1, 12.5),)), ("3", (("ACME-9", 3, 30.0),)))
    return [
        {
            "order_id": f"C-100{number}-A",
            "commercial_id": f"C-100{number}",
            "order_state": "WAITING_ACCEPTANCE" if number == "1" else "SHIPPING",
            "created_date": f"2026-03-0{number}T08:00:00Z",
            "last_updated_date": f"2026-03-0{number}T09:30:00Z",
            "currency_iso_code": "EUR",
            "price": sum(price for _, _, price in bought),
            "total_price": sum(price for _, _, price in bought) + 4.9,
            "shipping_price": 4.9,
            "customer": {
                "firstname": "Ada",
                "lastname": "Lovelace",
                "shipping_address": {"street_1": "1 rue de la Paix", "zip_code": "75002", "city": "Paris", "country_iso_code": "FR"},
            },
            "order_lines": [
                {
                    "order_line_id": f"C-100{number}-A-{place}",
                    "offer_sku": sku,
                    "quantity": quantity,
                    "price": price,
                    "order_line_state": "WAITING_ACCEPTANCE" if number == "1" else "SHIPPING",
                }
                for place, (sku, quantity, price) in enumerate(bought, 1)
            ],
        }
        for number, bought in lines
    ]


def _several(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [one for one in str(value or "").split(",") if one]


def _number(value: Any) -> Decimal | None:
    return number(str(value))


def part(exports: dict[str, tuple[int, list[bytes]]], id: str, place: str) -> bytes:
    """One chunk of an export that there is."""
    parts = exports[id][1] if id in exports else []
    at = whole(place, "the number of the file")
    if at >= len(parts):
        raise Wrong(404, f"export {id} has no file {place}")
    return parts[at]


def _unknown(what: str, id: str) -> Given:
    return Given(404, {"message": f"{what} {id} is unknown", "status": 404})


def _wrong(message: str) -> Given:
    return Given(400, {"message": message, "status": 400})
