"""Slots in names of files, `stock-{{TIMESTAMP}}.csv`: how they are written, and which can be filled."""

from __future__ import annotations

import re
from collections.abc import Sequence

from datahub.diagnostics.suggest import listed, nearest
from datahub.project.model import mistake

SLOT = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
OF_RUN = ("JOB", "RUN", "TARGET", "TIMESTAMP", "DATE")
"""What names can say of a run."""
OF_FILE = ("NAME", "STEM")
"""What names can say of a file: its name, and that without its last ending."""


def slots_of(name: str) -> list[str]:
    """What a name asks for, in capitals."""
    return [found[1].upper() for found in SLOT.finditer(name)]


def check_slots(key: str, name: str, known: Sequence[str], *, path: bool = False) -> None:
    """A mistake for the first slot of a name that nothing fills, or where it would be a path, and may be none."""
    if not path:
        check_name(key, name)
    for slot in slots_of(name):
        if slot not in known:
            near = nearest(slot, known)
            help = f"did you mean `{{{{{near}}}}}`?" if near else f"there are {listed([f'{{{{{one}}}}}' for one in known], 12)}"
            raise mistake("slot", f"nothing fills `{{{{{slot}}}}}`", key=key, help=help)


def check_done_file(name: str, done_file: str, key: str | tuple[str, ...] = "done_file") -> None:
    """A mistake where what announces a file has the file's own name."""
    stem = name.rpartition(".")[0] or name
    values = {"NAME": name, "STEM": stem}
    made = SLOT.sub(lambda found: values.get(found[1].upper(), found[0]), done_file)
    if done_file and _even(made) == _even(name):
        help = "give it a name of its own, such as `{{NAME}}.done`"
        raise mistake("done_file", f"`{done_file}` is the name of the file itself that it announces", key=key, help=help)


def _even(name: str) -> str:
    """A name whose slots are all written in one way."""
    return SLOT.sub(lambda found: f"{{{{{found[1].upper()}}}}}", name)


def check_name(key: str, name: str) -> None:
    """A mistake where a name would be a path."""
    if "/" in name or "\\" in name:
        help = "folders are named in `folder`" if key == "name" else "it lies beside the file"
        raise mistake("name", f"`{name}` is a path, and `{key}` is the name of a file", key=key, help=help)
