"""What the fake of DJUST makes of the rows of each entity: fields, references and rules, with the platform's own codes.

The platform fetches such files by itself and tells of them in its back office; here rows are pushed, to see what it would say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Row = Mapping[str, str]
_ATTRIBUTE_TYPES = ("TEXT", "LONG_TEXT", "COLOR", "LIST_METRIC", "LIST_TEXT", "LIST_COLOR", "DATE", "METRIC", "NUMBER")
_UNIT_TYPES = tuple(f"{what}_{system}" for what in ("WEIGHT", "VOLUME", "LENGTH", "AREA") for system in ("METRIC", "IMPERIAL"))
_GROUPS = ("FOC_Admin", "FOC_User", "FOC_Webmaster")
ORDER_STATUSES = (
    "ORDER_DRAFT_ON_HOLD", "ORDER_CREATED", "WAITING_CUSTOMER_APPROVAL", "WAITING_SUPPLIER_APPROVAL", "DECLINED_BY_CUSTOMER",
    "DECLINED_BY_SUPPLIER", "ACCEPTED_BY_SUPPLIER", "SHIPPED", "DELIVERED", "COMPLETED", "CANCELED",
)  # fmt: skip
"""In the order in which an order goes through them: none goes back."""


@dataclass(frozen=True)
class Field:
    """One field: what its values are, whether a new or a known object needs it, and what it refers to."""

    kind: str = "text"
    create: bool = False
    update: bool = False
    refers: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entity:
    """One importable object: its key, its fields, and what else must hold of a row."""

    key: tuple[str, ...]
    fields: Mapping[str, Field]
    rule: Callable[[Platform, Row, bool], Iterator[tuple[str, str]]] = lambda platform, row, new: iter(())
    deleted: str = ""
    """The flag that takes the object away."""
    overwrite: bool = False
    """Whether an import replaces all there is."""


@dataclass
class Platform:
    """What the tenant has, by entity and key."""

    there: dict[str, dict[tuple[str, ...], Row]] = field(default_factory=dict)

    def has(self, entity: str, id: str) -> bool:
        return any(id in key for key in self.there.get(entity, {}))

    def take(self, entity: str, rows: Sequence[Mapping[str, Any]]) -> list[tuple[int, str, str]]:
        """Take in what can be; the place of each row that cannot (from 0), the code and the message."""
        told = ENTITIES[entity]
        wrong: list[tuple[int, str, str]] = []
        kept = self.there.setdefault(entity, {})
        if told.overwrite:
            kept.clear()
        for place, given in enumerate(rows):
            row = {name: cell(value) for name, value in given.items()}
            key = tuple(row.get(name, "") for name in told.key)
            found = list(_wrong(self, told, row, key not in kept))
            wrong += [(place, code, message) for code, message in found]
            if found:
                continue
            if told.deleted and row.get(told.deleted) == "TRUE":
                kept.pop(key, None)
            else:
                kept[key] = {**kept.get(key, {}), **row}
        return wrong


def cell(value: Any) -> str:
    """A value of JSON or CSV as the platform reads it: native and as text alike."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case list():
            return "||".join(map(cell, value))
        case _:
            text = str(value)
            return text.upper() if text.lower() in ("true", "false") else text


def _wrong(platform: Platform, told: Entity, row: Row, new: bool) -> Iterator[tuple[str, str]]:
    needed = [name for name, one in told.fields.items() if (one.create if new else one.update)]
    missing = [name for name in needed if not row.get(name, "").strip()]
    if missing:
        yield "F-E-001", f"The required field(s) {', '.join(missing)} are missing or blank"
    for name, one in told.fields.items():
        value = row.get(name, "")
        if value:
            yield from _value(platform, name, one, value)
    yield from told.rule(platform, row, new)


def _value(platform: Platform, name: str, told: Field, value: str) -> Iterator[tuple[str, str]]:
    values = value.split("||") if told.kind == "list" else [value]
    if told.refers:
        unknown = [one for one in values if not platform.has(told.refers, one)]
        if unknown:
            yield "F-E-002", f"The field {name} has unknown values {', '.join(unknown)} (EXTERNAL_ID)"
    if told.words:
        others = [one for one in values if one not in told.words]
        if others:
            yield "F-E-008", f"The value {others[0]} of {name} is not one of {', '.join(told.words)}"
    match told.kind:
        case "bool" if value not in ("TRUE", "FALSE"):
            yield "F-E-009", f"The field {name} is not a boolean"
        case "phone" if len(value) > 15:
            yield "F-E-010", f"The field {name} is longer than 15"
        case "number" if _number(value) is None:
            yield "F-E-012", f"The field {name} is not a NUMBER"
        case "quantity" if (amount := _number(value)) is None or amount < 0:
            yield ("F-E-012", f"The field {name} is not a NUMBER") if amount is None else ("F-E-006", f"The field {name} must be >= 0")
        case "url" if not re.match(r"https?://\S+$", value):
            yield "F-E-012", f"The field {name} is not a URL"
        case "email" if not re.match(r"[^@\s]+@[^@\s]+\.[^@\s]+$", value):
            yield "F-E-012", f"The field {name} is not an EMAIL"
        case "id" if not re.match(r"[!-~]+$", value):
            yield "F-E-012", f"The field {name} has spaces or accents"
        case "date" if not _date(value):
            yield "F-E-012", f"The field {name} is not a DATE"
        case _:
            return


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _date(text: str) -> bool:
    try:
        datetime.strptime(text, "%d/%m/%Y")  # noqa: DTZ007 - a day
    except ValueError:
        return False
    return True


# ------------------------------------------------------------------------------------------------------ rules of rows


def _attribute(platform: Platform, row: Row, new: bool) -> Iterator[tuple[str, str]]:
    kind = row.get("attributeType", "")
    needed = ["attributeUnitType"] if kind == "LIST_METRIC" else ["attributeUnitType", "attributeUnit"] if kind == "METRIC" else []
    missing = [name for name in needed if not row.get(name)]
    if missing:
        yield "F-E-001", f"The required field(s) {', '.join(missing)} are missing or blank"
    if row.get("attributeMulti") == "TRUE" and kind and not kind.startswith("LIST"):
        yield "F-E-008", "The value TRUE of attributeMulti is for types LIST_TEXT, LIST_METRIC and LIST_COLOR alone"


def _product(platform: Platform, row: Row, new: bool) -> Iterator[tuple[str, str]]:
    product = row.get("productExternalId", "")
    known = any(one.get("productExternalId") == product for one in platform.there.get("PRODUCTS_VARIANTS", {}).values())
    missing = [name for name in ("productNames", "productClassificationCategoryId") if not known and not row.get(name)]
    if missing:
        yield "F-E-001", f"The required field(s) {', '.join(missing)} are missing or blank"
    category = row.get("productClassificationCategoryId", "")
    wanted = [
        one["attrCode"]
        for one in platform.there.get("CLASSIFICATION_CATEGORY", {}).values()
        if one["classificationExternalId"] == category and one.get("attrRequired") == "TRUE" and one.get("attrCode")
    ]
    absent = [code for code in wanted if not row.get(f"attribute-{code}")]
    if absent:
        yield "F-E-011", f"The attributes {', '.join(absent)} of the category {category} are missing"


def _user(platform: Platform, row: Row, new: bool) -> Iterator[tuple[str, str]]:
    organisations = [one for one in row.get("customerUserOrganisationIds", "").split("||") if one]
    main = row.get("customerUserMainOrganisationId", "")
    if organisations and not main:
        yield "F-E-001", "The required field(s) customerUserMainOrganisationId are missing or blank"
    elif main and main not in organisations:
        yield "F-E-002", f"The field customerUserMainOrganisationId has unknown values {main} (EXTERNAL_ID)"
    password = row.get("customerUserPassword", "")
    if password and not re.fullmatch(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)\S{8,255}", password):
        yield "F-E-012", "The field customerUserPassword is not a PASSWORD"


def _offer(platform: Platform, row: Row, new: bool) -> Iterator[tuple[str, str]]:
    ranges = row.get("priceRanges", "")
    if ranges and not any(one.partition("|")[0] in ("0", "1") for one in ranges.split(",")):
        yield "F-E-013", "No price range is defined for quantity = 1"


def _order(platform: Platform, row: Row, new: bool) -> Iterator[tuple[str, str]]:
    if not row.get("offerPriceExternalId"):
        missing = [name for name in ("netUnitPrice", "variantExternalId") if not row.get(name)]
        if new and missing:
            yield "F-E-001", f"The required field(s) {', '.join(missing)} are missing or blank"
    address = ("Country", "StreetName", "City", "ZipCode", "State", "Additional")
    if any(row.get(f"shippingAddress{part}") for part in address) and not row.get("shippingAddressFullName"):
        yield "F-E-001", "The required field(s) shippingAddressFullName are missing or blank"


def _status(platform: Platform, row: Row, new: bool) -> Iterator[tuple[str, str]]:
    order = row.get("orderReference") or row.get("orderExternalId") or ""
    if not order:
        yield "F-E-001", "The required field(s) orderExternalId are missing or blank"
        return
    known = [key for key in platform.there.get("ORDER", {}) if order in key]
    if not known:
        yield "F-E-002", f"The field orderExternalId has unknown values {order} (EXTERNAL_ID)"
    before = platform.there.get("ORDER_STATUS", {}).get((order,), {}).get("orderStatus", "")
    after = row.get("orderStatus", "")
    if before in ORDER_STATUSES and after in ORDER_STATUSES and ORDER_STATUSES.index(after) < ORDER_STATUSES.index(before):
        yield "F-E-008", f"The value {after} of orderStatus goes back from {before}"


_TEXT, _NEW, _BOTH, _BOOL = Field(), Field(create=True), Field(create=True, update=True), Field("bool")
_ID = Field("id", create=True, update=True)

ENTITIES: dict[str, Entity] = {
    "ATTRIBUTE": Entity(
        ("attributeExternalId",),
        {
            "attributeExternalId": _ID,
            "attributeNames": _NEW,
            "attributeType": Field(create=True, words=_ATTRIBUTE_TYPES),
            "attributeMulti": _BOOL,
            "attributeUnitType": Field(words=_UNIT_TYPES),
            "attributeVariant": _BOOL,
            "attributeDeleted": _BOOL,
        },
        _attribute,
        deleted="attributeDeleted",
    ),
    "CLASSIFICATION_CATEGORY": Entity(
        ("classificationExternalId", "attrCode"),
        {
            "classificationExternalId": _ID,
            "classificationName": _NEW,
            "attrCode": Field(refers="ATTRIBUTE"),
            **dict.fromkeys(("attrEnabled", "attrIndexable", "attrRequired", "attrForVariant", "attrFaceted", "attrSearchable"), _BOOL),
        },
    ),
    "NAVIGATION_CATEGORY": Entity(
        ("navigationCategoryExternalId",),
        {
            "navigationCategoryExternalId": _ID,
            "navigationCategoryNames": _BOTH,
            "navigationCategoryParentId": _BOTH,
            "classificationCategoryCodes": Field("list", create=True, update=True, refers="CLASSIFICATION_CATEGORY"),
            "navigationCategoryActive": _BOOL,
            "navigationCategoryPosition": Field("number"),
        },
        overwrite=True,
    ),
    "PRODUCTS_VARIANTS": Entity(
        ("variantExternalId",),
        {
            "productExternalId": _ID,
            "variantExternalId": _ID,
            "variantNames": _BOTH,
            "productClassificationCategoryId": Field(refers="CLASSIFICATION_CATEGORY"),
            "variantMainImageUrl": Field("url"),
            **dict.fromkeys(("deletedProduct", "inactiveProduct", "deletedVariant", "inactiveVariant"), _BOOL),
        },
        _product,
        deleted="deletedVariant",
    ),
    "PRODUCT_TAG": Entity(("productExternalId",), {"productExternalId": _ID, "deleted": _BOOL}, deleted="deleted"),
    "ASSORTMENT": Entity(
        ("assortmentExternalId", "productExternalId", "variantExternalId"),
        {
            "assortmentExternalId": _ID,
            "variantExternalId": Field(refers="PRODUCTS_VARIANTS"),
            "unlink": _BOOL,
        },
        deleted="unlink",
    ),
    "SUPPLIER": Entity(
        ("externalId",),
        {
            "externalId": _ID,
            "name": _NEW,
            "logo": Field("url"),
            "banner": Field("url"),
            "supplierRating": Field("number"),
            "accountExternalIds": Field("list", refers="ACCOUNT"),
            "deleted": _BOOL,
            "inactive": _BOOL,
        },
        deleted="deleted",
    ),
    "ACCOUNT": Entity(
        ("accountExternalId", "addressExternalId"),
        {
            "accountExternalId": _ID,
            **dict.fromkeys(("accountName", "companyRegistrationName", "businessRegistrationNumber"), _NEW),
            "addressPhoneNumber": Field("phone"),
            **dict.fromkeys(("deleted", "inactive", "unlinkAddress", "shippingAddress", "billingAddress"), _BOOL),
        },
        deleted="deleted",
    ),
    "CUSTOMER_USER": Entity(
        ("customerUserExternalId",),
        {
            "customerUserExternalId": _ID,
            "customerUserCivility": Field(create=True, update=True, words=("MR", "MRS", "MISS")),
            "customerUserFirstName": _BOTH,
            "customerUserLastName": _BOTH,
            "customerUserEmail": Field("email", create=True, update=True),
            "customerUserPhone": Field("phone", create=True, update=True),
            "customerUserGroups": Field("list", create=True, update=True, words=_GROUPS),
            "customerUserAccountIds": Field("list", create=True, update=True, refers="ACCOUNT"),
            "inactive": _BOOL,
            "deleted": _BOOL,
        },
        _user,
        deleted="deleted",
    ),
    "OFFER": Entity(
        ("stockExternalId",),
        {
            "stockExternalId": _ID,
            "stockVariantId": Field(create=True, update=True, refers="PRODUCTS_VARIANTS"),
            "supplierExternalId": Field(create=True, update=True, refers="SUPPLIER"),
            "stockNumber": Field("quantity", create=True, update=True),
            "quantityPerPack": Field("number"),
            "inactive": _BOOL,
            "deleted": _BOOL,
        },
        _offer,
        deleted="deleted",
    ),
    "ORDER": Entity(
        ("orderExternalId", "orderLineExternalId"),
        {
            "orderExternalId": _ID,
            "orderLineExternalId": _BOTH,
            "accountExternalId": Field(create=True, update=True, refers="ACCOUNT"),
            "supplierExternalId": Field(create=True, update=True, refers="SUPPLIER"),
            "orderLineQuantity": Field("number", create=True, update=True),
            "netUnitPrice": Field("number"),
            "variantExternalId": Field(refers="PRODUCTS_VARIANTS"),
            "orderStatus": Field(words=ORDER_STATUSES),
            "markOrderLineForDeletion": _BOOL,
        },
        _order,
        deleted="markOrderLineForDeletion",
    ),
    "ORDER_STATUS": Entity(("orderExternalId",), {"orderStatus": Field(create=True, update=True, words=ORDER_STATUSES)}, _status),
    "INCIDENT": Entity(
        ("incidentId",),
        {
            "incidentId": _BOTH,
            "linkedType": Field(create=True, words=("ORDER", "ORDERLINES")),
            "orderReference": Field(create=True, refers="ORDER"),
            "status": Field(create=True, update=True, words=("OPEN", "ON_GOING", "CLOSED")),
        },
    ),
}
