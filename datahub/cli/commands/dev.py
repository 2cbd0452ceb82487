"""Start a fake of Mirakl or DJUST, or an SFTP server over a folder, on this machine: to try a project, or to learn.

It listens on the loopback address alone, and the fakes keep everything in memory: `dhm dev mirakl --port 8070`. Ctrl-C ends it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from datahub.cli.output import Stop, give

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


def command(
    server: Annotated[str, typer.Argument(help="`mirakl`, `djust` or `sftp`.", metavar="mirakl|djust|sftp")],
    port: Annotated[int, typer.Option(help="The port; 0 takes a free one.", min=0, max=65535)] = 0,
    pace: Annotated[
        float,
        typer.Option(
            help="How strictly call frequencies are asked for: 1 as Mirakl does, 0 not at all; the connection says so too, frequency = 0.",
            min=0,
        ),
    ] = 1.0,
    orders: Annotated[
        Path | None,
        typer.Option(help="A file with the orders of the `mirakl` shop; it has three.", exists=True, dir_okay=False),
    ] = None,
    folder: Annotated[Path, typer.Option(help="The folder that `sftp` serves.", file_okay=False, exists=True)] = Path(),
) -> None:
    import threading

    try:
        match server:
            case "mirakl":
                one, says = _mirakl(port, pace, orders)
            case "djust":
                one, says = _djust(port)
            case "sftp":
                one, says = _sftp(port, folder)
            case _:
                raise typer.BadParameter(f"there is no fake of `{server}`: there are `mirakl`, `djust` and `sftp`")
    except OSError as problem:
        raise Stop(f"port {port} cannot be listened on: {problem.strerror or problem}", "leave `--port` out to take a free one") from None
    with one:
        give(f"{server} listens on {says}\n")
        threading.Event().wait()


def _mirakl(port: int, pace: float, orders: Path | None) -> tuple[AbstractContextManager[object], str]:
    from datahub.dev.mirakl import KEY, FakeMirakl
    from datahub.dev.mirakl_orders import sample_orders
    from datahub.dev.serving import FakeServer

    shop = FakeMirakl(pace=pace, orders=sample_orders() if orders is None else _orders_in(orders))
    one = FakeServer(shop, port)
    shop.url = one.url
    # A connection keeps Mirakl's frequencies by itself, whatever the other side allows.
    often = f"; for imports at this pace write `frequency = {60 * pace:g}` in the connection" if pace < 1 else ""
    return one, f"{one.url}; send `Authorization: {KEY}`{often}"


def _orders_in(file: Path) -> list[dict[str, Any]]:
    import json

    try:
        told = json.loads(file.read_bytes())
        found = told["orders"] if isinstance(told, dict) else told
        return [{"order_id": str(one["order_id"]), "order_state": "SHIPPING", "last_updated_date": "", **one} for one in found]
    except (ValueError, KeyError, TypeError):
        raise typer.BadParameter(f'`{file}` is no list of orders: write `[{{"order_id": …}}]`, or what OR11 answers') from None


def _djust(port: int) -> tuple[AbstractContextManager[object], str]:
    from datahub.dev.djust import CLIENT, PASSWORD, SECRET, USER, FakeDjust
    from datahub.dev.serving import FakeServer

    fake = FakeDjust()
    one = FakeServer(fake, port)
    fake.url = one.url
    person = f"the grant `password` has the user `{USER}` with the password `{PASSWORD}`"
    return one, f"{one.url}; ask {one.url}/oauth/token for a token as client `{CLIENT}` with the secret `{SECRET}`; {person}"


def _sftp(port: int, folder: Path) -> tuple[AbstractContextManager[object], str]:
    from datahub.dev.sftp import PASSWORD, USER, SftpFolder

    one = SftpFolder(folder.resolve(), port)
    return one, f"127.0.0.1:{one.port}; log in as `{USER}` with the password `{PASSWORD}`; its key is {one.fingerprint}"
