"""The file imports of the fake of Mirakl: each kind with its operations, its states, its reports, and what it makes of a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from datahub.dev.serving import Given

Row = dict[str, str]
STATES = ("WAITING", "QUEUED", "RUNNING", "COMPLETE")
PRODUCT_STATES = ("TRANSFORMATION_WAITING", "TRANSFORMATION_RUNNING", "SENT", "COMPLETE")
MOST_PRICES = 50
_SUMMED = ("EAN", "UPC", "GTIN")
"""The kinds of references to products whose last digit follows from the others."""


@dataclass
class Shop:
    """What the platform has, as far as imports change it."""

    offers: dict[str, Row] = field(default_factory=dict)
    stock: dict[tuple[str, str], str] = field(default_factory=dict)
    prices: dict[str, list[Row]] = field(default_factory=dict)
    categories: dict[str, Row] = field(default_factory=dict)
    hierarchies: dict[str, Row] = field(default_factory=dict)
    values: dict[tuple[str, str], Row] = field(default_factory=dict)
    attributes: dict[tuple[str, str], Row] = field(default_factory=dict)
    products: dict[str, Row] = field(default_factory=dict)
    """Of the operator, by product-sku."""
    sent: dict[str, Row] = field(default_factory=dict)
    """Of the shop, by shop_sku."""


@dataclass(frozen=True)
class Kind:
    """One kind of import: its path, and the operations that submit, tell the status, and report."""

    name: str
    path: str
    submit: str
    status: str
    report: str
    number: str = "import_id"
    states: tuple[str, ...] = STATES


KINDS = {
    one.name: one
    for one in (
        Kind("offers", "/api/offers/imports", "OF01", "OF02", "OF03"),
        Kind("stock", "/api/offers/stock/imports", "STO01", "STO02", "STO03"),
        Kind("prices", "/api/offers/pricing/imports", "PRI01", "PRI02", "PRI03"),
        Kind("products", "/api/products/imports", "P41", "P42", "P44", states=PRODUCT_STATES),
        Kind("categories", "/api/categories/synchros", "CA01", "CA02", "CA03", "synchro_id"),
        Kind("hierarchies", "/api/hierarchies/imports", "H01", "H02", "H03"),
        Kind("values", "/api/values_lists/imports", "VL01", "VL02", "VL03"),
        Kind("attributes", "/api/products/attributes/imports", "PM01", "PM02", "PM03"),
        Kind("product-synchros", "/api/products/synchros", "P21", "P22", "P23", "synchro_id"),
    )
}


@dataclass
class Import:
    """A file on its way through the platform."""

    number: int
    kind: Kind
    mode: str
    digest: str
    header: list[str]
    rows: list[list[str]]
    looks: int = 0
    errors: dict[int, str] = field(default_factory=dict)
    transformation: dict[int, str] = field(default_factory=dict)
    """For products: what is wrong with the file itself, line by line."""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def status(self) -> str:
        return self.kind.states[min(self.looks, len(self.kind.states) - 1)]

    def look(self, shop: Shop) -> None:
        """One step on; what the lines do is done when the step comes to it."""
        self.looks += 1
        steps = len(self.kind.states) - 1
        if self.kind.name == "products" and self.looks == steps - 1:
            self.transformation = {place: why for place, row in enumerate(self.dicts()) if (why := _transformed(shop, row))}
        if self.looks == steps:
            integrate(self, shop)

    def dicts(self) -> list[Row]:
        return [dict(zip(self.header, cells, strict=False)) for cells in self.rows]

    def told(self) -> dict[str, Any]:
        """What the status says."""
        done = self.status == "COMPLETE"
        wrong = len(self.errors) + (len(self.transformation) if done else 0)
        said: dict[str, Any] = {
            self.kind.number: self.number,
            "status": self.status,
            "import_status": self.status,
            "lines_read": len(self.rows) if done else 0,
            "lines_in_success": len(self.rows) - wrong if done else 0,
            "lines_in_error": wrong if done else 0,
            "lines_in_pending": 0 if done else len(self.rows),
            "has_error_report": bool(self.errors) and done,
            "mode": self.mode,
            "type": self.kind.name.upper(),
            **self.counts,
        }
        if self.kind.name == "products":
            over = self.status in ("SENT", "COMPLETE")
            said |= {
                "transform_lines_read": len(self.rows) if over else 0,
                "transform_lines_in_success": len(self.rows) - len(self.transformation) if over else 0,
                "transform_lines_in_error": len(self.transformation),
                "transform_lines_with_warning": 0,
                "has_transformation_error_report": bool(self.transformation),
                "has_transformed_file": over,
                "has_new_product_report": done and bool(self.counts.get("new_products")),
                "lines_in_error": 0,
            }
        return said

    # ------------------------------------------------------------ reports

    def report(self) -> Given:
        """The lines in error: with their number and the reason before them, or behind them, as each kind has it."""
        if not self.errors:
            return Given(404, {"message": "there is no error report", "status": 404})
        if self.kind.name in ("stock", "prices"):
            return sheet(["line", "reason", *self.header], [[str(row + 2), why, *self.rows[row]] for row, why in self.errors.items()])
        lines = [[*self.rows[row], str(row + 2), why] for row, why in self.errors.items()]
        return sheet([*self.header, "error-line", "error-message"], lines)

    def transformation_report(self) -> Given:
        if not self.transformation:
            return Given(404, {"message": "there is no transformation error report", "status": 404})
        return sheet([*self.header, "errors", "warnings"], [[*self.rows[row], why, ""] for row, why in self.transformation.items()])

    def transformed(self) -> Given:
        return sheet(self.header, [cells for row, cells in enumerate(self.rows) if row not in self.transformation])


def integrate(one: Import, shop: Shop) -> None:
    """Take every line in that can be, and say why of the others."""
    check: Callable[[Shop, Row], str] = _LINES[one.kind.name]
    if one.kind.name == "prices":
        _prices(one, shop)
        return
    before = dict(shop.offers)
    for place, row in enumerate(one.dicts()):
        if place in one.transformation:
            continue
        why = check(shop, row)
        if why:
            one.errors[place] = why
    if one.kind.name == "offers":
        if one.mode == "REPLACE":
            kept = {row.get("sku", "") for row in one.dicts()}
            for sku in [sku for sku in shop.offers if sku not in kept]:
                del shop.offers[sku]
        one.counts = {
            "offer_inserted": len(shop.offers.keys() - before.keys()),
            "offer_deleted": len(before.keys() - shop.offers.keys()),
            "offer_updated": sum(shop.offers[sku] is not before[sku] for sku in shop.offers.keys() & before.keys()),
        }
    if one.kind.name == "products":
        one.counts = {"new_products": len(one.rows) - len(one.errors) - len(one.transformation)}


def offer(shop: Shop, row: Row) -> str:
    sku = row.get("sku", "")
    if not sku:
        return "The column 'sku' is mandatory"
    if row.get("update-delete") == "delete":
        return "" if shop.offers.pop(sku, None) else f"The offer '{sku}' is unknown"
    if sku not in shop.offers and not (row.get("product-id") and row.get("product-id-type")):
        return "The columns 'product-id' and 'product-id-type' are mandatory to create an offer"
    reference = row.get("product-id", "")
    if row.get("product-id-type", "").upper() in _SUMMED and reference and not _sums_up(reference):
        return f"The product-id '{reference}' is not a valid {row['product-id-type']}"
    if not row.get("state"):
        return "The column 'state' is mandatory"
    if (price := number(row.get("price", ""))) is None or price <= 0:
        return "The price must be a number greater than 0"
    if row.get("quantity") and not _counts(row["quantity"]):
        return "The quantity must be a whole number"
    shop.offers[sku] = row
    return ""


def _counts(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _quantity(shop: Shop, row: Row) -> str:
    sku, place = row.get("offer-sku", ""), row.get("warehouse-code", "")
    if sku not in shop.offers:
        return f"The offer '{sku}' is unknown"
    if row.get("update-delete") == "delete":
        return "" if shop.stock.pop((sku, place), None) is not None else f"The offer '{sku}' has no such quantity"
    if not _counts(row.get("quantity", "")):
        return "The quantity must be a whole number"
    shop.stock[sku, place] = row["quantity"]
    shop.offers[sku] = {**shop.offers[sku], "quantity": row["quantity"]}
    return ""


def _prices(one: Import, shop: Shop) -> None:
    """All prices of an offer at once: those that it had are gone. Its lines must stand together."""
    seen: dict[str, list[tuple[int, Row]]] = {}
    last = ""
    for place, row in enumerate(one.dicts()):
        sku = row.get("offer-sku", "")
        if sku in seen and sku != last:
            one.errors[place] = f"The lines of the offer '{sku}' do not stand together"
        seen.setdefault(sku, []).append((place, row))
        last = sku
    for sku, lines in seen.items():
        for place, row in lines:
            if why := _price(shop, sku, row, len(lines)):
                one.errors.setdefault(place, why)
        if any(place in one.errors for place, _ in lines):
            # Half of an offer's prices would take the others away.
            for place, _ in lines:
                one.errors.setdefault(place, f"Another price of the offer '{sku}' is in error")
            continue
        shop.prices[sku] = [row for _, row in lines]


def _price(shop: Shop, sku: str, row: Row, lines: int) -> str:
    if sku not in shop.offers:
        return f"The offer '{sku}' is unknown"
    if lines > MOST_PRICES:
        return f"An offer has {MOST_PRICES} prices at most"
    if (price := number(row.get("price", ""))) is None or price <= 0:
        return "The price must be a number greater than 0"
    return ""


def _transformed(shop: Shop, row: Row) -> str:
    if not row.get("shop_sku"):
        return "2004|The attribute 'shop_sku' (Shop SKU) is required"
    if not row.get("category"):
        return "2004|The attribute 'category' (Category) is required"
    if shop.hierarchies and row["category"] not in shop.hierarchies:
        return f"2030|The category '{row['category']}' is unknown"
    return next((why for (code, where), told in shop.attributes.items() if (why := _attribute(shop, row, code, where, told))), "")


def _attribute(shop: Shop, row: Row, code: str, where: str, told: Row) -> str:
    if where not in ("", row["category"]):
        return ""
    value = row.get(code, "")
    if not value:
        return f"2004|The attribute '{code}' ({told.get('label', '')}) is required" if told.get("required") == "true" else ""
    wanted = told.get("values-list", "")
    if wanted and (wanted, value) not in shop.values:
        return f"2022|The value '{value}' of the attribute '{code}' is not in the list '{wanted}'"
    return ""


def _product(shop: Shop, row: Row) -> str:
    ean = row.get("ean", "")
    if ean and not _sums_up(ean):
        return f"MCM-04000|The EAN '{ean}' is not valid"
    shop.sent[row["shop_sku"]] = row
    return ""


def _sums_up(ean: str) -> bool:
    if not (ean.isascii() and ean.isdigit() and len(ean) in (8, 12, 13, 14)):
        return False
    digits = [int(one) for one in reversed(ean)]
    return sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


def _coded(kept: str, key: tuple[str, ...], needed: tuple[str, ...], parent: str = "") -> Callable[[Shop, Row], str]:
    """A line of the operator's data: put in, changed or deleted by its key; a parent must be there."""

    def take(shop: Shop, row: Row) -> str:
        there: dict[Any, Row] = getattr(shop, kept)
        code: Any = row.get(key[0], "") if len(key) == 1 else tuple(row.get(one, "") for one in key)
        if not row.get(key[0]):
            return f"The column '{key[0]}' is mandatory"
        if row.get("update-delete") == "delete":
            return "" if there.pop(code, None) else f"'{row[key[0]]}' is unknown"
        missing = next((one for one in needed if not row.get(one)), "")
        if missing:
            return f"The column '{missing}' is mandatory"
        if parent and row.get(parent) and row[parent] not in there:
            return f"The parent '{row[parent]}' is unknown"
        if parent and code in above(there, row, parent):
            return f"The parent '{row[parent]}' is below '{code}'"
        there[code] = row
        return ""

    return take


def above(there: dict[Any, Row], row: Row, parent: str) -> Iterator[str]:
    """What a line stands below, from its parent up: what is there already leads to an end."""
    while code := row.get(parent):
        yield code
        row = there.get(code, {})


def _known_product(shop: Shop, row: Row) -> str:
    if row.get("category-code") and shop.categories and row["category-code"] not in shop.categories:
        return f"The category '{row['category-code']}' is unknown"
    return _coded("products", ("product-sku",), ("product-title", "category-code"))(shop, row)


_LINES: dict[str, Callable[[Shop, Row], str]] = {
    "offers": offer,
    "stock": _quantity,
    "prices": lambda shop, row: "",
    "products": _product,
    "categories": _coded("categories", ("category-code",), ("category-label",), "parent-code"),
    "hierarchies": _coded("hierarchies", ("hierarchy-code",), ("hierarchy-label",), "hierarchy-parent-code"),
    "values": _coded("values", ("list-code", "value-code"), ("list-label", "value-code", "value-label")),
    "attributes": _coded("attributes", ("code", "hierarchy-code"), ("label", "type")),
    "product-synchros": _known_product,
}


def sheet(header: list[str], lines: list[list[str]]) -> Given:
    """A file with `;` between quoted cells."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([header, *lines])
    return Given(200, text.getvalue().encode(), {"Content-Type": "text/csv;charset=UTF-8"})


def number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
