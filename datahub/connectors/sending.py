"""What a sender is: the way of rows to a target that takes them in batches, each under a key, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from datahub.project.failures import TransientError
from datahub.records import record

UNSAID = "UNSAID"
"""The code of rows of which a success should say what became of them, and does not: they may have been taken."""
DOUBTFUL = frozenset({UNSAID, "409"})
"""Codes of rows that come back, and may have been taken: so may be what is at odds with what was being done."""


@record(frozen=True, slots=True)
class Refusal:
    """One row of a batch that the other side took in and would not have: which (from 0), its code, what is wrong."""

    row: int
    code: str
    message: str


@record(frozen=True, slots=True)
class Answer:
    """What the other side said to a batch: a reference to find it by, and the rows that it refused."""

    reference: str = ""
    refused: tuple[Refusal, ...] = ()


class Uncertain(TransientError):
    """Nobody knows whether what was sent has arrived: the answer was lost on its way."""


@runtime_checkable
class Sender(Protocol):
    """Where one target of a job goes, in batches of rows, each sent whole under a key.

    `keyed`: the other side does a key once, however often it is sent; then whatever was lost is sent again. `rows` is how
    many rows a batch has at most. `render` is a function of the rows alone: what it gives is the same on every attempt.
    """

    @property
    def keyed(self) -> bool: ...
    @property
    def rows(self) -> int: ...

    @property
    def address(self) -> str:
        """Where batches go, in words without a secret: what another sender with the same address sends, goes there too."""
        ...

    @property
    def manner(self) -> str:
        """How rows are told there: by which method, in which form. The same row told in another manner says something else."""
        ...

    @property
    def replaces(self) -> bool:
        """Whether the other side deletes what it is not given beside a row, so that all rows must go."""
        ...

    def render(self, rows: Any) -> bytes:
        """The body for a table of rows."""
        ...

    def send(self, body: bytes, key: str, about: Mapping[str, str] | None = None) -> Answer:
        """Send one batch. `Uncertain` where it may have arrived; any other failure says that it has not, and is `untouched` where
        that holds of each of its rows, whatever the other side does with a part.

        `about` has the values of the row where the batch is a document of one, by their names in capitals.
        """
        ...

    def arrived(self, key: str) -> bool | None:
        """Whether a batch has arrived; None where the other side cannot tell."""
        ...

    def close(self) -> None: ...
