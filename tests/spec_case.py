"""Runs one case of the specification through the public interface, and says where what came out is not what is written."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import unified_diff
from functools import cached_property
from pathlib import Path
from typing import Any

from datahub.diagnostics.diagnostic import Diagnostic
from datahub.diagnostics.render.text import render
from datahub.diagnostics.rule import Severity
from datahub.diagnostics.suppress import suppress
from datahub.document import Document
from datahub.reports.unwritable import with_unwritable
from datahub.semantic.loaders import Unusable
from tests.spec_runner import DATA, Block, Case

SCRIPT = "script.dhm"
PROSE = ("", "text", "sh", "console", "python", "toml")
ASSERTION = re.compile(r"#\s*(?P<kind>error|warning|note|type):\s*(?P<words>.+?)\s*$")
SPACES = re.compile(r" {2,}")


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as written; `block` is the one to rewrite, where rewriting can mend it."""

    line: int
    text: str
    block: Block | None = None
    actual: str = ""


def differences(case: Case, folder: Path) -> list[Difference]:
    """Everything in which `case` does not hold; `folder` is empty and may be filled."""
    return list(_Attempt(case, folder).differences())


class Files:
    """The other files and packs of a case, by name."""

    def __init__(self, case: Case) -> None:
        self._files: dict[str, Document] = {}
        self._packs: dict[str, list[Document]] = {}
        for block in case.of("dhm"):
            kind, _, name = block.about.partition(" ")
            if kind == "pack" and name:
                pack, _, file = name.partition("/")
                self._packs.setdefault(pack, []).append(Document(f"{pack}/{file or 'pack.dhm'}", block.text))
            elif block.about:
                self._files[block.about] = Document(block.about, block.text)

    def file(self, path: str, beside: Document) -> Document | None:
        return self._files.get(path)

    def siblings(self, document: Document) -> tuple[Document, ...]:
        return ()

    def pack(self, name: str, versions: str, beside: Document) -> tuple[Document, ...] | Unusable | None:
        from datahub.packs.folders import Folders

        found = self._packs.get(name)
        return tuple(found) if found else Folders().pack(name, versions, beside)


@dataclass
class _Attempt:
    case: Case
    folder: Path
    _found: list[Diagnostic] = field(default_factory=list)

    def differences(self) -> Iterator[Difference]:
        for block in self.case.blocks:
            if block.kind not in _KNOWN:
                yield Difference(block.first, f"no block is called `{block.kind}`")
        if self.case.script is not None:
            yield from self._misplaced()
        for block in self.case.blocks:
            if block.kind in _ANSWERS or (block.kind in DATA and not self._is_input(block)):
                actual = self._actual(block)
                if not _agree(block, actual):
                    yield Difference(block.first, _diff(block.text, actual), block, actual)
        if self._runs and not self.case.of("failure") and isinstance(self.ended, str):
            yield Difference(self.case.line, f"the run ended: {self.ended}")

    # ------------------------------------------------------------ checking

    @cached_property
    def script(self) -> Document:
        assert self.case.script is not None, "the case has no `dhm` block"
        return Document(SCRIPT, self.case.script.text)

    @cached_property
    def program(self) -> Any:
        from datahub.compiler import check

        told: list[Diagnostic] = []
        program = check(self.script, Files(self.case), told.append)
        self._found = sorted(suppress(told, [self.script]), key=lambda one: (one.at.span.document.path, one.at.span.start))
        return program

    @property
    def found(self) -> list[Diagnostic]:
        assert self.program is None or self.program
        return self._found

    def _misplaced(self) -> Iterator[Difference]:
        """Findings and types that the script does not state, and statements that do not hold."""
        stated = list(_assertions(self.script))
        strict = self.case.of("diagnostics") or any(one.kind == "warning" for one in stated)
        counted = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
        counted |= {Severity.NOTE} if any(one.kind == "note" for one in stated) else set()
        open_ = [one for one in self.found if one.level in counted]
        if self.case.of("diagnostics"):
            open_ = []
        for one in stated:
            if one.kind == "type":
                yield from self._mistyped(one)
                continue
            match = next((finding for finding in open_ if one.states(finding)), None)
            if match is not None:
                open_.remove(match)
            elif not any(one.states(finding) for finding in self.found):
                there = [f"{finding.level}: {finding.rule.code}" for finding in self.found if finding.at.span.line == one.line]
                yield Difference(self._line(one.line), f"no {one.kind} {one.words} here, but {' and '.join(there) or 'nothing'}")
        for finding in open_:
            where = finding.at.span
            place = self._line(where.line) if where.document is self.script else self.case.line
            yield Difference(place, f"not stated:\n{render([finding])}")

    def _mistyped(self, stated: _Assertion) -> Iterator[Difference]:
        from datahub.types.model import spelled

        if self.program is None:
            yield Difference(self._line(stated.line), "types are known of scripts without errors alone")
            return
        types = {spelled(kind) for line, kind in _types(self.program) if line == stated.line}
        if stated.words not in types:
            yield Difference(self._line(stated.line), f"no {stated.words} here, but {' and '.join(sorted(types)) or 'no expression'}")

    def _line(self, number: int) -> int:
        assert self.case.script is not None
        return self.case.script.first + number

    # ------------------------------------------------------------ running

    @cached_property
    def _runs(self) -> bool:
        data = self.case.of(*DATA, "source")
        return bool(data or self.case.of("issues", "rejects", "failure", "report", "run"))

    def _is_input(self, block: Block) -> bool:
        name = block.about.split(" ")[0]
        return self.program is not None and any(source.name == name for source in self.program.sources)

    @cached_property
    def options(self) -> dict[str, Any]:
        """What the `run` block says."""
        options: dict[str, Any] = {"parameters": {}, "as_of": None, "flow": None, "format": None}
        words = shlex.split(" ".join(block.text for block in self.case.of("run")))
        for name, value in zip(words[::2], words[1::2], strict=True):
            if name == "--param":
                key, _, text = value.partition("=")
                options["parameters"][key] = text
            else:
                options[name.removeprefix("--").replace("-", "_")] = value
        return options

    @cached_property
    def ended(self) -> Any:
        """The report of the run, or the words with which it ended."""
        from datahub.compiler import compile
        from datahub.engine.start import UnusableRun
        from datahub.formats.declare import BadInput
        from datahub.runner.parameters import Unreadable, parameters
        from datahub.runner.run import Options, run

        assert self.program is not None, "\n" + render([one for one in self.found if one.level is Severity.ERROR])
        plan = compile(self.script, Files(self.case), lambda _: None, self.options["flow"])
        assert plan is not None
        as_of = self.options["as_of"]
        options = Options(format=self._format(), as_of=datetime.fromisoformat(as_of) if as_of else None, script=SCRIPT)
        try:
            report = run(
                plan, self._inputs(), self.folder / "out", parameters=parameters(plan, self.options["parameters"]), options=options
            )
        except (BadInput, UnusableRun, Unreadable) as error:
            code = getattr(error, "code", "")
            return f"{code} {error}".strip()
        return report.reason if report.status == "aborted" else report

    def _format(self) -> str:
        if self.options["format"]:
            return str(self.options["format"])
        entities = {entity.name for entity in self.program.entities}
        kinds = {block.kind for block in self.case.of(*DATA) if block.about in entities and not self._is_input(block)}
        assert len(kinds) < 2, "the entities of one case are expected in one format"
        return kinds.pop() if kinds else "jsonl"

    def _inputs(self) -> dict[str, list[str]]:
        inputs: dict[str, list[str]] = {}
        for block in self.case.of(*DATA, "source"):
            if not self._is_input(block):
                continue
            name, _, file = block.about.partition(" ")
            several = inputs.setdefault(name, [])
            nth = f"-{len(several) + 1}" if several else ""
            path = self.folder / "in" / (file or f"{name}{nth}.{block.kind}")
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(block.text.encode())
            several.append(str(path))
        return inputs

    # ------------------------------------------------------------ what came out

    def _actual(self, block: Block) -> str:
        answer = _ANSWERS.get(block.kind)
        return answer(self, block) if answer else self._output(block)

    def _output(self, block: Block) -> str:
        if isinstance(self.ended, str):
            return f"the run ended: {self.ended}\n"
        path = self.folder / "out" / f"{block.about}.{block.kind}"
        if not path.exists():
            there = sorted(str(one.relative_to(self.folder / "out")) for one in (self.folder / "out").rglob("*") if one.is_file())
            return f"there is no {block.about}.{block.kind}, but {', '.join(there)}\n"
        return path.read_bytes().decode()

    def _issues(self, block: Block) -> str:
        import pyarrow.parquet as pq

        path = self.folder / "out" / "run" / "issues.parquet"
        if isinstance(self.ended, str):
            return f"the run ended: {self.ended}\n"
        rows = pq.read_table(path).to_pylist() if path.exists() else []
        several = len(self.program.maps) > 1
        rows.sort(key=lambda row: (row["file"] or "", row["line"] or 0))
        if block.about:
            return _aligned([["-" if row[name] is None else str(row[name]) or '""' for name in block.about.split()] for row in rows])
        return _aligned([_issue(row, several=several) for row in rows])

    def _rejects(self, block: Block) -> str:
        if isinstance(self.ended, str):
            return f"the run ended: {self.ended}\n"
        found = list((self.folder / "out" / "run" / "rejects").glob(f"{block.about}.*"))
        return found[0].read_bytes().decode() if found else ""

    def _failure(self, _: Block) -> str:
        return f"{self.ended}\n" if isinstance(self.ended, str) else ""

    def _report(self, _: Block) -> str:
        if isinstance(self.ended, str):
            return f"the run ended: {self.ended}\n"
        fates = ("written", "rejected", "merged", "filtered", "empty", "looked_up")
        lines = []
        for source in self.ended.sources:
            parts = [f"{getattr(source, fate)} {fate.replace('_', ' ')}" for fate in fates if getattr(source, fate)]
            lines.append(f"{source.source}: {source.read} read = {' + '.join(parts) or '0'}\n")
        lines += [f"{entity}: {count} rows\n" for entity, count in self.ended.entities.items()]
        lines += [f"{place}: {count} recovered\n" for place, count in self.ended.recovered.items()]
        lines += [f"{warning}\n" for warning in self.ended.warnings]
        return "".join(lines)

    def _diagnostics(self, _: Block) -> str:
        return render([one for one in self.found if one.level is not Severity.NOTE])

    def _signature(self, _: Block) -> str:
        return _aligned([[f"{name}.{field}", " ".join(codes)] for name, field, codes in with_unwritable(self.program) if codes])

    def _formatted(self, _: Block) -> str:
        from datahub.syntax.format import format_script

        return format_script(self.script)

    def _plan(self, _: Block) -> str:
        from datahub.compiler import compile
        from datahub.plan.explain import explain

        plan = compile(self.script, Files(self.case), lambda _: None, self.options["flow"])
        assert plan is not None
        return explain(plan)

    def _eval(self, block: Block) -> str:
        lines = [line.partition(" → ")[0].rstrip() for line in block.text.splitlines()]
        return "".join(f"{line} → {_answered(self._answer(line))}\n" if line else "\n" for line in lines)

    def _answer(self, expression: str) -> Mapping[str, Any]:
        """What an expression gives, beside what the script of the case declares."""
        from datahub.testing.expressions import answer

        if self.case.script is None:
            return answer(expression).as_json()
        from datahub.engine.start import given, run_state
        from datahub.plan.lower import lower

        program, world = self.elaborated.program, self.elaborated.units[-1].world
        plan = lower(program, None, ())
        as_of = self.options["as_of"]
        moment = datetime.fromisoformat(as_of) if as_of else datetime.now(UTC)
        return answer(expression, world, run_state(plan, moment, given(plan, {}))).as_json()

    @cached_property
    def elaborated(self) -> Any:
        from datahub.semantic.elaborate import elaborate_whole
        from datahub.syntax.parser import parse

        found: list[Diagnostic] = []
        whole = elaborate_whole(parse(self.script, found.append), Files(self.case), found.append)
        wrong = [one for one in found if one.level is Severity.ERROR]
        assert not wrong, "\n" + render(wrong)
        return whole

    def _tests(self, _: Block) -> str:
        from datahub.cli.commands.test import shown
        from datahub.cli.output import Paint
        from datahub.syntax.parser import parse
        from datahub.testing.cases import run_tests

        results = run_tests(self.elaborated, parse(self.script, lambda _: None))
        return "".join(f"passed {one.name}\n" if one.passed else shown(one, Paint(io.StringIO())) for one in results)


_ANSWERS: dict[str, Callable[[_Attempt, Block], str]] = {
    "issues": _Attempt._issues,
    "rejects": _Attempt._rejects,
    "failure": _Attempt._failure,
    "report": _Attempt._report,
    "diagnostics": _Attempt._diagnostics,
    "signature": _Attempt._signature,
    "formatted": _Attempt._formatted,
    "plan": _Attempt._plan,
    "eval": _Attempt._eval,
    "tests": _Attempt._tests,
}
_KNOWN = {*_ANSWERS, *DATA, *PROSE, "dhm", "run", "source"}


@dataclass(frozen=True, slots=True)
class _Assertion:
    kind: str
    words: str
    line: int

    def states(self, finding: Diagnostic) -> bool:
        return (
            finding.at.span.document.path == SCRIPT
            and finding.at.span.line == self.line
            and finding.level.value == self.kind
            and self.words in (finding.rule.code, finding.rule.name)
        )


def _assertions(script: Document) -> Iterator[_Assertion]:
    lines = script.text.split("\n")
    for number, line in enumerate(lines, 1):
        if not (match := ASSERTION.search(line)):
            continue
        about = number
        if not line[: match.start()].strip():
            about = next(
                (at + 1 for at in range(number, len(lines)) if lines[at].strip() and not lines[at].lstrip().startswith("#")), number
            )
        words = [match["words"]] if match["kind"] == "type" else [word.strip() for word in match["words"].split(",")]
        yield from (_Assertion(match["kind"], word, about) for word in words)


def _types(program: Any) -> Iterator[tuple[int, Any]]:
    """The line and type of every assignment of the script."""
    from datahub.semantic import ir

    for rowset in (*program.views, *program.maps):
        body = rowset.body
        keys = [key for clause in body.clauses if isinstance(clause, ir.GroupClause) for key in clause.keys]
        for one in (*keys, *body.lets, *body.fields):
            if one.origin.script == SCRIPT:
                value = one.value
                while isinstance(value, ir.Fit):
                    value = value.value
                yield one.origin.line, value.type
    for rule in program.rules:
        for one in (*rule.sets, *rule.otherwise):
            yield one.origin.line, one.value.type


def _issue(row: Mapping[str, Any], *, several: bool) -> list[str]:
    place = f"{Path(row['file'] or '').stem}:{row['line']}{row['path'] or ''}"
    name = ".".join(part for part in (row["entity"] if several or not row["field"] else "", row["field"]) if part)
    value = "-" if row["value"] is None else str(row["value"]).replace("\n", "\\n")
    cells = [place, name or "-", row["code"], value]
    return cells if row["severity"] == "error" else [*cells, f"({row['severity']})"]


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    wide = [max((len(row[at]) for row in rows if len(row) > at), default=0) for at in range(max(map(len, rows)))]
    return "".join("  ".join(cell.ljust(wide[at]) for at, cell in enumerate(row)).rstrip() + "\n" for row in rows)


def _answered(answer: Mapping[str, Any]) -> str:
    for word in ("rejected", "refused"):
        if word in answer:
            return str(answer[word])
    return "null" if "null" in answer else json.dumps(answer["value"], ensure_ascii=False)


def _agree(block: Block, actual: str) -> bool:
    """Whether a block says what came out; spaces that only align do not count, nor the layout of JSON."""
    if block.kind == "jsonl":
        return _jsons(block.text.splitlines()) == _jsons(actual.splitlines())
    if block.kind == "json":
        return _jsons([block.text]) == _jsons([actual])
    if block.kind == "csv":
        return list(csv.reader(io.StringIO(block.text))) == list(csv.reader(io.StringIO(actual))) and (
            '"' not in block.text or block.text == actual
        )
    if block.kind in ("issues", "signature"):
        return [SPACES.split(line.strip()) for line in block.text.splitlines()] == [
            SPACES.split(line.strip()) for line in actual.splitlines()
        ]
    return block.text.rstrip() == actual.rstrip()


def _jsons(texts: Sequence[str]) -> list[Any]:
    """Documents with their fields in order and their numbers as written: 1.50 is not 1.5."""

    def number(text: str) -> tuple[str, str]:
        return ("number", text)

    try:
        return [json.loads(text, parse_float=number, parse_int=number, object_pairs_hook=list) for text in texts if text.strip()]
    except json.JSONDecodeError:
        return list(texts)


def _diff(expected: str, actual: str) -> str:
    return "\n".join(unified_diff(expected.splitlines(), actual.splitlines(), "written", "came out", lineterm=""))
