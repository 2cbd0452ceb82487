"""`docs/coming-from.md`, made out of the decisions: where the language answers otherwise than the tools people come from, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from datahub.functions.elsewhere.absent import ABSENT, Absent
from datahub.reports.markdown import anchor, code, page, table
from tests.peers.decided import Example, Figures, Reason, figures, reasons

INTRODUCTION = """
What you know from there has a name here: [other tools](reference/functions/other-tools.md) leads from a function of Excel, SQL, DataWeave,
JSONata, VRL and others to ours, and `dhm functions NAME` does so in the terminal. Most of them answer what you expect. This page
is about the rest: where the language answers otherwise on purpose, with the reason, and with what to write instead.
""".strip()
MISSING = """
What other tools have and this language has not, on purpose. `dhm functions RAND` says so in the terminal.
""".strip()
MEASURED = """
The test suites that those tools were built with are run against the language: every case turned into an expression of ours, alone and in the
middle of a column of a thousand rows with nulls and failed cells around it. *Agreed* gives what the suite expects; *in our words* does
so once it is said in our words, as below; the others differ for one of the reasons below. SQL stands for the cases of Substrait, which
writes down what the databases do.
""".strip()


def main() -> None:
    """Write the page into the checkout named."""
    (Path(sys.argv[1]) / "docs" / "coming-from.md").write_text(made(reasons(), figures()), encoding="utf-8")


def made(all_reasons: Sequence[Reason], measured: Sequence[Figures]) -> str:
    """The page."""
    outside = [one for one in all_reasons if one.outside]
    words = [one for one in all_reasons if one.translation]
    inside = [one for one in all_reasons if not one.outside and not one.translation]
    return page(
        "Coming from JSONata, VRL or SQL",
        INTRODUCTION,
        "## In short",
        _contents([*inside, *words, *outside]),
        *(part for reason in (*inside, *words, *outside) for part in _section(reason)),
        "## Functions that are not here",
        MISSING,
        table(("There", "Why it is not here", "Nearest"), map(_absent, ABSENT)),
        "## Measured",
        MEASURED,
        _figures(measured),
    )


def _absent(one: Absent) -> tuple[str, ...]:
    nearest = f"{one.instead} → {one.result}" if one.instead else ""
    return ", ".join(one.names), one.why, code(nearest)


def _contents(all_reasons: Sequence[Reason]) -> str:
    rows = []
    for reason in all_reasons:
        first = reason.examples[0]
        rows.append(
            (f"[{reason.title}](#{anchor(reason.title)})", ", ".join(sorted({one.tool for one in reason.examples})), code(first.here))
        )
    return table(("What is otherwise", "Met by those who come from", "For example"), rows)


def _section(reason: Reason) -> Iterator[str]:
    yield f"## {reason.title}"
    yield reason.text + (" It is no part of the language." if reason.outside else "")
    yield table(("There", "gives", "Here", "gives", "Instead"), (_row(one) for one in reason.examples))


def _row(one: Example) -> tuple[str, ...]:
    return f"{one.tool} {code(one.there)}", _plainly(one.gives), code(one.here), code(one.answers), code(one.instead)


def _plainly(told: str) -> str:
    return told if " " in told and told[:1] not in '[{"' else code(told)


def _figures(measured: Sequence[Figures]) -> str:
    rows = ((one.title, str(one.cases), str(one.agreed), str(one.translated), str(one.decided), str(one.outside)) for one in measured)
    return table(("Suite", "Cases", "Agreed", "In our words", "Decided otherwise", "Outside the language"), rows)


if __name__ == "__main__":
    main()
