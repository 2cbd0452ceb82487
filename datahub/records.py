"""Frozen records for modules with dozens of them, whose loading would otherwise be most of the time a command takes to start.

A dataclass compiles six methods of its own when it is declared, half a millisecond each time. A record is the same to
whoever uses it and to the type checker; it compiles its constructor alone, when the first one is made, and the other
methods are shared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    from collections.abc import Callable
    from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, fields
    from operator import attrgetter
    from typing import Any

    def record(*, frozen: bool, slots: bool) -> Callable[[type], type]:
        """Make a class what `dataclass(frozen=True, slots=True)` makes of it."""
        assert frozen
        assert slots

        def make(cls: type) -> type:
            own = vars(cls)
            kept = {name for name in _SHARED if name in own}
            if cls.__doc__ is None:
                # Without a text, the library works a signature out for it.
                cls.__doc__ = cls.__name__
            made = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
            for name, method in _SHARED.items():
                if name not in kept:
                    setattr(made, name, method)
            compared = [field.name for field in fields(made) if field.compare]
            made.__compared__ = staticmethod(_values(compared))
            made.__init__ = _constructor_to_be(made)
            return made

        return make

    def _values(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
        if len(names) > 1:
            return attrgetter(*names)
        # Alone, the value would come without its tuple, and a NaN would not equal itself.
        return lambda one: tuple(getattr(one, name) for name in names)

    def _constructor_to_be(made: type) -> Callable[..., None]:
        def __init__(self: Any, *given: Any, **named: Any) -> None:  # noqa: N807
            made.__init__ = _constructor(made)
            made.__init__(self, *given, **named)

        return __init__

    def _constructor(made: type) -> Callable[..., None]:
        """Compile what fills the slots; setting them by their descriptors is twice as fast as by `object.__setattr__`."""
        known: dict[str, Any] = {"_MISSING": MISSING}
        plain, keyword, body = [], [], []
        for field in fields(made):
            name = field.name
            known[f"_set_{name}"] = getattr(made, name).__set__
            value = _default(field, known)
            (keyword if field.kw_only else plain).append(f"{name}{value}")
            given = f"_make_{name}() if {name} is _MISSING else {name}" if f"_make_{name}" in known else name
            body.append(f" _set_{name}(self, {given})")
        if hasattr(made, "__post_init__"):
            body.append(" self.__post_init__()")
        parameters = ", ".join(["self", *plain, *(["*", *keyword] if keyword else [])])
        exec(f"def __init__({parameters}):\n" + ("\n".join(body) or " pass"), known)  # noqa: S102 - the names are those of the fields
        constructor: Callable[..., None] = known["__init__"]
        constructor.__qualname__ = f"{made.__qualname__}.__init__"
        return constructor

    def _default(field: Field[Any], known: dict[str, Any]) -> str:
        if field.default_factory is not MISSING:
            known[f"_make_{field.name}"] = field.default_factory
            return "=_MISSING"
        if field.default is not MISSING:
            known[f"_default_{field.name}"] = field.default
            return f"=_default_{field.name}"
        return ""

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

    _SHARED = {
        "__repr__": _repr,
        "__eq__": _eq,
        "__hash__": _hash,
        "__setattr__": _set,
        "__delattr__": _delete,
        "__getstate__": _state,
        "__setstate__": _restore,
    }
