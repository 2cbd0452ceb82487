"""How much of Jinja a template may use: values, loops over what a row holds, conditions; nothing that computes without end."""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from datahub.documents.told import Problem

FILTERS = ("first", "last", "length", "lower", "tojson", "trim", "upper")
LOOP = ("first", "index", "index0", "last", "length")
DEEPEST, LARGEST = 4, 1 << 20
"""How deep loops may lie in each other, and how many characters a template may have."""

_MAY = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.For, nodes.If,
    nodes.CondExpr, nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Filter, nodes.Test,
)  # fmt: skip
_COMPUTED = "what is computed belongs into the script: give the entity a field for it"
_WORDS: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Call: ("calls something", _COMPUTED),
    nodes.CallBlock: ("calls something", _COMPUTED),
    nodes.Assign: ("sets a name", _COMPUTED),
    nodes.AssignBlock: ("sets a name", _COMPUTED),
    nodes.Macro: ("defines a macro", "write it out where it is used"),
    nodes.Include: ("includes another template", "a template is one file"),
    nodes.Extends: ("extends another template", "a template is one file"),
    nodes.Block: ("has a block", "a template is one file: leave `block` out"),
    nodes.Import: ("imports another template", "a template is one file"),
    nodes.FromImport: ("imports another template", "a template is one file"),
    nodes.Scope: ("changes how values are written", "each kind of document has one way to write them"),
    nodes.Concat: ("joins texts by `~`", "write the parts one after the other, or give the entity a field for it"),
}


def outside(tree: nodes.Template) -> Iterator[Problem]:
    """What a template uses that none may."""
    yield from _walk(tree, 0)


def _walk(node: nodes.Node, depth: int) -> Iterator[Problem]:
    if not isinstance(node, _MAY):
        said, help = _WORDS.get(type(node), (f"uses `{type(node).__name__.lower()}`", _COMPUTED))
        yield Problem(node.lineno or 1, f"the template {said}, which documents cannot do", help)
        return
    match node:
        case nodes.For(recursive=True):
            yield Problem(node.lineno, "a loop calls itself", "write one loop for each level")
        case nodes.For() if depth >= DEEPEST:
            yield Problem(node.lineno, f"loops lie in each other {depth + 1} deep, and {DEEPEST} are the most")
        case nodes.For(target=target) if not isinstance(target, nodes.Name):
            yield Problem(node.lineno, "a loop has more than one name", "loop over the rows of a list: `{% for line in Order.Line %}`")
        case nodes.Filter(name=name) if name not in FILTERS:
            yield Problem(node.lineno, f"there is no filter `{name}`", f"there are {', '.join(FILTERS)}; {_COMPUTED}", name)
        case nodes.Filter(args=args, kwargs=kwargs) if args or kwargs:
            yield Problem(node.lineno, f"the filter `{node.name}` takes nothing", word=node.name)
        case nodes.Test(name=name) if name != "none":
            yield Problem(node.lineno, f"there is no test `{name}`", "there are `is none` and `is not none`; all names are known", name)
        case nodes.Getitem(arg=arg) if not (isinstance(arg, nodes.Const) and isinstance(arg.value, str)):
            yield Problem(node.lineno, "a value is taken out by its place", "loop over the list, or take its `first` or `last`")
        case _:
            pass
    for child in node.iter_child_nodes():
        yield from _walk(child, depth + isinstance(node, nodes.For))
