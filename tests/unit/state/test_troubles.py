"""A ledger that cannot be used says so, with the exact way out; and what it says to type works."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from datahub.state.records import Admission, Fire, FireKind, Message
from datahub.state.sqlite import ledger as ledgers
from datahub.state.sqlite.ledger import SqliteLedger
from datahub.state.sqlite.schema import VERSIONS
from datahub.state.sqlite.troubles import trouble
from datahub.state.store import LedgerUnusable

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    """A ledger with a run in it, and its copy."""
    path = tmp_path / "ledger.sqlite"
    store = SqliteLedger(path)
    store.runs.submit(Fire("offers", FireKind.CRON, NOON), Admission(), NOON)
    store.backup()
    store.close()
    return path


def refused(path, **more):
    with pytest.raises(LedgerUnusable) as caught:
        SqliteLedger(path, **more)
    return caught.value


def typed(help):
    """Type what the help shows first."""
    subprocess.run(re.findall("`([^`]+)`", help)[0], shell=True, check=True)


def damage(path):
    data = bytearray(path.read_bytes())
    data[4096:8192] = os.urandom(4096)
    path.write_bytes(data)


def test_a_damaged_ledger_is_refused_and_its_copy_brings_it_back(path):
    damage(path)
    problem = refused(path)
    assert "damaged" in problem.message
    assert "page" in problem.message.lower()
    typed(problem.help)
    store = SqliteLedger(path)
    assert ["offers"] == [run.job for run in store.runs.list()]
    store.close()


def _read_all(path):
    with closing(SqliteLedger(path)) as store:
        for (table,) in store.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"):
            store.rows(f"SELECT * FROM {table}")


def test_a_large_ledger_is_read_whole_before_its_copy_is_replaced_and_not_each_time(path, monkeypatch):
    monkeypatch.setattr(ledgers, "CHECKED_ALWAYS", 0)
    damage(path)
    # What is damaged is met when it is read, and told in the same words.
    with pytest.raises(LedgerUnusable) as caught:
        _read_all(path)
    assert "damaged" in caught.value.message
    copy = path.with_name("ledger.sqlite.backup")
    before = copy.read_bytes()
    os.utime(copy, (0, 0))
    problem = refused(path)
    assert "damaged" in problem.message
    assert before == copy.read_bytes()
    typed(problem.help)
    SqliteLedger(path).close()


@pytest.mark.parametrize("places", [range(8192, 1 << 20, 700), range(100, 4096, 61)], ids=["pages", "schema"])
def test_bytes_that_are_no_text_are_damage_wherever_they_stand(path, places):
    data = bytearray(path.read_bytes())
    for place in places:
        if place < len(data):
            data[place] ^= 0xFF
    path.write_bytes(data)
    assert "damaged" in refused(path).message


def test_a_cell_that_is_no_text_is_damage(path):
    with closing(SqliteLedger(path)) as store:
        store.rows("SELECT 1")
        with pytest.raises(LedgerUnusable, match="is damaged: it has bytes that are no text"):
            store.rows("SELECT CAST(x'ff' AS TEXT)")


@pytest.mark.parametrize("content", [b"", b"no database at all, whatever its name says" * 100])
def test_what_is_no_ledger_any_more_is_refused(path, content):
    path.write_bytes(content)
    assert "damaged" in refused(path).message


def test_a_truncated_ledger_is_refused(path):
    os.truncate(path, 5000)
    assert "damaged" in refused(path).message


def test_without_a_copy_a_new_ledger_can_be_started(path):
    path.with_name("ledger.sqlite.backup").unlink()
    damage(path)
    typed(refused(path).help)
    store = SqliteLedger(path)
    assert () == store.runs.list()
    store.close()


def test_another_programs_database_is_left_alone(tmp_path):
    path = tmp_path / "ledger.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    assert "no ledger of DataHub" in refused(path).message


def test_a_ledger_of_a_newer_version_is_refused(path):
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    problem = refused(path)
    assert "version 99" in problem.message
    # Its copy may be as new, and then is no way back.
    assert "cp " not in problem.help


def test_the_copy_that_was_made_of_an_older_version_stays_for_the_way_back(path):
    with closing(SqliteLedger(path, versions=(*VERSIONS, "CREATE TABLE more (x TEXT)"))) as store:
        store.runs.submit(Fire("offers", FireKind.CRON, NOON.replace(year=2027)), Admission(), NOON)
        store.keep_copy()
    typed(refused(path).help.partition("since: ")[2])
    with closing(SqliteLedger(path)) as store:
        assert 1 == len(store.runs.list())


def test_a_copy_is_kept_of_what_is_known_and_none_of_what_is_damaged(path):
    copy = path.with_name("ledger.sqlite.backup")
    with closing(SqliteLedger(path)) as store:
        store.runs.submit(Fire("offers", FireKind.CRON, NOON.replace(year=2027)), Admission(), NOON)
        store.keep_copy()
        with closing(sqlite3.connect(copy)) as other:
            assert [(2,)] == other.execute("SELECT count(*) FROM run").fetchall()
        before = copy.read_bytes()
        damage(path)
        store.keep_copy()
    assert before == copy.read_bytes()


def test_a_locked_ledger_says_who_to_ask_and_that_trying_again_helps(path):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    problem = refused(path, wait=0.05)
    assert problem.later
    assert "fuser" in problem.help
    other.execute("COMMIT")
    other.close()


def test_a_ledger_that_may_not_be_written_says_so():
    other = sqlite3.connect(":memory:")
    other.execute("PRAGMA query_only = ON")

    def write():
        with trouble(Path("x.sqlite"), 1):
            other.execute("CREATE TABLE t (x)")

    with pytest.raises(LedgerUnusable) as caught:
        write()
    other.close()
    assert "cannot be written" in caught.value.message


def test_a_full_disk_loses_nothing_that_was_committed(path):
    store = SqliteLedger(path)
    pages = store.rows("PRAGMA page_count")[0][0]
    store.rows(f"PRAGMA max_page_count = {pages}")

    def fill():
        for minute in range(1000):
            store.runs.submit(Fire("offers" * 100, FireKind.CRON, NOON.replace(microsecond=minute)), Admission(), NOON)

    with pytest.raises(LedgerUnusable) as caught:
        fill()
    assert caught.value.later
    assert "no room" in caught.value.message
    store.rows("PRAGMA max_page_count = 1000000")
    kept = len(store.runs.list(limit=10_000))
    assert store.runs.submit(Fire("offers", FireKind.CRON, NOON.replace(year=2027)), Admission(), NOON) is not None
    store.close()
    again = SqliteLedger(path)
    assert kept + 1 == len(again.runs.list(limit=10_000))
    again.close()


def test_a_ledger_on_a_network_file_system_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("datahub.state.sqlite.troubles._file_system", lambda folder: "nfs4")
    assert "network" in refused(tmp_path / "ledger.sqlite").message


def test_an_older_ledger_is_brought_up_to_date_and_a_copy_of_it_kept(path):
    versions = (*VERSIONS, "CREATE TABLE more (x TEXT); ALTER TABLE hub ADD COLUMN note TEXT")
    store = SqliteLedger(path, versions=versions)
    assert 1 == len(store.runs.list())
    assert [] == store.rows("SELECT x FROM more")
    store.close()
    copy = sqlite3.connect(path.with_name("ledger.sqlite.backup"))
    assert (len(VERSIONS),) == copy.execute("PRAGMA user_version").fetchone()
    copy.close()


def test_messages_of_an_older_ledger_are_held_against_those_that_come_again(tmp_path):
    path = tmp_path / "ledger.sqlite"
    with closing(SqliteLedger(path, versions=VERSIONS[:2])) as old, old.writing() as sql:
        sql.execute(
            "INSERT INTO message (box, id, channel, key, kind, version, body, received, state) VALUES ('in','a','c','','','',?,?,'new')",
            (b"{}", NOON.isoformat()),
        )
    with closing(SqliteLedger(path)) as store:
        said = Message("a", "c", "", b"{}", NOON)
        assert ((False,), (True,)) == (tuple(store.inbox.put([said])), tuple(store.inbox.same([said])))


def test_a_migration_that_breaks_leaves_the_ledger_as_it_was(path):
    with pytest.raises(sqlite3.OperationalError):
        SqliteLedger(path, versions=(*VERSIONS, "CREATE TABLE more (x TEXT); nonsense"))
    store = SqliteLedger(path)
    assert [] == store.rows("SELECT name FROM sqlite_schema WHERE name = 'more'")
    store.close()


def test_the_journal_is_never_the_write_ahead_log(path):
    store = SqliteLedger(path)
    assert "truncate" == store.rows("PRAGMA journal_mode")[0][0]
    assert 2 == store.rows("PRAGMA synchronous")[0][0]
    store.close()


def test_a_ledger_and_its_copy_are_nobody_elses(path):
    assert [0o600, 0o600] == [one.stat().st_mode & 0o777 for one in (path, path.with_name("ledger.sqlite.backup"))]


def test_a_ledger_that_was_being_made_is_made_again(tmp_path, monkeypatch):
    path = tmp_path / "ledger.sqlite"
    monkeypatch.setattr(ledgers, "_install", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        SqliteLedger(path)
    monkeypatch.undo()
    assert not path.exists()
    SqliteLedger(path).close()
    assert {"ledger.sqlite", "ledger.sqlite-journal", "ledger.sqlite.backup"} >= {one.name for one in tmp_path.iterdir()}


def test_whoever_only_looks_changes_nothing(path):
    before = path.read_bytes()
    store = SqliteLedger(path, look=True)
    assert ["offers"] == [run.job for run in store.runs.list()]
    with pytest.raises(LedgerUnusable):
        store.runs.submit(Fire("orders", FireKind.CRON, NOON), Admission(), NOON)
    store.close()
    assert before == path.read_bytes()


def test_whoever_only_looks_into_an_older_ledger_sees_it_as_it_would_be_now(path):
    versions = (*VERSIONS, "CREATE TABLE more (x TEXT)")
    with closing(SqliteLedger(path, look=True, versions=versions)) as store:
        assert (1, []) == (len(store.runs.list()), store.rows("SELECT x FROM more"))
    with closing(sqlite3.connect(path)) as same:
        assert (len(VERSIONS),) == same.execute("PRAGMA user_version").fetchone()


def test_whoever_looks_after_a_process_was_killed_while_it_wrote_sees_what_was_committed(path):
    script = (
        "import os, signal, sqlite3, sys\n"
        "ledger = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "ledger.execute('PRAGMA journal_mode = TRUNCATE'); ledger.execute('PRAGMA cache_size = 1')\n"
        "ledger.execute('BEGIN IMMEDIATE')\n"
        "for n in range(5000): ledger.execute('INSERT INTO audit VALUES (?, ?, ?, ?)', ('x' * 100, 'y' * 100, 'z', str(n)))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -9
    assert path.with_name("ledger.sqlite-journal").stat().st_size
    store = SqliteLedger(path, look=True)
    assert [] == store.rows("SELECT * FROM audit")
    assert 1 == len(store.runs.list())
    store.close()


@pytest.mark.parametrize("how", ["removed", "replaced", "its folder removed"])
def test_a_ledger_that_loses_its_name_while_it_is_open_is_written_no_more(path, how):
    with closing(SqliteLedger(path)) as store:
        match how:
            case "removed":
                path.unlink()
            case "replaced":
                path.with_name("ledger.sqlite.backup").rename(path)
            case _:
                path.parent.rename(path.parent.with_name("elsewhere"))
        for use in (store.runs.list, lambda: store.audit("me", "serve", "x", NOON)):
            with pytest.raises(LedgerUnusable, match="was removed, or another was put in its place, while it was in use") as caught:
                use()
            assert not caught.value.later


def test_what_a_process_that_was_killed_left_of_a_copy_does_not_stay(path):
    left, old, young = (path.with_name(f".ledger.sqlite.backup.{name}") for name in ("part", "0123456789ab.part", "ba9876543210.part"))
    for one in (left, old, young):
        one.write_bytes(b"half")
    os.utime(old, (yesterday := time.time() - 25 * 3600, yesterday))
    with closing(SqliteLedger(path)) as store:
        store.keep_copy()
    # The young one may be somebody's who is at work.
    assert [young] == list(path.parent.glob(".*.part*"))
    with closing(SqliteLedger(path.with_name("ledger.sqlite.backup"))) as copy:
        assert [] != copy.runs.list()
