"""A template that was read, checked against the rows it is for, and compiled; what it makes is always well-formed.

Templates come with projects and packs, so they are held to be hostile: they use a small part of Jinja, see nothing but the
values of the row, and are stopped where they loop or write too much.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, nodes, pass_context
from jinja2.environment import Template as Compiled
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from datahub.documents.language import LARGEST, LOOP, outside
from datahub.documents.names import misused
from datahub.documents.samples import samples
from datahub.documents.shapes import RowShape
from datahub.documents.told import BadTemplate, Kind, Problem, kind_of
from datahub.documents.written import FILTERS, Unwritable, placed, well_formed, writing
from datahub.project.failures import TerminalError

MOST_STEPS, MOST_BYTES = 1_000_000, 64 << 20
"""How many rounds the loops of one document take at most, and how large it may become."""


class Template:
    """What makes a document of a row."""

    def __init__(self, path: str, text: str, row: RowShape, kind: Kind | None = None) -> None:
        self.path, self.row = path, row
        self.kind: Kind = kind or kind_of(path)
        self.manner = hashlib.sha256(f"{self.kind} {text}".encode()).hexdigest()
        """What says how documents are made of rows."""
        self._steps = 0
        self._compiled = self._checked(text)
        for sample in samples(row):
            self._tried(sample)

    def render(self, row: dict[str, Any]) -> bytes:
        """The document of one row, as `rows.documents` gives it."""
        try:
            return self._made(row)
        except (Unwritable, TerminalError) as problem:
            raise TerminalError(f"{self.path}: {problem}", getattr(problem, "help", "")) from None

    # ------------------------------------------------------------ once

    def _checked(self, text: str) -> Compiled:
        environment = _Environment(self.kind, self._counted)
        # Jinja gives all lines one end; the first line's is meant.
        environment.newline_sequence = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
        if len(text) > LARGEST:
            raise BadTemplate(self.path, (Problem(1, f"the template has {len(text):,} characters, and {LARGEST:,} are the most"),))
        try:
            tree = environment.parse(text, filename=self.path)
            problems = tuple(outside(tree)) or tuple(misused(tree, self.row, self.kind))
            if problems:
                raise BadTemplate(self.path, problems)
            for loop in tree.find_all(nodes.For):
                # Each round is counted, and nothing is a list of nothing.
                loop.iter = nodes.Filter(loop.iter, _ROUNDS, [], [], None, None, lineno=loop.lineno)
            return Compiled.from_code(environment, environment.compile(tree, filename=self.path), environment.globals)
        except TemplateSyntaxError as problem:
            raise BadTemplate(self.path, (Problem(problem.lineno, _lowered(str(problem.message))),)) from None
        except (RecursionError, SyntaxError, MemoryError):
            raise BadTemplate(self.path, (Problem(1, "the template lies too deep in itself"),)) from None

    def _tried(self, sample: dict[str, Any]) -> None:
        """With values of every type a document must come out that can be read; what is wrong is known before there is data."""
        try:
            self._made(sample)
        except Unwritable as problem:
            raise BadTemplate(self.path, (Problem(1, f"what it makes is {problem}", problem.help),)) from None

    # ------------------------------------------------------------ each time

    def _made(self, row: dict[str, Any]) -> bytes:
        self._steps = 0
        parts, size = [], 0
        try:
            for part in self._compiled.generate({self.row.name: row}):
                parts.append(part)
                size += len(part)
                if size > MOST_BYTES:
                    raise Unwritable(f"larger than {MOST_BYTES:,} bytes")
        except (UndefinedError, TypeError, RecursionError, MemoryError) as problem:
            raise Unwritable(f"impossible: {problem}") from problem
        made = "".join(parts) if self.kind != "xml" else placed("".join(parts))
        well_formed(made, self.kind)
        return made.encode()

    def _counted(self, values: Any) -> Iterator[Any]:
        for value in values or ():
            self._steps += 1
            if self._steps > MOST_STEPS:
                raise Unwritable(f"too much: its loops take more than {MOST_STEPS:,} rounds")
            yield value


_ROUNDS = "!rounds"


class _Environment(ImmutableSandboxedEnvironment):
    """Values are written as the kind of document needs it, and have in them what they hold: no attribute of Python is reached."""

    def __init__(self, kind: Kind, rounds: Any) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=True, keep_trailing_newline=True, finalize=_late(writing(kind)))
        self.filters = {**FILTERS, _ROUNDS: rounds}
        self.globals = {}
        self.tests = {"none": self.tests["none"]}

    def getattr(self, obj: Any, attribute: str) -> Any:
        match obj:
            case None:
                return None
            case dict():
                return obj.get(attribute)
            case LoopContext() if attribute in LOOP:
                return getattr(obj, attribute)
            case _:
                return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self.getattr(obj, argument)


def _late(write: Callable[[Any], Any]) -> Callable[[Context, Any], Any]:
    """What writes values when a document is made: texts of the template itself too, which Jinja would escape before, for HTML."""

    @pass_context
    def written(_: Context, value: Any) -> Any:
        return write(value)

    return written


def read_template(file: Path, path: str, row: RowShape, kind: Kind | None = None) -> Template:
    """The template in a file that people know as `path`."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise TerminalError(f"the template `{path}` cannot be read: {problem.strerror or problem}", "paths begin at `dhm.toml`") from None
    except UnicodeDecodeError:
        raise TerminalError(f"the template `{path}` is not UTF-8", "save it as UTF-8") from None
    return Template(path, text, row, kind)


def _lowered(message: str) -> str:
    return f"{message[:1].lower()}{message[1:]}".rstrip(".")
