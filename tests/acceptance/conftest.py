"""Where the data that nobody here wrote lies, and how a mapping is run over it: by the runner, and from Python."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import datahub
from datahub.reports.report import Report
from datahub.runner.run import Options
from datahub.runner.run import run as run_plan

MAPPINGS = Path(__file__).parent / "mappings"
FATES = ("written", "rejected", "merged", "filtered", "empty", "looked_up")


@pytest.fixture(scope="session")
def shared(root: Path) -> Path:
    """The data beside the checkout; where it is missing these tests are left out, and on CI they fail."""
    folder = root.parent / "shared"
    if not folder.is_dir():
        why = "there is no ../shared beside this checkout: the acceptance data is missing"
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(why)
        pytest.skip(why)
    return folder


@pytest.fixture(scope="session")
def realdata(shared: Path) -> Path:
    return shared / "realdata"


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping made of its files."""

    report: Report
    rows: Mapping[str, list[dict[str, Any]]]
    issues: list[dict[str, Any]]
    folder: Path

    def one(self, entity: str, **key: Any) -> dict[str, Any]:
        """The one row of `entity` whose fields are `key`."""
        (found,) = [row for row in self.rows[entity] if all(row[name] == value for name, value in key.items())]
        return found

    def fates(self, source: str) -> dict[str, int]:
        """What became of the rows of a source, without what did not happen."""
        (counts,) = [one for one in self.report.sources if one.source == source]
        return {name: count for name in ("read", *FATES) if (count := getattr(counts, name))}


@pytest.fixture(scope="session")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Mapped]:
    """Run a mapping of `mappings/` over files, as `dhm run` does; what `datahub.run` gives must be the same."""

    def run(name: str, **sources: Path) -> Mapped:
        script = MAPPINGS / f"{name}.dhm"
        out = tmp_path_factory.mktemp(name)
        plan = datahub.compile(script)
        report = run_plan(plan, {source: [str(path)] for source, path in sources.items()}, out, options=Options())
        rows = {output.entity: written(out / f"{output.entity}.jsonl") for output in plan.outputs}
        kept = out / "run" / "issues.parquet"
        issues = pq.read_table(kept).to_pylist() if kept.exists() else []
        found = Mapped(report, rows, issues, out)
        assert report.status == "done"
        assert report.adds_up
        same_from_python(script, sources, found)
        return found

    return run


def same_from_python(script: Path, sources: Mapping[str, Path], found: Mapped) -> None:
    """Tables from Python hold what the files do, and neither threads nor the size of batches show."""
    for threads, batch_rows in ((2, 65_536), (1, 3)):
        result = datahub.run(script, sources, threads=threads, batch_rows=batch_rows)
        assert found.rows == {name: plain(table) for name, table in result.entities.items()}
        assert {one.source: {fate: getattr(one, fate) for fate in FATES} for one in found.report.sources} == result.fates
        assert [(one["code"], one["line"], one["field"]) for one in found.issues if one["severity"] == "error"] == [
            (one["code"], one["line"], one["field"]) for one in result.issues.to_pylist()
        ]


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line, parse_float=Decimal) for line in path.read_text(encoding="utf-8").split("\n") if line]


def plain(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a table as JSON has them."""
    table.validate(full=True)
    return [{field.name: _plain(row[field.name], field.type) for field in table.schema} for row in table.to_pylist()]


def _plain(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_map(kind):
        return {key: _plain(inner, kind.item_type) for key, inner in value}
    if pa.types.is_list(kind):
        return [_plain(inner, kind.value_type) for inner in value]
    if pa.types.is_struct(kind):
        return {kind.field(at).name: _plain(value[kind.field(at).name], kind.field(at).type) for at in range(kind.num_fields)}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value
