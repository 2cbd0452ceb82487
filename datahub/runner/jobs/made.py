"""The files that a run has made, by the report that lies beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from datahub.runner.jobs.job_context import Folders


def files_made(folders: Folders, run: str, target: str) -> dict[str, Path]:
    """The files of a target by the entities whose rows they hold."""
    return {str(one["name"]): _here(folders, run, str(one["path"])) for one in written(folders, run) if one["target"] == target}


def written(folders: Folders, run: str) -> list[dict[str, Any]]:
    """What a run made; nothing where it found nothing new."""
    path = folders.run(run) / "out" / "run" / "report.json"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["written"] if path.exists() else []
    return found


def _here(folders: Folders, run: str, path: str) -> Path:
    """Where a file of a run is now; its report tells where it was when it was made, and the project may have been moved since."""
    _, inside, rest = Path(path).as_posix().rpartition(f"/runs/{run}/")
    return folders.run(run) / rest if inside else Path(path)
