"""What a child can come to: tasks that die, grow, never end, say nonsense."""

from __future__ import annotations

import errno
import os
import signal
import socket
import time
from pathlib import Path

from datahub.formats.bad_input import BadInput


def count(talk, asked, file):
    """How many bytes it is fed, and what is in the file that comes with it."""
    total = 0
    while part := talk.read():
        total += len(part)
    talk.send({"bytes": total, "file": os.read(file, 100).decode() if file >= 0 else "", "process": os.getpid()})


def echo(talk, asked, file):
    while part := talk.read():
        talk.send({}, part)


def first_alone(talk, asked, file):
    """Leaves off before it has heard all."""
    talk.send({}, talk.read())


def grow(talk, asked, file):
    held = []
    while True:
        held.append(bytearray(8 << 20))


def spin(talk, asked, file):
    while True:
        pass


def silent(talk, asked, file):
    time.sleep(600)


def die(talk, asked, file):
    signal.raise_signal(getattr(signal, asked["signal"]))
    time.sleep(60)


def refuse_at_once(talk, asked, file):
    """Refuses what it is given as soon as it has seen the first of it."""
    talk.read()
    raise BadInput("R005", "`in.xml` is refused at once", "write it again", path="in.xml")


def die_later(talk, asked, file):
    """Dies once it has said something."""
    talk.send({}, bytes(talk.read()))
    signal.raise_signal(getattr(signal, asked["signal"]))
    time.sleep(60)


def nonsense(talk, asked, file):
    os.write(0, b"\xff" * 4096)
    time.sleep(60)


def mistaken(talk, asked, file):
    raise KeyError("ours")


def surroundings(talk, asked, file):
    """What the process knows of where it is, and whether it can write."""
    try:
        Path(asked["path"]).write_text("x" * 100)
        written = True
    except OSError:
        written = False
    talk.send({"environment": sorted(os.environ), "written": written, "descriptors": len(list(Path("/proc/self/fd").iterdir()))})


def reach_out(talk, asked, file):
    """What the process is kept from, each told as the error that it gets, or as done."""
    here = Path(asked["folder"])
    there = here / "there"
    tries = {
        "connect": lambda: socket.create_connection(("127.0.0.1", asked["port"]), 1),
        "listen": lambda: socket.create_server(("127.0.0.1", 0)),
        "fork": os.fork,
        "run a program": lambda: os.execv("/bin/true", ["true"]),
        "kill": lambda: os.kill(os.getppid(), 0),
        "open to write": lambda: os.open(there, os.O_WRONLY),
        "make a file": lambda: os.open(here / "new", os.O_RDWR | os.O_CREAT),
        "remove": lambda: there.unlink(),
        "rename": lambda: there.rename(here / "new"),
        "make a folder": lambda: (here / "new").mkdir(),
        "link": lambda: (here / "new").symlink_to(there),
        "give away": lambda: there.chmod(0o777),
        "cut": lambda: os.truncate(there, 0),
        "read": lambda: os.close(os.open(there, os.O_RDONLY)),
    }
    talk.send({name: _told(attempt) for name, attempt in tries.items()})


def _told(attempt):
    try:
        attempt()
    except OSError as problem:
        return errno.errorcode.get(problem.errno or 0, str(problem))
    return "done"
