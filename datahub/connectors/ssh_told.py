"""What asyncssh raises, as failures of the world: what is missing, what is refused, what may work later."""

from __future__ import annotations

import asyncssh

from datahub.connectors.declare import DataHubError, Missing, NoRoom, Taken, TerminalError, TransientError
from datahub.project.in_words import in_words, said

_USUAL = "a full disk or a quota is the usual cause: ask whoever runs the host"
_LATER = (
    asyncssh.SFTPLockConflict,
    asyncssh.SFTPNoMedia,
)


def lost(problem: BaseException) -> bool:
    """Whether the connection is of no use any more."""
    if isinstance(problem, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection | asyncssh.SFTPBadMessage):
        return True
    return not isinstance(problem, asyncssh.SFTPError)


def told(problem: BaseException, path: str, host: str) -> DataHubError:
    """`problem`, met while working on `path` of `host`, in our words."""
    reason = getattr(problem, "reason", "") or said(problem)
    match problem:
        case asyncssh.SFTPNoSuchFile() | asyncssh.SFTPNoSuchPath():
            return Missing(f"there is no `{path}` on {host}")
        case asyncssh.SFTPFileAlreadyExists():
            return Taken(f"`{path}` exists on {host}")
        case asyncssh.SFTPPermissionDenied() | asyncssh.SFTPWriteProtect():
            return TerminalError(f"{host} does not allow it: `{path}`", "ask whoever runs the host for the right to this folder")
        case asyncssh.PermissionDenied():
            return TerminalError(f"{host} refuses the login", "the password or key is wrong, or not allowed for this account")
        case asyncssh.KeyExchangeFailed():
            return TerminalError(f"{host} speaks no kind of encryption that is still safe: {reason}")
        case asyncssh.ConnectionLost() | asyncssh.SFTPConnectionLost() | asyncssh.SFTPNoConnection():
            return TransientError(f"the connection to {host} was lost{f' at `{path}`' if path else ''}: {reason}")
        case asyncssh.SFTPNoSpaceOnFilesystem() | asyncssh.SFTPQuotaExceeded():
            return NoRoom(f"`{path}` on {host}: {reason}", "ask whoever runs the host for room")
        case asyncssh.SFTPFailure():
            # OpenSSH has this one word for all that the protocol has no number for.
            bare = reason.strip(" .").lower() == "failure"
            why = "it failed there, and the host does not say why" if bare else reason
            return NoRoom(f"`{path}` on {host}: {why}", _USUAL if bare else "")
        case _ if isinstance(problem, _LATER):
            return TransientError(f"`{path}` on {host}: {reason}")
        case asyncssh.SFTPError():
            return TerminalError(f"`{path}` on {host}: {reason}")
        case _:
            return TransientError(f"{host}: {reason}", in_words(problem).help)
