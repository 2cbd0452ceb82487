"""Write down the key of an SFTP host, once a person has compared it.

The key's fingerprint is shown; compare it with the one that the host's owner gives you by another way, and say yes. Where nobody
can answer, `--fingerprint` says which key is the right one, and any other is refused. The key goes into the file that the
connection names by `known_hosts`, which belongs to the project.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from datahub.cli.connections import Env, Name, Set
from datahub.cli.output import Exit, Stop, give, say


def command(
    name: Name,
    fingerprint: Annotated[str, typer.Option(help="The fingerprint of the right key: SHA256:…", metavar="SHA256", show_default=False)] = "",
    env: Env = "",
    set: Set = None,
) -> None:
    from datahub.cli.connections import connection, world_told
    from datahub.cli.project import project
    from datahub.connectors.kinds.sftp import Sftp, known_hosts

    read = project(env, given=set or [])
    one, _ = connection(read, name)
    if not isinstance(one, Sftp):
        raise Stop(f"`{name}` is of kind `{one.kind}`; only hosts that speak SSH have such keys")
    from datahub.connectors.ssh_keys import known_keys, remember, shown_key

    file = known_hosts(one, read.folder)
    with world_told():
        key = shown_key(one)
        known = known_keys(one, file)
    say(f"{one.host}:{one.port} shows a key of kind {key.algorithm}:")
    give(f"{key.fingerprint}\n")
    if one.pins:
        if key.fingerprint.rstrip("=") in {pin.rstrip("=") for pin in one.pins}:
            say(f"it is the one that the `fingerprint` of `{name}` names: nothing is to be written")
            return
        advice = f'compare it with the host\'s owner; if it is theirs, write `fingerprint = "{key.fingerprint}"`'
        raise Stop(f"this is not the key that the `fingerprint` of `{name}` names", advice, code=Exit.WRONG)
    if fingerprint and fingerprint.rstrip("=") != key.fingerprint.rstrip("="):
        raise Stop("this is not the key that was named", "ask the host's owner whether it has a new one", code=Exit.WRONG)
    if key.fingerprint in known:
        say(f"it is known already, by {one.known_hosts}: nothing is to be written")
        return
    if known:
        say(f"Known so far: {', '.join(known)}. This is another: either the host has a new one, or somebody stands between.")
    if not fingerprint and not _agreed():
        raise Stop("nothing was written", code=Exit.WRONG)
    remember(key, file)
    say(f"written to {one.known_hosts}")


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise Stop("nobody is there to compare the key", "name it: `--fingerprint SHA256:…`")
    say("Compare it with what the host's owner says it is. Is it the same? Type `yes`:")
    return sys.stdin.readline().strip().lower() == "yes"
