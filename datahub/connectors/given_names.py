"""The names that files of one run are given, and those of what announces them: none of them is given twice at one place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from datahub.connectors.declare import Receipt


class GivenNames:
    """The names of what a run has staged and not shown yet, whichever target and connection it is for.

    Whether two of one name are in one folder is not guessed from how connections are told: a staged file lies under a hidden
    name, which nothing else has, where it will be shown; whoever sees it in its own folder looks at the same place.
    """

    def __init__(self) -> None:
        self._files: dict[str, list[Receipt]] = defaultdict(list)
        self._announcing: dict[str, list[Receipt]] = defaultdict(list)

    def add(self, receipt: Receipt) -> None:
        """From now on the name is given, and that of what announces the file."""
        self._files[_name(receipt.locator)].append(receipt)
        if receipt.done:
            self._announcing[_name(receipt.done)].append(receipt)

    def file(self, name: str, sees: Callable[[str], bool]) -> Receipt | None:
        """The file that will be called `name` in the folder of which `sees` tells whether a name is there."""
        return _seen(self._files.get(name, ()), sees)

    def announcing(self, name: str, sees: Callable[[str], bool]) -> Receipt | None:
        """The file that will be announced there by one called `name`."""
        return _seen(self._announcing.get(name, ()), sees)


def _seen(receipts: list[Receipt] | tuple[()], sees: Callable[[str], bool]) -> Receipt | None:
    return next((one for one in receipts if sees(_name(one.temporary))), None)


def _name(path: str) -> str:
    return path.rpartition("/")[2]
