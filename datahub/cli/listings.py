"""What a command lists: as a table for people, or as one JSON document for other programs."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from datahub.cli.output import give

if TYPE_CHECKING:
    from datahub.state.records import Run


class Listing(StrEnum):
    TEXT = "text"
    JSON = "json"


def give_json(document: object) -> None:
    """The result as JSON: instants in UTC, nothing of it cut or put into words."""
    import json

    give(json.dumps(document, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: object) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def run_facts(run: Run, why: str) -> dict[str, object]:
    """A run, with why it is where it is."""
    import json
    from dataclasses import asdict

    return {
        "run": run.id,
        "job": run.job,
        "by": run.kind.value,
        "for": run.fire_at,
        "status": run.status.value,
        "code": run.code,
        "reason": why,
        "help": run.help,
        "started": run.started,
        "ended": run.ended,
        "next_try": run.not_before,
        "attempts": run.attempt,
        "parameters": json.loads(run.parameters),
        "range": run.window,
        "rows": asdict(run.counts),
    }
