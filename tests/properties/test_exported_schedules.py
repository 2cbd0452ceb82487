"""What is printed of a schedule for another scheduler is read back by that, or by its grammar, and means the schedule's times."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from datahub.events.due import Clock
from datahub.events.fires import Moment, moments
from datahub.project.frequency import EXAMPLES, NoFrequency
from datahub.project.frequency import cron as five
from datahub.project.schedule import Schedule
from datahub.runner.jobs.crontab_lines import crontab_lines
from datahub.runner.jobs.systemd_times import changed_otherwise, on_calendar
from tests.servers.programs import program

SAID = (
    *EXAMPLES, "@yearly", "@hourly",
    "0 0 1 jan *", "0 2 * MAR,OCT SUN", "0 0 * jan-mar/2 *", "5/15 * * * *", "5/15 8/3 3/9 2/5 1/2", "0 0 */5,L * *", "*/20,7 * * * *",
    "*,5 * * * *", "0 0 L/2 * *", "0 0 LW/3 * *", "0 9 * * 0-7", "0 9 1 * 0-7", "0 9 * * 5-7", "0 9 * * */7", "0 9 * * sun-tue", "0 9 * * 7#1",
    "*/90 */100 * * *", "0-59/7 1-22/5 * * *", "0 9 31 2 1", "0 9 30,31 2,4 *", "0 9 L 2 *", "0 9 29 2 *", "0 9 * 2 5L", "0 9 LW 2 *",
    "30 18 LW * *", "0 23 L * *", "0 9 * * FRI#2", "0 9 * * 1#1", "0 9 * * 5L", "30 2 13 * 5", "*/15 8-10 * * 1-5", "0 0 1 1 *",
    "0 9 * * FRI#2,MON#1", "0 9 1 * FRI#2", "0 9 L,15,20 * *", "0 9 L * 5", "0 9 1-5,L * 5L,MON", "0 9 15,LW * WED#3,TUE#1", "0 9 */2 * FRI#2",
    "0 9 L * */2", "0 9 */2 * 5L", "0 9 */3 * 5L", "0 9 */3 1,4 5L", "0 9 */4,LW * 5L,2#3", "0 9 * * MON#1,TUE#2,WED#3,THU#4,FRI#5,SAT#1,0L",
)  # fmt: skip
NIGHTS = [
    *((cron, "Europe/Paris") for cron in ("30 0 LW * *", "30 0 L * *", "30 0 * * MON#2", "30 0 * * 5L", "30 2 * * *", "*/30 2 * * *")),
    *((cron, "America/Los_Angeles") for cron in ("30 20 LW * *", "30 20 L * *", "30 20 * * FRI#2", "30 20 * * 1L", "0 * * * *")),
    *((cron, "Australia/Lord_Howe") for cron in ("15 1-2 * * *", "*/15 * * * *")),
]
NAMES = {
    3: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    4: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
}
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
# Among them an end of February of each length, and an end of a month on each day of the week.
WINDOWS = tuple(
    (datetime.fromisoformat(f"{first}T00:00Z"), datetime.fromisoformat(f"{last}T00:00Z"))
    for first, last in (
        ("2026-12-27", "2027-01-04"),
        ("2027-02-12", "2027-06-03"),
        ("2027-07-28", "2027-08-02"),
        ("2028-02-12", "2028-03-03"),
    )
)


def generated(seed, count):
    """Schedules of every form that cronsim reads, and that our frequencies take."""
    drawn = random.Random(seed)
    found: list[str] = []
    while len(found) < count:
        text = " ".join(a_field(drawn, place) for place in range(5))
        try:
            found.append(five(text))
        except NoFrequency:
            continue
    return found


def a_field(drawn, place):
    if drawn.random() < (0.2, 0.2, 0.4, 0.6, 0.4)[place]:
        return "*"
    return ",".join(a_term(drawn, place) for _ in range(drawn.choice((1, 1, 1, 2, 3))))


def a_term(drawn, place):
    low, high = BOUNDS[place]
    first, last = sorted(drawn.randint(low, high) for _ in range(2))
    if place == 2 and drawn.random() < 0.25:
        return drawn.choice(("L", "LW", "L/2"))
    if place == 4 and drawn.random() < 0.4:
        return drawn.choice((f"{first}L", f"{first}#{drawn.randint(1, 5)}", f"{NAMES[4][first % 7]}#{drawn.randint(1, 5)}"))
    step = drawn.choice(("", "", f"/{drawn.randint(1, high)}"))
    if place > 2 and drawn.random() < 0.5:
        names = NAMES[place]
        some = sorted(drawn.randrange(len(names)) for _ in range(2))
        said = drawn.choice((names[some[0]], f"{names[some[0]]}-{names[some[1]]}"))
        return drawn.choice((said, said.lower())) + step
    return drawn.choice((f"{first}", f"{first}-{last}", "*")) + step


ALL = sorted({(five(one), "UTC") for one in SAID} | {(one, "UTC") for one in generated(7, 120)} | set(NIGHTS))


def clock(cron, zone):
    return Clock("offers", cron, zone, Schedule(every=cron))


def fires(cron, zone):
    """Of each window, the fires that come first, and until when they are all."""
    for first, last in WINDOWS:
        found: list[Moment] = []
        for moment in moments(cron, zone, first):
            if moment.at > last or len(found) == 1200:
                last = min(last, moment.at - timedelta(seconds=1))
                break
            found.append(moment)
        yield first, last, found


# ---------------------------------------------------------------- systemd


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
@pytest.mark.parametrize("part", range(8))
def test_systemd_reads_the_same_times(part):
    for cron, zone in ALL[part::8]:
        lines = on_calendar(clock(cron, zone))
        assert lines or re.search(r" \*/\d+\S* \S+ \S*\dL", cron), cron
        for first, last, wanted in fires(cron, zone) if lines else ():
            found = elapses(lines, first, last, len(wanted) + 2)
            # What systemd leaves out is told, and only where a clock is changed.
            unchanged = {one.at for one in wanted if not one.note}
            left_out = {one.at for one in wanted} - found
            assert unchanged <= found <= {one.at for one in wanted}, (cron, zone, lines)
            assert not left_out or changed_otherwise(clock(cron, zone), first), (cron, zone)


def elapses(lines, first, last, most):
    """The times in (first, last] of which systemd-analyze says that they come."""
    command = ["systemd-analyze", "calendar", f"--base-time={first:%Y-%m-%d %H:%M:%S} UTC", f"--iterations={most}"]
    command += [line.removeprefix("OnCalendar=") for line in lines]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"TZ": "UTC", "PATH": "/usr/bin:/bin"})
    assert (0, "") == (done.returncode, done.stderr), (lines, done.stderr)
    stamps = re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC$", done.stdout, re.MULTILINE)
    return {at for one in stamps if first < (at := datetime.strptime(one, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)) <= last}


# ---------------------------------------------------------------- cron


def test_the_cron_of_debian_takes_each_line(tmp_path):
    told = [line for cron, zone in ALL for line in crontab_lines(clock(cron, zone), "cd '/s/p%c' && dhm run offers")]
    assert len(ALL) == sum(not line.startswith("#") for line in told)
    (tmp_path / "crontab").write_text("CRON_TZ=Europe/Paris\n" + "\n".join(told) + "\n", encoding="utf-8")
    done = subprocess.run([program("crontab"), "-n", str(tmp_path / "crontab")], capture_output=True, text=True, check=False)
    if "Permission denied" in done.stderr or "-n" in done.stderr:
        pytest.skip(f"this crontab does not look at a file without taking it: {done.stderr}")
    assert 0 == done.returncode, done.stderr


@pytest.mark.parametrize("part", range(8))
def test_cron_starts_at_the_same_times(part, clock_of):
    for cron, zone in ALL[part::8]:
        (line,) = (one for one in crontab_lines(clock(cron, zone), "true") if not one.startswith("#"))
        for first, last, wanted in fires(cron, zone):
            # When cron starts a line where clocks are changed is held against it elsewhere.
            rough = read(line, first, last) if zone == "UTC" else begun(line, zone, first, last)
            assert {one.at for one in wanted} == set(held(line, rough, zone, clock_of)), (cron, line)


def begun(line, zone, first, last):
    for moment in moments(" ".join(line.split()[:5]), zone, first):
        if moment.at > last:
            return
        yield moment.at


def read(line, first, last):
    """The times in (first, last] of a line, by the grammar of Vixie's cron and nothing else: numbers, ranges, steps of a range or a star."""
    said = line.split(maxsplit=5)[:5]
    minutes, hours, days, months, weekdays = (numbers(one, *bounds) for one, bounds in zip(said, BOUNDS))
    weekdays |= {0} if 7 in weekdays else set()
    both = said[2].startswith("*") or said[4].startswith("*")
    day = first
    while day <= last:
        of_month, of_week = day.day in days, day.isoweekday() % 7 in weekdays
        if day.month in months and (of_month and of_week if both else of_month or of_week):
            yield from (
                at for hour in sorted(hours) for minute in sorted(minutes) if first < (at := day.replace(hour=hour, minute=minute)) <= last
            )
        day += timedelta(days=1)


def numbers(field, low, high):
    found = set()
    for term in field.split(","):
        grammar = re.fullmatch(r"(?:\*|(\d+)-(\d+))(?:/(\d+))?|(\d+)", term)
        assert grammar is not None, field
        begin, end, step, alone = (int(one) if one else None for one in grammar.groups())
        assert alone is None or low <= alone <= high
        if alone is not None:
            found.add(alone)
        else:
            found |= set(range(low if begin is None else begin, (high if end is None else end) + 1, step or 1))
    return found


@pytest.fixture
def clock_of(tmp_path):
    """The folder of a `date` that counts from `NOW`."""
    script = '#!/bin/sh\nif [ "$1" = -d ]; then\n  now="$(/bin/date -d "@$NOW" +%F) $2"; shift 2\n  exec /bin/date -d "$now" "$@"\nfi\nexec /bin/date -d "@$NOW" "$@"\n'
    (tmp_path / "date").write_text(script, encoding="utf-8")
    (tmp_path / "date").chmod(0o700)
    return tmp_path


def held(line, rough, zone, clock_of):
    """Of the times at which a line of a crontab begins its command, those at which the test before it holds; the machine's zone is UTC."""
    command = line.split(maxsplit=5)[5]
    tested = command.replace("\\%", "%").removesuffix("true").strip().removesuffix("&&").strip()
    answers: dict[object, bool] = {}
    for at in rough:
        day = at.date() if zone == "UTC" else at
        if tested and day not in answers:
            env = {"TZ": "UTC", "PATH": f"{clock_of}:/usr/bin:/bin", "NOW": f"{at.timestamp():.0f}"}
            answers[day] = subprocess.run(["sh", "-c", tested], check=False, env=env, stderr=subprocess.DEVNULL).returncode == 0
        if not tested or answers[day]:
            yield at


@pytest.mark.parametrize("command", ["true" * 300, "é" * 500])
def test_what_is_longer_than_a_line_of_cron_is_told(command):
    (line,) = crontab_lines(clock("0 9 * * *", "UTC"), command)
    assert line.startswith("# longer than the 998 characters that cron takes")
