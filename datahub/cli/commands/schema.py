"""Print the JSON Schema of dhm.toml, by which editors complete and check it.

Save it beside the project and name it in the first line of the file: `#:schema ./dhm.schema.json`.
"""

from __future__ import annotations

from datahub.cli.output import give


def command() -> None:
    import json

    from datahub.connectors import models
    from datahub.project.schema import schema

    give(json.dumps(schema(models()), indent=2, ensure_ascii=False) + "\n")
