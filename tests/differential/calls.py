"""Expressions that call every function and operator of the language in all its signatures, over columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from datahub.functions import load
from datahub.functions.declare import Function, Overload, Parameter
from datahub.types import model as t
from datahub.types.shapes import Family, built, shape

INT, TEXT, MONEY, DATE = t.Int(), t.Text(), t.Decimal(False, 12, 2), t.Date()
ITEM = t.Struct((("k", t.Text(True)), ("v", t.Int(True))))
VARIABLES: tuple[t.Type, ...] = (INT, TEXT, MONEY, DATE)
"""What stands for a type variable, one after the other."""


@dataclass(frozen=True, slots=True)
class Call:
    """An expression over columns, and what the texts and numbers of a column are drawn from."""

    expression: str
    columns: dict[str, t.Type]
    pools: dict[str, str] = field(default_factory=dict)
    small: frozenset[str] = frozenset()


OPERATORS = {
    "+": "{0} + {1}", "-": "{0} - {1}", "*": "{0} * {1}", "/": "{0} / {1}", "&": "{0} & {1}", "neg": "-({0})", "not": "not ({0})",
    "<": "{0} < {1}", "<=": "{0} <= {1}", ">": "{0} > {1}", ">=": "{0} >= {1}", "=": "{0} = {1}", "<>": "{0} <> {1}",
    "between_inclusive": "{0} in {1}..{2}", "is_null": "{0} is null", "is_blank": "{0} is blank", "in_list": "{0} in {1}",
    "not_in_list": "{0} not in {1}", "matches": "{0} matches {1}",
}  # fmt: skip
SPECIAL: dict[str, list[tuple[str, dict[str, t.Type]]]] = {
    "case": [("case when a > 3 then b when a > 1 then 5 otherwise -1 end", {"a": INT, "b": t.Int(True)}), ('case s when "a", "b" then 1 when "x" then 2 end', {"s": t.Text(True)})],
    "coalesce": [("coalesce(a, b, 7)", {"a": t.Int(True), "b": t.Int(True)}), ("coalesce(a, 1 / b)", {"a": t.Decimal(True), "b": INT})],
    "default": [("(a default b)", {"a": t.Int(True), "b": t.Int(True)}), ("(int(s) default 1)", {"s": t.Text(True)})],
    "failed": [("failed(int(s))", {"s": t.Text(True)}), ('failed(1 / a, "R601")', {"a": t.Int(True)})],
    "if": [("if(a > b, a, b)", {"a": INT, "b": INT}), ("if(a <> 0, 1 / a, 0)", {"a": INT}), ("if(a > 1, b)", {"a": INT, "b": TEXT})],
    "on error": [("(int(s) on error -1)", {"s": t.Text(True)}), ("((1 / a) on error null)", {"a": t.Int(True)}), ("(int(s) on error reject X1)", {"s": t.Text(True)})],
    "and": [("a <> 0 and 1 / a > 2", {"a": INT}), ("p and q", {"p": t.Bool(), "q": t.Bool()})],
    "or": [("a = 0 or 1 / a > 2", {"a": INT}), ("p or q", {"p": t.Bool(), "q": t.Bool()})],
    "not_in_set": [("a not in (1, 2, 3)", {"a": t.Int(True)}), ('s not in ("a", "ab")', {"s": t.Text(True)})],
    "in_set": [("a in (1, 2, 3)", {"a": t.Int(True)}), ('s in ("a", null)', {"s": t.Text(True)}), ("d in (1.5, 2)", {"d": t.Decimal(True)})],
    "enum_rank": [("e < f", {"e": t.Enum(("low", "mid", "high"), True), "f": t.Enum(("low", "mid", "high"), True)})],
    "found_any": [("found_any(s, [/a/, /\\d+/])", {"s": t.Text(True)})],
    "redact": [('redact(s, [/\\d+/, /[aé]/])', {"s": t.Text(True)}), ('redact(s, [/a/], "*")', {"s": t.Text(True)})],
    "extract_groups": [("extract_groups(s, /(?P<l>[a-zé]+)(?P<n>\\d)?/)", {"s": t.Text(True)}), ("extract_groups(s, /(a)(b)?/)", {"s": t.Text(True)})],
    "get": [("get(s, \"k\")", {"s": ITEM}), ("get({a: s}, [\"a\", \"v\"])", {"s": ITEM}), ("get(m, t)", {"m": t.MapOf(INT), "t": TEXT}), ("get(x, a)", {"x": t.ListOf(INT), "a": INT})],
    "flatten": [("flatten({a: s, b: 1})", {"s": ITEM}), ('flatten({a: s}, "_")', {"s": ITEM}), ("flatten(x)", {"x": t.ListOf(t.ListOf(INT, True))})],
    "merge": [("merge(s, {z: 1, k: 2})", {"s": ITEM}), ("merge(m, n)", {"m": t.MapOf(INT), "n": t.MapOf(INT)})],
    "struct_from": [("struct_from(x)", {"x": t.ListOf(t.Struct((("key", t.Text(True)), ("value", INT))))}), ("struct_from(x, y)", {"x": t.ListOf(INT), "y": t.ListOf(t.Text(True))})],
    "zip": [("zip(x, y)", {"x": t.ListOf(INT), "y": t.ListOf(TEXT)}), ("zip(x, z)", {"x": t.ListOf(INT), "z": t.ListOf(INT)}), ("zip(w)", {"w": t.ListOf(t.ListOf(INT))})],
    "entries": [("entries(s)", {"s": t.Struct((("a", INT), ("b", INT)))}), ("entries(m)", {"m": t.MapOf(INT)})],
    "values": [("values(s)", {"s": t.Struct((("a", INT), ("b", INT)))}), ("values(m)", {"m": t.MapOf(INT)})],
    "length": [("length(s)", {"s": ITEM}), ("length(x)", {"x": t.ListOf(INT)}), ("length(t)", {"t": TEXT}), ("length(m)", {"m": t.MapOf(INT)})],
}  # fmt: skip
MORE: dict[str, list[tuple[str, dict[str, t.Type]]]] = {
    "round_money": [(f'round_money(p, "{code}")', {"p": t.Decimal(True, 12, 4)}) for code in ("EUR", "JPY", "KWD", "XXX")],
    "count_matches": [("count_matches(s, /[^a]*/)", {"s": t.Text(True)}), ("count_matches(s, /a*|$/)", {"s": t.Text(True)}), ("count_matches(s, /\\[?\\b[a-z]/)", {"s": t.Text(True)})],
    "extract": [('extract(s, /(?P<n>\\d+)|x/, "n")', {"s": t.Text(True)})],
    "format_number": [(f'format_number(d, "{one}")', {"d": kind}) for one in ("0.00E+00", "00.0e0", "0E0") for kind in (t.Decimal(True, 9, 4), t.Float(True))],
    "power": [("power(a, 2)", {"a": t.Int(True)}), ("power(a, 3)", {"a": t.Int(True)}), ("power(d, 2)", {"d": t.Decimal(True, 12, 2)}), ("power(d, 0)", {"d": t.Decimal(True, 6, 4)})],
    "before": [('before(s, "a", 2)', {"s": t.Text(True)}), ('before(s, "a", -1)', {"s": t.Text(True)}), ('before(s, "aa", -2)', {"s": t.Text(True)})],
    "after": [('after(s, "a", 2)', {"s": t.Text(True)}), ('after(s, "a", -1)', {"s": t.Text(True)}), ('after(s, "xx", -3)', {"s": t.Text(True)})],
    "replace_nth": [('replace_nth(s, "a", "é", 2)', {"s": t.Text(True)}), ('replace_nth(s, "xx", "", -2)', {"s": t.Text(True)})],
    "translate": [('translate(s, "abaé", "xyz")', {"s": t.Text(True)})],
    "ngram_fingerprint": [("ngram_fingerprint(s, 1)", {"s": t.Text(True)}), ("ngram_fingerprint(s, 3)", {"s": t.Text(True)})],
    "pad_left": [("pad_left(s, 5)", {"s": t.Text(True)}), ('pad_left(s, 6, "ab")', {"s": t.Text(True)}), ('pad_left(s, 4, "")', {"s": t.Text(True)})],
    "pad_right": [("pad_right(s, 5)", {"s": t.Text(True)}), ('pad_right(s, 6, "ab")', {"s": t.Text(True)})],
}  # fmt: skip
"""Calls whose constants choose the overload."""
BY_NAME: dict[str, str] = {
    "int": "number", "decimal": "number", "float": "number", "bool": "bool", "date": "date", "datetime": "date", "local_datetime": "date",
    "time": "date", "duration": "duration", "parse_duration": "duration", "json_get": "json", "json_parse": "json", "json_valid": "json",
}  # fmt: skip
BY_CATEGORY = {
    "commerce": "commerce", "commerce_codes": "commerce", "commerce_units": "commerce", "commerce_money": "commerce", "commerce_firms": "commerce", "markup": "markup",
    "encoding": "encoded", "records": "records", "digests": "encoded",
}  # fmt: skip
UNITS = ('"year"', '"quarter"', '"month"', '"weeks"', '"day"')
CLOCKS = ('"hour"', '"minutes"', '"s"')
CONSTANTS: dict[str, tuple[str, ...]] = {
    "unit": (*UNITS, *CLOCKS), "part": ('"year"', '"quarter"', '"month"', '"week"', '"day"', '"weekday"', '"doy"', '"isoyear"', '"hour"', '"minute"', '"second"', '"millisecond"', '"microsecond"', '"epoch"'),
    "from_unix.unit": ('"s"', '"ms"', '"us"', '"ns"'), "to_unix.unit": ('"s"', '"ms"', '"us"', '"ns"'), "zone": ('"Europe/Paris"', '"America/New_York"', '"UTC"', '"+02:00"'),
    "locale": ('""', '"fr"', '"de"', '"en"', '"es"', '"it"', '"nl"', '"pt"'), "holidays": ('[date("2024-05-01"), date("2024-12-25")]',),
    "weekend": ("[5, 6]", "[7]", "[6, 7, 1]"),
    "date.pattern": ('"dd/MM/yyyy"', '"d/M/yyyy"', '"dd/MM/yy"', '"d MMMM yyyy"', '"%d/%m/%Y"'), "datetime.pattern": ('"dd/MM/yyyy HH:mm"', '"yyyy-MM-dd\'T\'HH:mm:ssXXX"'),
    "local_datetime.pattern": ('"dd/MM/yyyy HH:mm"', '"yyyy-MM-dd HH:mm:ss"'), "time.pattern": ('"HH.mm"', '"H:mm"'),
    "text.pattern": ('"dd/MM/yyyy"', '"EEEE d MMMM yyyy"', '"d MMM yy"', '"dd/MM/yyyy HH:mm:ss.SSS"', '"hh:mm a"', '"HH:mm"', '"#,##0.00"', '"0.##"', '"yyyy-MM-dd\'T\'HH:mmXXX"', '"D Q"'),
    "format_number.pattern": ('"#,##0.00"', '"0"', '"000.0##"', '"#,##0.00;(#,##0.00)"', '"0.0%"', '"0.00 EUR"', '"#.##"', '"0.00E+00"'), "format_number.mark": ('","', '"."'), "format_number.groups": ('"."', '" "', '""'),
    "format_number.digits": ("0", "2", "5"), "yes": ('"O"',), "no": ('"N"',), "base": ("2", "10", "16", "36"), "parse_bytes.base": ('"2"', '"10"'), "parse_bytes.unit": ('"B"', '"MiB"', '"kB"'),
    "decimal.mark": ('","', '"."'), "decimal.groups": ('""', '"\'"'), "float.mark": ('","',), "digits": ("0", "2", "3"), "written": ('""', '"snake_case"', '"kebab-case"', '"camelCase"'),
    "alphabet": ('"standard"', '"url_safe"'), "padded": ("true", "false"), "pretty": ("false", "true"), "country_code.form": ('"alpha_2"', '"alpha_3"', '"numeric"'), "language_code.form": ('"alpha_2"', '"alpha_3"'),
    "language": ('"fr"', '"de"'), "path": ('"a.b[0]"', '"a"', '"$.a.b"', '"[0]"', '"[-1]"', '"[\'a b\']"'), "json_list.path": ('""', '"a.b"'), "json_map.path": ('""', '"a"'),
    "delimiter": ('","', '";"', '" "'), "between": ('"="', '":"'), "pairs": ('" "', '","'), "key": ('"k"', '"v"'), "value": ('"v"',), "index_by.key": ('"k"',), "group_by.key": ('"k"',), "names": ('"k"', '"v"'),
    "n": ("1", "2", "3"), "share": ("50%", "0.9", "0", "1", "1.5"), "separator": ('", "', '""'), "descending": ("false", "true"), "ignore_case": ("false", "true"), "group": ("0", "1"), "count": ("-1", "1", "0"), "limit": ("-1", "2", "1", "0"),
    "start": ("1", "3"), "occurrence": ("1", "2"), "new": ('"-"', '"<$1>"', '"$$"'), "old": ('["a", "b"]',), "replace_each.new": ('["b", "xy"]',), "code": ('"R101"',),
    "breaks": ('""', '"-"', '"aé’"'), "us": ("false", "true"),
    "pattern": ("/[a-z]+/", "/(\\d+)/", "/([A-Za-zé])(\\d?)/", "/a|b$/", "/AB/i", "/\\s*,\\s*/", "/^a|\\b[A-Za-z]+/"), "replace.pattern": ("/([a-z])/", "/^([a-z])|\\B(e)/", "/(\\d+)/", "/( )-?/"),
    "exponent": (), "count_distinct": (), "lengths": ("[2, 3]", "[1, 0, 4]", "[-1, 40]"),
}  # fmt: skip
SMALL = frozenset(
    f"{one}" for one in (
        "repeat.count", "pad_left.width", "pad_right.width", "range.first", "range.last", "range.step", "round.digits", "power.exponent", "chunks.size", "lcm.left",
        "lcm.right", "nth.position", "char_at.position", "insert.position", "replace_at.position", "remove_at.position", "bit_shift_left.count", "factorial.value", "combinations.count", "combinations.taken", "bit_shift_right.count", "time.hour", "time.minute", "time.second", "mid.start", "mid.count", "slice.start", "slice.stop", "splice.start", "splice.count", "left.count",
        "right.count", "take.count", "drop.count", "truncate.count", "find.start", "choose.index", "make_date.month", "make_date.day", "date.month", "date.day", "make_time.hour", "make_time.minute", "make_time.second",
        "add_workdays.count", "before.occurrence", "after.occurrence", "replace_nth.occurrence", "ngram_fingerprint.size", "split.limit", "replace.count", "get.position",
    )
)  # fmt: skip
"""Parameters whose values are small most of the time: counts and positions."""
POOLS: dict[str, str] = {
    "phone_e164.country": "countries", "vat_valid.country": "countries", "vat_compact.country": "countries", "round_money.currency": "commerce", "uuid5.namespace": "encoded",
    "like.pattern": "likes",
}  # fmt: skip
ONLY_CONSTANT = frozenset(("values", "members", "patterns"))


def calls() -> Iterator[tuple[Function, int, list[Call]]]:
    """For each function and each of its overloads, the calls of it."""
    for function in load().values():
        for number, overload in enumerate(function.overloads):
            yield function, number, calls_of(function, overload)


def calls_of(function: Function, overload: Overload) -> list[Call]:
    if function.name in SPECIAL:
        return [Call(text, columns, pools_of(function, columns)) for text, columns in SPECIAL[function.name]]
    found = {text: Call(text, columns, pools_of(function, columns)) for text, columns in MORE.get(function.name, ())}
    for kind in VARIABLES if "T" in overload.signature or "any" in overload.signature or "number" in overload.signature else VARIABLES[:1]:
        for choice in range(8):
            for call in made(function, overload, kind, choice):
                found.setdefault(call.expression + str(sorted(call.columns.items(), key=str)), call)
    return list(found.values())


def pools_of(function: Function, columns: dict[str, t.Type]) -> dict[str, str]:
    pool = BY_NAME.get(function.name) or BY_CATEGORY.get(function.category, "")
    return dict.fromkeys(columns, pool)


def made(function: Function, overload: Overload, kind: t.Type, choice: int) -> Iterator[Call]:
    """The calls that leave out all that may be left out, and that give all."""
    needed = [one for one in overload.parameters if not one.optional]
    for parameters in {len(needed): needed, len(overload.parameters): list(overload.parameters)}.values():
        call = with_arguments(function, overload, parameters, kind, choice)
        if call is not None:
            yield call


def with_arguments(function: Function, overload: Overload, parameters: list[Parameter], kind: t.Type, choice: int) -> Call | None:
    columns: dict[str, t.Type] = {}
    pools: dict[str, str] = {}
    small: set[str] = set()
    arguments: list[str] = []
    for parameter in parameters:
        for _ in range(2 + choice % 2 if parameter.variadic else 1):
            if parameter.constant or parameter.type.rstrip("?") in ("pattern", "[pattern]"):
                options = constants(function, parameter)
                if not options:
                    return None
                arguments.append(options[(choice + len(arguments)) % len(options)])
                continue
            name = f"c{len(columns)}"
            columns[name] = typed(parameter, kind, choice, overload.signature)
            dotted = f"{function.name}.{parameter.name}"
            pools[name] = POOLS.get(dotted) or BY_NAME.get(function.name) or BY_CATEGORY.get(function.category, "")
            if dotted in SMALL or (parameter.name in ("digits", "count", "position") and function.name != "add_days"):
                small.add(name)
            arguments.append(name)
    return Call(written(function, overload, arguments, columns), columns, pools, frozenset(small))


def constants(function: Function, parameter: Parameter) -> tuple[str, ...]:
    return CONSTANTS.get(f"{function.name}.{parameter.name}") or CONSTANTS.get(parameter.name) or ()


def typed(parameter: Parameter, kind: t.Type, choice: int, signature: str) -> t.Type:
    wanted = shape(parameter.type)
    if isinstance(wanted, Family):
        match wanted.name:
            case "struct":
                return ITEM
            case "number":
                return (INT, MONEY, t.Float(), t.Decimal(False, 28, 10))[choice % 4]
            case "any":
                return (
                    INT,
                    TEXT,
                    MONEY,
                    DATE,
                    t.Bool(),
                    t.DateTime(),
                    t.Duration(),
                    t.ListOf(t.Text(True)),
                    ITEM,
                    t.LocalDateTime(),
                    t.Time(),
                )[choice % 11]
            case other:
                raise AssertionError(other)
    items: dict[str, t.Type] = dict.fromkeys("TABSU", kind)
    shown = re.search(r"values: \[(\w+)\?\]", signature)
    if parameter.type == "[T?]" and shown and shown[1] != "T":
        wanted = shape(f"[{shown[1]}?]")
    made_of = built(wanted, items)
    if isinstance(made_of, t.Decimal):
        made_of = (
            MONEY,
            t.Decimal(False, 28, 10),
            t.Decimal(False, 6, 4),
            t.Decimal(False, 38, 6),
            t.Decimal(False, 18, 0),
            t.Decimal(False, 64, 12),
        )[choice % 6]
    if isinstance(made_of, t.ListOf) and isinstance(made_of.item, t.Decimal):
        made_of = t.ListOf(t.Decimal(made_of.item.nullable, *((12, 2), (28, 10), (6, 4), (64, 12))[choice % 4]))
    return t.nullable(made_of)


def written(function: Function, overload: Overload, arguments: list[str], columns: dict[str, t.Type]) -> str:
    if function.name in ("distinct_by", "group_by", "index_by"):
        columns["c0"] = t.ListOf(ITEM, True)
    if function.name in OPERATORS:
        return OPERATORS[function.name].format(*arguments)
    if overload.kind == "aggregate":
        return over_elements(function, arguments, columns)
    return f"{function.name}({', '.join(arguments)})"


def over_elements(function: Function, arguments: list[str], columns: dict[str, t.Type]) -> str:
    """An aggregate over the elements of a list."""
    if not columns:
        columns["c0"] = t.ListOf(t.Int(True), True)
        return f"{function.name}(for x in c0)"
    columns["c0"] = t.ListOf(columns["c0"], True)
    return f"{function.name}({', '.join('x' if one == 'c0' else one for one in arguments)} for x in c0)"
