"""What the pieces of one run tell each other of the keys of entities, where a key may stand in several of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from datahub.engine.keys import Hashes
from datahub.records import record


@record(slots=True)
class Exchange:
    """For each entity the keys that earlier pieces have (`taken`), and those that this one has beside them (`seen`)."""

    taken: Mapping[str, Hashes] = field(default_factory=dict)
    seen: dict[str, Hashes] = field(default_factory=dict)
