"""What the kernel keeps from the process that reads what strangers wrote: the network, programs, other processes, changes to files.

`PR_SET_NO_NEW_PRIVS`, and a filter of system calls, which Linux gives to everybody (here on x86-64 and 64-bit ARM). What is
asked for all the same is refused with `EPERM`. Where a kernel or a container allows no filter there is none: the bounds of memory
and time hold without it.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

from datahub.records import record

_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2
_X32 = 0x40000000
"""Numbers from here on are calls of another table on x86-64."""
_X86 = (
    *(41, 42, 43, 49, 50, 53, 288),  # socket, connect, accept, bind, listen, socketpair, accept4
    *(56, 57, 58, 59, 322, 435),  # clone, fork, vfork, execve, execveat, clone3
    *(62, 101, 200, 310, 311, 424),  # kill, ptrace, tkill, process_vm_readv and _writev, pidfd_send_signal
    *(76, 77, 82, 83, 84, 85, 86, 87, 88),  # truncate, ftruncate, rename, mkdir, rmdir, creat, link, unlink, symlink
    *(90, 91, 92, 93, 94, 132, 133, 188, 189, 190, 235),  # chmod, fchmod, chown, fchown, lchown, utime, mknod, setxattr (3), utimes
    *(258, 259, 260, 261, 263, 264, 265, 266, 268, 280, 316, 437),  # the same beside a folder: mkdirat … utimensat, renameat2, openat2
    *(165, 166, 169, 175, 246, 272, 308, 313),  # mount, umount2, reboot, init_module, kexec_load, unshare, setns, finit_module
    *(248, 249, 250, 298, 321, 323, 425),  # add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd, io_uring_setup
)
_ARM = (
    *(198, 199, 200, 201, 202, 203, 242),  # socket, socketpair, bind, listen, accept, connect, accept4
    *(220, 435, 221, 281),  # clone, clone3, execve, execveat; there is no fork
    *(129, 130, 117, 270, 271, 424),  # kill, tkill, ptrace, process_vm_readv and _writev, pidfd_send_signal
    *(45, 46, 33, 34, 35, 36, 37, 38, 276),  # truncate, ftruncate, mknodat, mkdirat, unlinkat, symlinkat, linkat, renameat, renameat2
    *(52, 53, 54, 55, 5, 6, 7, 88, 437),  # fchmod, fchmodat, fchownat, fchown, setxattr (3), utimensat, openat2
    *(40, 39, 142, 105, 273, 104, 97, 268),  # mount, umount2, reboot, init_module, finit_module, kexec_load, unshare, setns
    *(217, 218, 219, 241, 280, 282, 425),  # add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd, io_uring_setup
)
"""The same calls as Linux numbers them for processors that came late."""


@record(frozen=True, slots=True)
class Machine:
    """A kind of processor: its number, what is refused, what opens files and where the flags lie, and where the numbers of calls end."""

    number: int
    denied: tuple[int, ...]
    opens: tuple[tuple[int, int], ...]
    end: int = 1 << 30


MACHINES = {
    "x86_64": Machine(0xC000003E, _X86, ((2, 24), (257, 32)), _X32),
    "aarch64": Machine(0xC00000B7, _ARM, ((56, 32),)),
}
_TO_WRITE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_LAST = -1
"""A jump to the last step, which refuses."""
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000


def confine() -> None:
    """From now on, and for good."""
    if sys.platform != "linux":
        return
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    # Without it, only an administrator may set a filter.
    machine = MACHINES.get(os.uname().machine)
    if prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or machine is None or sys.maxsize < 1 << 32:
        return
    steps = program_of(machine)
    held = ctypes.create_string_buffer(b"".join(steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(held)))
    prctl(_SECCOMP, _FILTER, ctypes.c_void_p(ctypes.addressof(program)), 0, 0)


def program_of(machine: Machine) -> list[bytes]:
    """The filter, gone through in this order: each step is a code, how far to jump where it holds and where not, and a number."""
    made = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, machine.number), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0), (_AT_LEAST, _LAST, 0, machine.end)]
    made += [(_EQUAL, _LAST, 0, call) for call in machine.denied]
    for call, flags in machine.opens:
        made += [(_EQUAL, 0, 3, call), (_LOAD, 0, 0, flags), (_ANY_BIT, _LAST, 0, _TO_WRITE), (_RETURN, 0, 0, _ALLOW)]
    made.append((_RETURN, 0, 0, _ALLOW))
    refuse = len(made)
    made.append((_RETURN, 0, 0, _REFUSE))
    return [
        struct.pack("HBBI", code, refuse - at - 1 if yes == _LAST else yes, no, number) for at, (code, yes, no, number) in enumerate(made)
    ]
