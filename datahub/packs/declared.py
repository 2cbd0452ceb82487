"""`[packs]` of a dhm.toml, changed with all else of the file kept as it is."""

from __future__ import annotations

import tomlkit
from tomlkit.items import Table

from datahub.project.failures import TerminalError
from datahub.project.pack import PackRequirement


def with_pack(text: str, name: str, asked: PackRequirement) -> str:
    """The text of dhm.toml that asks for the pack `name` too."""
    document = tomlkit.parse(text)
    if "packs" not in document:
        document["packs"] = tomlkit.table()
    packs = document["packs"]
    if not isinstance(packs, Table):
        raise TerminalError("`packs` of dhm.toml is no table", "write `[packs]`, and a line for each pack below it")
    values = asked.model_dump(exclude_defaults=True)
    if set(values) <= {"version"}:
        packs[name] = asked.version
    else:
        inline = tomlkit.inline_table()
        inline.update(values)
        packs[name] = inline
    return tomlkit.dumps(document)
