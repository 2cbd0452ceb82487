"""The ids of runs: what a person types, and what files are called by."""

from __future__ import annotations

import secrets
import sqlite3
from datetime import datetime, timedelta

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
"""Without those that look like another; in the order of their codes."""
_IDS = len(_LETTERS) ** 5


def new_id(sql: sqlite3.Connection, now: datetime) -> str:
    """Readable, never given before, and in the order in which runs are let in, also within a second: files are called by it."""
    second = f"{now:%Y%m%d-%H%M%S}-"
    last = sql.execute("SELECT max(id) FROM run WHERE id > ? AND id < ?", (second, second + "~")).fetchone()[0]
    number = secrets.randbelow(_IDS // 4) if last is None else _number_of(last.removeprefix(second)) + 1 + secrets.randbelow(_IDS >> 15)
    if number >= _IDS:
        return new_id(sql, now + timedelta(seconds=1))
    return second + "".join(_LETTERS[number >> bits & 31] for bits in (20, 15, 10, 5, 0))


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number << 5 | _LETTERS.index(letter)
    return number
