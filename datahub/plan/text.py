"""Typed expressions as text that reads like the language."""

from __future__ import annotations

from typing import assert_never

from datahub.semantic import ir
from datahub.types.model import spelled

_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_CHAINS = frozenset({"+", "-", "*", "/", "&"})


def condition(expression: ir.Expression) -> str:
    """A condition as it is told beside a value that does not meet it."""
    text = shown(expression)
    return text[1:-1] if isinstance(expression, ir.Call | ir.Logic) and text.startswith("(") else text


def shown(expression: ir.Expression) -> str:
    """`expression` on one line."""
    match expression:
        case ir.Column(name=name):
            return name
        case ir.Present(mark=name):
            return name
        case ir.Constant(value=value):
            return constant(value)
        case ir.Parameter(name=name):
            return f"${name}"
        case ir.Call(function=function, arguments=(_, _)) if function in _CHAINS:
            return f"({_chained(expression, function)})"
        case ir.Call(function=function, arguments=(left, right)) if function in _COMPARISONS:
            return f"({shown(left)} {function} {shown(right)})"
        case ir.Call(function="is_null", arguments=(value,)):
            return f"{shown(value)} is null"
        case ir.Call(function="not", arguments=(value,)):
            return f"not {shown(value)}"
        case ir.Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(shown, arguments))})"
        case ir.Logic(operator=operator):
            return f"({_chained(expression, operator)})"
        case ir.Choose(branches=branches, otherwise=otherwise):
            arms = " ".join(f"when {shown(when)} then {shown(then)}" for when, then in branches)
            return f"case {arms} otherwise {shown(otherwise)} end"
        case ir.Default(value=value, fallback=fallback):
            return f"({shown(value)} default {shown(fallback)})"
        case ir.Recover(value=value, how=how, fallback=fallback, code=code):
            then = f"reject {code}" if fallback is None else shown(fallback)
            return f"({shown(value)} on error {'warn ' if how == 'warn' else ''}{then})"
        case ir.Field(of=of, name=name):
            return f"{shown(of)}.{name}"
        case ir.MakeStruct(fields=fields):
            return "{" + ", ".join(f"{name}: {shown(value)}" for name, value in fields) + "}"
        case ir.MakeList(items=items):
            return "[" + ", ".join(map(shown, items)) + "]"
        case ir.Convert(value=value, type=kind):
            return f"{spelled(kind)} of {shown(value)}"
        case ir.Fit(value=value, type=kind):
            return f"{shown(value)} as {spelled(kind)}"
        case ir.Aggregate(function=function, arguments=arguments, over=over):
            what = ", ".join(map(shown, arguments)) or ("*" if isinstance(over, ir.Window) and over.keys else "")
            return f"{function}({what}{_over(over)})"
        case ir.Collect(value=value, over=over):
            return f"[{shown(value)}{_over(over)}]"
        case ir.WindowCall(function=function, argument=argument, over=over):
            return f"{function}({'' if argument is None else shown(argument)}{_over(over)})"
        case ir.LookUp(table=table, keys=keys, day=day, member=member, inverse=inverse):
            asked = keys if day is None else (*keys, day)
            call = f"{table}({', '.join(map(shown, asked))})"
            return f"{'inverse ' if inverse else ''}{call}{'.' + member if member else ''}"
        case ir.InLookUp(table=table, keys=keys):
            return f"({', '.join(map(shown, keys))}) in {table}"
        case ir.Decision(table=table, inputs=inputs, member=member):
            return f"{table}({', '.join(map(shown, inputs))}){'.' + member if member else ''}"
        case ir.RowFact(fact=fact):
            return f"{fact}()"
        case ir.Failed(value=value, code=code):
            return f"failed({shown(value)}{', ' + constant(code) if code else ''})"
        case ir.Omitted():
            return "omit"
        case _:
            assert_never(expression)


def _chained(expression: ir.Expression, operator: str) -> str:
    """The terms of a chain of one operator, which is read from the left, without parentheses around each step."""
    terms: list[str] = []
    while True:
        match expression:
            case ir.Call(function=function, arguments=(left, right)) if function == operator and operator in _CHAINS:
                pass
            case ir.Logic(operator=found, left=left, right=right) if found == operator:
                pass
            case _:
                return f" {operator} ".join([shown(expression), *reversed(terms)])
        terms.append(shown(right))
        expression = left


def _over(over: ir.Over) -> str:
    """What stands behind an aggregate's arguments."""
    match over:
        case ir.Loop(item=item, over=listed):
            text = f" for {item} in {shown(listed)}"
        case ir.Members():
            text = ""
        case ir.Window(keys=keys):
            text = f" within {', '.join(map(shown, keys))}" if keys else ""
    if over.where is not None:
        text += f" where {shown(over.where)}"
    if over.order:
        text += " order by " + ", ".join(shown(key.value) + (" desc" if key.descending else "") for key in over.order)
    return text


def constant(value: ir.Value) -> str:
    """A constant as one writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        case tuple():
            return "[" + ", ".join(map(constant, value)) + "]"
        case _:
            return str(value)
