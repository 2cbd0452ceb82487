"""Let messages be sent again to a receiver that had said that it wants no more."""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import Stop, say


def command(
    connection: Annotated[str, typer.Argument(help="The connection.", show_default=False)],
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
) -> None:
    from datetime import UTC, datetime

    from datahub.cli.ledger_runs import opened
    from datahub.cli.switching import person

    with opened(env) as (_, store):
        if not store.outbox.open_channel(connection):
            raise Stop(f"messages to `{connection}` are not held back")
        store.audit(person(), "open", connection, datetime.now(UTC))
    say(f"messages to `{connection}` are sent again")
