"""What libraries of fsspec say of how they are called, as what is wrong with `options` and `secrets` of a connection."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

import fsspec

from datahub.connectors.declare import TerminalError
from datahub.diagnostics.suggest import listed, nearest

SEE = "see `options` and `secrets` of the connection"
_NOT_TAKEN = re.compile(r"[Gg]ot an? ?unexpected keyword argument '(\w+)'|[Gg]ot unexpected keyword argument '(\w+)'")
_MISSING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.+)")


def unfit(protocol: str, options: Mapping[str, Any], problem: Exception) -> TerminalError | None:
    """What a library is told and does not take, or takes and is not told; None where its failure is another."""
    if found := _NOT_TAKEN.search(str(problem)):
        name = found[1] or found[2]
        near = nearest(name, _parameters(protocol) - {name}) if name in options else None
        return TerminalError(f"the library of `{protocol}` takes no `{name}`", f"did you mean `{near}`?" if near else SEE)
    if found := _MISSING.search(str(problem)):
        names = re.findall(r"'(\w+)'", found[1])
        sample = ", ".join(f'{name} = "…"' for name in names)
        return TerminalError(f"the library of `{protocol}` must be told {listed(names)}", f"write `options = {{ {sample} }}`")
    return None


def unknown(protocol: str) -> TerminalError | None:
    """That nothing is called so, if it is that."""
    known = fsspec.available_protocols()
    if protocol in known:
        return None
    near = nearest(protocol, known)
    return TerminalError(f"fsspec knows no `{protocol}`", f"did you mean `{near}`?" if near else "see `protocol` of the connection")


def _parameters(protocol: str) -> set[str]:
    """What the library says that it takes; it may hand on more to others."""
    return set(inspect.signature(fsspec.get_filesystem_class(protocol).__init__).parameters) - {"self", "kwargs"}
