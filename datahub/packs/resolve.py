"""Which version of each pack suits everybody who requires it: always the same for the same input, and explained where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, ResolutionTooDeep, Resolver
from semver import Version

from datahub.packs.origins import Offered, Origin
from datahub.project.failures import TerminalError
from datahub.project.versions import Range
from datahub.records import record


@record(frozen=True, slots=True)
class Required:
    """A pack in a range of versions, and who requires it: `dhm.toml`, a script, or a pack with its version."""

    name: str
    versions: Range
    by: str


@record(frozen=True, slots=True)
class Chosen:
    """The version of a pack that was chosen."""

    name: str
    offered: Offered
    origin: Origin

    @property
    def called(self) -> str:
        return f"{self.name} {self.offered.version}"


class Conflict(TerminalError):
    """No version suits everybody; `table` says who requires what."""

    def __init__(self, name: str, table: Sequence[Required], there: Sequence[Version]) -> None:
        versions = ", ".join(map(str, there[:8])) + (" …" if len(there) > 8 else "")
        super().__init__(
            f"no version of `{name}` suits everybody who requires it" if there else f"nobody has the pack `{name}`",
            f"there is {versions}; one of the ranges has to give way"
            if there
            else f'say where it comes from in dhm.toml: `[packs]` with `{name} = {{ index = "…" }}` or `{{ path = "…" }}`',
        )
        self.name, self.table, self.there = name, tuple(table), tuple(there)

    def rows(self) -> Iterator[tuple[str, str]]:
        """Who requires which versions."""
        return ((one.by, str(one.versions)) for one in self.table)


Origins = Callable[[str, Iterable[str]], Origin | None]
"""The one origin of a pack, from its name and from who requires it."""


def resolve(required: Iterable[Required], origins: Origins, locked: Mapping[str, Version]) -> dict[str, Chosen]:
    """A version for each pack that is required, directly or not: the one in `locked` where it suits, else the newest."""
    try:
        found = Resolver(_Provider(origins, locked), BaseReporter()).resolve(list(required), max_rounds=10_000)
    except ResolutionImpossible as impossible:
        raise _conflict(impossible, origins) from None
    except ResolutionTooDeep:
        raise TerminalError("the versions of the packs depend on each other in too many ways", "narrow the ranges in `[packs]`") from None
    return dict(sorted(found.mapping.items()))


class _Provider(AbstractProvider[Required, Chosen, str]):
    def __init__(self, origins: Origins, locked: Mapping[str, Version]) -> None:
        self._origins, self._locked = origins, locked

    def identify(self, requirement_or_candidate: Required | Chosen) -> str:
        return requirement_or_candidate.name

    def get_preference(self, identifier: str, *_: Any, **__: Any) -> str:
        # By name, so that the same input is always tried in the same order.
        return identifier

    def find_matches(
        self, identifier: str, requirements: Mapping[str, Iterator[Required]], incompatibilities: Mapping[str, Iterator[Chosen]]
    ) -> list[Chosen]:
        wanted = list(requirements[identifier])
        refused = {one.offered.version for one in incompatibilities[identifier]}
        found = self._origins(identifier, [one.by for one in wanted])
        locked = self._locked.get(identifier)
        offers = [] if found is None else list(found.offers(identifier))
        asked = [one.versions for one in wanted if not one.versions.is_any]
        # Who asks nothing gets a pre-release where others name it, where it was chosen before, or where there is nothing else.
        early = bool(asked) or all(one.version.prerelease is not None for one in offers)
        fitting = [
            Chosen(identifier, offered, found)
            for offered in offers
            if found is not None and offered.version not in refused and all(one.allows(offered.version) for one in asked)
            if early or offered.version.prerelease is None or offered.version == locked
            if not offered.withdrawn or offered.version == locked
        ]
        return sorted(fitting, key=lambda one: (one.offered.version == locked, one.offered.version), reverse=True)

    def is_satisfied_by(self, requirement: Required, candidate: Chosen) -> bool:
        return requirement.versions.suits(candidate.offered.version)

    def get_dependencies(self, candidate: Chosen) -> list[Required]:
        return [Required(name, versions, candidate.called) for name, versions in candidate.offered.requires]


def _conflict(impossible: ResolutionImpossible[Required, Chosen], origins: Origins) -> Conflict:
    causes = sorted({one.requirement for one in impossible.causes}, key=lambda one: (one.name, one.by, one.versions.text))
    name = causes[0].name
    table = [one for one in causes if one.name == name]
    origin = origins(name, [one.by for one in table])
    there = sorted((one.version for one in (origin.offers(name) if origin is not None else ())), reverse=True)
    return Conflict(name, table, there)
