"""Records for modules with dozens of them, whose loading would otherwise be most of the time a command takes to start.

A dataclass looks through its fields and compiles its methods when it is declared, half a millisecond each time. A record is
the same to whoever uses it and to the type checker; it gets its slots when it is declared, and the rest when it is first
asked for. Constructors are compiled once for all records with as many fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from collections.abc import Callable, Sequence
    from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, fields
    from functools import cache
    from operator import attrgetter
    from threading import RLock
    from types import FunctionType
    from typing import Any

    def record(*, frozen: bool = False, eq: bool = True, slots: bool) -> Callable[[type], type]:
        """Make a class what `dataclass` makes of it."""
        assert slots
        shared = _NAMED | (_COMPARED if eq else {}) | (_FROZEN if frozen else {})

        def make(cls: type) -> type:
            made = _slotted(cls)
            for name, method in shared.items():
                if name not in vars(cls):
                    setattr(made, name, method)
            if eq and not frozen:
                made.__hash__ = None
            made.__dataclass_params__ = _PARAMETERS
            made.__dataclass_fields__ = _Later(made, "__dataclass_fields__", lambda: _fields(cls))
            made.__match_args__ = _Later(made, "__match_args__", lambda: tuple(one.name for one in fields(made) if _is_plain(one)))
            made.__compared__ = _Later(made, "__compared__", lambda: staticmethod(_values(made)))
            if "__init__" not in vars(cls):
                made.__init__ = _constructor_to_be(made)
            return made

        return make

    _LOCK = RLock()

    class _Later:
        """An attribute of a class that is worked out when it is first asked for."""

        def __init__(self, made: type, name: str, work_out: Callable[[], Any]) -> None:
            self._made, self._name, self._work_out = made, name, work_out

        def __get__(self, _one: object, _owner: type) -> Any:
            with _LOCK:
                if vars(self._made)[self._name] is self:
                    setattr(self._made, self._name, self._work_out())
            return getattr(self._made, self._name)

    def _slotted(cls: type) -> type:
        """The class again, with a slot for each field of its own."""
        own = dict(vars(cls))
        names = [name for name, kind in own.get("__annotations__", {}).items() if not kind.startswith("ClassVar[")]
        above = {name for base in cls.__mro__[1:] for name in vars(base).get("__slots__", ())}
        for name in [*names, "__dict__", "__weakref__"]:
            own.pop(name, None)
        made = type(cls)(cls.__name__, cls.__bases__, {**own, "__slots__": tuple(name for name in names if name not in above)})
        made.__qualname__ = cls.__qualname__
        return made

    def _fields(cls: type) -> dict[str, Field[Any]]:
        if cls.__doc__ is None:
            # Without a text, the library works a signature out for it.
            cls.__doc__ = cls.__name__
        dataclass(init=False, repr=False, eq=False)(cls)
        return cls.__dataclass_fields__

    def _is_plain(field: Field[Any]) -> bool:
        return field.init and not field.kw_only

    def _values(made: type) -> Callable[[Any], tuple[Any, ...]]:
        names = [field.name for field in fields(made) if field.compare]
        if len(names) > 1:
            return attrgetter(*names)
        # Alone, the value would come without its tuple, and a NaN would not equal itself.
        return lambda one: tuple(getattr(one, name) for name in names)

    # ------------------------------------------------------------ constructors

    def _constructor_to_be(made: type) -> Callable[..., None]:
        def __init__(self: Any, *given: Any, **named: Any) -> None:  # noqa: N807
            made.__init__ = _constructor(made)
            made.__init__(self, *given, **named)

        return __init__

    def _constructor(made: type) -> Callable[..., None]:
        """What fills the slots; setting them by their descriptors is twice as fast as by `object.__setattr__`."""
        filled = [field for field in fields(made) if field.init or _has_default(field)]
        keyword = [field for field in filled if field.init and field.kw_only]
        plain = [field for field in filled if field.init and not field.kw_only]
        optional = [_has_default(field) for field in plain]
        if sorted(optional) != optional:
            raise TypeError(f"a field without a default follows one with a default in `{made.__qualname__}`")
        ordered = [*plain, *keyword, *(field for field in filled if not field.init)]
        code = _code(tuple(_way(field) for field in ordered), hasattr(made, "__post_init__"))
        known: dict[str, Any] = {"MISSING": MISSING}
        for number, field in enumerate(ordered):
            known[f"set{number}"] = getattr(made, field.name).__set__
            known[f"make{number}"] = field.default_factory if field.default_factory is not MISSING else field.default
        code = code.replace(
            co_varnames=("self", *(field.name for field in [*plain, *keyword])),
            co_argcount=1 + len(plain),
            co_kwonlyargcount=len(keyword),
            co_qualname=f"{made.__qualname__}.__init__",
        )
        constructor = FunctionType(code, known, "__init__", tuple(field.default for field in plain if _has_default(field)))
        constructor.__kwdefaults__ = {field.name: field.default for field in keyword if _has_default(field)}
        return constructor

    def _has_default(field: Field[Any]) -> bool:
        return field.default is not MISSING or field.default_factory is not MISSING

    def _way(field: Field[Any]) -> str:
        """How a slot is filled: with what is given, with that or what is made, or always with what is made."""
        if field.default_factory is not MISSING:
            return "given or made" if field.init else "made"
        return "given" if field.init else "known"

    @cache
    def _code(ways: Sequence[str], followed: bool) -> Any:
        """The code of a constructor, to which the names of its parameters are still to be given."""
        values = {"given": "a{0}", "given or made": "make{0}() if a{0} is MISSING else a{0}", "made": "make{0}()", "known": "make{0}"}
        body = [f" set{number}(self, {values[way].format(number)})" for number, way in enumerate(ways)]
        if followed:
            body.append(" self.__post_init__()")
        parameters = ", ".join(["self", *(f"a{number}" for number, way in enumerate(ways) if "given" in way)])
        known: dict[str, Any] = {}
        exec(f"def __init__({parameters}):\n" + ("\n".join(body) or " pass"), known)  # noqa: S102 - nothing of a record is in it
        return known["__init__"].__code__

    # ------------------------------------------------------------ methods that all share

    def _repr(self: Any) -> str:
        shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields(self) if field.repr)
        return f"{type(self).__qualname__}({shown})"

    def _eq(self: Any, other: object) -> Any:
        if type(other) is not type(self):
            return NotImplemented
        return self.__compared__(self) == self.__compared__(other)

    def _hash(self: Any) -> int:
        return hash(self.__compared__(self))

    def _set(self: Any, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _delete(self: Any, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self: Any) -> list[Any]:
        return [getattr(self, field.name) for field in fields(self)]

    def _restore(self: Any, state: list[Any]) -> None:
        for field, value in zip(fields(self), state, strict=True):
            object.__setattr__(self, field.name, value)

    _NAMED = {"__repr__": _repr, "__getstate__": _state, "__setstate__": _restore}
    _COMPARED = {"__eq__": _eq, "__hash__": _hash}
    _FROZEN = {"__setattr__": _set, "__delattr__": _delete}
    _PARAMETERS = dataclass(init=False, repr=False, eq=False)(type("_", (), {})).__dataclass_params__
