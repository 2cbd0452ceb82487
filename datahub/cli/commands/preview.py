"""Run a script over the first rows of its files, write nothing, and show each field before and after.

Sources that are joined or looked up in are read whole.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, Paint, Stop, counted, give, say

if TYPE_CHECKING:
    from datahub.runner.preview import Cell, Preview, Shown

_WIDEST = 48


def command(
    script: Annotated[Path, typer.Argument(help="The script.", show_default=False)],
    source: Annotated[
        list[str] | None, typer.Option(help="A file or folder for a source.", metavar="NAME=PATH", show_default=False)
    ] = None,
    rows: Annotated[int, typer.Option(help="How many rows of each source are read.", min=1)] = 5,
    flow: Annotated[str, typer.Option(help="The flow to run, where the script has several.", show_default=False)] = "",
    param: Annotated[
        list[str] | None,
        typer.Option(help="A parameter of the script; of a list, items with commas or JSON.", metavar="NAME=VALUE", show_default=False),
    ] = None,
    as_of: Annotated[str, typer.Option(help="The instant that `now()` and `today()` mean.", metavar="INSTANT", show_default=False)] = "",
) -> None:
    from datahub.cli.compiled import compiled
    from datahub.cli.inputs import begun, pairs, sources, world
    from datahub.runner.parameters import parameters
    from datahub.runner.preview import preview

    files, values, moment = sources(source or []), pairs(param or [], "--param", "NAME=VALUE"), begun(as_of)
    plan = compiled(script, flow).plan
    with world():
        found = preview(plan, files, rows, parameters=parameters(plan, values), as_of=moment)
    paint = Paint(sys.stdout)
    give("\n".join(_shown(row, paint) for row in found.rows))
    say(_closing(found))
    raise typer.Exit(Exit.DONE)


def _shown(row: Shown, paint: Paint) -> str:
    several = f" and {counted(row.members - 1, 'row')} more" if row.members > 1 else ""
    head = f"{paint('1;31', 'rejected') if row.rejected else paint('1', row.entity)}{_of(row)} {row.place}{several}\n"
    if row.rejected:
        lines = [[cell.name, _before(cell), f"{cell.code} {cell.message}"] for cell in row.cells]
    else:
        lines = [[cell.name, _before(cell), _value(cell.value)] for cell in row.cells]
    wide = [max((len(line[at]) for line in lines), default=0) for at in (0, 1)]
    return head + "".join(f"  {line[0]:<{wide[0]}}  {line[1]:<{wide[1]}}  {line[2]}".rstrip() + "\n" for line in lines)


def _of(row: Shown) -> str:
    return f" {row.entity} from" if row.rejected and row.entity else " from"


def _before(cell: Cell) -> str:
    return ", ".join(f"{label} {'null' if text is None else f'`{_cut(text)}`'}" for label, text in cell.before)


def _value(value: object) -> str:
    from datahub.testing.normal import actual, shown

    if value is None:
        return "null"
    return f'"{_cut(value)}"' if isinstance(value, str) else _cut(shown(actual(value)))


def _cut(text: str) -> str:
    plain = text.replace("\n", "\\n")
    return plain if len(plain) <= _WIDEST else plain[: _WIDEST - 1] + "…"


def _closing(found: Preview) -> str:
    lines = []
    for source, fates in found.fates.items():
        parts = [f"{count} {name.replace('_', ' ')}" for name, count in fates.items()]
        lines.append(f"{source}: {counted(sum(fates.values()), 'row')} read{', ' if parts else ''}{', '.join(parts)}")
    if not lines:
        raise Stop("the script reads nothing")
    return "\n".join([*lines, "nothing was written"])
