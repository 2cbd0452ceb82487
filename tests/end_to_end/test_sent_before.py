"""What a place was told last counts, whatever run of whatever job told it, in whatever file it stood."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from datahub.state.sqlite.ledger import SqliteLedger
from tests.servers.api import api

PROJECT = """\
[project]
name = "shop"

[connections.here]
kind = "local"

[connections.shop]
kind = "rest"
url = "${env:SHOP}"
insecure = true
attempts = 2
"""
JOB = """
[jobs.NAME]
mapping = "SCRIPT.dhm"
retry = {attempts = 1, first = "1ms"}

[jobs.NAME.sources.rows]
connection = "here"
folder = "in"
pattern = "*.csv"
ready.stable = 0
on_failure = {action = "move", folder = "failed"}

[jobs.NAME.targets.dst]
connection = "shop"
path = "put"
"""
SCRIPT = """\
source rows: csv {
  columns {
    id: int
    name: text
  }
}
entity Thing {
  key id
  id: int
  name: text
}
map Thing from r in rows {
  include r
}
target dst: api {}
flow main {
  write Thing to dst
}
"""
OWNED = """\
source rows: csv {
  columns {
    id: int
    name: text
  }
}
entity Order {
  key id
  id: int
  at: datetime
  owns Line on id
}
entity Line {
  key id, name
  id: int
  name: text
}
map Order from r in rows
  group by r.id
{
  id: r.id
  at: now()
}
map Line from r in rows {
  include r
}
target dst: api {}
flow main {
  write Order to dst
  write Line to dst
}
"""


class Place:
    """A shop that takes each key once, loses an answer when told to, and refuses all from its `until`th request on."""

    def __init__(self, folder, dhm, server):
        self.folder, self.dhm, self.server = folder, dhm, server
        self.rows, self.keys, self.until, self.lose = [], set(), 10_000, False
        server.routes["POST /put"] = server.routes["POST /right"] = self.take

    def take(self, asked):
        self.until -= 1
        if self.until < 0:
            return 403, {"error": "the token has expired"}
        key = asked.headers.get("idempotency-key")
        if key is None or key not in self.keys:
            self.keys.add(key)
            told = asked.json()
            self.rows += told if isinstance(told, list) else [told]
        return None if self.lose else {}

    def job(self, name="ff", script=SCRIPT, more="batch = 4\n"):
        (self.folder / f"{name}.dhm").write_text(script, encoding="utf-8")
        told = self.folder / "dhm.toml"
        before = told.read_text(encoding="utf-8") if told.exists() else PROJECT
        told.write_text(before + JOB.replace("NAME", name).replace("SCRIPT", name) + more, encoding="utf-8")
        for folder in ("in", "failed"):
            (self.folder / folder).mkdir(exist_ok=True)

    def put(self, name, first, last, text="n"):
        lines = "".join(f"{number},{text}{number}\n" for number in range(first, last))
        (self.folder / "in" / f"{name}.csv").write_text(f"id,name\n{lines}", encoding="utf-8")

    def back(self, name, other="", more=""):
        file = self.folder / "failed" / f"{name}.csv"
        (self.folder / "in" / f"{other or name}.csv").write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
        file.unlink()

    def breaks_off(self, after, job="ff"):
        self.until = after
        ended = self.dhm("run", job)
        assert (1, True) == (ended.code, "403" in ended.err), ended.err
        self.until = 10_000

    def run(self, *arguments):
        ended = self.dhm("run", *(arguments or ["ff"]))
        assert 0 == ended.code, ended.err
        return ended.err

    def broken(self):
        """What the ledger knows of runs that broke off, and are not closed."""
        with closing(SqliteLedger(next((self.folder / ".dhm").rglob("ledger.sqlite")))) as ledger:
            places = {row["place"] for row in ledger.rows("SELECT place FROM sending")}
            return [one for name in places for one in ledger.deliveries.broken_off(name)]

    def ids(self):
        return sorted(row["id"] for row in self.rows)

    def state(self):
        return {row["id"]: row["name"] for row in self.rows}


@pytest.fixture
def place(tmp_path, dhm, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with api() as server:
        monkeypatch.setenv("SHOP", server.url)
        yield Place(tmp_path, dhm, server)


@pytest.mark.parametrize("more", ["batch = 4\n", 'document = "json"\n'], ids=["rows", "documents"])
@pytest.mark.parametrize("other", ["", "b5"], ids=["under its name", "under another name"])
def test_a_file_that_a_person_corrects_and_puts_back_is_sent_as_far_as_it_is_new(place, more, other):
    place.job(more=more)
    place.put("a", 0, 10)
    place.breaks_off(after=2)
    place.put("b", 20, 22)
    place.run()
    place.back("a", other, "99,new\n")
    place.put("c", 30, 31)
    told = place.run()
    assert [*range(10), 20, 21, 30, 99] == place.ids(), told
    arrived = 2 if "document" in more else 8
    assert re.search(rf"\d+ batch(es)? delivered, {arrived} rows had arrived by run [0-9a-z-]+", told), told
    assert f"had arrived by run {told.rpartition('had arrived by run ')[2].split()[0]}" in place.dhm("runs", "show").out


def test_a_field_that_says_when_it_was_sent_makes_no_row_another(place):
    place.job(
        script=SCRIPT.replace("  name: text\n}\nmap", "  name: text\n  sent: datetime\n}\nmap").replace(
            "include r", "include r\n  sent: now()"
        )
    )
    place.put("a", 0, 10)
    place.breaks_off(after=2)
    place.back("a")
    place.run()
    assert [*range(10)] == place.ids()


def test_a_document_is_the_same_where_it_and_what_it_owns_say_the_same_but_for_the_time(place):
    place.job(script=OWNED, more='document = "json"\n')
    place.put("a", 0, 6)
    place.breaks_off(after=4)
    place.back("a", more="1,another line\n")
    place.run()
    assert [0, 1, 1, 2, 3, 4, 5] == place.ids()
    assert [1, 2] == [len(row["Line"]) for row in place.rows if row["id"] == 1]


@pytest.mark.parametrize("by", ["a backfill", "another job", "another job that broke off"])
def test_what_was_sent_in_between_takes_the_place_of_what_had_arrived(place, by):
    place.job()
    place.job("full")
    if by == "a backfill":
        place.put("a", 0, 8, "four")
        place.run()
        place.put("b", 0, 8, "five")
        place.breaks_off(after=1)
        place.run("ff", "--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z")
        place.back("b")
    else:
        place.put("a", 0, 8, "five")
        place.breaks_off(after=1)
        place.put("b", 0, 8, "four")
        if by == "another job":
            place.run("full")
        else:
            place.breaks_off(after=1, job="full")
        (place.folder / "in" / "b.csv").unlink(missing_ok=True)
        place.back("a")
    place.run("ff")
    assert {number: f"five{number}" for number in range(8)} == place.state()


@pytest.mark.parametrize(
    "more", ["batch = 4\n", 'document = "json"\n', 'batch = 4\nkey_header = ""\n'], ids=["rows", "documents", "no keys"]
)
def test_what_was_refused_was_not_told(place, more):
    """Nobody has said anything else of 4 to 7 since: the first four were told another state, and the others of that were refused."""
    place.job(more=more)
    taken = 1 if "batch" in more else 4
    place.put("a", 0, 12, "five")
    place.breaks_off(after=taken * 2)
    place.put("b", 0, 8, "four")
    place.breaks_off(after=taken)
    place.back("a")
    place.run()
    assert sorted([0, 1, 2, 3, *range(12), 0, 1, 2, 3]) == place.ids()
    assert {number: f"five{number}" for number in range(12)} == place.state()


def test_what_may_have_been_taken_was_told_whatever_refuses_it_later(place):
    """The answer to the first attempt is lost, and the next one is refused."""
    place.job()
    place.put("a", 0, 8, "five")
    place.breaks_off(after=1)
    place.put("b", 0, 4, "four")
    answers: list[Any] = [lambda asked: (place.take(asked), None)[1], lambda asked: (403, {})]
    place.server.routes["POST /put"] = lambda asked: answers.pop(0)(asked) if answers else place.take(asked)
    assert 1 == place.dhm("run", "ff").code
    assert [] == answers
    place.back("a")
    place.run()
    assert {number: f"five{number}" for number in range(8)} == place.state()


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500])
def test_who_refuses_rows_for_one_of_them_may_have_taken_others(place, status):
    place.job()
    place.put("a", 0, 8, "five")
    place.breaks_off(after=1)
    place.put("b", 0, 4, "four")
    place.server.routes["POST /put"] = lambda asked: (place.take(asked), (status, {}, {"Retry-After": "0"}))[1]
    assert 1 == place.dhm("run", "ff").code
    place.server.routes["POST /put"] = place.take
    place.back("a")
    place.run()
    assert {number: f"five{number}" for number in range(8)} == place.state()


def test_a_row_that_was_refused_was_not_told(place):
    """Of the four rows of a batch that is taken, one is refused."""
    place.job(more='batch = 4\nresults = {items = "$.errors", row = "$.row", message = "$.why"}\n')
    place.put("a", 0, 8, "five")
    place.breaks_off(after=1)
    place.put("b", 0, 4, "four")

    def take(asked):
        told = asked.json()
        place.rows += [row for row in told if row["id"] != 2]
        return {"errors": [{"row": number, "why": "no"} for number, row in enumerate(told) if row["id"] == 2]}

    place.server.routes["POST /put"] = take
    assert "1 row" in place.run()
    place.server.routes["POST /put"] = place.take
    place.back("a")
    place.run()
    assert {number: f"five{number}" for number in range(8)} == place.state()
    assert 1 == place.ids().count(2)


ITEM = 'batch = 1\nsingle = true\nmethod = "METHOD"\n'


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_what_was_said_of_an_item_below_its_collection_counts_as_said_there(place, method):
    place.job()
    place.job("item", more=ITEM.replace("METHOD", method))
    told = (place.folder / "dhm.toml").read_text()
    at = told.rindex('path = "put"')
    (place.folder / "dhm.toml").write_text(told[:at] + 'path = "put/{{ID}}"' + told[at + len('path = "put"') :])
    items = []

    def told_of(asked):
        items.append(asked.json()["id"])
        return {}

    place.server.routes.update({f"{method} /put/{one}": told_of for one in range(8)})
    place.put("a", 0, 8)
    place.breaks_off(after=1)
    place.put("b", 0, 2, "other")
    place.run("item")
    assert [0, 1] == items
    (place.folder / "in" / "b.csv").unlink()
    place.back("a")
    assert "2 rows had arrived by run" in place.run()
    assert [0, 0, 1, 1, 2, 3, 4, 5, 6, 7] == place.ids()


GONE = (
    SCRIPT.replace(
        "map Thing from r in rows {\n",
        'entity Gone {\n  key id\n  id: int\n}\nmap Gone from r in rows\n  where r.name = "gone"\n{\n  id: r.id\n}\n'
        'map Thing from r in rows\n  where r.name <> "gone"\n{\n',
    )
    .replace("target dst: api {}", "target dst: api {}\ntarget del: api {}")
    .replace("to dst\n", "to dst\n  write Gone to del\n")
)


def test_what_a_job_says_of_an_item_by_another_of_its_targets_counts_as_said_of_its_collection(place):
    target = '\n[jobs.ff.targets.del]\nconnection = "shop"\npath = "put/{{ID}}"\nmethod = "DELETE"\nsingle = true\nbatch = 1\n'
    place.job(script=GONE, more=f"batch = 4\n{target}")
    place.server.routes |= {f"DELETE /put/{one}": lambda asked: {} for one in range(8)}
    place.put("a", 0, 8)
    place.breaks_off(after=1)
    (place.folder / "in" / "b.csv").write_text("id,name\n0,gone\n1,gone\n")
    place.run()
    assert ["/put/0", "/put/1"] == [one.path for one in place.server.seen if one.method == "DELETE"]
    (place.folder / "in" / "b.csv").unlink()
    place.back("a")
    assert "2 rows had arrived by run" in place.run()
    assert [0, 0, 1, 1, 2, 3, 4, 5, 6, 7] == place.ids()


def test_what_a_run_says_of_an_item_beside_its_collection_sends_neither_again(place):
    """It would say both again."""
    script = SCRIPT.replace("target dst: api {}", "target dst: api {}\ntarget ready: api {}").replace(
        "  write Thing to dst\n", "  write Thing to dst\n  write Thing to ready\n"
    )
    place.job(script=script, more='batch = 4\n\n[jobs.ff.targets.ready]\nconnection = "shop"\npath = "put/ready"\nbatch = 4\n')
    place.server.routes["POST /put/ready"] = place.take
    place.put("a", 0, 8)
    place.breaks_off(after=3)
    place.back("a")
    place.breaks_off(after=0)
    place.back("a")
    place.run()
    assert sorted([*range(8), *range(8)]) == place.ids()


@pytest.mark.parametrize("script", [SCRIPT.partition("target dst")[0], SCRIPT.replace("dst", "other")], ids=["no flow", "another name"])
def test_check_tells_of_documents_for_a_target_that_the_script_does_not_write(place, script):
    place.job(script=script, more='document = "json"\n')
    ended = place.dhm("check")
    assert 1 == ended.code, ended.err
    assert "the script of `ff` has no target `dst` that is used" in ended.out


def test_another_address_gets_everything(place):
    place.job()
    place.put("a", 0, 10)
    place.breaks_off(after=2)
    told = place.folder / "dhm.toml"
    told.write_text(told.read_text().replace('path = "put"', 'path = "right"'))
    place.rows.clear()
    place.back("a")
    assert "had arrived" not in place.run()
    assert [*range(10)] == place.ids()


def test_movements_that_say_what_others_said_that_arrived_in_vain_are_sent(place):
    place.job(script=SCRIPT.replace("  key id\n", ""))
    place.put("a", 0, 10)
    place.breaks_off(after=2)
    place.put("b", 0, 4)
    place.run()
    assert sorted([*range(8), *range(4)]) == place.ids()
    place.back("a")
    place.run()
    assert sorted([*range(10), *range(4)]) == place.ids()
    (place.folder / "in" / "a.csv").rename(place.folder / "in" / "z.csv")
    place.run()
    assert 24 == len(place.ids())


def test_who_cancels_a_run_says_what_became_of_what_nobody_knows(place):
    place.job(script=SCRIPT.replace("  key id\n", ""), more='batch = 4\nkey_header = ""\n')
    place.put("a", 0, 8)
    place.lose = True
    assert 1 == place.dhm("run", "ff").code
    place.lose = False
    run = place.dhm("runs", "ls").out.split("\n")[1].split()[0]
    refused = place.dhm("runs", "cancel", run)
    assert (2, True) == (refused.code, f"`dhm runs cancel {run} --arrived`" in refused.err), refused.err
    assert 0 == place.dhm("runs", "cancel", run, "--arrived").code
    place.run()
    assert [*range(8)] == place.ids()


def test_a_row_that_a_run_which_succeeded_has_sent_is_news_whenever_it_comes_again(place):
    place.job()
    place.put("a", 0, 8)
    place.breaks_off(after=1)
    place.back("a")
    place.run()
    assert [*range(8)] == place.ids()
    place.put("b", 0, 8)
    assert "had arrived" not in place.run()
    assert sorted([*range(8), *range(8)]) == place.ids()


def test_a_batch_that_was_on_its_way_goes_under_its_key_with_the_time_that_it_had(place):
    """The shop does a key once, and finds fault with one that comes with another body."""
    place.job(
        script=SCRIPT.replace("  name: text\n}\nmap", "  name: text\n  sent: datetime\n}\nmap").replace(
            "include r", "include r\n  sent: now()"
        )
    )
    bodies: dict[str, bytes] = {}

    def take(asked):
        key = asked.headers["idempotency-key"]
        if bodies.setdefault(key, asked.body) != asked.body:
            return 409, {"error": "another body"}
        return place.take(asked)

    place.server.routes["POST /put"] = take
    place.put("a", 0, 10)
    place.breaks_off(after=1)
    place.put("b", 10, 12)
    place.back("a")
    place.run()
    assert [*range(12)] == place.ids()
    assert 2 == len({row["sent"] for row in place.rows})


def test_what_was_on_its_way_with_rows_that_have_changed_is_told_of_where_it_goes_again(place):
    place.job()
    place.put("a", 0, 8)
    place.server.routes["POST /put"] = lambda asked: (place.take(asked), (409, {}))[1]
    assert 1 == place.dhm("run", "ff").code
    place.server.routes["POST /put"] = place.take
    file = place.folder / "failed" / "a.csv"
    file.write_text(file.read_text().replace("n2", "changed"))
    place.back("a")
    assert "3 rows for `dst` may arrive a second time" in place.run()
    assert "may arrive a second time" in place.dhm("runs", "show").out


def test_what_nobody_knows_of_is_asked_about_by_the_run_that_takes_the_place_of_another(place):
    """As `overlap = "cancel_previous"` does; one row of the batch has changed meanwhile."""
    place.job(more='batch = 4\nkey_header = ""\n')
    place.put("a", 0, 8)
    place.lose = True
    assert 1 == place.dhm("run", "ff").code
    place.lose = False
    with closing(SqliteLedger(next((place.folder / ".dhm").rglob("ledger.sqlite")))) as ledger:
        ledger.runs.cancel(ledger.runs.list()[0].id, "a later fire takes its place", datetime.now(UTC))
    file = place.folder / "in" / "a.csv"
    file.write_text(file.read_text().replace("n2", "changed"))
    ended = place.dhm("run", "ff")
    assert (1, True) == (ended.code, "nobody knows whether batch 1" in ended.err), ended.err
    assert 0 == place.dhm("runs", "resume", "last", "--arrived").code
    assert (sorted([*range(8), 2]), "changed") == (place.ids(), place.state()[2])


def test_what_was_refused_for_certain_is_sent_without_being_asked_about(place):
    place.job(more='batch = 4\nkey_header = ""\n')
    place.put("a", 0, 8)
    place.breaks_off(after=1)
    place.back("a")
    place.run()
    assert [*range(8)] == place.ids()


def test_a_file_that_is_never_put_back_is_looked_at_once_and_forgotten_when_others_took_the_place_of_its_rows(place):
    place.job()
    place.put("a", 0, 10)
    place.breaks_off(after=2)
    place.put("b", 20, 22)
    place.run()
    (before,) = place.broken()
    place.put("c", 0, 4, "four")
    place.run()
    place.put("d", 30, 31)
    place.run()
    (after,) = place.broken()
    assert (False, True) == (after.closed, after.looked > before.looked > 0)
    place.rows.clear()
    place.back("a")
    assert "4 rows had arrived by run" in place.run()
    assert [*range(4), 8, 9] == place.ids()
    place.put("e", 40, 41)
    assert "had arrived" not in place.run()
    assert [] == place.broken()


def test_two_entities_at_one_place_are_told_apart_by_their_job(place):
    script = SCRIPT.replace(
        "map Thing",
        "entity Other {\n  key id\n  id: int\n  other: text\n}\nmap Other from r in rows {\n  id: r.id\n  other: r.name\n}\nmap Thing",
    )
    script = script.replace("target dst", "target more: api {}\ntarget dst").replace("to dst", "to dst\n  write Other to more")
    place.job(script=script, more='batch = 4\n\n[jobs.ff.targets.more]\nconnection = "shop"\npath = "put"\nbatch = 4\n')
    place.put("a", 0, 8)
    place.breaks_off(after=3)
    place.back("a")
    assert "12 rows had arrived by run" in place.run()
    assert sorted([*range(8), *range(8)]) == place.ids()


def test_where_another_job_said_something_of_a_batch_on_its_way_the_others_of_it_are_told_of(place):
    place.job()
    place.job("full")
    place.put("a", 0, 4)
    place.server.routes["POST /put"] = lambda asked: (place.take(asked), (409, {}))[1]
    assert 1 == place.dhm("run", "ff").code
    place.server.routes["POST /put"] = place.take
    place.put("b", 1, 2, "other")
    place.run("full")
    place.back("a")
    (place.folder / "in" / "b.csv").unlink()
    assert "3 rows for `dst` may arrive a second time" in place.run()
    assert {0: "n0", 1: "n1", 2: "n2", 3: "n3"} == place.state()


STAMPED = SCRIPT.replace("  name: text\n}\nmap", "  name: text\n  sent: KIND\n}\nmap").replace("include r", "include r\n  sent: MADE")


@pytest.mark.parametrize(
    "script, wanted",
    [
        pytest.param(SCRIPT, "must do once)\n", id="a key"),
        pytest.param(SCRIPT.replace("  key id\n", ""), "at least once after a failure (`Thing` has no key", id="no key"),
        pytest.param(STAMPED.replace("KIND", "datetime").replace("MADE", "now()"), "must do once)\n", id="the time of the run"),
        pytest.param(
            STAMPED.replace("KIND", "bool").replace("MADE", "r.id < year(today())"),
            "at least once after a failure (`sent` of `Thing` hangs on the time of the run and on its row)",
            id="the time of the run and the row",
        ),
        pytest.param(
            STAMPED.replace("KIND", "datetime").replace("MADE", "now()").replace("key id", "key id, sent"),
            "at least once after a failure (`sent` of `Thing` hangs on the time of the run)",
            id="a key with the time of the run",
        ),
    ],
)
def test_check_tells_what_of_a_run_that_failed_may_come_again(place, script, wanted):
    place.job(script=script)
    ended = place.dhm("check", "ff.dhm")
    assert "job ff: dst: effect once" in ended.err, ended.err
    assert wanted in ended.err, ended.err


def test_a_row_that_comes_back_with_a_conflict_may_have_been_taken(place):
    place.job(more='batch = 1\nresults = {items = "$.errors", row = "$.row"}\n')
    place.put("a", 0, 3, "five")
    place.breaks_off(after=2)
    place.put("b", 0, 1, "four")
    place.server.routes["POST /put"] = lambda asked: (place.take(asked), (409, {}))[1]
    assert "1 row refused" in place.run()
    place.server.routes["POST /put"] = place.take
    (place.folder / "in" / "b.csv").unlink()
    place.back("a")
    place.run()
    assert {number: f"five{number}" for number in range(3)} == place.state()


WAITING = 'retry = {attempts = 3, first = "1ms"}'


@pytest.mark.parametrize(
    "change, form, gone",
    [
        pytest.param([("dst", "other")], "batch", "the target `dst`", id="a target"),
        pytest.param(
            [("rows: csv", "lines: csv"), ("in rows", "in lines"), (".rows]", ".lines]")], "batch", "the source `rows`", id="a source"
        ),
        pytest.param([("Thing", "Ware")], "document", "documents of `Thing` for `dst`", id="an entity of documents"),
    ],
)
def test_a_run_that_was_begun_with_what_has_another_name_now_is_held_and_the_next_goes_on(place, change, form, gone):
    place.job(more="batch = 4\n" if form == "batch" else 'document = "json"\n')
    told = place.folder / "dhm.toml"
    told.write_text(told.read_text().replace('retry = {attempts = 1, first = "1ms"}', WAITING))
    place.put("a", 0, 10)
    place.until = 2
    place.server.routes["POST /put"] = lambda asked: place.take(asked) if place.until > 0 else (503, {}, {"Retry-After": "3000"})
    assert 75 == place.dhm("run", "ff").code
    place.until = 10_000
    for file in (told, place.folder / "ff.dhm"):
        text = file.read_text()
        for old, new in change:
            text = text.replace(old, new)
        file.write_text(text)
    held = place.dhm("runs", "resume", "last")
    assert (1, True) == (held.code, f"it was begun with {gone}, which its job does not have any more" in held.err), held.err
    assert 0 == place.dhm("runs", "cancel", "last").code
    assert "had arrived by run" in place.run()
    assert [*range(10)] == place.ids()


def test_an_entity_of_another_name_is_the_same_where_it_says_the_same_and_not_where_the_old_one_said_otherwise_since(place):
    place.job()
    place.put("a", 0, 8, "five")
    place.breaks_off(after=1)
    place.put("b", 0, 2, "four")
    place.run()
    script = place.folder / "ff.dhm"
    script.write_text(script.read_text().replace("Thing", "Ware"))
    place.back("a")
    assert "2 rows had arrived by run" in place.run()
    assert {number: f"five{number}" for number in range(8)} == place.state()
    assert [0, 0, 0, 1, 1, 1, 2, 3, 4, 5, 6, 7] == place.ids()
