"""One SQLite file as the ledger: opened with care, migrated, and every trouble with it told with the way out.

The journal is the rollback journal, never the write-ahead log: SQLite up to 3.51.2 can lose committed transactions when
several processes reset a write-ahead log at once, and the SQLite of a machine's Python is as old as the machine.
"""

from __future__ import annotations

import os
import random
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Any

from datahub.durable import named, to_disk
from datahub.state.sqlite.below import Below, cut
from datahub.state.sqlite.deliveries import SqliteCursors, SqliteDeliveries, SqliteRejects
from datahub.state.sqlite.entries import SqliteEntries
from datahub.state.sqlite.items import SqliteItems
from datahub.state.sqlite.leases import SqliteLeases
from datahub.state.sqlite.messages import SqliteMessages
from datahub.state.sqlite.runs import SqliteRuns
from datahub.state.sqlite.schema import APPLICATION, VERSIONS
from datahub.state.sqlite.snapshots import SqliteSnapshots, SqliteSwitches
from datahub.state.sqlite.troubles import before, damaged, foreign, identity, newer, on_a_network, shut, still, trouble
from datahub.state.store import LedgerUnusable

BACKUP_AFTER = 24 * 3600
"""A copy that is older than this many seconds is made anew when the ledger is opened to be written."""
COPIED_ALWAYS = 4_000_000
"""A ledger of so many bytes is copied whenever something is about to be sent, and when it has arrived."""
CHECKED_ALWAYS = 16_000_000
"""A ledger of so many bytes is read whole whenever it is opened, a larger one before its copy is made."""


class SqliteLedger:
    """The ledger in one file; it can be shared by threads, and the file by processes."""

    def __init__(self, path: Path, *, wait: float = 30.0, versions: Sequence[str] = VERSIONS, look: bool = False) -> None:
        """Open the ledger at `path`, making it where there is none; `LedgerUnusable` says what stands in the way.

        `wait` is how many seconds another process may hold it. To `look` makes and changes nothing.
        """
        self.path = path
        self.below = Below(path.parent)
        self._wait = wait
        self._lock = RLock()
        self._depth = 0
        if not look:
            _prepare(path, versions)
        with trouble(path, wait):
            self._connection = _connect(path, wait, look=look)
            _check(self._connection, path, versions)
            if look:
                self._connection = _as_now(self._connection, path, versions)
            else:
                _migrate(self._connection, path, versions)
            self._known = identity(path)
            self._hub = str(self._connection.execute("SELECT id FROM hub").fetchone()[0])
        self.leases = SqliteLeases(self)
        self.runs = SqliteRuns(self)
        self.items = SqliteItems(self)
        self.deliveries = SqliteDeliveries(self)
        self.cursors = SqliteCursors(self)
        self.rejects = SqliteRejects(self)
        self.inbox = SqliteMessages(self, "in")
        self.outbox = SqliteMessages(self, "out")
        self.snapshots = SqliteSnapshots(self)
        self.entries = SqliteEntries(self)
        self.switches = SqliteSwitches(self)

    @property
    def hub(self) -> str:
        return self._hub

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; within another it is part of that one."""
        with self._lock, trouble(self.path, self._wait):
            if self._depth:
                yield self._connection
                return
            still(self.path, self._known)
            self._begin()
            self._depth = 1
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # A commit that could not be made leaves the transaction open.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def _begin(self) -> None:
        """Become the one that writes. SQLite's own waiting ends in pauses of a tenth of a second, and whoever writes one
        transaction after the other never lets those in; short pauses by chance do."""
        until = time.monotonic() + self._wait
        self._connection.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    self._connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError as problem:
                    if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                        raise
                    time.sleep(random.uniform(0.0005, 0.004))
                else:
                    return
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {int(self._wait * 1000)}")

    def together(self) -> Any:
        return self.writing()

    def rows(self, query: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        """What a query gives, all of it."""
        with self._lock, trouble(self.path, self._wait):
            still(self.path, self._known)
            return self._connection.execute(query, values).fetchall()

    def audit(self, actor: str, action: str, object: str, now: datetime) -> None:
        with self.writing() as sql:
            sql.execute("INSERT INTO audit VALUES (?, ?, ?, ?)", (now.astimezone(UTC).isoformat(), actor, action, object))

    def backup(self) -> Path:
        """A copy of the ledger beside it, whole at any instant."""
        return _backup(self._connection, self.path)

    def keep_copy(self) -> None:
        """What is sent from now on is known to the copy, with its keys: who goes back to it sends it under the same ones."""
        if self.path.stat().st_size > COPIED_ALWAYS:
            return
        # The copy is for a day that may never come, and the run is for today.
        # No copy takes the place of a later one: who makes it is the only one that writes, and others may read.
        failing = suppress(OSError, sqlite3.Error, LedgerUnusable)
        with failing, self.writing(), closing(_connect(self.path, self._wait, look=True)) as beside:
            # Nor one of what was damaged meanwhile.
            if beside.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok":
                # Of a copy that was killed the next takes the place.
                _backup(beside, self.path, "part")

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _connect(path: Path, wait: float, *, look: bool = False) -> sqlite3.Connection:
    place = f"{path.resolve().as_uri()}?mode={'rw' if look else 'rwc'}"
    connection = sqlite3.connect(place, timeout=wait, isolation_level=None, check_same_thread=False, cached_statements=256, uri=True)
    _prepared(connection)
    if look:
        # A journal that a killed process left is rolled back all the same, which a file opened to be read could not be.
        connection.execute("PRAGMA query_only = ON")
        return connection
    connection.execute("PRAGMA journal_mode = TRUNCATE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _prepared(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    # For migrations: SQLite has none of its own.
    connection.create_function("sha256", 1, lambda body: sha256(body).hexdigest(), deterministic=True)
    connection.create_function("cut", 2, cut, deterministic=True)


def _prepare(path: Path, versions: Sequence[str]) -> None:
    """A ledger that does not exist is made whole under another name first, so that an empty file is never one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise shut(path, problem.strerror or str(problem)) from problem
    on_a_network(path)
    if path.exists():
        if not path.stat().st_size:
            raise damaged(path, "it is empty")
        return
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        with trouble(path, 0):
            connection = _connect(fresh, 0)
            try:
                _install(connection, versions)
            finally:
                connection.close()
        fresh.chmod(0o600)
        try:
            os.link(fresh, path)
        except FileExistsError:
            # Another process was faster; its ledger is the one.
            pass
        to_disk(path.parent)
    finally:
        for left in (fresh, fresh.with_name(f"{fresh.name}-journal")):
            left.unlink(missing_ok=True)


def _install(connection: sqlite3.Connection, versions: Sequence[str]) -> None:
    from datahub import __version__

    connection.execute("BEGIN IMMEDIATE")
    for script in versions:
        _run_script(connection, script)
    connection.execute("INSERT INTO hub VALUES (1, ?, ?)", (secrets.token_hex(8), __version__))
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {len(versions)}")
    connection.execute("COMMIT")


def _run_script(connection: sqlite3.Connection, script: str) -> None:
    """The statements of a script within the transaction that is open; `executescript` would commit it."""
    for statement in script.split(";"):
        if statement.strip():
            connection.execute(statement)


def _check(connection: sqlite3.Connection, path: Path, versions: Sequence[str]) -> None:
    """Refuse what is damaged. Damage in a page that nobody reads today is found before the copy without it is replaced."""
    current = connection.execute("PRAGMA user_version").fetchone()[0] == len(versions)
    if path.stat().st_size <= CHECKED_ALWAYS or not current or _stale(path):
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            # The first line says in which database, and there is one.
            raise damaged(path, str(answer).splitlines()[-1])
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise foreign(path)


def _as_now(connection: sqlite3.Connection, path: Path, versions: Sequence[str]) -> sqlite3.Connection:
    """The ledger to look into; of an older one a copy in memory that was brought up to date."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(versions):
        raise newer(path, version, len(versions))
    if version == len(versions):
        return connection
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _prepared(copy)
    connection.backup(copy)
    connection.close()
    for script in versions[version:]:
        _run_script(copy, script)
    copy.execute("PRAGMA query_only = ON")
    return copy


def _migrate(connection: sqlite3.Connection, path: Path, versions: Sequence[str]) -> None:
    """Bring an older ledger up to date in one transaction, after a copy of it was made."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(versions):
        raise newer(path, version, len(versions))
    if version == len(versions):
        if _stale(path):
            _backup(connection, path)
        return
    kept = before(path, version)
    with suppress(FileExistsError):
        os.link(_backup(connection, path), kept)
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have done it while this one waited.
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    for script in versions[version:]:
        _run_script(connection, script)
    connection.execute(f"PRAGMA user_version = {len(versions)}")
    connection.execute("COMMIT")


def _stale(path: Path) -> bool:
    """Whether the copy of a ledger is missing or old."""
    copy = _copy_of(path)
    return not copy.exists() or time.time() - copy.stat().st_mtime > BACKUP_AFTER


def _copy_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.backup")


def _backup(connection: sqlite3.Connection, path: Path, part_name: str = "") -> Path:
    """Make the copy of a ledger anew, under a name of its own until it is whole: one that nobody else uses meanwhile, if it is said."""
    copy = _copy_of(path)
    _clear(copy)
    part = copy.with_name(f".{copy.name}.{part_name or f'{secrets.token_hex(6)}.part'}")
    try:
        part.unlink(missing_ok=True)
        target = sqlite3.connect(part, isolation_level=None)
        try:
            # What is half a copy has no name: it is brought to the disk once, as a whole.
            target.execute("PRAGMA journal_mode = OFF")
            target.execute("PRAGMA synchronous = OFF")
            connection.backup(target)
        finally:
            target.close()
        part.chmod(0o600)
        named(part, copy)
    finally:
        part.unlink(missing_ok=True)
    return copy


def _clear(copy: Path) -> None:
    """Remove what processes that were killed left of their copies, once nobody can be writing it any more."""
    for path in copy.parent.glob(f".{copy.name}.*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > BACKUP_AFTER:
                path.unlink()


__all__ = ["LedgerUnusable", "SqliteLedger"]
