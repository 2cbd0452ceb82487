"""What a project tells of a Mirakl platform: its address and key, and which import a target's rows go to."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from datahub.connectors.mirakl.operations import Entity
from datahub.connectors.rest.told import RestTo, WebConnection
from datahub.project.headers import HeaderName
from datahub.project.model import Length, mistake

_LINES = 20_000
_OF_CALLS = frozenset(RestTo.model_fields) - {"connection", "batch"}
_OF_IMPORTS = frozenset({"form", "mode", "columns", "key", "wait_for", "resend", "patience"})


class MiraklTo(RestTo):
    """A target of a script bound to a Mirakl platform: by `entity` to one of its file imports, or by `path` to any other of its operations,
    told as for `rest`: `method = "PUT"`, `path = "api/orders/{{ORDERID}}/tracking"`.
    """

    entity: Entity | None = None
    """What the rows of an import are; fields are its columns, `_` in their names becomes `-`. Of a shop: `offers` (OF01 to OF03), `prices`
    (PRI01 to PRI03, which replace all prices of each offer that they name), `stock` (STO01 to STO03), `products` (P41 to P47). Of the
    operator: `categories` (CA01 to CA03), `hierarchies` (H01 to H03), `values` (VL01 to VL03), `attributes` (PM01 to PM03),
    `product-synchros` (P21 to P23)."""
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
    batch: int = Field(default=100, ge=1)
    """How many rows a request has. Of an import: how many a file has at most, 20,000 unless said; prices go in one file, as offers do that
    replace all others."""
    key_header: HeaderName = ""
    """The header with a key for what a request brings, the same each time it is sent: Mirakl knows none. A PUT can be sent again all the
    same; of another request that may have arrived a person decides."""
    resend: int = Field(default=0, ge=0, le=5)
    """How often lines in error are sent once more, alone, such as offers whose product is not known yet."""
    patience: Length = timedelta(hours=1)
    """How long an import may take before the run is left for later; it then goes on with the same import."""

    @property
    def lines(self) -> int:
        """How many rows a file of an import has at most."""
        return self.batch if "batch" in self.model_fields_set else _LINES

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.entity is None and not self.path:
            help = 'write `entity = "offers"`, or `path = "api/orders/{{ORDERID}}/tracking"` with its `method`'
            raise mistake("mirakl_way", "rows go to an import, by its `entity`, or to an operation, by its `path`", help=help)
        other, told = (_OF_CALLS, "an import") if self.entity else (_OF_IMPORTS, "an operation")
        for name in sorted(self.model_fields_set & other, key=list(type(self).model_fields).index):
            raise mistake("mirakl_way", f"`{name}` says nothing of {told}", key=name, help="leave it out, or choose the other way")
        return self

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if self.entity is None:
            return self
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
