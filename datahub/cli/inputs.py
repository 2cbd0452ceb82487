"""What commands that read data are given: files for sources, parameters, an instant; and how the world's failures end them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from datahub.cli.output import Exit, Stop

if TYPE_CHECKING:
    from datetime import datetime


def sources(given: Sequence[str]) -> dict[str, list[str]]:
    """`NAME=PATH` pairs as the paths of each source."""
    found: dict[str, list[str]] = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not name or not equals or not path:
            raise Stop(f"`--source {text}` names no source and file", "write `--source NAME=PATH`")
        found.setdefault(name, []).append(path)
    return found


def pairs(given: Sequence[str], option: str, form: str) -> dict[str, str]:
    """`NAME=VALUE` pairs; a name is given once."""
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise Stop(f"`{option} {text}` has no `=`", f"write `{option} {form}`")
        if name in found:
            raise Stop(f"`{option} {name}=…` is given twice")
        found[name] = value
    return found


def begun(as_of: str) -> datetime | None:
    """The instant asked for, or None for the present one."""
    from datahub.runner.parameters import instant

    try:
        return instant(as_of) if as_of else None
    except ValueError as error:
        raise Stop(f"`{as_of}` is no instant", "write one such as `2024-05-01T00:00Z`") from error


@contextmanager
def world() -> Iterator[None]:
    """What is wrong with the input, with what a target can take, or with how the run was asked for, ends the command in one sentence."""
    from datahub.engine.start import UnusableRun
    from datahub.formats.bad_input import BadInput, ReaderLost
    from datahub.formats.declare import BadOutput
    from datahub.runner.parameters import Unreadable

    try:
        yield
    except (UnusableRun, Unreadable) as error:
        raise Stop(str(error)) from error
    except BadInput as error:
        where = f"{error.path}:{error.line}: " if error.path and error.line else f"{error.path}: " if error.path else ""
        raise Stop(f"{where}{error.message} ({error.code})", error.help, code=Exit.WRONG) from error
    except BadOutput as error:
        raise Stop(f"{error.path}: {error.message}" if error.path else error.message, error.help, code=Exit.WRONG) from error
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        code = Exit.LATER if isinstance(error, ReaderLost) else Exit.WRONG
        raise Stop(f"{name}{error.strerror or error}", code=code) from error
