"""The menu of all that can be done where the focus is: for the mouse, and for whoever does not know the keys yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.tui.actions import Action
from orch_tui.tui.actions import run as run_actions
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.menu import Menu
from orch_tui.tui.workbench.model import Item, Workbench
from orch_tui.tui.workbench.services import ScreenServices

# Moving about is what the mouse does anyway.
_LEFT_OUT = (
    "tree.fold",
    "tree.unfold",
    "tree.next",
    "tree.previous",
    "tree.mark",
    "tree.phase-",
    "configurations.back",
    "components.open",
    "workbench.pane",
    "workbench.menu",
    "workbench.leave",
    "workbench.filter",
    "workbench.larger",
    "workbench.smaller",
)
_KEPT = ("tree.fold-all", "tree.unfold-all", "tree.mark-all", "tree.mark-range")


_OF_TASKS = ("tree.toggle-enabled", "tree.toggle-continue", "tree.duplicate", "workbench.move-tasks")
_OF_ONE_TASK = ("tree.edit-configuration", "workbench.lineage", "run.text", "run.copy-command")


def menu_actions(focused: str | None, allows: Callable[[str], bool]) -> list[Action]:
    """The actions of the widget with that id and of the workbench that have something to work on, edits first."""
    near = actions.TREE if focused == "tree" else [one for one in actions.LISTS if one.context == focused]
    chosen = [
        action
        for action in (*near, *run_actions.WORKBENCH, *actions.WORKBENCH)
        if (action.id in _KEPT or not action.id.startswith(_LEFT_OUT)) and allows(action.id)
    ]
    return sorted(chosen, key=lambda action: action.group != actions.EDIT)


def has_subject(action_id: str, bench: Workbench, item: Item | None) -> bool:
    """Whether an action would find something in the plan: ``item`` is what the tree's cursor is on."""
    phases = bench.value.phases
    match action_id:
        case "workbench.undo":
            return bench.history.can_undo
        case "workbench.redo":
            return bench.history.can_redo
        case "workbench.save":
            return bench.dirty
        case "workbench.drop-empty":
            return any(not phase.tasks for phase in phases)
        case "workbench.merge-phases":
            return len(phases) > 1
        case "workbench.group" | "tree.mark-all" | "run.run-all" | "run.run-part":
            return any(phase.tasks for phase in phases)
        case "tree.mark-range":
            return bench.last_mark is not None
        case "tree.rename":
            return isinstance(item, Phase)
        case "tree.options":
            return bool(bench.marks) or isinstance(item, Phase | Task)
        case "tree.delete" | "tree.move-up" | "tree.move-down" | "tree.phase-up" | "tree.phase-down" | "tree.rule":
            return item is not None
        case _ if action_id in _OF_TASKS:
            return bool(bench.targets(item))
        case _ if action_id in _OF_ONE_TASK:
            return isinstance(item, Task)
        case _:
            return True


class ContextMenu:
    """Shows what can be done now where the focus is, and does what is chosen as its key would."""

    def __init__(
        self,
        bench: Workbench,
        services: ScreenServices,
        item: Callable[[], Item | None],
        do: Callable[[str], Awaitable[None]],
    ) -> None:
        self._bench = bench
        self._services = services
        self._item = item
        self._do = do

    async def open(self, focused: str | None, allows: Callable[[str], bool]) -> None:
        """``focused`` is the id of the widget with the focus; ``allows`` says what plan or run let be done."""
        item = self._item()

        def possible(action_id: str) -> bool:
            return allows(action_id) and has_subject(action_id, self._bench, item)

        def take(action_id: str | None) -> None:
            if action_id is not None:
                self._services.call_later(self._do, action_id)

        rows = [(one, self._services.keys_of(one.id)) for one in menu_actions(focused, possible)]
        await self._services.push(Menu("What to do", rows), take)
