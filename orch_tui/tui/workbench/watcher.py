"""The workbench's runs: watching one beside the plan, live or long over."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from textual.timer import Timer

from orch_tui.model.orchestration import Task
from orch_tui.model.runstate import TaskState
from orch_tui.project.attempt_dir import log_file
from orch_tui.project.history import continued_by, run_ids
from orch_tui.project.journal.file import BrokenJournal, is_executed
from orch_tui.runs.estimates import read_estimates, tasks_to_run
from orch_tui.runs.feed import Batch, RunFeed
from orch_tui.runs.nested import NestedRuns
from orch_tui.runs.view import RunModel, Written, phases_of, read_written
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList, Part
from orch_tui.tui.workbench import look
from orch_tui.tui.workbench.file import WorkbenchFile
from orch_tui.tui.workbench.run_rows import nested_lines, phase_state, task_state
from orch_tui.tui.workbench.widgets.failure_card import read_failure
from orch_tui.tui.workbench.widgets.live_panel import LivePanel
from orch_tui.tui.workbench.widgets.phase_tree import PhaseTree
from orch_tui.tui.workbench.widgets.timeline_live import LiveTimelineView

TICK = 0.5
"""Seconds between two looks at a run that goes on."""
_REST, _SLOWEST = 6.0, 3.0
"""The pause is so many times the processor time that the last look and its picture took; at most so many seconds."""
_IDLE_TICKS = 4
"""Looks for a new run are so many ticks apart while none goes on."""
_TREE_ROWS = 10
"""Durations drawn per second in the tree, at most: with more running tasks they take turns."""
_CHANGING_KEYS = ("cancel", "take_over", "failure", "log", "nested", "undo")
"""Actions by which it can be told that other keys are in the footer now."""
_WIDE = 60
"""Columns of the tree from which every status has its word."""


class WorkbenchRun(WorkbenchFile):
    """Follows one run: the newest that goes on, or one that was opened from the history (then read only)."""

    VERTICAL_BREAKPOINTS = look.HEIGHTS

    def __init__(self, orchestration_id: str) -> None:
        super().__init__(orchestration_id)
        self.first_run: Path | None = None
        self.rerun_first = False
        self.run_shown: RunModel | None = None
        self.past = False
        self._feed: RunFeed | None = None
        self._nested = NestedRuns(None)
        self._states: dict[str, tuple[Part, ...]] = {}
        self._written: dict[str, tuple[Written, ...]] = {}
        self._columns: dict[str, Sequence[tuple[str, str]]] = {}
        self._seen: str | None = None
        self._ticks = 0
        self._following = 0
        self._executor_said = ""
        self._looking: Timer | None = None
        self._keys: tuple[bool | None, ...] = ()
        self._ended: Callable[[RunModel], None] | None = None

    @property
    def panel(self) -> LivePanel:
        return self.query_one(LivePanel)

    def on_mount(self) -> None:
        if self.opened is not None:
            self.run_worker(self._begin(), group="run", exclusive=True, description="look for a run")
            self._looking = self.set_interval(TICK * _IDLE_TICKS, self._look_for_a_run)

    async def _begin(self) -> None:
        """Show the run that was asked for, or one that goes on, or offer to take over an interrupted one."""
        first, self.first_run = self.first_run, None
        newest = await asyncio.to_thread(self._newest)
        self._seen = newest.name if newest else None
        if first is not None and self.rerun_first:
            self.rerun(first.name)
        elif first is not None:
            self.follow(first, past=first != newest or not await asyncio.to_thread(is_executed, first))
        elif newest is not None and await asyncio.to_thread(is_executed, newest):
            self.follow(newest)
        else:
            self.offer_take_over()

    @abstractmethod
    def rerun(self, run: str) -> None:
        """Prepare to run again what did not succeed in a run."""

    @abstractmethod
    def offer_take_over(self) -> None:
        """Ask what becomes of an interrupted run, if there is one."""

    @abstractmethod
    def read_durations(self) -> None:
        """Learn from the runs that there are how long tasks take."""

    @abstractmethod
    def check(self) -> None:
        """Show problems and the names of the panes anew."""

    def _newest(self) -> Path | None:
        paths = self.bench.project.paths
        newest = next(iter(run_ids(paths, self.orchestration_id)), None)
        return paths.run(self.orchestration_id, newest) if newest else None

    # Following

    def follow(self, directory: Path, *, past: bool = False, then: Callable[[RunModel], None] | None = None) -> None:
        """Show a run and follow it. ``past``: its own plan in the tree, read only. ``then`` is told of its end."""
        self._ended = then
        self.run_worker(self._follow(directory, past), group="run", exclusive=True, description="follow a run")

    async def _follow(self, directory: Path, past: bool) -> None:
        self._following += 1
        try:
            await self._follow_to_end(directory, past)
        finally:
            self._following -= 1

    async def _follow_to_end(self, directory: Path, past: bool) -> None:
        paths = self.bench.project.paths
        feed = RunFeed(directory, paths)
        try:
            state, live = await asyncio.to_thread(feed.open)
        except (OSError, BrokenJournal) as error:
            self.orch_app.say(f"Run {directory.name} cannot be shown: {error}", "error", seconds=12)
            return
        estimates = await asyncio.to_thread(
            read_estimates, paths, self.orchestration_id, before=directory.name, tasks=tasks_to_run(state)
        )
        model = RunModel(directory, state, live=live, estimates=estimates)
        if state.finished:
            later = await asyncio.to_thread(continued_by, paths, self.orchestration_id, directory.name)
            model.continued = later[-1] if later else None
        self._show_first(model, feed, past)
        await self._look_at_nested()
        await self._look_at_results(model)
        self._draw(whole=True)
        pause, spent = TICK, time.thread_time()
        while model.moving and not (past and model.interrupted):
            await asyncio.sleep(pause)
            await self._look(model, feed)
            # The screen shares the interpreter with the executor: what is costly to show is shown less often.
            now = time.thread_time()
            pause, spent = min(max(TICK, _REST * (now - spent)), _SLOWEST), now
            if model.interrupted and not model.running():
                break
        if model.finished:
            self.read_durations()
            if self._ended is not None:
                self._ended(model)

    @property
    def third_pane(self) -> str:
        """What the pane on the right is called."""
        return "Run" if self.run_shown is not None else "Sequence"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        shown = self.run_shown
        if action in actions.CHANGES and shown is not None:
            return False
        match action:
            case "cancel":
                return shown is not None and shown.live and not shown.finished
            case "take_over":
                return shown is not None and shown.interrupted
            case "failure":
                return shown is not None and shown.state.first_failure is not None
            case "log" | "text" | "copy_command":
                return shown is not None
            case "nested":
                return shown is not None and bool(shown.children)
        return super().check_action(action, parameters)

    def _keys_changed(self) -> None:
        """Which keys there are, once for every change: the footer is made anew each time."""
        keys = tuple(self.check_action(action, ()) for action in _CHANGING_KEYS)
        if keys != self._keys:
            self._keys = keys
            self.refresh_bindings()

    def _show_first(self, model: RunModel, feed: RunFeed, past: bool) -> None:
        self.run_shown, self._feed, self.past = model, feed, past
        self._nested = NestedRuns(self.bench.project.paths)
        self._states, self._written, self._columns = {}, {}, {}
        self._seen = max(self._seen or "", model.directory.name)
        self.add_class("-run")
        self.check()
        self.panel.show_failure(None)
        self.panel.show_written((), {})
        if self.focused is not None and self.focused.id in ("sequence", "problems"):
            # The run takes their place.
            self.panel.focus_tab()
        self.show_tree()

    async def _look(self, model: RunModel, feed: RunFeed) -> None:
        """One look at the journals, in a thread; then draw what is different."""
        running = model.running()
        try:
            batch: Batch = await asyncio.to_thread(feed.read, running)
        except (OSError, BrokenJournal) as error:
            self.orch_app.say(f"Run {model.directory.name} cannot be read any more: {error}", "error", seconds=12)
            self.hide_run()
            return
        self._tell_of_the_executor(model)
        different = model.take(batch)
        if batch.state is not None:
            self.show_tree()
        different |= await self._look_at_nested()
        self._ticks += 1
        if different:
            await self._look_at_results(model)
        if self.is_current and (different or self._ticks % 2 == 0):
            self._draw(whole=batch.state is not None)

    def _tell_of_the_executor(self, model: RunModel) -> None:
        """A journal that cannot be written cannot say so itself, and a fault of the program is in no journal."""
        here = self.orch_app.runs.active.get(model.directory.name)
        if here is None:
            return
        said = f"The run waits until its journal can be written: {here.blocked}" if here.blocked else ""
        if here.error is not None:
            said = f"The run was broken off by a fault of orch-tui ({type(here.error).__name__}: {here.error})."
        if said != self._executor_said:
            self._executor_said = said
            self.orch_app.say(said or "The run goes on.", "error" if said else "information", seconds=12)

    async def _look_at_nested(self) -> bool:
        """Find and follow the runs of nested orchestrations that have begun."""
        if self.run_shown is None or self._feed is None:
            return False
        return await asyncio.to_thread(self._nested.read, self.run_shown, self._feed)

    async def _look_at_results(self, model: RunModel) -> None:
        """The first failure, and what tasks wrote that have ended since the last look."""
        failure = await asyncio.to_thread(read_failure, model.state, model.directory)
        self.panel.show_failure(failure)
        ended = [
            (task.id, task.attempts[-1].number)
            for task in model.state.tasks.values()
            if task.attempts and task.status.final and task.id not in self._written
        ]
        if not ended:
            return
        self._written.update(await asyncio.to_thread(read_written, model.directory, ended))
        items = self.items_written()
        new = [item.name for item in items if item.is_table and item.name not in self._columns]
        if new:
            self._columns.update(await asyncio.to_thread(self._read_columns, new))
        self.panel.show_written(items, self._columns)

    def items_written(self) -> list[Written]:
        return [item for items in self._written.values() for item in items]

    def _read_columns(self, tables: Sequence[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
        # Imported late: nothing of it is needed before a task has written a table.
        from orch_tui.model.errors import UserError
        from orch_tui.storage.tables import Storage

        storage = Storage(self.bench.project.paths.storage)
        found = {}
        for table in tables:
            try:
                info = storage.get(table)
            except (UserError, OSError):
                continue
            if info is not None and info.problem is None:
                found[table] = info.columns
        return found

    def _look_for_a_run(self) -> None:
        """Somebody else may start a run: another terminal, cron."""
        if self.is_current and not self.past and not self._following:
            self.run_worker(self._find_a_run(), group="find", exclusive=True, description="look for a new run")

    async def _find_a_run(self) -> None:
        newest, shown = await asyncio.to_thread(self._newest), self.run_shown
        if self._following:
            return
        if newest is not None and newest.name > (self._seen or ""):
            self._seen = newest.name
            self.follow(newest)
        elif shown is not None and shown.interrupted and await asyncio.to_thread(is_executed, shown.directory):
            self.follow(shown.directory)

    # Drawing

    def _draw(self, *, whole: bool = False) -> None:
        model = self.run_shown
        if model is None:
            return
        self._keys_changed()
        # A tree that is hidden behind another tab has no width yet; it will have that of the screen.
        now, wide = self.orch_app.clock(), (self.phase_tree.size.width or self.size.width) >= _WIDE
        state = model.state
        touched = {*state.tasks, *state.phases} if whole else model.changes() | {task for task, _ in model.running()}
        touched |= {phase.id for phase in state.phases.values() if phase.started is not None and phase.ended is None}
        states = dict(self._states)
        for key in touched:
            if key in state.tasks:
                states[key] = task_state(model, state.tasks[key], now, wide=wide)
            elif key in state.phases:
                states[key] = phase_state(model, state.phases[key], now)
        self._states = states
        nested = {task: nested_lines(task, child, now, wide=wide) for task, child in model.children.items()}
        self.phase_tree.show_states(states, nested, None if whole or model.finished else _TREE_ROWS)
        self.panel.show_run(model, now, self._under_cursor())
        self._show_log()

    def _under_cursor(self) -> str | None:
        item = self.phase_tree.item
        return item.id if item is not None else None

    def _task_under_cursor(self) -> str | None:
        item = self.phase_tree.item
        return item.id if isinstance(item, Task) else None

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        if self.run_shown is not None and isinstance(event.control, PhaseTree | LiveTimelineView):
            if isinstance(event.control, LiveTimelineView) and (task := event.control.task_at(event.index)):
                self.phase_tree.go_to(task)
            self.panel.show_run(self.run_shown, self.orch_app.clock(), self._under_cursor())
            self._show_log()

    def on_live_panel_tab_shown(self) -> None:
        self._draw()
        # The view of the log is there after the next refresh.
        self.call_after_refresh(self._show_log)

    def _show_log(self) -> None:
        if self.panel.tab == "log" and self.run_shown is not None:
            task = self.task_shown()
            directory = self.run_shown.attempt_path(task) if task is not None else None
            self.panel.show_log(log_file(directory) if directory is not None else None)

    def on_screen_suspend(self) -> None:
        # Even a timer that does nothing makes Textual paint the screen above again.
        if self._looking is not None:
            self._looking.pause()

    def on_screen_resume(self) -> None:
        if self._looking is not None:
            self._looking.resume()
        if self.opened is not None and self.run_shown is not None:
            self.show_tree()
            self._draw(whole=True)

    def on_resize(self) -> None:
        if self.opened is not None and self.run_shown is not None:
            self.call_after_refresh(self._draw, whole=True)

    # A run has the plan it was started with, whatever was edited since

    def show_tree(self, *, redraw: bool = False) -> None:
        """The phases of the run that is shown, or of the orchestration as it is edited."""
        shown = self.run_shown
        self.phase_tree.show(phases_of(shown) if shown is not None else self.bench.value.phases, redraw=redraw)
        if self.past and shown is not None:
            self.phase_tree.border_title = line(f"{shown.state.header.name} ─ as it ran, read only", limit=60)

    def hide_run(self) -> None:
        """Back to the plan."""
        if self.focused is not None and self.panel in self.focused.ancestors:
            self.set_focus(self.query_one("#sequence"))
        self.workers.cancel_group(self, "run")
        self.run_shown, self._feed, self.past = None, None, False
        self._keys_changed()
        self.remove_class("-run")
        self.phase_tree.show_states({})
        self.show_value()

    def plan_first(self) -> bool:
        """Whether a run is shown that edits would change the record of: then the plan is shown instead of it."""
        if self.run_shown is None:
            return False
        self.hide_run()
        watch = self.orch_app.key_of("run.watch")
        self.orch_app.say(f"This is the plan, which can be edited; {watch} shows the newest run again.")
        return True

    def attempt(self, edit: Callable[[], object], focus: str | None = None) -> bool:
        return not self.plan_first() and super().attempt(edit, focus)

    def add(self, ref: str) -> str | None:
        if self.plan_first():
            return "Nothing was added to the run; add it to the plan."
        return super().add(ref)

    def task_shown(self) -> TaskState | None:
        """The task under the cursor as the shown run has it."""
        task = self._task_under_cursor()
        return self.run_shown.state.tasks.get(task) if self.run_shown is not None and task is not None else None
