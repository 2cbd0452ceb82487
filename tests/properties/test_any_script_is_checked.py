"""Whatever stands in a script, checking it tells mistakes and never raises."""

import random
import re

import pytest

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.rule import Severity
from datahub.document import Document
from datahub.lint.advise import advise
from datahub.reports.catalogue import rules
from datahub.reports.examples import example
from datahub.semantic.elaborate import elaborate_whole
from datahub.semantic.loaders import NoLoader
from datahub.syntax.parser import parse

SCRIPTS = sorted({file.text for shown in map(example, rules()) for file in (*shown.bad.files, *shown.mended) if file.kind == "dhm"})
WORDS = sorted({word for text in SCRIPTS for word in re.findall(r"\w+|[^\w\s]", text)})


def damaged(seed: int) -> str:
    """Two scripts of the catalogue, with words left out, exchanged and put in."""
    chance = random.Random(seed)
    words = re.findall(r"\w+|\s+|[^\w\s]", "\n".join(chance.sample(SCRIPTS, 2)))
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(words))
        match chance.choice(("out", "other", "more")):
            case "out":
                del words[at]
            case "other":
                words[at] = chance.choice(WORDS)
            case "more":
                words.insert(at, chance.choice(WORDS))
    return "".join(words)


@pytest.mark.parametrize("seed", range(0, 300, 30))
def test_a_damaged_script_is_told_of_and_never_raises(seed):
    for one in range(seed, seed + 30):
        found: list[Diagnostic] = []
        document = Document("damaged.dhm", damaged(one))
        made = elaborate_whole(parse(document, found.append), NoLoader(), found.append)
        if not any(finding.level is Severity.ERROR for finding in found):
            advise(made, found.append)
        assert all(finding.at.span.document is document for finding in found)
