"""Reading a few bytes with a format, as every test here does."""

from __future__ import annotations

import pytest

from datahub.formats.declare import InputFile
from datahub.semantic.ir import SourceColumn, SourceShape
from tests.unit.formats.reading import column, make_reader, see


@pytest.fixture
def read(tmp_path):
    """Read bytes (or several files of bytes) as a declared source."""

    def reading(kind, data, columns, wanted=None, **options):
        several = data if isinstance(data, list) else [data]
        files = []
        for number, content in enumerate(several):
            path = tmp_path / f"in{number}.{kind}"
            path.write_bytes(content)
            files.append(InputFile(str(path), path.name))
        declared = tuple(one if isinstance(one, SourceColumn) else column(one) for one in columns)
        shape = SourceShape("s", kind, tuple(options.items()), declared)
        names = frozenset(wanted if wanted is not None else [one.name for one in declared])
        return see(make_reader(kind, shape, names, files), files)

    return reading


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks so small that a small file has several, however many cores there are."""
    monkeypatch.setattr("datahub.formats.csv_read.CORES", 4)
