"""`dhm` in this process, which is as good as the process for all that is no signal and no kill, and ten times as fast."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, its result, and what it said."""

    code: int
    out: str
    err: str


class Told(io.TextIOWrapper):
    """A stream that keeps what is written to it, as text or as bytes."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="", write_through=True)

    def text(self) -> str:
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode("utf-8")


def typed(words: Sequence[str], out: Told, err: Told, home: Path | None = None, **environment: str) -> int:
    """The exit code of `dhm` with these words, typed in the folder `home`; signals and the environment are afterwards as they were."""
    from datahub.cli.main import main
    from datahub.project.redaction import redacted

    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(home or Path.cwd()),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        patch.setattr(sys, "argv", ["dhm", *words])
        # A process of its own would know no secret of the commands before.
        patch.setattr(redacted, "_known", set())
        patch.setattr(redacted, "_pattern", None)
        for name, value in environment.items():
            patch.setenv(name, value)
        with pytest.raises(SystemExit) as ended:
            main()
    for number, handler in signals.items():
        signal.signal(number, handler)
    return int(ended.value.code or 0)


def dhm(*words: str, home: Path | None = None, **environment: str) -> Ended:
    """The command in this process; where it is killed on its way (`DHM_FAIL`), in one of its own."""
    if "DHM_FAIL" in {**os.environ, **environment}:
        command = [sys.executable, "-m", "datahub", *words]
        killed = subprocess.run(
            command, cwd=home, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
        )
        return Ended(killed.returncode, killed.stdout, killed.stderr)
    out, err = Told(), Told()
    code = typed(words, out, err, home, **environment)
    return Ended(code, out.text(), err.text())
