"""A message that a command names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datahub.cli.output import Stop

if TYPE_CHECKING:
    from datahub.state.records import Message
    from datahub.state.store import StateStore


def one_message(store: StateStore, id: str) -> tuple[str, Message]:
    """The box of a message, and the message."""
    for name, box in (("in", store.inbox), ("out", store.outbox)):
        found = box.get(id)
        if found is not None:
            return name, found
    raise Stop(f"there is no message `{id}`", "`dhm messages ls` lists them")
