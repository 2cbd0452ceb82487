"""What libraries have to say: told in the form of everything else, without secrets, and without the inside of a program."""

from __future__ import annotations

import logging
import sys
import threading
import warnings

from datahub.cli.output import event, say, structured


class _Told(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        problem = record.exc_info[1] if record.exc_info else None
        _tell("error" if record.levelno >= logging.ERROR else "warning", _with(record.getMessage(), problem))


def libraries_told() -> None:
    """From now on what libraries log from warnings on, warn of, or leave of a thread is a line like all others."""
    root = logging.getLogger()
    if not any(isinstance(one, _Told) for one in root.handlers):
        root.addHandler(_Told(logging.WARNING))
    warnings.showwarning = lambda message, category, *_, **__: _tell("warning", f"{category.__name__}: {message}")
    threading.excepthook = _left


def _left(told: threading.ExceptHookArgs) -> None:
    if told.exc_type is not SystemExit:
        name = told.thread.name if told.thread is not None else "a thread"
        _tell("error", _with(f"this is a mistake of DataHub, not of yours: {name} has ended", told.exc_value))


def _with(text: str, problem: BaseException | None) -> str:
    one = " ".join(text.split())
    return one if problem is None else f"{one} ({type(problem).__name__}: {' '.join(str(problem).split())})"


def _tell(level: str, text: str) -> None:
    if sys.stderr is None:
        return
    if structured():
        event(level, text)
    else:
        say(f"{level}: {text}")
