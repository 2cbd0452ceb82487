"""What other tools have a function for and this language a form of its own: so that who looks for the function finds the form."""

from __future__ import annotations

from datahub.records import record


@record(frozen=True, slots=True)
class Form:
    """A form of the language: how it is written, what it does, and what other tools call that.

    `example` is an expression that can be evaluated alone, with what it gives; both are empty for forms of whole rows.
    """

    written: str
    does: str
    names: tuple[str, ...]
    example: str = ""
    result: str = ""


FORMS = (
    Form(
        "lookup NAME (key: text) -> text { | key | value | … }",
        "A table of the script, or a source, in which a key is looked up: `NAME(key)`. What is not there rejects the row unless told.",
        ("Excel VLOOKUP", "Excel XLOOKUP", "Excel HLOOKUP", "Excel LOOKUP", "Excel INDEX MATCH", "VRL get_enrichment_table_record",
         "DataWeave lookup", "GREL cell.cross", "GREL cross"),
    ),
    Form(
        "join c in OTHER on c.key = r.key",
        "The row of another source, at most one; `many` and `required` say otherwise.",
        ("SQL JOIN", "SQL LEFT JOIN", "Excel XLOOKUP", "GREL cell.cross", "DataWeave leftJoin", "DataWeave join", "pandas merge"),
    ),
    Form(
        "[f(x) for x in xs where … order by …]",
        "A list out of a list: every element, or those that a condition holds for.",
        ("Excel FILTER", "Excel MAP", "Excel SORTBY", "JSONata $map", "JSONata $filter", "DataWeave map", "DataWeave filter",
         "jq map", "jq select", "VRL map_values", "VRL filter", "Bloblang map_each", "Bloblang filter", "CEL map", "CEL filter",
         "GREL forEach", "GREL filter", "FEEL for", "JSLT for", "Spark transform"),
        "[x * 2 for x in [1, 2, 3] where x > 1]",
        "[4, 6]",
    ),
    Form(
        "sum(x for x in xs where …)",
        "An aggregate over the elements that a condition holds for; in a map with `group by`, over its rows: `sum(r.x where …)`.",
        ("Excel SUMIF", "Excel SUMIFS", "Excel COUNTIF", "Excel COUNTIFS", "Excel AVERAGEIF", "Excel AVERAGEIFS", "Excel MAXIFS",
         "Excel MINIFS", "Excel SUMPRODUCT", "Excel REDUCE", "SQL FILTER (WHERE)", "JSONata $reduce", "DataWeave reduce",
         "DataWeave sumBy", "jq reduce", "Bloblang fold"),
        "sum(x for x in [1, 2, 3] where x > 1)",
        "5",
    ),
    Form(
        "any(… for x in xs)",
        "Whether a condition holds for one element; `all(…)` for all.",
        ("DataWeave some", "DataWeave every", "FEEL some satisfies", "FEEL every satisfies", "CEL exists", "CEL all", "jq any",
         "jq all", "Bloblang any", "Bloblang all"),
        "any(x > 2 for x in [1, 2, 3])",
        "true",
    ),
    Form(
        "x in a..b",
        "Whether a value lies between two others, both included.",
        ("SQL BETWEEN", "FEEL between", "FEEL in [a..b]"),
        "3 in 1..5",
        "true",
    ),
    Form(
        "x in (a, b, c)",
        "Whether a value is one of several.",
        ("SQL IN", "Excel OR", "FEEL in", "JSONata in", "CEL in", "GREL inArray"),
        '"FR" in ("FR", "BE")',
        "true",
    ),
    Form(
        "x is null, x is blank",
        "Whether there is no value; `is blank` is true of empty text and of spaces too.",
        ("SQL IS NULL", "SQL ISNULL", "Excel ISBLANK", "VRL is_null", "VRL is_nullish", "GREL isNull", "GREL isBlank",
         "JSONata $exists", "DataWeave isBlank", "FEEL is blank"),
        '"  " is blank',
        "true",
    ),
    Form(
        "failed(int(x))",
        "Whether a value can be read: what other tools ask of its type.",
        ("Excel ISNUMBER", "Excel ISERROR", "Excel ISERR", "GREL isNumeric", "GREL isError", "Snowflake TRY_TO_NUMBER",
         "VRL is_integer", "jq try"),
        'failed(int("12x"))',
        "true",
    ),
    Form(
        '"{a} and {b}"',
        "A text with expressions in braces; null where one of them is.",
        ("Excel CONCAT", "SQL CONCAT", "Python f-string", "DataWeave $()", "jq \\()", "SQL FORMAT", "Excel TEXTJOIN",
         "Bloblang filepath_join"),
        '"{1 + 1} boxes"',
        '"2 boxes"',
    ),
    Form(
        "{include x, name: value}",
        "A struct with the fields of another, some added or replaced.",
        ("JSONata $spread", "DataWeave update", "jq . + {}", "VRL set", "Bloblang assign", "JavaScript ...", "FEEL context put"),
        "{include {a: 1, b: 2}, b: 3}",
        "{a: 1, b: 3}",
    ),
    Form(
        "each l in r.lines",
        "One row for each element of a list; `outer` keeps rows without elements.",
        ("SQL UNNEST", "Spark explode", "Snowflake FLATTEN", "DataWeave flatMap", "jq .[]", "VRL unnest", "Bloblang explode",
         "SQL CROSS APPLY"),
    ),
    Form(
        "group by r.key",
        "One row for each key; its rows are `rows`, its columns go through aggregates.",
        ("SQL GROUP BY", "Excel PIVOTBY", "Excel pivot table", "pandas groupby", "DataWeave groupBy"),
    ),
    Form(
        "unique by r.key keep last",
        "One row for each key, the others merged and counted, or rejected.",
        ("SQL DISTINCT ON", "SQL QUALIFY", "pandas drop_duplicates", "Excel Remove Duplicates", "DataWeave distinctBy"),
    ),
    Form(
        "row_number(within key order by x)",
        "The number of a row among those of its key.",
        ("SQL ROW_NUMBER", "SQL RANK", "Excel RANK", "Excel RANK.EQ", "GREL row.index", "pandas cumcount", "Excel ROW"),
    ),
    Form(
        "lag(x within key order by y)",
        "The value of the row before; `lead` of the row after.",
        ("SQL LAG", "SQL LEAD", "Excel OFFSET", "pandas shift", "Polars shift"),
    ),
    Form(
        "count(* within key)",
        "An aggregate over all rows of a key, beside every row.",
        ("SQL OVER (PARTITION BY)", "SQL PARTITION BY", "Polars over", "pandas transform"),
    ),
    Form(
        "fill a by key",
        "The last value above where there is none.",
        ("Power Query Fill Down", "GREL fill down", "pandas ffill", "Polars forward_fill"),
    ),
    Form(
        "decide NAME (…) -> … { | … || … | }",
        "A decision table: rows of conditions with what follows from them.",
        ("DMN decision table", "Excel IFS", "SQL CASE", "Camunda decision table"),
    ),
)  # fmt: skip
"""Every such form, in the order in which a reader meets them."""
