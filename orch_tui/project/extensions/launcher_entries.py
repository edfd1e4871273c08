"""Launchers by name: the program's own, and those that packages offer by an entry point.

A package offers one by an entry point of the group :data:`GROUP`: its name is what ``runs_on`` says, its value what
makes a :class:`orch_tui.engine.processes.launcher.Launcher` without arguments. See
https://packaging.python.org/en/latest/specifications/entry-points/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "orch_tui.launchers"
LOCAL = "local"
"""The program's own; a package cannot take its place."""


def launcher_entry(name: str) -> EntryPoint | None:
    """What an installed package offers under this name; the first by its value where several do."""
    from importlib.metadata import entry_points

    return min(entry_points(group=GROUP, name=name), key=lambda entry: entry.value, default=None)


def launcher_names() -> list[str]:
    """All names that ``runs_on`` may have, the program's own first. Nothing is imported."""
    from importlib.metadata import entry_points

    return [LOCAL, *sorted({entry.name for entry in entry_points(group=GROUP)} - {LOCAL})]
