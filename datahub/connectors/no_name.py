"""Hosts whose name leads nowhere: how that shows, and what to do."""

from __future__ import annotations

import socket

NO_NAME = "no such name is known: look at the host of the connection, or at the network of this machine"


def no_name(problem: BaseException | None) -> bool:
    """Whether a name that nobody knows is behind a failure."""
    while problem is not None and not isinstance(problem, socket.gaierror):
        problem = problem.__cause__ or problem.__context__
    return problem is not None
