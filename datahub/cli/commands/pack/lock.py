"""Choose a version of every pack that the project uses, and write dhm.lock.

What is locked stays as it is where it still suits everybody; `dhm pack update` takes newer versions. What overrides were written against
stays too, so that `dhm check` can tell where a pack has changed below them, until `--accept` takes it as it is now.

Exit codes: 0 done, 1 no version suits everybody or a pack may not be used, 75 a server did not answer.
"""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    accept: Annotated[bool, typer.Option("--accept", help="Take what is overridden as the packs have it now.")] = False,
) -> None:
    from datahub.cli.packs import lock_again, project_or_stop

    lock_again(project_or_stop(), accept=accept)
