"""Let messages be taken up once more: one that came in starts a run again, one that goes out is sent again under its id.

One that goes out waits for a word more (`--older`) where its receiver has taken a newer one about the same thing since: sent now, the older
would be the last that they hear.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import Stop, counted, say


def command(
    messages: Annotated[list[str] | None, typer.Argument(help="Their ids.", show_default=False)] = None,
    dead: Annotated[bool, typer.Option("--dead", help="All that are dead.")] = False,
    older: Annotated[bool, typer.Option("--older", help="Also where a newer one about the same thing was taken since.")] = False,
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datetime import UTC, datetime

    from datahub.cli.ledger_runs import opened
    from datahub.cli.messages import one_message
    from datahub.cli.switching import person
    from datahub.state.records import MessageState

    if bool(messages) == dead:
        raise Stop("say which messages", "name them, or write `--dead` for all that are")
    with opened(env) as (_, store):
        boxes = {"in": store.inbox, "out": store.outbox}
        found = [one_message(store, id) for id in messages or ()]
        if dead:
            found = [(name, one) for name, box in boxes.items() for one in box.list(MessageState.DEAD, 1_000_000)]
        # The oldest first, so that messages about one thing keep their order.
        again = 0
        for name, one in reversed(found):
            newer = "" if older or name == "in" else boxes[name].overtaken(one.id)
            if newer:
                taken = f"`{one.channel}` has taken `{newer}` about `{one.key}` since"
                say(f"`{one.id}` is not taken up: {taken}, and would have an older state last; `--older` sends it all the same")
            elif boxes[name].again(one.id):
                store.audit(person(), "replay", one.id, datetime.now(UTC))
                again += 1
            else:
                why = "it waits already" if one.body else "what it said has been removed"
                say(f"`{one.id}` is not taken up: {why}")
    say(f"{counted(again, 'message')} taken up: `dhm serve` goes on with {'it' if again == 1 else 'them'}, or `dhm messages send` does now")
