"""What a lint looks at: one module of a program, with everything around it."""

from __future__ import annotations

from collections.abc import Iterator

from datahub.document import Span
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.unit import Unit
from datahub.syntax import ast


@record(frozen=True, slots=True)
class Subject:
    """The module that is looked at: the script itself, or what it uses, as the script's overrides leave it."""

    unit: Unit
    program: ir.Program
    units: tuple[Unit, ...]
    """All modules, those that are used first, the script itself last."""

    def maps(self) -> Iterator[tuple[ast.Map, ir.MapBody]]:
        """The maps of the module, as they are written and as they are understood."""
        before = 0
        for unit in self.units:
            if unit is self.unit:
                break
            before += len(unit.declared.maps)
        yield from zip(self.unit.declared.maps, self.program.maps[before:], strict=False)

    def entity(self, name: ast.QName) -> ir.EntityShape | None:
        """The entity that `name` means where it is written, which is the script where an override says it."""
        return self._home(name.span).world.entities.get(name.text)

    def full(self, name: ast.QName) -> str:
        """What `name` is called in the program, as understood where it is written."""
        return self._home(name.span).full_of(name.text)

    def _home(self, span: Span) -> Unit:
        return self.unit.at(span)
