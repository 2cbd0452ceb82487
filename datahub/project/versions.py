"""Versions of packs and ranges of them: `^1.4`, `~1.4`, `1.4.2`, `1.x`, `*`, and bounds such as `>=1.2 <2`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from datahub.records import record

if TYPE_CHECKING:
    # Loaded where there is a version: most scripts use none.
    from semver import Version

_PART = re.compile(r"(?P<mark>\^|~|[<>]=?|=)?\s*v?(?P<numbers>\d+(?:\.\d+){0,2})(?P<any>(?:\.[xX*]){0,2})(?P<rest>-[0-9A-Za-z.-]+)?")
_BETWEEN = re.compile(r"\s*,\s*|(?<![<>=^~\s])\s+")
_FORMS = "`^1.4`, `~1.4`, `1.4.2`, `1.x`, `*`, or bounds with a space between them, `>=1.2 <2`"


class NoRange(ValueError):
    """Text that is no version and no range of versions."""


@record(frozen=True, slots=True)
class Range:
    """The versions from `least` up to, but not with, `below`; where one is None there is no such bound."""

    text: str
    least: Version | None = None
    below: Version | None = None

    @property
    def is_any(self) -> bool:
        """Whether nothing is asked of a version."""
        return self.least is None and self.below is None

    def suits(self, chosen: Version) -> bool:
        """Whether whoever asks for the range can do with the version that was chosen: who asks nothing, with a pre-release too."""
        return self.is_any or self.allows(chosen)

    def allows(self, version: Version) -> bool:
        """Whether `version` is in the range; a pre-release only where the range itself names one of that version."""
        if version.prerelease is not None:
            named = self.least is not None and self.least.prerelease is not None
            if not named or self.least is None or version.finalize_version() != self.least.finalize_version():
                return False
        return (self.least is None or self.least <= version) and (self.below is None or version < self.below)

    def __str__(self) -> str:
        return self.text or "any version"


def parse_range(text: str) -> Range:
    """The range that `text` means; `NoRange` where it means none."""
    written = text.strip()
    if written in ("", "*", "x", "X"):
        return Range(written)
    found = [_part(one, text) for one in _BETWEEN.split(written)]
    least = max((low for low, _ in found if low is not None), default=None)
    below = min((high for _, high in found if high is not None), default=None)
    if least is not None and below is not None and not least < below:
        raise NoRange(f"no version is in `{text}`")
    return Range(written, least, below)


def _part(written: str, text: str) -> tuple[Version | None, Version | None]:
    """The bounds that one part of a range sets."""
    from semver import Version

    found = _PART.fullmatch(written)
    numbers = [int(part) for part in found["numbers"].split(".")] if found is not None else []
    whole = len(numbers) == 3
    if found is None or (found["rest"] and not whole) or (found["any"] and (found["mark"] or found["any"].count(".") + len(numbers) > 3)):
        raise NoRange(f"`{text}` is no range of versions: write {_FORMS}")
    major, minor, patch = [*numbers, 0, 0][:3]
    version = Version(major, minor, patch, prerelease=found["rest"][1:] if found["rest"] else None)
    match found["mark"]:
        case ">=":
            return version, None
        case "<":
            return None, version
        case ">":
            return _behind(version, numbers), None
        case "<=":
            return None, _behind(version, numbers)
        case mark:
            return version, _below(mark or "", numbers, version)


def _behind(version: Version, numbers: list[int]) -> Version:
    """The first version that is none of those that `numbers` name: of a pre-release the one behind it."""
    if version.prerelease is not None:
        return version.replace(prerelease=f"{version.prerelease}.0")
    return _below("", numbers, version)


def _below(mark: str, numbers: list[int], least: Version) -> Version:
    if mark in ("", "=") and least.prerelease is not None:
        # A pinned pre-release is that one alone.
        return _behind(least, numbers)
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


def suits(versions: str, chosen: str) -> bool:
    """Whether whoever asks for `versions` can do with the version that was chosen."""
    try:
        return parse_range(versions).suits(parse_version(chosen))
    except NoRange:
        return False
