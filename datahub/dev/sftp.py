"""An SFTP server over one folder of this machine, to try connections without a host: a password, a key of its own, the loopback address."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any, Self

import asyncssh

USER, PASSWORD = "demo", "demo-password"


class _Door(asyncssh.SSHServer):
    """One user with one password; files and nothing else."""

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


class SftpFolder:
    """The server; port 0 takes a free one. Nothing above `folder` can be reached."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._folder, self._key = folder, asyncssh.generate_private_key("ssh-ed25519")
        self._loop = asyncio.new_event_loop()
        self._server: Any = self._loop.run_until_complete(self._started(port))
        self.port = int(self._server.get_port())
        self.fingerprint = str(self._key.get_fingerprint())
        """The key that the server shows, as connections are told it."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="dhm-sftp", daemon=True)

    async def _started(self, port: int) -> Any:
        return await asyncssh.create_server(
            _Door,
            "127.0.0.1",
            port,
            server_host_keys=[self._key],
            sftp_factory=lambda channel: asyncssh.SFTPServer(channel, chroot=os.fsencode(self._folder)),
            allow_scp=False,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *told: object) -> None:
        async def stop() -> None:
            self._server.close()
            await self._server.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
