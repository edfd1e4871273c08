"""The workbench's runs: starting, stopping, taking over, going on after a failure."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from textual import events

from orch_tui.engine.runs import RunRequest
from orch_tui.model.orchestration import Task
from orch_tui.model.plan import RunPlan
from orch_tui.model.runstate import TaskState
from orch_tui.model.text import safe_line
from orch_tui.runs.control import CannotRun, RunControl, grace_words, with_values
from orch_tui.runs.control import Part as RunnablePart
from orch_tui.runs.view import RunModel, running_tasks
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.textual_patches.keys import first_bindings
from orch_tui.tui.widgets.line_tree import LineList
from orch_tui.tui.workbench.dialogs.run_preview import RunPart, RunPreview
from orch_tui.tui.workbench.dialogs.variables import Variables
from orch_tui.tui.workbench.run_rows import plan_states
from orch_tui.tui.workbench.watcher import WorkbenchRun
from orch_tui.tui.workbench.widgets.failure_card import FailureCard
from orch_tui.tui.workbench.widgets.tables_pane import TablesPane
from orch_tui.tui.workbench.widgets.timeline_live import LiveTimelineView

if TYPE_CHECKING:
    from textual.screen import Screen

T = TypeVar("T")
_PREVIEW_ROWS = 100
_COVERED = 7
_OF_A_RUN = ("cancel", "take_over", "failure", "log", "text", "copy_command", "nested")
"""What needs a run, or a certain one."""


class WorkbenchStart(WorkbenchRun):
    """Every run begins with a preview in the tree; nothing starts before it was confirmed."""

    BINDINGS = bindings(actions.WORKBENCH)

    @property
    def control(self) -> RunControl:
        return self.orch_app.runs

    # Starting

    def action_run_all(self) -> None:
        self.prepare(RunRequest(self.orchestration_id), "Run everything")

    def action_run_part(self) -> None:
        bench = self.bench
        marked = [task.id for task in bench.value.tasks() if task.id in bench.marks]
        title = bench.title_of(marked) if marked else ""
        phase = bench.phase_of(self.phase_tree.item)
        here = (phase.id, phase.name) if phase is not None else None
        parts = self.control.parts(self.orchestration_id, marked, title, here)

        def take(part: RunnablePart | None) -> None:
            if part is None:
                return
            if part.resume is not None:
                self.take_over(part.resume)
            elif part.request is not None:
                self.prepare(part.request, f"Run: {part.label.lower()}")

        self.app.push_screen(RunPart(parts), take)

    def prepare(self, request: RunRequest, title: str) -> None:
        """Save, ask for variables, show what would happen, and start once that was confirmed."""
        if self.past:
            self.hide_run()
        self.run_worker(self._prepare(request, title), group="prepare", exclusive=True, description="prepare a run")

    def rerun(self, run: str) -> None:
        self.prepare(RunRequest(self.orchestration_id, rerun=run), "Run what did not succeed")

    async def _prepare(self, request: RunRequest, title: str) -> None:
        if not await self._saved():
            return
        try:
            # What is run is what the files say now.
            self.bench.project.reload()
            missing = self.control.missing_variables(request)
            if missing:
                values = await self._ask(Variables(missing))
                if values is None:
                    return
                request = with_values(request, values)
            plan = self.control.plan(request)
            if not await self._confirmed(plan, title):
                return
            run = await asyncio.to_thread(self.control.start, plan)
        except CannotRun as error:
            self.orch_app.say(str(error), "error", seconds=12)
            return
        self.follow(run.directory, then=self._run_ended)

    async def _ask(self, dialog: Screen[T]) -> T | None:
        return await self.app.push_screen_wait(dialog)

    async def _saved(self) -> bool:
        """The run reads files: what is not saved would not be in it."""
        if not self.bench.dirty:
            return True
        question: Confirm[str] = Confirm(
            "There are edits that are not saved; a run would not see them.",
            [("s", "Save and go on", "save"), ("l", "Run what is saved", "run"), ("c", "Cancel", "cancel")],
        )
        answer = await self._ask(question)
        if answer == "save":
            self.save()
            return not self.bench.dirty
        return answer == "run"

    async def _confirmed(self, plan: RunPlan, title: str) -> bool:
        tree = self.phase_tree
        self.action_pane_tree()
        tree.show(self.bench.value.phases)
        tree.show_states(plan_states(plan))

        def move(step: int) -> str | None:
            if step:
                tree.go(tree.cursor + step, step=step)
            # What the dialog below covers cannot be seen.
            top = tree.cursor - (tree.size.height - _COVERED)
            if top > tree.scroll_y:
                tree.scroll_to(y=top, animate=False, immediate=True, force=True)
            return tree.item.id if isinstance(tree.item, Task) else None

        try:
            return await self._ask(RunPreview(plan, title, move)) is True
        finally:
            if tree.is_attached:
                self.show_tree()
                tree.show_states(self._states if self.run_shown is not None else {})

    @abstractmethod
    def action_pane_tree(self) -> None:
        """Go to the tree."""

    def _run_ended(self, model: RunModel) -> None:
        """A run that was started here: the project's retention is applied as after ``orch-tui run``."""
        self.run_worker(partial(self._forget_old), thread=True, exit_on_error=False, group="forget")

    def _forget_old(self) -> None:
        from orch_tui.engine.runs import forget_old_runs

        try:
            forget_old_runs(self.bench.project, self.orchestration_id)
        except OSError as error:
            self.app.call_from_thread(self.orch_app.say, f"Old runs could not be deleted: {error.strerror}.", "warning")

    # Keys that can do nothing now

    def on_key(self, event: events.Key) -> None:
        """A key that has nothing to work on, or would edit a run, is in no footer and no menu; pressed, it says why."""
        for binding in first_bindings(self, event.key):
            action = binding.action.removeprefix("screen.")
            if self.check_action(action, ()) is not False:
                continue
            if action in _OF_A_RUN:
                event.stop()
                getattr(self, f"action_{action}")()
            elif self.plan_first():
                event.stop()

    def _say_no_run(self) -> None:
        watch, start = self.orch_app.key_of("run.watch"), self.orch_app.key_of("run.run-all")
        self.orch_app.say(f"No run is shown: {watch} shows the newest one, {start} starts one.", seconds=4)

    # Stopping

    def action_cancel(self) -> None:
        model = self.run_shown
        if model is None:
            self._say_no_run()
            return
        if model.finished:
            self.orch_app.say("The run that is shown has ended; there is nothing to stop.", "warning")
            return
        if model.interrupted:
            self.orch_app.say("Nobody executes this run; T takes it over, then it can be stopped.", "warning")
            return
        task = self.task_shown()
        choices = [("r", "Stop the run", "run"), ("n", "At once", "now"), ("c", "Go on", "no")]
        can_task = task is not None and not task.status.final
        if can_task:
            choices.insert(0, ("t", "Stop the task", "task"))
        grace = grace_words(running_tasks(model))
        detail = f"Running tasks get {grace} to end by themselves, then they are killed." if grace else ""
        name = f"\nThe task under the cursor: {safe_line(task.name, 60)}" if can_task and task is not None else ""

        def take(answer: str | None) -> None:
            if answer in ("run", "now", "task"):
                self._cancel(model.directory, task.id if answer == "task" and task else None, now=answer == "now")

        self.app.push_screen(Confirm("Stop this run?", choices, f"{detail}{name}"), take)

    def _cancel(self, directory: Path, task: str | None, *, now: bool) -> None:
        try:
            self.control.cancel(directory, task=task, now=now)
        except CannotRun as error:
            self.orch_app.say(str(error), "error")

    # Taking over

    def action_take_over(self) -> None:
        model = self.run_shown
        if model is None:
            self._say_no_run()
        elif model.interrupted:
            self.take_over(model.directory)
        else:
            self.orch_app.say("The run that is shown is not interrupted.", "warning")

    def offer_take_over(self) -> None:
        self.run_worker(self._offer(), group="offer", exclusive=True, description="look for an interrupted run")

    async def _offer(self) -> None:
        summary = await asyncio.to_thread(self.control.interrupted, self.orchestration_id)
        if summary is None:
            return
        try:
            found = await asyncio.to_thread(self.control.found, summary.directory)
        except CannotRun as error:
            self.orch_app.say(str(error), "warning")
            return
        answer: str | None = await self._ask(take_over_question(summary.id, summary.by, found))
        if answer == "take":
            self.take_over(summary.directory)
        elif answer == "show":
            self.follow(summary.directory)

    def take_over(self, directory: Path) -> None:
        """Execute an interrupted run here."""

        async def go_on() -> None:
            try:
                run = await asyncio.to_thread(self.control.take_over, directory)
            except CannotRun as error:
                self.orch_app.say(str(error), "error", seconds=12)
                return
            self.follow(run.directory, then=self._run_ended)

        self.run_worker(go_on(), group="prepare", exclusive=True, description="take a run over")

    # After a failure

    def on_failure_card_asked(self, event: FailureCard.Asked) -> None:
        event.stop()
        if self.run_shown is None:
            return
        if event.what == "edit":
            self._open_configuration(event.failure.configuration, event.failure.fault)
        elif event.what == "continue":
            self.prepare(self.control.continue_request(self.run_shown.state), "Continue: what did not succeed")
        elif event.what == "log":
            self.open_task_log(event.failure.task)
        else:
            self._of_attempt(event.what, self.run_shown.state.tasks[event.failure.task])

    def open_task_log(self, task: str) -> None:
        """The log of a task of the shown run, full screen."""
        from orch_tui.tui.log.viewer import LogViewerScreen

        if self.run_shown is not None:
            self.app.push_screen(
                LogViewerScreen.open_for_task(
                    self.run_shown.directory, self.run_shown.state.tasks[task], self.run_shown.state
                )
            )

    def action_log(self) -> None:
        task = self.task_shown()
        if self.run_shown is None:
            self._say_no_run()
        elif task is None:
            self.orch_app.say("Put the cursor on a task of the run that is shown, to see its log.", "warning")
        else:
            self.open_task_log(task.id)

    def action_text(self) -> None:
        self._of_attempt("text", self.task_shown())

    def action_copy_command(self) -> None:
        self._of_attempt("command", self.task_shown())

    def _of_attempt(self, what: str, task: TaskState | None) -> None:
        """The text that the last attempt of a task ran, or its command."""
        from orch_tui.tui.runs.attempt_text import Which, copy_command, show_text

        if self.run_shown is None:
            self._say_no_run()
            return
        if task is None:
            self.orch_app.say("Put the cursor on a task of the run that is shown.", "warning")
            return
        which = Which(self.run_shown.directory, self.run_shown.state, task)
        if what == "command":
            copy_command(self.orch_app, which)
        else:
            self.run_worker(show_text(self.orch_app, which), group="text", exclusive=True, description="read a text")

    def action_failure(self) -> None:
        card = self.query_one(FailureCard)
        if self.run_shown is None:
            self._say_no_run()
            return
        if card.failure is None:
            self.orch_app.say("No task of the shown run has failed.", seconds=3)
            return
        self._go_to_pane("sequence", "failure")

    @abstractmethod
    def _go_to_pane(self, pane: str, widget: str | None = None) -> None:
        """Show a pane and give it, or a widget in it, the focus."""

    # Looking

    def action_watch(self) -> None:
        if self.run_shown is not None:
            self.hide_run()
            return
        newest = self._newest()
        if newest is None:
            self.orch_app.say("There is no run yet; R starts one.", seconds=3)
        else:
            self.follow(newest)

    def action_leave(self) -> None:
        if self.run_shown is not None and not self.bench.marks and (self.past or not self.run_shown.live):
            self.hide_run()
        else:
            super().action_leave()

    def action_nested(self) -> None:
        task = self.task_shown()
        if self.run_shown is None:
            self._say_no_run()
            return
        child = self.run_shown.children.get(task.id) if task is not None else None
        if child is None:
            self.orch_app.say("Put the cursor on a nested orchestration that has begun.", "warning")
            return
        self.orch_app.open_run(child.state.header.orchestration, child.directory)

    def action_history(self) -> None:
        from orch_tui.tui.runs.history import HistoryScreen

        def take(answer: tuple[str, Path] | None) -> None:
            if answer is None:
                return
            what, directory = answer
            if what == "rerun":
                self.rerun(directory.name)
            else:
                shown = self.run_shown
                live = shown is not None and shown.directory == directory and shown.live
                self.follow(directory, past=not live)

        self.app.push_screen(HistoryScreen(self.bench.project, self.orchestration_id), take)

    async def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        match event.control:
            case LiveTimelineView() as timeline:
                task = timeline.task_at(event.index)
                if task is not None and self.phase_tree.go_to(task):
                    self.action_pane_tree()
            case TablesPane() as tables:
                item = tables.item_at(event.index)
                if item is not None and item.is_table:
                    self.run_worker(self._preview(item.name), group="preview", exclusive=True)

    async def _preview(self, table: str) -> None:
        from orch_tui.model.errors import UserError
        from orch_tui.storage.tables import Storage
        from orch_tui.tui.workbench.dialogs.table_preview import TablePreview

        storage = Storage(self.bench.project.paths.storage)
        try:
            names, rows = await asyncio.to_thread(storage.preview, table, _PREVIEW_ROWS)
        except (UserError, OSError) as error:
            self.orch_app.say(str(error), "error", seconds=12)
            return
        types = [kind for _, kind in self._columns.get(table, ())]
        self.app.push_screen(TablePreview(table, names, types, rows))


def take_over_question(run: str, by: str, found: list[str]) -> Confirm[str]:
    """What was found of an interrupted run, and what can be done."""
    return Confirm(
        f"Run {run} was interrupted: its executor is gone.",
        [("t", "Take it over", "take"), ("w", "Show it", "show"), ("l", "Later", "later")],
        "\n".join([f"Started by {safe_line(by, 60)}.", *found[:10]]),
    )
