"""The mistakes of text: what cannot be read, and what is read but written otherwise."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity

SYNTAX = Rule(
    code="DHM001",
    name="syntax",
    severity=Severity.ERROR,
    summary="text that the language cannot read",
    explanation="""\
The text at this place cannot continue the statement that it stands in. The message says what stands there and what
would fit; the rest of the file is read on from the next statement, so that one check tells every such mistake.

A newline ends a statement, but not inside `( )` or `[ ]`, after an operator or a comma, or before a word that continues
it (`and`, `where`, `when`, `otherwise` …). A name that is no plain word stands in backticks: `` `PRIX HT` ``.
""",
)

BAD_LITERAL = Rule(
    code="DHM002",
    name="bad-literal",
    severity=Severity.ERROR,
    summary="a number, text or pattern that is not written as one",
    explanation="""\
Numbers are `12`, `12.50` or `5%`: no leading zeros (they would be lost), no exponents, no `_`, no `0x`. Text takes the
escapes `\\n`, `\\r`, `\\t`, `\\"`, `\\'`, `\\\\` and `\\u{…}` only, so that a lone backslash is not dropped in silence; between
triple quotes everything stands as it is. A date is made from text: `date("2024-05-01")`.
""",
)

RAGGED_TABLE = Rule(
    code="DHM003",
    name="ragged-table",
    severity=Severity.ERROR,
    summary="a row of a table with more or fewer cells than its header",
    explanation="""\
Every row of a table has as many cells as the header, and begins and ends with a bar. In a decision table `||` stands
between what is tested and what comes out. A cell that holds a bar or a comma of its own is quoted: `"a|b"`. Lines that
begin with `#` may stand between the rows; a blank line ends the table.
""",
)

UNKNOWN_TABLE_COLUMN = Rule(
    code="DHM004",
    name="unknown-table-column",
    severity=Severity.ERROR,
    summary="a column of a table that its declaration does not have",
    explanation="""\
The header of a table names columns: in a lookup its keys and the fields of its result, in a decision table its inputs
and outputs, in a test the columns of the source or the fields of the entity. Other names mean nothing there.
""",
)

CELL_NOT_OF_TYPE = Rule(
    code="DHM005",
    name="cell-not-of-type",
    severity=Severity.ERROR,
    summary="a cell that is no value of its column's type",
    explanation="""\
The cells of a table are plain text, read by the type of their column: in a column of `int` a cell holds a whole number,
in one of `date` a date such as `2024-05-01`, in one of `bool` `yes` or `no`.
""",
)

FOREIGN_SPELLING = Rule(
    code="DHM010",
    name="foreign-spelling",
    severity=Severity.ERROR,
    summary="a spelling of another language",
    explanation="""\
Each thing has one spelling. Those of other languages are recognised, so that the fix can be applied by
`dhm check --fix`, but they are not accepted:

| other languages | here |
|---|---|
| `==`, `!=`, `&&`, `||`, `!x` | `=`, `<>`, `and`, `or` (or `&` for text), `not x` |
| `AND`, `IS NULL`, `WHERE` | words are written small: `and`, `is null`, `where` |
| `x between a and b` | `x in a..b` |
| `x like "A%"` | `like(x, "A%")` |
| `order by e asc` | `order by e` |
| `'it''s'` | `"it's"` |
| `-- why`, `// why` | `# why` |
| `a ?? b` | `a default b` |
| `left join b in brands` | `join b in brands` |
| `given items:` before a table of a test | `given items` |

`else` and `?.` are read as `otherwise` and `.`; `dhm fmt` rewrites them, and this rule is then only a note.
""",
)

UNCLEAR_DEFAULT = Rule(
    code="DHM011",
    name="unclear-default",
    severity=Severity.ERROR,
    summary="`default` or `on error` beside an operator, without parentheses",
    explanation="""\
`a + b default 0` can be read in two ways: `(a + b) default 0` or `a + (b default 0)`. The difference is money, so the
language asks for the parentheses. `dhm check --fix` writes those of the first reading, which is the order of precedence.
""",
)

RULES = (SYNTAX, BAD_LITERAL, RAGGED_TABLE, UNKNOWN_TABLE_COLUMN, CELL_NOT_OF_TYPE, FOREIGN_SPELLING, UNCLEAR_DEFAULT)
