"""What all tests share: how property tests search, and where data that is not ours lies."""

from __future__ import annotations

import os
import signal
import sys
import zoneinfo
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.commands import Ended

# Time zones as they are everywhere, as DataHub reads them: what the machine has is of some other year.
zoneinfo.reset_tzpath(())

# The same examples on every run of CI; `DHM_SEARCH=1` looks for new ones, and for longer.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("search" if os.environ.get("DHM_SEARCH") else "ci")


@pytest.fixture(scope="session", autouse=True)
def plans(tmp_path_factory) -> Iterator[None]:
    """What commands keep from run to run lies where nobody else's is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the checkout."""
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared(root) -> Path:
    """Data that nobody here wrote, beside the checkout; tests that need it are left out, loudly, where it is not."""
    folder = root.parent / "shared"
    if not folder.is_dir():
        pytest.skip("there is no ../shared beside this checkout: the acceptance data is missing")
    return folder


@pytest.fixture
def dhm(monkeypatch, capsys) -> Iterator[Callable[..., Ended]]:
    """`dhm` in this process, which is as good as the process for all that is no signal, and much faster."""
    from datahub.cli.main import main

    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["dhm", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return Ended(0 if code is None else int(code), *capsys.readouterr())

    yield run
    signal.signal(signal.SIGTERM, before)
