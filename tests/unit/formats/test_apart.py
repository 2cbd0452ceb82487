"""What strangers wrote is read in a process of its own: how that ends, and what is told of it."""

from __future__ import annotations

import gc
import os
import re
import signal
import socket
import struct
import sys
import time
from pathlib import Path

import pytest

from datahub.formats.apart.confined import MACHINES, program_of
from datahub.formats.apart.process import Child, Work, answer, lent
from datahub.formats.bad_input import BadInput, ReaderLost

MEMORY = 1 << 29


def work(task, **bounds):
    return Work(f"tests.unit.formats.apart_tasks:{task}", "in.xml", **{"memory": MEMORY, **bounds})


def refusal(task, asked=None, feed=None, **bounds):
    with pytest.raises(BadInput) as caught:
        answer(work(task, **bounds), asked or {}, feed)
    assert ("R005", "in.xml") == (caught.value.code, caught.value.path)
    assert "`in.xml`" in caught.value.message
    assert caught.value.help
    return caught.value.message


def test_it_is_fed_and_gets_an_open_file(tmp_path):
    (tmp_path / "f").write_text("held open")
    with (tmp_path / "f").open("rb") as file:
        told, _ = answer(work("count"), {}, iter([b"x" * 3_000_000, b"y"]), file.fileno())
    assert (3_000_001, "held open") == (told["bytes"], told["file"])


def test_one_process_reads_file_after_file():
    assert 1 == len({answer(work("count"), {}, iter([b"x"]))[0]["process"] for _ in range(5)})


def test_a_task_that_leaves_off_early_leaves_nothing_to_the_next():
    for _ in range(3):
        _, (part,) = answer(work("first_alone"), {}, iter([b"x", *[b"y" * 100_000] * 30]))
        assert b"x" == bytes(part)


def test_much_goes_both_ways_at_once_without_waiting_for_each_other():
    parts = [bytes([number]) * 700_000 for number in range(40)]
    with lent() as child:
        said = b"".join(bytes(part) for _, (part,) in child.answers(work("echo"), {}, iter(parts)))
    assert b"".join(parts) == said


def test_more_memory_than_is_allowed_is_told():
    assert "`in.xml` needs more than 512 MB of memory to be read" == refusal("grow")


def test_what_never_ends_is_ended_by_the_processor_that_it_uses():
    assert "`in.xml` needs more than 1 s of the processor for one piece of it" == refusal("spin", seconds=1)


@pytest.mark.parametrize("pause", [0, 0.001, 0.005, 0.01, 0.02, 0.03, 0.05])
def test_what_is_refused_while_more_of_it_is_sent_is_refused_for_what_it_is(pause):
    def slowly():
        for _ in range(20):
            yield b"x" * 1000
            time.sleep(pause)

    assert "`in.xml` is refused at once" == refusal("refuse_at_once", feed=slowly())


def test_what_says_nothing_is_not_waited_for():
    begun = time.monotonic()
    assert "did not answer for 0.5 s" in refusal("silent", patience=0.5)
    assert 10 > time.monotonic() - begun


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS"])
def test_a_library_that_breaks_down_is_a_finding_about_the_file(name):
    assert f"the library that reads it broke down over it ({name})" in refusal("die", {"signal": name})


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_process_that_somebody_ends_says_nothing_of_the_file(name):
    with pytest.raises(ReaderLost) as caught:
        answer(work("die_later"), {"signal": name}, iter([b"x"]))
    assert ("in.xml", True) == (caught.value.filename, f"ended by another ({name})" in str(caught.value.strerror))


def test_what_a_process_says_that_was_taken_over_is_not_believed():
    assert "came to say nothing" in refusal("nonsense")


def test_a_mistake_of_ours_is_one():
    with pytest.raises(RuntimeError, match="KeyError: 'ours'"):
        answer(work("mistaken"), {})


def test_it_knows_no_secret_and_writes_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_SECRET", "q8Zr-canary")
    child = Child()
    ((told, _),) = child.answers(work("surroundings"), {"path": str(tmp_path / "f")})
    child.end()
    assert set() == {name for name in told["environment"] if name not in ("LD_LIBRARY_PATH", "LC_CTYPE")}
    assert (False, []) == (told["written"], [one for one in tmp_path.iterdir() if one.stat().st_size])
    # Its line, what is thrown away, and the folder that was just listed.
    assert 4 == told["descriptors"]


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="the filter is for Linux on x86-64")
def test_the_kernel_keeps_it_from_the_network_from_programs_and_from_changes_to_files(tmp_path):
    (tmp_path / "there").write_text("as it was")
    with socket.create_server(("127.0.0.1", 0)) as server:
        told, _ = answer(work("reach_out"), {"folder": str(tmp_path), "port": server.getsockname()[1]})
    assert "done" == told.pop("read")
    assert {"EPERM"} == set(told.values()), told
    assert (["there"], "as it was") == ([one.name for one in tmp_path.iterdir()], (tmp_path / "there").read_text())


def test_whoever_stops_listening_leaves_no_process_behind():
    with lent() as child:
        next(child.answers(work("echo"), {}, iter([b"x"] * 1000)))
        number = child.id
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_one_that_was_killed_while_it_waited_is_not_lent_again():
    told, _ = answer(work("count"), {}, iter([b"x"]))
    os.kill(told["process"], signal.SIGKILL)
    time.sleep(0.2)
    assert told["process"] != answer(work("count"), {}, iter([b"x"]))[0]["process"]


def test_a_copy_of_the_process_starts_children_of_its_own():
    mine = answer(work("count"), {}, iter([b"x"]))[0]["process"]
    gc.collect()
    read, write = os.pipe()
    copy = os.fork()
    if not copy:
        os.write(write, str(answer(work("count"), {}, iter([b"x"]))[0]["process"]).encode())
        os._exit(0)
    assert (copy, 0) == os.waitpid(copy, 0)
    theirs = int(os.read(read, 100))
    os.close(read)
    os.close(write)
    assert mine != theirs
    assert mine == answer(work("count"), {}, iter([b"x"]))[0]["process"]


def _answered(machine, number, flags=0, architecture=None):
    """What a filter says of a call, as the kernel goes through its steps."""
    places = {flags_at: flags for _, flags_at in machine.opens} | {0: number, 4: machine.number if architecture is None else architecture}
    held, at, steps = 0, 0, [struct.unpack("HBBI", one) for one in program_of(machine)]
    while True:
        code, yes, no, value = steps[at]
        match code:
            case 0x20:
                held, jump = places[value], 0
            case 0x15:
                jump = yes if held == value else no
            case 0x35:
                jump = yes if held >= value else no
            case 0x45:
                jump = yes if held & value else no
            case _:
                return value
        at += jump + 1


@pytest.mark.parametrize("name", MACHINES)
def test_a_filter_refuses_what_it_lists_and_files_that_are_opened_to_write(name):
    machine = MACHINES[name]
    allow, refuse, kill = 0x7FFF0000, 0x00050001, 0x80000000
    assert all(_answered(machine, number) == refuse for number in machine.denied)
    for number, _ in machine.opens:
        assert (allow, refuse) == (_answered(machine, number), _answered(machine, number, os.O_CREAT | os.O_WRONLY))
    assert allow == _answered(machine, 9999)
    assert refuse == _answered(machine, machine.end)
    assert kill == _answered(machine, 9999, architecture=0x40000003)


def test_the_numbers_of_arm_are_those_of_linux():
    header = Path("/usr/include/asm-generic/unistd.h")
    if not header.is_file():
        pytest.skip("the headers of Linux are not installed")
    known = dict(re.findall(r"^#define __NR(?:3264)?_(\w+) +(\d+)", header.read_text(), re.MULTILINE))
    names = [
        "socket",
        "socketpair",
        "bind",
        "listen",
        "accept",
        "connect",
        "accept4",
        "clone",
        "clone3",
        "execve",
        "execveat",
        "kill",
        "tkill",
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
        "pidfd_send_signal",
        "truncate",
        "ftruncate",
        "mknodat",
        "mkdirat",
        "unlinkat",
        "symlinkat",
        "linkat",
        "renameat",
        "renameat2",
        "fchmod",
        "fchmodat",
        "fchownat",
        "fchown",
        "setxattr",
        "lsetxattr",
        "fsetxattr",
        "utimensat",
        "openat2",
        "mount",
        "umount2",
        "reboot",
        "init_module",
        "finit_module",
        "kexec_load",
        "unshare",
        "setns",
        "add_key",
        "request_key",
        "keyctl",
        "perf_event_open",
        "bpf",
        "userfaultfd",
        "io_uring_setup",
    ]
    assert {int(known[one]) for one in names} == set(MACHINES["aarch64"].denied)
    assert int(known["openat"]) == MACHINES["aarch64"].opens[0][0]
