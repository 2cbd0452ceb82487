"""What a pack says of itself: its head in `pack.dhm`, and the packs that its files use."""

from __future__ import annotations

from collections.abc import Iterator

from semver import Version

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.packs.contents import Contents, NotAPack
from datahub.project.versions import NoRange, Range, parse_range, parse_version
from datahub.records import record
from datahub.semantic.pack_heads import NAME
from datahub.syntax import ast
from datahub.syntax.parser import parse


@record(frozen=True, slots=True)
class Manifest:
    """The head of a pack; `requires` are packs with the ranges in which it names them."""

    name: str
    version: Version
    about: str
    requires: tuple[tuple[str, Range], ...]
    exports: tuple[str, ...]
    sealed: tuple[str, ...]


def manifest_of(contents: Contents) -> Manifest:
    """What the pack says of itself; `NotAPack` where it does not, or not in a way that can be read."""
    told: list[Diagnostic] = []
    heads = [one for one in parse(contents.document("pack.dhm"), told.append).declarations if isinstance(one, ast.Pack)]
    wrong = [one for one in told if one.level is Severity.ERROR]
    if wrong:
        raise NotAPack(f"`pack.dhm` of `{contents.shown}` cannot be read", wrong)
    if len(heads) != 1:
        help = "its first line is such as `pack acme.core 1.0.0`"
        raise NotAPack(f"`{contents.shown}` has {len(heads) or 'no'} `pack` declaration{'s' if len(heads) > 1 else ''}", help=help)
    head = heads[0]
    if not NAME.fullmatch(head.name.text):
        help = "its parts are of letters, digits and `_`, such as `acme.core`"
        raise NotAPack(f"`{head.name.text}` is no name of a pack", help=help)
    try:
        version = parse_version(head.version)
        requires = dict.fromkeys((one.name.text, parse_range(one.versions)) for one in head.requires)
    except NoRange as problem:
        raise NotAPack(f"`pack.dhm` of `{contents.shown}`: {problem}") from None
    exports = tuple(name.text for name in head.exports)
    return Manifest(
        head.name.text, version, head.about.value if head.about else "", tuple(requires), exports, tuple(name.text for name in head.sealed)
    )


def required_by(contents: Contents, manifest: Manifest) -> tuple[tuple[str, Range], ...]:
    """The packs that a pack requires, in the ranges in which its head and its files name them."""
    found = dict.fromkeys(manifest.requires)
    for path in contents.files:
        if path.endswith(".dhm") and "/" not in path:
            found.update(dict.fromkeys(used_in(contents.document(path))))
    return tuple(found)


def used_in(document: Document) -> Iterator[tuple[str, Range]]:
    """The packs that a script uses, with the ranges of versions that it takes."""
    for one in parse(document, lambda _: None).declarations:
        if isinstance(one, ast.Use) and isinstance(one.pack, ast.QName):
            try:
                yield one.pack.text, parse_range(one.versions)
            except NoRange:
                # The compiler tells of it where it stands.
                continue
