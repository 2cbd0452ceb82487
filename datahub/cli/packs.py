"""Packs for commands: opened or the command ends, with all that is wrong told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datahub.cli.output import Exit, Stop, colourful, say
from datahub.packs.contents import NotAPack
from datahub.packs.open import OpenedPack, examined, open_pack
from datahub.project.failures import DataHubError, TransientError


@contextmanager
def failures_told() -> Iterator[None]:
    """Turn what packs and their places fail with into the end of the command; findings are told first."""
    from datahub.diagnostics.render.text import render

    try:
        yield
    except DataHubError as problem:
        findings = problem.findings if isinstance(problem, NotAPack) else ()
        if findings:
            say(render(list(findings), colour=colourful(sys.stderr)))
        code = Exit.LATER if isinstance(problem, TransientError) else Exit.WRONG
        raise Stop(problem.message, problem.help, code=code) from None


def opened_or_stop(path: Path) -> OpenedPack:
    """The pack at `path`, examined."""
    with failures_told():
        return examined(open_pack(path))
