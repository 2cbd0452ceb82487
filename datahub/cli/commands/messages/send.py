"""Send what is due to others now, as `dhm serve` does by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import Exit, counted, say


def command(
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datetime import UTC, datetime

    from datahub.cli.ledger_runs import opened
    from datahub.project.failures import DataHubError
    from datahub.runner.jobs.posting import send_to

    waits = False
    with opened(env) as (loaded, store):
        channels = store.outbox.due(datetime.now(UTC))
        for channel in channels:
            try:
                sent = send_to(store, loaded, channel)
            except DataHubError as problem:
                say(f"{channel}: {problem.message}")
                waits = True
                continue
            parts = [f"{counted(sent.taken, 'message')} taken"]
            parts += [f"{sent.later:,} sent again later"] if sent.later else []
            parts += [f"{sent.dead:,} set aside"] if sent.dead else []
            parts += [f"closed: {sent.closed}; `dhm messages open {channel}` opens it"] if sent.closed else []
            say(f"{channel}: {', '.join(parts)}")
            waits = waits or bool(sent.later or sent.dead or sent.closed)
    if not channels:
        say("nothing is due")
    raise typer.Exit(Exit.LATER if waits else Exit.DONE)
