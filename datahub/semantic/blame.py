"""Mistakes that a pack does not have on its own, told where the override stands that makes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.diagnostics.rule import Severity
from datahub.document import Document, Span
from datahub.semantic.overrides import Laid
from datahub.semantic.rules_packs import OVERRIDE_DOES_NOT_FIT
from datahub.syntax import ast

_WORD = re.compile(r"[^\W\d]\w*")


def blamed(told: Iterable[Diagnostic], laid: Sequence[Laid], without: Callable[[], Iterable[Diagnostic]]) -> Iterator[Diagnostic]:
    """`told`, with the errors of overridden packs that are not told `without` overrides put where their override stands.

    Where an override has a mistake of its own nothing is said of what follows from it.
    """
    told = list(told)
    written = {document for one in laid for document in one.by.documents}
    mistaken = any(one.level is Severity.ERROR and _inside(one.at.span, each.override.span) for one in told for each in laid)
    own: frozenset[tuple[str, str]] | None = None
    seen: set[tuple[Span, str]] = set()
    for one in told:
        if one.level is not Severity.ERROR or one.at.span.document in written:
            yield one
            continue
        own = own if own is not None else frozenset(map(_key, without()))
        if _key(one) in own:
            yield one
            continue
        if mistaken:
            continue
        made = _blaming(one, laid)
        if (made.at.span, made.message) not in seen:
            seen.add((made.at.span, made.message))
            yield made


def _inside(span: Span, around: Span) -> bool:
    return span.document is around.document and around.start <= span.start <= around.end


def _key(one: Diagnostic) -> tuple[str, str]:
    # The documents of another reading are other objects; their paths are the same.
    return one.rule.code, str(one.at.span)


def _blaming(one: Diagnostic, laid: Sequence[Laid]) -> Diagnostic:
    override, part = cause(one, laid)
    return Diagnostic(
        OVERRIDE_DOES_NOT_FIT,
        f"`{override.name.text}` does not fit its pack any more: {one.message}",
        Label(part.span, "overridden here"),
        (replace(one.at, text=one.at.text or "read here"), *one.also),
        one.notes,
        _help(override, part),
    )


def cause(one: Diagnostic, laid: Sequence[Laid]) -> tuple[ast.Override, ast.Name | ast.QName]:
    """The override, and its part, that a mistake in a pack speaks of; the first one where it speaks of none."""
    words = set(_WORD.findall(_line(one.at.span))) | set(_WORD.findall(one.message))
    ranked: list[tuple[int, ast.Override, ast.Name | ast.QName]] = []
    for each in laid:
        near = one.at.span.document in each.target.documents
        ranked += [(0 if near else 1, each.override, part) for part in each.parts if part.text in words]
        if each.override.name.parts[-1].text in words:
            ranked.append((2 if near else 3, each.override, each.override.name))
    if ranked:
        return min(ranked, key=lambda found: found[0])[1:]
    first = next((each for each in laid if one.at.span.document in each.target.documents), laid[0])
    return first.override, first.override.name


def _line(span: Span) -> str:
    document: Document = span.document
    return document.line(span.line)


def _help(override: ast.Override, part: ast.Name | ast.QName) -> str:
    if isinstance(override.declaration, ast.Entity) and part in override.declaration.dropped:
        return "override what reads it as well, or keep the field"
    return "give it a type that the pack can take, or override what reads it as well"
