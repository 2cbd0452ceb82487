"""What is wrong with a project or a script, told where it ends a command: in full for people, a line each for machines."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from datahub.cli.output import colourful, event, say, structured

if TYPE_CHECKING:
    from datahub.diagnostics.diagnostic import Diagnostic


def complain(found: Iterable[Diagnostic]) -> None:
    """Tell of each finding, in the order of their places."""
    from datahub.cli.scripts import in_order

    several = in_order(found, [])
    if structured():
        from datahub.diagnostics.render.places import place_of
        from datahub.diagnostics.render.text import advice_of

        for one in several:
            at = place_of(one.at.span)
            place = f"{at['path']}:{at['line']}:{at['column']}"
            event(one.level.value, one.message, code=one.rule.code, place=place, help=advice_of(one))
        return
    from datahub.diagnostics.render.text import render

    say(render(several, colour=colourful(sys.stderr)))
