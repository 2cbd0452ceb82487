"""Show which pack requires which, with the versions in use.

The packs of dhm.toml and of scripts stand at the left, and below each what it requires. What stands in the tree before is not
written out again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from datahub.cli.output import give, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datahub.packs.lock import Lock


def command() -> None:
    from datahub.cli.packs import failures_told, project_or_stop
    from datahub.packs.locking import make_lock

    project = project_or_stop()
    lock: Lock | None = project.lock
    if lock is None:
        say("note: there is no dhm.lock yet; this is what `dhm pack lock` would choose")
        with failures_told():
            lock = make_lock(project)
    inner = {said.partition(" ")[0] for one in lock.pack for said in one.requires}
    roots = sorted({*project.asked, *(one.name for one in lock.pack if one.name not in inner)})
    if not roots:
        say("there are no packs in dhm.toml")
    told: set[str] = set()
    for name in roots:
        asked = project.asked.get(name)
        give("".join(f"{line}\n" for line in _branch(name, asked.version if asked is not None else "", lock, "", told)))


def _branch(name: str, versions: str, lock: Lock, indent: str, told: set[str]) -> Iterator[str]:
    locked = lock.of(name)
    asked = f" ({versions})" if versions else ""
    if locked is None:
        yield f"{indent}{name}{asked}  not locked"
        return
    again = name in told
    yield f"{indent}{name} {locked.version}{asked}  {locked.origin}{'  (see above)' if again and locked.requires else ''}"
    told.add(name)
    for said in () if again else locked.requires:
        other, _, wanted = said.partition(" ")
        yield from _branch(other, wanted, lock, indent + "  ", told)
