"""A fake of Mirakl's API as shops and operators call it: file imports, lists by pages, exports made on demand, orders, call frequencies."""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

from datahub.dev.mirakl_imports import KINDS, Import, Kind, Row, Shop, above, sheet
from datahub.dev.mirakl_orders import Orders, part
from datahub.dev.mirakl_pages import page, seek
from datahub.dev.serving import Asked, Given, Wrong, lines, objects, whole

KEY = "demo-key"
_A_MINUTE = ("OF01", "OF02", "OF03", "OF24", "OF52", "OR11", "P42", "P44", "P45", "P46", "P47", "P51")
_PRICES_AND_STOCK = ("PRI01", "PRI02", "PRI03", "STO01", "STO02", "STO03")
_FREQUENCY = {
    "P41": 900.0,
    "OF53": 10.0,
    "OR13": 300.0,
    "OR14": 2.0,
    "RT11": 300.0,
    "OR31": 0.2,
    **dict.fromkeys(_A_MINUTE + _PRICES_AND_STOCK, 60.0),
}
"""Seconds between two calls of an operation, at least."""
_EXPORT_LOOKS = 2
"""How often an export is still being made when its status is asked for."""


class FakeMirakl:
    """The state of one shop. `pace` stretches or shortens the call frequencies; 0 asks for none."""

    def __init__(self, key: str = KEY, pace: float = 1.0, orders: Sequence[dict[str, Any]] = ()) -> None:
        self._key, self._pace = key, pace
        self.shop = Shop()
        self._orders = Orders(orders)
        self.imports: dict[int, Import] = {}
        self.exports: dict[str, tuple[int, list[bytes]]] = {}
        """By their id how often each was asked for, and its chunks."""
        self.calls: list[str] = []
        self._last: dict[str, float] = {}
        self._routes = list(self._table())

    @property
    def url(self) -> str:
        """Where the fake is reached, for addresses in its answers."""
        return self._orders.url

    @url.setter
    def url(self, url: str) -> None:
        self._orders.url = url

    @property
    def orders(self) -> list[dict[str, Any]]:
        return self._orders.all

    @orders.setter
    def orders(self, orders: Sequence[dict[str, Any]]) -> None:
        self._orders.all = list(orders)

    @property
    def returns(self) -> list[dict[str, Any]]:
        return self._orders.returns

    @property
    def offers(self) -> dict[str, Row]:
        return self.shop.offers

    @property
    def stock(self) -> dict[tuple[str, str], str]:
        return self.shop.stock

    def __call__(self, asked: Asked) -> Given:
        if asked.headers.get("authorization") != self._key:
            return Given(401, {"message": "Unauthorized", "status": 401})
        there = set()
        for method, pattern, operation, answer in self._routes:
            found = re.fullmatch(pattern, asked.path)
            if found and method == asked.method:
                return self._too_often(operation) or answer(asked, *map(unquote, found.groups()))
            there |= {method} if found else set()
        if there:
            raise Wrong(405, f"{asked.path} is not asked by {asked.method}", {"Allow": ", ".join(sorted(there))})
        raise Wrong(404, f"no such operation: {asked.method} {asked.path}")

    def refusal(self, status: int, message: str) -> Any:
        """How the platform says that it does not do what is asked."""
        return {"message": message, "status": status}

    def _too_often(self, operation: str) -> Given | None:
        self.calls.append(operation)
        now, least = time.monotonic(), _FREQUENCY.get(operation, 0.0) * self._pace
        wait = self._last.get(operation, -math.inf) + least - now
        if wait > 0:
            return Given(429, {"message": "Too many requests", "status": 429}, {"Retry-After": str(math.ceil(wait))})
        self._last[operation] = now
        return None

    def _table(self) -> Iterator[tuple[str, str, str, Any]]:
        """Every operation: its method, its path, its name, and what answers."""
        for kind in KINDS.values():
            status = rf"{kind.path}/(\d+)/status" if kind.name == "stock" else rf"{kind.path}/(\d+)"
            yield "POST", kind.path, kind.submit, lambda asked, kind=kind: self._submitted(asked, kind)
            if kind.name != "prices":
                yield "GET", status, kind.status, lambda asked, number, kind=kind: self._status(number, kind)
            yield "GET", rf"{kind.path}/(\d+)/error_report", kind.report, lambda asked, number, kind=kind: self._report(number, kind)
        products = KINDS["products"]
        yield "GET", rf"{products.path}/(\d+)/new_product_report", "P45", lambda asked, number: self._added(number)
        yield "GET", rf"{products.path}/(\d+)/transformed_file", "P46", lambda asked, number: self._there(number).transformed()
        yield (
            "GET",
            rf"{products.path}/(\d+)/transformation_error_report",
            "P47",
            lambda asked, number: self._there(number).transformation_report(),
        )
        yield "GET", products.path, "P51", lambda asked: page(asked, "product_import_trackings", self._imports("products"))
        yield "GET", KINDS["offers"].path, "OF04", lambda asked: seek(asked, self._imports("offers"))
        yield "GET", KINDS["prices"].path, "PRI02", self._price_imports
        yield "GET", r"/api/offers", "OF21", lambda asked: page(asked, "offers", self._offers())
        yield "POST", r"/api/offers", "OF24", self._offers_sent
        yield "POST", r"/api/offers/export/async", "OF52", self._export
        yield "GET", r"/api/offers/export/async/status/(.+)", "OF53", self._exporting
        yield "GET", r"/api/offers/export/async/files/(.+)/(\d+)", "OF54", self._chunk
        yield from self._orders.table()
        yield "GET", r"/api/hierarchies", "H11", lambda asked: Given(200, {"hierarchies": self._hierarchies()})
        yield "GET", r"/api/products/attributes", "PM11", lambda asked: Given(200, {"attributes": self._attributes(asked)})
        yield "GET", r"/api/values_lists", "VL11", lambda asked: Given(200, {"values_lists": self._values()})
        yield "GET", r"/api/products", "P31", self._p31
        yield "GET", r"/api/shops", "S20", lambda asked: page(asked, "shops", [_SHOP])

    # ------------------------------------------------------------ files that are sent

    def _submitted(self, asked: Asked, kind: Kind) -> Given:
        parts = asked.parts()
        if "file" not in parts:
            return Given(400, {"message": "The part `file` is missing", "status": 400})
        mode = parts.get("import_mode", b"NORMAL").decode(errors="replace")
        if kind.name == "offers" and mode not in ("NORMAL", "REPLACE", "PARTIAL_UPDATE"):
            return Given(400, {"message": "import_mode is unknown", "status": 400})
        header, *rows = lines(parts["file"], ";")
        return self._begun(kind, mode, parts["file"], header, rows)

    def _begun(self, kind: Kind, mode: str, content: bytes, header: list[str], rows: list[list[str]]) -> Given:
        digest = hashlib.sha256(content).hexdigest()
        for one in self.imports.values():
            # The same while it is still on its way is not taken twice.
            if (one.kind, one.digest, one.mode) == (kind, digest, mode) and one.status != "COMPLETE":
                return Given(201, {kind.number: one.number})
        one = Import(len(self.imports) + 2001, kind, mode, digest, header, rows)
        self.imports[one.number] = one
        return Given(201, {kind.number: one.number})

    def _offers_sent(self, asked: Asked) -> Given:
        """Offers as JSON, each whole: what is not sent of one is as if it had never been said."""
        # Prices keep their digits.
        offers = objects(asked.object(exact=True).get("offers"), "`offers`")
        if not offers:
            raise Wrong(400, "`offers` is missing")
        rows = [[_cell(one.get(name, unsaid)) for _, name, unsaid in _OF24] for one in offers]
        return self._begun(KINDS["offers"], "NORMAL", asked.body, [column for column, _, _ in _OF24], rows)

    def _there(self, number: str, kind: Kind = KINDS["products"]) -> Import:
        one = self.imports.get(whole(number, "the number of the import"))
        if one is None or one.kind != kind:
            raise Wrong(404, f"import {number} is unknown")
        return one

    def _status(self, number: str, kind: Kind) -> Given:
        one = self._there(number, kind)
        one.look(self.shop)
        return Given(200, one.told())

    def _report(self, number: str, kind: Kind) -> Given:
        return self._there(number, kind).report()

    def _added(self, number: str) -> Given:
        one = self._there(number)
        good = [cells for row, cells in enumerate(one.rows) if row not in one.errors and row not in one.transformation]
        return sheet(one.header, good)

    def _imports(self, kind: str) -> list[dict[str, Any]]:
        return [one.told() for one in self.imports.values() if one.kind.name == kind]

    def _price_imports(self, asked: Asked) -> Given:
        """The newest first; PRI02 is the one way to the status of an import of prices."""
        wanted = asked.query.get("import_id", "")
        for one in self.imports.values():
            if one.kind.name == "prices" and wanted in ("", str(one.number)):
                one.look(self.shop)
        found = [told for told in reversed(self._imports("prices")) if wanted in ("", str(told["import_id"]))]
        return seek(asked, found)

    # ------------------------------------------------------------ lists

    def _offers(self) -> list[dict[str, Any]]:
        return [{"shop_sku": sku, "price": row.get("price"), "quantity": row.get("quantity")} for sku, row in sorted(self.offers.items())]

    def _hierarchies(self) -> list[dict[str, Any]]:
        return [
            {
                "code": code,
                "label": row["hierarchy-label"],
                "parent_code": row.get("hierarchy-parent-code", ""),
                "level": 1 + len(list(above(self.shop.hierarchies, row, "hierarchy-parent-code"))),
            }
            for code, row in self.shop.hierarchies.items()
        ]

    def _attributes(self, asked: Asked) -> list[dict[str, Any]]:
        wanted = asked.query.get("hierarchy", "")
        return [
            {
                "code": code,
                "hierarchy_code": where,
                "label": row["label"],
                "type": row["type"],
                "requirement_level": "REQUIRED" if row.get("required") == "true" else "OPTIONAL",
                "variant": row.get("variant") == "true",
                "values_list": row.get("values-list") or None,
            }
            for (code, where), row in self.shop.attributes.items()
            if not wanted or where in ("", wanted)
        ]

    def _values(self) -> list[dict[str, Any]]:
        lists: dict[str, dict[str, Any]] = {}
        for (name, code), row in self.shop.values.items():
            one = lists.setdefault(name, {"code": name, "label": row["list-label"], "values": []})
            one["values"].append({"code": code, "label": row["value-label"]})
        return list(lists.values())

    def _p31(self, asked: Asked) -> Given:
        """Products by `EAN|…,EAN|…`, at most a hundred."""
        wanted = [one.partition("|")[2] for one in asked.query.get("product_references", "").split(",") if one]
        if not 1 <= len(wanted) <= 100:
            return Given(400, {"message": "product_references has 1 to 100 references", "status": 400})
        found = [
            {"product_sku": sku, "product_title": row["product-title"], "category_code": row["category-code"]}
            for sku, row in self.shop.products.items()
            if any(one.rpartition("|")[2] in wanted for one in row.get("product-references", "").split(","))
        ]
        return Given(200, {"products": found})

    # ------------------------------------------------------------ exports on demand

    def _export(self, asked: Asked) -> Given:
        """Offers as CSV, in chunks; the same question while it is still being answered gets the same id."""
        told = asked.object()
        chunk = whole(told.get("items_per_chunk", 1000), "items_per_chunk", 1)
        since = str(told.get("last_request_date") or "")
        id = hashlib.sha256(f"{since} {chunk} {sorted(self.offers)}".encode()).hexdigest()[:12]
        rows = [[sku, row.get("price", ""), row.get("quantity", "")] for sku, row in sorted(self.offers.items())]
        parts = [sheet(["shop-sku", "price", "quantity"], rows[at : at + chunk]).body for at in range(0, len(rows), chunk)]
        self.exports.setdefault(id, (0, parts))
        return Given(200, {"tracking_id": id})

    def _exporting(self, asked: Asked, id: str) -> Given:
        if id not in self.exports:
            return Given(404, {"message": f"export {id} is unknown", "status": 404})
        looks, parts = self.exports[id]
        self.exports[id] = (looks + 1, parts)
        if looks < _EXPORT_LOOKS:
            return Given(200, {"status": "PENDING"})
        urls = [f"{self.url}/api/offers/export/async/files/{id}/{number}" for number in range(len(parts))]
        return Given(200, {"status": "COMPLETED", "urls": urls})

    def _chunk(self, asked: Asked, id: str, number: str) -> Given:
        return Given(200, part(self.exports, id, number), {"Content-Type": "text/csv;charset=UTF-8"})


_OF24 = (
    ("sku", "shop_sku", ""),
    ("product-id", "product_id", ""),
    ("product-id-type", "product_id_type", ""),
    ("price", "price", ""),
    ("state", "state_code", ""),
    ("quantity", "quantity", 0),
    ("update-delete", "update_delete", ""),
    ("description", "description", ""),
    ("leadtime-to-ship", "leadtime_to_ship", ""),
)
"""The columns of OF01 by the names that OF24 has for them, and what they are where nothing is sent."""


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


_SHOP = {
    "shop_id": 2001,
    "shop_name": "Demo",
    "shop_state": "OPEN",
    "currency_iso_code": "EUR",
    "is_professional": True,
    "grade": 4.5,
    "offers_count": 0,
}
