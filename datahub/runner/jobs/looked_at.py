"""Which rows of a run that broke off were still the last that their place was told, when that was looked at last."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np

from datahub.durable import write_whole
from datahub.runner.jobs.job_context import Folders
from datahub.runner.jobs.row_digests import Rows
from datahub.state.records import Sending


def left(folders: Folders, sending: Sending) -> Rows | None:
    """Those rows; None where nobody knows."""
    path = _path(folders, sending)
    if not sending.looked or not path.is_file():
        return None
    found: Rows = np.load(path)
    return found


def keep(folders: Folders, before: Sending, now: Sending, rows: Rows) -> None:
    """Keep those of now, beside those of `before`, which count until the ledger says otherwise."""
    path = _path(folders, now)
    if not path.parent.is_dir() or now.looked == before.looked:
        return
    for old in path.parent.glob(f"standing-{now.target}-*.npy"):
        if old != _path(folders, before):
            old.unlink(missing_ok=True)
    data = BytesIO()
    np.save(data, rows)
    write_whole(path, data.getvalue())


def _path(folders: Folders, sending: Sending) -> Path:
    return folders.run(sending.run) / "out" / f"standing-{sending.target}-{sending.looked}.npy"
