"""A job of dhm.toml under another name, however the file is written."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import tomlkit
import tomlkit.exceptions

from datahub.cli.output import Stop


def copied(text: str, job: str, name: str) -> tuple[str, list[str]]:
    """The file with the copy in it, and the addresses of its webhooks."""
    meant = tomllib.loads(text)
    one = copy.deepcopy(meant["jobs"][job])
    one["enabled"] = False
    addresses = list(_addressed_anew(one, name))
    meant["jobs"][name] = one
    for way in (_beside, _within, _behind, _plain):
        # Tables that stand in several places can be read as one, and not always be written so.
        with suppress(tomlkit.exceptions.TOMLKitError, AttributeError, TypeError, tomllib.TOMLDecodeError):
            if tomllib.loads(made := way(text, job, name)) == meant:
                return made, addresses
    raise Stop(f"`{job}` cannot be copied as it is written", "give it a table of its own, `[jobs.NAME]`, and copy it then")


def _beside(text: str, job: str, name: str) -> str:
    """The copy where the other jobs stand."""
    document = tomlkit.parse(text)
    made = _switched_off(document["jobs"][job], name)
    document["jobs"].add(tomlkit.nl())
    document["jobs"][name] = made
    return tomlkit.dumps(document)


def _within(text: str, job: str, name: str) -> str:
    """The copy on the line that all jobs stand on."""
    document = tomlkit.parse(text)
    document["jobs"][name] = _switched_off(document["jobs"][job], name)
    return tomlkit.dumps(document)


def _behind(text: str, job: str, name: str) -> str:
    """The copy at the end of the file, with the comments of the job."""
    return _at_the_end(text, name, _switched_off(tomlkit.parse(text)["jobs"][job], name))


def _plain(text: str, job: str, name: str) -> str:
    """The copy at the end of the file, by its values alone."""
    return _at_the_end(text, name, _switched_off(tomlkit.item(tomllib.loads(text)["jobs"][job]), name))


def _at_the_end(text: str, name: str, made: Any) -> str:
    jobs = tomlkit.table(is_super_table=True)
    jobs.append(name, made)
    return f"{text.rstrip()}\n\n{tomlkit.dumps({'jobs': jobs}).strip()}\n"


def _switched_off(job: Any, name: str) -> Any:
    made = copy.deepcopy(job)
    made["enabled"] = False
    list(_addressed_anew(made, name))
    return made


def _addressed_anew(made: Any, name: str) -> Iterator[str]:
    """Give each webhook of a copy an address of its own, named after it."""
    triggers = made.get("triggers", [])
    hooks = [one for one in (triggers if isinstance(triggers, list) else [triggers]) if one.get("kind") == "webhook"]
    for number, hook in enumerate(hooks, 1):
        hook["path"] = name[:60] if number == 1 else f"{name[:60]}-{number}"
        yield hook["path"]
