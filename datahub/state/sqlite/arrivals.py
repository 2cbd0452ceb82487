"""Messages that have arrived and are not in the ledger yet: a file of one process, on the disk with one sync for many messages.

A transaction of the ledger costs five syncs, because its journal is one that several processes may share. This file belongs to the
process that made it, and SQLite holds it shut for all others: there a write-ahead log has none of the faults that it has between
processes, and costs one sync. What a process that was killed left is brought into the ledger by the next.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock

import msgspec

from datahub.state.records import Message
from datahub.state.sqlite.troubles import arrivals_trouble, identity, shut, still
from datahub.state.store import Messages

VERSION = 1
_NAME = "arrivals-{}.sqlite"


class _Written(msgspec.Struct, array_like=True):
    """A message as it is written here."""

    id: str
    channel: str
    key: str
    kind: str
    version: str
    body: bytes
    received: datetime


_ENCODE, _DECODE = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(list[_Written])


class Arrivals:
    """The file of this process, made in `folder`; it is removed when it is closed, unless something is left in it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME.format(secrets.token_hex(6))
        try:
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as problem:
            raise shut(self._path, problem.strerror or str(problem)) from problem
        self._lock = Lock()
        self._moved = self._last = 0
        with arrivals_trouble(self._path):
            self._connection = _open(self._path)
            self._known = identity(self._path)
            self._connection.execute("CREATE TABLE arrival (number INTEGER PRIMARY KEY, messages BLOB NOT NULL)")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def put(self, messages: Sequence[Message]) -> int:
        """Set messages down; they are on the disk when it returns. By the number `moved` is told of them."""
        rows = [_Written(one.id, one.channel, one.key, one.kind, one.version, one.body, one.received) for one in messages]
        with self._lock, arrivals_trouble(self._path), self._transaction():
            # What has gone on is removed together with what comes, and so without a sync of its own.
            self._connection.execute("DELETE FROM arrival WHERE number <= ?", (self._moved,))
            self._connection.execute("INSERT INTO arrival VALUES (?, ?)", (self._last + 1, _ENCODE.encode(rows)))
        # Nobody finds again what is in a file without a name.
        still(self._path, self._known)
        self._last += 1
        return self._last

    def probe(self) -> None:
        """Find out whether messages can be set down: as many bytes as the smallest of them takes are, and are removed again."""
        with self._lock, arrivals_trouble(self._path):
            for statement in ("INSERT INTO arrival VALUES (-1, ?)", "DELETE FROM arrival WHERE messages = ?"):
                with self._transaction():
                    self._connection.execute(statement, (_ENCODE.encode([]),))

    def moved(self, number: int) -> None:
        """What was set down under this number, and before, is in the ledger."""
        self._moved = number

    def close(self) -> None:
        with self._lock:
            self._connection.close()
            if self._moved == self._last:
                self._path.unlink(missing_ok=True)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def gather(folder: Path, inbox: Messages) -> int:
    """Bring what ended processes have left into the ledger, in the order in which it came; how many messages were new there."""
    return sum(_gathered(path, inbox) for path in sorted(folder.glob(_NAME.format("*")), key=lambda path: path.stat().st_mtime))


def _gathered(path: Path, inbox: Messages) -> int:
    new = 0
    with arrivals_trouble(path), closing(_connected(path)) as connection:
        try:
            _shut(connection)
            if connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is not None:
                for (rows,) in connection.execute("SELECT messages FROM arrival ORDER BY number"):
                    new += sum(inbox.put([_message(one) for one in _DECODE.decode(rows)]))
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                # Its process is alive.
                return 0
            raise
    path.unlink(missing_ok=True)
    return new


def _open(path: Path) -> sqlite3.Connection:
    connection = _connected(path)
    _shut(connection)
    return connection


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def _shut(connection: sqlite3.Connection) -> None:
    """Hold the file shut before its log is opened: it needs no memory that is shared then."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _message(one: _Written) -> Message:
    return Message(one.id, one.channel, one.key, one.body, one.received, one.kind, one.version)
