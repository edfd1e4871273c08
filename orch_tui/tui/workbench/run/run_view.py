"""Draws the run that is watched: its states in the tree, and the panel beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.orchestration.each import array_of
from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import log_file
from orch_tui.runs.live.timeline import Bar, Timeline, bar_of_part, timeline_of
from orch_tui.runs.live.view import RunModel, telling
from orch_tui.runs.log.merged import LogSource, MergedLog
from orch_tui.tui.task_names import own_name
from orch_tui.tui.widgets.row_painter import Part
from orch_tui.tui.workbench.run.live_panel import LivePanel
from orch_tui.tui.workbench.run.watcher import Results
from orch_tui.tui.workbench.shown import Shown
from orch_tui.tui.workbench.tree.outline import NestedLine, PartRow
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree
from orch_tui.tui.workbench.tree.run_rows import nested_lines, part_rows, run_states, task_state
from orch_tui.tui.workbench.tree.states import TreeStates

_TREE_ROWS, _FEW_ROWS = 8, 16
"""Rows drawn per second in the tree, at most: with more running tasks they take turns. A tree of few rows is drawn
whole, so that the lines in which phases begin never stand in two places."""

_MOST_LOGS = 100
"""Logs that are read as one, at most: each is looked at ten times a second."""


class RunView:
    """The states that were drawn last are kept: only those that events were about, and running ones, are made anew."""

    def __init__(self, tree: PhaseTree, panel: LivePanel) -> None:
        self._tree = tree
        self._panel = panel
        self._states = TreeStates()
        self._nested: Mapping[str, Sequence[NestedLine]] = {}
        self._parts: Mapping[str, Sequence[PartRow]] = {}
        self._timeline = Timeline()
        self._merged = MergedLog()

    def begin(self) -> None:
        """Another run is shown: nothing is known of it yet."""
        self._states, self._nested, self._parts, self._timeline = TreeStates(), {}, {}, Timeline()
        self._panel.all_tasks = False
        self._panel.show_failure(None)
        self._panel.show_written((), {})

    def draw(self, shown: Shown, results: Results, *, whole: bool = False) -> None:
        """What is different."""
        model = shown.model
        if model is None:
            return
        # All rows of a tree that changes its width, or has none yet behind another tab, are made again.
        now, wide = model.now(), self._tree.look.chart.columns.words
        self._timeline = timeline_of(model, now)
        self._states = self._different(model, now, whole=whole, wide=wide)
        self._nested = {
            task: nested_lines(task, child, self._timeline.nested.get(task), wide=wide)
            for task, child in model.children.items()
        }
        few = self._tree.count() <= _FEW_ROWS
        self._draw_states(model, None if whole or few or model.finished else _TREE_ROWS)
        if self._tree.look.chart.columns.words != wide:
            self.draw(shown, results, whole=True)
            return
        self._panel.show_failure(results.failure, results.seen or "", results.changed)
        self._panel.show_written(results.items, results.columns)
        self.follow_cursor(shown)

    def _different(self, model: RunModel, now: RunTime, *, whole: bool, wide: bool) -> TreeStates:
        state = model.state
        touched = {array_of(one) for one in model.changes()} | {array_of(task) for task, _ in model.running()}
        tasks = state.tasks.keys() if whole else touched & state.tasks.keys()
        going = {phase.id for phase in state.phases.values() if phase.started is not None and phase.ended is None}
        phases = state.phases.keys() if whole else (touched | going) & state.phases.keys()
        new, old = run_states(model, tasks, phases, now, wide=wide), self._states
        return TreeStates(
            {**old.tasks, **new.tasks},
            {**old.phases, **new.phases},
            notes={**old.notes, **new.notes},
            rules={**old.rules, **new.rules},
            part=lambda part: self._part(model, part, wide=wide),
        )

    def _part(self, model: RunModel, part: str, *, wide: bool) -> tuple[Sequence[Part], Bar | None]:
        """What stands behind a part that is in view."""
        now, task = model.now(), model.state.task(part)
        return task_state(model, task, now, wide=wide), bar_of_part(model, task, now)

    def _parts_of(self, model: RunModel) -> Mapping[str, Sequence[PartRow]]:
        """The rows that arrays unfold to: made once for each, since what it has parts for never changes."""
        arrays = [task for task in model.state.tasks.values() if task.parts is not None]
        if arrays or self._parts:
            self._parts = {task.id: self._parts.get(task.id) or part_rows(task) for task in arrays}
        return self._parts

    def _draw_states(self, model: RunModel, limit: int | None) -> None:
        moving = model.live and not model.finished
        parts = self._parts_of(model)
        self._tree.show_states(self._states, self._timeline, self._nested, parts, moving=moving, limit=limit)

    def draw_states(self, shown: Shown) -> None:
        """The states again, after something else stood in their place."""
        if shown.model is not None:
            self._draw_states(shown.model, None)

    def follow_cursor(self, shown: Shown) -> None:
        """The panel tells of the task or phase under the cursor of the tree, and has its log."""
        if shown.model is None:
            return
        item = self._tree.outline.selectable(self._tree.cursor)
        self._panel.show_run(shown.model, self._timeline, shown.model.now(), item.id if item is not None else None)
        self.show_log(shown)

    def show_log(self, shown: Shown) -> None:
        """The log of the task under the cursor, while it is in view; of a phase those of its tasks as one, and of all
        tasks where that is asked for."""
        model = shown.model
        if self._panel.tab != "log" or model is None:
            return
        if self._panel.all_tasks:
            begun = [one for one in model.state.tasks.values() if one.attempts]
            self._show_logs(model, "", "all tasks", begun, ended=model.finished)
            return
        task, phase = self.task(shown), self._tree.item
        if task is None and isinstance(phase, Phase):
            phase_tasks = [one.id for one in phase.tasks]
            begun = [one for one in map(shown.task, phase_tasks) if one and one.attempts]
            if len(begun) > 1:
                name = model.state.phases[phase.id].name if phase.id in model.state.phases else phase.name
                ended = all(one.status.final for one in map(shown.task, phase_tasks) if one)
                self._show_logs(model, phase.id, name, begun, ended=ended)
                return
            task = next(iter(begun), None)
        directory = model.attempt_path(task) if task is not None else None
        name = own_name(task.name, 60) if task is not None else ""
        ended = task is not None and task.status.final
        self._panel.show_log(log_file(directory) if directory is not None else None, name, ended=ended)

    def _show_logs(self, model: RunModel, phase: str, name: str, begun: Sequence[TaskState], *, ended: bool) -> None:
        if len(begun) > _MOST_LOGS:
            # Those that began last, and what still runs.
            begun = sorted(begun, key=lambda one: (not one.status.final, one.attempts[-1].spawned))[-_MOST_LOGS:]
            name = f"{name}, the last {_MOST_LOGS}"
        sources = [
            LogSource(own_name(one.name, 60), log_file(directory), one.status.final)
            for one in begun
            if (directory := model.attempt_path(one)) is not None
        ]
        path: Path | None
        try:
            path = self._merged.show((model.directory, phase), sources)
        except OSError:
            # No room for another file: the log of the one that has most to tell needs none.
            one = telling(begun)
            path = next((source.path for source in sources if one is not None and one.id in source.path.parts), None)
        self._panel.show_log(path, safe_line(name, 60), ended=ended)

    def task(self, shown: Shown) -> TaskState | None:
        """The task under the cursor as the run has it."""
        here = self._tree.outline.selectable(self._tree.cursor)
        return shown.task(here.id) if isinstance(here, Task | PartRow) else None
