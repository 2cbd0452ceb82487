"""Explain a code or name of a finding, or print the plan of a script.

`dhm explain DHM201` and `dhm explain type-mismatch` tell what a finding means, with files that have it, what is printed for them, and
the files mended; `dhm explain R104` does the same for what rejects a row. `dhm explain` alone lists them all.

`dhm explain script.dhm` prints what a run will do, operator by operator, and where rows must meet. With `--analyze` the
script is run over the files given, its results are thrown away, and rows, time and memory stand beside each operator; the
costliest expressions follow.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Exit, Paint, Stop, give

if TYPE_CHECKING:
    from collections.abc import Iterator

    from datahub.diagnostics.rule import Rule
    from datahub.reports.examples import Shown


def command(
    subject: Annotated[str, typer.Argument(help="A code, a name, or a script.", show_default=False, metavar="CODE|SCRIPT")] = "",
    flow: Annotated[str, typer.Option(help="The flow whose plan is wanted, where a script has several.", show_default=False)] = "",
    analyze: Annotated[bool, typer.Option("--analyze", help="Run the script, and tell where the time went.")] = False,
    source: Annotated[
        list[str] | None, typer.Option(help="A file or folder for a source, to analyze.", metavar="NAME=PATH", show_default=False)
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter of the script, to analyze.", metavar="NAME=VALUE", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON: of a script the plan itself, or what its run took.")] = False,
) -> None:
    if analyze:
        _analyze(Path(subject), flow, (source or [], param or []), as_json=as_json)
    elif subject.endswith(".dhm") or "/" in subject or Path(subject).is_file():
        _plan(Path(subject), flow, as_json=as_json)
    elif subject:
        _one(subject, as_json=as_json)
    else:
        _all(as_json=as_json)


def _one(subject: str, *, as_json: bool) -> None:
    from datahub.reports.catalogue import near, rule

    found = rule(subject)
    if found is None:
        meant = near(subject)
        raise Stop(f"no finding is called `{subject}`", f"did you mean `{meant}`?" if meant else "`dhm explain` lists them all")
    give(json.dumps(_fields(found), ensure_ascii=False, indent=2) + "\n" if as_json else _page(found))


def _all(*, as_json: bool) -> None:
    from datahub.reports.catalogue import rules

    if as_json:
        give(json.dumps([_fields(one) for one in rules().values()], ensure_ascii=False, indent=2) + "\n")
        return
    wide = max(len(one.name) for one in rules().values())
    give("".join(f"{one.code:<7} {one.name:<{wide}}  {one.summary}\n" for one in rules().values()))


def _fields(rule: Rule) -> dict[str, object]:
    from datahub.reports.examples import example

    def side(shown: Shown) -> dict[str, object]:
        files = [{"name": file.name, "text": file.text} for file in shown.files]
        return {"text": shown.said, "files": files, "console": [{"command": one.command, "prints": one.printed} for one in shown.console]}

    shown = example(rule.code)
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "summary": rule.summary,
        "explanation": rule.explanation,
        "bad": side(shown.bad),
        "good": side(shown.good),
    }


def _page(rule: Rule) -> str:
    from datahub.reports.examples import example

    paint = Paint(sys.stdout)
    colour = {"error": "1;31", "warning": "1;33", "note": "1;36"}[rule.severity.value]
    parts = [
        f"{paint(colour, f'{rule.severity.value}[{rule.code}]')} {paint('1', rule.name)}: {rule.summary}\n",
        _wrapped(rule.explanation),
    ]
    shown = example(rule.code)
    parts += [f"{paint('1', 'This has it')}:\n", *_side(shown.bad, shown.good, "-", paint)]
    parts += [f"{paint('1', 'This has not')}:\n", *_side(shown.good, shown.bad, "+", paint)]
    return "\n".join(parts)


def _side(shown: Shown, other: Shown, mark: str, paint: Paint) -> Iterator[str]:
    """One side of an example, with a mark before each line that the other side does not have."""
    from difflib import ndiff

    if shown.said:
        yield textwrap.indent(_wrapped(shown.said), "  ")
    elsewhere = {file.name: file.text for file in other.files}
    for file in shown.files:
        lines = [line for line in ndiff(elsewhere.get(file.name, file.text).splitlines(), file.text.splitlines()) if line[0] in " +"]
        told = (paint("32" if mark == "+" else "31", f"  {mark} {line[2:]}") if line[0] == "+" else f"    {line[2:]}" for line in lines)
        yield f"  {paint('4', file.name)}\n" + "".join(f"{line}".rstrip() + "\n" for line in told)
    for one in shown.console:
        yield textwrap.indent(f"{paint('1', f'$ {one.command}')}\n{one.printed}", "  ", lambda line: line != "\n")


def _wrapped(text: str) -> str:
    """`text` as wide as a terminal; a table stays as it stands, without the line that only Markdown needs."""
    parts = []
    for part in text.strip().split("\n\n"):
        lines = part.splitlines()
        table = [line for line in lines if line.startswith("|") and set(line) - set("|- ")]
        parts.append("\n".join(table) if len(table) > 1 else textwrap.fill(part, 100))
    return "\n\n".join(parts) + "\n"


def _analyze(path: Path, flow: str, given: tuple[list[str], list[str]], *, as_json: bool) -> None:
    import tempfile

    from datahub.cli.compiled import compiled
    from datahub.cli.inputs import pairs, sources, world
    from datahub.cli.memory import prepare_run
    from datahub.engine.profile import Profile
    from datahub.reports.analysis import analysis, measured
    from datahub.runner.parameters import parameters
    from datahub.runner.run import Options, run

    files, texts = sources(given[0]), pairs(given[1], "--param", "NAME=VALUE")
    plan = compiled(path, flow).plan
    prepare_run()
    profile = Profile()
    with world(), tempfile.TemporaryDirectory(prefix="dhm-analyze-") as folder:
        report = run(plan, files, Path(folder), parameters=parameters(plan, texts), options=Options(profile=profile))
    took = (plan, profile, report.rows_read, report.seconds, _peak())
    give(json.dumps(measured(*took), ensure_ascii=False, indent=2) + "\n" if as_json else analysis(*took))
    raise typer.Exit(Exit.DONE)


def _peak() -> int:
    """The most memory that this process held so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _plan(path: Path, flow: str, *, as_json: bool) -> None:
    from datahub.cli.compiled import compiled

    plan = compiled(path, flow).plan
    if as_json:
        from datahub.plan.serde import to_json

        give(to_json(plan) + "\n")
    else:
        from datahub.plan.explain import explain

        give(explain(plan))
    raise typer.Exit(Exit.DONE)
