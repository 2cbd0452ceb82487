"""HTML as values: text is escaped by being put into an element, so that no value of a file can be markup."""

from __future__ import annotations

import html
from collections.abc import Iterable


class Markup(str):
    """Text that is HTML already; only `element` and `page` make it."""

    __slots__ = ()


Part = str | int | Iterable["Part"] | None


def element(tag: str, *inside: Part, **attributes: str) -> Markup:
    """`<tag attributes>inside</tag>`; `class_` stands for `class`."""
    given = "".join(f' {name.rstrip("_").replace("_", "-")}="{html.escape(value)}"' for name, value in attributes.items() if value)
    return Markup(f"<{tag}{given}>{_joined(inside)}</{tag}>")


def page(title: str, style: str, *inside: Part) -> str:
    """A whole document that loads nothing: its style, which is our own text, stands in it."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{html.escape(title)}</title>'
    policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    return f'<!doctype html>\n<html lang="en"><head>{head}{policy}<style>{style}</style></head>\n<body>{_joined(inside)}</body></html>\n'


def _joined(part: Part) -> str:
    match part:
        case None:
            return ""
        case Markup():
            return part
        case str():
            return html.escape(part)
        case int():
            return f"{part:,}"
        case _:
            return "".join(map(_joined, part))
