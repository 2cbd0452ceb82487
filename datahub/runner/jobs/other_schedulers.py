"""Schedules in the words of cron and of systemd; what they cannot say is told in a comment where it would stand."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from datahub.events.due import Clock
from datahub.project.load import Loaded
from datahub.project.secrets import variables
from datahub.runner.jobs.crontab_lines import crontab_lines
from datahub.runner.jobs.schedules import clocks_of
from datahub.runner.jobs.systemd_times import changed_otherwise, closest, on_calendar


def crontab(loaded: Loaded, on: Collection[str]) -> str:
    """Lines for `crontab` of the jobs that are `on`; cron mails what is written, and `CRON_TZ` is understood by cronie alone."""
    lines = [
        f"# the jobs of {loaded.folder}",
        "# CRON_TZ is read by cronie; Debian's cron goes by the machine's zone, which must be the same there",
    ]
    if any(clock.catching.catch_up != "none" or clock.catching.jitter for clock in _clocks(loaded, on)):
        lines.append("# what is missed is not made up for, and nothing starts later: `catch_up` and `jitter` are for `dhm serve`")
    if needed := _needed(loaded):
        lines.append(f"# dhm.toml refers to {needed}, which cron does not know: set them in lines of their own, as `NAME=value`")
    zone = ""
    lines += [f"# `{name}` is off" for name in loaded.project.jobs if name not in on]
    for clock in _clocks(loaded, on):
        if clock.zone != zone:
            zone = clock.zone
            lines.append(f"CRON_TZ={zone}")
        lines += crontab_lines(clock, f"cd {shlex.quote(str(loaded.folder))} && {_command(loaded, clock.job)}")
    return "\n".join(lines) + "\n"


def systemd(loaded: Loaded, on: Collection[str]) -> str:
    """A service and a timer for each job that is `on`, one after the other, each behind its name."""
    units = []
    told_of = f"# dhm.toml refers to {needed}: `EnvironmentFile=` names a file that has them\n" if (needed := _needed(loaded)) else ""
    for name in loaded.project.jobs:
        several = [clock for clock in _clocks(loaded, on) if clock.job == name]
        if not several:
            continue
        said = [on_calendar(clock) for clock in several]
        told = [f"# only `dhm serve` can say this: {clock.cron}" for clock, lines in zip(several, said) if not lines]
        if not any(said):
            units.append(f"# `{name}` has no timer\n" + "\n".join(told) + "\n")
            continue
        unit = f"dhm-{name}"
        units.append(
            f"# {unit}.service\n[Unit]\nDescription=DataHub job {name}\n\n[Service]\nType=oneshot\n"
            f"{told_of}WorkingDirectory={_literal(str(loaded.folder))}\nExecStart={_literal(_command(loaded, name)).replace('$', '$$')}\n"
            "# 0 done, 3 rejects, 4 nothing came, 5 another run is not done\nSuccessExitStatus=3 4 5\n"
        )
        timers = "\n".join([*told, *_changed(several), *(line for lines in said for line in lines)])
        units.append(
            f"# {unit}.timer\n[Unit]\nDescription=DataHub job {name}\n\n[Timer]\n{timers}\n{_punctuality(several)}\n\n"
            "[Install]\nWantedBy=timers.target\n"
        )
    return "\n".join(units)


def _needed(loaded: Loaded) -> str:
    """The variables that the project refers to, which another scheduler does not hand on by itself."""
    return ", ".join(variables(json.dumps(loaded.layers.values, default=str, ensure_ascii=False)))


def _literal(text: str) -> str:
    """As systemd takes it: `%` would begin a word of its own."""
    return text.replace("%", "%%")


def _changed(several: Sequence[Clock]) -> list[str]:
    """What systemd makes of clocks that are changed, where a time of the job lies there."""
    zones = dict.fromkeys(clock.zone for clock in several if changed_otherwise(clock, datetime.now(UTC)))
    told = "systemd leaves out what the clock skips, and starts once for what it shows twice; cron and `dhm serve` leave nothing out"
    return [f"# {zone}: {told}" for zone in zones]


def _punctuality(several: Sequence[Clock]) -> str:
    """What a timer makes up for and how late it starts, and what of it systemd cannot say."""
    told = [clock.catching for clock in several]
    made_up, jitter = any(one.catch_up != "none" for one in told), max(one.jitter for one in told)
    lines = [f"Persistent={'true' if made_up else 'false'}", "AccuracySec=1s"]
    if made_up and any(one.catch_up != "latest" for one in told):
        lines.insert(0, "# of what is missed systemd makes up for one time; `catch_up` says otherwise")
    if jitter:
        # A delay of as much as lies between two times would pass some over.
        most = min(jitter, closest(several, datetime.now(UTC)) - timedelta(seconds=1))
        lines += [f"RandomizedDelaySec={most.total_seconds():g}", "FixedRandomDelay=true"]
    return "\n".join(lines)


def _clocks(loaded: Loaded, on: Collection[str]) -> Iterator[Clock]:
    for name in loaded.project.jobs:
        if name in on:
            yield from clocks_of(loaded, name)


def _command(loaded: Loaded, job: str) -> str:
    program = Path(sys.argv[0])
    dhm = str(program.resolve()) if program.name == "dhm" else "dhm"
    return shlex.join([dhm, "run", job, *(["--env", loaded.env] if loaded.env else []), "--scheduled", "--quiet"])
