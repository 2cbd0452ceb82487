"""What a pack may not say: a host that data would go to or come from, and a secret."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from datahub.diagnostics.diagnostic import Diagnostic, Label
from datahub.document import Document, Span
from datahub.packs.contents import Contents
from datahub.packs.rules import NAMES_A_PLACE
from datahub.project.telltale import ISSUED, NAMED
from datahub.syntax import ast
from datahub.syntax.parser import parse
from datahub.syntax.walk import walk

_ADDRESS = re.compile(r"\b(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>[^\s\"'<>|,;]*)", re.IGNORECASE)
_PASSWORD = re.compile(r"[^/@\s]*:[^/@\s]+@")
_NUMBERS = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|\[[0-9a-f:]{3,39}\]|(?<![\w:])(?=[0-9a-f:]*[0-9a-f]{3})(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])",
    re.IGNORECASE,
)
_JDBC = re.compile(r"\bjdbc:[a-z][\w+:-]*:[@/]*(?P<host>[\w-][\w.-]*)", re.IGNORECASE)
_NAMES = re.compile(
    r"(?<![\w.-])(?:localhost|(?:s?ftps?|www|api|smtp|imap|ssh|vpn|ldap|webdav)\d*\.(?:[a-z0-9-]+\.)+[a-z]{2,}|(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:com|org|cloud|internal|local|lan)|(?:[a-z0-9-]+\.)+[a-z]{2,}(?=:\d{4,5}\b))"
    r"(?::\d{1,5})?(?![\w-]|\.\w)",
    re.IGNORECASE,
)
"""Names of hosts without a scheme. `.fr`, `.de`, `.net` are ends of columns too: told with a port, or behind the name of a service."""
_SHARES = re.compile(r"(?<!\\)\\{4}(?P<host>[\w.-]{2,})\\{2}[\w$]")
"""Shares of Windows, as they are written in quotes."""
_BEARER = re.compile(r"\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/-]{16,}=*|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_LOGIN = re.compile(r"(?<![\w@/.:+-])(?!mailto:)[\w.+-]+:[^\s:@/{}]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_SAID = re.compile(
    r"(?<![\w-])(?:pass(?:word|phrase|wd)?|pwd|secret|(?:access[_-]?)?token|api[_-]?key)=[^\s{}$&;,\"'<>|]{3,}", re.IGNORECASE
)
_TOLD = re.compile(
    r"(?<![\w-])(?:pass(?:word|phrase|wd)?|pwd|secret|(?:access[_ -]?)?token|api[_ -]?key)\b[`*\"']*[ \t]*[:=][ \t]*[`*\"']*"
    r"(?=\S*\d)(?=\S*[A-Za-z])[^\s{}()$&;,\"'<>|`]{8,}",
    re.IGNORECASE,
)
"""A secret in words: `password: Hunter2-geheim9`. Of letters and digits, since `password: required` says none."""
_COMMENT = re.compile(r"(?:^|[ \t])#[^\n\"]*$", re.MULTILINE)
_GIVEN_AWAY = (
    (_BEARER, "this lets in whoever has it"),
    (_LOGIN, "a password stands before the host"),
    (_SAID, "what stands before it says that this is a secret"),
)
_FOR_EXAMPLES = re.compile(r"(?:[\w-]+\.)*(?:example(?:\.(?:com|org|net))?|test|invalid)(?::\d+)?")
"""The names that are nobody's (RFC 2606, RFC 6761)."""
_VOCABULARY = ("http://www.w3.org/", "https://www.w3.org/", "http://schema.org/", "https://schema.org/", "http://base.google.com/ns/")
"""Addresses that name a vocabulary in XML and JSON-LD; nobody connects to them."""
_DATA = (".csv", ".tsv", ".json", ".jsonl", ".xml")


def places_named(contents: Contents) -> Iterator[Diagnostic]:
    """Each host and each secret in a pack: in its scripts, in the data beside them, and secrets in words about it too."""
    for path in contents.files:
        document = contents.document(path)
        if path.endswith(".dhm"):
            yield from _in_script(document)
        else:
            whole = Span(document, 0, len(document.text))
            yield from _in_text(document, whole, hosts="addresses" if path.endswith(_DATA) else "", example=True)
            yield from () if path.endswith(_DATA) else _in_words(whole)


def _in_script(document: Document) -> Iterator[Diagnostic]:
    # Comments are words about a script; a host in them is a link to read on, a secret in them is given away all the same.
    whole = Span(document, 0, len(document.text))
    told = {one.at.span.start: one for one in _in_text(document, whole, hosts="", example=False)}
    for comment in _COMMENT.finditer(document.text):
        for one in _in_words(Span(document, *comment.span())):
            told.setdefault(one.at.span.start, one)
    for declared in parse(document, lambda _: None).declarations:
        nodes = tuple(walk(declared))
        # A namespace of XML is a name that looks like an address.
        names = {id(one) for node in nodes if isinstance(node, ast.Option) and node.name.text == "namespaces" for one in walk(node)}
        for node in nodes:
            for one in () if id(node) in names else _in_node(node, document, example=isinstance(declared, ast.Test)):
                told.setdefault(one.at.span.start, one)
    yield from (told[start] for start in sorted(told))


def _in_words(span: Span) -> Iterator[Diagnostic]:
    """Secrets that words about a pack give away."""
    for pattern, what in ((_TOLD, "what stands before it says that this is a secret"), (_BEARER, "this lets in whoever has it")):
        for found in pattern.finditer(span.text):
            yield _secret(Span(span.document, span.start + found.start(), span.start + found.end()), what)


def _in_node(node: object, document: Document, example: bool) -> Iterator[Diagnostic]:
    match node:
        case ast.String(span=span) | ast.Cell(span=span) | ast.Template(span=span):
            yield from _in_text(document, span, hosts="all", example=example)
        case ast.FieldItem(name=name, value=ast.String() as value) | ast.Option(name=name, value=ast.String() as value):
            if NAMED.search(name.text) and value.value:
                yield _secret(value.span, "its name says that this is a secret")
        case ast.Param(name=name, default=ast.String() as value):
            if NAMED.search(name.text) and value.value:
                yield _secret(value.span, "its name says that this is a secret")
        case _:
            return


def _in_text(document: Document, span: Span, *, hosts: str, example: bool) -> Iterator[Diagnostic]:
    """What a stretch of text names; `example` says whether the names that are nobody's may stand for a host.

    `hosts` is `all`, or `addresses` with a scheme alone: in data `1.2.3.4` is a number of a chapter as well.
    """
    text = span.text
    for found in ISSUED.finditer(text):
        yield _secret(Span(document, span.start + found.start(), span.start + found.end()), "this is a key")
    for found in _ADDRESS.finditer(text):
        at = Span(document, span.start + found.start(), span.start + found.end())
        host = found["rest"].partition("/")[0].partition("?")[0].rpartition("@")[2]
        if _PASSWORD.match(found["rest"]):
            yield _secret(at, "this address has a password in it")
        elif hosts and host and not found[0].startswith(_VOCABULARY) and not (example and _FOR_EXAMPLES.fullmatch(host.casefold())):
            yield _host(at, host)
    for pattern, what in _GIVEN_AWAY if hosts == "all" else ():
        for found in pattern.finditer(text):
            yield _secret(Span(document, span.start + found.start(), span.start + found.end()), what)
    for found in _SHARES.finditer(text) if hosts == "all" else ():
        yield _host(Span(document, span.start + found.start(), span.start + found.end()), found["host"])
    bare = _LOGIN.sub(lambda found: " " * len(found[0]), text) if hosts == "all" else text
    bare = _ADDRESS.sub(lambda found: " " * len(found[0]), bare)
    for found in _NUMBERS.finditer(bare) if hosts == "all" else ():
        if _is_address(found[0]):
            yield _host(Span(document, span.start + found.start(), span.start + found.end()), found[0])
    for found in _JDBC.finditer(bare) if hosts == "all" else ():
        yield _host(Span(document, span.start + found.start(), span.start + found.end()), found["host"])
    for found in _NAMES.finditer(bare) if hosts == "all" else ():
        if not (example and _FOR_EXAMPLES.fullmatch(found[0].casefold())):
            yield _host(Span(document, span.start + found.start(), span.start + found.end()), found[0])


def _is_address(text: str) -> bool:
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    if found.is_unspecified:
        return False
    return not any(found in net for net in _DOCUMENTED if net.version == found.version)


_DOCUMENTED = tuple(map(ipaddress.ip_network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")))


def _host(at: Span, host: str) -> Diagnostic:
    return Diagnostic(
        NAMES_A_PLACE,
        f"a pack names the host `{host}`",
        Label(at, "data would go there, or come from there"),
        help="take it out; what a script is connected with stands in the project's `dhm.toml`. In tests `example.com` can stand for a host",
    )


def _secret(at: Span, reason: str) -> Diagnostic:
    return Diagnostic(NAMES_A_PLACE, "a pack holds a secret", Label(at, reason), help="take it out, and change it: it has been given away")
