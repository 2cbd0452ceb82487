"""What can be wrong inside an expression: names (DHM1xx), types (DHM2xx), null and errors (DHM3xx), conditions (DHM4xx, DHM5xx)."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity


def _entity(line: str) -> str:
    """A script that is one entity with `line` among its fields."""
    known = ("sku     : text(1..40)", "price   : decimal(12,2)", "stock   : int?", "updated : date")
    return "\n  ".join(("entity Offer {", "key sku", *known, line)) + "\n}\n"


def _total(value: str) -> str:
    """A script whose one map promises to reject nothing, and fills its field with `value`."""
    return (
        "source rows: csv {\n  columns {\n    sku : text\n  }\n}\n"
        "entity Note {\n  key sku\n  sku : text\n}\n"
        f"## @total\nmap Note from r in rows {{\n  sku : {value}\n}}\n"
    )


UNKNOWN_NAME = Rule(
    "DHM101",
    "unknown-name",
    Severity.ERROR,
    "a name stands for nothing here",
    "A name is a field of a row, a `let`, a group key, or something that the script declares. Nothing of that name is known at "
    "this place. Where a name is near, it is proposed.",
    _entity("level   : int where level > stok"),
    _entity("level   : int? where level > stock"),
)

AMBIGUOUS_COLUMN = Rule(
    "DHM102",
    "ambiguous-column",
    Severity.ERROR,
    "two rows have the field that a bare name asks for",
    "A field may be written without its row where only one row has it. Two rows have this one, so say whose: `o.sku`, not `sku`.",
    shown_by="tests/unit/semantic/test_expression_names.py",
)

UNKNOWN_FUNCTION = Rule(
    "DHM105",
    "unknown-function",
    Severity.ERROR,
    "a function that does not exist is called",
    "What is called is a builtin function, or a `fn`, `lookup` or `decide` of this script or of a pack that it uses. "
    "`dhm functions WORD` finds builtin ones, also by the names that other tools give them.",
    _entity('label   : text where label = uper("a")'),
    _entity('label   : text where label = upper("a")'),
)

BAD_ARGUMENTS = Rule(
    "DHM106",
    "bad-arguments",
    Severity.ERROR,
    "a function or type is given too much, too little, or what must be a constant",
    "Every function and type says what it takes. A count that does not fit, an argument name that it does not have, and a value "
    "where the script must state a constant are all told here; a value of the wrong type is DHM201.",
    _entity("label   : text where length(label, 2) > 0"),
    _entity("label   : text where length(label) > 0"),
)

TYPE_MISMATCH = Rule(
    "DHM201",
    "type-mismatch",
    Severity.ERROR,
    "a value stands where another type is taken",
    "Nothing is converted silently, but a whole number to a decimal. Text becomes a number with `int(x)` or `decimal(x)`, "
    "a date with `date(x)`; anything becomes text with `text(x)`.",
    _entity("label   : text where length(stock default 0) > 0"),
    _entity("label   : text where length(text(stock default 0)) > 0"),
)

COMPARE_DIFFERENT_TYPES = Rule(
    "DHM202",
    "compare-different-types",
    Severity.ERROR,
    "values of different types are compared",
    "Values of different types are never equal, and none comes before the other. Convert one of them.",
    _entity('since   : date where since > "2024-01-01"'),
    _entity('since   : date where since > date("2024-01-01")'),
)

TEXT_NARROWING = Rule(
    "DHM203",
    "text-narrowing",
    Severity.NOTE,
    "a field takes shorter texts than its value may be",
    "Texts that are too long reject their row (R202). Cut them with `left(x, n)` if that is meant.",
    shown_by="tests/unit/semantic/test_expression_fit.py",
)

SCALE_LOSS = Rule(
    "DHM204",
    "scale-loss",
    Severity.NOTE,
    "a field takes fewer decimals than its value may have",
    "Numbers with more decimals than the field reject their row (R105). Say how they are rounded: `round(x, 2)`, or "
    "`rounded half_up` on the field.",
    shown_by="tests/unit/semantic/test_expression_fit.py",
)

NEVER_CONVERTS = Rule(
    "DHM205",
    "conversion-never-succeeds",
    Severity.ERROR,
    "a constant does not fit where it stands",
    "The value is written in the script, so it is known now that every row would be rejected.",
    _entity('code    : text(3) = "ABCD"'),
    _entity('code    : text(3) = "ABC"'),
)

NOT_IN_ENUM = Rule(
    "DHM206",
    "not-in-enum",
    Severity.ERROR,
    "a text is no member of the enumeration",
    "A text beside an enumeration is one of its members. This one is not, so it would never be equal, or always rejected.",
    _entity('status  : enum(draft, live) = "on"'),
    _entity('status  : enum(draft, live) = "live"'),
)

BAD_PATTERN = Rule(
    "DHM207",
    "bad-pattern",
    Severity.ERROR,
    "a pattern is no regular expression of RE2",
    "Patterns are those of RE2: they take time in proportion to the text, whatever it is. So there is no looking ahead or behind "
    "(`(?=…)`, `(?<!…)`) and no reference back (`\\1`).",
    _entity("label   : text where label matches /(?=A).*/"),
    _entity("label   : text where label matches /A.*/"),
)

DATE_FORMAT = Rule(
    "DHM208",
    "date-format",
    Severity.ERROR,
    "the pattern of a date is not what it seems",
    "Letters stand for parts: `yyyy` year, `MM` month, `dd` day, `HH` hour, `mm` minute, `ss` second. Case counts: `mm` is not "
    "the month, `YYYY` not the calendar year.",
    _entity('label   : text where label = text(updated, "dd/mm/yyyy")'),
    _entity('label   : text where label = text(updated, "dd/MM/yyyy")'),
)

ZONE_MISSING = Rule(
    "DHM209",
    "zone-missing",
    Severity.ERROR,
    "a local time stands where an instant is taken",
    'What a clock on a wall shows is no instant until a zone is said: `zone "Europe/Paris"` on the source, '
    'or `datetime(x, "Europe/Paris")`.',
    shown_by="tests/unit/semantic/test_expression_fit.py",
)

MIXED_LIST = Rule(
    "DHM210",
    "mixed-list",
    Severity.ERROR,
    "the items of a list are of different types",
    "All items of a list have one type. Convert those that differ, or make each a struct.",
    _entity('label   : text where label in ["a", 1]'),
    _entity('label   : text where label in ["a", "1"]'),
)

PRECISION_OVERFLOW = Rule(
    "DHM211",
    "precision-overflow",
    Severity.NOTE,
    "a result needs more digits than a decimal has",
    "Decimals have 76 digits at most. Round what is multiplied before, so that no digits are lost.",
    shown_by="tests/unit/semantic/test_expression_operators.py",
)

ENUM_ORDER = Rule(
    "DHM212",
    "enum-order",
    Severity.ERROR,
    "values of an enumeration are ordered against what has another order",
    "The members of an enumeration are ordered as they are declared. A text, or a member of another enumeration, has no place in "
    "that order.",
    _entity("grade   : enum(low, high) where grade > sku"),
    _entity('grade   : enum(low, high) where grade > "low"'),
)

OMIT_OUTSIDE_PATCH = Rule(
    "DHM213",
    "omit-outside-patch",
    Severity.ERROR,
    "`omit` stands in a field of an entity that is no patch",
    "`omit` says that the target leaves a field alone. Only an entity tagged `@patch` can be written so; elsewhere write `null`.",
    _entity("label   : text? = omit"),
    _entity("label   : text? = null"),
)

DEFAULT_ON_NON_NULL = Rule(
    "DHM301",
    "default-on-non-null",
    Severity.WARNING,
    "a default stands beside a value that is never null",
    "`default` answers null alone; what fails is answered by `on error`. This value is never null, so the default is never taken.",
    _entity("level   : int where (price default 0) > 0"),
    _entity("level   : int where (stock default 0) > 0"),
)

TOTAL_MAP_MAY_REJECT = Rule(
    "DHM302",
    "total-map-may-reject",
    Severity.ERROR,
    "a map that promises to reject nothing may reject",
    "`## @total` before a map promises that each of its rows becomes an output. A field can still fail; answer it with `on error`, "
    "`default`, or a wider type.",
    _total("upper(r.sku)"),
    _total('r.sku on error warn "?"'),
)

ON_ERROR_ON_INFALLIBLE = Rule(
    "DHM303",
    "on-error-on-infallible",
    Severity.WARNING,
    "`on error` stands beside a value that never fails",
    "`on error` answers failures alone; null is answered by `default`. This value cannot fail, so the answer is never given.",
    _entity('level   : int where (length("a") on error 0) > 0'),
    _entity("level   : int where (int(sku) on error 0) > 0"),
)

SILENT_NULL = Rule(
    "DHM304",
    "silent-null",
    Severity.WARNING,
    "a failure becomes null",
    "`on error null` hides what went wrong from everyone but the run's count of recovered values. Say another value, or "
    "`on error warn null`, which lists each of them.",
    _entity("level   : int? where (int(sku) on error null) = level"),
    _entity("level   : int? where (int(sku) on error warn null) = level"),
)

ORDERING_WITH_NULLABLE = Rule(
    "DHM305",
    "ordering-with-nullable",
    Severity.NOTE,
    "a value that may be null is put in order with another",
    "`<`, `<=`, `>` and `>=` are false where a side is null, and so are both of two opposite comparisons. `default` says what "
    "null counts as.",
    shown_by="tests/unit/semantic/test_expression_operators.py",
)

NULLABLE_CONDITION = Rule(
    "DHM306",
    "nullable-condition",
    Severity.ERROR,
    "a condition may be null",
    "A condition is true or false, so that a row is never lost to a third value. Say what null counts as: `x default false`.",
    _entity("flag    : bool? where flag and price > 0"),
    _entity("flag    : bool? where (flag default false) and price > 0"),
)

NEVER_TRUE = Rule(
    "DHM401",
    "never-true",
    Severity.WARNING,
    "a condition is never true",
    "The types and constants alone decide it, so no row can make it true.",
    _entity("level   : int where price is null or level > 0"),
    _entity("level   : int where stock is null or level > 0"),
)

ALWAYS_TRUE = Rule(
    "DHM402",
    "always-true",
    Severity.WARNING,
    "a condition is always true",
    "The types and constants alone decide it, so no row can make it false.",
    _entity("level   : int where price is not null and level > 0"),
    _entity("level   : int where stock is not null and level > 0"),
)

DEAD_BRANCH = Rule(
    "DHM409",
    "dead-branch",
    Severity.WARNING,
    "a branch is never taken",
    "An earlier branch takes every row that could come here.",
    _entity('grade   : text where grade = case sku when "A" then "a" when "A" then "b" otherwise "c" end'),
    _entity('grade   : text where grade = case sku when "A" then "a" when "B" then "b" otherwise "c" end'),
)

ENUM_NOT_EXHAUSTED = Rule(
    "DHM412",
    "enum-not-exhausted",
    Severity.WARNING,
    "a `case` leaves out members of its enumeration",
    "Members without a branch give null. Name them, or write `otherwise`.",
    _entity('grade   : enum(low, high) where (case grade when "low" then 1 end) = 1'),
    _entity('grade   : enum(low, high) where (case grade when "low" then 1 when "high" then 2 end) = 1'),
)

NOT_INVERTIBLE = Rule(
    "DHM505",
    "not-invertible",
    Severity.ERROR,
    "a lookup is searched by values that are not unique",
    "`inverse(table, value)` finds the key of a value. Two rows have one value, or nobody knows whether they do, so there is no one key.",
    shown_by="tests/unit/semantic/test_expression_calls.py",
)

NOT_AGGREGATED = Rule(
    "DHM509",
    "not-aggregated",
    Severity.ERROR,
    "a column of a group's rows stands outside an aggregate",
    "A group has many rows, and so many values. Say which is meant: `first(x)`, `min(x)`, `sum(x)`, `list(x)`, or `same(x)`, which "
    "rejects the group where they disagree. Or make the column a key of the group.",
    shown_by="tests/unit/semantic/test_expression_loops.py",
)
