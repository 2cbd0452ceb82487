"""A mapping sheet as people read it (Markdown), as spreadsheets take it (CSV), and as data (JSON)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from datahub.formats.delimited import line_writer
from datahub.reports.mapping_sheet import CheckSheet, EntitySheet, Line, MapSheet, Sheet, TableSheet
from datahub.reports.markdown import code, table

_OPEN, _CLOSE = "<!-- mapping sheet: `dhm docs` writes it -->", "<!-- end of the mapping sheet -->"


def as_markdown(sheet: Sheet, level: int = 2) -> str:
    """The sheet as Markdown, its chapters under headings of `level`."""
    return "\n\n".join(_parts(sheet, "#" * level)) + "\n"


def _parts(sheet: Sheet, mark: str) -> Iterator[str]:
    for chapter, told in (
        ("Entities", [part for one in sheet.entities for part in _entity(one, mark + "#")]),
        ("Maps", [part for one in sheet.maps for part in _map(one, mark + "#")]),
        ("Tables", [_tables(sheet.tables)] if sheet.tables else []),
    ):
        if told:
            yield f"{mark} {chapter}"
            yield from told


def _entity(one: EntitySheet, mark: str) -> Iterator[str]:
    yield f"{mark} {one.name}"
    if one.about:
        yield one.about
    rows = ((code(f.name), code(f.type), f.must, ", ".join(filter(None, (f.constraint, f.about)))) for f in one.fields)
    yield _filled(("Field", "Type", "Must be there", "About"), rows)
    if one.checks:
        yield _filled(("Check", "Severity", "Fields", "Holds when", "Message"), map(_check, one.checks))


def _check(one: CheckSheet) -> tuple[str, ...]:
    return code(one.code), one.severity, ", ".join(map(code, one.on)), code(one.condition), one.message


def _map(one: MapSheet, mark: str) -> Iterator[str]:
    name = f"{one.entity} ({one.name})" if one.entity and one.name != one.entity else one.name
    yield f"{mark} {name}"
    yield f"{'Rows' if one.kind == 'map' else 'A view, rows'} {code(one.reads)}"
    yield _filled(("Field", "Rule", "Source", "Can be rejected with"), map(_line, (*one.lets, *one.lines)))


def _line(one: Line) -> tuple[str, ...]:
    return code(one.field), code(one.rule), ", ".join(map(code, one.sources)), " ".join(one.codes)


def _tables(found: tuple[TableSheet, ...]) -> str:
    rows = ((code(one.name), code(one.takes), code(one.gives), one.rows, one.miss, one.about) for one in found)
    return _filled(("Table", "Takes", "Gives", "Rows", "Otherwise", "About"), rows)


def _filled(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table without the columns in which nothing stands."""
    lines = list(rows)
    kept = [at for at in range(len(heads)) if any(line[at] for line in lines)]
    return table([heads[at] for at in kept], ([line[at] for at in kept] for line in lines))


def as_csv(sheet: Sheet) -> str:
    """One line a target field, for a spreadsheet."""
    out = io.StringIO()
    writer = line_writer(out)
    writer.writerow(("map", "entity", "field", "type", "rule", "source", "codes", "about"))
    for one in sheet.maps:
        for line in one.lines:
            writer.writerow(
                (one.name, one.entity, line.field, line.type, line.rule, ", ".join(line.sources), " ".join(line.codes), line.about)
            )
    return out.getvalue()


def as_json(sheet: Sheet) -> str:
    return json.dumps(asdict(sheet), ensure_ascii=False, indent=2) + "\n"


def into_page(page: str, told: str) -> str:
    """`page` with `told` between the two marks of a mapping sheet; at its end where it has none yet."""
    before, opened, rest = page.partition(_OPEN)
    _, closed, after = rest.partition(_CLOSE)
    if not opened or not closed:
        before, after = (page.rstrip("\n") + "\n\n" if page.strip() else ""), "\n"
    return f"{before}{_OPEN}\n\n{told.strip(chr(10))}\n\n{_CLOSE}{after}"
