"""The order in which things were read and sent, counted over all that the ledger knows; it goes on whatever the clock does."""

from __future__ import annotations

import sqlite3


def moment(sql: sqlite3.Connection) -> int:
    """The next; SQLite before 3.35 tells it no other way."""
    sql.execute("UPDATE send_order SET last = last + 1")
    return int(sql.execute("SELECT last FROM send_order").fetchone()[0])
