"""Which conditions of rules are said to exclude each other, against all rows of a small world."""

from __future__ import annotations

from itertools import combinations, product

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from datahub.compiler import check
from datahub.document import Document
from datahub.packs.folders import Folders
from datahub.runner.embed import run
from datahub.semantic.proof_conditions import together

NUMBERS = [None, -1, 0, 1, 2, 3]
WORDS = [None, "A", "a", "ab", "b", "bc", "c", "cd"]
STATES = ["draft", "live", "off"]
FLAGS = [True, False]
FIELDS = "n: int?, w: text?, s: enum(draft, live, off), f: bool"

_COMPARISON = st.one_of(
    st.builds("n {} {}".format, st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]), st.integers(0, 2)),
    st.builds("{} {} n".format, st.integers(0, 2), st.sampled_from(["<", ">="])),
    st.builds("n {} {}..{}".format, st.sampled_from(["in", "not in"]), st.integers(0, 1), st.integers(1, 2)),
    st.sampled_from(["n is null", "w is null", "w is not null", "f", "not f", "f = false"]),
    st.builds('w {} "{}"'.format, st.sampled_from(["=", "<>", "<", ">="]), st.sampled_from("ab")),
    st.builds('w {} ("a", "{}")'.format, st.sampled_from(["in", "not in"]), st.sampled_from("bc")),
    st.builds('s {} "{}"'.format, st.sampled_from(["=", "<>", "<", ">="]), st.sampled_from(STATES)),
)
CONDITIONS = st.recursive(
    _COMPARISON,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner), st.builds("({} or {})".format, inner, inner), st.builds("not ({})".format, inner)
    ),
    max_leaves=4,
)


@settings(max_examples=25, deadline=None)
@given(st.lists(CONDITIONS, min_size=5, max_size=5))
def test_conditions_exclude_each_other_where_no_row_meets_both(conditions):
    rules = "\n".join(f"  rule R{at} when {one} set w: w" for at, one in enumerate(conditions))
    answers = ", ".join(f"c{at}: bool" for at, _ in enumerate(conditions))
    source = f"source rows: csv {{ columns {{ {FIELDS} }} }}\n"
    views = "view all from r in rows {\n  n: r.n, w: r.w, s: r.s, f: r.f\n}\n"
    named = "\n".join(f"  c{at} : {_placed(one)}" for at, one in enumerate(conditions))
    script = f"{source}{views}entity Item {{ {FIELDS}, {answers} }}\nmap Item from r in all {{\n  include r\n{named}\n}}\n"
    program = check(Document("script.dhm", script + f"rules all for Item {{\n{rules}\n}}\n"), Folders(), lambda _: None)
    assert program is not None
    world = list(product(NUMBERS, WORDS, STATES, FLAGS))
    columns = [list(column) for column in zip(*world, strict=True)]
    types = [pa.int64(), pa.string(), pa.string(), pa.bool_()]
    table = pa.table([pa.array(column, kind) for column, kind in zip(columns, types, strict=True)], names=["n", "w", "s", "f"])
    rows = run(script, {"rows": table}).entities["Item"]
    assert len(world) == rows.num_rows
    held = [rows.column(f"c{at}").to_pylist() for at, _ in enumerate(conditions)]
    for one, other in combinations(range(len(conditions)), 2):
        both = any(x and y for x, y in zip(held[one], held[other], strict=True))
        found = together(program.rules[one].when, program.rules[other].when, {})
        assert both == (found is not None), (conditions[one], conditions[other], found)


def _placed(condition: str) -> str:
    """A condition with its columns called by the row."""
    words = {"n", "w", "s", "f"}
    parts = condition.replace("(", "( ").replace(")", " )").split(" ")
    return " ".join(f"r.{part}" if part in words else part for part in parts)
