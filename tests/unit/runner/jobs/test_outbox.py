"""What a run has to tell others: written down with its end, sent after it, once for whoever drops what has an id they know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from datahub.cli.delivered import targets
from datahub.cli.job_run import Asked, run_job
from datahub.cli.output import Exit, Stop
from datahub.connectors.declare import TerminalError
from datahub.runner.jobs import outbox
from datahub.runner.jobs.outbox import WAITS
from datahub.runner.jobs.posting import Posting, send_to
from datahub.state.records import MessageState, RunStatus
from tests.jobs_project import Projected
from tests.servers.receiver import SECRET, Receiver

PROJECT = """\
[project]
name = "shop"

[connections.here]
kind = "local"

[connections.erp]
kind = "webhook"
url = "URL"
secrets = ["${env:ERP_HOOK}"]
insecure = true
MORE

[jobs.orders]
mapping = "orders.dhm"
notify = {connection = "erp", on = ["success", "failed", "held"]}
guards.rows = 1

[jobs.orders.sources.feed]
connection = "here"
folder = "in"
ready.stable = 0

[jobs.orders.targets.hook]
connection = "erp"
type = "order.changed"
key = "id"
"""
SCRIPT = """\
source feed: csv { columns { id: text, total: decimal, placed: date? } }
entity Order {
  key id
  id: text, total: decimal(10,2), placed: date?
}
map Order from f in feed { include f }
target hook: api {}
flow main {
  write Order to hook
  abort when rejected(Order) > 1
}
"""


MOMENT = timedelta(microseconds=1)


class _Shop(Projected):
    receiver: Receiver


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Makes the project, with something more told of the receiver."""
    monkeypatch.setenv("ERP_HOOK", SECRET)
    receiver, made = Receiver(), []

    def make(more="", rows=1):
        project = PROJECT.replace("URL", receiver.url).replace("MORE", more).replace("guards.rows = 1", f"guards.rows = {rows}")
        shop = _Shop(tmp_path, {"dhm.toml": project, "orders.dhm": SCRIPT, "in/.keep": ""})
        shop.receiver = receiver
        made.append(shop)
        return shop

    yield make
    for one in made:
        one.close()
    receiver.close()


def orders(shop, name, *rows):
    shop.put(f"in/{name}.csv", "id,total,placed\n" + "".join(f"{row}\n" for row in rows))
    return shop.by_hand("orders")


def send(shop, after=timedelta(0), monkeypatch=None):
    """Send what is due, some time after the message was written down; the clock stands still meanwhile."""
    if monkeypatch is not None:
        begun = max(message.received for message in shop.store.outbox.list())
        monkeypatch.setattr(outbox, "_now", lambda: begun + after)
    return send_to(shop.store, shop.loaded, "erp")


def got(shop):
    return [(message["type"], message["data"].get("id") or message["data"]["run"], good) for _, message, good in shop.receiver.got]


def test_rows_and_the_end_of_a_run_are_messages_once_it_has_arrived(world):
    shop = world()
    run = orders(shop, "1", "A,1.50,2026-01-02", "B,2.00,").run
    assert [] == shop.receiver.got
    assert 3 == send(shop).taken
    assert [("order.changed", "A", True), ("order.changed", "B", True), ("run.success", run.id, True)] == got(shop)
    assert {"id": "A", "total": 1.5, "placed": "2026-01-02"} == shop.receiver.got[0][1]["data"]
    told = shop.receiver.got[2][1]["data"]
    assert (2, 2, "orders") == (told["rows"]["read"], told["rows"]["written"], told["job"])
    assert 0 == send(shop).taken
    assert 3 == len(shop.receiver.got)


def test_a_target_that_takes_messages_is_no_file(world):
    shop = world()
    shop.put("orders.dhm", SCRIPT.replace("target hook: api {}", "target hook: jsonl {}"))
    with pytest.raises(TerminalError, match="`hook` is `jsonl`, and its rows are sent") as told:
        shop.context("orders")
    assert "target hook: api {}" in told.value.help


def test_how_many_messages_a_run_wrote_is_said(world):
    shop = world()
    context, run = shop.context("orders"), orders(shop, "1", "A,1.50,2026-01-02", "B,2.00,").run
    assert [("hook", "2 rows", "as 2 messages")] == list(targets(context, run))
    nothing = shop.by_hand("orders").run
    assert [] == list(targets(context, nothing))


def test_a_run_that_is_held_has_sent_no_message_and_says_so(world):
    shop = world(rows=2)
    run = orders(shop, "1", "A,1.50,2026-01-02").run
    assert (RunStatus.HELD, []) == (run.status, list(targets(shop.context("orders"), run)))


def test_a_run_that_failed_sends_no_rows_and_says_that_it_failed(world):
    shop = world()
    run = orders(shop, "1", "A,free,", "B,free,", "C,1,").run
    assert RunStatus.FAILED is run.status
    send(shop)
    assert [("run.failed", run.id, True)] == got(shop)
    assert "ABORTED" == shop.receiver.got[0][1]["data"]["code"]


def test_who_waits_for_it_is_told_of_the_first_success_after_a_failure_and_of_rejects(world):
    shop = world()
    job = shop.loaded.project.jobs["orders"]
    told = [one.model_copy(update={"on": ("failed", "recovered", "rejects")}) for one in job.notify]
    shop.loaded.project.jobs["orders"] = job.model_copy(update={"notify": told})
    ends = {}
    for name, rows in {"1": ["A,1,"], "2": ["B,free,", "C,free,"], "3": ["D,1,", "E,free,"], "4": ["F,1,"]}.items():
        ends[name] = orders(shop, name, *rows).run.id
        (shop.folder / "in" / f"{name}.csv").unlink()
        # What found nothing new lies between, and is neither.
        shop.by_hand("orders")
    send(shop)
    heard = [(kind, run) for kind, run, _ in got(shop) if kind.startswith("run.")]
    assert [("run.failed", ends["2"]), ("run.recovered", ends["3"]), ("run.rejects", ends["3"])] == sorted(heard)


def test_a_message_that_is_not_taken_is_sent_again_by_the_schedule_of_the_standard_and_then_set_aside(world, monkeypatch):
    shop = world()
    orders(shop, "1", "A,1.50,")
    shop.receiver.answer = lambda message: (500, {}) if message["type"] == "order.changed" else (204, {})
    after = timedelta(0)
    for tries, wait in enumerate(WAITS, 1):
        after += wait
        if wait:
            assert 0 == send(shop, after - MOMENT, monkeypatch).later
        send(shop, after, monkeypatch)
        assert tries == sum(one == "order.changed" for one, _, _ in got(shop))
    assert 1 == len({id for id, message, _ in shop.receiver.got if message["type"] == "order.changed"})
    (dead,) = shop.store.outbox.list(MessageState.DEAD)
    assert "HTTP 500 (tried 10 times)" in dead.reason
    assert timedelta(hours=75) < sum(WAITS, timedelta(0)) < timedelta(hours=76)
    shop.receiver.answer = lambda message: (200, {})
    assert shop.store.outbox.again(dead.id)
    assert 1 == send(shop, after, monkeypatch).taken
    assert not shop.store.outbox.again("nobody")


def test_messages_about_one_thing_keep_their_order_and_others_do_not_wait(world, monkeypatch):
    shop = world()
    shop.receiver.answer = lambda message: (503, {}) if message["data"].get("total") == 1 else (200, {})
    orders(shop, "1", "A,1,", "B,1.5,")
    send(shop)
    orders(shop, "2", "A,2,", "B,2,")
    send(shop)
    assert [("A", 1), ("B", 1.5), ("B", 2)] == [
        (one["data"]["id"], one["data"]["total"]) for _, one, _ in shop.receiver.got if "id" in one["data"]
    ]
    shop.receiver.answer = lambda message: (200, {})
    send(shop, timedelta(minutes=1), monkeypatch)
    assert [("A", 1), ("A", 2)] == [(one["data"]["id"], one["data"]["total"]) for _, one, _ in shop.receiver.got[-2:]]


@pytest.mark.parametrize("after_dead, second", [("go on", 1), ("wait", 0)])
def test_behind_a_message_that_was_set_aside_others_go_on_or_wait_as_the_connection_says(world, after_dead, second):
    shop = world(f'attempts = 1\nafter_dead = "{after_dead}"')
    shop.receiver.answer = lambda message: (500, {}) if message["data"].get("total") == 1 else (200, {})
    orders(shop, "1", "A,1,")
    assert 1 == send(shop).dead
    orders(shop, "2", "A,2,")
    send(shop)
    assert second == sum(message["data"].get("total") == 2 for _, message, _ in shop.receiver.got)


def test_a_dead_message_is_not_sent_after_a_newer_one_about_the_same_thing_unless_somebody_wants_that(world, monkeypatch, capsys):
    from datahub.cli.commands.messages.replay import command

    shop = world("attempts = 1")
    monkeypatch.chdir(shop.folder)
    shop.receiver.answer = lambda message: (503, {})
    orders(shop, "1", "A,1.00,", "B,1.00,")
    assert 3 == send(shop).dead
    shop.receiver.answer = lambda message: (200, {})
    orders(shop, "2", "A,5.00,")
    send(shop)
    command(dead=True)
    told = capsys.readouterr().err
    assert "`erp` has taken `msg_" in told
    assert "about `A` since, and would have an older state last" in told
    # How the job's last run ended was told since, too; what was said of B is as good as ever.
    assert "1 message taken up" in told
    send(shop)
    assert [5.0] == [message["data"]["total"] for _, message, _ in shop.receiver.got if message["data"].get("id") == "A"][-1:]
    command(dead=True, older=True)
    send(shop)
    assert [1.0] == [message["data"]["total"] for _, message, _ in shop.receiver.got if message["data"].get("id") == "A"][-1:]


def test_a_receiver_that_is_gone_gets_nothing_more_until_a_person_says_so(world):
    shop = world()
    shop.receiver.answer = lambda message: (410, {})
    orders(shop, "1", "A,1,", "B,1,")
    assert "wants no more messages (HTTP 410)" in send(shop).closed
    assert 1 == len(shop.receiver.got)
    assert () == shop.store.outbox.due(datetime.now(UTC))
    assert "410" in send(shop).closed
    shop.receiver.answer = lambda message: (200, {})
    assert shop.store.outbox.open_channel("erp")
    assert not shop.store.outbox.open_channel("erp")
    assert 3 == send(shop).taken
    assert [1, 1, 1] == [one.attempts for one in shop.store.outbox.list("done")]


def test_a_redirect_is_a_failure_and_nothing_is_sent_where_it_leads(world):
    shop = world()
    elsewhere = Receiver()
    shop.receiver.answer = lambda message: (302, {"Location": elsewhere.url})
    orders(shop, "1", "A,1,")
    assert 2 == send(shop).later
    assert [] == elsewhere.got
    assert "HTTP 302" in shop.store.outbox.list("new")[0].reason
    elsewhere.close()


def test_a_receiver_that_asks_for_time_gets_it(world, monkeypatch):
    shop = world()
    shop.receiver.answer = lambda message: (429, {"Retry-After": "60"})
    orders(shop, "1", "A,1,")
    send(shop, timedelta(0), monkeypatch)
    shop.receiver.answer = lambda message: (200, {})
    assert 0 == send(shop, timedelta(seconds=60) - MOMENT, monkeypatch).taken
    assert 2 == send(shop, timedelta(seconds=60), monkeypatch).taken


def test_a_message_whose_sender_died_is_sent_again_under_its_id(world, monkeypatch):
    shop = world()
    orders(shop, "1", "A,1,")
    mark = shop.store.outbox.mark

    def dies(*given, **named):
        raise SystemExit

    monkeypatch.setattr(shop.store.outbox, "mark", dies)
    with pytest.raises(SystemExit):
        send(shop)
    monkeypatch.setattr(shop.store.outbox, "mark", mark)
    assert 2 == send(shop).taken
    ids = [id for id, _, _ in shop.receiver.got]
    assert (3, 2) == (len(ids), len(set(ids)))


def test_while_a_secret_changes_both_sign(world, monkeypatch, tmp_path):
    monkeypatch.setenv("ERP_NEW", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
    shop = world()
    text = (tmp_path / "dhm.toml").read_text().replace('["${env:ERP_HOOK}"]', '["${env:ERP_NEW}", "${env:ERP_HOOK}"]')
    again = Projected(tmp_path, {"dhm.toml": text})
    orders(shop, "1", "A,1,")
    assert 2 == send_to(again.store, again.loaded, "erp").taken
    assert all(good for _, _, good in shop.receiver.got)
    again.close()


def test_messages_to_a_connection_that_is_gone_wait_and_that_is_told_once(world, tmp_path):
    shop = world()
    orders(shop, "1", "A,1,")
    text = PROJECT.replace("connections.erp", "connections.other").replace('connection = "erp"', 'connection = "other"')
    other = Projected(tmp_path, {"dhm.toml": text.replace("URL", shop.receiver.url).replace("MORE", "")})
    with pytest.raises(TerminalError, match="there is no connection `erp`"):
        send_to(other.store, other.loaded, "erp")
    said = []
    posting = Posting(other.store, lambda: other.loaded, lambda job, what: said.append(what))
    for _ in range(3):
        posting.tend(datetime.now(UTC))
        posting.wait(10)
    assert ["messages to `erp` wait: there is no connection `erp`; messages for it wait until there is one again"] == said
    other.close()


def test_several_that_send_at_once_send_each_message_once(world):
    import threading

    shop = world()
    orders(shop, "1", *(f"S{number},{number},".replace(",0,", ",1,") for number in range(30)))
    several = [threading.Thread(target=send, args=(shop,)) for _ in range(4)]
    for one in several:
        one.start()
    for one in several:
        one.join()
    send(shop)
    ids = [id for id, _, _ in shop.receiver.got]
    assert (31, 31) == (len(ids), len(set(ids)))


def test_what_is_bound_to_no_receiver_cannot_be_told(world, tmp_path):
    shop = world()
    wrong = (tmp_path / "dhm.toml").read_text().replace('notify = {connection = "erp"', 'notify = {connection = "here"')
    other = Projected(tmp_path, {"dhm.toml": wrong})
    with pytest.raises(TerminalError, match="the connection `here` takes no messages"):
        other.context("orders")
    other.close()
    shop.store.outbox.counts()


def test_messages_whose_secret_is_missing_wait_for_it_and_are_sent_once_it_is_there(world, monkeypatch):
    shop = world()
    orders(shop, "a", "A,1,")
    monkeypatch.delenv("ERP_HOOK")
    with pytest.raises(TerminalError, match="`ERP_HOOK` is not set"):
        send_to(shop.store, shop.loaded, "erp")
    assert {(MessageState.NEW, 0)} == {(one.state, one.attempts) for one in shop.store.outbox.list()}
    monkeypatch.setenv("ERP_HOOK", SECRET)
    assert 2 == send_to(shop.store, shop.loaded, "erp").taken


def test_a_run_whose_messages_cannot_be_signed_is_not_begun(world, monkeypatch):
    shop = world()
    shop.put("in/a.csv", "id,total,placed\nA,1,\n")
    monkeypatch.delenv("ERP_HOOK")
    monkeypatch.chdir(shop.loaded.folder)
    with pytest.raises(Stop, match="`ERP_HOOK` is not set") as stopped:
        run_job(Asked("orders"))
    assert Exit.USAGE == stopped.value.code
    assert () == tuple(shop.store.runs.list())
