"""WebDAV by its library for fsspec, where names are data and not parts of an address, and a rename is one step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from httpx import URL
from webdav4.client import Client, ResourceAlreadyExists
from webdav4.fsspec import WebdavFileSystem
from webdav4.urls import join_url_path

from datahub.connectors.declare import TerminalError
from datahub.connectors.webdav_names import HELP, ends_at, unnameable


class _Client(Client):  # type: ignore[misc]  # nor does it
    def join_url(self, path: str, add_trailing_slash: bool = False) -> URL:
        """As the library does it, but `?` and `#` in a name do not end the path, and `%2e` stays what it is."""
        place = join_url_path(self.base_url.path, path) + "/" * add_trailing_slash
        base: URL = self.base_url
        return base.copy_with(raw_path=quote(place, safe="/").encode())


class WebdavFiles(WebdavFileSystem):  # type: ignore[misc]  # fsspec publishes no types
    """The files of one server; `told` are the options and secrets of its connection."""

    cachable = False

    def __init__(self, told: Mapping[str, Any]) -> None:
        more = dict(told)
        if not more.pop("insecure", False) and str(more.get("base_url", "")).lower().startswith("http:"):
            help = "write `https:`; where that cannot be, say `insecure = true` in `options`"
            raise TerminalError("a `base_url` with `http:` shows files and password to everyone between", help)
        if "password" in more:
            more["auth"] = (str(more.pop("user", "")), more.pop("password"))
        # Nothing of the account that runs us: neither its proxy nor its passwords.
        more.setdefault("trust_env", False)
        super().__init__(more.get("base_url", ""), client=_Client(**more))

    def renamed(self, old: str, new: str, replace: bool) -> None:
        """One request of the server's, where the library copies and removes, and reads `*` in names as a pattern.

        The server itself keeps what has the name already. Whether it understood the name is looked at: WsgiDAV decodes it twice.
        """
        if message := unnameable(new):
            raise TerminalError(message, HELP.format(mark=ends_at(new)))
        try:
            self.client.move(old, new, overwrite=replace)
        except ResourceAlreadyExists:
            raise FileExistsError(new) from None
        if not self.client.exists(new):
            raise TerminalError(
                f"the server was told to move `{old}` to `{new}`, agreed, and has no `{new}`", "it may have another name there"
            )

    def close(self) -> None:
        """Give the connections back."""
        self.client.http.close()
