"""Say what means something else in another version of a pack, and which of your target fields change with it.

OLD and NEW are folders or archives of the pack, or its name with a version behind an `@`, which the project's index has; a name alone
is the version that is locked. What is merely written in another way is no difference.

With `--mine` the scripts of the project are looked at too: every field that they give, with their overrides laid on.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from datahub.cli.output import Paint, Stop, give, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datahub.packs.differences import Difference


def command(
    old: Annotated[str, typer.Argument(help="The pack before.")],
    new: Annotated[str, typer.Argument(help="The pack after.")],
    mine: Annotated[bool, typer.Option("--mine", help="Say which fields of this project's scripts change.")] = False,
) -> None:
    from datahub.cli.packs import failures_told, project_or_stop, version_or_stop
    from datahub.packs.differences import field_differences, pack_differences
    from datahub.packs.locking import project_scripts

    before, after = version_or_stop(old), version_or_stop(new)
    if before.manifest.name != after.manifest.name:
        raise Stop(f"these are two packs: {before.called} and {after.called}")
    paint = Paint(sys.stdout)
    with failures_told():
        found = pack_differences(before, after)
        give(f"{paint('1', before.manifest.name)} {before.manifest.version} -> {after.manifest.version}\n")
        give("".join(_told(one, paint) for one in found))
        if not found:
            say("nothing means anything else")
        for script in project_scripts(project := project_or_stop()) if mine else ():
            _tell_script(script.relative_to(project.folder).as_posix(), field_differences(script, before, after), paint)


def _tell_script(name: str, found: Iterable[Difference], paint: Paint) -> None:
    told = "".join(_told(one, paint) for one in found)
    give(f"\n{paint('1', name)}\n{told or '  nothing changes'}" + ("" if told else "\n"))


def _told(one: Difference, paint: Paint) -> str:
    if not one.before and not one.now:
        return f"  {paint('33', '~')} {one.item}\n"
    if not one.before or not one.now:
        return f"  {paint('32', '+') if one.now else paint('31', '-')} {one.item}    {one.now or one.before}\n"
    if one.before == one.now:
        return f"  {paint('33', '~')} {one.item}    written as before; what it calls or reads means something else\n"
    if one.lines:
        return f"  {paint('33', '~')} {one.item}\n" + "".join(f"      {line}\n" for line in one.lines)
    return f"  {paint('33', '~')} {one.item}\n      before  {one.before}\n      now     {one.now}\n"
