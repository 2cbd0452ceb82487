"""Which packs a project needs, and where each comes from."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from datahub.project.model import Config


class PackRequirement(Config):
    """One pack of `[packs]`. Without `path` or `index` it is one that comes with DataHub, or with an installed Python distribution."""

    version: str = Field(default="", pattern=r"^([\^~]?\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?)?$")
    """Which versions are taken: `^1.4` follows semantic versions, `~1.4` takes patches, `1.4.2` is that one; all where it is empty."""
    path: str = ""
    """A folder or archive on this machine that holds it, as seen from `dhm.toml`."""
    index: str = ""
    """The address of an index of packs, or its folder on this machine."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.path and self.index:
            raise PydanticCustomError("one_place", "a pack comes from a `path` or from an `index`, not from both")
        return self
