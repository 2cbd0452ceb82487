"""DHM92x: what can be wrong with `dhm.toml` itself. Jobs have DHM93x, templates DHM95x."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity

NOT_TOML = Rule(
    code="DHM920",
    name="not-toml",
    severity=Severity.ERROR,
    summary="a project file is not TOML",
    explanation="`dhm.toml` and the files laid on it for an environment are TOML (https://toml.io), UTF-8 text.",
)

UNKNOWN_KEY = Rule(
    code="DHM921",
    name="unknown-key",
    severity=Severity.ERROR,
    summary="a key of the project file is not known",
    explanation=(
        "A key that is not read would be a setting that does nothing, so it is an error. `dhm schema` prints all keys as a JSON Schema, "
        "which editors use to complete and to check."
    ),
)

WRONG_VALUE = Rule(
    code="DHM922",
    name="wrong-value",
    severity=Severity.ERROR,
    summary="a value of the project file is not one of its key",
    explanation="The value has another type than the key takes, or lies outside of what the key allows.",
)

MISSING_KEY = Rule(
    code="DHM923",
    name="missing-key",
    severity=Severity.ERROR,
    summary="a table of the project file lacks a key",
    explanation="The key has no default. It can stand in the file, in the overlay of an environment, or in `[defaults]`.",
)

UNKNOWN_KIND = Rule(
    code="DHM924",
    name="unknown-connection-kind",
    severity=Severity.ERROR,
    summary="a connection is of a kind that is not known",
    explanation="The `kind` of a connection names its connector. `dhm schema` has them all.",
)

LITERAL_SECRET = Rule(
    code="DHM925",
    name="literal-secret",
    severity=Severity.ERROR,
    summary="a secret stands in the project file itself",
    explanation=(
        "Project files are read by many eyes and kept for ever by version control. A password, key or token is a reference: "
        "`${env:NAME}`, `${file:/run/secrets/name}` or `${keyring:service/user}`. A default behind `:-` stands in the file too, "
        "and so does a password in an address (`https://user:password@host`)."
    ),
)

UNDEFINED_REFERENCE = Rule(
    code="DHM926",
    name="undefined-reference",
    severity=Severity.ERROR,
    summary="a reference of the project file leads nowhere",
    explanation=(
        "`${env:NAME}` is an environment variable, `${env:NAME:-text}` one with a default, `${file:PATH}` the content of a file, "
        "`${keyring:SERVICE/USER}` a password of the machine's keyring; `$${` stands for `${` itself. "
        "What a setting of a connection refers to must be there when something uses the connection, and what a secret refers to as well; "
        "what jobs and the project itself refer to, whenever the project is read."
    ),
)

UNKNOWN_CONNECTION = Rule(
    code="DHM927",
    name="unknown-connection",
    severity=Severity.ERROR,
    summary="a job names a connection that the project has not",
    explanation="The sources and targets of a job are bound to connections by their names below `[connections]`.",
)

UNKNOWN_REFERENCE = Rule(
    code="DHM928",
    name="unknown-reference",
    severity=Severity.ERROR,
    summary="a reference of the project file is of no kind that there is",
    explanation=(
        "References are `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}` and `${keyring:SERVICE/USER}`. Where `${` itself is meant, "
        "write `$${`."
    ),
)

INSECURE = Rule(
    code="DHM929",
    name="insecure-connection",
    severity=Severity.WARNING,
    summary="a connection travels unprotected",
    explanation=(
        "Without TLS everyone between can read the password and the data, and change them. `insecure = true` says that this is known; "
        'inside a network of one\'s own it may be meant: `# dhm: allow DHM929 because "…"` on the line above says why.'
    ),
)

WRONG_TEMPLATE = Rule(
    code="DHM950",
    name="wrong-template",
    severity=Severity.ERROR,
    summary="the template of a document cannot be used",
    explanation=(
        "A template names the fields of the row that the document is about, and the rows that it owns; what is not there, what is outside "
        "of the small part of Jinja that documents are written in, and what would make a document that nobody can read is found before "
        "there is data."
    ),
)
