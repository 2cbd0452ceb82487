"""Servers of Debian as the tests run them: found, started in the foreground on a port of the loopback, and stopped by their own number."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.ports import wait_for

UNPACKED = Path(__file__).parent / "unpacked"
"""Where `make servers` unpacks what cannot be installed beside another server."""
_PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:{UNPACKED}/usr/sbin:{UNPACKED}/usr/bin"


def program(name: str) -> str:
    """The program called `name`; where it is missing the test is left out loudly, and fails in CI."""
    found = shutil.which(name, path=_PLACES)
    if found is None:
        message = f"`{name}` is not installed: `make servers` installs what the tests talk to"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@contextmanager
def running(command: list[str], port: int, log: Path, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A server while it is needed; what it says goes to `log`. `env` is what it finds in its environment besides."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, env=os.environ | (env or {}))
    try:
        try:
            wait_for(port)
        except OSError:
            raise AssertionError(f"{command[0]} does not listen: {log.read_text(errors='replace')}") from None
        yield process
    finally:
        # Servers have a child for each connection; all of them are in the session that we started.
        for sent in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, sent)
                process.wait(5)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
