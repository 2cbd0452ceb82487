"""Which packs a project needs, and where each comes from."""

from __future__ import annotations

from datahub.project.model import Config


class PackRequirement(Config):
    """One pack of `[packs]`."""

    version: str = ""
    """Which versions are taken: `^1.4` follows semantic versions, `1.4.2` is that one; all where it is empty."""
    path: str = ""
    """A folder or archive on this machine that holds it."""
