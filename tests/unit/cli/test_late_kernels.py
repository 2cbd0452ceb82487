"""Arrow's functions that are made when they are called are those that it makes itself."""

from __future__ import annotations

import subprocess
import sys

TOLD = """
import re, sys, types
if {late}:
    from datahub.cli.late_kernels import make_kernels_late
    make_kernels_late()
import pyarrow as pa
import pyarrow.compute as pc
if {late}:
    few = sum(isinstance(one, types.FunctionType) for one in vars(pc).values())
    assert few < 30, few
    assert not any(type(one).__module__ == "datahub.cli.loaded_otherwise" for one in sys.meta_path)
for name in sorted({{*pc.list_functions(), "and_", "or_", "utf8_zfill", "nothing"}}):
    made = getattr(pc, name, None)
    print(name, made and (made.__name__, made.__qualname__, made.__module__))
    for given in ((), (pa.array([1, None, 3]),), (pa.array(["a", "b"]), "a"), (pa.array([1, 2]), pa.array([3, 4]))):
        try:
            print(made and made(*given))
        except (TypeError, ValueError, NotImplementedError, pa.ArrowException) as problem:
            print(type(problem), re.sub("0x[0-9a-f]+", "", str(problem)))
print(pc.sum(pa.array([1, 2])), pc.match_like(pa.array(["a"]), "a%"), pa.array([1]).cast(pa.string()), pc.and_(True, False))
from pyarrow.compute import utf8_upper
print(utf8_upper(pa.array(["a"])), len(pc.function_registry().list_functions()))
"""


def test_each_is_the_one_that_arrow_makes():
    told = [
        subprocess.run([sys.executable, "-c", TOLD.format(late=late)], capture_output=True, text=True, check=True).stdout
        for late in (True, False)
    ]
    assert len(told[0]) > 100_000
    assert told[1] == told[0]
