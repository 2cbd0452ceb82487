"""What can be wrong where packs meet: what is overridden, and by whom."""

from __future__ import annotations

from datahub.diagnostics.rule import Rule, Severity

SEALED = Rule(
    "DHM109",
    "sealed",
    Severity.ERROR,
    "a pack does not let this be overridden",
    "Everything in a pack can be overridden, but what it says is `sealed`: the rest of the pack, or whoever receives its files, relies on "
    "it as it is. Declare something of your own beside it, and use that.",
)

OVERRIDE_DOES_NOT_FIT = Rule(
    "DHM110",
    "override-does-not-fit",
    Severity.ERROR,
    "what the pack itself reads does not fit an override any more",
    "An override takes the place of what the pack declares, for the pack as well: its maps fill the overridden entity, its checks read "
    "the overridden fields, its lines call the overridden function. What they need must still be there, in a type that they can take. "
    "The pack on its own has no such mistake, so it is told where the override stands.",
)

NOTHING_TO_OVERRIDE = Rule(
    "DHM117",
    "nothing-to-override",
    Severity.ERROR,
    "an override names what the pack does not have",
    "`override map m.Order` changes the map of `Order` in the pack used as `m`. A field, check, rule or row that is new is added; what is "
    "put `off`, given another severity or dropped must be there. An override stands behind a pack's name: what a script declares itself "
    "is changed where it is declared.",
)

OVERRIDDEN_BY_TWO = Rule(
    "DHM119",
    "overridden-by-two",
    Severity.ERROR,
    "two packs override the same, and neither knows of the other",
    "Where one pack uses another, its override is laid on last. Two packs beside each other have no order: which of them holds would hang "
    "on the order of two lines. A script that uses both, and overrides it as well, decides.",
)

PACK_HEAD = Rule(
    "DHM123",
    "pack-head",
    Severity.ERROR,
    "the head of a pack says what is not so",
    "A pack has one head. Its version is three numbers (`1.4.0`), by the rules of semantic versions; its name is letters, digits and `_`, "
    "with points between its parts. What it `exports` or has `sealed` is declared in it.",
)
