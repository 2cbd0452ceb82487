"""How fast files come and go, beside the programs that people use by hand: `sftp` and `lftp`, on the same server, in the same run."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest

from datahub.connectors.files_at_once import FilesAtOnce
from datahub.connectors.files_in import FilesIn
from datahub.connectors.kinds.sftp import Sftp
from datahub.project.binding import FilesFrom, Ready
from tests.servers.ftp import PASSWORD, USER
from tests.servers.programs import program
from tests.servers.proxy import proxy
from tests.servers.systems import System, system

pytestmark = pytest.mark.bench
SIZE, SMALL, FAR, ROUNDS, SMALL_ROUNDS = 100 << 20, 1000, 200, 7, 3
BUDGET = 0.8
"""Of the throughput of the other program, for one large file, and for small ones from far away."""


PROJECT = """\
[project]
name = "shop"
[connections.here]
kind = "local"
[connections.host]
%s
[jobs.stock]
mapping = "stock.dhm"
sources.feed = {connection = "host", folder = "in", ready.stable = 0, after = %s}
targets.kept = {connection = "here", folder = "out", create_folders = true, name = "{{RUN}}.csv"}
"""
SCRIPT = """\
source feed: csv {
  columns {
    sku: text
    stock: int
  }
}
entity Stock {
  key sku
  sku: text
  stock: int
}
map Stock from f in feed {
  sku: f.sku
  stock: f.stock
}
target kept: csv
flow out {
  write Stock to kept
}
"""
KEPT, MOVED = '{action = "keep"}', '{action = "move", folder = "done"}'


@pytest.fixture(params=["openssh", "pyftpd", "vsftpd"])
def place(request, tmp_path):
    home = tmp_path / "server"
    home.mkdir()
    with system(request.param, home) as one:
        yield one


def ratio(what: str, capsys: pytest.CaptureFixture[str], ours: float, theirs: float) -> float:
    """Their time over ours, told to whoever looks."""
    with capsys.disabled():
        print(f"\n{what}: ours {ours:.2f} s, theirs {theirs:.2f} s: {theirs / ours:.2f} of their throughput")
    return theirs / ours


def in_turn(*work: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The median of the seconds of each, one after the other in every round: a machine that is slower for a while is so for all."""
    taken: list[list[float]] = [[] for _ in work]
    for _ in range(rounds):
        for seconds, one in zip(taken, work, strict=True):
            begun = time.perf_counter()
            one()
            seconds.append(time.perf_counter() - begun)
    return [statistics.median(seconds) for seconds in taken]


def by_hand(place, commands: list[str], here) -> None:
    """The same by the program that a person would type."""
    if place.connection.kind == "sftp":
        key = here / "key"
        if not key.exists():
            key.write_text(place.connection.key.reveal())
            key.chmod(0o600)
        options = ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={os.devnull}", "-o", "LogLevel=ERROR", "-i", str(key)]
        words = [program("sftp"), "-q", "-b", "-", *options, "-P", str(place.connection.port), f"{place.connection.user}@127.0.0.1"]
        subprocess.run(words, input="\n".join(commands).encode(), check=True, capture_output=True, cwd=here)
        return
    tls = place.connection.tls != "none"
    head = [
        f"set ftp:ssl-force {str(tls).lower()}",
        "set ftp:ssl-protect-data true",
        "set ssl:verify-certificate false",
        "set net:max-retries 1",
    ]
    head += ["set cmd:fail-exit true", f"open -u {place.connection.user or USER},'{PASSWORD}' -p {place.connection.port} 127.0.0.1"]
    head += [f"cd {place.connection.root}"] if place.connection.root else []
    subprocess.run([program("lftp"), "-c", "; ".join([*head, *commands])], check=True, capture_output=True, cwd=here)


def test_a_large_file_comes_and_goes(place, tmp_path, capsys):
    here, landed = tmp_path / "here", tmp_path / "landed"
    here.mkdir()
    landed.mkdir()
    data = os.urandom(1 << 20)
    with (here / "large").open("wb") as file:
        for _ in range(SIZE >> 20):
            file.write(data)
    files = place.open()

    def send():
        with (here / "large").open("rb") as local, files.write("up") as remote:
            while part := local.read(1 << 20):
                remote.write(part)

    def fetch():
        with files.read("up") as remote, (here / "fetched").open("wb") as local:
            while part := remote.read(1 << 20):
                local.write(part)

    def land():
        found = FilesIn("feed", files, FilesFrom(connection="x", path="up", ready=Ready(stable=timedelta(0))))
        (split,) = found.splits()
        assert SIZE == found.land(split, landed).size

    send()
    fetch()
    put = "put large -o theirs" if place.connection.kind == "ftp" else "put large theirs"
    get = "get up -o fetched" if place.connection.kind == "ftp" else "get up fetched"

    def fetch_by_hand():
        # lftp writes over nothing.
        (here / "fetched").unlink(missing_ok=True)
        by_hand(place, [get], here)

    up, by_them, down, landing, from_them = in_turn(send, lambda: by_hand(place, [put], here), fetch, land, fetch_by_hand)
    # What a job does besides: two looks, a hash, and the bytes brought to the disk; no other program does so by itself.
    ratio(f"{place.name} landing of {SIZE >> 20} MB", capsys, landing, from_them)
    files.close()
    sent = ratio(f"{place.name} upload of {SIZE >> 20} MB", capsys, up, by_them)
    came = ratio(f"{place.name} download of {SIZE >> 20} MB", capsys, down, from_them)
    assert min(sent, came) >= BUDGET


def test_small_files_come_from_far_away(tmp_path, capsys):
    """Ten milliseconds either way: what asks one thing after the other waits longer than it works."""
    home, here, landed = tmp_path / "server", tmp_path / "here", tmp_path / "landed"
    for folder in (home, here, landed):
        folder.mkdir()
    with system("openssh", home) as near, proxy(cast(Sftp, near.connection).port, delay=0.01) as between:
        (near.folder / "in").mkdir()
        for number in range(FAR):
            (near.folder / "in" / f"{number:04}.csv").write_bytes(os.urandom(2000))
        place = System(near.name, near.folder, near.connection.model_copy(update={"port": between.port}), near.place)
        found = FilesAtOnce("feed", place.open, FilesFrom(connection="x", folder="in", ready=Ready(stable=timedelta(0))), 4)
        ours, theirs = in_turn(
            lambda: list(found.land_all(list(found.splits()), landed)), lambda: by_hand(place, ["get -r in"], here), rounds=1
        )
        found.close()
    assert ratio(f"{FAR} files of 2 kB from far away", capsys, ours, theirs) >= BUDGET


def test_a_thousand_small_files_come(place, tmp_path, capsys):
    here, landed = tmp_path / "here", tmp_path / "landed"
    for folder in (here, landed, place.folder / "in"):
        folder.mkdir()
    for number in range(SMALL):
        (place.folder / "in" / f"{number:04}.csv").write_bytes(os.urandom(2000))
    told = FilesFrom(connection="x", folder="in", ready=Ready(stable=timedelta(0)))
    found = FilesAtOnce("feed", place.open, told, place.connection.parallel)

    def fetch():
        assert SMALL == sum(map(len, found.land_all(list(found.splits()), landed)))

    def fetch_by_hand():
        shutil.rmtree(here / "in", ignore_errors=True)
        by_hand(place, ["get -r in" if place.connection.kind == "sftp" else "mirror in in"], here)

    ours, theirs = in_turn(fetch, fetch_by_hand, rounds=SMALL_ROUNDS)
    found.close()
    ratio(f"{place.name} {SMALL} files of 2 kB", capsys, ours, theirs)
    # Ours look at each file before and after, hash it, and bring it to the disk; theirs do not.
    assert ours < SMALL * 0.05


def told(place) -> str:
    """The connection as a project has it, but for what is secret."""
    one = place.connection
    facts = {"kind": one.kind, "host": one.host, "port": one.port, "user": one.user, "root": one.root, "parallel": one.parallel}
    if one.kind == "sftp":
        facts |= {"key": "${env:WAY_IN}", "fingerprint": one.fingerprint}
    else:
        facts |= {"password": "${env:WAY_IN}", "tls": one.tls, "insecure": one.insecure, "ca_file": one.ca_file}
    return "\n".join(f"{name} = {json.dumps(fact)}" for name, fact in facts.items())


@pytest.mark.parametrize("after", ["kept", "moved"])
def test_a_run_takes_a_thousand_small_files(place, tmp_path, capsys, monkeypatch, after):
    here, folder = tmp_path / "here", tmp_path / "project"
    here.mkdir()
    way_in = place.connection.key if place.connection.kind == "sftp" else place.connection.password
    monkeypatch.setenv("WAY_IN", way_in.reveal())
    project = PROJECT % (told(place), KEPT if after == "kept" else MOVED)
    fill = "x" * 1980
    clock: list[tuple[float, float, float]] = []
    for turn in range(SMALL_ROUNDS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "dhm.toml").write_text(project)
        (folder / "stock.dhm").write_text(SCRIPT)
        for name in ("in", "done"):
            shutil.rmtree(place.folder / name, ignore_errors=True)
            (place.folder / name).mkdir()
            (place.folder / name).chmod(0o777)
        for number in range(SMALL):
            (place.folder / "in" / f"{number:04}.csv").write_text(f"sku,stock\n{turn}-{number}-{fill},{number}\n")
        shutil.rmtree(here / "in", ignore_errors=True)
        begun = time.perf_counter()
        by_hand(place, ["get -r in" if place.connection.kind == "sftp" else "mirror in in"], here)
        theirs = time.perf_counter() - begun
        begun, used = time.perf_counter(), os.times()
        done = subprocess.run([sys.executable, "-m", "datahub", "run", "stock"], cwd=folder, capture_output=True, text=True)
        assert not done.returncode, done.stderr
        ended = os.times()
        worked = ended.children_user + ended.children_system - used.children_user - used.children_system
        clock.append((time.perf_counter() - begun, theirs, worked))
        (out,) = (folder / "out").iterdir()
        assert SMALL + 1 == len(out.read_text().splitlines())
        assert (SMALL if after == "kept" else 0) == len(list((place.folder / "in").iterdir()))
    ours, theirs, worked = map(statistics.median, zip(*clock, strict=True))
    ratio(f"{place.name} run over {SMALL} files of 2 kB, {after} ({worked:.2f} s of the processor)", capsys, ours, theirs)
    # Theirs copies alone: no program moves files on as they are done with, keeps books, or reads what came.
    assert ours < SMALL * 0.05
