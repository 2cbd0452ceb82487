"""What a name of another tool means here: functions, forms of the language, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from datahub.functions.declare import Function
from datahub.functions.elsewhere.absent import ABSENT, Absent
from datahub.functions.elsewhere.forms import FORMS, Form
from datahub.functions.elsewhere.formulas import FORMULAS
from datahub.functions.elsewhere.french import english
from datahub.functions.elsewhere.habits import HABITS
from datahub.functions.elsewhere.spelling import bare, shorter, spelled
from datahub.records import record

_T = TypeVar("_T", Form, Absent)


@record(frozen=True, slots=True)
class Meant:
    """What a name stands for; all three are empty where nobody calls anything so."""

    functions: tuple[Function, ...] = ()
    forms: tuple[Form, ...] = ()
    absent: tuple[Absent, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.functions or self.forms or self.absent)


def meant(every: Mapping[str, Function], about: str) -> Meant:
    """What is called `about` here or by another tool, Excel in French among them; else what it is called without the words in front
    that say little."""
    word = about.strip()
    found = _exactly(every, word)
    if found or not word:
        return found
    known = english(word)
    if known:
        return _exactly(every, known)
    return next(filter(None, (_exactly(every, one) for one in shorter(word))), Meant())


def called(function: Function) -> set[str]:
    """What other tools call the function, as names are compared: with the tool's name before it, and without."""
    found = {spelled(one) for name in function.also for one in (name, bare(name))}
    for tool, text in (("sql", function.sql), ("excel", function.excel)):
        head, _, rest = text.lstrip("=").partition("(")
        found |= {spelled(text)}
        # `COUNTIF(x, v) > 0` is a use of it that means the same, not its name.
        if not rest or rest.endswith(")"):
            found |= {spelled(head), spelled(f"{tool} {head}")}
    return found - {""}


def _exactly(every: Mapping[str, Function], about: str) -> Meant:
    word = spelled(about)
    if not word:
        return Meant()
    found = Meant(tuple(_functions(every, about, word)), _named((*FORMS, *FORMULAS), word), _named(ABSENT, word))
    return (about.startswith("$") and _marked(found, f" {about}")) or found


def _marked(found: Meant, name: str) -> Meant:
    """Those of what was found that some tool calls just so: `$merge` is JSONata's, and not the `merge` of tables."""
    return Meant(
        tuple(one for one in found.functions if any(other.endswith(name) for other in one.also)),
        tuple(one for one in found.forms if any(other.endswith(name) for other in one.names)),
        tuple(one for one in found.absent if any(other.endswith(name) for other in one.names)),
    )


def _functions(every: Mapping[str, Function], about: str, word: str) -> Iterable[Function]:
    if about in every:
        return (every[about],)
    found = [one for one in every.values() if word == spelled(one.name) or word in called(one)]
    if any(spelled(one.name) == word for one in found):
        return found
    habits = (every[one] for one in HABITS.get(word, ()) if one in every)
    return {one.name: one for one in (*habits, *found)}.values()


def _named(those: tuple[_T, ...], word: str) -> tuple[_T, ...]:
    return tuple(one for one in those if any(word in (spelled(name), spelled(bare(name))) for name in one.names))
