"""What can be wrong with a lock file, and with what stands behind it by now."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity

DRIFT = Rule(
    "DHM111",
    "override-drift",
    Severity.WARNING,
    "what an override changes has changed in its pack",
    "`dhm.lock` keeps what each override found in its pack when it was written. After an update the pack says something else there: the "
    "override still stands, but what it was written against does not. Shown are the pack before, the pack now, and the override. Look "
    "whether it is still what you mean, then take the pack as it is now: `dhm pack lock --accept`.",
)


LOCK_STALE = Rule(
    "DHM112",
    "lock-stale",
    Severity.ERROR,
    "`dhm.lock` does not say what the project uses",
    "The lock file names every pack with its version and the hash of its files. With `--locked` it must be there, agree with `[packs]` of "
    "`dhm.toml` and with what scripts override. `dhm pack lock` writes it; keep it under version control.",
)


VERSION_CONFLICT = Rule(
    "DHM115",
    "version-conflict",
    Severity.ERROR,
    "no version of a pack suits everybody who requires it",
    "A project has one version of each pack. The table says who requires which; one of them has to give way.",
)


TAMPERED = Rule(
    "DHM120",
    "pack-tampered",
    Severity.ERROR,
    "the files of a pack are not those that were locked",
    "The hash in `dhm.lock` covers the name and every byte of each file. Somebody changed a file since, or another archive stands "
    "under the same version. Where the change is yours, `dhm pack lock` takes it.",
)
