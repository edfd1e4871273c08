"""Draws the run that is watched: its states in the tree, and the panel beside it."""

from __future__ import annotations

from orch_tui.model.orchestration import Task
from orch_tui.model.run_time import RunTime
from orch_tui.model.runstate import TaskState
from orch_tui.project.attempt_dir import log_file
from orch_tui.runs.view import RunModel
from orch_tui.tui.widgets.line_tree import Part
from orch_tui.tui.workbench.run_rows import nested_lines, phase_state, task_state
from orch_tui.tui.workbench.shown import Shown
from orch_tui.tui.workbench.watcher import Results
from orch_tui.tui.workbench.widgets.live_panel import LivePanel
from orch_tui.tui.workbench.widgets.phase_tree import PhaseTree

_TREE_ROWS = 10
"""Durations drawn per second in the tree, at most: with more running tasks they take turns."""
_WIDE = 60
"""Columns of the tree from which every status has its word."""


class RunView:
    """The states that were drawn last are kept: only those that events were about, and running ones, are made anew."""

    def __init__(self, tree: PhaseTree, panel: LivePanel) -> None:
        self._tree = tree
        self._panel = panel
        self._states: dict[str, tuple[Part, ...]] = {}

    def begin(self) -> None:
        """Another run is shown: nothing is known of it yet."""
        self._states = {}
        self._panel.show_failure(None)
        self._panel.show_written((), {})

    def draw(self, shown: Shown, results: Results, *, width: int, whole: bool = False) -> None:
        """What is different; ``width`` is that of the screen."""
        model = shown.model
        if model is None:
            return
        # A tree that is hidden behind another tab has no width yet; it will have that of the screen.
        now, wide = model.now(), (self._tree.size.width or width) >= _WIDE
        self._states = {**self._states, **self._different(model, now, whole=whole, wide=wide)}
        nested = {task: nested_lines(task, child, wide=wide) for task, child in model.children.items()}
        self._tree.show_states(self._states, nested, None if whole or model.finished else _TREE_ROWS)
        self._panel.show_failure(results.failure)
        self._panel.show_written(results.items, results.columns)
        self.follow_cursor(shown)

    @staticmethod
    def _different(model: RunModel, now: RunTime, *, whole: bool, wide: bool) -> dict[str, tuple[Part, ...]]:
        state = model.state
        changes = model.changes()
        touched = {*state.tasks, *state.phases} if whole else changes | {task for task, _ in model.running()}
        touched |= {phase.id for phase in state.phases.values() if phase.started is not None and phase.ended is None}
        return {
            **{key: task_state(model, state.tasks[key], now, wide=wide) for key in touched & state.tasks.keys()},
            **{key: phase_state(model, state.phases[key], now) for key in touched & state.phases.keys()},
        }

    def draw_states(self) -> None:
        """The states again, after something else stood in their place."""
        self._tree.show_states(self._states)

    def follow_cursor(self, shown: Shown) -> None:
        """The panel tells of the task or phase under the cursor of the tree, and has its log."""
        if shown.model is None:
            return
        item = self._tree.item
        self._panel.show_run(shown.model, shown.model.now(), item.id if item is not None else None)
        self.show_log(shown)

    def show_log(self, shown: Shown) -> None:
        """The log of the task under the cursor, while it is in view."""
        if self._panel.tab == "log" and shown.model is not None:
            task = self.task(shown)
            directory = shown.model.attempt_path(task) if task is not None else None
            self._panel.show_log(log_file(directory) if directory is not None else None)

    def task(self, shown: Shown) -> TaskState | None:
        """The task under the cursor as the run has it."""
        item = self._tree.item
        return shown.task(item.id) if isinstance(item, Task) else None
