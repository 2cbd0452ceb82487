"""SFTP servers: OpenSSH's own, and one in Python that has no atomic rename and takes passwords."""

from __future__ import annotations

import asyncio
import getpass
import io
import os
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from tests.servers.ports import free_port
from tests.servers.programs import program, running


@dataclass(frozen=True)
class SshServer:
    """A server with the folder that it serves, and what a client needs to know."""

    port: int
    folder: Path
    user: str
    key: str
    """The private key that may log in; empty where a password does."""
    host_key: str
    """The public key of the server."""
    fingerprint: str
    pid: int = 0


@contextmanager
def openssh(folder: Path) -> Iterator[SshServer]:
    """OpenSSH's `sshd`, which lets the account of the tests in by a key."""
    sshd = program("sshd")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    host, user = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    served = folder / "served"
    served.mkdir()
    host.write_private_key(str(folder / "host_key"))
    (folder / "host_key").chmod(0o600)
    (folder / "authorized").write_bytes(user.export_public_key())
    port = free_port()
    (folder / "sshd_config").write_text(
        f"""
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 100
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {served}
"""
    )
    with running([sshd, "-D", "-e", "-f", str(folder / "sshd_config")], port, folder / "sshd.log") as process:
        public = host.export_public_key().decode().strip()
        key = user.export_private_key().decode()
        yield SshServer(port, served, getpass.getuser(), key, public, host.get_fingerprint(), process.pid)


class _Odd(asyncssh.SFTPServer):
    """What SFTP version 3 asks for and nothing more: a rename refuses a name that is taken, and there is no other."""

    def __init__(self, channel: asyncssh.SSHServerChannel, folder: Path, names: Iterable[bytes] = ()) -> None:
        super().__init__(channel, chroot=os.fsencode(folder))
        self._names = names

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if path.endswith(b"forbidden"):
            raise asyncssh.SFTPPermissionDenied("not for you")
        return super().open(path, pflags, attrs)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("no such extension")

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        if os.path.lexists(self.map_path(newpath)):
            raise asyncssh.SFTPFailure("Failure")
        super().rename(oldpath, newpath)


class _Lying(_Odd):
    """One that lists names that no folder has, and gives a file for each of them."""

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        for name in self._names:
            yield asyncssh.SFTPName(name, attrs=_FILE)

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return _FILE

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        return io.BytesIO(b"x")

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        return _FILE


_FILE = asyncssh.SFTPAttrs(permissions=0o100644, size=1, uid=0, gid=0, atime=0, mtime=1_700_000_000)


class _Password(asyncssh.SSHServer):
    def __init__(self, connections: list[asyncssh.SSHServerConnection]) -> None:
        self._connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("dhm", "correct horse")


@contextmanager
def plain_sftp(folder: Path, names: Iterable[bytes] | None = None) -> Iterator[SshServer]:
    """An SFTP server without extensions, without a shell, which asks for a password; with `names` it lists these, whatever there is."""
    served = folder / "served"
    served.mkdir()
    host = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    port = free_port()

    connections: list[asyncssh.SSHServerConnection] = []

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.create_server(
            lambda: _Password(connections),
            "127.0.0.1",
            port,
            server_host_keys=[host],
            sftp_factory=lambda channel: _Odd(channel, served) if names is None else _Lying(channel, served, names),
            allow_scp=False,
        )

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        public = host.export_public_key().decode().strip()
        yield SshServer(port, served, "dhm", "", public, host.get_fingerprint())
    finally:

        async def stop() -> None:
            server.close()
            for one in connections:
                # Those who are still here are cut off, as a host that goes down does it.
                one.abort()
                await one.wait_closed()
            await server.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
