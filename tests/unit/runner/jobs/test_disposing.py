"""What was delivered is no failure where it cannot be moved away: it stays, a person hears of it, and nothing is delivered twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from datahub.state.records import Admission, Fire, FireKind, Overlap
from tests.jobs_project import Projected
from tests.servers.api import api
from tests.servers.ftp import PASSWORD, USER, pyftpd
from tests.servers.proxy import proxy
from tests.servers.ssh import openssh
from tests.unit.runner.jobs.test_unfetched import SCRIPT

TOML = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[connections.host]
%(host)s
[jobs.stock]
mapping = "stock.dhm"
retry = {attempts = %(attempts)d, first = 0}
sources.feed = {connection = "host", folder = "in", ready.stable = 0, after = {action = "move", folder = "done"}, \
on_failure = {action = "move", folder = "bad"}}
%(target)s
"""
FILES = 'targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.jsonl"}'
FTP = 'kind = "ftp"\nhost = "127.0.0.1"\nport = %d\nuser = "%s"\npassword = "${env:PASSWORD}"\ninsecure = true\ntls = "none"\n'


@pytest.fixture
def shop(tmp_path):
    made = []

    def start(host, attempts=1, target=FILES, script=SCRIPT):
        toml = TOML % {"host": host, "attempts": attempts, "target": target}
        made.append(Projected(tmp_path, {"dhm.toml": toml, "stock.dhm": script}))
        return made[-1]

    yield start
    for one in made:
        one.close()


def put(folder, *names):
    (folder / "in").mkdir(exist_ok=True)
    for name in names:
        (folder / "in" / f"{name}.csv").write_text(f"sku,stock\n{name},1\n", encoding="utf-8")


def there(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.csv"))


def test_a_file_that_the_host_does_not_move_stays_and_its_rows_have_arrived(shop, tmp_path, monkeypatch):
    monkeypatch.setenv("PASSWORD", PASSWORD)
    home = tmp_path / "server"
    home.mkdir()
    with pyftpd(home) as server:
        shop = shop(FTP % (server.port, USER))
        put(server.folder, "a", "b")
        # A file stands where the folder would.
        (server.folder / "done").write_text("no folder", encoding="utf-8")
        ending = shop.by_hand("stock")
        assert ("success", ["in/a.csv", "in/b.csv"]) == (ending.run.status.value, there(server.folder))
        assert [[{"sku": "a", "stock": 1}, {"sku": "b", "stock": 1}]] == shop.rows("out")
        (told,) = ending.told
        assert told.startswith("`a.csv` and 1 more are delivered, will not be read again, and are still where they were: ")
        assert told in ending.run.reason
        assert told in ending.report.warnings
        # The next run reads what is new alone.
        put(server.folder, "c")
        assert "success" == shop.by_hand("stock").run.status.value
        assert [{"sku": "c", "stock": 1}] == shop.rows("out")[-1]


def test_a_host_that_is_gone_when_files_are_to_be_moved_is_tried_again_and_then_the_run_is_well(shop, tmp_path, monkeypatch):
    """The host is gone from the moment at which the rows arrive: the receiver of them ends the way there."""
    with openssh(tmp_path) as server, proxy(server.port) as between, api() as receiver:

        def taken(asked):
            between.close()
            return {}

        receiver.routes["POST /stock"] = taken
        monkeypatch.setenv("KEY", server.key)
        host = f'kind = "sftp"\nhost = "127.0.0.1"\nport = {between.port}\nuser = "{server.user}"\nkey = "${{env:KEY}}"\n'
        host += f'fingerprint = "{server.fingerprint}"\n[connections.api]\nkind = "rest"\nurl = "{receiver.url}"\ninsecure = true\n'
        shop = shop(host, 2, 'targets.kept = {connection = "api", path = "stock"}', SCRIPT.replace("jsonl", "api"))
        put(server.folder, "a", "b")
        shop.store.runs.submit(Fire("stock", FireKind.MANUAL, now := datetime.now(UTC)), Admission(Overlap.QUEUE_ONE), now)
        first, ending = shop.work("stock")
        assert ["failed_retryable", "success"] == [first.run.status.value, ending.run.status.value]
        assert "`a.csv` and 1 more are delivered" in ending.told[0]
        assert ["in/a.csv", "in/b.csv"] == there(server.folder)
        assert [["a", "b"]] == [[row["sku"] for row in asked.json()] for asked in receiver.seen]
