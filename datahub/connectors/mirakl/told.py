"""What a project tells of a Mirakl platform: its address and key, and which import a target's rows go to."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from datahub.connectors.mirakl.operations import Entity
from datahub.connectors.rest.told import WebConnection
from datahub.project.binding import To
from datahub.project.model import Length, mistake


class MiraklTo(To):
    """A target of a script bound to a file import of Mirakl; fields are columns, `_` in their names becomes `-`."""

    entity: Entity
    """What the rows are. Of a shop: `offers` (OF01 to OF03), `prices` (PRI01 to PRI03, which replace all prices of each offer that they
    name), `stock` (STO01 to STO03), `products` (P41 to P47). Of the operator: `categories` (CA01 to CA03), `hierarchies` (H01 to H03),
    `values` (VL01 to VL03), `attributes` (PM01 to PM03), `product-synchros` (P21 to P23)."""
    form: Literal["csv", "json"] = "csv"
    """For `offers`: `json` sends them by OF24, with all that they have in them (prices by channel, discounts, own fields), under the names
    that it has for fields (`shop_sku`, `state_code`). What a row leaves out is reset: each is sent whole."""
    mode: Literal["normal", "replace"] = "normal"
    """For `offers`: `replace` deletes every offer of the shop that is not among the rows, which then go in one file."""
    columns: dict[str, str] = {}
    """Other names for columns: `name_en = "name [en]"`. Those of products stay as they are, `_` too."""
    key: list[str] = []
    """The columns that tell lines apart, in what is sent and in reports, where they are not Mirakl's own: `["sku"]` for products."""
    wait_for: Literal["sent", "complete"] = "sent"
    """For `products`: whether an import is over once it is handed to the operator, or once the operator has taken it in."""
    batch: int = Field(default=20_000, ge=1)
    """How many rows a file has at most; prices go in one file, as offers do that replace all others."""
    resend: int = Field(default=0, ge=0, le=5)
    """How often lines in error are sent once more, alone, such as offers whose product is not known yet."""
    patience: Length = timedelta(hours=1)
    """How long an import may take before the run is left for later; it then goes on with the same import."""

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.mode == "replace" and self.entity != "offers":
            raise mistake("replace", '`mode = "replace"` is for offers alone', key="mode")
        if self.form == "json" and (self.entity != "offers" or self.mode == "replace" or self.columns):
            raise mistake(
                "form",
                '`form = "json"` is for `offers` with the names of OF24, each replaced by itself: no `mode`, no `columns`',
                key="form",
            )
        if self.wait_for == "complete" and self.entity != "products":
            raise mistake("wait_for", "`wait_for` is for products alone", key="wait_for")
        return self


class MiraklConnection(WebConnection):
    """What a Mirakl connection has."""

    frequency: Length | None = None
    """How long to wait between two calls of one operation, in place of what Mirakl asks for (a minute; 15 minutes for P41, five for the
    operator's imports); shorter only where the operator agreed to it."""
