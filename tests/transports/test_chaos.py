"""Every fault at many places of every transport, in and out: what arrives is right, or the failure is clean, and nothing half is left (G12).

Few places and one or two servers of each protocol in `make test`, FTP also by its data connections, with and without TLS; `DHM_TORTURE=1` takes twenty places and all servers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from datahub.connectors import load
from datahub.connectors.declare import DataHubError, Output, TransientError
from datahub.connectors.files_in import FilesIn
from datahub.connectors.files_out import FilesOut
from datahub.connectors.http_files import HttpFiles
from datahub.connectors.kinds.http import Http
from datahub.connectors.kinds.store import Store
from datahub.connectors.store_files import StoreFiles
from datahub.project.binding import FilesFrom, FilesTo, Ready
from datahub.project.connection import RemoteFiles
from tests.servers.proxy import TWIN, Fault, Proxy, ftp_proxy, ftps_proxy, proxy
from tests.servers.systems import KINDS, System, system

TORTURE = bool(os.environ.get("DHM_TORTURE"))
PLACES = 20 if TORTURE else 3
SIZE = 300_000
ACTS = ("cut", "reset", "stall", "trickle", "slice", "latency")
DEADLINE = timedelta(seconds=0.7)
LONGEST = 20
"""Seconds that a case may take: some deadlines, one after the other."""
OTHERS = ("plain-sftp", "proftpd-sftp", "pyftpd", "ftps-explicit", "ftps-explicit data", "ftps-implicit data", "vsftpd")
WAYS = ("openssh", "pyftpd data", "proftpd", "vsftpd data", "store-s3", "http", *(OTHERS if TORTURE else ()))


def places() -> list[int]:
    """From the first byte to behind the last, closest together at the beginning, where much is said."""
    return [int((SIZE + 20_000) * (number / (PLACES - 1)) ** 3) for number in range(PLACES)]


@pytest.fixture(scope="session")
def hosts(tmp_path_factory):
    with ExitStack() as held:
        started: dict[str, System] = {}

        def get(name: str) -> System:
            if name not in started:
                started[name] = held.enter_context(system(name, tmp_path_factory.mktemp(name)))
            return started[name]

        yield get


@contextmanager
def opened(one: System, through: Proxy) -> Iterator[Any]:
    """The files of a host, reached through a proxy."""
    port = through.port
    there = {"host": TWIN} if through.host == TWIN else {}
    told = one.connection.model_copy(update=there | {"port": port, "deadline": DEADLINE, "connect_timeout": DEADLINE})
    if isinstance(told, Store):
        options = dict(told.options) | {"endpoint_url": f"http://127.0.0.1:{port}", "config_kwargs": {"retries": {"total_max_attempts": 1}}}
        files: Any = StoreFiles(told.model_copy(update={"options": options, "deadline": timedelta(seconds=2)}))
    else:
        files = System(one.name, one.folder, told, one.place).open()
    try:
        yield files
    finally:
        files.close()


def port_of(one: System) -> int:
    told: Any = one.connection
    return int(told.port if told.kind != "store" else told.options["endpoint_url"].rpartition(":")[2])


def between(way: str, one: System, fault: Fault | None, delay: float) -> AbstractContextManager[Any]:
    """A proxy that strikes the first connection, and the second as well, so that one more try is not always enough."""
    if way.endswith("data") and getattr(one.connection, "tls", "none") != "none":
        return ftps_proxy(port_of(one), one.data, fault, fault, delay=delay)
    return (ftp_proxy if way.endswith("data") else proxy)(port_of(one), fault, fault, delay=delay)


def faults(side: str) -> Iterator[tuple[Fault | None, float]]:
    for act in ACTS:
        # What falls silent is waited for: one place of it is enough for every day.
        for after in places() if TORTURE or act not in ("stall", "trickle") else places()[1:2]:
            yield (None, 0.002) if act == "latency" else (Fault(after, act, side), 0.0)  # type: ignore[arg-type]
            if act == "latency":
                break


@pytest.mark.slow
@pytest.mark.timeout(1800 if TORTURE else 240)
@pytest.mark.parametrize("way", WAYS)
def test_what_comes_in_is_right_or_fails_cleanly(way, hosts, request, tmp_path):
    if way == "http":
        web_in(request.getfixturevalue("web"), tmp_path)
        return
    one = hosts(way.split(" ")[0])
    one.empty()
    data = os.urandom(SIZE)
    (one.folder / "in").mkdir()
    (one.folder / "in" / "a.csv").write_bytes(data)
    told = FilesFrom(connection="x", folder="in", ready=Ready(stable=timedelta(0)))

    def land(files: Any, folder: Path) -> bytes:
        (landed,) = [source.land(split, folder) for source in (FilesIn("feed", files, told, lambda _: None),) for split in source.splits()]
        return landed.path.read_bytes()

    held = [outcome(way, one, fault, delay, land, data, tmp_path / str(number)) for number, (fault, delay) in enumerate(faults("answers"))]
    told_of(way, held)


def outcome(way, one, fault, delay, land, data, folder) -> str:
    folder.mkdir()
    begun = time.monotonic()
    with between(way, one, fault, delay) as through, opened(one, through) as files:
        came, problem = tried(lambda: land(files, folder))
    assert came == (None if problem else data), fault
    # A host that cannot be reached, or falls silent, is never said to have nothing, nor to be wrong for good.
    assert problem is None or isinstance(problem, TransientError), (fault, problem)
    assert time.monotonic() - begun < LONGEST, fault
    # Nothing half is left, under whatever name.
    assert all(path.read_bytes() == data for path in folder.iterdir()), fault
    return "failed" if problem else "right"


def tried(work: Callable[[], Any]) -> tuple[Any, DataHubError | None]:
    """What `work` gives, or what failed in the world."""
    try:
        return work(), None
    except DataHubError as problem:
        return None, problem


def told_of(way: str, held: list[str]) -> None:
    print(f"{way}: {held.count('right')} right, {held.count('failed')} failed cleanly")
    # Faults that only slow it down, or strike behind the last byte, leave it right.
    assert held.count("right") >= 2


def web_in(server, tmp_path: Path) -> None:
    data = os.urandom(SIZE)
    (server.folder / "a.csv").write_bytes(data)
    held = []
    for number, (fault, delay) in enumerate(faults("answers")):
        folder = tmp_path / str(number)
        folder.mkdir()
        with proxy(server.port, fault, fault, delay=delay) as through:
            files = HttpFiles(
                Http(url=f"http://127.0.0.1:{through.port}", deadline=DEADLINE, connect_timeout=DEADLINE, insecure=True), tmp_path
            )
            source = FilesIn("feed", files, FilesFrom(connection="x", path="a.csv", ready=Ready(stable=timedelta(0))), lambda _: None)
            came, problem = tried(lambda: next(source.land(split, folder) for split in source.splits()).path.read_bytes())  # noqa: B023 - called at once
            assert came == (None if problem else data), fault
            assert problem is None or isinstance(problem, TransientError), (fault, problem)
            held.append("failed" if problem else "right")
            files.close()
        assert all(path.read_bytes() == data for path in folder.iterdir())
    told_of("http", held)


@pytest.mark.slow
@pytest.mark.timeout(1800 if TORTURE else 240)
@pytest.mark.parametrize("side", ["requests", "answers"])
@pytest.mark.parametrize("way", [way for way in WAYS if way != "http"])
def test_what_goes_out_shows_whole_or_not_at_all_and_goes_out_once_it_can(way, side, hosts, tmp_path):
    one = hosts(way.split(" ")[0])
    data = os.urandom(SIZE)
    path = tmp_path / "offers.csv"
    path.write_bytes(data)
    output = Output("offers", path, 1, "0123456789abcdef", {})
    held = []
    for fault, delay in faults(side):
        one.empty()
        (one.folder / "out").mkdir()
        if way.startswith("vsftpd"):
            # Its account is another one than that of the tests.
            (one.folder / "out").chmod(0o777)
        begun = time.monotonic()
        with between(way, one, fault, delay) as through, opened(one, through) as files:
            held.append(sent(files, output, fault))
        assert time.monotonic() - begun < LONGEST, fault
        shown = [found for found in (one.folder / "out").iterdir() if not found.name.startswith(".")]
        assert [data for _ in shown] == [found.read_bytes() for found in shown], fault
        if "right" == held[-1]:
            assert ["offers.csv"] == [found.name for found in shown]
        with closing(one.open()) as files:
            again = FilesOut(files, FilesTo(connection="x", folder="out", exists="replace"))
            again.commit([again.stage(output)])
        # It is there once and whole, and what broke off is not there any more.
        assert [("offers.csv", data)] == [(found.name, found.read_bytes()) for found in (one.folder / "out").iterdir()], fault
    told_of(way, held)


def sent(files: Any, output: Output, fault: Fault | None) -> str:
    target = FilesOut(files, FilesTo(connection="x", folder="out"))
    _, problem = tried(lambda: target.commit([target.stage(output)]))
    assert problem is None or isinstance(problem, TransientError), (fault, problem)
    return "failed" if problem else "right"


def test_every_kind_of_connection_with_files_of_another_host_is_among_them():
    kinds = {kind for kind, connector in load().items() if connector.files is not None and issubclass(connector.connection, RemoteFiles)}
    assert kinds | {"http"} == {KINDS.get(way.split(" ")[0], "http") for way in WAYS}
