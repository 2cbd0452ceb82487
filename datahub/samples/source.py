"""A `source` block out of a sample, with the evidence in comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from anyascii import anyascii

from datahub.samples.columns import decimal_mark, guess
from datahub.samples.markup import Elements
from datahub.samples.positions import Positions
from datahub.samples.sample import Records, Table, Typed, is_decimal, read_sample

_WORD = re.compile(r"[^\W\d]\w*")


def infer(path: str, name: str = "", sheet: str = "") -> str:
    """The declaration of a source for the file at `path`, to be looked over by a person; of a workbook the sheet that is named."""
    called = _name(name or Path(path).name.partition(".")[0])
    sample, member = read_sample(path, sheet)
    inside = [f"member {_quoted(member.name)}"] if member is not None and member.others else []
    notes = [] if member is None else list(member.notes)
    match sample:
        case Table() as table:
            seen = _seen(len(table.rows), table.whole, (*notes, *table.notes))
            return _block(called, table.kind, [*_table_options(table), *inside], _table_columns(table), seen)
        case Records() as records:
            options = [f"rows {_quoted(records.path)}"] if records.path else []
            seen = _seen(len(records.rows), records.whole, (*notes, *records.notes))
            return _block(called, records.kind, [*options, *inside], _record_columns(records), seen)
        case Elements() as elements:
            seen = _seen(len(elements.rows), elements.whole, notes)
            options = [f"rows {_quoted(elements.path)}", *(["doctype ignore"] if elements.doctype else []), *inside]
            return _block(called, "xml", options, _element_columns(elements), seen)
        case Positions() as lines:
            seen = _seen(len(lines.rows), lines.whole, (*notes, *_about_positions(lines)))
            return _block(called, "fixed", [*(["skip 1"] if lines.named else []), *inside], _placed_columns(lines), seen)
        case Typed() as typed:
            columns = [(column.name, _arrow(column.type, column.nullable), "", "") for column in typed.schema]
            return _block(called, typed.kind, [], columns, [f"the file says what its columns are; it has {typed.rows:,} rows"])


def _about_positions(lines: Positions) -> list[str]:
    if lines.named:
        return ["the columns are parted by the spaces that all lines share"]
    return ["the columns are parted by the spaces that all lines share: name them, and part those that touch"]


def _element_columns(elements: Elements) -> list[tuple[str, str, str, str]]:
    return [(key, *_json_type([row.get(key) for row in elements.rows], texts=False)) for key in _keys(elements.rows)]


def _placed_columns(lines: Positions) -> list[tuple[str, str, str, str]]:
    found = []
    for at, ((first, last), name) in enumerate(zip(lines.columns, lines.header, strict=True)):
        one = guess([row[at] for row in lines.rows], ".", name)
        found.append((name or f"column_{at + 1}", f"{one.type} at {first}..{last}", one.format, one.why))
    return found


def _block(name: str, kind: str, options: Iterable[str], columns: Iterable[tuple[str, str, str, str]], notes: Iterable[str]) -> str:
    """The text of the source; a column is its name in the file, its type, its date pattern, and why."""
    lines = [f"# {_plain(note)}" for note in notes]
    lines.append(f"source {name}: {kind} {{")
    lines += [f"  {option}" for option in options]
    lines.append("  columns {")
    used: set[str] = set()
    for there, type_, pattern, why in columns:
        ours = _unique(_name(there), used)
        parts = [f"{ours}: {type_}"]
        parts += [f"at {_quoted(there)}"] if ours != there and kind != "fixed" else []
        parts += [f"format {_quoted(pattern)}"] if pattern else []
        lines.append(f"    {' '.join(parts)}" + (f"  # {_plain(why)}" if why else ""))
    return "\n".join([*lines, "  }", "}", ""])


def _seen(rows: int, whole: bool, notes: Sequence[str] = ()) -> list[str]:
    some = "all its" if whole else "its first"
    return [f"guessed from {some} {rows:,} {'row' if rows == 1 else 'rows'}: look it over", *notes]


def _table_options(table: Table) -> list[str]:
    options = list(table.options)
    if table.kind == "csv" and decimal_mark(_columns(table)) == ",":
        options.append(("decimal", ","))
    return [f"{name} {str(value).lower() if isinstance(value, bool | int) else _quoted(str(value))}" for name, value in options]


def _columns(table: Table) -> list[list[str]]:
    return [[row[at] for row in table.rows] for at in range(len(table.header))]


def _table_columns(table: Table) -> list[tuple[str, str, str, str]]:
    columns = _columns(table)
    mark = decimal_mark(columns)
    found = []
    for name, values in zip(table.header, columns, strict=True):
        one = guess(values, mark, name)
        found.append((name, one.type, one.format, one.why))
    return found


# ---------------------------------------------------------------- JSON


def _record_columns(records: Records) -> list[tuple[str, str, str, str]]:
    return [(key, *_json_type([row.get(key) for row in records.rows])) for key in _keys(records.rows)]


def _keys(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows for key in row))


def _json_type(values: Sequence[Any], *, texts: bool = True) -> tuple[str, str, str]:
    """Type, date pattern and reason of the values of one key; what is missing or null makes it nullable.

    `texts`: what is text is so on purpose.
    """
    there = [value for value in values if value is not None]
    missing = len(values) - len(there)
    null = "?" if missing else ""
    why = f"null or missing in {missing:,} of {len(values):,}" if missing else ""
    if not there:
        return "text?", "", "always null here"
    kinds = {_json_kind(value) for value in there}
    if kinds == {"object"}:
        return _struct(there, texts) + null, "", why
    if kinds == {"list"}:
        items = [item for value in there for item in value]
        return (
            f"[{_json_type(items, texts=texts)[0]}]{null}" if items else f"[text]{null}",
            "",
            why if items else "always an empty list here",
        )
    if kinds == {"text"}:
        one = guess([*there], ".")
        if not texts:
            return one.type.rstrip("?") + null, one.format, why or one.why
        # Digits in quotes are text on purpose.
        type_ = one.type.rstrip("?") if one.type.startswith(("date", "local")) else "text"
        return type_ + null, one.format if type_ != "text" else "", why or one.why
    single = {frozenset({"int"}): "int", frozenset({"bool"}): "bool"}.get(frozenset(kinds))
    if single or kinds <= {"int", "decimal"}:
        return (single or "decimal") + null, "", why
    return "json" + null, "", f"{' and '.join(sorted(kinds))} in turn"


def _json_kind(value: Any) -> str:
    if is_decimal(value):
        return "decimal"
    names = {dict: "object", list: "list", str: "text", bool: "bool", int: "int"}
    return names[type(value)]


def _struct(values: Sequence[Mapping[str, Any]], texts: bool) -> str:
    fields = [f"{_field(key)}: {_json_type([value.get(key) for value in values], texts=texts)[0]}" for key in _keys(values)]
    return "{" + ", ".join(fields) + "}" if fields else "json"


def _field(key: str) -> str:
    return key if _WORD.fullmatch(key) else f"`{key}`"


# ---------------------------------------------------------------- Arrow


def _arrow(kind: Any, nullable: bool) -> str:
    return _arrow_type(kind) + ("?" if nullable else "")


def _arrow_type(kind: Any) -> str:
    import pyarrow as pa

    tests = pa.types
    if tests.is_dictionary(kind) or tests.is_run_end_encoded(kind):
        return _arrow_type(kind.value_type)
    if tests.is_map(kind):
        return f"map({_arrow(kind.item_type, kind.item_field.nullable)})"
    if any(
        test(kind) for test in (tests.is_list, tests.is_large_list, tests.is_fixed_size_list, tests.is_list_view, tests.is_large_list_view)
    ):
        return f"[{_arrow(kind.value_type, kind.value_field.nullable)}]"
    if tests.is_struct(kind):
        return "{" + ", ".join(f"{_field(one.name)}: {_arrow(one.type, one.nullable)}" for one in kind) + "}"
    if tests.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if tests.is_timestamp(kind):
        return "datetime" if kind.tz else "local_datetime"
    plain = (
        (tests.is_boolean, "bool"),
        (tests.is_integer, "int"),
        (tests.is_floating, "float"),
        (tests.is_date, "date"),
        (tests.is_time, "time"),
        (tests.is_duration, "duration"),
    )
    return next((name for test, name in plain if test(kind)), "text")


# ---------------------------------------------------------------- names


def _name(there: str) -> str:
    """A name of the language for what a file calls `there`."""
    if _WORD.fullmatch(there) and there == there.lower():
        return there
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", anyascii(there))
    words = re.sub(r"[^a-z0-9]+", "_", parted.lower()).strip("_")
    return words if words[:1].isalpha() else f"column_{words}".rstrip("_")


def _unique(name: str, used: set[str]) -> str:
    found, number = name, 2
    while found in used:
        found, number = f"{name}_{number}", number + 1
    used.add(found)
    return found


def _quoted(text: str) -> str:
    """Text of the language, in which what is not seen is written as its number."""
    made = (json.dumps(one, ensure_ascii=False)[1:-1] if one.isprintable() or one in "\n\r\t" else f"\\u{{{ord(one):X}}}" for one in text)
    return f'"{"".join(made)}"'


def _plain(text: str) -> str:
    """Text for a comment, in which there is nothing that is not seen."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in " ".join(text.split()))
