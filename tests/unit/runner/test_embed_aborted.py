"""What Python is told of a run that its own script calls no good."""

from __future__ import annotations

import pyarrow as pa
import pytest

import datahub

SCRIPT = """
source s: csv { columns { id: int } }
entity E { id: int }
map E from x in s { include x }
target t: csv {}
"""


def run(more: str, ids: list[str], **arguments: object) -> datahub.Result:
    return datahub.run(SCRIPT + more, {"s": pa.table({"id": ids})}, **arguments)


@pytest.mark.parametrize(
    ("more", "ids", "reason"),
    [
        ("flow f { write E to t abort when rejected(E) > 0 }", ["1", "x"], "`abort when` on line 6 of"),
        ("checks E { P9 fatal: id <> 13 }", ["1", "13"], "P9 check P9 is not met"),
        ("checks E { P9 fatal after checks: count() > 0 }", ["x"], "(`E` has no rows)"),
        ("checks E { P9 fatal after checks: count() > 1 }", ["1", "x"], "P9 check P9 is not met"),
    ],
)
def test_no_rows_are_given_as_if_they_were_good(more: str, ids: list[str], reason: str) -> None:
    with pytest.raises(datahub.Aborted) as told:
        run(more, ids)
    assert reason in told.value.reason
    assert str(told.value) == told.value.reason
    assert told.value.result.fates["s"]["rejected"] + told.value.result.fates["s"]["written"] == len(ids)


def test_what_holds_gives_its_rows() -> None:
    found = run("flow f { write E to t abort when rejected(E) > 1 }", ["1", "x"])
    assert found.entities["E"].to_pylist() == [{"id": 1}]


def test_of_several_flows_with_conditions_one_is_named() -> None:
    flows = "flow f { write E to t abort when rejected(E) > 0 }\nflow g { write E to t }"
    with pytest.raises(datahub.UnusableRun, match="the script has the flows f, g; choose one with `flow`"):
        run(flows, ["1", "x"])
    assert run(flows, ["1", "x"], flow="g").entities["E"].num_rows == 1
    with pytest.raises(datahub.Aborted):
        run(flows, ["1", "x"], flow="f")


def test_a_compiled_plan_keeps_to_its_flow(tmp_path: object) -> None:
    plan = datahub.compile(SCRIPT + "flow f { write E to t abort when rejected(E) > 0 }", "f")
    path = tmp_path / "s.csv"  # type: ignore[operator]
    path.write_text("id\n1\nx\n")
    with pytest.raises(datahub.Aborted):
        datahub.run(plan, {"s": path})
    with pytest.raises(datahub.UnusableRun, match="is not of the flow `g`"):
        datahub.run(plan, {"s": path}, flow="g")
