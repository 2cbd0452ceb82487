"""Files and packs as modules, each after those it uses: what to read is asked of a `Loader`, never of a disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from datahub.diagnostics.diagnostic import Diagnostic, Emit, Label
from datahub.document import Document, Span
from datahub.records import record
from datahub.semantic.loaders import Loader, Unusable
from datahub.semantic.rules import CIRCULAR, DUPLICATE, PACK_NOT_FOUND
from datahub.syntax import ast
from datahub.syntax.parser import parse


@record(frozen=True, eq=False, slots=True)
class Import:
    """A `use`: the name it goes by here, and the module behind it; None where it was not found."""

    alias: str
    module: Module | None
    use: ast.Use


@record(eq=False, slots=True)
class Module:
    """The declarations of one file or pack.

    `prefix` is what stands before its names in the program: nothing for the script itself. `broken` is where its text could not be read.
    """

    declarations: tuple[ast.Declaration, ...]
    """What is declared, with the overrides of others laid on it."""
    documents: tuple[Document, ...] = ()
    imports: tuple[Import, ...] = ()
    prefix: str = ""
    broken: tuple[Span, ...] = ()

    def full(self, name: str) -> str:
        return self.prefix + name


def modules(script: ast.Script, loader: Loader, emit: Emit) -> tuple[Module, ...]:
    """The module of `script` and all that it uses, directly or not: the used ones first, its own last.

    A file of a pack is one with the other files of its pack.
    """
    reading = _Reading(loader, emit)
    siblings = tuple(parse(document, emit) for document in loader.siblings(script.span.document))
    root = reading.module((script, *siblings), ())
    _name(root)
    return tuple(reading.ordered)


@record(slots=True)
class _Reading:
    loader: Loader
    emit: Emit
    known: dict[tuple[str, ...], Module] = field(default_factory=dict)
    ordered: list[Module] = field(default_factory=list)

    def module(self, scripts: tuple[ast.Script, ...], above: tuple[str, ...]) -> Module:
        declarations = tuple(declaration for script in scripts for declaration in script.declarations)
        made = Module(declarations, tuple(script.span.document for script in scripts))
        made.broken = tuple(span for script in scripts for span in script.broken)
        made.imports = tuple(self._imports(made, above))
        self.ordered.append(made)
        return made

    def _imports(self, module: Module, above: tuple[str, ...]) -> Iterator[Import]:
        taken: dict[str, ast.Use] = {}
        for use in module.declarations:
            if not isinstance(use, ast.Use):
                continue
            alias = alias_of(use)
            first = taken.setdefault(alias, use)
            if first is not use:
                # Each file of a pack says what it uses; they share the names.
                if first.span.document is use.span.document or _written(first) != _written(use):
                    self.emit(_used_twice(use, first))
                continue
            yield Import(alias, self._found(use, above), use)

    def _found(self, use: ast.Use, above: tuple[str, ...]) -> Module | None:
        documents = self._documents(use)
        if documents is None or isinstance(documents, Unusable):
            self.emit(_not_found(use, documents))
            return None
        key = tuple(document.path for document in documents)
        if any(path in above for path in key) or use.span.document.path in key:
            self.emit(Diagnostic(CIRCULAR, f"`{_written(use)}` uses itself", Label(use.span, "comes back to this script")))
            return None
        if key not in self.known:
            scripts = tuple(parse(document, self.emit) for document in documents)
            self.known[key] = self.module(scripts, (*above, use.span.document.path))
        return self.known[key]

    def _documents(self, use: ast.Use) -> tuple[Document, ...] | Unusable | None:
        if isinstance(use.pack, ast.String):
            found = self.loader.file(use.pack.value, use.span.document)
            return None if found is None else (found,)
        return self.loader.pack(use.pack.text, use.versions, use.span.document)


def alias_of(use: ast.Use) -> str:
    """What a used pack is called: as said, else the last part of its name, else the file's name without its end."""
    if use.alias is not None:
        return use.alias.text
    if isinstance(use.pack, ast.QName):
        return use.pack.parts[-1].text
    return use.pack.value.rpartition("/")[2].removesuffix(".dhm")


def _written(use: ast.Use) -> str:
    return use.pack.value if isinstance(use.pack, ast.String) else use.pack.text


def _used_twice(use: ast.Use, first: ast.Use) -> Diagnostic:
    return Diagnostic(
        DUPLICATE,
        f"`{alias_of(use)}` is used twice",
        Label((use.alias or use.pack).span, "the second"),
        (Label(first.span, "the first"),),
        help="give one of them another name with `as`",
    )


def _not_found(use: ast.Use, why: Unusable | None) -> Diagnostic:
    if why is not None:
        message = f"the pack `{_written(use)}` cannot be used: {why.reason}"
        return Diagnostic(PACK_NOT_FOUND, message, Label(use.pack.span, "not usable"), help=why.help or None)
    if isinstance(use.pack, ast.String):
        return Diagnostic(
            PACK_NOT_FOUND,
            f"there is no file `{use.pack.value}`",
            Label(use.pack.span, "nothing stands here"),
            notes=("a path is read from the folder of the script that uses it",),
        )
    wanted = f"`{use.pack.text}`" + (f" in a version that `{use.versions}` allows" if use.versions else "")
    return Diagnostic(
        PACK_NOT_FOUND,
        f"there is no pack {wanted}",
        Label(use.pack.span, "not among the packs known here"),
        help='add it to the project, or use a file beside this one: `use "name.dhm" as name`',
    )


def _name(root: Module) -> None:
    """Give every module the shortest chain of aliases that leads to it, those of the script itself first."""
    waiting, named = [root], {id(root)}
    for module in waiting:
        for one in module.imports:
            if one.module is not None and id(one.module) not in named:
                named.add(id(one.module))
                one.module.prefix = f"{module.prefix}{one.alias}."
                waiting.append(one.module)
