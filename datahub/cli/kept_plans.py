"""Plans of scripts that were compiled before, kept in the user's cache for as long as nothing changes that they were made of."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datahub.records import record
from datahub.resources import folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datahub.document import Document
    from datahub.packs.folders import Folders
    from datahub.plan.operators import Plan

MOST = 256
"""How many plans are kept; above that, the oldest half goes."""


@record(frozen=True, slots=True)
class Compiled:
    """A plan, with how many warnings its script has, and its digest."""

    plan: Plan
    warnings: int
    digest: str


def kept(document: Document, loader: Folders, flow: str) -> Compiled | None:
    """What was kept for `flow` of the script `document`, where all that it was compiled from is as it was."""
    place = _place(document, flow)
    if place is None:
        return None
    try:
        head, _, plan = place.read_text(encoding="utf-8").partition("\n")
        known = json.loads(head)
        whole = known["sum"] == hashlib.sha256(plan.encode()).hexdigest()
        if not whole or known["program"] != _program() or not loader.sees(known["files"], known["folders"]):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    from datahub.plan.serde import UnreadablePlan, from_json

    try:
        return Compiled(from_json(plan), known["warnings"], known["digest"])
    except UnreadablePlan:
        return None


def keep(document: Document, loader: Folders, flow: str, made: Compiled) -> None:
    """Keep what was made of a script for the next time; where that cannot be, it is made again."""
    place = _place(document, flow)
    if place is None or loader.beyond or not loader.sees(loader.files, loader.folders) or _extended():
        return
    from datahub.plan.serde import to_json

    plan = to_json(made.plan)
    head = {"files": loader.files, "folders": loader.folders, "warnings": made.warnings, "digest": made.digest}
    draft = place.with_suffix(f".{os.getpid()}")
    try:
        head |= {"program": _program(), "sum": hashlib.sha256(plan.encode()).hexdigest()}
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_text(f"{json.dumps(head)}\n{plan}", encoding="utf-8")
        draft.replace(place)
        _make_room(place.parent)
    except OSError:
        return


def _place(document: Document, flow: str) -> Path | None:
    """The file for a flow of a script. What is told of a row names the script as it was typed, so that is part of it."""
    cached = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    told = json.dumps([str(Path(document.path).resolve()), document.path, flow])
    try:
        return Path(cached).expanduser() / "dhm" / "plans" / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.json"
    except RuntimeError:
        # Some services run as a user without a home.
        return None


def _extended() -> bool:
    """Whether functions of other distributions took part: their code may change while their version stays."""
    from datahub.functions.extensions import extension

    return extension.cache_info().currsize > 0


def _make_room(place: Path) -> None:
    there = [Path(one.path) for one in os.scandir(place)]
    if len(there) > MOST:
        for path in sorted(there, key=lambda one: one.stat().st_mtime)[: len(there) - MOST // 2]:
            path.unlink(missing_ok=True)


# ---------------------------------------------------------------- the program that compiles


@cache
def _program() -> str:
    """A mark of all code that a plan may depend on: Python, every module of DataHub, and which distributions are installed."""
    own, grammar = str(Path(__file__).parents[1]), str(folder("grammar"))
    parts: list[Any] = [sys.version, sys.platform, *_modules(own, ".py"), *_modules(grammar, ".lark")]
    for place in filter(os.path.isdir, dict.fromkeys(one or "." for one in sys.path)):
        parts += sorted(one.name for one in os.scandir(place) if one.name.endswith(("-info", ".egg-link")))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _modules(place: str, ending: str) -> Iterator[tuple[str, int, int]]:
    """Every file at or below `place` that ends so, with its length and when it was changed last."""
    there = sorted(os.scandir(place), key=lambda one: one.name)
    yield from ((one.path, about.st_size, about.st_mtime_ns) for one in there if one.name.endswith(ending) for about in (one.stat(),))
    for one in there:
        if one.name != "__pycache__" and one.is_dir(follow_symlinks=False):
            yield from _modules(one.path, ending)
