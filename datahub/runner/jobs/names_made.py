"""The names of the files that a run of a job leaves, as far as they are known before there is one."""

from __future__ import annotations

from collections.abc import Sequence

from datahub.connectors.file_names import about
from datahub.documents.told import extension, kind_of
from datahub.formats import load
from datahub.plan.operators import Plan
from datahub.project.binding import FilesTo
from datahub.project.slots import OF_FILE, OF_RUN, SLOT, slots_of

_RUN, _AT, _DAY = "20260131-120000-4f2ab", "20260131T120000Z", "20260131"
REJECTS_NAME = "{{STEM}}-{{RUN}}.{{FORMAT}}"
"""What files of rejects are called where the job does not say it: those of each run have names of their own."""


def names_of(job: str, target: str, told: FilesTo, plan: Plan) -> Sequence[str]:
    """The names of a target's files; none where its rows say what they are."""
    if told.documents:
        known = told.name and set(slots_of(told.name)) <= {*OF_RUN, "FORMAT"}
        return [name_in_run(told.name, job, target, f"{target}.{ending_of(target, told, plan)}")] if known else []
    return [name_in_run(told.name, job, target, f"{stem}.{ending_of(target, told, plan)}") for stem in _stems(target, plan)]


def name_in_run(template: str, job: str, target: str, name: str) -> str:
    """The name that a file has in some run, the same one for all that is asked here."""
    values = {"JOB": job, "RUN": _RUN, "TARGET": target, "TIMESTAMP": _AT, "DATE": _DAY, "FORMAT": name.rpartition(".")[2], **about(name)}
    # What a document's name takes of its row is not known before there is one.
    return SLOT.sub(lambda found: values.get(found[1].upper(), "x"), template) if template else name


def as_told(name: str) -> str:
    """A name of some run as a person is told of it: the run that it has never was."""
    for slot, value in (("RUN", _RUN), ("TIMESTAMP", _AT), ("DATE", _DAY)):
        name = name.replace(value, f"{{{{{slot}}}}}")
    return name


def done_file_of(told: FilesTo, name: str) -> str:
    """The name of what announces a file; empty where nothing does."""
    values = about(name)
    return SLOT.sub(lambda found: values[found[1].upper()], told.done_file) if set(slots_of(told.done_file)) <= {*OF_FILE} else ""


def ending_of(target: str, told: FilesTo, plan: Plan) -> str:
    """What the names of a target's files end in."""
    if told.documents:
        return extension(told.document or kind_of(told.template), told.template)
    return next((ending(one.kind) for one in plan.targets if one.name == target), "jsonl")


def ending(kind: str) -> str:
    """What the names of files of a kind end in."""
    return load()[kind].extension if kind in load() else "jsonl"


def _stems(target: str, plan: Plan) -> Sequence[str]:
    """Its own name; where it is no file of its own, or gets several entities, theirs."""
    writes = [item for item in plan.flow.writes if item.target == target] if plan.flow is not None else []
    apart = [entity for item in writes if not item.interleaved for entity in item.entities]
    declared = any(one.name == target and one.kind in load() for one in plan.targets)
    alone = declared and sum(1 if item.interleaved else len(item.entities) for item in writes) == 1
    together = any(item.interleaved for item in writes)
    return [target] if alone or not writes else [*([target] if together else []), *apart]
