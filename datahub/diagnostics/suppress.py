"""`# dhm: allow CODE because "…"`: findings that the author of a script has looked at and accepts.

They are those of one line; with `in block` behind the codes those of all that begins there, with `in file` those of the file.

The comments are found in the text, not in the tree, so that they count in a script that does not parse as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from datahub.diagnostics.diagnostic import Diagnostic, Edit, Fix, Label
from datahub.diagnostics.rule import Severity
from datahub.diagnostics.rules import ALLOWANCE_WITHOUT_REASON, UNREAD_DIRECTIVE, UNUSED_ALLOWANCE
from datahub.diagnostics.suggest import listed
from datahub.document import Document, Span
from datahub.records import record

_DIRECTIVE = re.compile(r"(?:^|(?<=\s))#[ \t]*dhm:[ \t]*(?P<words>.*?)[ \t]*$")
_ALLOW = re.compile(
    r"allow[ \t]+(?P<codes>[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)(?:[ \t]+in[ \t]+(?P<reach>file|block))?(?:[ \t]+because[ \t]*(?P<reason>.*))?"
)
_CODE = re.compile(r"[\w-]+")


@record(frozen=True, slots=True)
class Allowance:
    """One comment: the codes or names it allows, each with its place, and the lines on which they are allowed."""

    span: Span
    codes: tuple[Span, ...]
    lines: range
    where: str
    reason: str

    def reaches(self, finding: Diagnostic) -> bool:
        """Whether `finding` stands where this comment speaks of."""
        return finding.at.span.document is self.span.document and finding.at.span.line in self.lines

    def covers(self, finding: Diagnostic) -> Span | None:
        """The place of the code that allows `finding`; an error is never allowed."""
        if finding.level is Severity.ERROR or not self.reaches(finding):
            return None
        return next((code for code in self.codes if code.text in (finding.rule.code, finding.rule.name)), None)


def suppress(
    found: Iterable[Diagnostic], documents: Iterable[Document], is_known: Callable[[str], bool] = lambda _: True
) -> list[Diagnostic]:
    """`found` without what comments in `documents` allow, and with what is wrong with those comments.

    `is_known` says whether there is a finding of a code or name; it is asked of those that allow nothing.
    """
    allowances: list[Allowance] = []
    kept: list[Diagnostic] = []
    for document in documents:
        for read in _directives(document):
            if isinstance(read, Allowance):
                allowances.append(read)
            else:
                kept.append(read)
    used: set[Span] = set()
    refused: set[Span] = set()
    for finding in found:
        covering = [code for allowance in allowances if (code := allowance.covers(finding))]
        used.update(covering)
        refused.update(_refused(finding, allowances))
        if not covering:
            kept.append(finding)
    for allowance in allowances:
        if not allowance.reason and not used.isdisjoint(allowance.codes):
            kept.append(_without_reason(allowance))
        kept.extend(_without_effect(allowance, used, refused, is_known))
    return kept


def _directives(document: Document) -> Iterator[Allowance | Diagnostic]:
    """Every `# dhm:` comment of `document`: read, or the finding that it cannot be read."""
    if "dhm:" not in document.text:
        return
    inside_block = False
    lines = document.text.replace("\r", " ").split("\n")
    for number, line in enumerate(lines, 1):
        begins_inside, inside_block = inside_block, inside_block ^ (line.count('"""') % 2 == 1)
        match = _DIRECTIVE.search(line)
        if begins_inside or match is None or line[: match.start()].count('"') % 2:
            continue
        start = document.line_starts[number - 1]
        span = Span(document, start + match.start(), start + match.end("words"))
        yield _read(span, match, start, _covered(lines, number, match.start()), lines)


def _covered(lines: Sequence[str], number: int, column: int) -> int:
    """The line that a comment on line `number` speaks of: its own, or where it stands alone the next that holds code."""
    if lines[number - 1][:column].strip():
        return number
    after = (at for at in range(number, len(lines)) if (text := lines[at].strip()) and not text.startswith("#"))
    return next(after, number) + 1


def _block(lines: Sequence[str], first: int) -> range:
    """The lines of what begins on line `first`: up to the bracket that closes it, which is indented as that line is."""
    margin = _margin(lines[first - 1])
    for number in range(first + 1, len(lines) + 1):
        line = lines[number - 1]
        if line.strip() and _margin(line) <= margin and not line.lstrip().startswith(("{", "#")):
            return range(first, number + line.lstrip().startswith(("}", ")", "]")))
    return range(first, len(lines) + 1)


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _read(span: Span, match: re.Match[str], line_start: int, covered: int, lines: Sequence[str]) -> Allowance | Diagnostic:
    allow = _ALLOW.fullmatch(match["words"])
    if allow is None:
        message = "this `# dhm:` comment says nothing that is understood"
        return Diagnostic(UNREAD_DIRECTIVE, message, Label(span, ""), help='write `# dhm: allow CODE because "…"`')
    first = line_start + match.start("words") + allow.start("codes")
    codes = tuple(Span(span.document, first + code.start(), first + code.end()) for code in _CODE.finditer(allow["codes"]))
    reason = (allow["reason"] or "").strip(" \t\"'")
    match allow["reach"]:
        case "file":
            return Allowance(span, codes, range(1, len(lines) + 1), "this file", reason)
        case "block":
            block = _block(lines, covered)
            return Allowance(span, codes, block, f"what stands on lines {block.start} to {block.stop - 1}", reason)
        case _:
            return Allowance(span, codes, range(covered, covered + 1), f"line {covered}", reason)


def _refused(finding: Diagnostic, allowances: Iterable[Allowance]) -> Iterator[Span]:
    """The places where an error was meant to be allowed."""
    if finding.level is not Severity.ERROR:
        return
    for allowance in allowances:
        if allowance.reaches(finding):
            yield from (code for code in allowance.codes if code.text in (finding.rule.code, finding.rule.name))


def _without_reason(allowance: Allowance) -> Diagnostic:
    codes = [code.text for code in allowance.codes]
    message = f"{listed(codes)} {'is' if len(codes) == 1 else 'are'} allowed here, and nobody says why"
    said = allowance.span.text.partition("because")[0].rstrip()
    advice = f'say why: `{said} because "…"`'
    return Diagnostic(ALLOWANCE_WITHOUT_REASON, message, Label(allowance.span, "without a reason"), help=advice)


def _without_effect(allowance: Allowance, used: set[Span], refused: set[Span], is_known: Callable[[str], bool]) -> Iterator[Diagnostic]:
    idle = [code for code in allowance.codes if code not in used]
    whole = len(idle) == len(allowance.codes)
    for code in idle:
        if code in refused:
            where = ("on " if allowance.where.startswith("line") else "in ") + allowance.where
            yield _idle(code, f"`{code.text}` is an error {where}, and an error cannot be allowed", None)
        elif not is_known(code.text):
            yield _idle(code, f"there is no finding `{code.text}` that could be allowed", _removal(allowance) if whole else None)
        else:
            message = f"`{code.text}` is allowed here, but {allowance.where} does not raise it"
            yield _idle(code, message, _removal(allowance) if whole else None)


def _idle(code: Span, message: str, fix: Fix | None) -> Diagnostic:
    return Diagnostic(UNUSED_ALLOWANCE, message, Label(code, "allows nothing"), help="remove it", fix=fix)


def _removal(allowance: Allowance) -> Fix:
    """Delete the comment; where it stands alone, its line too."""
    document, start, end = allowance.span.document, allowance.span.start, allowance.span.end
    while start > 0 and document.text[start - 1] in " \t":
        start -= 1
    alone = start == 0 or document.text[start - 1] == "\n"
    if alone and document.text[end : end + 1] == "\r":
        end += 1
    if alone and document.text[end : end + 1] == "\n":
        end += 1
    return Fix("remove the comment", (Edit(Span(document, start, end), ""),))
