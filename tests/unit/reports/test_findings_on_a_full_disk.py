"""A disk that takes nothing is told as that, and leaves no half file of issues."""

from __future__ import annotations

import resource

import pyarrow as pa
import pytest

from datahub.reports.findings import Findings
from datahub.semantic.issue_names import ALL_COLUMNS


@pytest.fixture
def full():
    """No file can grow any more."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_the_disk_refuses_is_what_is_raised_and_nothing_is_left(tmp_path, full):
    findings = Findings(tmp_path)
    kinds = {name: pa.array([1] if name in ("row", "line") else ["error"]) for name in ALL_COLUMNS}
    findings.add(pa.table(kinds), listed=True)
    full()
    with pytest.raises(OSError):
        findings.commit()
    findings.discard()
    assert [] == list(tmp_path.iterdir())
