"""An input that is wrong as a whole, as every process that reads it says so; and that such a process is gone."""

from __future__ import annotations


class BadInput(Exception):
    """An input that is wrong as a whole: the code (R0xx), what is wrong, and what to do."""

    def __init__(self, code: str, message: str, help: str = "", path: str = "", line: int = 0, fatal: bool = True) -> None:
        super().__init__(message)
        self.code, self.message, self.help, self.path, self.line, self.fatal = code, message, help, path, line, fatal


class ReaderLost(OSError):
    """The process that was reading is gone, through nothing that it read."""
