"""What can be wrong with packs as they lie on a disk or come over the net, and with what a lock file says of them."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity

NO_DATA = Rule(
    "DHM121",
    "not-a-pack-file",
    Severity.ERROR,
    "a pack holds something that is no data",
    "A pack is data: scripts (`.dhm`), tables (`.csv`, `.tsv`, `.json`, `.jsonl`, `.xml`) and words about it (`.md`, `.txt`, `LICENSE`). "
    "Programs, links, files outside of its folder, and names that mean another file on another machine are refused, so that a pack of a "
    "stranger can be used without fear.",
)


NAMES_A_PLACE = Rule(
    "DHM122",
    "pack-names-a-place",
    Severity.ERROR,
    "a pack names a host, or holds a secret",
    "Where data comes from and goes to, and with which password, is the project's: it stands in `dhm.toml`. A pack that names a host would "
    "send your data there; one that holds a secret gives it away. In tests, `example.com` and its like can stand for a host.",
)
