"""What sentences call the tasks of an orchestration: as the screen does, by the names of what they run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property

from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.orchestration import Orchestration, Task
from orch_tui.project.toml.decode import quote

NameOf = Callable[[Task], str]
"""A task's name in quotation marks, with its id behind it where another task has the same name."""


class TaskNames:
    """``configuration`` gives one by its reference, None for one that cannot be read: its task goes by its id."""

    def __init__(self, value: Orchestration, configuration: Callable[[str], Configuration | None]) -> None:
        self._value = value
        self._configuration = configuration

    def of(self, task: Task) -> str:
        """``"Email index"``, or ``"Email index" (email-index-2)`` where it is not the only one."""
        name = self._name(task)
        return quote(name) if self._numbers[name] < 2 else f"{quote(name)} ({task.id})"

    @cached_property
    def _numbers(self) -> Counter[str]:
        # Only what is wrong is told of: mostly nobody asks for a name.
        return Counter(map(self._name, self._value.tasks()))

    def _name(self, task: Task) -> str:
        found = self._configuration(task.configuration)
        return found.name if found is not None else task.id
