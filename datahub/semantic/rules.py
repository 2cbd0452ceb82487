"""What can be wrong with declarations: names and packs (DHM1xx), codes (DHM4xx), mappings (DHM5xx), cost and tests."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity

# ---------------------------------------------------------------- names

DUPLICATE = Rule(
    "DHM103",
    "duplicate",
    Severity.ERROR,
    "two things have one name",
    "A name stands for one thing. Sources, views and entities share their names, because all of them give rows; so do lookups, "
    "decisions and functions, because all of them are called. Columns and fields are named apart within their source, entity or table.",
)

CIRCULAR = Rule(
    "DHM104",
    "circular",
    Severity.ERROR,
    "something is made of itself",
    "A view that reads itself by way of others, a function that calls itself, a file that uses itself: there is nothing to begin with. "
    "The language has no recursion, so that every script comes to an end.",
)

PACK_NOT_FOUND = Rule(
    "DHM107",
    "pack-not-found",
    Severity.ERROR,
    "a pack or file that a script uses is not there",
    '`use djust.core ^1.4` looks for a pack of that name in a version that the range allows; `use "units.dhm" as units` for a file '
    "beside the script. Names behind it are not told one by one.",
)

NOT_EXPORTED = Rule(
    "DHM108",
    "not-exported",
    Severity.ERROR,
    "a pack does not give this name to others",
    "A pack that says `exports A, B` keeps the rest of its names to itself, so that it can change them.",
)

OWNERSHIP_CYCLE = Rule(
    "DHM114",
    "ownership-cycle",
    Severity.ERROR,
    "an entity owns itself, or waits for itself",
    "`owns` says what lives and dies together: an order and its lines. A ring of owners has no head to begin with. An owner has to be "
    "there before what it owns, and what is referred to before what refers to it; a ring of these can be delivered in no order. Rows of "
    "one entity may refer to each other, as those of a tree do.",
)

RESERVED_NAME = Rule(
    "DHM116",
    "reserved-name",
    Severity.ERROR,
    "a name that only the engine gives",
    "Names that begin with `_dhm_`, `_row` or `_issues` are those of the columns and files that a run adds of its own.",
)

ONLY_IN_OVERRIDE = Rule(
    "DHM118",
    "only-in-override",
    Severity.ERROR,
    "something that is said only when a pack is overridden",
    "`off`, a severity without a condition, and `drop` change what a pack declares. Where a thing is declared they have no meaning.",
)

PREVIOUS_WITHOUT_KEY = Rule(
    "DHM214",
    "previous-without-key",
    Severity.ERROR,
    "the earlier row is asked for of an entity that has no key",
    "`previous.price` is the price of the row with the same key that was delivered last. Without a key no two rows are the same.",
)

CODE_RESERVED_OR_REUSED = Rule(
    "DHM411",
    "code-reserved-or-reused",
    Severity.ERROR,
    "the code of a check is the language's own, or that of another check",
    "Codes are yours to choose: `P010`, or `` `F-E-013` `` in backticks. `R` and `DHM` with three digits are the language's. Two checks "
    "of one entity with the same code of your own are allowed, but nobody can tell their rejects apart (a warning); a platform's code "
    "in backticks names a kind of mistake, and several checks may have it.",
)

# ---------------------------------------------------------------- mappings

FIELD_NOT_MAPPED = Rule(
    "DHM501",
    "field-not-mapped",
    Severity.ERROR,
    "a map leaves out a field that must be there",
    "A field without `?` and without a default is filled by every map of its entity. A nullable field that no line fills is null.",
)

MAPPED_TWICE = Rule(
    "DHM503",
    "mapped-twice",
    Severity.ERROR,
    "a field is filled twice",
    "Each field has one line. A line of its own wins over `include`; two includes that both have it do not.",
)

LOOKUP_DUPLICATE = Rule(
    "DHM504",
    "lookup-duplicate",
    Severity.ERROR,
    "a key stands twice in a lookup",
    "One key has one value. Several keys that share a value stand in one cell: `| SHIPPED, TO_COLLECT | shipped |`.",
)

PERIODS_OVERLAP = Rule(
    "DHM506",
    "periods-overlap",
    Severity.ERROR,
    "two periods of one key begin on the same day",
    "In a lookup `asof` a value holds from its day to the next one of the same key. Two that begin together leave no way to choose.",
)  # fmt: skip

KEY_MAY_BE_NULL = Rule(
    "DHM519",
    "key-may-be-null",
    Severity.WARNING,
    "a field of a key is nullable",
    "A row whose key is null is rejected (R302), so the `?` promises what will not happen.",
)

ROWSETS_DIFFER = Rule(
    "DHM514",
    "rowsets-differ",
    Severity.ERROR,
    "rowsets that are read in turn have rows of different shape",
    "`from r in a, b` reads the rows of `a`, then those of `b`, as rows `r`. Both have the same fields of the same types.",
)

CLAUSE_AFTER_GROUP = Rule(
    "DHM515",
    "clause-after-group",
    Severity.ERROR,
    "a clause stands after `group by` that groups do not have",
    "After `group by` there are groups: they can be filtered, made unique and put in order. To join or expand them, give them a "
    "name with a view first.",
)

COUNT_AGAINST_SHARE = Rule(
    "DHM517",
    "count-against-share",
    Severity.ERROR,
    "a number of rows is compared with a percentage",
    "`rejected(E)` counts rows; 5 % is 0.05, so one rejected row is above it. The share is `rejected_share(E)`.",
)

CROSS_PRODUCT = Rule(
    "DHM602",
    "cross-product",
    Severity.WARNING,
    "a join compares every row with every other",
    "No field of the joined rows is equal to one of the rows before, so all pairs are tried: a thousand rows against a thousand "
    "are a million.",
)

UNKNOWN_FIXTURE = Rule(
    "DHM701",
    "unknown-fixture-column",
    Severity.ERROR,
    "a test gives or expects what the script does not have",
    "A test gives rows of a source, with the names that stand in the header of the file, and expects rows of an entity, with the "
    "names of its fields.",
)


UNREADABLE_CELL = Rule(
    "DHM702",
    "cell-of-another-type",
    Severity.ERROR,
    "a test expects what no value of the column can be",
    "A cell of an `expect` table is read as its column's type: `10` is a number where the field is one. What cannot be read so can "
    "never come out, so the test could only fail.",
)
