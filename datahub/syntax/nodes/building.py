"""What the functions that make nodes share: the tokens, the documentation, and what the tree does not say."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import field
from typing import TypeAlias, TypeVar

from datahub.document import Span
from datahub.records import record
from datahub.syntax import ast
from datahub.syntax.layout import DEEPEST, Laid
from datahub.syntax.literals import name_text
from datahub.syntax.report import Report

Token: TypeAlias = int
"""A token is known by its number."""

LONGEST_CHAIN = 1_000
FRAMES_A_TERM = 12
"""How many calls of Python's one term of a chain takes at most while it is checked or printed."""

Node = TypeVar("Node")
Function = TypeVar("Function", bound=Callable[..., object])


@record(slots=True)
class Building:
    """One text on its way to a tree.

    `wrapped` are the expressions that stood in parentheses, with the place of these, and `sets` those of the shape
    `(a, b)`, by their identity; `nesting` is how deep an expression is, `chains` how many terms a chain has.
    Each holds on to its expressions, lest an identity be used again.
    """

    text: str
    laid: Laid
    report: Report
    unclosed: frozenset[int]
    read_hole: Callable[[int, int], tuple[ast.Expr | None, int]]
    wrapped: dict[int, tuple[Span, ast.Expr]] = field(default_factory=dict)
    sets: dict[int, ast.ListOf] = field(default_factory=dict)
    nesting: dict[int, tuple[int, object]] = field(default_factory=dict)
    chains: dict[int, int] = field(default_factory=dict)
    too_deep: bool = False

    def raw(self, token: Token) -> str:
        """The token as it is written."""
        return self.text[self.laid.starts[token] : self.laid.ends[token]]

    def span(self, token: Token) -> Span:
        """Where the token stands."""
        return Span(self.report.document, self.laid.starts[token], self.laid.ends[token])

    def name(self, token: Token) -> ast.Name:
        """The name that the token writes."""
        return ast.Name(name_text(self.raw(token)), self.span(token))

    def doc(self, span: Span) -> str:
        """The `##` lines before what begins at `span`."""
        return self.laid.docs.get(span.start, "")

    def place_of(self, expression: ast.Expr) -> Span:
        """Where the expression stands, its parentheses included."""
        wrapped = self.wrapped.get(id(expression))
        return wrapped[0] if wrapped else expression.span

    def nested(self, node: Node, span: Span, children: Iterable[object]) -> Node | ast.Null:
        """Give `node` back, or nothing in its stead where expressions stand too deep inside one another."""
        nesting = self.nesting
        deep = 1
        for child in children:
            known = nesting.get(id(child))
            if known is not None and known[0] >= deep:
                deep = known[0] + 1
        if deep > DEEPEST:
            return self._refused(span, f"expressions stand inside one another more than {DEEPEST} deep", "too deep")
        nesting[id(node)] = (deep, node)
        return node

    def chained(self, node: Node, span: Span, left: Node, right: object) -> Node | ast.Null:
        """As `nested`, for one more term of a chain such as `a + b + c`: a reader sees it as flat, so its terms count, not its depth."""
        terms = self.chains.get(id(left), 2) + 1
        if terms > LONGEST_CHAIN:
            self._refused(span, f"more than {LONGEST_CHAIN:,} terms stand in one chain", "too long")
            # The terms before stand for all: they have the type of the chain, so that nothing more is told of it.
            return left
        if terms * FRAMES_A_TERM > sys.getrecursionlimit():
            # The tree leans to the left, a level a term, and each phase goes down it from Python function to Python function.
            sys.setrecursionlimit(terms * FRAMES_A_TERM * 2)
        deep = max(self.nesting.get(id(left), (1,))[0], self.nesting.get(id(right), (0,))[0] + 1)
        if deep > DEEPEST:
            return self.nested(node, span, (left, right))
        self.chains[id(node)] = terms
        self.nesting[id(node)] = (deep, node)
        return node

    def _refused(self, span: Span, message: str, label: str) -> ast.Null:
        if not self.too_deep:
            self.report.broken(span.start, span.end, message, label, help="name the inner parts with `let` or `fn`")
        self.too_deep = True
        return ast.Null(span)


class Actions:
    """The functions of one topic, by the rules of the grammar that they are called for."""

    def __init__(self) -> None:
        self.by_rule: dict[str, Callable[..., object]] = {}

    def __call__(self, function: Function) -> Function:
        """Register `function` for the rule of its name; an underscore at its end is only for Python."""
        self.by_rule[function.__name__.rstrip("_")] = function
        return function


def kept(items: Iterable[Node | None]) -> tuple[Node, ...]:
    """The items that are no broken statements."""
    return tuple(item for item in items if item is not None)
