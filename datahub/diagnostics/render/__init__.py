"""One list of findings in the forms that people, editors, servers and dashboards read: one module a form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import cast

from datahub.diagnostics.diagnostic import Diagnostic

FORMS = ("text", "json", "sarif", "github", "gitlab", "junit")


def render(form: str, found: Sequence[Diagnostic], paths: Sequence[str], example: Callable[[str], str] | None = None) -> str:
    """`found` in one of `FORMS`; `paths` are all files looked at, those without findings too.

    A form that explains its rules shows the `example` of each code, in Markdown.
    """
    module = import_module(f"{__name__}.{form}")
    return cast(str, module.render(found, paths, example) if form == "sarif" else module.render(found, paths))
