from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import datahub

SCRIPT = """
param least: int = 0
source items: csv { columns { ref: text, n: int } }
entity Item { ref: text, n: int }
map Item from i in items where i.n >= $least { include i }
"""
ROWS = pa.table({"ref": ["a", "b"], "n": [1, 2]})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"as_of": "2020"}, "`as_of` takes a `datetime` with its time zone, and this is `'2020'`"),
        ({"as_of": 5}, "and this is `5`"),
        ({"as_of": date(2024, 5, 1)}, "and this is a date"),
        ({"as_of": datetime(2024, 5, 1)}, "has no time zone"),  # noqa: DTZ001 - that is what is refused
        ({"threads": 0}, "`threads` takes a whole number from 1, and this is `0`"),
        ({"threads": "2"}, "`threads` takes a whole number from 1"),
        ({"batch_rows": True}, "`batch_rows` takes a whole number from 1"),
        ({"memory": -1}, "`memory` takes a whole number from 0"),
        ({"sources": [ROWS]}, "`sources` takes values by name, as `{'items': …}`, and this is a list"),
        ({"sources": {1: ROWS}}, "`1` is no name"),
        ({"sources": {"items": ROWS, "other": ROWS}}, "other"),
        ({"sources": {"items": Path("/nowhere/items.csv")}}, "items.csv"),
        ({"sources": {"items": 5}}, "was given a int"),
        ({"sources": {}}, "items"),
        ({"parameters": ["least"]}, "`parameters` takes values by name"),
        ({"parameters": {"most": 1}}, "the script has no parameter `most`"),
        ({"parameters": {"least": "much"}}, "least"),
        ({"script": Path("/nowhere/script.dhm")}, "the script `/nowhere/script.dhm` cannot be read: No such file or directory"),
        ({"script": Path("/")}, "cannot be read"),
        ({"script": "items.dhm"}, "give the path of a file as `Path('items.dhm')`"),
        ({"script": b"source"}, "a script is its text or the path of its file, and this is a bytes"),
        ({"script": None}, "and this is a NoneType"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(given: dict[str, Any], said: str) -> None:
    arguments: dict[str, Any] = {"script": SCRIPT, "sources": {"items": ROWS}} | given
    with pytest.raises((datahub.UnusableRun, datahub.BadInput)) as refused:
        datahub.run(**arguments)
    assert said in str(refused.value)


def test_what_fits_runs() -> None:
    result = datahub.run(SCRIPT, {"items": ROWS}, as_of=datetime(2024, 5, 1, tzinfo=UTC), threads=1, batch_rows=1, memory=0)
    assert [{"ref": "a", "n": 1}, {"ref": "b", "n": 2}] == result.entities["Item"].to_pylist()


def test_a_script_that_is_not_there_cannot_be_checked() -> None:
    with pytest.raises(datahub.UnusableRun, match="cannot be read"):
        datahub.check(Path("/nowhere/script.dhm"))
