"""What `dhm serve` goes by: the jobs as dhm.toml has them now, a process for each run, a line for each thing that happens."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from datahub.cli.output import Log, Stop, event, say, structured

if TYPE_CHECKING:
    from datahub.project.load import Loaded
    from datahub.runner.jobs.serve import Launch, Scheduled


class Declared:
    """The jobs of the project; the file is read again when it changes, and what is wrong with it then changes nothing."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._stamp = self._look()
        self._jobs = _scheduled(loaded)
        self._broken = ""

    @property
    def loaded(self) -> Loaded:
        """The project as it was read last."""
        return self._loaded

    @property
    def current(self) -> Mapping[str, Scheduled]:
        """The jobs as they were read last."""
        return self._jobs

    def broken(self) -> str:
        """What keeps every run from being begun: each reads the file for itself, as it is now."""
        return self._broken

    def jobs(self) -> Mapping[str, Scheduled]:
        """The jobs as they are declared now, or were before the file was broken."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            self._read_again()
        return self._jobs

    def _read_again(self) -> None:
        from datahub.cli.project import project

        try:
            self._loaded = project(self._loaded.env, self._loaded.folder)
            self._jobs = _scheduled(self._loaded)
        except Stop as stop:
            why = "; ".join(filter(None, (stop.message, stop.advice or "`dhm check` shows it")))
            self._broken = (
                f"dhm.toml was changed, and cannot be used ({why}): no run begins until it is mended,"
                " schedules and messages go by what it said before"
            )
            return
        self._broken = ""
        told("", "dhm.toml was read again")

    def _look(self) -> tuple[int, ...]:
        from datahub.project.load import NAME

        folder, env = self._loaded.folder, self._loaded.env
        names = [NAME, *([f"dhm.{env}.toml"] if env else [])]
        return tuple((folder / name).stat().st_mtime_ns if (folder / name).exists() else 0 for name in names)


def launcher(loaded: Loaded) -> Launch:
    """Starts `dhm run` for a run; in a session of its own, so that a signal of the terminal does not reach it twice."""

    def launch(job: str, run: str) -> subprocess.Popen[bytes]:
        environment = ["--env", loaded.env] if loaded.env else []
        log = ["--log", Log.JSON.value] if structured() else []
        command = [sys.executable, "-m", "datahub", "run", job, *environment, "--claimed", run, "--served", "--quiet", *log]
        # Both names are ours: a job of the project, a run of the ledger.
        return subprocess.Popen(command, cwd=loaded.folder, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603

    return launch


def warned(job: str, what: str, run: str = "") -> None:
    """A line of what should not be."""
    told(job, what, run, level="warning")


def told(job: str, what: str, run: str = "", *, level: str = "info") -> None:
    """A line of what happened, with the time; `run` is the one that it is about, which `what` names too."""
    if structured():
        event(level, what, job=job, run=run)
        return
    at = datetime.now().astimezone().strftime("%Y-%m-%dT%H:%M:%S%z")
    say(f"{at} {f'{job}: ' if job else ''}{what}")


def _scheduled(loaded: Loaded) -> Mapping[str, Scheduled]:
    from datahub.runner.jobs.schedules import clocks_of
    from datahub.runner.jobs.serve import Scheduled

    jobs = loaded.project.jobs
    for name, job in jobs.items():
        for trigger in job.triggers:
            if trigger.kind == "after-job" and trigger.job not in jobs:
                raise Stop(f"the job `{name}` starts after `{trigger.job}`, which is no job", f"it has {', '.join(jobs)}")
    return {name: Scheduled(job, clocks_of(loaded, name)) for name, job in jobs.items()}
