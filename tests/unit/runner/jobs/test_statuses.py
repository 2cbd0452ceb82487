"""An export starts when a row enters one of the statuses that it waits for: the first time, and again only where the job says so."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from datahub.connectors.declare import TerminalError
from datahub.project.policy import Retention
from datahub.runner.jobs.bind import folders_of
from datahub.runner.jobs.prune import prune
from datahub.runner.jobs.pruning import Pruning
from datahub.runner.jobs.starting import started
from datahub.state.owner import this_process
from datahub.state.records import RunStatus
from tests.jobs_project import Projected

PROJECT = """\
[project]
name = "shop"

[connections.here]
kind = "local"

[jobs.import]
mapping = "import.dhm"

[jobs.import.sources.feed]
connection = "here"
folder = "in"
ready.stable = 0

[jobs.import.targets.kept]
connection = "here"
folder = "kept"
create_folders = true
name = "kept-{{RUN}}.jsonl"

[jobs.export]
mapping = "export.dhm"
triggers = {kind = "status", entity = "Order", statuses = ["PAID", "SHIPPED"], again = ["ON_HOLD"]}

[jobs.export.sources.orders]
entity = "Order"

[jobs.export.targets.erp]
connection = "here"
folder = "erp"
create_folders = true
name = "{{RUN}}.jsonl"

[jobs.all]
mapping = "all.dhm"
sources.orders.entity = "Order"
targets.everything = {connection = "here", folder = "all", create_folders = true, name = "{{RUN}}.jsonl"}
"""
ORDER = """\
entity Order {
  key id
  id     : text
  status : enum(NEW, PAID, ON_HOLD, SHIPPED)
  total  : decimal(10,2)
  placed : date?
}
"""
IMPORT = (
    "source feed: csv { columns { id: text, status: enum(NEW, PAID, ON_HOLD, SHIPPED), total: decimal, placed: date? } }\n"
    + ORDER
    + """
map Order from f in feed { include f }
target kept: jsonl {}
flow main { write Order to kept }
"""
)
READ = """\
source orders: %s { columns { id: text, status: text, total: decimal(10,2), placed: date? } }
entity Sent {
  key id
  id: text, status: text, total: decimal(10,2), placed: date?
}
map Sent from o in orders { include o }
target %s: jsonl {}
flow main { write Sent to %s }
"""


@pytest.fixture
def shop(tmp_path):
    """A shop whose orders come as files, and go to the ERP when they are paid, shipped, or put on hold."""
    files = {
        "dhm.toml": PROJECT,
        "import.dhm": IMPORT,
        "export.dhm": READ % ("jsonl", "erp", "erp"),
        "all.dhm": READ % ("parquet", "everything", "everything"),
        "in/.keep": "",
    }
    made = Projected(tmp_path, files)
    yield made
    made.close()


def orders(shop, name, *rows):
    shop.put(f"in/{name}.csv", "id,status,total,placed\n" + "".join(f"{row}\n" for row in rows))
    return shop.by_hand("import")


def sent(shop):
    return [[(row["id"], row["status"]) for row in rows] for rows in shop.rows("erp")]


def test_a_row_starts_the_export_when_it_enters_a_status_that_is_waited_for(shop):
    assert [] == shop.fired()
    orders(shop, "1", "A,NEW,1.50,2026-01-02", "B,PAID,12.00,")
    shop.settle()
    orders(shop, "2", "A,PAID,1.50,2026-01-02", "C,NEW,3.00,")
    shop.settle()
    assert [[("B", "PAID")], [("A", "PAID")]] == sent(shop)
    assert [{"id": "A", "status": "PAID", "total": 1.5, "placed": "2026-01-02"}] == shop.rows("erp")[-1]
    assert all(run.counts.add_up and run.status is RunStatus.SUCCESS for run in shop.store.runs.list())


def test_a_row_that_stays_in_its_status_or_comes_back_to_it_starts_nothing(shop):
    orders(shop, "1", "A,PAID,1.50,")
    shop.settle()
    for number, status in enumerate(("PAID", "NEW", "PAID", "SHIPPED", "PAID")):
        orders(shop, f"more{number}", f"A,{status},{number}.00,")
        shop.settle()
    assert [[("A", "PAID")], [("A", "SHIPPED")]] == sent(shop)


def test_a_status_that_counts_again_starts_the_export_each_time_it_is_entered_and_not_while_it_lasts(shop):
    for number, status in enumerate(("ON_HOLD", "ON_HOLD", "PAID", "ON_HOLD", "ON_HOLD", "NEW", "ON_HOLD")):
        orders(shop, str(number), f"A,{status},{number}.00,")
        shop.settle()
    assert [[("A", "ON_HOLD")], [("A", "PAID")], [("A", "ON_HOLD")], [("A", "ON_HOLD")]] == sent(shop)


def test_what_one_row_went_through_while_nobody_looked_is_sent_in_its_order_one_run_each(shop):
    orders(shop, "1", "A,PAID,1.00,", "B,PAID,2.00,")
    orders(shop, "2", "A,SHIPPED,1.00,")
    orders(shop, "3", "C,PAID,3.00,")
    shop.settle()
    assert [[("A", "PAID"), ("B", "PAID")], [("A", "SHIPPED"), ("C", "PAID")]] == sent(shop)


def test_a_run_that_was_aborted_fires_nothing_and_its_rows_enter_with_the_next(shop):
    shop.put("import.dhm", IMPORT.replace("write Order to kept", "write Order to kept\n  abort when count(Order) > 1"))
    assert RunStatus.FAILED is orders(shop, "1", "A,PAID,1.00,", "B,PAID,2.00,").run.status
    assert [] == shop.fired()
    (shop.folder / "in" / "1.csv").unlink()
    orders(shop, "2", "A,PAID,1.00,")
    shop.settle()
    assert [[("A", "PAID")]] == sent(shop)


def test_rows_of_an_export_that_failed_are_not_lost(shop):
    shop.put("export.dhm", (READ % ("jsonl", "erp", "erp")).replace("write Sent to erp", "write Sent to erp\n  abort when count(Sent) > 0"))
    orders(shop, "1", "A,PAID,1.00,")
    assert ["export"] == shop.fired()
    assert [RunStatus.FAILED] == [ending.run.status for ending in shop.work("export")]
    assert [] == shop.fired()
    shop.put("export.dhm", READ % ("jsonl", "erp", "erp"))
    orders(shop, "2", "B,PAID,2.00,")
    shop.settle()
    assert [[("A", "PAID"), ("B", "PAID")]] == sent(shop)


def test_whoever_looks_and_however_often_there_is_one_run(shop):
    orders(shop, "1", "A,PAID,1.00,")
    found: list[object] = []
    job = shop.loaded.project.jobs["export"]

    def look():
        found.extend(started(shop.store, "export", job, datetime.now(UTC)))

    several = [threading.Thread(target=look) for _ in range(8)]
    for one in several:
        one.start()
    for one in several:
        one.join()
    assert 1 == len(found)


def test_by_hand_an_export_sends_what_entered_and_then_has_nothing_new(shop):
    orders(shop, "1", "A,PAID,1.00,")
    assert 1 == shop.by_hand("export").run.counts.written
    assert "nothing new" == shop.by_hand("export").run.reason
    assert [] == shop.fired()
    assert [[("A", "PAID")]] == sent(shop)


def test_a_job_without_the_trigger_reads_all_that_is_remembered_once_for_each_change(shop):
    orders(shop, "1", "A,PAID,1.00,2026-01-02", "B,NEW,2.00,")
    assert 2 == shop.by_hand("all").run.counts.written
    assert "nothing new" == shop.by_hand("all").run.reason
    orders(shop, "2", "B,PAID,2.50,")
    shop.by_hand("all")
    assert [("A", 1.0, "2026-01-02"), ("B", 2.5, None)] == [(row["id"], row["total"], row["placed"]) for row in shop.rows("all")[-1]]


def test_two_jobs_that_deliver_one_entity_at_once_lose_nothing_of_each_other(shop, monkeypatch):
    shop.put("in/1.csv", "id,status,total,placed\nA,PAID,1.00,\n")
    from datahub.runner.jobs import perform as performing

    deliver = vars(performing)["deliver"]
    other: list[bool] = []

    def meanwhile(context, run, claim, hold):
        deliver(context, run, claim, hold)
        if not other:
            other.append(True)
            found = shop.loaded.project.jobs
            found["second"] = found["import"].model_copy(
                update={"sources": {"feed": found["import"].sources["feed"].model_copy(update={"folder": "in2"})}}
            )
            shop.put("in2/2.csv", "id,status,total,placed\nB,PAID,2.00,\n")
            shop.by_hand("second")

    monkeypatch.setattr(performing, "deliver", meanwhile)
    shop.by_hand("import")
    assert 2 == shop.store.snapshots.current("Order").rows
    shop.settle()
    assert [[("B", "PAID"), ("A", "PAID")]] == sent(shop)


def test_what_was_not_read_yet_outlives_pruning(shop):
    orders(shop, "1", "A,PAID,1.00,")
    orders(shop, "2", "A,SHIPPED,1.00,")
    nothing = Retention(payloads=timedelta(0), rejects=timedelta(0))
    # What is younger than an hour may be a run's that is at work.
    later = datetime.now(UTC) + timedelta(hours=2)
    jobs = {name: job.model_copy(update={"retention": nothing}) for name, job in shop.loaded.project.jobs.items()}
    prune(shop.store, folders_of(shop.loaded), jobs, later)
    shop.settle()
    assert [[("A", "PAID")], [("A", "SHIPPED")]] == sent(shop)
    before = len(list((folders_of(shop.loaded).snapshots).iterdir()))
    prune(shop.store, folders_of(shop.loaded), jobs, datetime.now(UTC))
    assert len(list((folders_of(shop.loaded).snapshots).iterdir())) == before
    prune(shop.store, folders_of(shop.loaded), jobs, later)
    assert len(list((folders_of(shop.loaded).snapshots).iterdir())) < before
    orders(shop, "3", "A,PAID,1.00,")
    assert [] == shop.fired()


def test_a_field_that_is_not_there_or_an_entity_without_a_key_is_told_before_anything_is_read(shop):
    shop.put("import.dhm", IMPORT.replace("status", "state"))
    with pytest.raises(TerminalError, match="`export` waits for the field `status` of `Order`, which has none such"):
        shop.context("import")
    shop.put("import.dhm", IMPORT.replace("  key id\n", ""))
    with pytest.raises(TerminalError, match="has no key"):
        shop.context("import")


def test_a_source_whose_form_cannot_hold_such_rows_is_told(shop):
    shop.put("export.dhm", (READ % ("csv", "erp", "erp")))
    with pytest.raises(TerminalError, match="the source `orders` is csv"):
        shop.context("export")


def test_each_job_keeps_its_runs_as_long_as_it_says(shop):
    orders(shop, "1", "A,PAID,1.00,")
    orders(shop, "2", "B,PAID,1.00,")
    shop.settle()
    shop.by_hand("export")
    jobs = shop.loaded.project.jobs
    short = jobs["import"].model_copy(update={"retention": Retention(rejects=timedelta(0))})
    prune(shop.store, folders_of(shop.loaded), {**jobs, "import": short}, datetime.now(UTC))
    # The last good run of a job stays in any case.
    assert ["export", "export", "import"] == sorted(run.job for run in shop.store.runs.list())
    # What a job left that is gone is kept as long as those that are there say.
    prune(shop.store, folders_of(shop.loaded), {"import": short}, datetime.now(UTC))
    assert ["export", "import"] == sorted(run.job for run in shop.store.runs.list())


def test_what_is_old_is_removed_by_whoever_serves_once_an_hour_and_by_one_at_a_time(shop):
    orders(shop, "1", "A,PAID,1.00,")
    orders(shop, "2", "B,PAID,1.00,")
    jobs = shop.loaded.project.jobs
    jobs["import"] = jobs["import"].model_copy(update={"retention": Retention(rejects=timedelta(hours=1))})
    said: list[str] = []
    pruning, now = Pruning(shop.store, lambda: shop.loaded, lambda job, what: said.append(what)), datetime.now(UTC)
    epoch = shop.store.leases.acquire("prune", this_process(), 60)
    for seconds, count in ((0, 0), (3600, 0), (3601, 1)):
        if seconds == 3601:
            shop.store.leases.release("prune", epoch)
            pruning.tend(now + timedelta(seconds=3700))
            pruning.wait(30)
            # It is not an hour since the last look, at which another was at it.
            assert [] == said
            seconds = 7300
        pruning.tend(now + timedelta(seconds=seconds))
        pruning.wait(30)
        assert count == len(said)
    assert said[0].startswith("removed what is older than `retention` says: 1 run and 1 file")
    assert 1 == len(shop.store.runs.list("import"))
