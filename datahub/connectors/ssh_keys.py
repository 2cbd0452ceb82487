"""Which keys of hosts are trusted: those of a file, or a fingerprint that is written down. Nobody is trusted for being met first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncssh

from datahub.connectors.declare import TerminalError, TransientError
from datahub.connectors.kinds.sftp import Sftp
from datahub.durable import write_whole
from datahub.project.in_words import in_words, said
from datahub.records import record


@record(frozen=True, slots=True)
class HostKey:
    """A key that a host showed: its kind, its fingerprint, and its line for a file of known hosts."""

    algorithm: str
    fingerprint: str
    line: str


def trusted_keys(connection: Sftp, known_hosts: Path) -> Any:
    """What asyncssh takes for the keys that are trusted: none but the pinned ones, or those of the file."""
    if connection.pins:
        return ([], [], [])
    if not known_hosts.is_file():
        raise TerminalError(
            f"the key of {connection.host} is not known: there is no file `{connection.known_hosts}`",
            "`dhm connections trust NAME` shows the key and writes it down; or set `fingerprint`",
        )
    try:
        return asyncssh.read_known_hosts(str(known_hosts))
    except (ValueError, OSError) as problem:
        raise TerminalError(f"`{connection.known_hosts}` cannot be read as keys of hosts: {problem}") from None


class PinnedClient(asyncssh.SSHClient):
    """Trusts a host whose key has one of the fingerprints that are written down."""

    def __init__(self, pins: list[str]) -> None:
        self._pins = {pin.rstrip("=") for pin in pins}
        self._connection: asyncssh.SSHClientConnection | None = None
        self.shown = ""
        """The fingerprint of the key that the host has shown, where nothing else trusts it."""

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._connection = conn

    @property
    def answered(self) -> bool:
        """Whether what listens there has said that it speaks SSH; True too where nothing listens."""
        return self._connection is None or bool(self._connection.get_extra_info("server_version"))

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.shown = key.get_fingerprint()
        return self.shown.rstrip("=") in self._pins

    def refused(self, host: str) -> TerminalError:
        """What it means that the key is not trusted."""
        how = f'write `fingerprint = "{self.shown}"`' if self._pins else "`dhm connections trust NAME`"
        return TerminalError(
            f"the key that {host} shows is not the one that is known: it shows {self.shown or 'none that is known'}",
            f"if the host has a new key, compare that with its owner, then {how}; else somebody stands between",
        )


def shown_key(connection: Sftp) -> HostKey:
    """The key that the host shows now; whether it is the right one is for a person to say."""
    from fsspec.asyn import FSTimeoutError, get_loop, sync

    limit = connection.connect_timeout.total_seconds()

    async def ask() -> asyncssh.SSHKey | None:
        return await asyncssh.get_server_host_key(connection.host, connection.port, config=None)

    try:
        key = sync(get_loop(), ask, timeout=limit)
    except (FSTimeoutError, TimeoutError, OSError, asyncssh.Error) as problem:
        why = "no answer in time" if isinstance(problem, FSTimeoutError | TimeoutError) else said(problem)
        raise TransientError(f"{connection.host}:{connection.port} does not show its key: {why}", in_words(problem).help) from None
    if key is None:
        raise TerminalError(f"{connection.host} has no key of its own")
    public = key.export_public_key("openssh").decode().split()[:2]
    name = connection.host if connection.port == 22 else f"[{connection.host}]:{connection.port}"
    return HostKey(key.get_algorithm(), key.get_fingerprint(), f"{name} {' '.join(public)}\n")


def known_keys(connection: Sftp, known_hosts: Path) -> list[str]:
    """The fingerprints of the keys by which the host of a connection is known."""
    if not known_hosts.is_file():
        return []
    keys, *_ = asyncssh.match_known_hosts(trusted_keys(connection, known_hosts), connection.host, "", connection.port)
    return [key.get_fingerprint() for key in keys]


def remember(key: HostKey, known_hosts: Path) -> None:
    """Write a key into the file of known hosts, in place of other keys of its kind for that host."""
    host, algorithm, _ = key.line.split()
    before = known_hosts.read_text(encoding="utf-8").splitlines(keepends=True) if known_hosts.exists() else []
    kept = [line if line.endswith("\n") else line + "\n" for line in before if line.split()[:2] != [host, algorithm]]
    write_whole(known_hosts, "".join([*kept, key.line]).encode())
