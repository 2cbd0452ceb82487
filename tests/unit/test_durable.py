"""What must be on the disk is there whole, or as it was."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from datahub.durable import write_whole


@contextmanager
def no_room(after):
    """No file of this process may grow beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("room", [0, 3])
def test_where_there_is_no_room_what_was_there_stays(tmp_path, room):
    path = tmp_path / "list.json"
    path.write_bytes(b"[1]")
    with no_room(room), pytest.raises(OSError, match="File too large"):
        write_whole(path, b"[1, 2, 3]")
    assert ([path], b"[1]") == (list(tmp_path.iterdir()), path.read_bytes())


def test_whoever_is_killed_in_the_middle_leaves_what_was_there(tmp_path):
    path = tmp_path / "list.json"
    path.write_bytes(b"[1]")
    code = "import sys; from pathlib import Path; from datahub.durable import write_whole; write_whole(Path(sys.argv[1]), b'[1, 2, 3]')"
    for point, code_of_end, found in [("half_kept", -9, b"[1]"), ("", 0, b"[1, 2, 3]")]:
        ended = subprocess.run([sys.executable, "-c", code, str(path)], env=os.environ | {"DHM_FAIL": point})
        assert (code_of_end, found) == (ended.returncode, path.read_bytes())


def test_a_new_file_gets_the_rights_that_are_asked_for_and_an_old_one_keeps_its_own(tmp_path):
    new, old = tmp_path / "token", tmp_path / "list"
    write_whole(new, b"a", 0o600)
    old.write_bytes(b"a")
    old.chmod(0o664)
    write_whole(old, b"b", 0o600)
    assert (0o600, 0o664) == (new.stat().st_mode & 0o777, old.stat().st_mode & 0o777)


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"a")
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", b"b")
    assert (True, b"b") == ((tmp_path / "link").is_symlink(), (tmp_path / "real").read_bytes())
