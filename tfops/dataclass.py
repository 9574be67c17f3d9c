"""`@dataclass` for classes that cost next to nothing until they are used.

The standard library compiles six functions for every dataclass while its module is imported: about a millisecond a
class, more than half of the time in which a short command answered. Here a class gets the functions that all share,
and its `__init__` is compiled when the first object is made. To a type checker it is the standard decorator, and so
it is to `dataclasses.fields`, `replace`, `is_dataclass` and pydantic: `tests/unit/test_dataclass.py` holds the two
against each other. A class may add fields to those of another one, where both are `kw_only`.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["compile_all", "dataclass", "made_again"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(
        *, frozen: bool = False, slots: bool, order: bool = False, kw_only: bool = False
    ) -> Callable[[type], type]:
        """The same as `dataclasses.dataclass` with slots, made lazily.

        Raises:
            TypeError: without slots, which nothing here wants.
        """
        if not slots:
            raise TypeError("a dataclass of tfops has slots")
        return lambda cls: _lazy(cls, frozen=frozen, order=order, kw_only=kw_only)


class _Given:
    """Stands for an argument that wasn't given, so that its factory is called."""


def _lazy(cls: type, *, frozen: bool, order: bool, kw_only: bool) -> type:
    base: Any = next((base for base in cls.__mro__[1:] if "_defaults_" in base.__dict__), None)
    inherited = base._names_ if base else ()
    names = (*inherited, *cls.__annotations__)
    body = dict(cls.__dict__)
    defaults = {name: body.pop(name) for name in cls.__annotations__ if name in body}
    if base:
        defaults = base._defaults_ | defaults
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    shared: dict[str, Any] = {
        "__init__": _first_init,
        "__repr__": _repr,
        "__eq__": _eq,
        "__hash__": _hash if frozen else None,
        "__reduce__": _reduce,
        "__match_args__": tuple(name for name in names if not kw_only and _is_argument(defaults.get(name))),
    }
    if frozen:
        shared |= {"__setattr__": _no_set, "__delattr__": _no_delete}
    if order:
        shared |= {"__lt__": _lt, "__le__": _le, "__gt__": _gt, "__ge__": _ge}
    # What a class says itself stays; without its own equality, a class body has no `__hash__` either.
    body = shared | {"__doc__": cls.__name__} | {name: value for name, value in body.items() if value is not None}
    body |= {
        "__slots__": names[len(inherited) :],
        "__dataclass_fields__": _StandardAttribute("__dataclass_fields__"),
        "__dataclass_params__": _StandardAttribute("__dataclass_params__"),
        "_defaults_": defaults,
        "_frozen_": frozen,
        "_kw_only_": kw_only,
        "_names_": names,
        "_values_": _values_of(names),
    }
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    _uncompiled.append(made)
    return made


_uncompiled: list[Any] = []


def compile_all() -> None:
    """Compile what else would be when the first object is made, for a process that is going to be forked."""
    while _uncompiled:
        cls = _uncompiled.pop()
        if cls.__init__ is _first_init:
            cls.__init__ = _compiled(cls)


def _is_argument(default: object) -> bool:
    return not isinstance(default, dataclasses.Field) or default.init


def _values_of(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return staticmethod(attrgetter(*names))
    return staticmethod(lambda made: tuple(getattr(made, name) for name in names))


def _first_init(self: Any, *args: Any, **named: Any) -> None:
    """Compile the class's own `__init__`, put it in this one's place, and call it."""
    cls: Any = next(cls for cls in type(self).__mro__ if "_defaults_" in cls.__dict__)
    cls.__init__ = _compiled(cls)
    cls.__init__(self, *args, **named)


def _compiled(cls: Any) -> Callable[..., None]:
    scope: dict[str, Any] = {"_Given": _Given}
    arguments, lines = ["self", "*"] if cls._kw_only_ else ["self"], []
    for number, name in enumerate(cls._names_):
        scope[f"_set{number}"] = getattr(cls, name).__set__
        value, argument = _field(scope, number, name, cls._defaults_)
        arguments += [argument] if argument else []
        lines += [f" _set{number}(self, {value})"] if value else []
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    source = f"def __init__({', '.join(arguments)}):\n" + ("\n".join(lines) or " pass")
    exec(source, scope)  # noqa: S102 - made of the names of a class of our own
    init: Callable[..., None] = scope["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _field(scope: dict[str, Any], number: int, name: str, defaults: dict[str, Any]) -> tuple[str, str]:
    """What the field is set to, and its argument; either may be empty."""
    default: Any = defaults.get(name, dataclasses.MISSING)
    factory: Any = dataclasses.MISSING
    if isinstance(default, dataclasses.Field):
        default, factory = default.default, default.default_factory
    if factory is not dataclasses.MISSING:
        scope[f"_make{number}"] = factory
        value, argument = f"_make{number}() if {name} is _Given else {name}", f"{name}=_Given"
        made = f"_make{number}()"
    elif default is not dataclasses.MISSING:
        scope[f"_default{number}"] = default
        value, argument, made = name, f"{name}=_default{number}", f"_default{number}"
    else:
        value, argument, made = name, name, ""
    return (value, argument) if _is_argument(defaults.get(name)) else (made, "")


class _StandardAttribute:
    """What the standard library says of the same class, asked of it when somebody wants to know."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, made: object, cls: Any) -> Any:
        own = (getattr(base, "__annotations__", {}) for base in reversed(cls.__mro__))
        types = {name: kind for annotations in own for name, kind in annotations.items()}
        body = {"__annotations__": types, "__module__": cls.__module__, "__doc__": "", **cls._defaults_}
        as_here = dataclasses.dataclass(frozen=cls._frozen_, eq=False, repr=False, kw_only=cls._kw_only_)
        twin: Any = as_here(type(cls.__name__, (), body))
        for name in ("__dataclass_fields__", "__dataclass_params__"):
            setattr(cls, name, twin.__dict__[name])
        return twin.__dict__[self._name]


def _repr(self: Any) -> str:
    hidden = {
        name for name, given in self._defaults_.items() if isinstance(given, dataclasses.Field) and not given.repr
    }
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._names_ if name not in hidden)
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: Any) -> Any:
    return self._values_(self) == self._values_(other) if type(other) is type(self) else NotImplemented


def _lt(self: Any, other: Any) -> Any:
    return self._values_(self) < self._values_(other) if type(other) is type(self) else NotImplemented


def _le(self: Any, other: Any) -> Any:
    return self._values_(self) <= self._values_(other) if type(other) is type(self) else NotImplemented


def _gt(self: Any, other: Any) -> Any:
    return self._values_(self) > self._values_(other) if type(other) is type(self) else NotImplemented


def _ge(self: Any, other: Any) -> Any:
    return self._values_(self) >= self._values_(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(self._values_(self))


def _reduce(self: Any) -> tuple[Any, ...]:
    """For another process: `__setstate__` of a frozen class would be refused."""
    return made_again, (type(self), self._values_(self))


def made_again(cls: Any, values: tuple[Any, ...]) -> Any:
    """An object as it was in another process: what a pickle of it names."""
    made = cls.__new__(cls)
    for name, value in zip(cls._names_, values, strict=True):
        object.__setattr__(made, name, value)
    return made


def _no_set(_self: Any, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_delete(_self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
