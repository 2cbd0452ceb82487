"""The console: results on standard output, talk on standard error, colour on terminals only; and the exit codes."""

from __future__ import annotations

import os
import re
import sys
from enum import IntEnum, StrEnum
from typing import TextIO

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STEERING = re.compile(r"\x1b(?!\[[0-9;]{0,8}m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What moves a cursor, names a window, or turns text round; but for line ends, tabs, and colours."""


class Exit(IntEnum):
    """What the end of `dhm` tells a scheduler."""

    DONE = 0
    WRONG = 1
    """The script or the data is wrong, or the run was aborted by its own rules."""
    USAGE = 2
    """Wrong arguments, a missing file, a script that does not compile: nothing was touched."""
    REJECTS = 3
    EMPTY = 4
    SKIPPED = 5
    BUG = 70
    LATER = 75
    """The world did not answer; trying again may work."""
    INTERRUPTED = 130
    TERMINATED = 143


class Stop(Exception):
    """The command ends here, with something to say; `advice` is what to do about it."""

    def __init__(self, message: str, advice: str = "", *, code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.message, self.advice, self.code = message, advice, code

    def tell(self) -> None:
        if structured():
            event("error", self.message, help=self.advice, code=int(self.code))
            return
        paint = Paint(sys.stderr)
        say(f"{paint('1;31', 'error')}: {self.message}")
        if self.advice:
            say(f"  {paint('1', 'help')}: {self.advice}")


class Log(StrEnum):
    """How the talk of a command is written: for people, or a JSON object a line."""

    TEXT = "text"
    JSON = "json"


_form = Log.TEXT
_everywhere: dict[str, object] = {}


def log_as(form: Log, **facts: object) -> None:
    """From now on all talk of this process takes this form; `facts` stand in each line for machines."""
    global _form
    _form = form
    _everywhere.update(facts)


def structured() -> bool:
    """Whether talk is written for machines."""
    return _form is Log.JSON


def say(text: str) -> None:
    """Talk: everything that is not the result."""
    if structured():
        event("info", text)
        return
    print(harmless(clean(text)), file=sys.stderr, flush=True)


def event(level: str, message: str, **facts: object) -> None:
    """Something that happened, as a line of JSON; facts that are empty are left out."""
    import json
    from datetime import UTC, datetime

    told = {name: value for name, value in {**_everywhere, **facts}.items() if value not in ("", None)}
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"at": at, "level": level, "message": message, **told}, ensure_ascii=False, default=str)
    print(clean(line), file=sys.stderr, flush=True)


def clean(text: str) -> str:
    """`text` without secrets; where no secret was ever asked for, nothing is loaded to look for one."""
    redaction = sys.modules.get("datahub.project.redaction")
    return text if redaction is None else str(redaction.redacted(text))


def harmless(text: str) -> str:
    """`text` without what would steer a terminal: it may hold what strangers wrote. Colours stay, which are ours."""
    return text if text.isprintable() else _STEERING.sub(_escaped, text)


def printable(text: str) -> str:
    """What strangers wrote, on one line, with no controls in it."""
    return text if text.isprintable() else _CONTROLS.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code:02x}" if code < 256 else f"\\u{{{code:x}}}"


def give(text: str) -> None:
    """The result: as it is, unless a person looks on."""
    # A character that the terminal's encoding lacks must not end the command.
    encoding = sys.stdout.encoding or "utf-8"
    text = harmless(text) if sys.stdout.isatty() else text
    sys.stdout.write(clean(text).encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def colourful(stream: TextIO) -> bool:
    """Whether `stream` is a terminal whose user has not asked for plain text (https://no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


class Paint:
    """Paints text for `stream`, or leaves it."""

    def __init__(self, stream: TextIO) -> None:
        self.on = colourful(stream)

    def __call__(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.on else text


def counted(number: int, one: str, several: str = "") -> str:
    """`1 row`, `1,200 rows`."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
