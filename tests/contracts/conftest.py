"""The file systems of the suites, each started once for all tests of a worker."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.servers.systems import KINDS, system


@pytest.fixture(scope="session")
def _systems(tmp_path_factory):
    with ExitStack() as held:
        started = {}

        def get(name):
            if name not in started:
                started[name] = held.enter_context(system(name, tmp_path_factory.mktemp(name)))
            return started[name]

        yield get


@pytest.fixture(params=sorted(KINDS))
def files(request, _systems):
    """A file system, its folder empty; `files.folder` is where it lies on this machine, `files.again()` one more connection to it."""
    one = _systems(request.param)
    one.empty()
    opened = one.open()
    opened.system, opened.folder, opened.again = request.param, one.folder, one.open
    yield opened
    opened.close()
