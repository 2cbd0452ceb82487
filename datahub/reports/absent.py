"""Functions of other tools that are not here on purpose: why, and what comes nearest. Part of `docs/coming-from.md`."""

from __future__ import annotations

from datahub.records import record


@record(frozen=True, slots=True)
class Absent:
    """Functions of other tools that have none here, for one reason; `instead` is an expression that gives `result`, or empty."""

    names: tuple[str, ...]
    why: str
    instead: str = ""
    result: str = ""


ABSENT = (
    Absent(
        ("Excel RAND", "Excel RANDBETWEEN", "Excel RANDARRAY", "FEEL random number", "JSLT random", "GREL randomNumber",
         "Bloblang random_int", "FEEL uuid", "JSLT uuid", "Bloblang uuid_v4", "Bloblang ulid", "Bloblang ksuid", "Bloblang nanoid",
         "Bloblang snowflake_id", "VRL uuid_v4", "VRL random_int", "SQL RANDOM", "JSONata $random", "Bloblang counter"),
        "The same input gives the same output, always: nothing is left to chance or to a counter. A key is made out of the values.",
        'uuid5("6ba7b811-9dad-11d1-80b4-00c04fd430c8", "SKU-1")',
        '"6ec02536-f7b3-5eaf-b9ba-0cce98b6c232"',
    ),
    Absent(
        ("Excel WEBSERVICE", "Excel HYPERLINK", "Bloblang env", "Bloblang file", "Bloblang hostname", "VRL get_env_var", "VRL get_hostname",
         "VRL http_request", "Bloblang content", "Bloblang meta", "Bloblang from", "Bloblang from_all", "Excel INDIRECT"),
        "A mapping touches nothing but its rows. What comes from elsewhere is a source, a `lookup` or a parameter of the script.",
    ),
    Absent(
        ("Bloblang encrypt_aes", "Bloblang decrypt_aes", "Bloblang compare_argon2", "VRL encrypt", "VRL decrypt"),
        "Keys that open anything do not belong into a mapping. `sha256` and `hmac_sha256` tell texts apart without them.",
        'left(hmac_sha256("text", "secret"), 4)',
        '"2f44"',
    ),
    Absent(
        ("Excel ISTEXT", "Excel ISNONTEXT", "Excel ISLOGICAL", "Excel TYPE", "JSLT is-string", "JSLT is-boolean", "JSLT is-number",
         "JSLT is-integer", "JSLT is-decimal", "JSLT is-object", "JSLT is-array", "CEL type", "CEL dyn", "GREL type", "Bloblang type",
         "GREL unicodeType", "JSONata $type", "FEEL is", "CEL bytes", "Bloblang bytes", "GREL reinterpret"),
        "The type of every value is known before the data is seen. Whether a text can be read as something is asked with `failed`.",
        'failed(int("12x"))',
        "true",
    ),
    Absent(
        ("Excel NA", "Excel ISNA", "FEEL assert", "JSLT error", "Bloblang throw", "JSONata $error", "JSONata $assert", "VRL assert"),
        "A failure is a reject with a code, given one of your own by `x on error reject CODE`. `failed` asks for one.",
        'failed(1 / 0, "R601")',
        "true",
    ),
    Absent(
        ("Excel LET", "Excel LAMBDA", "Excel BYROW", "Excel BYCOL", "Excel MAKEARRAY", "Bloblang apply", "Bloblang var", "GREL with",
         "GREL forEachIndex", "GREL forNonBlank", "Bloblang find_by", "CEL exists_one"),
        "Names are given with `let` in a map, functions with `fn`; what goes over a list is written as a list.",
        "count(1 for x in [1, 5, 7] where x > 4) = 1",
        "false",
    ),
    Absent(
        ("Excel TRUE", "Excel FALSE", "Excel EXACT", "Excel DELTA", "GREL and", "GREL or", "GREL not", "Excel COUNTBLANK", "GREL isNotNull",
         "Bloblang not_null", "Bloblang nothing", "Bloblang deleted"),
        "These are words of the language: `true`, `false`, `=`, `and`, `or`, `not`, `is null`. `=` tells capitals apart.",
        '"a" = "A"',
        "false",
    ),
    Absent(
        ("Excel SINH", "Excel COSH", "Excel TANH", "GREL sinh", "GREL cosh", "GREL tanh", "Excel FACT", "GREL fact", "GREL factn",
         "Excel COMBIN", "GREL combin", "Excel PERMUT", "GREL multinomial", "Excel CORREL", "Excel ARABIC", "Excel TRIMMEAN",
         "Excel GEOMEAN",
         "Excel HARMEAN", "Excel PMT", "Excel PERCENTRANK", "Excel PERCENTILE.EXC", "Excel BITLSHIFT", "Excel BITRSHIFT", "CEL math.isNaN"),
        "Catalogues, offers and orders have no use for it; a Python function under an entry point adds it.",
    ),
    Absent(
        ("Excel FILTERXML", "GREL parseXml", "GREL parseHtml", "GREL xmlAttr", "GREL htmlAttr", "GREL scriptText", "GREL parent",
         "Bloblang parse_xml", "Bloblang format_xml", "Bloblang parse_yaml", "Bloblang format_yaml", "Bloblang format_msgpack",
         "Bloblang json_schema", "VRL parse_xml", "VRL parse_grok"),
        "XML is read as a source, its elements as columns; a cell of HTML becomes text with `html_strip`.",
        'html_strip("<b>a</b> b")',
        '"a b"',
    ),
    Absent(
        ("FEEL before", "FEEL after", "FEEL meets", "FEEL met by", "FEEL overlaps before", "FEEL overlaps after", "FEEL finishes",
         "FEEL finished by", "FEEL during", "FEEL includes", "FEEL starts", "FEEL started by", "FEEL coincides"),
        "Ranges are two values here, and these relations one comparison of them each; `overlaps` has the one that is easily got wrong.",
        "3 in 1..5",
        "true",
    ),
    Absent(
        ("Excel WORKDAY.INTL", "Excel NETWORKDAYS.INTL"),
        "A week has five workdays, Monday to Friday; other days off are given as holidays.",
        'is_workday(date("2024-05-01"), [date("2024-05-01")])',
        "false",
    ),
    Absent(
        ("GREL detectLanguage",),
        "A guess is no value. A column that tells the language is read with `language_code`.",
        'language_code("français")',
        '"fr"',
    ),
    Absent(("Bloblang cron",), "Times at which a job runs stand in the project, not in a mapping."),
    Absent(
        ("Excel EXPAND", "Excel COLUMNS"),
        "A list is as long as it is, and the columns of a source are known: `length` counts.",
        "length([1, 2])",
        "2",
    ),
)  # fmt: skip
"""Every reason, in the order in which a reader meets them."""


def absent(about: str) -> list[Absent]:
    """The reasons why what other tools call `about` is not here; with the tool's name before it, or without."""
    word = about.casefold().strip().removeprefix("$")
    return [
        one for one in ABSENT if any(word in (name.casefold(), name.partition(" ")[2].casefold().removeprefix("$")) for name in one.names)
    ]
