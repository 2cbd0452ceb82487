"""Failures of the world, the only exceptions that pass between layers: DataHubError ← TransientError, TerminalError.

What a user wrote wrongly is a diagnostic, what is wrong with a row is an issue, and a mistake of ours is left to crash.
"""

from __future__ import annotations


class DataHubError(Exception):
    """Something outside the program failed: what, and what to do about it."""

    untouched = False
    """Whether the other side is for certain as it was before it was asked: it was not reached, or has refused all of it."""

    tries = 0
    """How often it was tried by who speaks to the other side, where its connection says how often that is: nobody else adds to it."""

    def __init__(self, message: str, help: str = "") -> None:
        # A name on another host may have bytes that are no text: what is told is shown, and kept, as text all the same.
        self.message, self.help = (text.encode("utf-8", "backslashreplace").decode() for text in (message, help))
        super().__init__(self.message)

    def add(self, words: str) -> None:
        """Say more of what failed."""
        self.message += words
        self.args = (self.message,)


class TransientError(DataHubError):
    """Trying again later may work: a lost connection, a busy server. `wait` is how many seconds the other side asked for."""

    def __init__(self, message: str, help: str = "", *, wait: float | None = None) -> None:
        super().__init__(message, help)
        self.wait = wait


class TerminalError(DataHubError):
    """Trying again cannot work: a refused password, a missing folder, a variable that is not set."""
