"""The whole compiler on its page: text to tree, tree to typed program, program to plan."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Emit
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.lint.advise import advise
from datahub.plan.lower import lower
from datahub.plan.operators import Plan
from datahub.plan.optimize import optimize
from datahub.records import record
from datahub.semantic import ir
from datahub.semantic.aftermath import Aftermath
from datahub.semantic.elaborate import elaborate_whole
from datahub.semantic.loaders import Loader
from datahub.syntax.parser import parse


@record(slots=True)
class _Seen:
    """Passes diagnostics on, and counts the errors among them."""

    emit: Emit
    errors: int = 0

    def __call__(self, diagnostic: Diagnostic) -> None:
        self.errors += diagnostic.level is Severity.ERROR
        self.emit(diagnostic)


def check(document: Document, load: Loader, emit: Emit) -> ir.Program | None:
    """Tell `emit` everything that is wrong with a script; its typed program where nothing stands against running it."""
    seen = _Seen(emit)
    aftermath = Aftermath(document, seen)
    elaborated = elaborate_whole(parse(document, aftermath.reading), load, aftermath)
    aftermath.finish()
    if not seen.errors:
        advise(elaborated, seen)
    return None if seen.errors else elaborated.program


def compile(document: Document, load: Loader, emit: Emit, flow: str | None = None, *, optimized: bool = True) -> Plan | None:
    """The plan of a script, or None where `emit` was told of an error; `flow` chooses among several.

    One that is not `optimized` gives the same, and is there to show that it does.
    """
    program = check(document, load, emit)
    if program is None:
        return None
    plan = lower(program, chosen(program, flow))
    return optimize(plan) if optimized else plan


def chosen(program: ir.Program, flow: str | None) -> ir.FlowBody | None:
    """The flow called `flow`, or the only one there is, those of used packs left aside where the script has its own.

    `LookupError` where that is not one.
    """
    if flow is None:
        own = [one for one in program.flows if "." not in one.name] or program.flows
        if len(own) > 1:
            raise LookupError(f"the script has the flows {', '.join(one.name for one in own)}; choose one with `--flow`")
        return own[0] if own else None
    found = next((one for one in program.flows if one.name == flow), None)
    if found is None:
        raise LookupError(f"the script has no flow `{flow}`")
    return found
