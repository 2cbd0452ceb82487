"""The file imports of Mirakl: where each is submitted, asked for and told of, what tells its lines apart, how often it may be called."""

from __future__ import annotations

from typing import Literal, TypeAlias

from datahub.records import record

Entity: TypeAlias = Literal[
    "offers", "prices", "stock", "products", "categories", "hierarchies", "values", "attributes", "product-synchros"
]  # fmt: skip
OFTEN = {"P41": 900.0, "CA01": 300.0, "H01": 300.0, "VL01": 300.0, "PM01": 300.0, "P21": 300.0}
"""Seconds between two calls of an operation; a minute where none is named."""


@record(frozen=True, slots=True)
class Operation:
    """One call: its name in Mirakl's documentation, and its path; `{}` is the number of the import."""

    name: str
    path: str


@record(frozen=True, slots=True)
class Report:
    """A report of lines that are not taken; `said_by` is what the status says where there is one."""

    operation: Operation
    said_by: str
    counted_by: str = "lines_in_error"
    """What of the status counts the lines that it must name, where the platform tells that."""


@record(frozen=True, slots=True)
class Import:
    """One kind of file import.

    `together`: what is sent of a key replaces all that the platform has of it, so lines of one key go in one file, and are sent again
    together. `done` are the states after which nothing more is said of lines.
    """

    submit: Operation
    status: Operation
    reports: tuple[Report, ...]
    keys: tuple[str, ...]
    together: bool = False
    listed: bool = False
    """Whether the status is found in a list of imports alone."""
    done: tuple[str, ...] = ("COMPLETE", "COMPLETED")


OF24 = Operation("OF24", "api/offers")
"""Offers as JSON; what becomes of them is told as of a file of them."""


def _import(number: str, path: str, keys: tuple[str, ...], *, letters: str) -> Import:
    """An import of an operator, which all have the same shape."""
    first = int(number)
    submit, status, report = (f"{letters}{first + step:02}" for step in range(3))
    return Import(
        Operation(submit, path),
        Operation(status, f"{path}/{{}}"),
        (Report(Operation(report, f"{path}/{{}}/error_report"), "has_error_report"),),
        keys,
    )


IMPORTS: dict[Entity, Import] = {
    "offers": _import("1", "api/offers/imports", ("sku",), letters="OF"),
    "stock": Import(
        Operation("STO01", "api/offers/stock/imports"),
        Operation("STO02", "api/offers/stock/imports/{}/status"),
        (Report(Operation("STO03", "api/offers/stock/imports/{}/error_report"), "has_error_report"),),
        ("offer-sku",),
    ),
    "prices": Import(
        Operation("PRI01", "api/offers/pricing/imports"),
        Operation("PRI02", "api/offers/pricing/imports"),
        (Report(Operation("PRI03", "api/offers/pricing/imports/{}/error_report"), "has_error_report"),),
        ("offer-sku",),
        together=True,
        listed=True,
    ),
    "products": Import(
        Operation("P41", "api/products/imports"),
        Operation("P42", "api/products/imports/{}"),
        (
            Report(
                Operation("P47", "api/products/imports/{}/transformation_error_report"),
                "has_transformation_error_report",
                "transform_lines_in_error",
            ),
            Report(Operation("P44", "api/products/imports/{}/error_report"), "has_error_report"),
        ),
        ("shop_sku",),
        done=("SENT", "COMPLETE"),
    ),
    "categories": _import("1", "api/categories/synchros", ("category-code",), letters="CA"),
    "hierarchies": _import("1", "api/hierarchies/imports", ("hierarchy-code",), letters="H"),
    "values": _import("1", "api/values_lists/imports", ("list-code", "value-code"), letters="VL"),
    "attributes": _import("1", "api/products/attributes/imports", ("code", "hierarchy-code"), letters="PM"),
    "product-synchros": _import("21", "api/products/synchros", ("product-sku",), letters="P"),
}
