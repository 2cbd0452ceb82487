"""The page that makes a program of a script: modules in order, and in each of them names first, meaning after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace

from datahub.diagnostics.diagnostic import Diagnostic, Emit
from datahub.document import Document
from datahub.records import record
from datahub.semantic import decisions, entities, ir, tables
from datahub.semantic.blame import blamed
from datahub.semantic.borrowed import borrow, hidden
from datahub.semantic.checks import elaborate_checks
from datahub.semantic.collect import collect
from datahub.semantic.fixtures import check_test
from datahub.semantic.flows import elaborate_flow
from datahub.semantic.functions import elaborate_functions, outline_functions
from datahub.semantic.loaders import Loader
from datahub.semantic.mapping import elaborate_map
from datahub.semantic.modules import Module, modules
from datahub.semantic.named_types import elaborate_types, outline_types
from datahub.semantic.overrides import Laid, lay
from datahub.semantic.ownership import check_ownership
from datahub.semantic.pack_heads import check_pack
from datahub.semantic.parameters import ask_parameters, elaborate_parameter
from datahub.semantic.rules_bodies import elaborate_rules
from datahub.semantic.scope import TypeName, World
from datahub.semantic.signature import signature
from datahub.semantic.sources import ask_columns, elaborate_source
from datahub.semantic.targets import elaborate_target
from datahub.semantic.unit import Made, Unit
from datahub.semantic.unknown import unless_broken, unless_hidden
from datahub.semantic.user_codes import check_codes_in_place
from datahub.semantic.views import check_rings, elaborate_views
from datahub.syntax import ast


@record(frozen=True, slots=True)
class Elaborated:
    """A program, and for those who look closer: its modules, and each as it was elaborated (the script itself last)."""

    program: ir.Program
    units: tuple[Unit, ...]
    laid: tuple[Laid, ...] = ()
    """The overrides, in the order in which they were laid on what they name."""
    _without: Callable[[], Elaborated] | None = field(default=None, compare=False, repr=False)

    def without(self) -> Elaborated:
        """The program without the overrides of the script itself; those of packs stay."""
        return self if self._without is None else self._without()

    @property
    def world(self) -> World:
        """What the script itself can name."""
        return self.units[-1].world


def elaborate(script: ast.Script, loader: Loader, emit: Emit, zone: str = "UTC") -> ir.Program:
    """The program that `script` and all that it uses declare; what is wrong is told to `emit`."""
    return elaborate_whole(script, loader, emit, zone).program


def elaborate_whole(script: ast.Script, loader: Loader, emit: Emit, zone: str = "UTC") -> Elaborated:
    """As `elaborate`, keeping what lints, tests and editors look at."""
    every = modules(script, loader, emit)
    told: list[Diagnostic] = []
    laid = lay(every, emit)
    made = elaborate_modules(every, told.append if laid else emit, zone)
    if laid:
        for one in blamed(told, laid, lambda: _told_without(script, loader, zone)):
            emit(one)
    return replace(made, laid=laid, _without=lambda: _without_own(script, loader, zone))


def _told_without(script: ast.Script, loader: Loader, zone: str) -> list[Diagnostic]:
    """What is wrong with the modules of `script` where no override is laid on them."""
    told: list[Diagnostic] = []
    elaborate_modules(modules(script, loader, _ignored), told.append, zone)
    return told


def _without_own(script: ast.Script, loader: Loader, zone: str) -> Elaborated:
    """The modules of `script` with the overrides of packs alone laid on them; what its own lines miss now is told to nobody."""
    every = modules(script, loader, _ignored)
    lay(every[:-1], _ignored)
    return elaborate_modules(every, _ignored, zone)


def _ignored(_: Diagnostic) -> None:
    """Take no notice."""


def elaborate_modules(every: Sequence[Module], emit: Emit, zone: str = "UTC") -> Elaborated:
    """The program of modules in their order, as they stand."""
    units = _units(every, emit, zone)
    _Elaboration(units).run()
    return Elaborated(_program(next(iter(units.values())).made, zone), tuple(units.values()))


def _units(every: Sequence[Module], emit: Emit, zone: str) -> dict[int, Unit]:
    """A unit for each module, by its identity; they share what they make, and know who wrote which document."""
    made, named = Made(), dict[str, TypeName]()
    homes: dict[Document, Unit] = {}
    units: dict[int, Unit] = {}
    for module in every:
        told = unless_hidden(unless_broken(emit, module), hidden(module, units))
        unit = Unit(module, collect(module.declarations, emit), World(prefix=module.prefix, named=named), told, made, zone, homes)
        units[id(module)] = unit
        homes.update((document, unit) for document in module.documents)
    return units


@record(slots=True)
class _Elaboration:
    """All modules of a program on their way: each step over all of them, since an override may name what is declared above it."""

    units: dict[int, Unit]
    entities: list[tuple[entities.Outline, Unit]] = field(default_factory=list)
    lookups: list[tuple[tables.Outline, Unit]] = field(default_factory=list)
    decisions: list[tuple[decisions.Outline, Unit]] = field(default_factory=list)

    def run(self) -> None:
        """Make every name known with its type, so that what is read next may name what is declared after it; then read it all."""
        outline_types(self.units.values(), self._borrow)
        for step in (
            self._outline_shapes,
            outline_functions,
            elaborate_types,
            ask_columns,
            ask_parameters,
            elaborate_functions,
            self._entities,
            check_ownership,
        ):
            self._over_all(step)
        elaborate_views(self.units.values(), self._borrow)
        self._over_all(self._tables)
        self._over_all(_maps)
        self._over_all(_rules)
        self._over_all(_rest)

    def _borrow(self, unit: Unit) -> None:
        borrow(unit, self.units)

    def _over_all(self, step: Callable[[Unit], None]) -> None:
        # What a pack declares may be overridden with names of a module that comes after it.
        for unit in self.units.values():
            self._borrow(unit)
        for unit in self.units.values():
            self._borrow(unit)
            step(unit)

    def _outline_shapes(self, unit: Unit) -> None:
        declared = unit.declared
        for parameter in declared.params.values():
            elaborate_parameter(parameter, unit)
        for source in declared.of(ast.Source):
            elaborate_source(source, unit)
        for target in declared.of(ast.Target):
            elaborate_target(target, unit)
        self.entities += [(entities.outline_entity(one, unit), unit) for one in declared.of(ast.Entity)]
        self.lookups += [(tables.outline_lookup(one, unit), unit) for one in declared.of(ast.Lookup)]
        self.decisions += [(decisions.outline_decision(one, unit), unit) for one in declared.of(ast.Decide)]

    def _entities(self, unit: Unit) -> None:
        for outline, of in self.entities:
            if of is unit:
                entities.elaborate_entity(outline, unit)

    def _tables(self, unit: Unit) -> None:
        for lookup, of in self.lookups:
            if of is unit:
                tables.elaborate_lookup(lookup, unit)
        for decision, of in self.decisions:
            if of is unit:
                decisions.elaborate_decision(decision, unit)


def _maps(unit: Unit) -> None:
    for one in unit.declared.maps:
        elaborate_map(one, unit)
    check_rings(unit)


def _rules(unit: Unit) -> None:
    for rules in unit.declared.rules.values():
        elaborate_rules(rules, unit)
    for checks in unit.declared.checks:
        elaborate_checks(checks, unit)


def _rest(unit: Unit) -> None:
    check_pack(unit)
    for flow in unit.declared.flows.values():
        elaborate_flow(flow, unit)
    check_codes_in_place(unit)
    for test in unit.declared.tests:
        check_test(test, unit)


def _program(made: Made, zone: str) -> ir.Program:
    return ir.Program(
        parameters=tuple(made.parameters),
        sources=tuple(made.sources),
        targets=tuple(made.targets),
        entities=tuple(made.entities),
        lookups=tuple(made.lookups),
        decisions=tuple(made.decisions),
        views=tuple(made.views),
        maps=tuple(made.maps),
        rules=tuple(sorted(made.rules, key=lambda rule: rule.priority)),
        checks=tuple(made.checks),
        flows=tuple(made.flows),
        zone=zone,
        signature=signature(made),
    )
