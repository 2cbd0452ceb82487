"""What can be proved of decision tables and conditions before any row is there (DHM403 to DHM407, DHM413)."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity

ROWS_OVERLAP = Rule(
    "DHM403",
    "rows-overlap",
    Severity.WARNING,
    "two rows of a table with `policy unique` fit the same input",
    "`policy unique` says that one row fits at most; an input that two fit is rejected (R406). Make the rows exclude each other, or say "
    "`policy first`, where the row above wins. Where the inputs never come together so, allow the finding with the reason.",
)

GAP = Rule(
    "DHM404",
    "gap",
    Severity.WARNING,
    "no row of a table fits an input, and nothing says what happens then",
    "The input is rejected (R405). Add a row for it, or say `otherwise` what the table gives; `otherwise error` says that the reject is "
    "meant.",
)

DEAD_ROW = Rule(
    "DHM405",
    "dead-row",
    Severity.WARNING,
    "a row of a table never decides",
    "The rows above it fit whatever it fits, so the first of them wins; or there is no value at all that one of its cells fits. "
    "Rows that are narrow stand above rows that are wide.",
)

DEAD_OTHERWISE = Rule(
    "DHM406",
    "dead-otherwise",
    Severity.WARNING,
    "the `otherwise` of a table is never reached",
    "Its rows fit every input. Take `otherwise` away, or the row that takes what was meant for it.",
)

OR_COVERS_ALL = Rule(
    "DHM407",
    "or-covers-all",
    Severity.WARNING,
    "the tests of a cell together fit every value",
    "A comma means *or*: `>= 30, < 50` fits whatever is at least 30, and whatever is below 50, which is everything. Between the two is "
    "`[30..50)`; neither of two values is `not (FR, BE)`; any value is `-`, and any but null is `not null`.",
)

NOT_PROVED = Rule(
    "DHM413",
    "not-proved",
    Severity.NOTE,
    "something about a decision table or a condition could not be proved",
    "Patterns, and the conditions of named types, are not looked into, so nobody knows whether rows that use them leave a gap. And a table "
    "of very many rows and inputs can need more boxes to be looked at than the budget has, which is a warning: rows that overlap, or an "
    "input that none fits, may be there untold. A condition that very many others lead to is not held against all of them.",
)
