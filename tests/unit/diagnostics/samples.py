"""Findings to render: places in two documents, notes, help, fixes, and lines that are hard to show."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label
from datahub.diagnostics.rule import Rule, Severity
from datahub.document import Document, Span

UNKNOWN = Rule("DHM101", "unknown-name", Severity.ERROR, "a name that nothing declares", "Names are declared before they are used.")
MISMATCH = Rule("DHM201", "type-mismatch", Severity.ERROR, "a value of another type", "Types do not change by themselves.")
NARROW = Rule("DHM203", "text-narrowing", Severity.WARNING, "text that may be cut", "A longer text rejects its row.")
SILENT = Rule("DHM304", "silent-null", Severity.NOTE, "a failure that becomes null", "It is counted, and seen by nobody.")

OFFERS = Document(
    "mappings/offers.dhm",
    "source articles: csv {\n"
    "  columns {\n"
    "    Ref : text\n"
    "    Stock : text\n"
    "  }\n"
    "}\n"
    "\n"
    "\n"
    "map Offer from a in articles {\n"
    "  sku: a.Reff\n"
    "  quantity: a.Stock\n"
    "}\n",
)
ENTITY = Document("commerce/offer.dhm", "entity Offer {\n  key sku\n  quantity: int\n}\n")


def at(document: Document, text: str, nth: int = 0) -> Span:
    """The place of `text` in `document`, the `nth` one from 0."""
    start = -1
    for _ in range(nth + 1):
        start = document.text.index(text, start + 1)
    return Span(document, start, start + len(text))


def unknown_name() -> Diagnostic:
    place = at(OFFERS, "Reff")
    return Diagnostic(
        UNKNOWN,
        "`articles` has no column `Reff`",
        Label(place, "not a column of `articles`"),
        also=(Label(at(OFFERS, "columns"), "its columns are declared here"),),
        notes=("its columns are `Ref` and `Stock`",),
        help="write `Ref`",
        fix=Fix("write `Ref`", (Edit(place, "Ref"),)),
    )


def type_mismatch() -> Diagnostic:
    return Diagnostic(
        MISMATCH,
        "`quantity` takes an int, but `Stock` is text",
        Label(at(OFFERS, "a.Stock"), "this is text"),
        also=(Label(at(ENTITY, "quantity: int"), "`quantity` is declared as an int here"),),
        notes=("a column of a CSV file is text until it is converted",),
        help="convert it:\n`quantity: int(a.Stock)`",
    )


def narrowing() -> Diagnostic:
    return Diagnostic(NARROW, "`sku` takes 40 characters, and `Ref` may have more", Label(at(OFFERS, "Ref"), ""))


def silent_null() -> Diagnostic:
    return Diagnostic(SILENT, "a failure of `Stock` becomes null", Label(at(OFFERS, "Stock"), "here"))


def everything() -> list[Diagnostic]:
    return [unknown_name(), type_mismatch(), narrowing(), silent_null()]
