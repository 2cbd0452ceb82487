"""More than 300 malformed files: each gives rows and rejects that add up, or is refused with a code, within bounds of time and memory.

What becomes of each stands in `told.txt`; `DHM_ACCEPT=1` writes it anew, and the difference is what is reviewed.
"""

from __future__ import annotations

import os
import re
import resource
import time
from collections import Counter
from pathlib import Path

import pytest

import datahub
from datahub.compiler import check
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.formats.declare import BadInput
from datahub.packs.folders import Folders
from datahub.samples.sample import NoSample
from datahub.samples.source import infer
from tests.malformed.files import OWN, ROWS, WHOLE, malformed

GOLDEN = Path(__file__).with_name("told.txt")
COLUMNS = {"fixed": "sku: text at 1..6\n    price: decimal at 7..14\n    qty: int at 15..18\n    label: text at 19..38"}
OPTIONS = {"xml": '  rows "/rows/row"\n'}
SECONDS, MEGABYTES = 20.0, 600
"""What one file may take of the processor, and all of them of memory beside what was there: the largest have 100 MB when they are unpacked."""


def script(kind: str) -> str:
    columns = COLUMNS.get(kind, "sku: text\n    price: decimal\n    qty: int\n    label: text")
    return f"""source feed: {kind} {{
{OPTIONS.get(kind, "")}  columns {{
    {columns}
  }}
}}
entity Item {{
  sku: text
  price: decimal
  qty: int
  label: text
}}
map Item from f in feed {{ include f }}
"""


def become(kind: str, path: Path) -> str:
    """What becomes of a file, on one line."""
    try:
        result = datahub.run(script(kind), {"feed": str(path)})
    except BadInput as problem:
        if not re.fullmatch(r"R0\d\d", problem.code) or not problem.message:
            raise
        message = problem.message.replace(str(path), path.name)
        return f"refused {problem.code} line {problem.line}: {message[:120]!r}"
    fates = result.fates["feed"]
    codes = Counter(result.issues.column("code").to_pylist())
    lines = result.issues.column("line").to_pylist()
    assert fates["rejected"] <= len(lines), "a rejected row has no reason"
    told = ", ".join(f"{code}×{count}" for code, count in sorted(codes.items()))
    first = f" first at {min(line or 0 for line in lines)}" if lines else ""
    assert result.entities["Item"].num_rows == fates["written"]
    return f"written {fates['written']}, rejected {fates['rejected']}" + (f": {told}{first}" if told else "")


@pytest.fixture(scope="module")
def golden():
    lines = GOLDEN.read_text(encoding="utf-8").splitlines() if GOLDEN.exists() else []
    return dict(line.split(" → ", 1) for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize("format", WHOLE)
def test_every_malformed_file_gives_rows_and_rejects_or_is_refused_by_a_code(format, golden, tmp_path):
    kind, whole = WHOLE[format]
    path = tmp_path / f"in.{format}"
    path.write_bytes(whole())
    assert f"written {ROWS * (2 if format == 'zip' else 1)}, rejected 0" == become(kind, path)
    found = {}
    # The most that this process ever had: other tests have had their share of it.
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, data in malformed(format):
        path.write_bytes(data)
        begun = time.process_time()
        found[f"{format}/{name}"] = become(kind, path)
        assert time.process_time() - begun < SECONDS, name
    assert [path] == list(tmp_path.iterdir()), "something was written beside the file"
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10 < MEGABYTES
    if os.environ.get("DHM_ACCEPT"):
        kept = {name: told for name, told in golden.items() if not name.startswith(f"{format}/")}
        golden.clear()
        golden.update(kept | found)
        GOLDEN.write_text("".join(f"{name} → {told}\n" for name, told in sorted(golden.items())), encoding="utf-8")
        return
    assert {name: told for name, told in golden.items() if name.startswith(f"{format}/")} == found


LONGEST = 20_000
"""Sources with thousands of columns take their time to be checked."""
LATER = {"row-of-17-mb", "elements-of-a-row", "bomb"}
"""What is wrong with them shows behind what is looked at."""


@pytest.mark.slow
@pytest.mark.parametrize("format", WHOLE)
def test_of_every_malformed_file_a_source_is_guessed_that_reads_it_or_it_is_refused(format, tmp_path):
    path = tmp_path / f"in.{format}"
    for name, data in malformed(format):
        path.write_bytes(data)
        try:
            text = infer(str(path), "feed")
        except (NoSample, BadInput):
            continue
        if len(text) > LONGEST:
            continue
        found: list[Diagnostic] = []
        check(Document("s.dhm", text), Folders(), found.append)
        assert not [one for one in found if one.level is Severity.ERROR], (name, text)
        if len(data) > 1 << 20 or name in LATER:
            continue
        datahub.run(f"{text}\nentity E {{ a: int? }}\nmap E from f in feed {{ a: null }}\n", {"feed": str(path)})


def test_there_are_more_than_300_of_them(golden):
    assert len(golden) > 300
    assert set(OWN) == set(WHOLE)
