"""Start a fake of Mirakl or DJUST on this machine, to try a project or to learn.

It listens on the loopback address alone and keeps everything in memory: `dhm dev mirakl --port 8070`. Ctrl-C ends it.
"""

from __future__ import annotations

from typing import Annotated

import typer

from datahub.cli.output import give


def command(
    server: Annotated[str, typer.Argument(help="`mirakl` or `djust`.", metavar="mirakl|djust")],
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0, max=65535)] = 0,
    pace: Annotated[float, typer.Option(help="How strictly call frequencies are asked for: 1 as Mirakl does, 0 not at all.", min=0)] = 1.0,
) -> None:
    import threading

    from datahub.dev import djust, mirakl
    from datahub.dev.serving import FakeServer

    match server:
        case "mirakl":
            shop = mirakl.FakeMirakl(pace=pace)
            one = FakeServer(shop, port)
            shop.url = one.url
            says = f"send `Authorization: {mirakl.KEY}`"
        case "djust":
            fake = djust.FakeDjust()
            one = FakeServer(fake, port)
            fake.url = one.url
            says = f"ask {one.url}/oauth/token for a token as client `{djust.CLIENT}` with the secret `{djust.SECRET}`"
        case _:
            raise typer.BadParameter(f"there is no fake of `{server}`: there are `mirakl` and `djust`")
    with one:
        give(f"{server} listens on {one.url}; {says}\n")
        threading.Event().wait()
