"""What a project tells of a Mirakl platform: its address and key, and which import a target's rows go to."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from datahub.connectors.rest.told import WebConnection
from datahub.project.binding import To
from datahub.project.model import Length

FREQUENCY = timedelta(minutes=1)
"""How often Mirakl lets each operation of imports be called, at most."""


class MiraklTo(To):
    """A target of a script bound to a file import of Mirakl; fields are columns, `_` in their names becomes `-`."""

    entity: Literal["offers", "stock"]
    """Offers (OF01, OF02, OF03) or stock (STO01, STO02, STO03)."""
    columns: dict[str, str] = {}
    """Other names for columns: `name_en = "name [en]"`."""
    batch: int = Field(default=20_000, ge=1)
    """How many rows a file has at most."""
    resend: int = Field(default=0, ge=0, le=5)
    """How often lines in error are sent once more, alone, such as offers whose product is not known yet."""
    patience: Length = timedelta(hours=1)
    """How long an import may take before the run is left for later; it then goes on with the same import."""


class MiraklConnection(WebConnection):
    """What a Mirakl connection has."""

    frequency: Length = FREQUENCY
    """How long to wait between two calls of one operation; shorter only where the operator agreed to it."""
