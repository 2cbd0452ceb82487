"""List messages, the newest first: those that came in, and those that go out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.listings import Listing, give_json
from datahub.cli.output import Stop, give, say

if TYPE_CHECKING:
    from datahub.project.load import Loaded
    from datahub.state.records import Message

_LONGEST = 60


def command(
    state: Annotated[str, typer.Option(help="Only those that are so: new, claimed, done, dead, superseded.", show_default=False)] = "",
    box: Annotated[str, typer.Option(help="Only those that came `in`, or go `out`.", show_default=False)] = "",
    number: Annotated[int, typer.Option("-n", help="How many of each.", min=1, max=10_000)] = 20,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
    output: Annotated[Listing, typer.Option(help="A table, or one JSON document.")] = Listing.TEXT,
) -> None:
    from datahub.cli.instants import local
    from datahub.cli.ledger_runs import opened
    from datahub.cli.tables import table
    from datahub.state.records import MessageState

    if state and state not in set(MessageState):
        raise Stop(f"`{state}` is no state of a message", f"there are {', '.join(MessageState)}")
    if box not in ("", "in", "out"):
        raise Stop(f"`{box}` is no box", "messages come `in` or go `out`")
    with opened(env) as (loaded, store):
        zone = loaded.project.project.timezone
        found = [("in", one) for one in store.inbox.list(state, number)] if box != "out" else []
        found += [("out", one) for one in store.outbox.list(state, number)] if box != "in" else []
        closed = {one.channel: store.outbox.closed(one.channel) for name, one in found if name == "out"}
    if output is Listing.JSON:
        give_json([_facts(name, one, closed.get(one.channel, "")) for name, one in found])
        return
    if not found:
        say("there are no messages")
        return
    rows = [
        [
            one.id,
            name,
            one.channel,
            _short(one.kind),
            _short(one.key or (_parameters(loaded, one) if name == "in" else "")),
            local(one.received, zone),
            one.state.value,
            str(one.attempts or ""),
            one.reason or (closed[one.channel] if name == "out" and one.state != "done" else ""),
        ]
        for name, one in found
    ]
    give(table(rows, right=(7,), head=("message", "", "with", "type", "about", f"since ({zone})", "", "tried", "")))


def _parameters(loaded: Loaded, message: Message) -> str:
    """What a message without a key tells its run, which tells it from others as well."""
    from datahub.events.endpoint import parameters
    from datahub.project.trigger import Webhook

    triggers = (trigger for job in loaded.project.jobs.values() for trigger in job.triggers)
    hook = next((one for one in triggers if isinstance(one, Webhook) and one.path == message.channel), None)
    told = parameters(hook, message.body) if hook is not None and message.body else {}
    return ", ".join(f"{name} = {value}" for name, value in told.items())


def _short(text: str) -> str:
    """The beginning of what a sender wrote: `--output json` and `dhm messages show` have all of it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _facts(box: str, one: Message, closed: str) -> dict[str, object]:
    return {
        "message": one.id,
        "box": box,
        "with": one.channel,
        "type": one.kind,
        "about": one.key,
        "since": one.received,
        "state": one.state.value,
        "tried": one.attempts,
        "reason": one.reason,
        "closed": closed,
    }
