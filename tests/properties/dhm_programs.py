"""Programs of the language, made up: every construct, odd names, odd spacing, comments in odd places."""

from __future__ import annotations

from hypothesis import strategies as st

PLAIN = ["a", "b", "r", "o", "sku", "prix_ht", "été", "名前", "x1", "_y", "`PRIX HT`", "`not`", "`NULL`"]
SOFT = ["order", "key", "type", "format", "set", "first", "last", "source", "map", "with", "given", "list", "to"]
WORDS = [*SOFT, "from", "where", "default", "end", "case", "when", "not", "null", "true", "error", "in", "is", "and", "let", "include"]

names = st.sampled_from([*PLAIN, *SOFT])
fields = st.sampled_from([*PLAIN, *WORDS])
plain = st.sampled_from(PLAIN)
qnames = st.one_of(plain, st.tuples(plain, plain).map(".".join))
gap = st.sampled_from(["", "", " ", "  "])
space = st.sampled_from([" ", " ", "  ", "\t"])
soft_break = st.sampled_from([" ", " ", " ", "\n    ", "  # why\n    "])
comment = st.sampled_from(["", "", "", "  # why", "  ## loud", " #"])
above = st.sampled_from(["", "", "", "# above\n", "## said\n", "\n# apart\n\n", "\n"])

numbers = st.one_of(
    st.integers(0, 10**20).map(str),
    st.decimals(0, 10**6, places=3, allow_nan=False).map(lambda d: format(d, "f")),
    st.integers(0, 500).map(lambda n: f"{n}%"),
)
characters = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\\\"'`{}#|\u2028\u2029"), max_size=8)
escapes = st.sampled_from(["", "\\n", "\\t", '\\"', "\\'", "\\\\", "\\u{1F600}", "{{", "}}", "#", "|", "'"])
texts = st.lists(st.one_of(characters, escapes), max_size=4).map(lambda parts: '"' + "".join(parts) + '"')
literal_texts = texts.filter(lambda text: "{" not in text or text.count("{{") * 2 == text.count("{"))
patterns = st.sampled_from([r"/\d+/", "/[A-Z/]+x/i", r"/a\/b/", "/^CF_(.+)$/", "/[^]a]/ms"])
blocks = st.sampled_from(['"""raw {x} \\n"""', '"""\n  [{"a": "b"}]\n"""', '""""""'])
literals = st.one_of(numbers, texts, plain, st.sampled_from(["true", "false", "null", "-5", "-1.50", '["", "x"]', "[]", "[1, 2,]"]))


@st.composite
def expressions(draw, depth=3):
    """An expression."""
    if depth == 0:
        kinds = [numbers, texts, names, st.sampled_from(["true", "false", "null", "$p", "[]"]), patterns, blocks]
        return draw(st.one_of(kinds))
    inner = expressions(depth - 1)
    kind = draw(st.sampled_from(list(SHAPES)))
    return SHAPES[kind](draw, inner)


def operand(draw, inner):
    """An expression that stands beside an operator, often in parentheses."""
    text = draw(inner)
    return f"({text})" if draw(st.integers(0, 3)) else wrapped(text)


def wrapped(text):
    """Without parentheses only what binds strongest: what else would be a matter of precedence and its mistakes."""
    return text if text.replace(".", "").replace("_", "").isalnum() and not text[0].isdigit() else f"({text})"


def joined(draw, inner, count=3):
    return f",{draw(soft_break)}".join(draw(inner) for _ in range(draw(st.integers(1, count))))


def a_chain(draw, inner):
    operators = st.sampled_from(draw(st.sampled_from([["and", "or"], ["+", "-", "*", "/"], ["&"]])))
    more = (f"{draw(soft_break)}{draw(operators)} {operand(draw, inner)}" for _ in range(draw(st.integers(1, 4))))
    return operand(draw, inner) + "".join(more)


def a_comparison(draw, inner):
    left = operand(draw, inner)
    kind = draw(st.integers(0, 7))
    negation = draw(st.sampled_from(["", "not "]))
    match kind:
        case 0 | 1:
            return f"{left} {draw(st.sampled_from(['=', '<>', '<', '<=', '>', '>=']))} {operand(draw, inner)}"
        case 2:
            return f"{left} {negation}in ({joined(draw, inner)})"
        case 3:
            return f"{left} {negation}in {operand(draw, inner)}..{operand(draw, inner)}"
        case 4:
            return f"{left} {negation}in {draw(qnames)}"
        case 5:
            return f"{left} is {negation}{draw(st.sampled_from(['null', 'blank', 'missing']))}"
        case 6:
            return f"{left} {negation}matches {draw(patterns)}"
        case _:
            return f"{left}..{operand(draw, inner)}"


def a_rescue(draw, inner):
    left = operand(draw, inner)
    kind = draw(st.integers(0, 3))
    return [
        lambda: f"{left} default {operand(draw, inner)}",
        lambda: f"{left} on error {operand(draw, inner)}",
        lambda: f"{left} on error warn {operand(draw, inner)}",
        lambda: f"{left}{draw(soft_break)}on error reject{draw(st.sampled_from(['', ' CODE1', ' `F-E-1`']))}",
    ][kind]()


def a_call(draw, inner):
    arguments = [draw(st.sampled_from(["", "", f"{draw(fields)}: "])) + draw(inner) for _ in range(draw(st.integers(0, 3)))]
    tails = [
        draw(st.sampled_from(["", f"for {draw(plain)}{draw(st.sampled_from(['', ', pos']))} in {operand(draw, inner)}"])),
        draw(st.sampled_from(["", f"where {draw(inner)}"])),
        draw(st.sampled_from(["", f"within {joined(draw, inner, 2)}", f"order by {draw(inner)} desc, {draw(inner)}"])),
    ]
    if not arguments and not any(tails):
        return f"{draw(qnames)}()"
    if not arguments and draw(st.booleans()):
        arguments = ["*"]
    inside = [f",{draw(soft_break)}".join(arguments), *(tail for tail in tails if tail)]
    return f"{draw(qnames)}({draw(soft_break).join(part for part in inside if part)})"


def a_list(draw, inner):
    if draw(st.booleans()):
        return f"[{joined(draw, inner)}{draw(st.sampled_from(['', ',']))}]"
    where = draw(st.sampled_from(["", f" where {draw(inner)}"]))
    order = draw(st.sampled_from(["", f" order by {draw(inner)}, {draw(inner)} desc"]))
    return f"[{draw(inner)} for {draw(plain)} in {operand(draw, inner)}{where}{order}]"


def a_struct(draw, inner):
    items = [f"{draw(fields)}: {draw(inner)}" for _ in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        items.insert(0, f"include {operand(draw, inner)}")
    return "{" + draw(gap) + draw(st.sampled_from([", ", ",\n  ", "\n    "])).join(items) + draw(st.sampled_from(["", ",", "\n"])) + "}"


def a_case(draw, inner):
    subject = draw(st.sampled_from(["", f" {operand(draw, inner)}"]))
    branches = "".join(f"{draw(soft_break)}when {joined(draw, inner, 2)} then {draw(inner)}" for _ in range(draw(st.integers(1, 3))))
    otherwise = draw(st.sampled_from(["", f" otherwise {draw(inner)}", f" else {draw(inner)}"]))
    return f"case{subject}{branches}{otherwise} end"


def a_template(draw, inner):
    holes = ["{upper('x')}", "{r.sku}", "{a + 1}", "{ {a: 1}.a }", "{if(a, 'it\\'s', '\\\"')}", "{count(* within sku)}", "{r.`PRIX HT`}"]
    parts = [draw(st.one_of(characters, escapes, st.sampled_from(holes))) for _ in range(draw(st.integers(1, 4)))]
    return '"' + "".join(parts) + '"'


SHAPES = {
    "chain": a_chain,
    "comparison": a_comparison,
    "rescue": a_rescue,
    "call": a_call,
    "list": a_list,
    "struct": a_struct,
    "case": a_case,
    "template": a_template,
    "not": lambda draw, inner: f"not {operand(draw, inner)}",
    "minus": lambda draw, inner: f"-{operand(draw, inner)}",
    "member": lambda draw, inner: f"{operand(draw, inner)}{draw(st.sampled_from(['.', '?.']))}{draw(fields)}",
    "plain": lambda draw, inner: draw(inner),
}


@st.composite
def types(draw, depth=2):
    """A type."""
    simple = ["text", "int", "decimal(12, 2)", "decimal", "text(1..40)", "text(8..)", "core.Gtin", 'enum(a, "b c", off)', 'bool("O","N")']
    mark = draw(st.sampled_from(["", "?"]))
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(simple)) + mark
    inner = types(depth - 1)
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return f"[{draw(inner)}]{mark}"
    if kind == 1:
        return f"map({draw(inner)}){mark}"
    extras = st.sampled_from(["", " @pii", ' at "X"'])
    parts = [f"{draw(fields)}: {draw(inner)}{draw(extras)}" for _ in range(draw(st.integers(1, 3)))]
    return "{" + draw(st.sampled_from([", ", "\n  "])).join(parts) + "}" + mark


def lines(draw, items, separators=("\n",)):
    """Items on lines, with comments and blank lines about them."""
    text = ""
    for number, item in enumerate(items):
        if number:
            text += draw(st.sampled_from(separators))
        text += "".join(f"  {line}\n" if line else "\n" for line in draw(above).split("\n")[:-1]) if text[-1:] in ("", "\n") else ""
        text += f"  {item}" + (draw(comment) if "\n" in separators and len(separators) == 1 else "")
    return text


def braces(draw, items, separators=("\n",)):
    if not items:
        return "{ }"
    return (
        "{" + draw(comment) + "\n" + lines(draw, items, separators) + "\n" + draw(st.sampled_from(["", "  # last\n"])) + "}" + draw(comment)
    )


def some(draw, make, most=4):
    return [make() for _ in range(draw(st.integers(0, most)))]


def table(draw, width, bar=None):
    cells = st.sampled_from(["a", "10,00", "", '"a|b"', "FR, BE", "not FR", "(0.5..30]", '5"', "[{a: 1}]", "#1", '" x "', "é"])
    rows = [["h" + str(number) for number in range(width)], *([draw(cells) for _ in range(width)] for _ in range(draw(st.integers(0, 3))))]
    text = []
    for number, row in enumerate(rows):
        marks = ["||" if bar == place else "|" for place in range(width)]
        text.append("    " + "".join(f"{mark}{draw(gap)} {cell} " for mark, cell in zip(marks, row, strict=True)) + "|")
        if number and draw(st.booleans()):
            text[-1] += draw(st.sampled_from(["  # row", ""]))
        if draw(st.integers(0, 3)) == 0:
            text.append("    # between")
    while text[-1].strip().startswith("#"):
        text.pop()
    return "\n".join(text)


@st.composite
def declarations(draw):
    """A declaration of any kind."""
    return DECLARATIONS[draw(st.sampled_from(list(DECLARATIONS)))](draw)


def columns(draw):
    at = st.sampled_from(["", ' at "A"', ' at "A" or "B"', " at 1..10", " at 3", r" at /^T_(\d+)$/"])
    shape = st.sampled_from(["", ' format "dd/MM"'])
    tags = st.sampled_from(["", " @pii", ' @split("||", "|")'])
    return [f"{draw(fields)}: {draw(types())}{draw(at)}{draw(shape)}{draw(tags)}" for _ in range(draw(st.integers(1, 4)))]


def a_source(draw):
    options = st.sampled_from(
        ['delimiter ";"', "trim true", "empty null", 'nulls ["", "x"]', "rows -1", "strict,", 'format "x"', "extra warn"]
    )
    items = some(draw, lambda: draw(options))
    if draw(st.booleans()):
        items.append("columns " + braces(draw, columns(draw)))
    word = draw(st.sampled_from(["source", "target", "override source"]))
    return f"{word} {draw(plain)}: csv {braces(draw, items)}"


def an_entity(draw):
    extras = ["", " = null", ' = "x"', " references m.X", " where a > 1 and b", " rounded half_up", " @pii", ' @required_on("create")']
    items = [f"{draw(fields)}: {draw(types())}{draw(st.sampled_from(extras))}{draw(st.sampled_from(extras[6:]))}" for _ in range(3)]
    extra = ["key a, b", "owns m.Line on a, b", "codes { R201: `F-E-1`, R10*: X }"]
    items += draw(st.lists(st.sampled_from(extra), unique=True))
    return f"{draw(st.sampled_from(['entity', 'override entity']))} {draw(plain)}{draw(st.sampled_from(['', ' @patch']))} {braces(draw, items)}"


def a_lookup(draw):
    fallback = draw(
        st.sampled_from(["", "\n  otherwise error", '\n  otherwise error "no {h0}"', "\n  otherwise null", "\n  # why\n  otherwise self"])
    )
    body = "{\n" + table(draw, 2) + fallback + "\n}"
    return f"lookup {draw(plain)} (h0: text) {draw(st.sampled_from(['', 'asof d: date ']))}-> text {body}"


def a_decide(draw):
    policy = draw(st.sampled_from(["", "policy unique\n"]))
    return f"decide {draw(plain)} (h0: text, h1: int?) -> {draw(types())} {{\n  {policy}{table(draw, 3, 2)}\n}}"


def a_function(draw):
    head = f"fn {draw(plain)}({draw(fields)}: {draw(types())}){draw(st.sampled_from(['', ' -> text']))}"
    if draw(st.booleans()):
        return f"{head} = {draw(expressions())}"
    lets = "".join(f"  let {draw(fields)}: {draw(expressions(1))}{draw(st.sampled_from([',', chr(10)]))}\n" for _ in range(2))
    result = draw(expressions(2))
    # A line that began with a sign would continue the one above.
    return f"{head} {{\n{lets}  {wrapped(result) if result.startswith('-') else result}\n}}"


def a_rowset(draw):
    text = expressions(1)
    clauses = st.sampled_from(
        [
            lambda: f"where {draw(text)}",
            lambda: f"each outer {draw(plain)}, pos in {draw(plain)}.lines",
            lambda: f"join many required {draw(plain)} in {draw(qnames)} on {draw(text)}",
            lambda: f"group by partial {draw(fields)}: {draw(text)}, {draw(text)}",
            lambda: f"unique by {draw(text)} keep last reject DUP",
            lambda: f"order by {draw(text)} desc, {draw(text)}",
            lambda: f"fill {draw(text)}, {draw(text)} by {draw(text)}",
        ]
    )
    clause_lines = "".join(f"\n  {draw(clauses)()}{draw(comment)}" for _ in range(draw(st.integers(0, 3))))
    items = some(draw, lambda: draw(st.sampled_from(["", "let "])) + f"{draw(fields)}: {draw(expressions())}", 5)
    items += draw(st.lists(st.sampled_from(["include o", "include r except (a, from)"]), max_size=1))
    head = draw(st.sampled_from([f"view {draw(plain)} from", f"map {draw(qnames)} from", f"override view {draw(qnames)} from"]))
    source = draw(st.sampled_from([f"{draw(names)} in {draw(qnames)}, {draw(qnames)}", draw(qnames)]))
    named = f" as {draw(plain)}" if head.startswith("map") and draw(st.booleans()) else ""
    return f"{head} {source}{named}{clause_lines}\n{braces(draw, items)}"


def some_rules(draw):
    about = st.sampled_from(["", ' "why"'])
    sets = [f"{draw(fields)}: {draw(expressions(1))}" for _ in range(2)]
    items = some(
        draw,
        lambda: draw(
            st.sampled_from(
                [
                    f"rule R1{draw(about)} off",
                    f"rule `r 2`{draw(about)}\n    when {draw(expressions(1))}\n    set {', '.join(sets)}\n    otherwise set {sets[0]}",
                ]
            )
        ),
    )
    return f"rules {draw(plain)} for {draw(qnames)}{draw(st.sampled_from(['', ' priority 20']))} {braces(draw, items)}"


def some_checks(draw):
    severity = st.sampled_from(["fatal", "error", "warn", "info"])
    on = st.sampled_from(["", " on a", " on a, b after checks", " after checks"])
    when = st.sampled_from(["", f" when {draw(expressions(1))}"])
    said = st.sampled_from(["", ' "no {a}"', '\n    "said"'])
    items = some(
        draw,
        lambda: draw(
            st.sampled_from(
                ["P1 off", f"`F-E-1` {draw(severity)}{draw(on)}: {draw(expressions(2))}{draw(when)}{draw(said)}", f"P2 {draw(severity)}"]
            )
        ),
    )
    return f"{draw(st.sampled_from(['', 'override ']))}checks {draw(qnames)} {braces(draw, items)}"


def a_flow(draw):
    items = st.sampled_from(
        [
            "write A, m.B to t",
            "write A as patch to m.t",
            "write first H, O, L interleaved, last T to t",
            "reject R4*, `F-E-*`, P010 to t",
            "reject otherwise to t",
            "list W* to t",
            f"abort when {draw(expressions(2))}",
        ]
    )
    return f"flow {draw(plain)} {braces(draw, some(draw, lambda: draw(items)))}"


def a_test(draw):
    items = some(
        draw,
        lambda: draw(
            st.sampled_from(
                [
                    f"with {draw(plain)} = {draw(literals)}",
                    f"given {draw(qnames)}\n{table(draw, 2)}",
                    f"given {draw(qnames)} json {draw(blocks)}",
                    'given s file "x.csv"',
                    f"expect {draw(qnames)} ordered\n{table(draw, 3)}",
                    "expect no rejects",
                    f"assert {draw(expressions(2))}",
                ]
            )
        ),
    )
    as_of = draw(st.sampled_from(["", ' as of "2024-05-01"']))
    return f"test {draw(literal_texts)}{as_of} {braces(draw, items)}"


def a_line(draw):
    return draw(
        st.sampled_from(
            [
                "use djust.core ^1.4 as core",
                "use djust.x 1.2.3",
                'use "a.dhm" as b',
                f"param {draw(plain)}: {draw(types())} = {draw(literals)}",
                f"type {draw(plain)} = {draw(types())} matches {draw(patterns)} where {draw(expressions(2))}",
                f"override map m.X {{ {draw(fields)}: {draw(expressions(1))} }}",
                "override map m.X {\n  drop a, from\n}",
                "override lookup m.lk {\n  | a |\n  | 1 |\n}",
                'pack a.b 1.0.0 {\n  about "x"\n  requires c ^1\n  exports A, B\n  sealed C\n  codes { R201: `F-E-1` }\n}',
            ]
        )
    )


DECLARATIONS = {
    "source": a_source,
    "entity": an_entity,
    "lookup": a_lookup,
    "decide": a_decide,
    "function": a_function,
    "rowset": a_rowset,
    "rules": some_rules,
    "checks": some_checks,
    "flow": a_flow,
    "test": a_test,
    "line": a_line,
}


@st.composite
def programs(draw):
    """A whole script."""
    text = ""
    for _ in range(draw(st.integers(0, 4))):
        text += draw(above) + draw(declarations()) + "\n" * draw(st.integers(1, 3))
    text += draw(st.sampled_from(["", "# the end\n"]))
    return text.replace("\n", "\r\n") if draw(st.integers(0, 9)) == 0 else text
