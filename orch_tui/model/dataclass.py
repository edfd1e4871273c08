"""``dataclass`` as in the standard library, for a program that defines hundreds of values and makes few of them.

The standard one compiles six functions for each class when its module is imported: half a millisecond a class, which
was a quarter of what ``orch-tui run`` took for a trivial orchestration. Here ``__init__`` is compiled when the first
value of the class is made, and the other methods are not compiled at all. Fields and slots are the standard library's
own, so ``fields``, ``replace``, ``asdict``, pattern matching and inheritance between classes made here are as ever.

Not supported, because nothing needs it: ``order``, ``kw_only``, ``InitVar``, and fields with ``init=False``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # For type checkers it is the standard one.
    from dataclasses import dataclass as dataclass

    def compile_all() -> None:
        """Compile what waits for its first value, for a process of which copies are made."""
else:
    import dataclasses
    from reprlib import recursive_repr

    def dataclass(cls: type | None = None, /, *, frozen: bool = False, slots: bool = False) -> Any:
        """Decorate a class; ``frozen`` and ``slots`` as in the standard library.

        Raises:
            ValueError: a mutable default.
            SyntaxError: a field without a default behind one with, when the first value is made.
        """

        def decorate(undecorated: type) -> type:
            if undecorated.__doc__ is None:
                # The standard library would spell the signature, which takes as long as all the rest.
                undecorated.__doc__ = undecorated.__name__
            made = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(undecorated)
            _add_methods(made, frozen, slots)
            return made

        return decorate if cls is None else decorate(cls)

    def _add_methods(cls: type, frozen: bool, slots: bool) -> None:
        own, all_fields = cls.__dict__, dataclasses.fields(cls)
        # A class that says how to compare and not how to hash has None there, by the language.
        hashes = "__hash__" in own and not (own["__hash__"] is None and "__eq__" in own)
        compared = [field.name for field in all_fields if field.compare]
        hashed = [field.name for field in all_fields if (field.compare if field.hash is None else field.hash)]
        methods = {"__init__": _LazyInit(cls, frozen), "__repr__": _repr, "__eq__": _comparing(_values_of(compared))}
        for name, method in methods.items():
            if name not in own:
                setattr(cls, name, method)
        if not hashes:
            cls.__hash__ = _hashing(_values_of(hashed)) if frozen else None
        if frozen:
            cls.__setattr__, cls.__delattr__ = _refuse_setting, _refuse_deleting
            # What copies and pickles set attributes, which is refused, where there is no __dict__ to fill.
            if slots and "__getstate__" not in own:
                cls.__getstate__, cls.__setstate__ = _state, _set_state

    _waiting: list[Any] = []

    def compile_all() -> None:
        while _waiting:
            _waiting.pop().compile()

    class _LazyInit:
        """Stands for ``__init__`` until it is asked for, by the first value or by who wants to know its signature."""

        __slots__ = ("_cls", "_frozen")

        def __init__(self, cls: type, frozen: bool) -> None:
            self._cls = cls
            self._frozen = frozen
            _waiting.append(self)

        def __get__(self, value: Any, owner: type) -> Callable[..., None]:
            made = self.compile()
            return made if value is None else made.__get__(value, owner)

        def compile(self) -> Callable[..., None]:
            self._cls.__init__ = made = _compile_init(self._cls, self._frozen)
            return made

    def _compile_init(cls: type, frozen: bool) -> Callable[..., None]:
        given: dict[str, Any] = {"_set": object.__setattr__, "_missing": _MISSING}
        parameters, lines = ["self"], []
        for number, field in enumerate(dataclasses.fields(cls)):
            name, parameter, value = field.name, field.name, field.name
            if field.default is not dataclasses.MISSING:
                given[f"_{number}"] = field.default
                parameter = f"{name}=_{number}"
            elif field.default_factory is not dataclasses.MISSING:
                given[f"_{number}"] = field.default_factory
                parameter, value = f"{name}=_missing", f"_{number}() if {name} is _missing else {name}"
            parameters.append(parameter)
            lines.append(f"_set(self, {name!r}, {value})" if frozen else f"self.{name} = {value}")
        if hasattr(cls, "__post_init__"):
            lines.append("self.__post_init__()")
        body = "\n  ".join(lines or ["pass"])
        text = f"def make({', '.join(given)}):\n def __init__({', '.join(parameters)}):\n  {body}\n return __init__"
        made: dict[str, Any] = {}
        # In the class's module: its annotations are names there.
        exec(text, vars(sys.modules[cls.__module__]), made)
        init = made["make"](**given)
        init.__qualname__ = f"{cls.__qualname__}.__init__"
        init.__annotations__ = {field.name: field.type for field in dataclasses.fields(cls)} | {"return": None}
        return init

    class _Missing:
        def __repr__(self) -> str:
            return "<made anew>"

    _MISSING = _Missing()

    def _values_of(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
        if len(names) > 1:
            return attrgetter(*names)
        if names:
            only = attrgetter(names[0])
            return lambda value: (only(value),)
        return lambda value: ()

    def _comparing(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, object], Any]:
        def __eq__(self: Any, other: object) -> Any:
            return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

        return __eq__

    def _hashing(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
        def __hash__(self: Any) -> int:
            return hash(values(self))

        return __hash__

    @recursive_repr()
    def _repr(self: Any) -> str:
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    def _refuse_setting(self: Any, name: str, value: Any) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_deleting(self: Any, name: str) -> None:
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def _state(self: Any) -> list[Any]:
        return [getattr(self, field.name) for field in dataclasses.fields(self)]

    def _set_state(self: Any, state: list[Any]) -> None:
        for field, value in zip(dataclasses.fields(self), state, strict=True):
            object.__setattr__(self, field.name, value)
