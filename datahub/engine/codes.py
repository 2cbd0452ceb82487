"""Codes of the language as an entity, or the pack it comes from, wants them told."""

from __future__ import annotations

from datahub.semantic.ir import Origin


def translated(code: str, pairs: tuple[tuple[str, str], ...], origin: Origin) -> str:
    """A built-in code under the first name that is given to it; `R4*` is a family. A script's own code stays."""
    for wanted, given in (*origin.translate, *pairs):
        if wanted == code or (wanted.endswith("*") and code.startswith(wanted[:-1]) and code[1:].isdigit()):
            return given
    return code
