"""Of the files of DJUST a line is blank where all of it is: whatever one cell says is written, or told, and never passed over."""

from __future__ import annotations

import re

import pytest

from datahub.packs.folders import Folders
from datahub.resources import folder
from datahub.syntax import ast
from datahub.syntax.parser import parse

FILES = folder("stdlib_mappings") / "djust" / "files"
# Marks that an account has no address are in the rows of accounts that have none.
VALUES = {"int?": "3", "decimal?": "3", "[{quantity: int, price: decimal}]?": "1|2"}


def sources() -> dict[str, list[tuple[str, str]]]:
    """The columns of each source, as a header has them, with a value for each."""
    found = {}
    for path in sorted(FILES.glob("*.dhm")):
        text = path.read_text(encoding="utf-8")
        if said := re.search(r"source (\w+): csv \{.*?columns \{\n(.*?)\n  \}\n\}", text, re.DOTALL):
            columns = re.findall(r"^\s+\w+\s*: (.+?)\s+at (?:\"([^\"]+)\"|/\^(\w+[_-])\(.+/)", said[2], re.MULTILINE)
            assert len(columns) == sum(not line.strip().startswith("#") for line in said[2].splitlines())
            found[said[1]] = [(name or prefix + "1", VALUES.get(kind, "TRUE")) for kind, name, prefix in columns]
    return found


SOURCES = sources()


def test_every_source_is_looked_at():
    scripts = [parse(Folders().document(path), lambda _: None) for path in FILES.glob("*.dhm")]
    declared = {one.name.text for script in scripts for one in script.declarations if isinstance(one, ast.Source)}
    assert declared == set(SOURCES)


@pytest.mark.parametrize("source", SOURCES)
def test_what_one_cell_says_is_not_passed_over(source, tmp_path, dhm):
    entities = sorted(
        set(re.findall(rf"^map (d\.\w+) from r in {source}\b", "\n".join(p.read_text() for p in FILES.glob("*.dhm")), re.MULTILINE))
    )
    assert entities
    script = (
        "use djust ^1.0 as d\nuse djust.files ^1.0 as f\ntarget out: jsonl { whole false }\nflow all { write "
        + ", ".join(entities)
        + " to out }\n"
    )
    (tmp_path / "s.dhm").write_text(script, encoding="utf-8")
    columns = SOURCES[source]
    lines = [";".join(name for name, _ in columns)]
    lines += [";".join(value if at == own else "" for at, (_, value) in enumerate(columns)) for own in range(len(columns))]
    lines += [";" * (len(columns) - 1), ";" * (len(columns) - 1)]
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ended = dhm("run", tmp_path / "s.dhm", "--source", f"f.{source}={tmp_path / 'in.csv'}", "--out", tmp_path / "out")
    assert re.search(rf"{len(columns) + 2} read .*\+ 2 filtered", ended.err), ended.err
