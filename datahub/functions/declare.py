"""How a function of the language is declared: one place for signature, kernel, documentation and examples.

A kernel works on whole columns. Each of its arguments is a `pa.Array`, or a `pa.Scalar` where the script wrote a
constant there; at least one is an array (of length 1 where all are constant). A parameter marked `!` must be
constant in the script and arrives as a Python value.

Null rule: unless a parameter is declared nullable (`text?`), null in gives null out; the engine sees to it, and
drops what a kernel reports for such rows. A kernel must only survive nulls.

A kernel that can fail for single rows answers an `Outcome`: values, and for each reject code which rows failed
(their values are ignored). It never raises for data.

A distribution of somebody else's declares functions the same way, under a name with a point (`acme.stock_code`), and names each
in an entry point: `datahub.functions.extensions` loads those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from datahub.records import record
from datahub.types import model as t

if TYPE_CHECKING:
    import numpy.typing as npt

Datum: TypeAlias = "pa.Array | pa.Scalar"
Mask: TypeAlias = "npt.NDArray[np.bool_]"
Floats: TypeAlias = "npt.NDArray[np.float64]"
Offsets: TypeAlias = "npt.NDArray[np.int64]"
"""Where segments begin in a column, and at the end its length: segment i is `values[offsets[i]:offsets[i + 1]]`."""


@record(frozen=True, slots=True)
class Outcome:
    """What a kernel that can fail answers: values, and (failed rows, code) pairs."""

    values: Datum
    failed: tuple[tuple[Mask, str], ...] = ()


@record(frozen=True, slots=True)
class Context:
    """What a run fixes for all its functions: the instant it started, and its time zone."""

    now: datetime
    zone: str = "UTC"


@record(frozen=True, slots=True)
class Parameter:
    """One parameter: its type as written in the signature, whether it must be constant, may be left out, may repeat."""

    name: str
    type: str
    constant: bool = False
    optional: bool = False
    variadic: bool = False
    default: Any = None

    @property
    def nullable(self) -> bool:
        return self.type.endswith("?")


@record(frozen=True, slots=True)
class Example:
    """An expression of the language and what it gives; `result` is a value as `dhm eval` prints it.

    A text such as `R601` in `rejected` says that the expression is rejected with that code.
    """

    expression: str
    result: Any = None
    rejected: str = ""


Kernel: TypeAlias = Callable[..., Any]
TypeRule: TypeAlias = Callable[[Sequence[t.Type], Sequence[Any]], "t.Type | None"]
"""Result type out of the argument types and, beside them, the constant values (None where not constant).

None says that the overload does not take these arguments: the next one is tried, as where the signature does not match.
"""


@record(frozen=True, slots=True)
class Overload:
    """One signature of a function, with its kernel.

    `returns` is a type as text (a type variable is a capital letter), or `rule` computes it. `kind` tells an
    aggregate's overload over rows (`sum(value)`) from that over the items of a list (`sum(values)`, a function).
    An aggregate's kernel takes the values (None where the signature has no parameters that are not constant), the
    `Offsets` of its segments, then its constants in the order of the signature.
    """

    parameters: tuple[Parameter, ...]
    returns: str
    rule: TypeRule | None
    kernel: Kernel
    rejects: tuple[str, ...]
    context: bool
    signature: str
    kind: Literal["function", "aggregate", "operator", "special"] = "function"
    reference: Kernel | None = None
    """What an extension says of the same thing for one row: `dhm functions NAME --verify` holds the kernel against it."""
    home: str = ""
    """The module that declares it."""


@record(frozen=True, slots=True)
class Function:
    """A function or operator of the language.

    `kind` is `function` (row by row), `aggregate` (a segment of rows to one value; its kernel takes values and
    `Offsets`), `operator`, or `special` (the compiler knows it: no kernel). `distinct` says that the result
    is worth computing on distinct values only. `origin` is the distribution that an extension comes from; `row_wise` says that
    its Python function takes one value after the other.
    """

    name: str
    kind: Literal["function", "aggregate", "operator", "special"]
    category: str
    overloads: tuple[Overload, ...]
    summary: str
    doc: str
    examples: tuple[Example, ...]
    sql: str = ""
    excel: str = ""
    also: tuple[str, ...] = ()
    distinct: bool = False
    slow: bool = False
    row_wise: bool = False
    origin: str = ""

    @property
    def signatures(self) -> tuple[str, ...]:
        """Each way of calling it, once: overloads may differ in what their result is alone."""
        return tuple(dict.fromkeys(overload.signature for overload in self.overloads))


class Registry(dict[str, Function]):
    """Functions by name. An extension is no member: it is found when it is asked for by its name.

    Several modules may add to one function. What is asked for is whole: before it is known to be, all modules are loaded.
    """

    def __init__(self) -> None:
        super().__init__()
        self.whole: set[str] | None = set()
        """The functions all of whose modules are loaded; None where all are."""

    def __getitem__(self, name: str) -> Function:
        if self.whole is not None and name not in self.whole and "." not in name:
            from datahub.functions import load

            load()
        return super().__getitem__(name)

    def __missing__(self, name: str) -> Function:
        from datahub.functions.extensions import extension

        return extension(name)


REGISTRY = Registry()
"""Every builtin function by name; filled as the modules beside this one are loaded."""

OUTSIDE: dict[str, dict[str, Function]] = {}
"""What modules of other distributions declare, by module and name; nothing of it counts before an entry point names it."""

_HOME = __name__.rpartition(".")[0] + "."


def example(expression: str, result: Any = None, *, rejected: str = "") -> Example:
    return Example(expression, result, rejected)


def function(
    *signatures: str,
    examples: Sequence[Example] = (),
    rejects: Sequence[str] = (),
    rule: TypeRule | None = None,
    sql: str = "",
    excel: str = "",
    also: Sequence[str] = (),
    kind: Literal["function", "aggregate", "operator", "special"] = "function",
    context: bool = False,
    distinct: bool = False,
    slow: bool = False,
    row_wise: bool = False,
    reference: Kernel | None = None,
    category: str = "",
) -> Callable[[Kernel], Kernel]:
    """Declare the decorated kernel under each of `signatures`, such as `left(value: text, count: int = 1) -> text`.

    The first line of the docstring is the summary. Declaring a name again adds overloads to it: first match wins, and which
    module was loaded first does not count.
    `also` are the names other tools give to the same thing (`"VRL upcase"`, `"DataWeave upper"`). `category` is the
    chapter of the reference it stands in, the module's name unless told.

    For extensions: a `row_wise` function takes Python values of one row and gives one, None or a `Reject`; it is called once for
    each distinct row, and scripts that call it are told so (DHM603). `reference` says the same as a kernel for one row.
    """

    def declare(kernel: Kernel) -> Kernel:
        summary, _, rest = (kernel.__doc__ or "").strip().partition("\n")
        home = kernel.__module__
        chapter = category or home.rpartition(".")[2]
        into = REGISTRY if home.startswith(_HOME) else OUTSIDE.setdefault(home, {})
        for signature in signatures:
            name, parameters, returns = parse_signature(signature)
            overload = Overload(parameters, returns, rule, kernel, tuple(rejects), context, signature, kind, reference, home)
            made = Function(
                name, kind, chapter, (overload,), summary, _dedent(rest), tuple(examples), sql, excel, tuple(also),
                distinct, slow or row_wise, row_wise,
            )  # fmt: skip
            known = into.get(name)
            into[name] = made if known is None else _together(known, made)
        return kernel

    return declare


def _equivalents(sql: str, excel: str, also: Sequence[str]) -> tuple[str, ...]:
    """All that other tools call it, each with the tool's name before it."""
    return (*(f"{tool} {name}" for tool, name in (("SQL", sql), ("Excel", excel)) if name), *also)


_EXTENDING = frozenset(f"{_HOME}{name}" for name in ("patterns", "pictures", "structs", "time_operators"))
"""Modules that add overloads to what others declare: theirs come last."""


def _rank(overload: Overload) -> tuple[bool, str]:
    return overload.home in _EXTENDING, overload.home


def _together(known: Function, more: Function) -> Function:
    """The function with an overload more, and the examples and equivalents that are new with it: `MID` is of texts, `mid` of lists too."""
    from dataclasses import replace

    first, second = sorted((known, more), key=lambda one: _rank(one.overloads[0]))
    told = _equivalents(first.sql, first.excel, first.also)
    return replace(
        first,
        overloads=tuple(sorted((*first.overloads, *second.overloads), key=_rank)),
        examples=first.examples + tuple(one for one in second.examples if one not in first.examples),
        also=first.also + tuple(one for one in _equivalents(second.sql, second.excel, second.also) if one not in told),
    )


def _dedent(text: str) -> str:
    if "\n" not in text.strip():
        return text.strip()
    import textwrap

    return textwrap.dedent(text).strip()


def parse_signature(signature: str) -> tuple[str, tuple[Parameter, ...], str]:
    """Name, parameters and result of a signature such as `f(a: text, b: int! = 2, rest: T...) -> T?`."""
    head, _, returns = signature.rpartition("->")
    name, _, inside = head.partition("(")
    inside = inside.rstrip().removesuffix(")")
    return name.strip(), tuple(_parameter(part) for part in arguments_of(inside)), returns.strip()


_NESTED = re.compile(r"""[(\[{"]""")


def arguments_of(text: str) -> list[str]:
    """What stands between the commas of `text`, those inside of brackets and quotes aside."""
    if not _NESTED.search(text):
        return [part.strip() for part in text.split(",") if part.strip()]
    found, depth, start, quoted = [], 0, 0, False
    for at, letter in enumerate(text):
        quoted ^= letter == '"'
        if quoted:
            continue
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == "," and depth == 0:
            found.append(text[start:at])
            start = at + 1
    found.append(text[start:])
    return [part.strip() for part in found if part.strip()]


@cache
def _parameter(text: str) -> Parameter:
    declared, _, default = text.partition("=")
    name, _, kind = declared.partition(":")
    kind = kind.strip()
    variadic = kind.endswith("...")
    kind = kind.removesuffix("...")
    constant = kind.endswith("!")
    kind = kind.removesuffix("!")
    value = _value(default.strip()) if default else None
    return Parameter(name.strip(), kind, constant, bool(default), variadic, value)


@cache
def _value(text: str) -> Any:
    import ast

    return _WORDS[text] if text in _WORDS else ast.literal_eval(text)


_WORDS = {"true": True, "false": False, "null": None}
"""Constants as the language writes them."""
