"""Reject files of a source whose files have headers of their own."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datahub.runner.embed import compile
from datahub.runner.run import run

SCRIPT = """
source s: csv { names "loose"  columns { id: int, n: text? at "Name" or "Nom", cf: map(text) at /^CF_(.+)$/ } }
entity E { id: int, n: text?, cf: map(text) }
map E from x in s { include x }
"""


def rejected(folder: Path, *files: str) -> dict[str, list[str]]:
    paths = []
    for number, text in enumerate(files):
        paths.append(str(folder / f"{number}.csv"))
        Path(paths[-1]).write_text(text)
    report = run(compile(SCRIPT), {"s": paths}, folder / "out")
    assert sum(one.rows for one in report.rejects) == sum(one.rejected for one in report.sources)
    return {
        Path(one.path).name: [line.partition(",1,2,")[0] for line in Path(one.path).read_text().splitlines()[1:]] for one in report.rejects
    }


def test_a_column_of_another_spelling_keeps_its_values(tmp_path: Path) -> None:
    assert {"s.csv": ["x,d,1", "y,e,2"]} == rejected(tmp_path, "id,Name,CF_a\nx,d,1\n", "CF_a,Nom,id\n2,e,y\n")


def test_a_column_that_the_first_file_lacks_is_not_left_out(tmp_path: Path) -> None:
    found = rejected(tmp_path, "id,Name,CF_a\nx,d,1\n", "NOM,id,CF_b,CF_a\ne,y,2,1\n", "id,Nom,CF_a,note\nz,f,3,hello\n", "id,CF_b\nw,4\n")
    assert {"s.csv": ["x,d,1"], "s-2.csv": ["e,y,2,1", ",w,4,"], "s-3.csv": ["z,f,3,hello"]} == found


@pytest.mark.parametrize("more", ["", "-2"])
def test_what_is_corrected_in_each_can_be_sent_again(more: str, tmp_path: Path) -> None:
    rejected(tmp_path, "id,Name,CF_a\nx,d,1\n", "NOM,id,CF_b,CF_a\ne,x,2,1\n")
    file = tmp_path / "out" / "run" / "rejects" / f"s{more}.csv"
    file.write_text(file.read_text().replace(",x,2", ",9,2").replace("x,d,1", "9,d,1"))
    run(compile(SCRIPT), {"s": [str(file)]}, tmp_path / "again")
    wanted = {"": '{"id":9,"n":"d","cf":{"a":"1"}}\n', "-2": '{"id":9,"n":"e","cf":{"b":"2","a":"1"}}\n'}
    assert wanted[more] == (tmp_path / "again" / "E.jsonl").read_text()


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
def test_columns_of_typed_files_are_not_left_out(kind: str, tmp_path: Path) -> None:
    script = (
        SCRIPT.replace('csv { names "loose"', f"{kind} {{").replace(", cf: map(text) at /^CF_(.+)$/", "").replace(", cf: map(text)", "")
    )
    tables = [pa.table({"id": ["x"], "Name": ["d"]}), pa.table({"Nom": ["e"], "id": ["y"]})]
    paths = [str(tmp_path / f"{number}.{kind}") for number in range(2)]
    for table, path in zip(tables, paths, strict=True):
        if kind == "parquet":
            pq.write_table(table, path)
        else:
            with pa.ipc.new_file(path, table.schema) as file:
                file.write_table(table)
    report = run(compile(script), {"s": paths}, tmp_path / "out")
    read = pq.read_table if kind == "parquet" else lambda path: pa.ipc.open_file(path).read_all()
    found = [read(one.path).select([0, 1]).to_pylist() for one in report.rejects]
    assert [[{"id": "x", "Name": "d"}], [{"Nom": "e", "id": "y"}]] == found
