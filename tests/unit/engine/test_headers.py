"""Failing cells of columns gathered by a pattern are told by their own headers."""

from __future__ import annotations

from pathlib import Path

import datahub

SCRIPT = r"""
source s: csv {
  columns {
    id   : int
    tags : [int] at /^T_\d+$/
    free : map(int) at /^CF_(.+)$/
    axes : [{q: int at "q", r: int? at "r"}] at /^A(\d+) (.+)$/
  }
}
entity E { id: int, tags: [int], free: map(int)?, axes: [int] }
map E from x in s { id: x.id, tags: x.tags, free: x.free, axes: [e.q + (e.r default 0) for e in x.axes] }
"""
ROWS = """\
id,T_3,T_1,CF_a,CF_b,A2 q,A2 r,A10 q,A10 r,A3 q
1,4,,1,2,,,6,bad,
2,,1,x,2,1,,,,y
3,z,,1,2,1,,2,,3
"""


def test_an_element_of_a_list_is_told_by_the_header_of_its_cell(tmp_path: Path) -> None:
    """Lists go by number, blanks are dropped: the place in the list is not that in the file."""
    (tmp_path / "s.csv").write_text(ROWS, encoding="utf-8")
    found = datahub.run(SCRIPT, {"s": str(tmp_path / "s.csv")}).issues.select(["line", "column", "path", "value"]).to_pylist()
    assert [
        {"line": 2, "column": "A10 r", "path": "/A10 r", "value": "bad"},
        {"line": 3, "column": "CF_a", "path": "/CF_a", "value": "x"},
        {"line": 3, "column": "A3 q", "path": "/A3 q", "value": "y"},
        {"line": 4, "column": "T_3", "path": "/T_3", "value": "z"},
    ] == found


def test_small_files_that_are_read_together_have_headers_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "b.csv").write_text("id,T_7,T_9,CF_a,A1 q\n1,,no,1,1\n\n2,1\n3,1,2,3,ten\n", encoding="utf-8")
    files = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    found = datahub.run(SCRIPT, {"s": files}).issues
    told = [(one["file"], one["line"], one["column"]) for one in found.to_pylist() if one["file"] == "b.csv"]
    assert [("b.csv", 2, "T_9"), ("b.csv", 4, ""), ("b.csv", 5, "A1 q")] == told
