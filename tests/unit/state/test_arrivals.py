"""Messages that have arrived survive the process that took them, and come into the ledger once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime

import pytest

from datahub.state.records import Message
from datahub.state.sqlite.arrivals import Arrivals, gather
from datahub.state.sqlite.ledger import SqliteLedger
from datahub.state.store import LedgerUnusable

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
TAKER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from datahub.state.records import Message
from datahub.state.sqlite.arrivals import Arrivals
arrivals = Arrivals(Path(sys.argv[1]))
for group in range(3):
    arrivals.put([Message(f"m{group}-{n}", "hook", "k", b"{}", datetime.now(UTC), "paid", "7") for n in range(4)])
arrivals.moved(1)
print("taken", flush=True)
time.sleep(60)
"""


def message(id, body=b"{}"):
    return Message(id, "hook", "order 1", body, NOON, "order.paid", "7")


@pytest.fixture
def store(tmp_path):
    with closing(SqliteLedger(tmp_path / "ledger.sqlite")) as made:
        yield made


@pytest.fixture
def taker(tmp_path):
    """A process that has taken twelve messages and lives."""
    process = subprocess.Popen([sys.executable, "-c", TAKER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "taken\n" == process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_a_killed_process_took_comes_into_the_ledger_in_its_order_and_once(tmp_path, store, taker):
    store.inbox.put([message("m0-0")])
    taker.send_signal(signal.SIGKILL)
    taker.wait()
    assert 11 == gather(tmp_path, store.inbox)
    assert [f"m{group}-{n}" for group in range(3) for n in range(4)] == [one.id for one in store.inbox.list()][::-1]
    assert ("k", "paid", "7", b"{}") == ((one := store.inbox.get("m2-3")).key, one.kind, one.version, one.body)
    assert 0 == gather(tmp_path, store.inbox)
    assert [] == list(tmp_path.glob("arrivals-*"))


def test_what_a_living_process_takes_is_left_to_it(tmp_path, store, taker):
    assert 0 == gather(tmp_path, store.inbox)
    assert {} == store.inbox.counts()
    assert taker.poll() is None
    assert 1 == len(list(tmp_path.glob("arrivals-*.sqlite")))


def test_a_file_in_which_nothing_is_left_goes_and_another_stays(tmp_path, store):
    for moved in (2, 1):
        arrivals = Arrivals(tmp_path)
        arrivals.put([message("a")])
        arrivals.put([message("b")])
        arrivals.moved(moved)
        arrivals.close()
    assert 1 == len(list(tmp_path.glob("arrivals-*.sqlite")))
    assert 2 == gather(tmp_path, store.inbox)


def test_a_process_that_was_killed_before_its_file_was_made_left_nothing(tmp_path, store):
    (tmp_path / "arrivals-0.sqlite").touch()
    assert 0 == gather(tmp_path, store.inbox)
    assert [] == list(tmp_path.glob("arrivals-*"))


def test_what_was_acknowledged_and_cannot_be_read_is_told_with_the_way_out(tmp_path, store):
    path = tmp_path / "arrivals-0.sqlite"
    path.write_bytes(os.urandom(8192))
    with pytest.raises(LedgerUnusable) as caught:
        gather(tmp_path, store.inbox)
    assert "acknowledged" in caught.value.message
    subprocess.run(re.findall("`([^`]+)`", caught.value.help)[0], shell=True, check=True)
    assert 0 == gather(tmp_path, store.inbox)


def test_only_its_owner_may_read_what_was_sent(tmp_path):
    arrivals = Arrivals(tmp_path)
    arrivals.put([message("a")])
    assert {0o600} == {path.stat().st_mode & 0o777 for path in tmp_path.glob("arrivals-*")}
    arrivals.close()


def test_what_is_set_down_is_synced_before_it_is_acknowledged_and_no_other_process_shares_the_log(tmp_path):
    with closing(Arrivals(tmp_path)) as arrivals:
        said = [arrivals._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "locking_mode")]
    assert ["wal", 2, "exclusive"] == said


def test_a_folder_that_takes_no_file_is_told_with_the_way_out(tmp_path):
    with pytest.raises(LedgerUnusable, match="cannot be written: No such file or directory") as told:
        Arrivals(tmp_path / "gone")
    assert "ls -ld" in told.value.help


def test_what_is_set_down_in_a_file_that_nobody_finds_again_is_not_acknowledged(tmp_path):
    with closing(Arrivals(tmp_path)) as arrivals:
        arrivals.moved(arrivals.put([message("m1")]))
        (file,) = tmp_path.glob("arrivals-*.sqlite")
        file.unlink()
        with pytest.raises(LedgerUnusable, match="was removed"):
            arrivals.put([message("m2")])
