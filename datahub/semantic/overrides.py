"""Overrides of what used packs declare: found, claimed, and laid on the pack's declarations before any of them gets a meaning.

The names in an override are those of the script that wrote it (`Unit.at`); the pack reads the overridden as if it had declared it so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from typing import TypeVar, assert_never

from datahub.diagnostics.diagnostic import Diagnostic, Edit, Emit, Fix, Label
from datahub.records import record
from datahub.semantic import laying
from datahub.semantic.collect import twice
from datahub.semantic.laying_clauses import clause_names, overridden_clauses
from datahub.semantic.modules import Module
from datahub.semantic.resolve_types import missing, unknown_name
from datahub.semantic.rules_packs import NOTHING_TO_OVERRIDE, OVERRIDDEN_BY_TWO, SEALED
from datahub.syntax import ast


@record(frozen=True, slots=True)
class Laid:
    """An override that was laid on `target` by the script or pack `by`, and the parts that it names, where they are named."""

    override: ast.Override
    target: Module
    by: Module
    parts: tuple[ast.Name, ...]


def lay(every: Sequence[Module], emit: Emit) -> tuple[Laid, ...]:
    """Lay each override on the module it names, those of packs before those of the script that uses them."""
    laying_on = _Laying(every, emit)
    for module in every:
        for one in module.declarations:
            if isinstance(one, ast.Override):
                laying_on.override(one, module)
    laying_on.check_claims()
    return tuple(laying_on.laid)


_WORDS = {"fn": "function", "decide": "decision table", "param": "parameter"}
Kind = TypeVar("Kind", bound=ast.Declaration)
_KINDS: dict[str, type[ast.Declaration]] = {
    "lookup": ast.Lookup,
    "decide": ast.Decide,
    "fn": ast.Fn,
    "entity": ast.Entity,
    "view": ast.View,
    "source": ast.Source,
    "target": ast.Target,
    "flow": ast.Flow,
    "rules": ast.Rules,
    "type": ast.TypeDecl,
    "param": ast.Param,
}


@record(slots=True)
class _Laying:
    every: Sequence[Module]
    emit: Emit
    laid: list[Laid] = field(default_factory=list)
    claims: dict[tuple[int, str, str], list[tuple[Module, ast.Name]]] = field(default_factory=dict)
    """Who overrides each part of each declaration, in order."""

    def override(self, one: ast.Override, by: Module) -> None:
        target = self._target(one, by)
        if target is None or not self._open(one, target):
            return
        parts = tuple(_parts(one))
        self._check_parts(one, parts)
        if self._lay(one, target, by):
            self.laid.append(Laid(one, target, by, parts))
            for part in parts or (one.name.parts[-1],):
                key = (id(target), f"{one.kind} {one.name.parts[-1].text}", part.text)
                self.claims.setdefault(key, []).append((by, part))

    def _target(self, one: ast.Override, by: Module) -> Module | None:
        """The module that declares what is overridden; reported where there is none."""
        *aliases, name = one.name.parts
        if not aliases:
            message = f"`{name.text}` stands behind no pack"
            helps = f"write `override {one.kind} pack.{name.text}`; what this script declares is changed where it is declared"
            self.emit(Diagnostic(NOTHING_TO_OVERRIDE, message, Label(name.span, "which pack declares it?"), help=helps))
            return None
        at = by
        for alias in aliases:
            found = next((used for used in at.imports if used.alias == alias.text), None)
            if found is None:
                self.emit(unknown_name("used pack", alias, tuple(used.alias for used in at.imports)))
                return None
            if found.module is None:
                return None
            at = found.module
        return at

    def _open(self, one: ast.Override, target: Module) -> bool:
        """Whether the pack lets it be overridden."""
        name = one.name.parts[-1]
        pack = next((pack for pack in target.declarations if isinstance(pack, ast.Pack)), None)
        about = {name.text} | {rules.entity.text for rules in _named(target, ast.Rules, name.text) if one.kind == "rules"}
        about |= {found.entity.text for found in _maps(target, name.text) if one.kind == "map"}
        sealed = next((said for said in pack.sealed if said.text in about), None) if pack is not None else None
        if sealed is None or pack is None:
            return True
        self.emit(
            Diagnostic(
                SEALED,
                f"`{one.name.text}` is sealed",
                Label(one.name.span, "cannot be overridden"),
                (Label(sealed.span, f"`{pack.name.text}` says so here"),),
                help="write a declaration of your own, and use it in the place of the pack's",
            )
        )
        return False

    def _check_parts(self, one: ast.Override, parts: Sequence[ast.Name]) -> None:
        first: dict[str, ast.Name] = {}
        for part in parts:
            before = first.setdefault(part.text, part)
            if before is not part:
                self.emit(twice(part, before, "overridden"))

    # ------------------------------------------------------------ by kind

    def _lay(self, one: ast.Override, target: Module, by: Module) -> bool:
        match one.kind:
            case "map":
                return self._lay_map(one, target, by)
            case "checks":
                return self._lay_checks(one, target, by)
            case "rules" | "lookup" | "decide" | "fn" | "entity" | "view" | "source" | "target" | "flow" | "type" | "param":
                base = self._declared(one, target, by)
                if base is None or not self._all_there(one, base):
                    return False
                self._replace(target, base, _laid_on(base, one))
                if isinstance(base, ast.Entity):
                    self._leave_out(one, target, by)
                return True
            case _:
                assert_never(one.kind)

    def _declared(self, one: ast.Override, target: Module, by: Module) -> ast.Declaration | None:
        """What the override is about; reported where the pack has nothing of this kind and name."""
        name = one.name.parts[-1]
        found = next(iter(_named(target, _KINDS[one.kind], name.text)), None)
        if found is None:
            known = [_name_of(other) for other in target.declarations if isinstance(other, _KINDS[one.kind])]
            self.emit(_not_there(one, target, known, by))
        return found

    def _lay_map(self, one: ast.Override, target: Module, by: Module) -> bool:
        found = _maps(target, one.name.parts[-1].text)
        if not found:
            maps = [other for other in target.declarations if isinstance(other, ast.Map)]
            known = [other.name.text if other.name is not None else other.entity.text for other in maps]
            self.emit(_not_there(one, target, known, by))
            return False
        if len(found) > 1:
            named = [other.name.text for other in found if other.name is not None]
            self.emit(
                Diagnostic(
                    NOTHING_TO_OVERRIDE,
                    f"{len(found)} maps make `{one.name.text}`",
                    Label(one.name.span, "which of them?"),
                    tuple(Label(other.entity.span, "one of them") for other in found),
                    help=f"say it by name: `override map {one.name.parts[0].text}.{named[0]}`"
                    if named
                    else "the pack gives them no names; write a map of your own, or rules for the entity",
                )
            )
            return False
        base = overridden_clauses(found[0], one, self.emit)
        made = laying.overridden_map(base, one.items, self.emit) if one.items else base
        if made is not None:
            self._replace(target, found[0], made)
        return made is not None

    def _lay_checks(self, one: ast.Override, target: Module, by: Module) -> bool:
        """Lay checks on every block about the entity, in whatever pack that the script uses it stands."""
        name = one.name.parts[-1]
        blocks = [
            (module, block)
            for module in _below(by)
            for block in module.declarations
            if isinstance(block, ast.Checks) and _declares(block.entity, module) == (id(target), name.text)
        ]
        if not blocks and not _named(target, ast.Entity, name.text):
            entities = [_name_of(other) for other in target.declarations if isinstance(other, ast.Entity)]
            self.emit(_not_there(one, target, entities, by))
            return False
        known = {check.code.text for _, block in blocks for check in block.checks}
        lacking = [check.code for check in one.checks if check.condition is None and check.code.text not in known]
        for code in lacking:
            self.emit(missing(f"`{one.name.text}` has no check `{code.text}`", "no check has this code", code.span, code.text,
                              tuple(known), NOTHING_TO_OVERRIDE))  # fmt: skip
        if lacking:
            return False
        if not blocks:
            made = ast.Checks(ast.QName((name,), name.span), one.checks, one.doc, one.span)
            target.declarations = (*target.declarations, made)
            return True
        fresh = tuple(check for check in one.checks if check.code.text not in known)
        for number, (module, block) in enumerate(blocks):
            own = {check.code.text for check in block.checks}
            over = tuple(check for check in one.checks if check.code.text in own) + (fresh if number == 0 else ())
            self._replace(module, block, replace(block, checks=laying.overridden_checks(block.checks, over)))
        return True

    def _all_there(self, one: ast.Override, base: ast.Declaration) -> bool:
        """Whether what is only put off or dropped is there; reported where it is not."""
        match one.declaration, base:
            case ast.Entity() as over, ast.Entity(fields=fields):
                asked, known = over.dropped, tuple(one.name.text for one in fields)
                known += (laying.WHOLE,) if base.whole is not None else ()
            case None, ast.Rules(rules=rules):
                asked, known = tuple(rule.name for rule in one.rules if rule.off), tuple(rule.name.text for rule in rules)
            case _:
                return True
        lacking = [name for name in asked if name.text not in known]
        for name in lacking:
            what = "field" if isinstance(base, ast.Entity) else "rule"
            self.emit(missing(f"`{one.name.text}` has no {what} `{name.text}`", f"no {what} has this name", name.span, name.text,
                              known, NOTHING_TO_OVERRIDE))  # fmt: skip
        return not lacking

    def _leave_out(self, one: ast.Override, target: Module, by: Module) -> None:
        """Take the lines of dropped fields out of the packs' maps: there is nothing left that they could fill."""
        assert isinstance(one.declaration, ast.Entity)
        gone = {name.text for name in one.declaration.dropped}
        for module in _below(by) if gone else ():
            for declared in module.declarations:
                if isinstance(declared, ast.Map) and _declares(declared.entity, module) == (id(target), one.name.parts[-1].text):
                    kept = tuple(item for item in declared.items if not (isinstance(item, ast.FieldItem) and item.name.text in gone))
                    self._replace(module, declared, replace(declared, items=kept))

    def _replace(self, module: Module, base: ast.Declaration, made: ast.Declaration) -> None:
        module.declarations = tuple(made if one is base else one for one in module.declarations)

    # ------------------------------------------------------------ who wins

    def check_claims(self) -> None:
        """Report what two packs override, neither of which knows of the other, and nobody above them decides."""
        for claimed in self.claims.values():
            last, part = claimed[-1]
            below = [id(module) for module in _below(last)]
            strange = next((other for module, other in claimed[:-1] if module is not last and id(module) not in below), None)
            if strange is not None:
                self.emit(
                    Diagnostic(
                        OVERRIDDEN_BY_TWO,
                        f"two packs override `{part.text}`",
                        Label(part.span, "the second"),
                        (Label(strange.span, "the first"),),
                        notes=("neither pack uses the other, so nothing says which of them holds",),
                        help="override it in your script too, and say there what holds",
                    )
                )


def _laid_on(base: ast.Declaration, one: ast.Override) -> ast.Declaration:
    match base, one.declaration:
        case ast.Rules(), None:
            return laying.overridden_rules(base, one.rules)
        case ast.Lookup(), None:
            return laying.overridden_table(base, one)
        case ast.Decide(), None:
            return laying.overridden_table(base, one)
        case ast.Fn(), ast.Fn() as over:
            return laying.overridden_fn(base, over)
        case ast.Entity(), ast.Entity() as over:
            return laying.overridden_entity(base, over)
        case ast.View(), ast.View() as over:
            return laying.overridden_view(base, over)
        case ast.Source(), ast.Source() as over:
            return laying.overridden_source(base, over)
        case ast.Target(), ast.Target() as over:
            return laying.overridden_target(base, over)
        case ast.Flow(), ast.Flow() as over:
            return laying.overridden_flow(base, over)
        case ast.TypeDecl(), ast.TypeDecl() as over:
            return replace(over, doc=over.doc or base.doc)
        case ast.Param(), None:
            return replace(base, default=one.value)
        case _:
            raise AssertionError(one.kind)


def _parts(one: ast.Override) -> Iterator[ast.Name]:
    """What an override names of the declaration: fields, codes, rules, columns."""
    for item in one.items:
        match item:
            case ast.FieldItem(name=name) | ast.Let(name=name):
                yield name
            case ast.Drop(names=names):
                yield from names
            case ast.Include():
                pass
    yield from clause_names(one)
    yield from (check.code for check in one.checks)
    yield from (rule.name for rule in one.rules)
    match one.declaration:
        case ast.Entity() as entity:
            yield from (field.name for field in entity.fields)
            yield from entity.dropped
            if entity.whole is not None:
                yield ast.Name(laying.WHOLE, entity.whole.span)
        case ast.Source(options=options, columns=columns) | ast.Target(options=options, columns=columns):
            yield from (option.name for option in options)
            yield from (column.name for column in columns)
        case _:
            pass


def _named(module: Module, kind: type[Kind], name: str) -> list[Kind]:
    return [one for one in module.declarations if isinstance(one, kind) and _name_of(one) == name]


def _maps(module: Module, name: str) -> list[ast.Map]:
    """The map of this name, else the maps of the entity of this name, also where the entity is that of another pack."""
    maps = [one for one in module.declarations if isinstance(one, ast.Map)]
    named = [one for one in maps if one.name is not None and one.name.text == name]
    return named or [one for one in maps if one.entity.text == name] or [one for one in maps if one.entity.parts[-1].text == name]


def _name_of(one: ast.Declaration) -> str:
    match one:
        case ast.Pack(name=ast.QName() as name):
            return name.text
        case ast.Use() | ast.Map() | ast.Checks() | ast.Override() | ast.Test():
            return ""
        case _:
            return one.name.text


def _declares(name: ast.QName, module: Module) -> tuple[int, str]:
    """The module that declares what `name` means in `module`, and what it is called there."""
    *aliases, last = name.parts
    at: Module | None = module
    for alias in aliases:
        at = next((used.module for used in at.imports if used.alias == alias.text), None) if at is not None else None
    return id(at), last.text


def _below(module: Module) -> list[Module]:
    """The modules that `module` uses, directly or not, each once."""
    found: dict[int, Module] = {}
    waiting: list[Module] = [module]
    for at in waiting:
        for used in at.imports:
            if used.module is not None and id(used.module) not in found:
                found[id(used.module)] = used.module
                waiting.append(used.module)
    return list(found.values())


def _not_there(one: ast.Override, target: Module, known: Iterable[str], by: Module) -> Diagnostic:
    """The pack has nothing of this kind and name: who has, what the pack has of this kind, or what kind the name is of."""
    name = one.name.parts[-1]
    what = "entity" if one.kind == "checks" else _WORDS.get(one.kind, one.kind)
    told = missing(f"there is no {what} `{one.name.text}`", "nothing to override", name.span, name.text, tuple(known), NOTHING_TO_OVERRIDE)
    elsewhere = [path for path, module in _paths(by) if module is not target and _has(module, one.kind, name.text)]
    if elsewhere:
        better = f"{elsewhere[0]}.{name.text}"
        fix = Fix(f"write `{better}`", (Edit(one.name.span, better),), safe=False)
        return replace(told, help=f"write `override {one.kind} {better}`: that pack has it", fix=fix, notes=())
    other = next((found for found in target.declarations if _name_of(found) == name.text), None)
    kind = next((word for word, declared in _KINDS.items() if isinstance(other, declared)), None)
    if other is None or kind is None:
        return told
    return replace(told, help=f"write `override {kind} {one.name.text}`", fix=None, notes=())


def _has(module: Module, kind: str, name: str) -> bool:
    """Whether a module declares what an override of this kind and name may be about."""
    if kind == "map":
        return bool(_maps(module, name))
    return bool(_named(module, ast.Entity if kind == "checks" else _KINDS[kind], name))


def _paths(by: Module) -> list[tuple[str, Module]]:
    """The modules that `by` can name, with the words it has for them, its own packs first."""
    found: dict[int, tuple[str, Module]] = {}
    waiting = [("", by)]
    for path, at in waiting:
        for used in at.imports:
            if used.module is not None and id(used.module) not in found:
                found[id(used.module)] = (f"{path}.{used.alias}".removeprefix("."), used.module)
                waiting.append(found[id(used.module)])
    return list(found.values())
