"""A module while it is elaborated: what it declares, what it can name, and where what comes of it is put."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from datahub.diagnostics.diagnostic import Emit
from datahub.document import Document, Span
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.collect import Declarations
from datahub.semantic.modules import Module
from datahub.semantic.scope import Scope, World
from datahub.syntax import ast


@record(slots=True)
class Made:
    """What all modules of a program gave so far, in their order."""

    parameters: list[ir.ParameterShape] = field(default_factory=list)
    sources: list[ir.SourceShape] = field(default_factory=list)
    targets: list[ir.TargetShape] = field(default_factory=list)
    entities: list[ir.EntityShape] = field(default_factory=list)
    lookups: list[ir.LookupTable] = field(default_factory=list)
    decisions: list[ir.DecisionTable] = field(default_factory=list)
    views: list[ir.ViewBody] = field(default_factory=list)
    maps: list[ir.MapBody] = field(default_factory=list)
    rules: list[ir.RuleBody] = field(default_factory=list)
    checks: list[tuple[str, ir.CheckRule]] = field(default_factory=list)
    flows: list[ir.FlowBody] = field(default_factory=list)
    codes: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    """For each source, view and entity, and each of its fields, the reject codes that a row can bring along."""
    text_sources: set[str] = field(default_factory=set)
    """The sources whose values are text until the plan converts them."""


@record(frozen=True, slots=True)
class Unit:
    """One module on its way into the program."""

    module: Module
    declared: Declarations
    world: World
    emit: Emit
    made: Made
    zone: str
    homes: Mapping[Document, Unit] = field(default_factory=dict, compare=False, repr=False)
    """The unit in which each document of the program was written."""

    def at(self, span: Span) -> Unit:
        """Whose names stand at `span`: those of whoever wrote it, which is not this module where it is overridden."""
        return self.homes.get(span.document, self)

    def placed(self, scope: Scope, span: Span) -> Scope:
        """`scope`, with the declarations that can be named at `span`."""
        home = self.at(span)
        if home is self:
            return scope
        members = None if scope.grouped is None else replace(scope.grouped, world=home.world, emit=home.emit)
        return replace(scope, world=home.world, emit=home.emit, grouped=members)

    def full(self, name: str) -> str:
        """What `name`, declared here, is called in the program."""
        return self.module.full(name)

    def full_of(self, written: str) -> str:
        """What `written`, declared here or in a module used here, is called in the program."""
        alias, dot, rest = written.partition(".")
        used = next((one.module for one in self.module.imports if one.alias == alias), None) if dot else None
        return self.full(written) if used is None else used.full(rest)

    def is_broken(self, span: Span) -> bool:
        """Whether a part of what stands at `span` could not be read, and so is missing."""
        return any(one.document is span.document and span.start <= one.start <= span.end for one in self.module.broken)

    @property
    def packed(self) -> bool:
        """Whether it is a pack: written for scripts that it does not know."""
        return any(isinstance(one, ast.Pack) for one in self.module.declarations)

    @property
    def codes(self) -> tuple[tuple[str, str], ...]:
        """What the pack tells built-in codes as, where its entities do not say otherwise."""
        packs = (one for one in self.module.declarations if isinstance(one, ast.Pack))
        return tuple(pair for one in packs if one.codes is not None for pair in one.codes.pairs)

    def scope(self) -> Scope:
        """A place where nothing but the declarations can be named."""
        return Scope(self.world, self.emit, zone=self.zone)
