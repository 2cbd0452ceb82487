"""A frame that was set aside comes back with all that is known of its failures."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pyarrow as pa

from datahub.frames.frame import Column, Failure, Frame
from datahub.frames.issue_schema import BESIDE
from datahub.frames.spill import laid_out, picked_up


def test_nothing_of_a_failure_is_lost_on_disk():
    full = Failure(
        np.array([0, 2]),
        "R105",
        column="price",
        values=pa.array(["1.55", "2.333"]),
        paths=pa.array(["/a", "/b"]),
        elements=np.array([1, 3]),
        cause="R101",
        message="no",
        origin=4,
        texts=pa.array(["one", "two"]),
        severity="warn",
        members=np.array([0, 5]),
        beside=pa.nulls(2, BESIDE),
        wanted="decimal(4,1)",
        inside="street",
        deeper=pa.array(["0:code", "2:code|1:"]),
        at=np.array([7, 9]),
        read=("f.price", "f.rate"),
    )
    # A field that is added has a value of its own here, or it is not asked for.
    plain = Failure(np.array([0]), "")
    assert [] == [one.name for one in fields(Failure) if one.name != "rows" and getattr(full, one.name) is getattr(plain, one.name)]
    frame = Frame({"x": Column(pa.array([1, None, 3]), (full,))}, 3, np.arange(3, dtype=np.int64))
    (back,) = picked_up(*laid_out(frame)).columns["x"].failures
    for one in fields(Failure):
        was, now = getattr(full, one.name), getattr(back, one.name)
        assert was.tolist() == now.tolist() if isinstance(was, np.ndarray) else was == now, one.name
