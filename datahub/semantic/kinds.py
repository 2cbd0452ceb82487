"""Every kind of source and target with its options, as data: the checker, the formats and the reference read it here."""

from __future__ import annotations

from typing import Literal

from datahub.records import record
from datahub.semantic.ir import Value

OptionType = Literal[
    "text", "character", "bool", "int", "texts", "word", "path", "marks", "decimal mark", "date pattern", "encoding", "locale", "sheet"
]


@record(frozen=True, slots=True)
class OptionShape:
    """One option: its type, what it is without being written, the words it may be (`word`), and what it does."""

    name: str
    type: OptionType
    default: Value
    doc: str
    words: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Kind:
    """A kind of source or target. `text`: everything read is text until the plan converts it."""

    name: str
    role: Literal["source", "target"]
    text: bool
    doc: str
    options: tuple[OptionShape, ...]

    def option(self, name: str) -> OptionShape | None:
        return next((option for option in self.options if option.name == name), None)


_READING = (
    OptionShape("decimal", "decimal mark", ".", "The decimal mark of numbers; with `,` groups may be set apart by spaces or points."),
    OptionShape("dates", "date pattern", "", "The pattern of dates that state none, such as `dd/MM/yyyy`; ISO dates where it is missing."),
    OptionShape("zone", "text", "", "The time zone of local times that become instants, such as `Europe/Paris`."),
    OptionShape("locale", "locale", "", "The language of month and day names: `fr`, `en`, `de`, `es`, `it`, `nl` or `pt`."),
    OptionShape("trim", "bool", False, "Whether spaces around every value are dropped."),
    OptionShape("empty", "word", "null", "What an empty value is: `null`, or `text` for empty text.", ("null", "text")),
    OptionShape("text_nulls", "texts", (), 'Words that mean null, such as `["NULL", "N/A"]`.'),
    OptionShape(
        "extra",
        "word",
        "warn",
        "What columns that are not declared do: nothing, a warning, or a refusal of the file.",
        ("allow", "warn", "reject"),
    ),
    OptionShape("strict", "bool", False, "Whether columns that no map needs are converted and checked too."),
    OptionShape("require_rows", "bool", False, "Whether a file without rows is a failure."),
)
_CSV = (
    OptionShape("delimiter", "marks", ",", "What stands between two values; one character or more."),
    OptionShape("quote", "character", '"', 'What values that hold a delimiter are wrapped in; `""` for none.'),
    OptionShape("encoding", "encoding", "utf-8", "The character encoding; a byte that does not belong to it rejects its row."),
    OptionShape("header", "bool", True, "Whether the first line names the columns; else they count in the order declared."),
    OptionShape(
        "names",
        "word",
        "exact",
        "Whether the names of the header are those declared: `exact`, or `loose` where capitals, spaces and signs do not count.",
        ("exact", "loose"),
    ),
    OptionShape("skip", "int", 0, "How many lines stand before the header."),
    OptionShape("comment", "text", "", "Lines that begin with this are passed over."),
    OptionShape(
        "short_rows",
        "word",
        "reject",
        "What a record with fewer values than there are columns is: a reject, or one whose last values are empty (`null`).",
        ("reject", "null"),
    ),
    OptionShape(
        "nulls",
        "text",
        "",
        "What is written for null where an empty cell is none, as patches are: `has` says no of that, in quotes nothing is an empty text, "
        "and the word is itself.",
    ),
)
_FIXED = (
    OptionShape("encoding", "text", "utf-8", "The character encoding; a byte that does not belong to it rejects its row."),
    OptionShape("skip", "int", 0, "How many lines stand before the first row."),
)
_XML = (
    OptionShape(
        "rows",
        "text",
        "",
        "Which elements are rows: `/orders/order`, with `*` for any name, or `//order` for those anywhere; the children of the root "
        "where it is missing. A name without a prefix is that of any namespace.",
    ),
    OptionShape(
        "doctype",
        "word",
        "reject",
        "What a DOCTYPE does: refuse the file, or be passed over unread where it names another file and declares nothing itself.",
        ("reject", "ignore"),
    ),
    OptionShape("namespaces", "texts", (), 'The namespaces of the prefixes used, such as `["g=http://base.google.com/ns/1.0"]`.'),
)
_XLSX = (
    OptionShape("sheet", "text", "", "The name of the sheet, or its number from 1; the first visible one where it is missing."),
    OptionShape("header", "bool", True, "Whether the first row names the columns; else they count in the order declared."),
    OptionShape("skip", "int", 0, "How many rows stand before the header."),
)
_PACKED = (
    OptionShape(
        "member",
        "text",
        "",
        "Which files of a ZIP archive are read, by a pattern such as `products*.csv`; all of them where it is missing.",
    ),
)
_JSON_OUT = (OptionShape("indent", "int", 0, "Spaces of indentation in a JSON array."),)
_BATCH = (
    OptionShape("batch", "int", 0, "How many rows are delivered together, for targets that take batches."),
    OptionShape(
        "whole",
        "bool",
        None,
        "Whether nothing is written if a row is rejected or there is none: its receiver deletes what a file lacks. Unsaid, entities with "
        "`@whole` are written so.",
    ),
)
_PARQUET_OUT = (OptionShape("compression", "word", "zstd", "How pages are compressed.", ("zstd", "snappy", "gzip", "none")),)
_XML_OUT = (
    OptionShape("root", "text", "rows", "The name of the element around all rows."),
    OptionShape("row", "text", "row", "The name of the element of a row."),
)
_XLSX_OUT = (OptionShape("sheet", "sheet", "", "The name of the sheet; that of the target where it is missing."),)
_CSV_OUT = (
    OptionShape("delimiter", "marks", ",", "What stands between two values."),
    OptionShape("quote", "character", '"', "What values that hold a delimiter are wrapped in."),
    OptionShape("quoting", "word", "needed", "Which values are wrapped: those that need it, or all.", ("needed", "all")),
    OptionShape("encoding", "encoding", "utf-8", "The character encoding; a letter that it lacks rejects its row (R703)."),
    OptionShape("header", "bool", True, "Whether the first line names the columns."),
    OptionShape("newline", "text", "\n", "What ends a line."),
    OptionShape("decimal", "decimal mark", ".", "The decimal mark."),
    OptionShape("dates", "date pattern", "", "The pattern of dates; ISO where it is missing."),
    OptionShape("nulls", "text", "", "What is written for null."),
    OptionShape(
        "formula_guard", "bool", False, "Whether text that a spreadsheet would run as a formula is written with a leading apostrophe."
    ),
)

SOURCES: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("csv", "source", True, "Delimited text.", _CSV + _PACKED + _READING),
        Kind(
            "json",
            "source",
            False,
            "A JSON document; its rows are the array at `rows`.",
            (
                OptionShape("rows", "path", "", "Where the rows are: `$.orders[*]`; the document itself where it is an array."),
                *_PACKED,
                *_READING,
            ),
        ),
        Kind("jsonl", "source", False, "One JSON object a line.", _PACKED + _READING),
        Kind("xml", "source", False, "An XML document; its rows are the elements at `rows`.", _XML + _PACKED + _READING),
        Kind("xlsx", "source", True, "One sheet of an Excel workbook.", _XLSX + _READING),
        Kind("fixed", "source", True, "Lines of text whose columns stand at fixed positions: `at 1..10`.", _FIXED + _PACKED + _READING),
        Kind("parquet", "source", False, "Parquet files.", _READING),
        Kind("arrow", "source", False, "Arrow IPC files or streams.", _READING),
        Kind("api", "source", False, "Rows that a connection brings; bound where the job is declared.", _READING),
    )
}

TARGETS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("csv", "target", True, "Delimited text.", _CSV_OUT + _BATCH),
        Kind("json", "target", False, "One JSON array.", _JSON_OUT + _BATCH),
        Kind("jsonl", "target", False, "One JSON object a line.", _BATCH),
        Kind("xml", "target", False, "An XML document with an element a row.", _XML_OUT + _BATCH),
        Kind("xlsx", "target", False, "An Excel workbook with one sheet.", _XLSX_OUT + _BATCH),
        Kind("parquet", "target", False, "A Parquet file.", _PARQUET_OUT + _BATCH),
        Kind("arrow", "target", False, "An Arrow IPC file.", _BATCH),
        Kind("api", "target", False, "Whatever a connection delivers to; written in the run's format where none is bound.", _BATCH),
    )
}


def alike(name: str) -> str:
    """A name of a header without capitals, spaces and signs, for sources with `names loose`; of signs alone, themselves."""
    return "".join(letter for letter in name.casefold() if letter.isalnum()) or name.strip()
