"""Overrides of packs: named here and told of; laying them on a pack comes with packs themselves."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.semantic.rules import OVERRIDE_NOT_AVAILABLE
from datahub.semantic.unit import Unit


def check_overrides(unit: Unit) -> None:
    """Report overrides: the program is that of the packs as they are."""
    for one in unit.declared.overrides:
        if one.name.parts[0].text not in unit.world.missing:
            unit.emit(
                Diagnostic(
                    OVERRIDE_NOT_AVAILABLE,
                    f"`{one.name.text}` cannot be overridden yet",
                    Label(one.span, "would be left out"),
                    help="write a map, check or table of your own beside it",
                )
            )
