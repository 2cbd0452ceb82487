"""The page that makes a program of a script: modules in order, and in each of them names first, meaning after."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Emit
from datahub.records import record
from datahub.semantic import decisions, entities, ir, tables
from datahub.semantic.borrowed import borrow, hidden
from datahub.semantic.checks import elaborate_checks
from datahub.semantic.collect import collect
from datahub.semantic.fixtures import check_test
from datahub.semantic.flows import elaborate_flow
from datahub.semantic.functions import elaborate_functions, outline_functions
from datahub.semantic.mapping import elaborate_map
from datahub.semantic.modules import Loader, Module, modules
from datahub.semantic.named_types import elaborate_types, outline_types
from datahub.semantic.overrides import check_overrides
from datahub.semantic.ownership import check_ownership
from datahub.semantic.parameters import elaborate_parameter
from datahub.semantic.rules_bodies import elaborate_rules
from datahub.semantic.scope import World
from datahub.semantic.signature import signature
from datahub.semantic.sources import elaborate_source
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

    @property
    def world(self) -> World:
        """What the script itself can name."""
        return self.units[-1].world


def elaborate(script: ast.Script, loader: Loader, emit: Emit, zone: str = "UTC") -> ir.Program:
    """The program that `script` and all that it uses declare; what is wrong is told to `emit`."""
    return elaborate_whole(script, loader, emit, zone).program


def elaborate_whole(script: ast.Script, loader: Loader, emit: Emit, zone: str = "UTC") -> Elaborated:
    """As `elaborate`, keeping what lints, tests and editors look at."""
    made = Made()
    worlds: dict[int, Unit] = {}
    for module in modules(script, loader, emit):
        worlds[id(module)] = _unit(module, worlds, made, emit, zone)
    return Elaborated(_program(made, zone), tuple(worlds.values()))


def _unit(module: Module, before: dict[int, Unit], made: Made, emit: Emit, zone: str) -> Unit:
    told = unless_hidden(unless_broken(emit, module), hidden(module, before))
    unit = Unit(module, collect(module.declarations, emit), World(), told, made, zone)
    borrow(unit, before)
    _elaborate(unit, _outline(unit))
    return unit


@record(frozen=True, slots=True)
class _Outlines:
    """What is known by name and type, and not yet read."""

    entities: tuple[entities.Outline, ...]
    lookups: tuple[tables.Outline, ...]
    decisions: tuple[decisions.Outline, ...]


def _outline(unit: Unit) -> _Outlines:
    """Make every name known with its type, so that what is read next may name what is declared after it."""
    declared = unit.declared
    outline_types(unit)
    for parameter in declared.params.values():
        elaborate_parameter(parameter, unit)
    for source in declared.of(ast.Source):
        elaborate_source(source, unit)
    for target in declared.of(ast.Target):
        elaborate_target(target, unit)
    outlines = _Outlines(
        tuple(entities.outline_entity(one, unit) for one in declared.of(ast.Entity)),
        tuple(tables.outline_lookup(one, unit) for one in declared.of(ast.Lookup)),
        tuple(decisions.outline_decision(one, unit) for one in declared.of(ast.Decide)),
    )
    outline_functions(unit)
    return outlines


def _elaborate(unit: Unit, outlines: _Outlines) -> None:
    """Read the expressions of every declaration, each after those whose types it needs."""
    declared = unit.declared
    elaborate_types(unit)
    elaborate_functions(unit)
    for entity in outlines.entities:
        entities.elaborate_entity(entity, unit)
    check_ownership(unit)
    elaborate_views(unit)
    for lookup in outlines.lookups:
        tables.elaborate_lookup(lookup, unit)
    for decision in outlines.decisions:
        decisions.elaborate_decision(decision, unit)
    for one in declared.maps:
        elaborate_map(one, unit)
    check_rings(unit)
    for rules in declared.rules.values():
        elaborate_rules(rules, unit)
    for checks in declared.checks:
        elaborate_checks(checks, unit)
    for flow in declared.flows.values():
        elaborate_flow(flow, unit)
    check_overrides(unit)
    check_codes_in_place(unit)
    for test in declared.tests:
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
