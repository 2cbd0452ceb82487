"""DHM9xx: what can be wrong with a file as a whole, and with the comments that allow a finding."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity

UNUSED_ALLOWANCE = Rule(
    code="DHM901",
    name="unused-allowance",
    severity=Severity.WARNING,
    summary="a finding is allowed where none is",
    explanation=(
        "A comment `# dhm: allow CODE` silences a warning of the line below it, or of its own line. "
        "Where nothing is silenced the comment misleads whoever reads it next, so it is told. "
        "An error cannot be allowed: a script that has one does not run."
    ),
)

ALLOWANCE_WITHOUT_REASON = Rule(
    code="DHM902",
    name="allowance-without-reason",
    severity=Severity.WARNING,
    summary="a finding is allowed, and nobody says why",
    explanation=(
        'A comment `# dhm: allow CODE because "…"` is a decision, and a decision has a reason. '
        "The finding is silenced all the same; this one stands in its place until the reason is written."
    ),
)

NOT_TEXT = Rule(
    code="DHM903",
    name="not-utf8",
    severity=Severity.ERROR,
    summary="a script is not UTF-8 text",
    explanation="Scripts are UTF-8 text. Editors of other times and places may have saved this one in another encoding.",
)

UNREAD_DIRECTIVE = Rule(
    code="DHM904",
    name="unread-directive",
    severity=Severity.WARNING,
    summary="a `# dhm:` comment says nothing that is understood",
    explanation='The only comment that DataHub reads is `# dhm: allow CODE because "…"`, with one code or several after commas.',
)
