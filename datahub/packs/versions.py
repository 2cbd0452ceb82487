"""Versions of packs and ranges of them: `^1.4` by the rules of semantic versions, `~1.4` for patches alone, `1.4.2` for that one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from datahub.records import record

if TYPE_CHECKING:
    # Loaded where there is a version: most scripts use none.
    from semver import Version

_RANGE = re.compile(r"(?P<mark>[\^~]?)(?P<numbers>\d+(?:\.\d+){0,2})(?P<rest>-[0-9A-Za-z.-]+)?")


class NoRange(ValueError):
    """Text that is no version and no range of versions."""


@record(frozen=True, slots=True)
class Range:
    """The versions from `least` up to, but not with, `below`; every one where the text is empty."""

    text: str
    least: Version | None = None
    below: Version | None = None

    def allows(self, version: Version) -> bool:
        """Whether `version` is in the range; a pre-release only where the range itself names one of that version."""
        if self.least is None or self.below is None:
            return version.prerelease is None
        if version.prerelease is not None:
            named = self.least.prerelease is not None and version.finalize_version() == self.least.finalize_version()
            return named and self.least <= version < self.below
        return self.least <= version < self.below

    def __str__(self) -> str:
        return self.text or "any version"


def parse_range(text: str) -> Range:
    """The range that `text` means; `NoRange` where it means none."""
    from semver import Version

    if not text:
        return Range("")
    found = _RANGE.fullmatch(text.strip())
    if found is None or (found["rest"] and found["numbers"].count(".") != 2):
        raise NoRange(f"`{text}` is no range of versions: write `^1.4`, `~1.4` or `1.4.2`")
    numbers = [int(part) for part in found["numbers"].split(".")]
    major, minor, patch = [*numbers, 0, 0][:3]
    least = Version(major, minor, patch, prerelease=found["rest"][1:] if found["rest"] else None)
    return Range(text.strip(), least, _below(found["mark"], numbers, least))


def _below(mark: str, numbers: list[int], least: Version) -> Version:
    if mark == "^":
        # The first number that is not 0 is the one that promises compatibility.
        kept = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    elif mark == "~":
        kept = min(1, len(numbers) - 1)
    else:
        # An exact pin; `1.4` alone is every version of it.
        kept = len(numbers) - 1
    # semver takes the release for the patch after its own pre-release.
    plain = least.finalize_version()
    return (plain.bump_major, plain.bump_minor, plain.bump_patch)[kept]()


def parse_version(text: str) -> Version:
    """The version that `text` writes; `NoRange` where it is none."""
    from semver import Version

    try:
        return Version.parse(text)
    except ValueError:
        raise NoRange(f"`{text}` is no version: write three numbers, such as `1.4.0`") from None


def allows(versions: str, version: str) -> bool:
    """Whether `version` is one of `versions`."""
    try:
        return parse_range(versions).allows(parse_version(version))
    except NoRange:
        return False
