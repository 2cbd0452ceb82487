"""Declarations to text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import assert_never

from datahub.syntax import ast
from datahub.syntax.literals import quoted
from datahub.syntax.parser import Parsed
from datahub.syntax.printing.blocks import Blocks, EntityItem, told_codes
from datahub.syntax.printing.expressions import STEP, WIDTH, Expressions, path, spelled
from datahub.syntax.printing.page import Entry, Page
from datahub.syntax.printing.tables import put_table
from datahub.syntax.printing.types import at_text, literal_text, params_text, tag_text, type_lines, type_text


class Printer:
    """One script on its way to the page."""

    def __init__(self, parsed: Parsed, text: str) -> None:
        self.page = Page(text, parsed.comments)
        self.expressions = Expressions(parsed.wrapped)
        self.blocks = Blocks(self.page, self.expressions)
        self.laid = parsed.laid

    def declaration(self, node: ast.Declaration) -> None:
        """Put a declaration on the page."""
        match node:
            case ast.Pack():
                self.pack(node)
            case ast.Use() | ast.Param() | ast.TypeDecl():
                self.page.put(node.span.start, node.span.end, self.one_line(node), "")
            case ast.Source() | ast.Target():
                word = "source" if isinstance(node, ast.Source) else "target"
                self.io(node, f"{word} {spelled(node.name)}: {spelled(node.kind)}")
            case ast.Entity():
                self.entity(node, "entity " + spelled(node.name))
            case ast.Lookup() | ast.Decide():
                self.lookup(node)
            case ast.Fn():
                self.fn(node, "fn " + spelled(node.name))
            case ast.View():
                self.rowset(node, "view " + spelled(node.name), None)
            case ast.Map():
                self.rowset(node, "map " + path(node.entity), node.name)
            case ast.Rules():
                priority = f" priority {node.priority}" if node.priority is not None else ""
                head = f"rules {spelled(node.name)} for {path(node.entity)}{priority}"
                self.block(node, head, node.rules, self.blocks.rules)
            case ast.Checks():
                self.block(node, "checks " + path(node.entity), node.checks, self.blocks.checks)
            case ast.Flow():
                self.block(node, "flow " + spelled(node.name), node.items, self.blocks.flow)
            case ast.Override():
                self.override(node)
            case ast.Test():
                as_of = f" as of {quoted(node.as_of.value)}" if node.as_of else ""
                self.block(node, f"test {quoted(node.name.value)}{as_of}", node.items, self.blocks.test)
            case _:
                assert_never(node)

    # ------------------------------------------------------------ braces

    def brace(self, before: int) -> int:
        """Where the brace stands that opens before the token at, or after, an offset."""
        number = bisect_left(self.laid.starts, before)
        while self.laid.kinds[number] != "LBRACE":
            number -= 1
        return self.laid.starts[number]

    def last_brace(self, node: ast.Declaration) -> int | None:
        """Where the brace stands that opens the body of a declaration that ends with one."""
        number = bisect_left(self.laid.starts, node.span.end) - 1
        if self.laid.kinds[number] != "RBRACE" or self.laid.ends[number] != node.span.end:
            return None
        depth = self.laid.depths[number]
        while self.laid.kinds[number] != "LBRACE" or self.laid.depths[number] != depth - 1:
            number -= 1
        return self.laid.starts[number]

    def block(self, node: ast.Declaration, head: str, items: tuple[object, ...], body: Callable[..., None]) -> None:
        """Put a declaration whose items stand in braces."""
        opening = self.last_brace(node)
        assert opening is not None
        held = bool(items) or self.page.commented(opening, node.span.end)
        self.page.put(node.span.start, opening + 1, head + (" {" if held else " { }"), "")
        if held:
            self.page.open(opening + 1)
            body(items, STEP)
            self.page.close(node.span.end - 1, "}", "")
        self.page.put_trailing(node.span.end)

    # ------------------------------------------------------------ one kind after the other

    def pack(self, node: ast.Pack) -> None:
        parts = [(node.about.span, "about", quoted(node.about.value))] if node.about else []
        parts += [(need.span, "requires", f"{path(need.name)} {need.versions}") for need in node.requires]
        for word, names in (("exports", node.exports), ("sealed", node.sealed)):
            parts += [(names[0].span.to(names[-1].span), word, ", ".join(map(path, names)))] if names else []
        parts += [(node.codes.span, "codes", told_codes(node.codes))] if node.codes else []
        entries = [Entry(span.start, span.end, (word, said), (" ",)) for span, word, said in parts]
        entries.sort(key=lambda entry: entry.start)
        head = f"pack {path(node.name)} {node.version}"
        if self.last_brace(node) is None:
            self.page.put(node.span.start, node.span.end, head, "")
        else:
            self.block(node, head, tuple(entries), self.page.put_aligned)

    def one_line(self, node: ast.Use | ast.Param | ast.TypeDecl) -> str:
        match node:
            case ast.Use(pack=pack, versions=versions, alias=alias):
                what = path(pack) if isinstance(pack, ast.QName) else quoted(pack.value)
                return f"use {what}" + (f" {versions}" if versions else "") + (f" as {spelled(alias)}" if alias else "")
            case ast.Param(name=name, type=type, default=default):
                return f"param {spelled(name)}: {type_text(type)}" + (f" = {literal_text(default)}" if default is not None else "")
            case ast.TypeDecl(name=name):
                return self.type_text(node, f"type {spelled(name)}")
            case _:
                assert_never(node)

    def type_text(self, node: ast.TypeDecl, words: str) -> str:
        pattern = f" matches /{node.matches.source}/{node.matches.flags}" if node.matches else ""
        head = f"{words} = {type_lines(node.type, '', WIDTH)}{pattern}"
        return head + self.after(head, "where", node.where, STEP)

    def after(self, head: str, word: str, value: ast.Expr | None, indent: str) -> str:
        """A word and an expression, on the line of `head` if they fit, else on the next."""
        if value is None:
            return ""
        flat = f" {word} {self.expressions.flat(value)}"
        if len(head.rpartition("\n")[2]) + len(flat) <= WIDTH:
            return flat
        return f"\n{indent}{word} " + self.expressions.lines(value, indent, WIDTH - len(indent) - len(word) - 1)

    def io(self, node: ast.Source | ast.Target, head: str) -> None:
        opening = self.last_brace(node)
        if opening is None:
            self.page.put(node.span.start, node.span.end, head, "")
            return
        options = [option_text(option) for option in node.options]
        flat = f"{head} {{ {'  '.join(options)} }}" if options else f"{head} {{ }}"
        silent = any(option.value is None for option in node.options[:-1])
        if not node.columns and not silent and len(flat) <= WIDTH and not self.page.commented(node.span.start, node.span.end):
            self.page.put(node.span.start, node.span.end, flat, "")
            return
        self.page.put(node.span.start, opening + 1, head + " {", "")
        self.page.open(opening + 1)
        held: list[ast.Option | ast.ColumnDecl] = [*node.options, *node.columns]
        items = sorted(held, key=lambda item: item.span.start)
        while items:
            taken = 1
            while taken < len(items) and type(items[taken]) is type(items[0]):
                taken += 1
            run, items = items[:taken], items[taken:]
            if isinstance(run[0], ast.Option):
                self.options([option for option in run if isinstance(option, ast.Option)])
            else:
                self.columns([column for column in run if isinstance(column, ast.ColumnDecl)])
        self.page.close(node.span.end - 1, "}", "")
        self.page.put_trailing(node.span.end)

    def options(self, options: list[ast.Option]) -> None:
        """Put options side by side; where a comment or a blank line stands between them, one on each line."""
        first, last = options[0].span, options[-1].span
        line_end = self.page.text.find("\n", last.end)
        if self.page.commented(first.start, last.end if line_end < 0 else line_end) or self.page.apart(first.start, last.end):
            for option in options:
                self.page.put(option.span.start, option.span.end, option_text(option), STEP)
            return
        lines = [""]
        silent = False
        for option in options:
            said = option_text(option)
            joined = f"{lines[-1]}  {said}" if lines[-1] else said
            # After an option without a value, the name of the next would be taken for its value.
            if len(joined) + len(STEP) <= WIDTH and not silent:
                lines[-1] = joined
            else:
                lines.append(said)
            silent = option.value is None
        self.page.put(first.start, last.end, f"\n{STEP}".join(lines), STEP)

    def columns(self, columns: list[ast.ColumnDecl]) -> None:
        opening = self.brace(columns[0].span.start)
        self.page.put(opening, opening + 1, "columns {", STEP)
        self.page.open(opening + 1)
        self.page.put_aligned([column_entry(column, STEP * 2) for column in columns], STEP * 2)
        number = bisect_left(self.laid.starts, columns[-1].span.end)
        while self.laid.kinds[number] != "RBRACE":
            number += 1
        self.page.close(self.laid.starts[number], "}", STEP)

    def entity(self, node: ast.Entity, head: str) -> None:
        tagged = " ".join([head, *map(tag_text, node.tags)])
        items: list[EntityItem] = [*node.fields, *node.owns, *node.drops]
        items += [node.key] if node.key else []
        items += [node.codes] if node.codes else []
        items += [node.whole] if node.whole else []
        items.sort(key=lambda item: item[0].span.start if isinstance(item, tuple) else item.span.start)
        self.block(node, tagged, tuple(items), self.blocks.entity)

    def lookup(self, node: ast.Lookup | ast.Decide) -> None:
        if isinstance(node, ast.Lookup):
            asof = f" asof {params_text((node.asof,))}" if node.asof else ""
            source = f" from {path(node.source)}" if node.source else ""
            head = f"lookup {spelled(node.name)} ({params_text(node.keys)}){asof} -> {type_text(node.result)}{source}"
        else:
            head = f"decide {spelled(node.name)} ({params_text(node.inputs)}) -> {type_text(node.result)}"
        if len(head) > WIDTH:
            head = head.replace(f"({params_text(node.keys if isinstance(node, ast.Lookup) else node.inputs)})", self.broken_params(node), 1)
        self.table_body(node, head, node.table, node.otherwise, node.policy if isinstance(node, ast.Decide) else None)

    def broken_params(self, node: ast.Lookup | ast.Decide) -> str:
        params = node.keys if isinstance(node, ast.Lookup) else node.inputs
        return "(\n" + "".join(f"{STEP}{params_text((param,))},\n" for param in params) + ")"

    def table_body(
        self,
        node: ast.Declaration,
        head: str,
        table: ast.Table | None,
        otherwise: ast.Fallback | None,
        policy: ast.Name | None,
        gone: ast.Table | None = None,
    ) -> None:
        opening = self.last_brace(node)
        held = table is not None or otherwise is not None or gone is not None
        if opening is None or not held:
            self.page.put(node.span.start, node.span.end, head, "")
            return
        self.page.put(node.span.start, opening + 1, head + " {", "")
        self.page.open(opening + 1)
        if policy is not None:
            self.page.put(policy.span.start, policy.span.end, f"policy {spelled(policy)}", STEP)
        if table is not None:
            put_table(self.page, table, STEP)
        if gone is not None:
            word = self.page.text.rindex("drop", opening, gone.span.start)
            self.page.put(word, word + 4, "drop", STEP)
            put_table(self.page, gone, STEP)
        if otherwise is not None:
            self.page.put(otherwise.span.start, otherwise.span.end, self.fallback(otherwise), STEP)
        self.page.close(node.span.end - 1, "}", "")
        self.page.put_trailing(node.span.end)

    def fallback(self, node: ast.Fallback) -> str:
        if node.error:
            return "otherwise error" + (f" {self.expressions.flat(node.message)}" if node.message is not None else "")
        assert node.value is not None
        return "otherwise " + self.expressions.lines(node.value, STEP, WIDTH - 12)

    def fn(self, node: ast.Fn, head: str, whole: ast.Declaration | None = None) -> None:
        outer = whole or node
        result = f" -> {type_text(node.result)}" if node.result is not None else ""
        head = f"{head}({params_text(node.params)}){result}"
        opening = self.last_brace(outer) if node.lets else None
        if opening is None:
            flat = self.expressions.flat(node.body)
            body = f" {flat}" if len(head) + len(flat) + 3 <= WIDTH else f"\n{STEP}{self.expressions.lines(node.body, STEP, WIDTH - 2)}"
            self.page.put(outer.span.start, outer.span.end, f"{head} ={body}", "")
            return
        self.page.put(outer.span.start, opening + 1, head + " {", "")
        self.page.open(opening + 1)
        self.page.put_aligned([self.blocks.item_entry(let, STEP) for let in node.lets], STEP)
        body = self.expressions.lines(node.body, STEP, WIDTH - 2)
        # A line that begins with a sign would continue the one above.
        body = f"({body})" if body.startswith("-") else body
        self.page.put(node.body.span.start, node.body.span.end, body, STEP)
        self.page.close(outer.span.end - 1, "}", "")
        self.page.put_trailing(outer.span.end)

    def rowset(self, node: ast.View | ast.Map, head: str, name: ast.Name | None, whole: ast.Declaration | None = None) -> None:
        outer = whole or node
        alias = f"{spelled(node.source.alias)} in " if node.source.alias else ""
        source = f"{head} from {alias}" + ", ".join(map(path, node.source.rowsets)) + (f" as {spelled(name)}" if name else "")
        opening = self.last_brace(outer)
        assert opening is not None
        held = bool(node.items) or self.page.commented(opening, outer.span.end)
        brace = "{" if held else "{ }"
        if node.clauses:
            self.page.put(outer.span.start, node.source.span.end, source, "")
            for clause in node.clauses:
                self.page.put(clause.span.start, clause.span.end, self.blocks.clause(clause), STEP)
            self.page.fresh = True
            self.page.put(opening, opening + 1, brace, "")
        else:
            self.page.put(outer.span.start, opening + 1, f"{source} {brace}", "")
        if held:
            self.page.open(opening + 1)
            self.blocks.items(node.items, STEP)
            self.page.close(outer.span.end - 1, "}", "")
        self.page.put_trailing(outer.span.end)

    def override(self, node: ast.Override) -> None:
        head = f"override {node.kind} {path(node.name)}"
        match node.declaration:
            case ast.Fn() as fn:
                self.fn(fn, head, node)
            case ast.Entity() as entity:
                self.entity(entity, head)
            case ast.View() as view:
                self.rowset(view, head, None, node)
            case ast.Source() | ast.Target() as io:
                self.io(io, head + (f": {spelled(io.kind)}" if io.kind.text else ""))
            case ast.TypeDecl() as type:
                self.page.put(node.span.start, node.span.end, self.type_text(type, head), "")
            case ast.Flow() as flow:
                self.block(node, head, flow.items, self.blocks.flow)
            case None:
                self.override_parts(node, head)
            case _:
                assert_never(node.declaration)

    def override_parts(self, node: ast.Override, head: str) -> None:
        match node.kind:
            case "map":
                self.override_map(node, head)
            case "checks":
                self.block(node, head, node.checks, self.blocks.checks)
            case "rules":
                self.block(node, head, node.rules, self.blocks.rules)
            case "param":
                assert node.value is not None
                self.page.put(node.span.start, node.span.end, f"{head} = {literal_text(node.value)}", "")
            case _:
                self.table_body(node, head, node.table, node.otherwise, None, node.gone)

    def override_map(self, node: ast.Override, head: str) -> None:
        changes = sorted((*node.clauses, *node.dropped), key=lambda one: one.span.start)
        if node.source is not None:
            alias = f"{spelled(node.source.alias)} in " if node.source.alias else ""
            head += f" from {alias}" + ", ".join(map(path, node.source.rowsets))
        if not changes:
            self.block(node, head, node.items, self.blocks.items)
            return
        opening = self.last_brace(node)
        assert opening is not None
        held = bool(node.items) or self.page.commented(opening, node.span.end)
        self.page.put(node.span.start, (node.source or node.name).span.end, head, "")
        for one in changes:
            said = dropped_text(one) if isinstance(one, ast.DropClause) else self.blocks.clause(one)
            self.page.put(one.span.start, one.span.end, said, STEP)
        self.page.fresh = True
        self.page.put(opening, opening + 1, "{" if held else "{ }", "")
        if held:
            self.page.open(opening + 1)
            self.blocks.items(node.items, STEP)
            self.page.close(node.span.end - 1, "}", "")
        self.page.put_trailing(node.span.end)


def dropped_text(node: ast.DropClause) -> str:
    """Print `drop order by`, `drop join c`."""
    return f"drop {node.word}" + (f" {spelled(node.of)}" if node.of is not None else "")


def option_text(option: ast.Option) -> str:
    """Print an option."""
    return spelled(option.name) + (f" {literal_text(option.value)}" if option.value is not None else "")


def column_entry(column: ast.ColumnDecl, indent: str) -> Entry:
    """Print a column, in the parts that are aligned with those of its neighbours."""
    tags = " ".join(map(tag_text, column.tags))
    at = at_text(column.at) if column.at else ""
    shape = f"format {quoted(column.format.value)}" if column.format else ""
    name = spelled(column.name)
    if column.type is None:
        return Entry(column.span.start, column.span.end, (name, at, shape, tags))
    kind = type_lines(column.type, indent, WIDTH - len(indent) - len(name) - len(at) - len(shape) - len(tags) - 6)
    return Entry(column.span.start, column.span.end, (name, kind, at, shape, tags), (" : ",))
