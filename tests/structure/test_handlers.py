"""Textual calls the handler of a message in each class of a widget's lineage: one that stands in two is done twice."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import orch_tui.tui
from textual.message_pump import MessagePump


def _own_classes() -> list[type[MessagePump]]:
    modules = [import_module(one.name) for one in pkgutil.walk_packages(orch_tui.tui.__path__, "orch_tui.tui.")]
    classes = {
        one
        for module in modules
        for one in vars(module).values()
        if inspect.isclass(one) and issubclass(one, MessagePump) and one.__module__.startswith("orch_tui.")
    }
    return sorted(classes, key=lambda one: (one.__module__, one.__qualname__))


def _handled_twice(one: type[MessagePump]) -> dict[str, list[str]]:
    """Names of handlers with the classes of ours that have them, where they are several."""
    by_name: dict[str, list[str]] = {}
    for base in one.__mro__:
        if base.__module__.startswith("orch_tui."):
            for name in vars(base):
                if name.startswith(("on_", "_on_")):
                    by_name.setdefault(name.removeprefix("_"), []).append(base.__qualname__)
    return {name: bases for name, bases in by_name.items() if len(bases) > 1}


def test_no_message_is_handled_twice_by_one_widget() -> None:
    classes = _own_classes()
    assert len(classes) > 80
    assert {one.__qualname__: twice for one in classes if (twice := _handled_twice(one))} == {}


def test_what_is_handled_twice_is_found() -> None:
    class Base(MessagePump):
        def on_mount(self) -> None: ...

    class Below(Base):
        def on_mount(self) -> None: ...

    # GIVEN classes as those of a screen
    for one in (Base, Below):
        one.__module__ = "orch_tui.tui.example"
    # THEN the handler that both have is told, and nothing of the base alone
    assert list(_handled_twice(Below)) == ["on_mount"] and _handled_twice(Base) == {}
