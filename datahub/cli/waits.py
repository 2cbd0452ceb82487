"""What connections wait for, said while it lasts."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from datahub.cli.output import say


class _Told(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


@contextmanager
def waits_told(*, quiet: bool = False) -> Iterator[None]:
    """Say each wait that begins while the block runs."""
    if quiet:
        yield
        return
    from datahub.connectors.waits import LOG

    told, level = _Told(), LOG.level
    LOG.addHandler(told)
    LOG.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOG.removeHandler(told)
        LOG.setLevel(level)
