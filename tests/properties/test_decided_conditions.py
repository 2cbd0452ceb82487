"""What is said of conditions before any row is there holds of all rows of a small world: without what never counts nothing changes."""

from __future__ import annotations

from itertools import product

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from datahub.compiler import check
from datahub.diagnostics.diagnostic import Diagnostic
from datahub.document import Document
from datahub.packs.folders import Folders
from datahub.runner.embed import run

NUMBERS = [None, -1, 0, 1, 2, 3]
WORDS = [None, "A", "a", "ab", "b", "bc", "c"]
STATES = ["draft", "live", "off"]
FIELDS = "n: int?, m: int, w: text?, s: enum(draft, live, off), f: bool"

_ATOMS = st.one_of(
    st.builds("r.{} {} {}".format, st.sampled_from("nm"), st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]), st.integers(0, 2)),
    st.builds("r.m {} {}.5".format, st.sampled_from(["<", ">="]), st.integers(0, 1)),
    st.builds("r.{} {} {}..{}".format, st.sampled_from("nm"), st.sampled_from(["in", "not in"]), st.integers(0, 2), st.integers(0, 2)),
    st.sampled_from(["r.n is null", "r.w is not null", "r.f", "r.f = false", "r.n < r.m", "length(r.w default r.s) > 1"]),
    st.builds('r.w {} "{}"'.format, st.sampled_from(["=", "<>", "<", ">="]), st.sampled_from("ab")),
    st.builds('r.w {} ("a", "{}")'.format, st.sampled_from(["in", "not in"]), st.sampled_from("bc")),
    st.builds('r.s {} "{}"'.format, st.sampled_from(["=", "<>", "<", ">="]), st.sampled_from(STATES)),
)
CONDITIONS = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner), st.builds("({} or {})".format, inner, inner), st.builds("not ({})".format, inner)
    ),
    max_leaves=4,
)
_WORLD = list(product(NUMBERS, NUMBERS[1:], WORDS, STATES, [True, False]))
_TYPES = [pa.int64(), pa.int64(), pa.string(), pa.string(), pa.bool_()]
ROWS = pa.table([pa.array(column, kind) for column, kind in zip(zip(*_WORLD, strict=True), _TYPES, strict=True)], names=[*"nmwsf"])


def _script(conditions: list[str]) -> str:
    one, two, three, four = conditions
    return (
        f"source rows: csv {{ columns {{ {FIELDS} }} }}\n"
        "entity Item { at: int, a: int, b: int, c: bool, d: [int] }\n"
        f"map Item from r in rows where {one} {{\n"
        "  at : row_number(order by r.n)\n"
        f"  a : if({two}, if({three}, 1, 2), if({four}, 3, 4))\n"
        f"  b : case when {two} then 1 when {three}, {four} then 2 when {one} then 3 otherwise 4 end\n"
        f"  c : {three} and ({four} or {two})\n"
        f"  d : [x for x in [1, 2] where {four} and (x > 1 or {three} or x < 2)]\n"
        "}\n"
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(CONDITIONS, min_size=4, max_size=4))
def test_nothing_changes_without_what_is_said_never_to_count(conditions):
    script = _script(conditions)
    told: list[Diagnostic] = []
    assert check(Document("script.dhm", script), Folders(), told.append) is not None
    plain, behind = script, len(script)
    # What stands around another one that is told is left as it is.
    for one in sorted(told, key=lambda one: (one.at.span.start, -one.at.span.end), reverse=True):
        span, code = one.at.span, one.rule.code
        if code in ("DHM401", "DHM402", "DHM409") and span.end <= behind:
            instead = "99" if span.text.isdecimal() else "(1 = 1)" if code == "DHM402" else "(1 = 2)"
            plain, behind = plain[: span.start] + instead + plain[span.end :], span.start
    if plain != script:
        assert run(plain, {"rows": ROWS}).entities["Item"].equals(run(script, {"rows": ROWS}).entities["Item"]), (script, plain)


@settings(max_examples=40, deadline=None)
@given(st.lists(CONDITIONS, min_size=3, max_size=3))
def test_a_branch_that_no_row_takes_is_told(conditions):
    one, two, three = conditions
    branches = f"case when {one} then 1 when {two} then 2 when {three} then 3 otherwise 4 end"
    script = f"source rows: csv {{ columns {{ {FIELDS} }} }}\nentity Item {{ a: int }}\nmap Item from r in rows {{ a : {branches} }}\n"
    told: list[Diagnostic] = []
    assert check(Document("script.dhm", script), Folders(), told.append) is not None
    taken = set(run(script, {"rows": ROWS}).entities["Item"].column("a").to_pylist())
    # Two columns, and calls, are not looked into.
    if not any(unknown in branches for unknown in ("r.n < r.m", "length(")):
        assert (taken == {1, 2, 3, 4}) or any(one.rule.code in ("DHM401", "DHM402", "DHM409") for one in told), script
