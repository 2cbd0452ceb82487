"""What stands in the braces of declarations to text: fields, clauses, rules, checks, flows and tests."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from datahub.syntax import ast
from datahub.syntax.literals import is_plain_name, quoted
from datahub.syntax.printing.expressions import STEP, WIDTH, Expressions, field_name, path, spelled
from datahub.syntax.printing.page import Entry, Page
from datahub.syntax.printing.tables import put_table
from datahub.syntax.printing.types import literal_text, tag_text, type_lines

EntityItem: TypeAlias = tuple[ast.Name, ...] | ast.EntityField | ast.Owns | ast.WholeBy | ast.Translate | ast.Drop
"""What stands in the braces of an entity; names alone are its key."""


class Blocks:
    """The items of blocks, put on a page."""

    def __init__(self, page: Page, expressions: Expressions) -> None:
        self.page = page
        self.expressions = expressions

    # ------------------------------------------------------------ views and maps

    def items(self, items: tuple[ast.MapItem, ...], indent: str) -> None:
        """Put the items of a map."""
        self.page.put_aligned([self.item_entry(item, indent) for item in items], indent)

    def item_entry(self, item: ast.MapItem, indent: str) -> Entry:
        """Print an item of a map, its name apart from its value."""
        start, end = item.span.start, item.span.end
        match item:
            case ast.FieldItem(name=name, value=value):
                return self.named(start, end, field_name(name), value, indent)
            case ast.Let(name=name, value=value):
                return self.named(start, end, f"let {field_name(name)}", value, indent)
            case ast.Include(of=of, without=without):
                excepted = f" except ({', '.join(map(spelled, without))})" if without else ""
                return Entry(start, end, (f"include {spelled(of)}{excepted}",))
            case ast.Drop(names=names):
                return Entry(start, end, ("drop " + ", ".join(map(spelled, names)),))
            case _:
                assert_never(item)

    def named(self, start: int, end: int, name: str, value: ast.Expr, indent: str) -> Entry:
        room = WIDTH - len(indent) - max(len(name), 16) - 3
        return Entry(start, end, (name, self.expressions.lines(value, indent, room)), (" : ",))

    def clause(self, clause: ast.Clause) -> str:
        """Print a clause."""
        flat = self.expressions.flat
        match clause:
            case ast.Fill(columns=columns, by=by):
                return f"fill {', '.join(map(flat, columns))} by {', '.join(map(flat, by))}"
            case ast.Each(outer=outer, item=item, position=position, over=over):
                names = spelled(item) + (f", {spelled(position)}" if position else "")
                return f"each {'outer ' if outer else ''}{names} in {flat(over)}"
            case ast.Join(many=many, required=required, alias=alias, rowset=rowset, on=on):
                words = ("many " if many else "") + ("required " if required else "")
                return self.condition(f"join {words}{spelled(alias)} in {path(rowset)} on", on)
            case ast.Where(condition=condition):
                return self.condition("where", condition)
            case ast.GroupBy(partial=partial, keys=keys):
                named = [(f"{field_name(key.name)}: " if key.name else "") + flat(key.value) for key in keys]
                return f"group by {'partial ' if partial else ''}{', '.join(named)}"
            case ast.UniqueBy(keys=keys, keep=keep, reject=reject):
                return f"unique by {', '.join(map(flat, keys))} keep {keep}" + (f" reject {spelled(reject)}" if reject else "")
            case ast.OrderBy(keys=keys):
                return "order by " + ", ".join(map(self.expressions.sort_key, keys))
            case _:
                assert_never(clause)

    def condition(self, words: str, condition: ast.Expr) -> str:
        return f"{words} {self.expressions.lines(condition, STEP, WIDTH - len(words) - 3)}"

    # ------------------------------------------------------------ entities

    def entity(self, items: tuple[EntityItem, ...], indent: str) -> None:
        """Put the items of an entity; fields with nothing but fields between them are aligned."""
        self.page.put_aligned([self.entity_entry(item, indent) for item in items], indent)

    def entity_entry(self, item: EntityItem, indent: str) -> Entry:
        match item:
            case tuple():
                return Entry(item[0].span.start, item[-1].span.end, ("key " + ", ".join(map(spelled, item)),))
            case ast.Owns(child=child, on=on):
                return Entry(item.span.start, item.span.end, (f"owns {path(child)} on {', '.join(map(spelled, on))}",))
            case ast.WholeBy(names=names):
                return Entry(item.span.start, item.span.end, (f"whole by {', '.join(map(spelled, names))}",))
            case ast.Translate():
                return Entry(item.span.start, item.span.end, (f"codes {told_codes(item)}",))
            case ast.Drop(names=names):
                return Entry(item.span.start, item.span.end, (f"drop {', '.join(map(spelled, names))}",))
            case ast.EntityField():
                return self.field_entry(item, indent)
            case _:
                assert_never(item)

    def field_entry(self, field: ast.EntityField, indent: str) -> Entry:
        flat = self.expressions.flat
        name = field_name(field.name)
        default = f" = {flat(field.default)}" if field.default is not None else ""
        kind = type_lines(field.type, indent, WIDTH - len(indent) - len(name) - len(default) - 3) + default
        rest = [f"references {path(field.references)}"] if field.references else []
        rest += [f"where {flat(field.where)}"] if field.where is not None else []
        rest += [f"rounded {spelled(field.rounded)}"] if field.rounded else []
        rest += map(tag_text, field.tags)
        joined = "  ".join(rest)
        inner = indent + STEP
        if joined and len(indent) + max(len(name), 16) + max(len(kind.rpartition("\n")[2]), 20) + len(joined) + 5 > WIDTH:
            if field.where is not None:
                at = 1 if field.references else 0
                rest[at] = "where " + self.expressions.lines(field.where, inner, WIDTH - len(inner) - 6)
            kind += "".join(f"\n{inner}{part}" for part in rest)
            joined = ""
        return Entry(field.span.start, field.span.end, (name, kind, joined), (" : ",))

    # ------------------------------------------------------------ rules and checks

    def rules(self, rules: tuple[ast.RuleDecl, ...], indent: str) -> None:
        """Put the rules of a set."""
        inner = indent + STEP
        for rule in rules:
            head = f"rule {spelled(rule.name)}" + (f" {quoted(rule.about.value)}" if rule.about else "")
            if rule.when is None:
                self.page.put(rule.span.start, rule.span.end, f"{head} off", indent)
                continue
            lines = [head, "when " + self.expressions.lines(rule.when, inner, WIDTH - len(inner) - 5)]
            lines.append("set " + self.sets(rule.sets, inner))
            if rule.otherwise:
                lines.append("otherwise set " + self.sets(rule.otherwise, inner))
            self.page.put(rule.span.start, rule.span.end, f"\n{inner}".join(lines), indent)

    def sets(self, items: tuple[ast.SetItem, ...], indent: str) -> str:
        flat = ", ".join(f"{field_name(item.name)}: {self.expressions.flat(item.value)}" for item in items)
        if len(indent) + len(flat) + 14 <= WIDTH:
            return flat
        inner = indent + STEP
        values = [self.expressions.lines(item.value, inner, WIDTH - len(inner) - len(item.name.text) - 3) for item in items]
        return f",\n{inner}".join(f"{field_name(item.name)}: {value}" for item, value in zip(items, values, strict=True))

    def checks(self, checks: tuple[ast.Check, ...], indent: str) -> None:
        """Put checks, their conditions below one another."""
        self.page.put_aligned([self.check_entry(check, indent) for check in checks], indent)

    def check_entry(self, check: ast.Check, indent: str) -> Entry:
        head = f"{spelled(check.code)} {check.severity}"
        head += f" on {', '.join(map(spelled, check.on))}" if check.on else ""
        head += " after checks" if check.after_checks else ""
        if check.condition is None:
            return Entry(check.span.start, check.span.end, (head,))
        inner = indent + STEP
        condition = self.expressions.lines(check.condition, inner, WIDTH - len(indent) - max(len(head), 12) - 3)
        rest = [f"when {self.expressions.flat(check.when)}"] if check.when is not None else []
        said = f"  {self.expressions.flat(check.message)}" if check.message is not None else ""
        flat = " ".join([condition, *rest]) + said
        if "\n" not in flat and len(indent) + max(len(head), 12) + len(flat) + 3 <= WIDTH:
            return Entry(check.span.start, check.span.end, (head, flat), (" : ",))
        if check.when is not None:
            rest = ["when " + self.expressions.lines(check.when, inner, WIDTH - len(inner) - 5)]
        parts = [condition, *rest, *([said.strip(" ")] if said else [])]
        return Entry(check.span.start, check.span.end, (head, f"\n{inner}".join(parts)), (" : ",))

    # ------------------------------------------------------------ flows and tests

    def flow(self, items: tuple[ast.FlowItem, ...], indent: str) -> None:
        """Put the statements of a flow."""
        for item in items:
            self.page.put(item.span.start, item.span.end, self.flow_item(item, indent), indent)

    def flow_item(self, item: ast.FlowItem, indent: str) -> str:
        match item:
            case ast.Write(parts=parts, interleaved=interleaved, patch=patch, target=target):
                return f"write {write_parts(parts, interleaved)}{' as patch' if patch else ''} to {path(target)}"
            case ast.RejectTo(codes=codes, target=target):
                return f"reject {', '.join(map(code_text, codes)) or 'otherwise'} to {path(target)}"
            case ast.ListTo(codes=codes, target=target):
                return f"list {', '.join(map(code_text, codes))} to {path(target)}"
            case ast.AbortWhen(condition=condition):
                return "abort when " + self.expressions.lines(condition, indent, WIDTH - len(indent) - 11)
            case _:
                assert_never(item)

    def test(self, items: tuple[ast.TestItem, ...], indent: str) -> None:
        """Put the statements of a test."""
        for item in items:
            self.test_item(item, indent)

    def test_item(self, item: ast.TestItem, indent: str) -> None:
        start, end = item.span.start, item.span.end
        match item:
            case ast.WithParam(name=name, value=value):
                self.page.put(start, end, f"with {spelled(name)} = {literal_text(value)}", indent)
            case ast.Given(rowset=rowset, inline=inline):
                head = f"given {path(rowset)}"
                if inline is not None:
                    head += f" {inline[0]} {literal_text(inline[1])}"
                self.tabled(item, head, rowset.span.end, indent)
            case ast.GivenPrevious(rowset=rowset):
                self.tabled(item, f"given previous {path(rowset)}", rowset.span.end, indent)
            case ast.Expect(none=True, rowset=rowset):
                self.page.put(start, end, f"expect no {path(rowset)}", indent)
            case ast.Expect(rowset=rowset, ordered=ordered):
                head_end = self.page.text.index("ordered", rowset.span.end) + len("ordered") if ordered else rowset.span.end
                self.tabled(item, f"expect {path(rowset)}{' ordered' if ordered else ''}", head_end, indent)
            case ast.Assert(condition=condition):
                said = "assert " + self.expressions.lines(condition, indent, WIDTH - len(indent) - 7)
                self.page.put(start, end, said, indent)
            case _:
                assert_never(item)

    def tabled(self, item: ast.Given | ast.GivenPrevious | ast.Expect, head: str, head_end: int, indent: str) -> None:
        """Put rows that are given or expected, with the words before them; they stand in a table, or in a file."""
        start = item.span.start
        table = item.table
        if table is None:
            file = None if isinstance(item, ast.GivenPrevious) else item.file
            self.page.put(start, item.span.end, head + (f" file {literal_text(file)}" if file else ""), indent)
            return
        self.page.put(start, head_end, head, indent)
        self.page.open(head_end)
        put_table(self.page, table, indent + STEP)


def write_parts(parts: tuple[ast.WritePart, ...], interleaved: bool) -> str:
    """Print what a `write` names; `interleaved` stands after the lines in the middle of the file."""
    middle = max((number for number, part in enumerate(parts) if part.place_in_file != "last"), default=len(parts) - 1)
    said = []
    for number, part in enumerate(parts):
        place = f"{part.place_in_file} " if part.place_in_file else ""
        said.append(place + path(part.entity) + (" interleaved" if interleaved and number == middle else ""))
    return ", ".join(said)


def code_text(code: str) -> str:
    """Print a code; one that is no name, with or without `*` at its end, stands in backticks."""
    return code if is_plain_name(code.removesuffix("*")) else f"`{code}`"


def told_codes(codes: ast.Translate) -> str:
    """What stands behind `codes`."""
    return "{ " + ", ".join(f"{code_text(family)}: {code_text(code)}" for family, code in codes.pairs) + " }"
