"""Begin a pack: a folder with its head, a first function with a test, and a README.

NAME is of two or three parts, the first of them yours: `acme.orders`. The folder is called like the pack where `--folder` names none.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from datahub.cli.output import Stop, give, say

_HEAD = """\
pack {name} 0.1.0 {{
  about   "What it is for, in one sentence"
  exports code
}}
"""
_FIRST = """\
## A code as everybody writes it: without blanks around it, in capitals.
fn code(x: text) = upper(trim(x))

test "codes" {
  assert code(" ab-1 ") = "AB-1"
}
"""
_README = """\
# {name}

What it is for.

```dhm
use {name} ^0.1
```
"""


def command(
    name: Annotated[str, typer.Argument(help="The name of the pack, such as acme.orders.")],
    folder: Annotated[Path | None, typer.Option(help="Where it begins.", show_default=False)] = None,
) -> None:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+", name):
        raise Stop(f"`{name}` is no name of a pack", "it has two parts or more, such as `acme.orders`; the first says whose it is")
    place = folder or Path(name)
    if (place / "pack.dhm").exists():
        raise Stop(f"`{place}` holds a pack already")
    place.mkdir(parents=True, exist_ok=True)
    for file, text in (("pack.dhm", _HEAD.format(name=name)), ("codes.dhm", _FIRST), ("README.md", _README.format(name=name))):
        path = place / file
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            give(f"{path}\n")
    say(f"next: `dhm check {place}`, `dhm test {place}`, and `dhm pack build {place}` when it is to be shared")
