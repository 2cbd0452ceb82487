"""What was delivered last, as the next run of the job asks about it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from datahub.runner.splits import driving_sources
from datahub.state.records import RunStatus
from tests.jobs_project import Projected
from tests.jobs_world import JOB, SCRIPT, Shop, compiled, context, delivered, make, submit, work

ASKING = """
checks Offer {
  P060 error: price <= previous.price * 2  "price {price} was {previous.price}"
  P061 warn: stock <= previous.stock
}
"""


@pytest.fixture
def world(tmp_path):
    """Makes the job, with something more in its script; then gives it files and runs it."""
    make(tmp_path)
    shop = Shop()
    one = context(tmp_path, shop.port, job=JOB.model_copy(update={"remember": ()}))

    def run(more, *rows, script=SCRIPT):
        plan = compiled(script.replace("  write Offer to shop\n", f"  write Offer to shop\n{more[1]}") + more[0])
        (tmp_path / "in" / "a.csv").write_text("sku,price,stock\n" + "".join(f"{row}\n" for row in rows))
        again = replace(one, plan=plan, driving=driving_sources(plan))
        submit(again)
        return work(again)[0].run

    yield SimpleNamespace(run=run, store=one.store, folder=tmp_path)
    one.store.close()
    shop.close()


def remembered(world):
    current = world.store.snapshots.current("Offer")
    return pq.read_table(world.folder / "state" / "snapshots" / f"{current.sha256}.parquet").to_pylist()


def test_a_check_compares_with_the_row_of_the_same_key_that_was_delivered_last(world):
    asking = (ASKING, "")
    assert 0 == world.run(asking, "A,1.00,1", "B,2.00,1").counts.rejected
    run = world.run(asking, "A,1.50,1", "B,9.00,1", "C,9.00,1")
    assert (2, 1) == (run.counts.written, run.counts.rejected)
    assert [("A", "1.50"), ("B", "2.00"), ("C", "9.00")] == [(row["sku"], str(row["price"])) for row in remembered(world)]
    assert 0 == world.run(asking, "B,4.00,1").counts.rejected


def test_a_row_stays_until_one_of_its_key_is_delivered_again(world):
    world.run((ASKING, ""), "A,1.00,1", "B,2.00,1")
    world.run((ASKING, ""), "B,3.00,1")
    assert ["A", "B"] == [row["sku"] for row in remembered(world)]


def test_a_run_that_fails_leaves_what_is_remembered(world):
    world.run((ASKING, ""), "A,1.00,1")
    before = remembered(world)
    world.run((ASKING, "  abort when rejected(Offer) > 0\n"), "A,9.00,1", "Z,1.00,1")
    assert before == remembered(world)


def test_a_flow_is_aborted_where_most_of_what_was_there_is_missing(world):
    shrinking = ("", "  abort when count(Offer) < previous_count(Offer) * 80%\n")
    assert RunStatus.SUCCESS is world.run(shrinking, *(f"S{number},1.00,1" for number in range(10))).status
    run = world.run(shrinking, "S1,1.00,1")
    assert (RunStatus.FAILED, "ABORTED", 1) == (run.status, run.code, run.counts.read)
    assert 10 == sum(delivered(world.folder).values())
    assert RunStatus.SUCCESS is world.run(shrinking, *(f"S{number},2.00,1" for number in range(9))).status


def test_a_rule_can_keep_what_was_delivered_last(world):
    keeping = ("rules steady for Offer {\n  rule hold when price > previous.price * 2 set price: previous.price default price\n}\n", "")
    world.run(keeping, "A,1.00,1")
    world.run(keeping, "A,9.00,1")
    assert ["1.00"] == [str(row["price"]) for row in remembered(world)]


def test_a_status_of_an_order_does_not_go_back_behind_the_one_that_was_delivered_last(world):
    script = "use djust ^1.0 as d\n" + SCRIPT.replace("write Offer to list", "write d.OrderStatus to list")
    statuses = """
map d.OrderStatus from f in feed {
  order          : f.sku
  orderReference : f.sku
  orderStatus    : if(f.stock > 5, "SHIPPED", "ORDER_CREATED")
}
"""
    world.run((statuses, ""), "A,1.00,9", "B,1.00,1", script=script)
    world.run((statuses, ""), "A,1.00,1", "B,1.00,9", "C,1.00,1", script=script)
    sent = sorted(line for path in (world.folder / "out").iterdir() for line in path.read_text().splitlines()[1:])
    assert ["A,,SHIPPED", "B,,ORDER_CREATED", "B,,SHIPPED", "C,,ORDER_CREATED"] == sent
    [found] = [path.read_text() for path in (world.folder / "rejects").iterdir()]
    assert "DJ901" in found
    assert "ORDER_CREATED would go back from SHIPPED" in found


def test_references_lead_to_what_another_job_has_delivered(tmp_path):
    suppliers = (
        "source s: csv { columns { code: text } }\nentity Supplier {\n  key code\n  code: text\n}\nmap Supplier from r in s { include r }\n"
    )
    offers = """\
source o: csv { columns { sku: text, supplier: text } }
entity Supplier {
  key code
  code: text
}
entity Offer {
  key sku
  sku: text
  supplier: text references Supplier
}
map Offer from r in o { include r }
"""
    project = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.suppliers]
mapping = "suppliers.dhm"
remember = ["Supplier"]
sources.s = {connection = "here", folder = "s", ready.stable = 0}
targets.Supplier = {connection = "here", folder = "out", create_folders = true, name = "s-{{RUN}}.jsonl"}
[jobs.offers]
mapping = "offers.dhm"
sources.o = {connection = "here", folder = "o", ready.stable = 0}
targets.Offer = {connection = "here", folder = "out", create_folders = true, name = "o-{{RUN}}.jsonl"}
"""
    files = {"dhm.toml": project, "suppliers.dhm": suppliers, "offers.dhm": offers, "o/1.csv": "sku,supplier\nA,acme\nB,nobody\n"}
    shop = Projected(tmp_path, files)
    first = shop.by_hand("offers")
    assert 2 == first.run.counts.written
    assert first.report is not None
    # A job does remember suppliers, and has merely not delivered any.
    (warning,) = first.report.warnings
    assert warning.startswith("nothing that was delivered of `Supplier` is remembered yet, so references to it are not looked up")
    shop.put("s/1.csv", "code\nacme\n")
    shop.by_hand("suppliers")
    shop.put("o/2.csv", "sku,supplier\nC,acme\nD,nobody\n")
    second = shop.by_hand("offers")
    assert (1, 1) == (second.run.counts.written, second.run.counts.rejected)
    assert second.report is not None
    assert ["R503"] == [one.code for one in second.report.codes]
    assert () == second.report.warnings
    shop.put("s/2.csv", "code\nnobody\n")
    shop.by_hand("suppliers")
    shop.put("o/3.csv", "sku,supplier\nE,acme\nF,nobody\n")
    assert 2 == shop.by_hand("offers").run.counts.written
    shop.close()
