"""Run the jobs of the project when they are due, until told to end.

Every run is a process of its own. What is due, waits or broke off is in the ledger: several of these may be at work at once, and one
that was killed goes on where it was when it is started again. SIGTERM lets the runs at work come to a good place (30 s); a second one
does not. dhm.toml is read again when it changes.

With --listen, messages to `/hooks/NAME` start the jobs whose triggers name it; `/healthz`, `/readyz` and `/metrics` are for operators.
An address that other machines reach needs --tls-cert and --token, or a proxy before it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from datahub.cli.output import Exit, Log, log_as

SWITCH = 0.0005
"""How long a thread may keep others waiting, in seconds."""


def command(
    env: Annotated[str, typer.Option(help="The environment, dhm.ENV.toml.", metavar="ENV", show_default=False)] = "",
    workers: Annotated[int, typer.Option(help="How many runs are at work at once.", min=1, max=256)] = 4,
    listen: Annotated[
        str, typer.Option(help="Take messages at this address, such as 127.0.0.1:8787.", metavar="HOST:PORT", show_default=False)
    ] = "",
    behind_proxy: Annotated[bool, typer.Option("--behind-proxy", help="A proxy with TLS stands before it.")] = False,
    token: Annotated[
        str, typer.Option(help="Who reads figures shows this, a reference.", metavar="'${env:NAME}'", show_default=False)
    ] = "",
    tls_cert: Annotated[Path | None, typer.Option(help="A certificate, as PEM; read again when renewed.", show_default=False)] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its key, where that is another file.", show_default=False)] = None,
    log: Annotated[Log, typer.Option(help="Lines for people, or a JSON object a line.")] = Log.TEXT,
) -> None:
    import signal
    import sys
    from datetime import UTC, datetime

    from datahub.cli.ledger_runs import opened
    from datahub.cli.libraries import libraries_told
    from datahub.cli.listening import Listen, listening
    from datahub.cli.output import say
    from datahub.cli.serving import Declared, launcher, told, warned
    from datahub.cli.switching import person
    from datahub.runner.jobs.arrivals import Arrivals
    from datahub.runner.jobs.posting import Posting
    from datahub.runner.jobs.pruning import Pruning
    from datahub.runner.jobs.serve import Loop

    log_as(log, env=env)
    libraries_told()
    # What writes messages down waits for its turn at every step of the database, five milliseconds each time unless it is said.
    sys.setswitchinterval(SWITCH)
    with opened(env) as (loaded, store):
        # Written down before anything else: on a ledger that cannot be written nothing is served.
        store.audit(person(), "serve", str(loaded.folder), datetime.now(UTC))
        declared = Declared(loaded)
        loop = Loop(store, declared.jobs, launcher(loaded), lambda: datetime.now(UTC), told, workers)
        loop.warn, loop.obstacle = warned, declared.broken
        loop.tend = [made(store, lambda: declared.loaded, told).tend for made in (Posting, Pruning)]
        loop.look = Arrivals(store, lambda: declared.loaded, told, loop.wake.set).look
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, loop.stop)
        count = len(declared.jobs())
        with listening(Listen(listen, behind_proxy, token, tls_cert, tls_key), loaded, loop, lambda: declared.current):
            say(f"serving {count} job{'s' if count != 1 else ''} of {loaded.folder}{f' in {env}' if env else ''}; SIGTERM ends it")
            loop.run()
            told("", "ended")
    raise typer.Exit(Exit.TERMINATED)
