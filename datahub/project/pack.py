"""Which packs a project needs, and where each comes from."""

from __future__ import annotations

import re
from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from datahub.project.model import Config
from datahub.project.versions import NoRange, parse_range

_KEY = re.compile(r"ssh-ed25519 [A-Za-z0-9+/]+={0,2}( .*)?")


class PackRequirement(Config):
    """One pack of `[packs]`. Without `path` or `index` it is one that comes with DataHub, or with an installed Python distribution."""

    version: str = ""
    """Which versions are taken: `^1.4` follows semantic versions, `~1.4` takes patches, `1.4.2` is that one, `1.x` and `>=1.2 <2` are
    what they say; all where it is empty or `*`."""
    path: str = ""
    """A folder or archive on this machine that holds it, as seen from `dhm.toml`."""
    index: str = ""
    """The address of an index of packs, or its folder on this machine."""
    signers: tuple[str, ...] = ()
    """Public keys (`ssh-ed25519 AAAA…`), one of which must have signed the pack; where it is empty nobody is asked for."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.path and self.index:
            raise PydanticCustomError("one_place", "a pack comes from a `path` or from an `index`, not from both")
        try:
            parse_range(self.version)
        except NoRange as problem:
            raise PydanticCustomError("no_range", "{problem}", {"problem": str(problem)}) from None
        if wrong := next((key for key in self.signers if not _KEY.fullmatch(key)), None):
            raise PydanticCustomError("no_key", "`{wrong}` is no Ed25519 key as OpenSSH writes it", {"wrong": wrong})
        return self
