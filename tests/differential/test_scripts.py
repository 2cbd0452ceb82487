"""Scripts made at random: what the engine writes, rejects and notes is what the reference says, however it is run."""

from __future__ import annotations

import csv
import os
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from datahub import compiler
from datahub.document import Document
from datahub.packs.folders import Folders
from datahub.runner.embed import run
from tests.differential.scripts import script, sources
from tests.reference.expressions import OMIT, World
from tests.reference.rowsets import FELL, Given, given

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)
SEED = int(os.environ.get("DHM_SEED", "0") or 0)
SCRIPTS = int(os.environ.get("DHM_SCRIPTS", "120"))
WAYS: dict[str, dict[str, Any]] = {
    "whole": {"threads": 1},
    "two threads, sevens": {"threads": 2, "batch_rows": 7},
    "one by one": {"threads": 1, "batch_rows": 1},
    "nothing held in memory": {"threads": 2, "batch_rows": 64, "memory": 0},
}


def meant(text: str, rows: dict[str, list[dict[str, Any]]]) -> Given:
    found: list[Any] = []
    program = compiler.check(Document("script.dhm", text), Folders(), found.append)
    assert program is not None, f"{[one.message for one in found]}\n{text}"
    tables = {one.name: one for one in program.lookups}, {one.name: one for one in program.decisions}
    return given(program, rows, World(NOW, program.zone, {}, *tables))


def files(rows: dict[str, list[dict[str, Any]]], folder: Path) -> dict[str, Path]:
    names = {"items": ["sku", "model", "brand", "price", "qty", "day", "ok", "tags"], "dims": ["model", "label", "rate"]}
    for source, columns in names.items():
        with (folder / f"{source}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([row[column] for column in columns] for row in rows[source])
    return {source: folder / f"{source}.csv" for source in names}


def made(text: str, rows: dict[str, list[dict[str, Any]]], folder: Path, **way: Any) -> Given:
    result = run(text, dict(files(rows, folder)), as_of=NOW, **way)

    def told(table: Any) -> frozenset[tuple[str, int, str]]:
        links = dict.fromkeys(("R502", "R503", "R504"), FELL)
        return frozenset((Path(one["file"]).stem, one["row"], links.get(one["code"], one["code"])) for one in table.to_pylist())

    return Given(
        {name: left_alone(table, result.omitted.get(name)) for name, table in result.entities.items()},
        told(result.issues),
        told(result.notes),
    )


def left_alone(rows: pa.Table, omitted: pa.Table | None) -> list[dict[str, Any]]:
    """The rows; a word stands where one leaves a field alone."""
    found: list[dict[str, Any]] = rows.to_pylist()
    for row, marks in zip(found, omitted.to_pylist() if omitted is not None else (), strict=omitted is not None):
        row |= {name: OMIT for name, mark in marks.items() if mark}
    return found


def hold(actual: Given, expected: Given, text: str) -> None:
    for name, rows in expected.entities.items():
        assert actual.entities[name] == rows, f"{name} of\n{text}"
    assert actual.issues == expected.issues, text
    assert actual.notes == expected.notes, text


@pytest.mark.parametrize("part", range(10))
def test_a_script_gives_what_the_reference_says(part: int, tmp_path: Path) -> None:
    for number in range(part, SCRIPTS, 10):
        r = random.Random(SEED + number)
        text = script(r)
        rows = sources(r, 40)
        hold(made(text, rows, tmp_path, threads=1), meant(text, rows), text)


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("optimized", [True, False], ids=["optimized", "as it is lowered"])
def test_a_thousand_rows_are_the_same_in_every_way(number: int, optimized: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    r = random.Random(SEED + 1000 + number)
    text = script(r)
    rows = sources(r, 1000)
    expected = meant(text, rows)
    if not optimized:
        monkeypatch.setattr("datahub.runner.embed.optimize", lambda plan: plan)
    for way in list(WAYS.values()) if optimized else [WAYS["whole"], WAYS["two threads, sevens"]]:
        hold(made(text, rows, tmp_path, **way), expected, f"{way}\n{text}")
