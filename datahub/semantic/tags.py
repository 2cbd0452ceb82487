"""The tags that columns, fields and entities may bear."""

from __future__ import annotations

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.records import record
from datahub.semantic.resolve_types import missing
from datahub.semantic.rules_types import BAD_ARGUMENTS
from datahub.syntax import ast


@record(frozen=True, slots=True)
class TagShape:
    """A tag: how many texts it takes, and what it says."""

    name: str
    fewest: int
    most: int
    doc: str
    usual: tuple[str, ...] = ()
    """The texts that it most often has."""


PII = TagShape("pii", 0, 0, "Personal data: it must not reach a target that is not marked for it.")
SPLIT = TagShape("split", 1, 8, "One cell holds several values: the marks between them, outermost first.", ("||",))
PATCH = TagShape("patch", 0, 0, "Rows change what is there: a field that is not mapped, or `omit`, is left alone.")
WHOLE = TagShape(
    "whole", 0, 0, "Whoever takes its rows deletes what they lack: all of them go out, or none, unless a target says `whole false`."
)
REQUIRED_ON = TagShape("required_on", 1, 2, 'The field must be there when a row is made (`"create"`) or changed (`"update"`).', ("create",))
TREE = TagShape("tree", 0, 0, "Rows refer to one another as those of a tree: none comes back to itself.")
ELSEWHERE = TagShape(
    "elsewhere", 0, 0, "What is referred to may be elsewhere: a row falls with one that is rejected here, and misses none."
)
INTERNAL = TagShape("internal", 0, 0, "For keys, rules and checks alone: files are written without it, unless their target names it.")

REQUIRED = TagShape("required", 0, 0, "The file must have the column, though its cells may be empty.")

COLUMN_TAGS = (PII, REQUIRED, SPLIT)
FIELD_TAGS = (ELSEWHERE, INTERNAL, PII, REQUIRED_ON, TREE)
ENTITY_TAGS = (PATCH, PII, WHOLE)
TARGET_TAGS = (PII, SPLIT)


def check_tags(tags: tuple[ast.Tag, ...], known: tuple[TagShape, ...], emit: Emit) -> None:
    """Report tags that may not stand here, and texts that they do not take."""
    shapes = {shape.name: shape for shape in known}
    for tag in tags:
        shape = shapes.get(tag.name.text)
        if shape is None:
            emit(missing(f"there is no tag `@{tag.name.text}` here", "no tag has this name", tag.name.span, tag.name.text, tuple(shapes)))
        elif not shape.fewest <= len(tag.arguments) <= shape.most or not all(isinstance(one, ast.String) for one in tag.arguments):
            wanted = "no arguments" if shape.most == 0 else 'one text or more, such as `@split("|")`' if shape is SPLIT else "a text"
            message = f"`@{tag.name.text}` takes {wanted}"
            emit(Diagnostic(BAD_ARGUMENTS, message, Label(tag.span, "these do not fit"), notes=(shape.doc,), help=_advice(tag, shape)))


def _advice(tag: ast.Tag, shape: TagShape) -> str | None:
    """How the tag is written: with the names that stand there in quotes, else as it is in most scripts."""
    if not shape.most:
        return f"write `@{shape.name}`"
    named = [one.name.text for one in tag.arguments if isinstance(one, ast.Reference)]
    words = named[: shape.most] if named and len(named) == len(tag.arguments) else shape.usual
    quoted = ", ".join(f'"{word}"' for word in words)
    return f"write `@{shape.name}({quoted})`"
