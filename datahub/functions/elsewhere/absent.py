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
         "Bloblang snowflake_id", "VRL uuid_v4", "VRL random_int", "SQL RANDOM", "JSONata $random", "Bloblang counter",
         "DataWeave randomInt", "DataWeave uuid", "JSONata $shuffle", "SQL NEWID", "SQL GEN_RANDOM_UUID", "SQL UUID_STRING",
         "Python random", "pandas sample", "VRL random_bytes", "VRL random_float", "VRL random_bool", "VRL uuid_v7", "Bloblang uuid_v7",
         "Bloblang fake", "DataWeave random"),
        "The same input gives the same output, always: nothing is left to chance or to a counter. A key is made out of the values.",
        'uuid5("6ba7b811-9dad-11d1-80b4-00c04fd430c8", "SKU-1")',
        '"6ec02536-f7b3-5eaf-b9ba-0cce98b6c232"',
    ),
    Absent(
        ("Excel WEBSERVICE", "Excel HYPERLINK", "Bloblang env", "Bloblang file", "Bloblang hostname", "VRL get_env_var",
         "VRL get_hostname", "VRL http_request", "Bloblang content", "Bloblang meta", "Bloblang from", "Bloblang from_all",
         "Excel INDIRECT", "DataWeave readUrl", "DataWeave p", "VRL reverse_dns", "VRL get_secret", "VRL set_secret", "VRL log",
         "Excel ADDRESS", "Excel AREAS", "Excel FORMULATEXT", "Excel GETPIVOTDATA", "Excel SHEET", "Excel RTD", "Excel CUBEVALUE",
         "Excel STOCKHISTORY", "Bloblang geoip_city",
         "Excel IMAGE", "Bloblang metadata", "Bloblang batch_index", "Bloblang tracing_id", "jq env", "jq input", "jq $ENV",
         "VRL get_timezone_name", "DataWeave delay"),
        "A mapping touches nothing but its rows. What comes from elsewhere is a source, a `lookup` or a parameter of the script.",
    ),
    Absent(
        ("Bloblang encrypt_aes", "Bloblang decrypt_aes", "Bloblang compare_argon2", "Bloblang compare_bcrypt", "VRL encrypt",
         "VRL decrypt",
         "Bloblang hmac_sha1", "hmac_sha1", "hmac_sha512", "hmac_md5"),
        "Keys that open anything do not belong into a mapping. `sha256` tells texts apart without one, `hmac_sha256` with one.",
        'left(hmac_sha256("text", "secret"), 4)',
        '"2f44"',
    ),
    Absent(
        ("Excel ISTEXT", "Excel ISNONTEXT", "Excel ISLOGICAL", "Excel TYPE", "JSLT is-string", "JSLT is-boolean", "JSLT is-number",
         "JSLT is-integer", "JSLT is-decimal", "JSLT is-object", "JSLT is-array", "CEL type", "CEL dyn", "GREL type", "Bloblang type",
         "GREL unicodeType", "JSONata $type", "FEEL is", "CEL bytes", "Bloblang bytes", "GREL reinterpret", "DataWeave typeOf",
         "DataWeave xsiType", "SQL TYPEOF", "VRL is_string", "VRL is_array", "VRL is_object", "VRL is_float", "VRL is_boolean",
         "VRL is_regex", "VRL is_timestamp", "VRL type_def", "VRL tag_types_externally", "Python isinstance", "Python type", "jq type",
         "Excel ERROR.TYPE", "Excel ISFORMULA", "Excel ISREF", "Excel CELL", "Excel INFO"),
        "The type of every value is known before the data is seen. Whether a text can be read as something is asked with `failed`.",
        'failed(int("12x"))',
        "true",
    ),
    Absent(
        ("Excel NA", "Excel ISNA", "FEEL assert", "JSLT error", "Bloblang throw", "JSONata $error", "JSONata $assert", "VRL assert",
         "VRL assert_eq", "DataWeave failIf", "SQL RAISE", "Python raise"),
        "A failure is a reject with a code, given one of your own by `x on error reject CODE`. `failed` asks for one.",
        'failed(1 / 0, "R601")',
        "true",
    ),
    Absent(
        ("Excel LET", "Excel LAMBDA", "Excel BYROW", "Excel BYCOL", "Excel MAKEARRAY", "Bloblang apply", "Bloblang var", "GREL with",
         "GREL forEachIndex", "GREL forNonBlank", "CEL exists_one", "jq until", "jq recurse", "jq walk", "jq paths",
         "DataWeave everyEntry", "DataWeave someEntry", "JSONata $clone"),
        "Names are given with `let` in a map, functions with `fn`; what goes over a list is written as a list.",
        "count(1 for x in [1, 5, 7] where x > 4) = 1",
        "false",
    ),
    Absent(
        ("Excel TRUE", "Excel FALSE", "Excel EXACT", "Excel DELTA", "GREL and", "GREL or", "GREL not", "Excel COUNTBLANK",
         "GREL isNotNull", "Bloblang not_null", "Bloblang nothing", "SQL STRCMP", "SQL EQUAL_NULL", "SQL IS DISTINCT FROM",
         "JavaScript ===", "Excel N/A"),
        "These are words of the language: `true`, `false`, `=`, `and`, `or`, `not`, `is null`. `=` tells capitals apart.",
        '"a" = "A"',
        "false",
    ),
    Absent(
        ("GREL factn", "Excel FACTDOUBLE", "GREL multinomial", "Excel ARABIC", "Excel PERCENTILE.EXC", "Excel MMULT", "Excel MINVERSE",
         "Excel MDETERM", "Excel SERIESSUM", "Excel TREND", "Excel LINEST", "Excel RANK.AVG", "SQL CUME_DIST", "SQL NTILE",
         "pandas interpolate", "pandas rolling", "pandas resample", "pandas get_dummies", "Excel IRR", "Excel RATE", "Excel ACCRINT",
         "Excel COUPDAYS", "Excel CUMIPMT", "Excel DB", "Excel DDB", "Excel DISC", "Excel DOLLARDE", "Excel DOLLARFR", "Excel INTRATE",
         "Excel IPMT", "Excel MDURATION", "Excel MIRR", "Excel ODDFPRICE", "Excel PPMT", "Excel PRICE", "Excel RECEIVED",
         "Excel TBILLEQ", "Excel VDB", "Excel XIRR", "Excel XNPV", "Excel YIELD", "Excel BETA.DIST", "Excel BINOM.DIST",
         "Excel CHIDIST", "Excel CONFIDENCE", "Excel CRITBINOM", "Excel ERF", "Excel EXPON.DIST", "Excel F.DIST", "Excel FISHER",
         "Excel GAMMA", "Excel GAUSS", "Excel HYPGEOM.DIST", "Excel LOGNORM.DIST", "Excel NEGBINOM.DIST", "Excel NORM.DIST",
         "Excel NORM.INV", "Excel PHI", "Excel POISSON.DIST", "Excel PROB", "Excel T.DIST", "Excel TINV", "Excel WEIBULL.DIST",
         "Excel GROWTH", "Excel LOGEST", "Excel STEYX", "Excel KURT", "Excel SKEW", "Excel QUARTILE.EXC", "Excel BESSELI",
         "Excel COMPLEX", "Excel IMABS", "Excel MUNIT"),
        "Catalogues, offers and orders have no use for it; a Python function under an entry point adds it.",
    ),
    Absent(
        ("CEL math.isNaN", "CEL math.isInf", "CEL math.isFinite", "SQL ISNAN", "SQL ISINF", "SQL ISFINITE", "JavaScript isFinite",
         "DuckDB isnan"),
        "There is no infinity, and no number that is none: what would be one is a reject, which `failed` asks for.",
        'failed(float("nan"))',
        "true",
    ),
    Absent(
        ("Excel FILTERXML", "GREL parseXml", "GREL parseHtml", "GREL xmlAttr", "GREL htmlAttr", "GREL scriptText", "GREL parent",
         "GREL innerXml",
         "Bloblang parse_xml", "Bloblang format_xml", "Bloblang parse_yaml", "Bloblang format_yaml", "Bloblang format_msgpack",
         "Bloblang json_schema", "VRL parse_xml", "VRL parse_grok", "SQL XMLTABLE", "SQL XMLPARSE", "SQL EXTRACTVALUE", "SQL XPATH",
         "VRL parse_yaml", "VRL parse_groks", "markdown"),
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
        ("DataWeave pluralize", "DataWeave singularize", "DataWeave ordinalize", "Excel BAHTTEXT", "Excel SPELLNUMBER", "Python swapcase",
         "GREL ordinal", "Excel JIS", "Excel DBCS", "spell number", "number to words"),
        "Words of one human language have no place in an exchange of data: what is shown to people is written where they read it.",
    ),
    Absent(
        ("DataWeave prependIfMissing", "DataWeave appendIfMissing", "DataWeave wrapIfMissing", "DataWeave wrapWith", "DataWeave unwrap",
         "DataWeave withMaxSize", "Python center"),
        "Said with `if` and `&` where it is needed; `remove_prefix`, `remove_suffix` and `truncate` take away.",
        'if(starts_with("12", "SKU-"), "12", "SKU-" & "12")',
        '"SKU-12"',
    ),
    Absent(
        ("convert_currency", "exchange_rate", "Excel CURRENCYCONVERT", "Google GOOGLEFINANCE", "SAP CONVERT_CURRENCY"),
        "A rate is data, and has a day: it stands in a `lookup` with dates. `round_money` rounds what comes out.",
        'round_money(19.99 * 1.0832, "EUR")',
        "21.65",
    ),
    Absent(
        ("GREL detectLanguage",),
        "A guess is no value. A column that tells the language is read with `language_code`.",
        'language_code("français")',
        '"fr"',
    ),
    Absent(
        ("VRL parse_syslog", "VRL parse_apache_log", "VRL parse_aws_alb_log", "VRL parse_cef", "VRL parse_common_log", "VRL parse_glog",
         "VRL parse_klog", "VRL parse_linux_authorization", "VRL parse_nginx_log", "VRL parse_tokens", "VRL parse_ruby_hash",
         "VRL parse_user_agent", "VRL parse_etld", "VRL ip_aton", "VRL ip_ntoa", "VRL ip_cidr_contains", "VRL ip_subnet",
         "VRL ip_to_ipv6", "VRL is_ipv4", "VRL is_ipv6", "VRL community_id", "VRL match_datadog_query", "VRL to_syslog_level",
         "VRL to_syslog_severity", "VRL to_syslog_facility", "VRL strip_ansi_escape_codes", "VRL shannon_entropy", "VRL sieve",
         "VRL uuid_from_friendly_id", "VRL unflatten", "CEL ip", "CEL cidr", "CEL isIP", "CEL isCIDR", "VRL ip_ntop",
         "VRL ip_pton", "VRL ip_version"),
        "Lines of logs and addresses of networks are no trade of a hub for commerce; a pattern takes them apart, or a Python function.",
        'get(extract_groups("GET /in", /(?P<verb>[A-Z]+) (?P<path>.+)/), "path")',
        '"/in"',
    ),
    Absent(
        ("VRL decode_gzip", "VRL encode_gzip", "VRL decode_zlib", "VRL encode_zlib", "VRL decode_zstd", "VRL encode_zstd",
         "VRL decode_snappy", "VRL encode_snappy", "VRL decode_charset", "VRL encode_charset", "VRL decode_punycode",
         "VRL encode_punycode", "VRL decode_mime_q", "VRL parse_proto", "VRL encode_proto", "VRL encode_logfmt", "Bloblang compress",
         "Bloblang decompress", "Bloblang parse_msgpack", "Bloblang parse_parquet", "Bloblang parse_jwt_hs256",
         "Bloblang sign_jwt_hs256", "Bloblang parse_jwt_rs256", "Bloblang unarchive",
         "MySQL COMPRESS", "VRL encode_key_value"),
        "Files are unpacked and decoded where they are read: `kind`, `encoding` and what is packed are told of a source, not of a cell.",
    ),
    Absent(
        ("pandas rename", "GREL cells", "GREL row.record", "pandas iterrows", "pandas bfill", "pandas date_range", "JavaScript for",
         "FEEL for each row"),
        "A map says what becomes of each row: a column is renamed by `new : r.old`, and nothing goes from row to row by hand.",
    ),
    Absent(
        ("GREL ngram", "GREL splitByCharType", "word n-grams"),
        "Runs of letters and digits are what a pattern finds; neighbouring words are pieces of the list that `split` gives.",
        'extract_all("BE1A3E", /[A-Z]+|[a-z]+|[0-9]+/)',
        '["BE", "1", "A", "3", "E"]',
    ),
    Absent(
        ("base32_encode", "base32_decode", "ascii85_encode", "ascii85_decode", "Bloblang ascii85",
         "VRL encode_base16", "VRL encode_base32"),
        "Base64 and hexadecimal digits are what the APIs of commerce speak: `base64_encode` and `hex_encode`.",
        'hex_encode("abc")',
        '"616263"',
    ),
    Absent(("Bloblang cron",), "Times at which a job runs stand in the project, not in a mapping."),
    Absent(
        ("Excel EXPAND", "Excel COLUMNS", "Excel COLUMN"),
        "A list is as long as it is, and the columns of a source are known: `length` counts.",
        "length([1, 2])",
        "2",
    ),
)  # fmt: skip
"""Every reason, in the order in which a reader meets them."""
