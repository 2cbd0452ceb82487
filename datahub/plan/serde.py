"""Plan to JSON and back: flat, versioned, hashed.

The document is a list of nodes; a node names its class and its fields, and refers to other nodes by their place in
the list, so that what the plan shares the document shares, and nothing nests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from types import ModuleType
from typing import Any, get_args

from datahub.functions import homes, load_some
from datahub.functions.extensions import BrokenExtension, extension
from datahub.plan import operators
from datahub.semantic import ir
from datahub.types import model

VERSION = 1


class UnreadablePlan(Exception):
    """A plan document that this version cannot read; the text says why."""


def to_json(plan: operators.Plan) -> str:
    """The document of `plan`."""
    tree = _tree(plan)
    return json.dumps({**tree, **_homes(tree)}, ensure_ascii=False)


def _tree(plan: operators.Plan) -> dict[str, Any]:
    nodes: list[dict[str, Any]] = []
    places: dict[int, int] = {}
    equal: dict[str, int] = {}
    kept: list[Any] = []
    written = json.JSONEncoder(sort_keys=True).encode

    def encode(value: Any) -> Any:
        # What most of a plan is goes first.
        kind = type(value)
        if kind in _AS_IT_IS:
            return value
        if kind is tuple:
            return [encode(item) for item in value]
        if (known := places.get(id(value))) is not None:
            return {"node": known}
        match value:
            case float():
                return {"float": repr(value)}
            case Decimal():
                return {"decimal": str(value)}
            case datetime():
                return {"datetime": value.isoformat()}
            case date():
                return {"date": value.isoformat()}
            case time():
                return {"time": value.isoformat()}
            case timedelta():
                return {"microseconds": value // timedelta(microseconds=1)}
            case bool() | int() | str():
                return value
            case tuple():
                return [encode(item) for item in value]
            case _:
                return {"node": place(value)}

    def place(value: Any) -> int:
        kind: Any = type(value)
        node = {"is": kind.__name__}
        for name in _names(kind):
            node[name] = encode(getattr(value, name))
        text = written(node)
        if text not in equal or kind in _APART:
            equal[text] = len(nodes)
            nodes.append(node)
        places[id(value)] = equal[text]
        kept.append(value)
        return equal[text]

    root = place(plan)
    called = {node["function"] for node in nodes if node["is"] in _CALLS}
    extensions = {name: extension(name).origin for name in sorted(called) if "." in name}
    return {"datahub_plan": VERSION, "root": root, "nodes": nodes} | ({"extensions": extensions} if extensions else {})


def _homes(tree: Mapping[str, Any]) -> dict[str, Any]:
    """The builtin functions that a plan calls, and the modules they are from."""
    called = sorted({node["function"] for node in tree["nodes"] if node["is"] in _CALLS and "." not in node["function"]})
    return {"functions": called, "homes": homes(called)}


_CALLS = ("Call", "Aggregate")
_APART = frozenset(get_args(operators.Operator))
"""Two operators are two, though they do the same: what is done once and what twice is part of a plan."""
_AS_IT_IS = frozenset((str, int, bool, type(None)))


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


def from_json(document: str) -> operators.Plan:
    """The plan of a document; `UnreadablePlan` where it is none or of another version."""
    try:
        tree = json.loads(document)
        version = tree["datahub_plan"]
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadablePlan("this is no plan document") from error
    if version != VERSION:
        raise UnreadablePlan(f"the plan is of version {version}, this program reads version {VERSION}")
    try:
        _hold_extensions(tree.get("extensions", {}))
        _load(tree)
        return _plan_of(tree)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise UnreadablePlan("the plan document is damaged: it lacks what a plan has, or has it in another form") from error


def _plan_of(tree: Mapping[str, Any]) -> operators.Plan:
    """The plan that the nodes of a document are."""
    made: list[Any] = []

    def decode(value: Any) -> Any:
        match value:
            case list():
                return tuple(decode(item) for item in value)
            case {"node": number}:
                return made[number]
            case {"float": text}:
                return float(text)
            case {"decimal": text}:
                return Decimal(text)
            case {"datetime": text}:
                return datetime.fromisoformat(text)
            case {"date": text}:
                return date.fromisoformat(text)
            case {"time": text}:
                return time.fromisoformat(text)
            case {"microseconds": number}:
                return timedelta(microseconds=number)
            case _:
                return value

    classes = _classes()
    for node in tree["nodes"]:
        kind = classes.get(node["is"])
        if kind is None:
            raise UnreadablePlan(f"the plan has a node `{node['is']}`, which this program does not know")
        made.append(kind(**{name: decode(value) for name, value in node.items() if name != "is"}))
    plan = made[tree["root"]]
    if not isinstance(plan, operators.Plan):
        raise TypeError("the root is no plan")
    return plan


def _load(tree: Mapping[str, Any]) -> None:
    """Load what the plan calls, and nothing else; where that is of another release, it is found when it is asked for."""
    try:
        load_some(tree.get("functions", ()), tree.get("homes", ()))
    except ImportError as error:
        raise UnreadablePlan(f"the plan calls functions of `{error.name}`, which this program does not have") from error


def _hold_extensions(made_with: Mapping[str, str]) -> None:
    """Refuse a plan whose functions of other distributions are not here as they were where it was made."""
    for name, origin in made_with.items():
        try:
            here = extension(name).origin
        except BrokenExtension as problem:
            raise UnreadablePlan(f"the plan calls `{name}` of {origin}: {problem.message}") from problem
        if here != origin:
            raise UnreadablePlan(f"the plan calls `{name}` of {origin}, and installed here is {here}")


def digest(plan: operators.Plan) -> str:
    """A hash of what the plan does and of the versions of what it calls from elsewhere; where its parts stand does not count."""
    tree = _tree(plan)
    for node in tree["nodes"]:
        if node["is"] == "Origin":
            node["script"], node["line"] = "", 0
        node.pop("doc", None)
        if node["is"] == "DecisionRow":
            node["line"] = 0
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()


@cache
def _classes() -> dict[str, type]:
    """Every class that may stand in a plan, by a name that is unique among them."""
    found: dict[str, type] = {}
    modules: tuple[ModuleType, ...] = (operators, ir, model)
    for module in modules:
        for name, value in vars(module).items():
            if is_dataclass(value) and isinstance(value, type) and value.__module__ == module.__name__:
                found.setdefault(name if name not in found else f"{module.__name__}.{name}", value)
    return found
