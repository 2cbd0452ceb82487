"""What a child can come to: tasks that die, grow, never end, say nonsense."""

from __future__ import annotations

import os
import signal
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
    os.kill(os.getpid(), getattr(signal, asked["signal"]))
    time.sleep(60)


def refuse_at_once(talk, asked, file):
    """Refuses what it is given as soon as it has seen the first of it."""
    talk.read()
    raise BadInput("R005", "`in.xml` is refused at once", "write it again", path="in.xml")


def die_later(talk, asked, file):
    """Dies once it has said something."""
    talk.send({}, bytes(talk.read()))
    os.kill(os.getpid(), getattr(signal, asked["signal"]))
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
