"""What can be wrong inside an expression: names (DHM1xx), types (DHM2xx), null and errors (DHM3xx), conditions (DHM4xx, DHM5xx)."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity

UNKNOWN_NAME = Rule(
    "DHM101",
    "unknown-name",
    Severity.ERROR,
    "a name stands for nothing here",
    "A name is a field of a row, a `let`, a group key, or something that the script declares. Nothing of that name is known at "
    "this place. Where a name is near, it is proposed.",
)

AMBIGUOUS_COLUMN = Rule(
    "DHM102",
    "ambiguous-column",
    Severity.ERROR,
    "two rows have the field that a bare name asks for",
    "A field may be written without its row where only one row has it. Two rows have this one, so say whose: `o.sku`, not `sku`.",
)

UNKNOWN_FUNCTION = Rule(
    "DHM105",
    "unknown-function",
    Severity.ERROR,
    "a function that does not exist is called",
    "What is called is a builtin function, or a `fn`, `lookup` or `decide` of this script or of a pack that it uses. "
    "`dhm functions WORD` finds builtin ones, also by the names that other tools give them.",
)

BAD_ARGUMENTS = Rule(
    "DHM106",
    "bad-arguments",
    Severity.ERROR,
    "a function or type is given too much, too little, or what must be a constant",
    "Every function and type says what it takes. A count that does not fit, an argument name that it does not have, and a value "
    "where the script must state a constant are all told here; a value of the wrong type is DHM201.",
)

TYPE_MISMATCH = Rule(
    "DHM201",
    "type-mismatch",
    Severity.ERROR,
    "a value stands where another type is taken",
    "Nothing is converted silently, but a whole number to a decimal. Text becomes a number with `int(x)` or `decimal(x)`, "
    "a date with `date(x)`; anything becomes text with `text(x)`.",
)

COMPARE_DIFFERENT_TYPES = Rule(
    "DHM202",
    "compare-different-types",
    Severity.ERROR,
    "values of different types are compared",
    "Values of different types are never equal, and none comes before the other. Convert one of them.",
)

TEXT_NARROWING = Rule(
    "DHM203",
    "text-narrowing",
    Severity.NOTE,
    "a field takes shorter texts than its value may be",
    "Texts that are too long reject their row (R202). Cut them with `left(x, n)` if that is meant.",
)

SCALE_LOSS = Rule(
    "DHM204",
    "scale-loss",
    Severity.NOTE,
    "a field takes fewer decimals than its value may have",
    "Numbers with more decimals than the field reject their row (R105). Say how they are rounded: `round(x, 2)`, or "
    "`rounded half_up` on the field.",
)

NEVER_CONVERTS = Rule(
    "DHM205",
    "conversion-never-succeeds",
    Severity.ERROR,
    "a constant does not fit where it stands",
    "The value is written in the script, so it is known now that every row would be rejected.",
)

NOT_IN_ENUM = Rule(
    "DHM206",
    "not-in-enum",
    Severity.ERROR,
    "a text is no member of the enumeration",
    "A text beside an enumeration is one of its members. This one is not, so it would never be equal, or always rejected.",
)

BAD_PATTERN = Rule(
    "DHM207",
    "bad-pattern",
    Severity.ERROR,
    "a pattern is no regular expression of RE2",
    "Patterns are those of RE2: they take time in proportion to the text, whatever it is. So there is no looking ahead or behind "
    "(`(?=…)`, `(?<!…)`) and no reference back (`\\1`).",
)

DATE_FORMAT = Rule(
    "DHM208",
    "date-format",
    Severity.ERROR,
    "the pattern of a date is not what it seems",
    "Letters stand for parts: `yyyy` year, `MM` month, `dd` day, `HH` hour, `mm` minute, `ss` second. Case counts: `mm` is not "
    "the month, `YYYY` not the calendar year. What is read as a date needs a year, and what is read as a time an hour: none is made up.",
)

ZONE_MISSING = Rule(
    "DHM209",
    "zone-missing",
    Severity.ERROR,
    "a local time stands where an instant is taken",
    'What a clock on a wall shows is no instant until a zone is said: `zone "Europe/Paris"` on the source, '
    'or `datetime(x, "Europe/Paris")`.',
)

MIXED_LIST = Rule(
    "DHM210",
    "mixed-list",
    Severity.ERROR,
    "the items of a list are of different types",
    "All items of a list have one type. Convert those that differ, or make each a struct.",
)

PRECISION_OVERFLOW = Rule(
    "DHM211",
    "precision-overflow",
    Severity.NOTE,
    "a result needs more digits than a decimal has",
    "Decimals have 76 digits at most. Round what is multiplied before, so that no digits are lost.",
)

ENUM_ORDER = Rule(
    "DHM212",
    "enum-order",
    Severity.ERROR,
    "values of an enumeration are ordered against what has another order",
    "The members of an enumeration are ordered as they are declared. A text, or a member of another enumeration, has no place in "
    "that order.",
)

OMIT_OUTSIDE_PATCH = Rule(
    "DHM213",
    "omit-outside-patch",
    Severity.ERROR,
    "`omit` stands in a field of an entity that is no patch",
    "`omit` says that the target leaves a field alone. Only an entity tagged `@patch` can be written so; elsewhere write `null`. "
    "In a map of a pack into an entity of another pack it may stand: there it is the default of the field, else null, until a script "
    "makes the entity a patch.",
)

DEFAULT_ON_NON_NULL = Rule(
    "DHM301",
    "default-on-non-null",
    Severity.WARNING,
    "a default stands beside a value that is never null",
    "`default` answers null alone; what fails is answered by `on error`. This value is never null, so the default is never taken.",
)

TOTAL_MAP_MAY_REJECT = Rule(
    "DHM302",
    "total-map-may-reject",
    Severity.ERROR,
    "a map that promises to reject nothing may reject",
    "`## @total` before a map promises that each of its rows becomes an output. A field can still fail; answer it with `on error`, "
    "`default`, or a wider type.",
)

ON_ERROR_ON_INFALLIBLE = Rule(
    "DHM303",
    "on-error-on-infallible",
    Severity.WARNING,
    "`on error` stands beside a value that never fails",
    "`on error` answers failures alone; null is answered by `default`. This value cannot fail, so the answer is never given.",
)

SILENT_NULL = Rule(
    "DHM304",
    "silent-null",
    Severity.WARNING,
    "a failure becomes null",
    "`on error null` hides what went wrong from everyone but the run's count of recovered values. Say another value, or "
    "`on error warn null`, which lists each of them.",
)

ORDERING_WITH_NULLABLE = Rule(
    "DHM305",
    "ordering-with-nullable",
    Severity.NOTE,
    "a value that may be null is put in order with another",
    "`<`, `<=`, `>` and `>=` are false where a side is null, and so are both of two opposite comparisons. `default` says what "
    "null counts as.",
)

NULLABLE_CONDITION = Rule(
    "DHM306",
    "nullable-condition",
    Severity.ERROR,
    "a condition may be null",
    "A condition is true or false, so that a row is never lost to a third value. Say what null counts as: `x default false`.",
)

NEVER_TRUE = Rule(
    "DHM401",
    "never-true",
    Severity.WARNING,
    "a condition is never true",
    "Its types and constants decide it, or other conditions that lead to it: those before it in a chain of `and`, a `where` above "
    "it, the `if` around it. So no row makes it true there. In a chain of `or`, such a part adds nothing to the others.",
)

ALWAYS_TRUE = Rule(
    "DHM402",
    "always-true",
    Severity.WARNING,
    "a condition is always true",
    "Its types and constants decide it, or other conditions that lead to it: those before it in a chain of `or`, a `where` above "
    "it, the `if` around it. So no row makes it false there. In a chain of `and`, such a part adds nothing to the others.",
)

DEAD_BRANCH = Rule(
    "DHM409",
    "dead-branch",
    Severity.WARNING,
    "a branch is never taken",
    "Earlier branches take every row that could come here: their values, ranges and members together have all of its own. Narrow "
    "branches stand above wide ones.",
)

ENUM_NOT_EXHAUSTED = Rule(
    "DHM412",
    "enum-not-exhausted",
    Severity.WARNING,
    "a `case` leaves out members of its enumeration",
    "Members without a branch give null. Name them, or write `otherwise`.",
)

NOT_INVERTIBLE = Rule(
    "DHM505",
    "not-invertible",
    Severity.ERROR,
    "a lookup is searched by values that are not unique",
    "`inverse(table, value)` finds the key of a value. Two rows have one value, or nobody knows whether they do, so there is no one key.",
)

NOT_AGGREGATED = Rule(
    "DHM509",
    "not-aggregated",
    Severity.ERROR,
    "a column of a group's rows stands outside an aggregate",
    "A group has many rows, and so many values. Say which is meant: `first(x)`, `min(x)`, `sum(x)`, `list(x)`, or `same(x)`, which "
    "rejects the group where they disagree. Or make the column a key of the group.",
)
