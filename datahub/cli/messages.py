"""A message that a command names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datahub.cli.output import Stop

if TYPE_CHECKING:
    from datahub.project.load import Loaded
    from datahub.state.records import Message
    from datahub.state.store import StateStore


def one_message(store: StateStore, id: str) -> tuple[str, Message]:
    """The box of a message, and the message."""
    for name, box in (("in", store.inbox), ("out", store.outbox)):
        found = box.get(id)
        if found is not None:
            return name, found
    raise Stop(f"there is no message `{id}`", "`dhm messages ls` lists them")


def lacking(loaded: Loaded, message: Message) -> str:
    """What the project takes from the messages of an address, and this one does not have, in words; nothing where it has all."""
    import msgspec

    from datahub.events.endpoint import at
    from datahub.project.trigger import Webhook

    triggers = [trigger for job in loaded.project.jobs.values() for trigger in job.triggers]
    hooks = [one for one in triggers if isinstance(one, Webhook) and one.path == message.channel]
    if not hooks or not message.body:
        return ""
    content = msgspec.json.decode(message.body)
    wanted = dict.fromkeys(path for hook in hooks for path in (hook.key, *hook.parameters.values()) if path)
    missing = [f"`{path}`" for path in wanted if not at(content, path)]
    return f"it has no text or number at {', '.join(missing)}" if missing else ""
