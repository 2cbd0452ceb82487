"""Tables between bars, and the parse tables."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from datahub.syntax import ast, tables
from tests.unit.syntax.reading import one, told


def table(rows: str) -> ast.Table:
    found = one("lookup l (a: text) -> text {\n" + rows + "\n}\n")
    assert isinstance(found, ast.Lookup)
    assert found.table is not None
    return found.table


def texts(rows: str) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table(rows).rows]


def test_cells_are_trimmed_and_know_their_place():
    found = table("  |  a | b |\n  |  été  |x|")
    assert ["a", "b"] == [cell.text for cell in found.header.cells]
    first, second = found.rows[0].cells
    assert ("été", "x") == (first.span.text, second.span.text)


@pytest.mark.parametrize(
    ("cell", "text", "quoted"),
    [
        ('"a|b"', "a|b", True),
        ('" x "', " x ", True),
        ('""', "", True),
        (r'"\"\n"', '"\n', True),
        ("", "", False),
        ('5"', '5"', False),
        ('a "b" c', 'a "b" c', False),
        ('"a|b", c', '"a|b", c', False),
        ("#1", "#1", False),
        ("\\n", "\\n", False),
    ],
)
def test_a_cell_is_raw_or_quoted(cell, text, quoted):
    found = table(f"  | a | b |\n  | {cell} | x |").rows[0].cells
    assert (text, quoted, "x") == (found[0].text, found[0].quoted, found[1].text)


def test_the_double_bar_parts_inputs_from_outputs_and_is_empty_elsewhere():
    decision = table("  | a | b || c |\n  | 1 | 2 || 3 |\n  | 1 | 2 | 3 |\n  | 1 |  || 3 |")
    assert 2 == decision.outputs
    assert [["1", "2", "3"], ["1", "2", "3"], ["1", "", "3"]] == [[cell.text for cell in row.cells] for row in decision.rows]
    assert table("  | a | b |\n  | 1 ||").outputs is None
    assert [["1", ""]] == texts("  | a | b |\n  | 1 ||")


def test_comments_stand_between_rows_and_after_them():
    found = table("  | a | b |\n  # first\n  | 1 | 2 |  # behind\n  # second\n  | 3 | 4 |\n  # after")
    assert [["1", "2"], ["3", "4"]] == [[cell.text for cell in row.cells] for row in found.rows]
    assert ((0, "# first"), (1, "# second")) == found.comments


def test_a_header_that_names_nothing_is_told():
    assert ["2:8 DHM003 a column of the table has no name"] == told("lookup l (a: text) -> text {\n  | a |  | b |\n}\n")
    assert ["2:12 DHM003 the header has a second `||`"] == told("decide d (a: text) -> text {\n  | a || b || c |\n}\n")


def test_reading_scripts_does_not_load_lark():
    code = "import sys; from datahub.syntax.parser import parse; from datahub.document import Document; parse(Document('x', ''), print)"
    code += "; assert 'lark' not in sys.modules and 'pyarrow' not in sys.modules, sorted(sys.modules)"
    tables.tables()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_kept_tables_are_those_that_the_grammar_gives():
    made = tables.analyse(tables.grammar_text())
    assert made == tables.tables()


def test_kept_tables_that_cannot_be_read_are_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_places", lambda: [tmp_path / "nowhere" / "deep", tmp_path])
    (tmp_path / "nowhere").write_text("no folder")
    tables.tables.cache_clear()
    made = tables.tables()
    kept = next(tmp_path.glob("dhm-*.json"))
    assert len(made.rows) == len(json.loads(kept.read_text())["rows"])
    for damage in ("", "{}", "[1, 2"):
        kept.write_text(damage)
        tables.tables.cache_clear()
        assert made == tables.tables()
    tables.tables.cache_clear()


def test_every_rule_of_the_grammar_has_its_function():
    from datahub.syntax.nodes import ACTIONS

    asked = {production.action for production in tables.tables().productions} - {"", "[]"}
    assert asked - set(ACTIONS) == set()
    assert set(ACTIONS) - asked == set()
