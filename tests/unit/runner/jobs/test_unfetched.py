"""A file that cannot be fetched is to blame alone: those before it are delivered, and `on_failure` is for it."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from datahub.state.records import Admission, Fire, FireKind, Overlap
from tests.jobs_project import Projected
from tests.servers.ftp import PASSWORD, USER, pyftpd
from tests.servers.proxy import Fault, proxy
from tests.servers.ssh import openssh

SOURCE = 'connection = "{of}", folder = "{folder}", ready.stable = 0, largest = {largest}, after = {{action = "move", folder = "done"}}'
TOML = """\
[project]
name = "shop"
[connections.here]
kind = "local"
%(host)s
[jobs.stock]
mapping = "stock.dhm"
retry = {attempts = %(attempts)d, first = 0}
sources.feed = {%(source)s%(failure)s}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}
"""
SCRIPT = """\
source feed: csv { columns { sku: text, stock: int } }
entity Stock {
  key sku
  sku   : text
  stock : int
}
map Stock from f in feed { sku: f.sku, stock: f.stock }
target kept: jsonl {}
flow main { write Stock to kept }
"""
GATHERED = SCRIPT.replace("feed { sku: f.sku, stock: f.stock }", "feed group by f.sku { sku: f.sku, stock: sum(f.stock) }")
ASIDE = ', on_failure = {action = "move", folder = "bad"}'
BIG = 2000


@pytest.fixture
def shop(tmp_path):
    made = []

    def start(failure="", script=SCRIPT, host="", of="here", folder="in", attempts=1, largest=BIG):
        toml = TOML % {
            "host": host,
            "attempts": attempts,
            "failure": failure,
            "source": SOURCE.format(of=of, folder=folder, largest=largest),
        }
        made.append(Projected(tmp_path, {"dhm.toml": toml, "stock.dhm": script}))
        return made[-1]

    yield start
    for one in made:
        one.close()


def put(shop, *names, folder="in", large=()):
    for name in names:
        shop.put(f"{folder}/{name}.csv", f"sku,stock\n{name},1\n" + f"{name},1\n" * (BIG if name in large else 0))


def there(shop, folder):
    return sorted(path.name for path in (shop.folder / folder).glob("*"))


def delivered(shop):
    return [sorted(row["sku"] for row in rows) for rows in shop.rows("out")]


def ran(shop):
    now = datetime.now(UTC)
    shop.store.runs.submit(Fire("stock", FireKind.MANUAL, now), Admission(Overlap.QUEUE_ONE), now)
    return [(ending.run.status.value, ending) for ending in shop.work("stock")]


def test_those_before_it_go_it_is_put_aside_and_those_behind_it_follow(shop):
    shop = shop(ASIDE)
    put(shop, "a", "b", "c", "d", large="b")
    ended = ran(shop)
    assert ["success", "failed", "success"] == [status for status, _ in ended]
    assert [["a"], ["c", "d"]] == delivered(shop)
    assert (["a.csv", "c.csv", "d.csv"], ["b.csv"], []) == (there(shop, "done"), there(shop, "bad"), there(shop, "in"))
    assert "feed: `b.csv` and 2 more wait, for it could not be fetched (" in ended[0][1].told[0]
    assert "raise `largest`; `b.csv` is put into `bad`: corrected and put back, it is read" == ended[1][1].help


def test_what_is_the_first_fails_alone(shop):
    shop = shop(ASIDE)
    put(shop, "a", "b", large="a")
    assert ["failed", "success"] == [status for status, _ in ran(shop)]
    assert ([["b"]], ["a.csv"], ["b.csv"]) == (delivered(shop), there(shop, "bad"), there(shop, "done"))


@pytest.mark.parametrize("failure", ["", ', on_failure = {action = "delete"}'])
def test_what_there_is_no_copy_of_is_never_deleted(shop, failure):
    shop = shop(failure)
    put(shop, "a", "b", "c", large="b")
    ended = ran(shop)
    assert ["success", "failed"] == [status for status, _ in ended]
    assert ([["a"]], ["b.csv", "c.csv"]) == (delivered(shop), there(shop, "in"))
    assert "1 more file waits" in ended[1][1].run.reason
    assert "each run reads `b.csv` first" in ended[1][1].help
    (shop.folder / "in" / "b.csv").unlink()
    assert ["success"] == [status for status, _ in ran(shop)]
    assert [["a"], ["c"]] == delivered(shop)


def test_it_is_marked_where_the_job_marks(shop):
    shop = shop(', on_failure = {action = "mark"}')
    put(shop, "a", "b", "c", large="b")
    ended = ran(shop)
    assert ["success", "failed", "success"] == [status for status, _ in ended]
    assert ([["a"], ["c"]], ["b.csv", "b.csv.done"]) == (delivered(shop), there(shop, "in"))
    assert "without `b.csv.done`, it is read" in ended[1][1].help


def test_a_script_that_gathers_rows_goes_without_it_once_it_is_aside(shop):
    shop = shop(ASIDE, GATHERED)
    put(shop, "a", "b", "c", large="b")
    assert ["failed", "success"] == [status for status, _ in ran(shop)]
    assert ([["a", "c"]], ["b.csv"], ["a.csv", "c.csv"]) == (delivered(shop), there(shop, "bad"), there(shop, "done"))


def test_what_a_host_lists_and_does_not_have_is_passed_over(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("PASSWORD", PASSWORD)
    home = tmp_path / "server"
    home.mkdir()
    with pyftpd(home) as server:
        host = f'[connections.ftp]\nkind = "ftp"\nhost = "127.0.0.1"\nport = {server.port}\nuser = "{USER}"\n'
        shop = shop(ASIDE, host=host + 'password = "${env:PASSWORD}"\ninsecure = true\ntls = "none"\n', of="ftp")
        (server.folder / "in").mkdir()
        for name in (b"a.csv", b"b\xe9.csv", b"c.csv"):
            (server.folder / "in" / os.fsdecode(name)).write_bytes(b"sku,stock\n" + name[:1] + b",1\n")
        ((status, ending),) = ran(shop)
        assert ("success", [["a", "c"]]) == (status, delivered(shop))
        assert "is gone since it was listed, and was passed over" in ending.told[0]
        assert [os.fsdecode(b"b\xe9.csv")] == [path.name for path in (server.folder / "in").iterdir()]
        ((status, ending),) = ran(shop)
        assert "success" == status
        assert "was passed over" in ending.run.reason


def test_where_the_way_breaks_off_for_good_what_has_come_is_delivered_and_nothing_is_put_aside(shop, tmp_path, monkeypatch):
    with openssh(tmp_path) as server, proxy(server.port) as between:
        monkeypatch.setenv("KEY", server.key)
        host = f'[connections.sftp]\nkind = "sftp"\nhost = "127.0.0.1"\nport = {between.port}\nuser = "{server.user}"\n'
        host += f'key = "${{env:KEY}}"\nfingerprint = "{server.fingerprint}"\n'
        shop = shop(ASIDE, host=host, of="sftp", folder="in", attempts=2, largest=1 << 30)
        (server.folder / "in").mkdir()
        for name, size in (("a", 10), ("b", 20 << 20), ("c", 10)):
            (server.folder / "in" / f"{name}.csv").write_bytes(b"sku,stock\n" + f"{name},1\n".encode() + b"\n" * size)
        between.faults[:] = [Fault(1 << 20, "cut")] * 200
        ended = ran(shop)
        # As often as the job is tried again, and the files behind what was taken as well.
        assert ["failed_retryable", "success", "failed_retryable", "failed"] == [status for status, _ in ended]
        assert ([["a"]], ["a.csv"], ["b.csv", "c.csv"]) == (delivered(shop), names(server, "done"), names(server, "in"))
        assert "`b.csv` and 1 more wait, for it could not be fetched (the connection" in ended[1][1].told[0]
        between.faults.clear()
        assert ["success"] == [status for status, _ in ran(shop)]
        assert [["a"], ["b", "c"]] == delivered(shop)


def names(server, folder):
    return sorted(path.name for path in (server.folder / folder).glob("*.csv"))
