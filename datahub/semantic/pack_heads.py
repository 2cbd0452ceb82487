"""The head of a pack held against what the pack declares."""

from __future__ import annotations

import re
from collections.abc import Iterable

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.semantic.resolve_types import missing
from datahub.semantic.rules_packs import PACK_HEAD
from datahub.semantic.unit import Unit
from datahub.syntax import ast

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")
"""A pack's name, which becomes the name of files and part of addresses."""
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")


def check_pack(unit: Unit) -> None:
    """Report a head that is not the only one, and names in it that stand for nothing."""
    heads = [one for one in unit.module.declarations if isinstance(one, ast.Pack)]
    for again in heads[1:]:
        label, also = Label(again.name.span, "the second"), (Label(heads[0].name.span, "the first"),)
        unit.emit(Diagnostic(PACK_HEAD, "a pack has two heads", label, also, help="keep that in `pack.dhm`"))
    for head in heads[:1]:
        _check_words(head, unit)
        declared = unit.declared
        given = (*declared.types, *declared.callables, *declared.rowsets, *declared.flows, *declared.targets, *declared.params)
        laid = {*declared.rules, *(one.name.text for one in declared.maps if one.name is not None)}.difference(given)
        for name in head.exports:
            if name.text in laid:
                unit.emit(_held_anyway(name))
        _check_names("exports", (name for name in head.exports if name.text not in laid), given, unit)
        _check_names("seals", head.sealed, (*given, *laid), unit)


def _held_anyway(name: ast.QName) -> Diagnostic:
    """What is laid on entities is used by nobody by its name, so that there is nothing to export."""
    message = f"the pack exports `{name.text}`, which holds without it"
    helps = (
        "take it out: types, entities, sources, views, targets, functions, lookups, decision tables, params and flows are exported; "
        "rules and maps come with what they are of, and can be `sealed`"
    )
    return Diagnostic(PACK_HEAD, message, Label(name.span, "rules and maps need no export"), help=helps)


def _check_words(head: ast.Pack, unit: Unit) -> None:
    if not NAME.fullmatch(head.name.text):
        message, helps = f"`{head.name.text}` is no name of a pack", "its parts are of letters, digits and `_`, such as `acme.core`"
        unit.emit(Diagnostic(PACK_HEAD, message, Label(head.name.span, "other letters"), help=helps))
    if not VERSION.fullmatch(head.version):
        message, helps = f"`{head.version}` is no version of a pack", "write three numbers, such as `1.4.0`"
        unit.emit(Diagnostic(PACK_HEAD, message, Label(head.name.span, "this is its head"), help=helps))


def _check_names(word: str, names: Iterable[ast.QName], known: Iterable[str], unit: Unit) -> None:
    there = tuple(known)
    for name in names:
        if name.text not in there and not unit.module.broken:
            unit.emit(missing(f"the pack {word} `{name.text}`, and declares no such thing", "nothing has this name", name.span,
                              name.text, there, PACK_HEAD))  # fmt: skip
