"""What a format says it cannot take, its writer refuses; and it takes all the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datahub.formats.declare import FORMATS, BadOutput
from datahub.semantic.ir import Marks, TargetShape
from datahub.semantic.kinds import TARGETS
from datahub.types.arrow import arrow_type
from datahub.types.model import Int, ListOf, MapOf, Struct, Text, Type

TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "é", "Ł", "語", "b|c", "d;e", "x:y", "\x01", "two\nlines", "z" * 33_000]))
INNER = Struct((("name", Text(True)), ("n", Int(True))))
COLUMNS: tuple[tuple[str, Type, Any], ...] = (
    ("t", Text(True), TEXTS),
    ("l", ListOf(Text(True), True), st.one_of(st.none(), st.lists(TEXTS, max_size=3))),
    ("s", Struct((("a", Text(True)), ("b", Text(True)))), st.fixed_dictionaries({"a": TEXTS, "b": TEXTS})),
    ("g", ListOf(INNER), st.lists(st.fixed_dictionaries({"name": TEXTS, "n": st.one_of(st.none(), st.integers(0, 9))}), max_size=2)),
    ("m", MapOf(Text(True)), st.dictionaries(st.sampled_from(["k", "é", "語"]), TEXTS, max_size=2).map(lambda one: list(one.items()))),
)
SPLITS = (("l", Marks(("|",))), ("g", Marks((";", ":"))))
SPREAD = (("t", "t"), ("m", "/^M_(.+)$/"), ("g", r"/^G (\d+) (.+)$/"), ("l", "l"), ("s", "/^S_(.)$/"))
SHAPES = [
    TargetShape("t", "csv", (("encoding", "cp1252"),), (), SPLITS),
    TargetShape("t", "csv", (("encoding", "shift_jis"),), SPREAD, (("l", Marks(("|",))),)),
    TargetShape("t", "csv", (("quote", ""), ("delimiter", ";")), (("t", "t"), ("l", "l")), SPLITS[:1]),
    TargetShape("t", "csv", (), (), SPLITS),
    TargetShape("t", "csv", ()),
    TargetShape("t", "xml", ()),
    TargetShape("t", "xlsx", (), (), SPLITS),
    TargetShape("t", "xlsx", (), SPREAD),
    TargetShape("t", "json", ()),
    TargetShape("t", "parquet", ()),
    TargetShape("t", "parquet", (), (), (("l", Marks(("b|",))), ("m", Marks(("|", "é"))), ("g", Marks((), (("", Marks((":",))),))))),
    TargetShape(
        "t", "jsonl", (), (("t", "t"), ("m", "/^M_([a-z])$/"), ("g", r"/^G (1) (.+)$/"), ("l", "/^l([^2]+)$/"), ("s", "/^(M_)?a(.)$/"))
    ),
    TargetShape("t", "json", (), (("t", "M_k"), ("m", "/^M_(.+)$/")), SPLITS[:1]),
    TargetShape("t", "csv", (), (("s", "/^M_(é)$/"), ("m", "/^M_(.+)$/")), (("m", Marks(("|",))),)),
]


def writes(shape: TargetShape, rows: pa.Table, path: Path) -> bool:
    make = FORMATS[shape.kind].writer
    assert make is not None
    writer = make(shape, str(path), [(name, kind) for name, kind, _ in COLUMNS])
    try:
        writer.write(rows)
        writer.close()
    except BadOutput:
        writer.abort()
        return False
    return True


@pytest.mark.parametrize("shape", SHAPES, ids=lambda one: f"{one.kind}-{len(one.options)}-{len(one.columns)}-{len(one.splits)}")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_unfit_rows_are_those_that_cannot_be_written(shape: TargetShape, tmp_path: Path, data: st.DataObject) -> None:
    known = {one.name: one.default for one in TARGETS[shape.kind].options}
    shape = TargetShape("t", shape.kind, tuple((known | dict(shape.options)).items()), shape.columns, shape.splits)
    rows = data.draw(st.lists(st.fixed_dictionaries({name: values for name, _, values in COLUMNS}), min_size=1, max_size=4))
    table = pa.table({name: pa.array([row[name] for row in rows], arrow_type(kind)) for name, kind, _ in COLUMNS})
    make = FORMATS[shape.kind].unfit
    find = None if make is None else make(shape, [(name, kind) for name, kind, _ in COLUMNS])
    unfit = np.zeros(len(rows), np.bool_)
    for one in () if find is None else find(table):
        assert (one.rows[1:] > one.rows[:-1]).all()
        assert len(one.rows) == len(one.texts)
        assert not one.texts.null_count
        unfit[one.rows] = True
    alone = [writes(shape, table.slice(number, 1), tmp_path / "out") for number in range(len(rows))]
    assert alone == (~unfit).tolist()
    if not unfit.all():
        assert writes(shape, table.filter(pa.array(~unfit)), tmp_path / "out")
