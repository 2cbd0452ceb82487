"""A message whose run failed for good is kept as a dead letter, and starts another run when a person says so; rejects are found over runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from datahub.runner.jobs.bind import folders_of
from datahub.runner.jobs.rejected_rows import Wanted, rejected_rows
from datahub.state.records import Message, MessageState, RunStatus
from tests.jobs_project import Projected

PROJECT = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[jobs.orders]
mapping = "orders.dhm"
triggers = {kind = "webhook", path = "orders", secrets = ["${env:NONE}"], key = "id", parameters = {shop = "shop"}}
sources.feed = {connection = "here", folder = "in", ready.stable = 0}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
param shop: int
source feed: csv { columns { id: text, total: decimal } }
entity Order {
  key id
  id    : text
  total : decimal(8,2)
  shop  : int
}
map Order from f in feed { id: f.id, total: f.total, shop: $shop }
target kept: jsonl {}
flow main { write Order to kept }
"""


@pytest.fixture
def shop(tmp_path):
    made = Projected(tmp_path, {"dhm.toml": PROJECT, "orders.dhm": SCRIPT, "in/1.csv": "id,total\nA,1\n"})
    yield made
    made.close()


def arrives(shop, number, value, key="A"):
    body = f'{{"id": "{key}", "shop": "{value}"}}'.encode()
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    shop.store.inbox.put([Message(f"orders/m{number}", "orders", key, body, at)])


@pytest.mark.parametrize("overlap", ["queue_one", "skip", "queue_all", "allow"])
def test_each_message_that_has_parameters_for_its_run_gets_one_however_many_wait(tmp_path, overlap):
    toml = PROJECT.replace('mapping = "orders.dhm"', f'mapping = "orders.dhm"\noverlap = "{overlap}"\nmost_waiting = 2')
    shop = Projected(tmp_path, {"dhm.toml": toml, "orders.dhm": SCRIPT, "in/1.csv": "id,total\nA,1\n"})
    for number in range(1, 7):
        arrives(shop, number, number, key=f"A{number}")
    assert ["orders"] * 6 == shop.fired()
    assert ["pending"] * 6 == [run.status.value for run in shop.store.runs.list()]
    assert ["success"] * 6 == [one.run.status.value for one in shop.work("orders")]
    assert ["done"] * 6 == [state.value for _, state, _ in states(shop)]
    shop.close()


def test_a_message_without_a_key_is_listed_by_what_it_tells_its_run(shop, monkeypatch, capsys):
    from datahub.cli.commands.messages.ls import command
    from datahub.cli.listings import Listing

    monkeypatch.chdir(shop.folder)
    arrives(shop, 1, "7", key="A")
    shop.store.inbox.put([Message("orders/m2", "orders", "", b'{"shop": "north"}', datetime(2026, 1, 1, tzinfo=UTC))])
    command(number=20, output=Listing.TEXT)
    told = capsys.readouterr().out
    assert "shop = north" in told
    assert "shop = 7" not in told


def states(shop):
    return [(one.id, one.state, one.attempts) for one in reversed(shop.store.inbox.list())]


def test_a_message_whose_run_failed_is_dead_until_a_run_of_it_succeeds(shop):
    arrives(shop, 1, "seven")
    assert ["orders"] == shop.fired()
    (ending,) = shop.work("orders")
    assert RunStatus.FAILED is ending.run.status
    assert [("orders/m1", MessageState.DEAD, 1)] == states(shop)
    assert ending.run.id in shop.store.inbox.list("dead")[0].reason
    assert [] == shop.fired()
    shop.put("orders.dhm", SCRIPT.replace("param shop: int", "param shop: text").replace("shop  : int", "shop  : text"))
    assert shop.store.inbox.again("orders/m1")
    assert ["orders"] == shop.fired()
    (again,) = shop.work("orders")
    assert (RunStatus.SUCCESS, 1) == (again.run.status, again.run.counts.written)
    assert again.run.id != ending.run.id
    assert [("orders/m1", MessageState.DONE, 2)] == states(shop)
    assert [] == shop.fired()


@pytest.mark.parametrize("body", ['{"id": "A"}', '{"id": "A", "shop": null}', '{"id": "A", "shop": {"id": 7}}', "[1]"])
def test_what_a_message_does_not_say_is_not_made_up(shop, body):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    shop.store.inbox.put([Message("orders/m1", "orders", "A", body.encode(), at)])
    shop.fired()
    (ending,) = shop.work("orders")
    assert RunStatus.FAILED is ending.run.status
    assert "the message has no text or number at `shop`, which is to be the parameter `shop`" == ending.run.reason
    assert MessageState.DEAD is shop.store.inbox.get("orders/m1").state
    # With a default it is as the script says.
    shop.put("orders.dhm", SCRIPT.replace("param shop: int", "param shop: int = 5"))
    assert shop.store.inbox.again("orders/m1")
    shop.fired()
    (ending,) = shop.work("orders")
    assert (RunStatus.SUCCESS, 1) == (ending.run.status, ending.run.counts.written)


def test_what_a_message_lacks_is_told_though_there_is_nothing_new(shop):
    (shop.folder / "in" / "1.csv").unlink()
    shop.store.inbox.put([Message("orders/m1", "orders", "A", b'{"id": "A"}', datetime(2026, 1, 1, tzinfo=UTC))])
    arrives(shop, 2, "seven")
    shop.fired()
    told = [(ending.run.status, ending.run.reason) for ending in shop.work("orders")]
    lacks = "the message has no text or number at `shop`, which is to be the parameter `shop`"
    assert [(RunStatus.FAILED, lacks), (RunStatus.FAILED, "`shop` takes int, and `seven` is none")] == told
    assert {MessageState.DEAD} == {state for _, state, _ in states(shop)}


def test_a_run_that_a_person_lets_go_on_takes_its_message_out_of_the_dead(shop):
    arrives(shop, 1, "seven")
    shop.fired()
    (ending,) = shop.work("orders")
    shop.put("orders.dhm", SCRIPT.replace("param shop: int", "param shop: text").replace("shop  : int", "shop  : text"))
    assert shop.store.runs.reopen(ending.run.id, datetime.now(UTC))
    assert [RunStatus.SUCCESS] == [one.run.status for one in shop.work("orders")]
    assert [("orders/m1", MessageState.DONE, 1)] == states(shop)


def test_messages_behind_a_dead_one_go_on(shop):
    arrives(shop, 1, "seven")
    arrives(shop, 2, "7")
    assert ["orders", "orders"] == shop.fired()
    assert [RunStatus.FAILED, RunStatus.SUCCESS] == [one.run.status for one in shop.work("orders")]
    assert [MessageState.DEAD, MessageState.DONE] == [state for _, state, _ in states(shop)]


def test_rejected_rows_are_found_over_runs_by_code_entity_and_key(shop):
    (shop.folder / "in" / "1.csv").unlink()
    for number, rows in enumerate(("A,free\nB,1", "A,oops\nC,\nD,2"), 2):
        shop.put(f"in/{number}.csv", f"id,total\n{rows}\n")
        arrives(shop, number, "7")
        shop.fired()
        shop.work("orders")
    folders = folders_of(shop.loaded)

    def found(**wanted):
        rows, runs = rejected_rows(shop.store, folders, Wanted(**wanted), 10)
        assert 2 == runs or not rows
        return [(row[2], row[4], row[6], row[8]) for row in rows]

    everything = [("3.csv", "R104", "A", "oops"), ("3.csv", "R201", "C", ""), ("2.csv", "R104", "A", "free")]
    assert everything == found()
    assert [one for one in everything if one[1] == "R104"] == found(code="R104")
    assert everything == found(code="R*", entity="Order")
    assert [everything[1]] == found(key="C")
    assert [] == found(key="Z")
    assert [] == found(job="other")
    assert everything[:1] == [(row[2], row[4], row[6], row[8]) for row in rejected_rows(shop.store, folders, Wanted(), 1)[0]]
