"""Jobs between two APIs, as they are typed: only what is new, nothing twice after a kill, and what is refused is told."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pyarrow.parquet as pq
import pytest

from datahub.state.sqlite.ledger import SqliteLedger
from tests.commands import dhm
from tests.servers.api import Api, Asked, api

PROJECT = """\
[project]
name = "shop"

[connections.here]
kind = "local"

[connections.shop]
kind = "rest"
url = "${{env:SHOP}}"
insecure = true

[jobs.orders]
mapping = "orders.dhm"
remember = ["Order"]
rejects = {{connection = "here", folder = "rejects", create_folders = true}}

[jobs.orders.sources.feed]
connection = "shop"
rows = "$.elements"
cursor = {{value = "$.at"}}

[[jobs.orders.sources.feed.calls]]
path = "feed"
parameters = {{since = "{{{{CURSOR}}}}"}}

[jobs.orders.targets.erp]
connection = "shop"
path = "orders"
batch = 2
results = {{items = "$.errors", key = "$.id", column = "id"}}
""".format()
SCRIPT = """\
source feed: jsonl {
  columns {
    id: text
    total: decimal
    at: text
  }
}
entity Order {
  key id
  id: text
  total: decimal(10,2)
}
target erp: api {}
map Order from f in feed {
  id: f.id
  total: f.total
}
flow main {
  write Order to erp
}
"""


class World:
    """What the one API has, and what the other took, each key once."""

    def __init__(self, server: Api) -> None:
        self.server, self.seen = server, server.seen
        self.rows: list[dict[str, Any]] = [{"id": f"O-{number}", "total": number, "at": f"2026-01-0{number}"} for number in range(1, 4)]
        self.taken: list[str] = []
        self.keys: set[str] = set()

    def orders(self, asked: Asked):
        key = asked.headers["idempotency-key"]
        if key not in self.keys:
            self.keys.add(key)
            self.taken += [row["id"] for row in asked.json()]
        return {"errors": [{"id": row["id"], "code": "E1", "message": "no such customer"} for row in asked.json() if row["id"] == "O-2"]}


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dhm.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "orders.dhm").write_text(SCRIPT, encoding="utf-8")
    with api() as server:
        server.routes["GET /feed"] = lambda asked: {"elements": [row for row in one.rows if row["at"] > asked.query.get("since", "")]}
        server.routes["POST /orders"] = lambda asked: one.orders(asked)
        one = World(server)
        monkeypatch.setenv("SHOP", server.url)
        yield one


def run(**more):
    return dhm("run", "orders", "--fail-on-rejects", **more)


def test_only_what_is_new_is_asked_for_and_what_is_refused_comes_back(world, tmp_path):
    first = run()
    assert 3 == first.code, first.err
    assert "3 rows  in 2 batches, 1 row refused" in first.err
    assert ["O-1", "O-2", "O-3"] == world.taken
    (back,) = (tmp_path / "rejects").iterdir()
    assert ["id,total,_code,_message", "O-2,2.00,E1,no such customer"] == back.read_text(encoding="utf-8").splitlines()
    assert "nothing new" in run().err
    world.rows.append({"id": "O-4", "total": 4, "at": "2026-01-04"})
    assert 0 == run().code
    assert ["2026-01-03"] * 2 == [asked.query["since"] for asked in world.seen if asked.path == "/feed" and asked.query]
    assert ["O-1", "O-2", "O-3", "O-4"] == world.taken


def test_what_is_waited_for_is_told_while_it_lasts(world):
    answers = iter([(429, {"message": "slow down"}, {"Retry-After": "2"})])
    taken = world.orders
    world.orders = lambda asked: next(answers, None) or taken(asked)
    ended = run()
    assert 3 == ended.code, ended.err
    (said,) = [line for line in ended.err.splitlines() if line.startswith("waiting ")]
    assert "waiting 2 s: POST http://127.0.0.1:" in said
    assert "/orders: HTTP 429" in said
    assert ["O-1", "O-2", "O-3"] == world.taken


def read_up_to(folder):
    with closing(sqlite3.connect(next((folder / ".dhm").rglob("*.sqlite")))) as ledger:
        return [row[0] for row in ledger.execute("SELECT value FROM position WHERE stream = 'position'")]


@pytest.mark.parametrize(
    "point, moved", [("taken", False), ("planned", False), ("send", False), ("sent", False), ("marked", False), ("delivered", True)]
)
def test_the_cursor_moves_with_the_last_row_that_has_arrived_and_not_before(world, tmp_path, point, moved):
    assert -9 == run(DHM_FAIL=point).code
    assert (["2026-01-03"] if moved else []) == read_up_to(tmp_path)
    run()
    assert ["2026-01-03"] == read_up_to(tmp_path)


@pytest.mark.parametrize("point", ["taken", "sent", "delivered"])
def test_a_kill_sends_nothing_twice_and_leaves_nothing_out(world, point):
    assert -9 == run(DHM_FAIL=point).code
    world.rows.append({"id": "O-4", "total": 4, "at": "2026-01-04"})
    ended = run()
    assert ended.code in (0, 3), ended.err
    if point == "taken":
        # The API was asked anew: what it gave at first is not read beside it.
        assert "4 rows read" in ended.err
    run()
    assert ["O-1", "O-2", "O-3", "O-4"] == world.taken, json.dumps([asked.path for asked in world.seen])


DOWNLOADS = PROJECT.replace(
    """rows = "$.elements"
cursor = {value = "$.at"}
""",
    """name = "{{CONNECTION}}-{{TIMESTAMP}}.jsonl"
cursor = {}
""",
).replace(
    """parameters = {since = "{{CURSOR}}"}
""",
    """parameters = {since = "{{CURSOR}}"}
name = "list"

[[jobs.orders.sources.feed.calls]]
path = "file/{{EACH.id}}"
each = "{{list.files}}"
download = true
""",
)


def test_what_an_api_gave_in_several_files_is_read_at_once_as_it_does_not_come_again(world, tmp_path):
    """Where files of a folder repeat keys of each other, those behind are left to the next run: there is no such next time here."""
    (tmp_path / "dhm.toml").write_text(DOWNLOADS, encoding="utf-8")
    world.server.routes["GET /feed"] = lambda asked: {"files": [] if "since" in asked.query else [{"id": 1}, {"id": 2}]}
    for number, keys in ((1, "AB"), (2, "BC")):
        rows = "".join(json.dumps({"id": key, "total": number, "at": "2026-01-01"}) + "\n" for key in keys)
        world.server.routes[f"GET /file/{number}"] = lambda asked, rows=rows: rows.encode()
    ended = run()
    assert 3 == ended.code, ended.err
    assert ["A", "B", "C"] == world.taken
    assert re.search(r"holds keys that are there already \(`B`\): .* write `unique by … keep last` in the map\n", ended.err)
    assert "nothing new" in run().err


def test_rows_that_an_api_gives_again_are_read_once_and_those_that_changed_are_read(world):
    """Most APIs give the rows of the last instant again: what is asked for is `since or later`."""
    world.server.routes["GET /feed"] = lambda asked: {"elements": [one for one in world.rows if one["at"] >= asked.query.get("since", "")]}
    run()
    ended = run()
    assert (0, True) == (ended.code, "nothing new" in ended.err), ended.err
    assert ["O-1", "O-2", "O-3"] == world.taken
    # At the same instant: one that is new, one that became another, and then is as it was before.
    world.rows.append({"id": "O-4", "total": 4, "at": "2026-01-03"})
    ended = run()
    assert "1 row read" in ended.err
    # There are some every time: that is worth a word, and no warning.
    assert "note: feed: 1 row was left out, which the last run has read as it is\n" in ended.err
    assert "warning" not in ended.err
    (shown,) = [line for line in dhm("runs", "show").out.splitlines() if "left out" in line]
    assert shown.startswith("  note ")
    for total in (30, 3):
        world.rows[2]["total"] = total
        assert "1 row read" in run().err
    assert "nothing new" in run().err
    assert ["O-1", "O-2", "O-3", "O-4", "O-3", "O-3"] == world.taken


def test_a_script_that_gathers_rows_gets_those_that_come_again_too(world, tmp_path):
    script = SCRIPT.replace("in feed {", "in feed group by f.id {").replace("total: f.total", "total: sum(f.total)")
    assert "sum" in script
    (tmp_path / "orders.dhm").write_text(script, encoding="utf-8")
    world.server.routes["GET /feed"] = lambda asked: {"elements": [one for one in world.rows if one["at"] >= asked.query.get("since", "")]}
    run()
    assert "nothing new" in run().err
    world.rows.append({"id": "O-3", "total": 4, "at": "2026-01-03"})
    ended = run()
    assert "2 rows read" in ended.err or "2 read" in ended.err, ended.err
    assert b'"total":7' in world.seen[-1].body


@pytest.mark.parametrize("point", ["staged", "planned", "sent", "delivered"])
def test_rows_that_are_given_again_are_left_out_once_they_have_arrived_and_not_before(world, point):
    world.server.routes["GET /feed"] = lambda asked: {"elements": [one for one in world.rows if one["at"] >= asked.query.get("since", "")]}
    assert -9 == run(DHM_FAIL=point).code
    run()
    assert "nothing new" in run().err
    assert ["O-1", "O-2", "O-3"] == world.taken


def test_what_a_patch_leaves_alone_is_not_sent_and_what_it_takes_away_is_null(world, tmp_path):
    script = SCRIPT.replace("entity Order {", "entity Order @patch {").replace("decimal(10,2)", "decimal(10,2)?")
    script = script.replace("total: f.total", "total: if(f.total > 2, omit, null)")
    (tmp_path / "orders.dhm").write_text(script, encoding="utf-8")
    ended = run()
    assert ended.code in (0, 3), ended.err
    sent = [asked.json() for asked in world.seen if asked.path == "/orders"]
    assert [[{"id": "O-1", "total": None}, {"id": "O-2", "total": None}], [{"id": "O-3"}]] == sent


def rejects(*arguments):
    return dhm("rejects", *arguments)


def test_what_a_partner_refused_is_corrected_and_sent_to_him_alone(world, tmp_path):
    run()
    listed = rejects("ls")
    assert "refused-erp" in listed.out
    assert "E1 1" in listed.out
    shown = rejects("show", "last")
    assert ["id,total,_code,_message", "O-2,2.00,E1,no such customer"] == shown.out.splitlines()
    for asked_for in (("--code", "E1"), ("--code", "E*", "--key", "O-2"), ("--entity", "Order")):
        (line,) = rejects("find", *asked_for).out.splitlines()[1:]
        assert ["refused-erp.csv", "2", "E1", "Order", "O-2", "no", "such", "customer"] == line.split()[2:]
    assert "no such row was rejected in 1 run" in rejects("find", "--code", "E2").err
    path = tmp_path / "mended.csv"
    path.write_text("id,total,_code,_message\nO-2b,7.5,E1,no such customer\n", encoding="utf-8")
    asked = len([one for one in world.seen if one.path == "/feed"])
    again = rejects("replay", "last", "--file", str(path))
    assert 0 == again.code, again.err
    assert "1 batch delivered" in again.err
    sent = [one for one in world.seen if one.path == "/orders"]
    assert [{"id": "O-2b", "total": 7.5}] == sent[-1].json()
    assert b'"total":7.50' in sent[-1].body
    assert asked == len([one for one in world.seen if one.path == "/feed"])
    assert "again as" in rejects("ls").out
    # What is new is read from where the feed was left, and nothing is sent twice.
    world.rows.append({"id": "O-4", "total": 4, "at": "2026-01-04"})
    run()
    assert ["O-1", "O-2", "O-3", "O-2b", "O-4"] == world.taken


def remembered(folder):
    store = SqliteLedger(folder / ".dhm" / "default" / "ledger.sqlite")
    current = store.snapshots.current("Order")
    store.close()
    assert current is not None
    rows = pq.read_table(folder / ".dhm" / "default" / "snapshots" / f"{current.sha256}.parquet").to_pylist()
    return {row["id"]: int(row["total"]) for row in rows}, current.last_count


def test_what_a_partner_refused_is_not_remembered_until_he_takes_it(world, tmp_path):
    run()
    assert ({"O-1": 1, "O-3": 3}, 2) == remembered(tmp_path)
    # A row that was taken before stays as it was taken.
    world.rows += [{"id": "O-1", "total": 11, "at": "2026-01-05"}, {"id": "O-2", "total": 22, "at": "2026-01-05"}]
    run()
    assert ({"O-1": 11, "O-3": 3}, 1) == remembered(tmp_path)
    path = tmp_path / "mended.csv"
    path.write_text("id,total\nO-2b,7\nO-2,8\n", encoding="utf-8")
    assert 0 == rejects("replay", "last", "--file", str(path)).code
    # A few rows that are sent again say nothing of how many there are.
    assert ({"O-1": 11, "O-2b": 7, "O-3": 3}, 1) == remembered(tmp_path)


# What is going to be remembered is written down twice: before anything is sent, and once it is known what was refused.
@pytest.mark.parametrize("point", ["half_kept:1", "half_kept:2", "marked:1", "delivered:1"])
def test_what_is_refused_is_not_remembered_whenever_the_run_is_killed(world, tmp_path, point):
    assert run(DHM_FAIL=point).code == -9
    run()
    assert ({"O-1": 1, "O-3": 3}, 2) == remembered(tmp_path)


def test_what_is_refused_again_can_be_corrected_again(world):
    run()
    assert 0 == rejects("replay", "last").code
    # As it is, it is refused as it was.
    assert 2 == rejects("ls").out.count("refused-erp")
    assert ["O-1", "O-2", "O-3", "O-2"] == world.taken
    assert 2 == len({one.headers["idempotency-key"] for one in world.seen if b"O-2" in one.body})


@pytest.mark.parametrize(
    "text, says",
    [
        ("id,total\nO-2,free\n", "line 2: `free` in the column `total` is no decimal(10,2)"),
        ("id\nO-2\n", "has no column `total`"),
        ("", "has no column `id`"),
    ],
)
def test_a_correction_that_does_not_fit_is_told_before_anything_is_sent(world, tmp_path, text, says):
    run()
    (tmp_path / "mended.csv").write_text(text, encoding="utf-8")
    before = len(world.seen)
    ended = rejects("replay", "last", "--file", str(tmp_path / "mended.csv"))
    assert 2 == ended.code
    assert says in ended.err
    assert before == len(world.seen)


def test_a_target_that_the_script_says_is_a_file_is_not_sent_as_rows(world, tmp_path):
    (tmp_path / "orders.dhm").write_text(SCRIPT.replace("target erp: api {}", "target erp: csv"), encoding="utf-8")
    ended = run()
    assert ended.code in (1, 2)
    assert "the script says that `erp` is `csv`, and its rows are sent" in ended.err
    assert "target erp: api {}" in ended.err
    assert [] == world.seen


def asked_one_by_one(path, missing):
    """The project, its orders fetched by a call for each reference."""
    calls = f"""
[[jobs.orders.sources.feed.calls]]
name = "list"
path = "list"

[[jobs.orders.sources.feed.calls]]
each = "{{{{list}}}}"
path = "orders/{{{{EACH.ref}}}}"
missing = "{missing}"
"""
    told = PROJECT.replace('rows = "$.elements"\ncursor = {value = "$.at"}\n', "")
    begin, end = told.index("[[jobs.orders.sources.feed.calls]]"), told.index("[jobs.orders.targets.erp]")
    path.write_text(told[:begin] + calls.lstrip() + "\n" + told[end:], encoding="utf-8")


@pytest.mark.parametrize("missing", ["reject", "skip"])
def test_an_order_that_is_gone_stops_no_other(world, tmp_path, missing):
    asked_one_by_one(tmp_path / "dhm.toml", missing)
    world.server.routes["GET /list"] = lambda asked: [{"ref": 1}, {"ref": 7}, {"ref": 3}]
    for number in (1, 3):
        world.server.routes[f"GET /orders/{number}"] = lambda asked, row=world.rows[number - 1]: row
    done = run()
    assert ["O-1", "O-3"] == world.taken
    if missing == "skip":
        assert 0 == done.code, done.err
        assert "feed: 1 element was skipped, as nothing was found for it: element 2 of `{{list}}`: GET " in done.err
        return
    assert 3 == done.code, done.err
    assert "R008" in done.err
    (path,) = (tmp_path / "rejects").glob("*feed*.jsonl")
    rejected = json.loads(path.read_text())
    assert '!{"element": "{\\"ref\\":7}"' == rejected["_dhm_raw"].partition(",")[0]
    assert ("R008", '{"ref":7}') == (rejected["_dhm_codes"], rejected["_dhm_values"])
    assert "/orders/7: HTTP 404" in rejected["_dhm_messages"]


def test_what_is_remembered_is_not_lost_where_the_key_has_another_name(world, tmp_path):
    """Rows whose key nobody knows would be found by nothing, and nothing would take their place."""
    run()
    world.rows.append({"id": "O-4", "total": 4, "at": "2026-01-04"})
    (tmp_path / "orders.dhm").write_text(
        SCRIPT.replace("  key id\n  id: text", "  key number\n  number: text").replace("id: f.id", "number: f.id")
    )
    (tmp_path / "dhm.toml").write_text(PROJECT.replace('column = "id"', 'column = "number"'))
    held = dhm("run", "orders")
    assert 1 == held.code
    assert "`number` is in the key of `Order` now, and the 2 rows remembered of it are without" in held.err
    assert ["O-1", "O-3"] == sorted(remembered(tmp_path)[0])
    assert 0 == dhm("runs", "cancel", "last").code
    (tmp_path / "orders.dhm").write_text(SCRIPT)
    (tmp_path / "dhm.toml").write_text(PROJECT)
    assert 0 == dhm("run", "orders").code
    assert ["O-1", "O-3", "O-4"] == sorted(remembered(tmp_path)[0])
    (tmp_path / "orders.dhm").write_text(
        SCRIPT.replace("  key id\n  id: text", "  key number\n  number: text").replace("id: f.id", "number: f.id")
    )
    world.rows.append({"id": "O-5", "total": 5, "at": "2026-01-05"})
    world.orders = lambda asked: {"errors": []}
    dhm("run", "orders")
    assert 0 == dhm("runs", "resume", "last", "--approve").code
    with closing(SqliteLedger(tmp_path / ".dhm" / "default" / "ledger.sqlite")) as store:
        kept = store.snapshots.current("Order")
        assert kept is not None
    table = pq.read_table(tmp_path / ".dhm" / "default" / "snapshots" / f"{kept.sha256}.parquet")
    assert ["O-5"] == table.column("number").to_pylist()


def test_rows_that_were_refused_and_are_left_out_of_the_file_stay_to_be_replayed(world, tmp_path):
    refused = {"O-1", "O-2"}

    def orders(asked):
        ids = [row["id"] for row in asked.json()]
        world.taken += [one for one in ids if one not in refused]
        return {"errors": [{"id": one, "code": "E1", "message": "no such customer"} for one in ids if one in refused]}

    world.orders = orders
    assert 3 == run().code
    origin = json.loads(dhm("runs", "ls", "--output", "json").out)[0]["run"]
    header, *lines = rejects("show", "last").out.splitlines()
    assert 2 == len(lines)
    refused.clear()
    (tmp_path / "one.csv").write_text("\n".join([header, lines[1]]) + "\n")
    assert 0 == rejects("replay", origin, "--file", "one.csv").code
    assert ", 1 of 2 rows; 1 still to be replayed" in rejects("ls").out
    again = rejects("replay", origin)
    assert (2, True) == (again.code, "1 row of these went again as run" in again.err)
    (tmp_path / "rest.csv").write_text("\n".join([header, lines[0]]) + "\n")
    assert 0 == rejects("replay", origin, "--file", "rest.csv").code
    assert "still to be replayed" not in rejects("ls").out
    assert ["O-3", "O-2", "O-1"] == world.taken
