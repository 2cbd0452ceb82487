"""DHM93x: what can be wrong between a job, its script, and the other jobs of the project."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity


def _rule(code: str, name: str, summary: str, explanation: str) -> Rule:
    return Rule(code, name, Severity.ERROR, summary, explanation)


NO_SCRIPT = _rule(
    "DHM930",
    "no-such-script",
    "a job names a script, a pack or a flow that is not there",
    "`mapping` is the path of a script, from the folder of `dhm.toml`, or `pack:NAME` for what a pack of the project exports. Where "
    "the script has several flows, `flow` names one.",
)
NOT_BOUND = _rule(
    "DHM931",
    "not-bound",
    "a source or target of the script is bound to nothing",
    "A job says of each source that its script reads where it comes from, and of each target that it writes where it goes. Sources that no "
    "row of the flow needs are not asked for.",
)
BOUND_TO_NOTHING = _rule(
    "DHM932",
    "bound-to-nothing",
    "a job binds a source or target that its script does not use",
    "What is bound and not used would be a feed that nobody reads: mostly a name that was changed in one place.",
)
WRONG_PARAMETER = _rule(
    "DHM933",
    "wrong-parameter",
    "a job gives a parameter that its script does not have, or a value that is none of it",
    "Parameters are declared by `param` in the script. One without a default needs a value in the job, or from a message that starts it.",
)
NO_SUCH_JOB = _rule(
    "DHM934",
    "no-such-job",
    "a job starts after one that does not exist, or after itself",
    '`triggers = {kind = "after-job", job = "…"}` names another job of the project. Jobs that start after each other in a ring would '
    "never come to rest.",
)
WAITS_FOR_NOTHING = _rule(
    "DHM935",
    "waits-for-nothing",
    "a job waits for what no job of the project can bring",
    "A job that waits for a status needs another that delivers the entity, with a key, with the field, and with that status among its "
    "values. A source that is bound to an entity needs one that remembers it.",
)
ADDRESS_TWICE = _rule(
    "DHM936",
    "address-twice",
    "two jobs take messages at one address",
    'One address starts one job. Another that is to follow can start after it: `triggers = {kind = "after-job", job = "…"}`.',
)
UNFIT_BINDING = _rule(
    "DHM937",
    "unfit-binding",
    "what a job binds does not fit what its script says of it",
    "Rows of an entity need a source of the kind `jsonl`, `json`, `parquet` or `arrow`; who is told how runs end is a connection of "
    "the kind `webhook`; a target that takes batches takes those of one entity; no two "
    "files of a run have one name.",
)
READS_ITSELF = _rule(
    "DHM938",
    "reads-itself",
    "a job leaves files where one of its own sources looks",
    "What a target or `rejects` leave in a folder that a source of the same job reads, under names that fit its `pattern`, is new to "
    "the next run, and so is what that makes of it to the one behind.",
)
SHARED_TOKEN = Rule(
    "DHM939",
    "shared-token",
    Severity.WARNING,
    "messages are told to be the sender's by a token that travels with each",
    "A signature proves that the message is the sender's, whole and, with a time, not an old one sent again. A token in a header proves "
    "none of that: whoever sees one message, in the log of a proxy say, can send others. Where a sender knows nothing better: "
    '`# dhm: allow DHM939 because "…"`.',
)
