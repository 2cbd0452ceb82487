"""Messages in the ledger as the rest of the house sees it: each is taken once, and has an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from datahub.state.records import Message, MessageState


class Messages(Protocol):
    """Messages in or out; the same id is taken once."""

    def put(self, messages: Sequence[Message]) -> Sequence[bool]:
        """Take messages in one transaction; for each, whether it is new."""

    def same(self, messages: Sequence[Message]) -> Sequence[bool]:
        """For each message, whether what is known under its id said the same."""

    def get(self, id: str) -> Message | None: ...
    def claim(self, channel: str, now: datetime, limit: int, blocked: bool = True, *, behind_dead: bool = True) -> Sequence[Message]:
        """The next messages; `blocked`: none whose key has an earlier one that is not done. Not `behind_dead`: nor one that is dead."""

    def unclaim(self, id: str) -> None:
        """Make a claimed message new again, as if it had never been."""

    def release_all(self, channel: str) -> int:
        """Make all claimed messages of a channel new again, where nobody can be at work on them."""

    def again(self, id: str) -> bool:
        """Let a message that is dead or done be taken up once more, from its first attempt on."""

    def overtaken(self, id: str) -> str:
        """The message that is done which came last of those behind this one about the same thing; empty where there is none."""

    def due(self, now: datetime) -> Sequence[str]:
        """The channels that have something which can be sent now."""

    def closed(self, channel: str) -> str:
        """Why nothing is sent to a channel any more; empty where it is open."""

    def close_channel(self, channel: str, reason: str, now: datetime) -> None: ...
    def open_channel(self, channel: str) -> bool:
        """Let messages be sent to a channel again; whether it was closed."""

    def mark(self, id: str, state: MessageState, *, reason: str = "", not_before: datetime | None = None) -> None: ...
    def settled(self, run: str, *, taken: bool, reason: str) -> None:
        """What became of the message that a run was started by: one that failed is a dead letter until it, or another run, succeeds."""

    def release(self, before: datetime) -> int:
        """Make claimed messages whose worker is gone new again."""

    def list(self, state: str = "", limit: int = 100) -> Sequence[Message]: ...
    def counts(self) -> Mapping[str, int]: ...
    def digests(self, limit: int) -> Mapping[str, str]:
        """The SHA-256 of what the latest messages said, by id."""

    def newest(self, channel: str, key: str, version: str) -> str:
        """The highest version that was done of a key among those of the kind of `version`, its first letter; empty where there is none."""

    def empty(self, states: Sequence[MessageState], before: datetime, channel: str = "", besides: Sequence[str] = ()) -> int:
        """Remove what messages said that came before an instant and ended so, of one channel or of all `besides` some; that they came
        stays known. How many."""

    def forget(self, before: datetime) -> int:
        """Remove messages that came before an instant and have ended; how many. They would be new if they came again."""
