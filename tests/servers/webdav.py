"""WsgiDAV, which answers as shares of Nextcloud, IIS and Apache do, in a process of its own, with one folder and one account."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.programs import running

USER, PASSWORD = "feed", "tr0mbone-Dav-9"


@dataclass(frozen=True)
class DavServer:
    url: str
    folder: Path


@contextmanager
def webdav(home: Path) -> Iterator[DavServer]:
    """The server, and the folder that it shows."""
    folder, port = home / "served", free_port()
    folder.mkdir()
    told = {
        "host": "127.0.0.1",
        "port": port,
        "provider_mapping": {"/": str(folder)},
        "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
        "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
        "lock_storage": False,
        "logging": {"enable": False},
    }
    config = home / "wsgidav.json"
    config.write_text(json.dumps(told), encoding="utf-8")
    with running([sys.executable, "-m", "wsgidav.server.server_cli", "-c", str(config), "-q"], port, home / "wsgidav.log"):
        yield DavServer(f"http://127.0.0.1:{port}", folder)
