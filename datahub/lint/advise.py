"""What could be better in a program without errors: in the script itself, and in what its overrides make of the packs it uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Fix, Label
from datahub.document import Document
from datahub.lint.declare import LINTS
from datahub.lint.subject import Subject
from datahub.registry import load_all
from datahub.semantic.blame import cause
from datahub.semantic.elaborate import Elaborated
from datahub.semantic.overrides import Laid

Key = tuple[str, tuple[str, ...]]


def advise(elaborated: Elaborated, emit: Emit) -> None:
    """Tell `emit` what could be better in a program that has no errors.

    Lints see the program as its overrides leave it. Of packs that is told which they do not have without the overrides of the script.
    """
    from datahub.lint import rules

    load_all(rules)
    script = elaborated.units[-1]
    told: set[Key] = set()
    for one in _found(Subject(script, elaborated.program, elaborated.units), own=True):
        told.add(_key(one))
        emit(one)
    laid = tuple(one for one in elaborated.laid if one.by is script.module)
    found = _of_packs(elaborated) if laid else []
    if all(_key(one) in told for one in found):
        return
    told.update(map(_key, _of_packs(elaborated.without())))
    for one in found:
        if _key(one) not in told:
            told.add(_key(one))
            emit(_at_override(one, laid, frozenset(script.module.documents)))


def _of_packs(elaborated: Elaborated) -> list[Diagnostic]:
    *packs, _script = elaborated.units
    return [one for unit in packs for one in _found(Subject(unit, elaborated.program, elaborated.units), own=False)]


def _found(subject: Subject, own: bool) -> Iterator[Diagnostic]:
    for one in LINTS:
        if own or not one.own:
            found: list[Diagnostic] = []
            one.look(subject, found.append)
            yield from found


def _key(one: Diagnostic) -> Key:
    # The documents of another reading are other objects; their paths are the same.
    return one.rule.code, tuple(str(label.span) for label in (one.at, *one.also))


def _at_override(one: Diagnostic, laid: Sequence[Laid], written: frozenset[Document]) -> Diagnostic:
    """A finding in a pack, told where the script has a part in it: nobody can mend a pack that is not theirs."""
    if one.at.span.document in written:
        return one
    labels = (one.at, *one.also)
    at = next((label for label in one.also if label.span.document in written), None)
    if at is None:
        at = Label(cause(one, laid)[1].span, "overridden here")
    return replace(one, at=at, also=tuple(label for label in labels if label is not at), fix=_in_script(one.fix, written))


def _in_script(fix: Fix | None, written: frozenset[Document]) -> Fix | None:
    return fix if fix is not None and all(edit.span.document in written for edit in fix.edits) else None
