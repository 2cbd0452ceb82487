"""A field that several sources fill, in turn or side by side, shows the columns that its row really has."""

from __future__ import annotations

from pathlib import Path

from datahub.runner.embed import run

IN_TURN = """source a: csv {
  columns {
    sku   : text    at "REF"
    price : decimal at "PRIX"
  }
}
source b: csv {
  columns {
    sku   : text    at "CODE"
    price : decimal at "PRICE"
  }
}
entity Item {
  key sku
  sku   : text(3)
  price : decimal(12,2) where price > 0
}
map Item from r in a, b {
  sku   : r.sku
  price : r.price
}
checks Item {
  X1 error: price <> 7 "seven"
}
"""
SIDE_BY_SIDE = """
source a: csv {
  columns {
    sku  : text at "REF"
    unit : text at "U"
  }
}
source b: csv {
  columns {
    unit  : text at "UNIT"
    label : text at "LABEL"
  }
}
entity Item {
  key sku
  sku   : text
  label : text(4)
}
map Item from r in a
  join u in b on u.unit = r.unit
{
  sku   : r.sku
  label : r.unit & (u.label default "-none-")
}
"""


def told(script: str, folder: Path, **files: str) -> list[tuple[str, str, str, str]]:
    paths = {}
    for name, text in files.items():
        paths[name] = folder / f"{name}.csv"
        paths[name].write_text(text, encoding="utf-8")
    rows = run(script, paths).issues.to_pylist()
    return [(row["code"], row["column"], row["value"], row["file"]) for row in rows]


def test_sources_in_turn_show_their_own_columns(tmp_path: Path) -> None:
    assert told(IN_TURN, tmp_path, a="REF,PRIX\naaaa,1\nab,x\nac,7\n", b="CODE,PRICE\nbbbb,1\nbb,x\nbc,-1\nbd,7\nac,3\n") == [
        ("R202", "REF", "aaaa", "a.csv"),
        ("R104", "PRIX", "x", "a.csv"),
        ("X1", "PRIX", "7", "a.csv"),
        ("R202", "CODE", "bbbb", "b.csv"),
        ("R104", "PRICE", "x", "b.csv"),
        ("R301", "PRICE", "-1", "b.csv"),
        ("X1", "PRICE", "7", "b.csv"),
        ("R303", "CODE", "ac", "b.csv"),
    ]


def test_sources_side_by_side_show_what_the_row_has_of_both(tmp_path: Path) -> None:
    assert told(SIDE_BY_SIDE, tmp_path, a="REF,U\n1,kg\n2,lb\n3,m\n", b="UNIT,LABEL\nkg,kilo\nm,m\n") == [
        ("R202", "U, LABEL", "kgkilo", "a.csv"),
        ("R202", "U", "lb", "a.csv"),
    ]
