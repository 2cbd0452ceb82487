"""Sign a pack, so that those who use it know that it comes from you: the signature is written beside its archive.

PACK is an archive that `dhm pack build` wrote, or a folder. The key is an Ed25519 key as `ssh-keygen -t ed25519` makes it; its public
half goes into `signers` of the pack in dhm.toml of those who use it.

Exit codes: 0 signed, 1 the pack or the key is not what it should be, 2 wrong usage.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from datahub.cli.output import Stop, give, say


def command(
    pack: Annotated[Path, typer.Argument(help="The archive or folder of the pack.")],
    key: Annotated[Path, typer.Option(help="The private key.")],
) -> None:
    from datahub.cli.packs import failures_told, opened_or_stop
    from datahub.packs.signatures import ENDING, added, signed

    made = opened_or_stop(pack)
    try:
        private = key.expanduser().read_bytes()
    except OSError as problem:
        raise Stop(f"the key `{key}` cannot be read: {problem.strerror}") from None
    place = pack.resolve().with_name(pack.resolve().name + ENDING)
    with failures_told():
        one = signed(made, private, _passphrase(private))
        text = added(place.read_bytes() if place.is_file() else None, one, str(place))
    place.write_bytes(text)
    say(f"signed {made.called} as {one.key}")
    give(f"{pack.with_name(pack.resolve().name + ENDING)}\n")


def _passphrase(private: bytes) -> bytes | None:
    """What opens the key, asked for where it needs anything and somebody is there to answer."""
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        load_ssh_private_key(private, None)
    except TypeError:
        asked: str = typer.prompt("passphrase of the key", hide_input=True, err=True) if sys.stdin.isatty() else ""
        return asked.encode() or None
    except Exception:  # noqa: BLE001  whatever is wrong with it is told where it is read to sign
        return None
    return None
