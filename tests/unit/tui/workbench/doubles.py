"""What the controllers of the workbench talk to, without a screen: what they say and ask is written down."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from orch_tui.model.components.fault import Fault
from orch_tui.tui.workbench.catalog import ComponentEntry, ConfigurationEntry
from orch_tui.tui.workbench.model import Item, Workbench


class Cursor:
    """The rows of a tree in which nothing is folded."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self.cursor = 0

    @property
    def items(self) -> list[Item]:
        rows: list[Item] = []
        for phase in self._bench.value.phases:
            rows += [phase, *phase.tasks]
        return rows

    @property
    def item(self) -> Item | None:
        return self.items[self.cursor] if self.cursor < len(self.items) else None

    def go(self, index: int, *, step: int = 1) -> None:
        self.cursor = max(0, min(index, len(self.items) - 1))

    def go_to(self, item_id: str) -> bool:
        ids = [item.id for item in self.items]
        if item_id in ids:
            self.cursor = ids.index(item_id)
        return item_id in ids


class Host:
    """Answers each dialog with the next of ``answers``; timers and what goes on in the background are kept."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.answers: list[Any] = []
        self.dialogs: list[Any] = []
        self.timers: list[Callable[[], None]] = []
        self.forms: list[str] = []
        self.background: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self.orch_app: Any = None

    def say(self, text: str, severity: str = "information", seconds: float = 6.0) -> None:
        self.said.append(text)

    def key_of(self, action_id: str) -> str:
        return f"<{action_id}>"

    async def push(self, dialog: Any, take: Callable[[Any], None] | None = None) -> None:
        self.show_screen(dialog, take)

    async def ask(self, dialog: Any) -> Any:
        self.dialogs.append(dialog)
        return self.answers.pop(0)

    def show_screen(self, screen: Any, take: Callable[[Any], None] | None = None) -> None:
        self.dialogs.append(screen)
        if take is not None:
            take(self.answers.pop(0))

    def in_background(self, work: Callable[[], Coroutine[Any, Any, None]], group: str, description: str) -> None:
        self.background.append(work)

    def stop_background(self, group: str) -> None:
        self.background.clear()

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Any:
        self.timers.append(callback)
        return self

    def set_interval(self, interval: float, callback: Callable[[], None]) -> Any:
        return self

    def stop(self) -> None:
        """As a timer: it is the only one."""
        self.timers.clear()

    def call_later(self, callback: Callable[..., object], *arguments: Any) -> bool:
        callback(*arguments)
        return True

    def on_its_thread(self, callback: Callable[..., object], *arguments: Any) -> None:
        callback(*arguments)

    def edit_file(self, path: Path) -> bool:
        return True

    def open_configuration(self, ref: str, fault: Fault | None = None) -> None:
        self.forms.append(ref)

    def new_configuration(self, component_id: str) -> None:
        self.forms.append(f"new {component_id}")

    def open_run(self, orchestration_id: str, directory: Path) -> None:
        self.forms.append(f"run {directory.name}")


class Desk:
    """Counts what it is told; ``run`` is whether a run is shown."""

    def __init__(self) -> None:
        self.changes: list[str | None] = []
        self.marks = 0
        self.definitions = 0
        self.run = False
        self.configuration: ConfigurationEntry | None = None
        self.component: ComponentEntry | None = None

    def plan_changed(self, focus: str | None = None) -> None:
        self.changes.append(focus)

    def marks_changed(self) -> None:
        self.marks += 1

    def definitions_changed(self) -> None:
        self.definitions += 1

    def plan_first(self) -> bool:
        shown, self.run = self.run, False
        return shown

    def chosen_configuration(self) -> ConfigurationEntry | None:
        return self.configuration

    def configuration_in_focus(self) -> ConfigurationEntry | None:
        return self.configuration

    def chosen_component(self) -> ComponentEntry | None:
        return self.component
