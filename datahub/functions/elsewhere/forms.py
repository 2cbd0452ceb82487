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
         "DataWeave lookup", "GREL cell.cross", "GREL cross", "Informatica LOOKUP", "Talend tMap", "SSIS Lookup",
         "Power Query Table.Join", "Python dict", "Excel IMPORTRANGE", "SQL DECODE", "VRL find_table_row"),
    ),
    Form(
        "join c in OTHER on c.key = r.key",
        "The row of another source, at most one; `many` and `required` say otherwise.",
        ("SQL JOIN", "SQL LEFT JOIN", "Excel XLOOKUP", "GREL cell.cross", "DataWeave leftJoin", "DataWeave join", "pandas merge",
         "DataWeave outerJoin", "Talend tJoin", "SQL CROSS JOIN", "SQL INNER JOIN", "SQL LATERAL"),
    ),
    Form(
        "[f(x) for x in xs where … order by …]",
        "A list out of a list: every element, or those that a condition holds for.",
        ("Excel FILTER", "Excel MAP", "Excel SORTBY", "JSONata $map", "JSONata $filter", "DataWeave map", "DataWeave filter", "jq map",
         "jq select", "VRL map_values", "VRL filter", "Bloblang map_each", "Bloblang filter", "CEL map", "CEL filter", "GREL forEach",
         "GREL filter", "FEEL for", "JSLT for", "Spark transform", "DataWeave takeWhile", "DataWeave dropWhile", "DataWeave mapString",
         "PHP array_map", "PHP array_filter", "Python map", "Python filter", "list comprehension", "lambda", "VRL for_each",
         "CEL transformList", "CEL transformMap", "Bloblang find_all_by", "jq map_values", "Polars list.eval", "SQL LIST_TRANSFORM",
         "SQL LIST_FILTER", "DataWeave filterObject", "JSONata $sift"),
        "[x * 2 for x in [1, 2, 3] where x > 1]",
        "[4, 6]",
    ),
    Form(
        "sum(x for x in xs where …)",
        "An aggregate over the elements that a condition holds for; in a map with `group by`, over its rows: `sum(r.x where …)`.",
        ("Excel SUMIF", "Excel SUMIFS", "Excel COUNTIF", "Excel COUNTIFS", "Excel AVERAGEIF", "Excel AVERAGEIFS", "Excel MAXIFS",
         "Excel MINIFS", "Excel SUMPRODUCT", "Excel REDUCE", "SQL FILTER (WHERE)", "JSONata $reduce", "DataWeave reduce",
         "DataWeave sumBy", "jq reduce", "Bloblang fold", "SQL COUNT_IF", "Snowflake COUNT_IF", "SQL SUM_IF", "Excel AGGREGATE",
         "PHP array_reduce", "Excel DSUM", "Excel DCOUNT", "Excel DMAX", "Excel DAVERAGE", "Excel DGET", "Bloblang foldl"),
        "sum(x for x in [1, 2, 3] where x > 1)",
        "5",
    ),
    Form(
        "any(… for x in xs)",
        "Whether a condition holds for one element; `all(…)` for all.",
        ("DataWeave some", "DataWeave every", "FEEL some satisfies", "FEEL every satisfies", "CEL exists", "CEL all", "jq any", "jq all",
         "Bloblang any", "Bloblang all"),
        "any(x > 2 for x in [1, 2, 3])",
        "true",
    ),
    Form(
        "first(x for x in xs where … order by …)",
        "The first element that a condition holds for, or the one that comes first in an order; null where there is none.",
        ("DataWeave firstWith", "JavaScript find", "lodash find", "SQL FIRST_VALUE", "SQL MIN_BY", "SQL MAX_BY", "DataWeave minBy",
         "DataWeave maxBy", "JSONata $single", "Bloblang find_by", "Python next", "Kotlin firstOrNull", "SQL ARG_MIN", "SQL ARG_MAX"),
        "first(x for x in [3, 5, 4] where x > 3 order by x)",
        "4",
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
        ("SQL IN", "Excel OR", "FEEL in", "JSONata in", "CEL in", "GREL inArray", "pandas isin", "PHP in_array", "SQL ANY_OF"),
        '"FR" in ("FR", "BE")',
        "true",
    ),
    Form(
        "x is null, x is blank",
        "Whether there is no value; `is blank` is true of empty text and of spaces too.",
        ("SQL IS NULL", "SQL ISNULL", "Excel ISBLANK", "VRL is_null", "VRL is_nullish", "GREL isNull", "GREL isBlank", "JSONata $exists",
         "DataWeave isBlank", "FEEL is blank", "CEL hasValue", "CEL optional.none", "Excel ISOMITTED", "GREL isEmptyString"),
        '"  " is blank',
        "true",
    ),
    Form(
        "x matches /…/",
        "Whether a text is written by a pattern, from its first letter to its last; `found(x, /…/)` looks for it anywhere.",
        ("DataWeave isAlpha", "DataWeave isAlphanumeric", "DataWeave isLowerCase", "DataWeave isUpperCase", "DataWeave isWhitespace",
         "Python isalpha", "Python isalnum", "Python isdigit", "Python islower", "Python isupper", "SQL SIMILAR TO", "SQL RLIKE",
         "SQL REGEXP", "PHP ctype_alpha", "PHP ctype_digit", "regular expression", "Informatica REG_MATCH", "regex"),
        '"AB12" matches /[A-Z]+[0-9]+/',
        "true",
    ),
    Form(
        'add_days(date("1899-12-30"), n)',
        "The day that a spreadsheet keeps as a number.",
        ("serial date", "serial number", "Excel date number", "date serial"),
        'add_days(date("1899-12-30"), 45413)',
        "2024-05-01",
    ),
    Form(
        "not failed(decimal(x))",
        "Whether a text can be read as a number; `int`, `date` and the others of that kind alike.",
        ("Excel ISNUMBER", "GREL isNumeric", "SQL IS_NUMERIC", "SQL ISNUMERIC", "PHP is_numeric", "DataWeave isDecimal",
         "Informatica IS_NUMBER", "Python isnumeric"),
        'not failed(decimal("1.5"))',
        "true",
    ),
    Form(
        "not failed(int(x))",
        "Whether a text can be read as a whole number; `decimal`, `date` and the others of that kind alike.",
        ("VRL is_integer", "DataWeave isInteger"),
        'not failed(int("1.5"))',
        "false",
    ),
    Form(
        "not failed(date(x))",
        "Whether a text can be read as a date; `datetime`, `int` and the others of that kind alike.",
        ("Informatica IS_DATE", "SQL ISDATE"),
        'not failed(date("2024-02-30"))',
        "false",
    ),
    Form(
        "failed(x)",
        "Whether a value could not be worked out, or a text could not be read as `int(x)`, `decimal(x)` and the like.",
        ("Excel ISERROR", "Excel ISERR", "GREL isError", "jq try", "JavaScript isNaN"),
        'failed(int("12x"))',
        "true",
    ),
    Form(
        "decimal(x) on error null",
        "The number that a text says, null where it says none.",
        ("Snowflake TRY_TO_NUMBER",),
        'decimal("12x") on error null',
        "null",
    ),
    Form(
        '"{a} and {b}"',
        "A text with expressions in braces; null where one of them is.",
        ("Excel CONCAT", "SQL CONCAT", "Python f-string", "DataWeave $()", "jq \\()", "SQL FORMAT",
         "Bloblang filepath_join", "C sprintf", "C printf", "Python format", "template string", "string interpolation"),
        '"{1 + 1} boxes"',
        '"2 boxes"',
    ),
    Form(
        "{include x, name: value}",
        "A struct with the fields of another, some added or replaced.",
        ("JSONata $spread", "DataWeave update", "jq . + {}", "VRL set", "Bloblang assign", "JavaScript ...", "FEEL context put",
         "pandas assign", "spread operator"),
        "{include {a: 1, b: 2}, b: 3}",
        "{a: 1, b: 3}",
    ),
    Form(
        "each l in r.lines",
        "One row for each element of a list; `outer` keeps rows without elements.",
        ("SQL UNNEST", "Spark explode", "Snowflake FLATTEN", "DataWeave flatMap", "jq .[]", "VRL unnest", "Bloblang explode",
         "SQL CROSS APPLY", "SQL FLATTEN", "SQL LATERAL FLATTEN", "SQL LATERAL VIEW", "SQL JSON_TABLE", "pandas explode",
         "Talend tNormalize", "SQL SPLIT_TO_TABLE", "SQL STRING_SPLIT", "SQL JSON_ARRAY_ELEMENTS", "SQL JSONB_ARRAY_ELEMENTS"),
    ),
    Form(
        "each kv in entries(r.custom)",
        "One row for each field of a map or struct, with its `key` and `value`: columns become rows.",
        ("SQL UNPIVOT", "pandas melt", "Power Query Unpivot", "tidyr pivot_longer", "Talend tUnpivotRow", "pandas stack", "dbt unpivot"),
    ),
    Form(
        "group by r.key",
        "One row for each key; its rows are `rows`, its columns go through aggregates.",
        ("SQL GROUP BY", "Excel PIVOTBY", "Excel pivot table", "pandas groupby", "DataWeave groupBy", "SQL PIVOT", "pandas pivot_table",
         "pandas agg", "Talend tAggregateRow", "SQL HAVING", "tidyr pivot_wider"),
    ),
    Form(
        "unique by r.key keep last",
        "One row for each key, the others merged and counted, or rejected.",
        ("SQL DISTINCT ON", "SQL QUALIFY", "pandas drop_duplicates", "Excel Remove Duplicates", "DataWeave distinctBy", "dedupe",
         "deduplicate", "Talend tUniqRow", "SQL SELECT DISTINCT", "Polars unique"),
    ),
    Form(
        "row_number(within key order by x)",
        "The number of a row among those of its key.",
        ("SQL ROW_NUMBER", "GREL row.index", "pandas cumcount", "Excel ROW", "SQL ROWNUM",
         "Talend Numeric.sequence", "sequence number", "auto_increment", "line number", "SQL IDENTITY", "SQL SERIAL", "SQL NEXTVAL",
         "pandas factorize"),
    ),
    Form(
        "lag(x within key order by y)",
        "The value of the row before; `lead` of the row after.",
        ("SQL LAG", "SQL LEAD", "Excel OFFSET", "pandas shift", "Polars shift", "previous_row", "next_row", "pandas diff",
         "pandas pct_change", "previous value"),
    ),
    Form(
        "count(* within key)",
        "An aggregate over all rows of a key, beside every row.",
        ("SQL OVER (PARTITION BY)", "SQL PARTITION BY", "Polars over", "pandas transform", "Excel PERCENTOF"),
    ),
    Form(
        "fill a by key",
        "The last value above where there is none.",
        ("Power Query Fill Down", "GREL fill down", "pandas ffill", "Polars forward_fill", "SQL LAST_VALUE IGNORE NULLS", "fill down",
         "fill forward"),
    ),
    Form(
        "decide NAME (…) -> … { | … || … | }",
        "A decision table: rows of conditions with what follows from them.",
        ("DMN decision table", "Excel IFS", "SQL CASE", "Camunda decision table", "SQL WIDTH_BUCKET", "pandas cut", "pandas qcut",
         "Excel FREQUENCY", "switch case", "rules engine", "JavaScript switch"),
    ),
    Form(
        "where x > 0",
        "The rows of a map for which a condition holds; the others are counted as left out, and are no rejects.",
        ("SQL WHERE", "pandas query", "pandas loc", "Polars filter", "Talend tFilterRow", "DataWeave filter", "VRL abort",
         "Bloblang deleted"),
    ),
    Form(
        "order by r.a, r.b desc",
        "The order of the rows; equal ones stay as they came, and nulls come last.",
        ("SQL ORDER BY", "pandas sort_values", "Polars sort", "Talend tSortRow", "Excel SORTBY"),
    ),
    Form(
        "map E from r in one, two { … }",
        "The rows of several sources of one shape in turn; several maps of one entity add up too.",
        ("SQL UNION ALL", "pandas concat", "Talend tUnite", "Power Query Append", "Polars concat rows", "Excel VSTACK"),
    ),
    Form(
        "let name : …",
        "A value with a name, for the fields below it.",
        ("Excel LET", "DataWeave var", "VRL =", "Bloblang let", "SQL WITH", "Talend tMap Var", "Informatica SETVARIABLE", "JSONata :=",
         "jq as", "CEL cel.bind"),
    ),
    Form(
        "fn name(x: text) -> text = …",
        "A function of your own.",
        ("Excel LAMBDA", "DataWeave fun", "JSONata function", "jq def", "Bloblang map", "SQL CREATE FUNCTION", "JSLT def", "dbt macro",
         "user defined function"),
    ),
    Form(
        "abort when rejected_share(E) > 5%",
        "Ends the run before anything is delivered, where a condition over what was read, written and rejected holds.",
        ("Informatica ABORT", "Talend tDie", "DataWeave fail", "dbt error_if", "circuit breaker"),
    ),
)  # fmt: skip
"""Every such form, in the order in which a reader meets them."""
