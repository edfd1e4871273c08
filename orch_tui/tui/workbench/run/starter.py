"""Starting, continuing, stopping and taking over runs from the workbench; nothing starts before it was confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from orch_tui.engine.runs.as_it_ran import AsItRan
from orch_tui.engine.runs.start import RunRequest
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.orchestration import Variable
from orch_tui.model.run.plan import RunPlan
from orch_tui.model.run.runstate import TaskState
from orch_tui.model.texts.text import safe_line
from orch_tui.runs.live.control import CannotRun, RunControl, grace_words, with_values
from orch_tui.runs.live.control import Part as RunnablePart
from orch_tui.runs.live.view import RunModel, running_tasks
from orch_tui.runs.people.responding import asked_words
from orch_tui.runs.planning.shadow import shadow_tables
from orch_tui.tui.data.freshening import only_stale
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.task_names import name_first
from orch_tui.tui.workbench.dialogs.run_preview import Confirmed, RunPart
from orch_tui.tui.workbench.dialogs.shadow_tables import ShadowTables
from orch_tui.tui.workbench.dialogs.variables import Variables
from orch_tui.tui.workbench.host import Asks, Rows, Says
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.run.watcher import RunWatcher


class StartPreview(Protocol):
    """What would happen, in the tree."""

    async def confirmed(self, plan: RunPlan, title: str, *, may_change: bool) -> Confirmed | None:
        """Show what would happen to every task, and ask whether to start, or with which values."""


class StartDesk(Protocol):
    """What starting runs needs of the workbench around it."""

    def task_shown(self) -> TaskState | None:
        """The task under the cursor as the shown run has it."""


class FileToRun(Protocol):
    """The file that a run reads."""

    async def saved(self) -> bool:
        """Write the edits to it; False when they could not be, and it was said why."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """``request`` is what it was planned by, None for what repeats an earlier run with that one's values; ``changed``:
    only what is stale runs."""

    plan: RunPlan
    request: RunRequest | None = None
    changed: bool = False

    @property
    def may_change(self) -> bool:
        """Whether other values can be given."""
        return self.request is not None and bool(self.plan.variables)


class RunStarter:
    """Every run begins with a preview in the tree, and is watched from its start on."""

    def __init__(
        self,
        bench: Workbench,
        file: FileToRun,
        rows: Rows,
        watcher: RunWatcher,
        control: RunControl,
        host: Asks,
        desk: StartDesk,
        preview: StartPreview,
    ) -> None:
        self._bench = bench
        self._file = file
        self._rows = rows
        self._watcher = watcher
        self._control = control
        self._host = host
        self._desk = desk
        self._preview = preview

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {
            "run.run-all": self.run_all,
            "run.run-part": self.run_part,
            "run.cancel": self.cancel,
            "run.take-over": self.take_over_shown,
        }

    # Starting

    def run_all(self) -> None:
        self.prepare(RunRequest(self._bench.value.id), "Run everything")

    def run_part(self) -> None:
        bench = self._bench
        marked = [task.id for task in bench.value.tasks() if task.id in bench.marks]
        item = self._rows.item
        # Without a mark the task under the cursor is meant, as for every other key; a whole run is repeated then.
        some = marked or [task.id for task in bench.tasks_of([item.id] if item is not None else [])]
        title = bench.title_of(marked) if marked else ""
        phase = bench.phase_of(item)
        here = (phase.id, phase.name) if phase is not None else None
        request = RunRequest(bench.value.id)
        stale = RunnablePart("changed", "s", "What is stale", "Others hold: text, variables, inputs, sources", request)
        repeats = self._control.repeats(bench.value.id, self._ended_shown(), marked, title)
        of_some = bench.title_of(some) if some else ""
        self._choose([*self._control.parts(bench.value.id, some, of_some, here), stale, *repeats])

    def offer_repeat(self, run: str) -> None:
        """Ask how a run that has ended is to be repeated as it ran."""
        self._choose(self._control.repeats(self._bench.value.id, run, (), ""))

    def _ended_shown(self) -> str | None:
        """The run that is shown, if it has ended."""
        model = self._watcher.shown.model
        return model.directory.name if model is not None and model.finished else None

    def _choose(self, parts: Sequence[RunnablePart]) -> None:
        def take(part: RunnablePart | None) -> None:
            if part is None:
                return
            if part.resume is not None:
                self.take_over(part.resume)
            elif part.repeat is not None:
                self._begin(
                    partial(self._plan_repeat, part.repeat), f"Repeat run {part.repeat.run}: {part.label.lower()}"
                )
            elif part.request is not None:
                self.prepare(part.request, f"Run: {part.label.lower()}", changed=part.id == "changed")

        self._host.show_screen(RunPart(parts), take)

    def rerun(self, run: str) -> None:
        """What did not succeed in an earlier run."""
        self.prepare(RunRequest(self._bench.value.id, rerun=run), "Run what did not succeed")

    def continue_shown(self) -> None:
        """What did not succeed in the run that is shown."""
        if self._watcher.shown.model is not None:
            request = self._control.continue_request(self._watcher.shown.model.state)
            self.prepare(request, "Continue: what did not succeed")

    def prepare(self, request: RunRequest, title: str, *, changed: bool = False) -> None:
        """Save, ask for variables, show what would happen, and start once that was confirmed; ``changed``: only what
        is stale."""
        self._begin(partial(self._plan, request, changed), title)

    async def _plan(self, request: RunRequest, changed: bool) -> _Planned | None:
        if not await self._saved():
            return None
        # What is run is what the files say now.
        self._bench.project.reload()
        return await self._plan_with(request, changed)

    async def _plan_with(self, request: RunRequest, changed: bool) -> _Planned | None:
        asked = await asyncio.to_thread(only_stale, self._bench.project.root, request) if changed else request
        plan = await self._control.plan_asking(asked, lambda missing: self._host.ask(Variables(missing)))
        return _Planned(plan, request, changed) if plan is not None else None

    async def _with_other_values(self, planned: _Planned, request: RunRequest) -> _Planned | None:
        """The plan of the same run with values that are asked for; as it was where none are given."""
        project, value = self._bench.project, self._bench.value
        about = {one.name: one.description for one in (*project.settings.variables, *value.variables)}
        held = planned.plan.variables
        given = await self._host.ask(
            Variables([Variable(name, text, about.get(name, "")) for name, text in held.items()])
        )
        if given is None:
            return planned
        return await self._plan_with(with_values(request, given), planned.changed)

    async def _plan_repeat(self, asked: AsItRan) -> _Planned:
        # The programs of components, and what they need, are today's.
        self._bench.project.reload()
        return _Planned(await asyncio.to_thread(self._control.plan_repeat, asked))

    def _begin(self, plan: Callable[[], Awaitable[_Planned | None]], title: str) -> None:
        if self._watcher.shown.past:
            self._watcher.hide()
        self._host.in_background(partial(self._prepare, plan, title), "prepare", "prepare a run")

    async def _prepare(self, plan_it: Callable[[], Awaitable[_Planned | None]], title: str) -> None:
        try:
            planned, answer = await plan_it(), None
            while planned is not None:
                answer = await self._preview.confirmed(planned.plan, title, may_change=planned.may_change)
                if answer is not Confirmed.OTHER_VALUES or planned.request is None:
                    break
                planned = await self._with_other_values(planned, planned.request)
            if planned is None or answer is not Confirmed.START:
                return
            run = await asyncio.to_thread(self._control.start, planned.plan)
        except OrchError as error:
            self._host.say(str(error), "error", seconds=12)
            return
        self._watcher.follow(run.directory, then=self._ended)

    async def _saved(self) -> bool:
        """The run reads files: what is not saved would not be in it."""
        if not self._bench.dirty:
            return True
        question: Confirm[str] = Confirm(
            "There are edits that are not saved; a run would not see them.",
            [("s", "Save and go on", "save"), ("l", "Run what is saved", "run"), ("c", "Cancel", "cancel")],
        )
        answer = await self._host.ask(question)
        if answer == "save":
            return await self._file.saved()
        return answer == "run"

    def _ended(self, ended: RunModel) -> None:
        """A run that was started here: the project's retention is applied as after ``orch-tui run``."""
        if ended.state.header.shadow:
            self._host.in_background(partial(self._show_shadow, ended), "shadow", "compare what a shadow run wrote")
        self._host.in_background(self._forget_old_runs, "forget", "delete old runs")

    async def _show_shadow(self, ended: RunModel) -> None:
        tables = await asyncio.to_thread(shadow_tables, self._bench.project, ended.directory, ended.state)
        table = await self._host.ask(ShadowTables(ended.directory.name, tables))
        if table is not None:
            from orch_tui.tui.data.table import TableScreen

            self._host.show_screen(TableScreen(self._bench.project.paths, table))

    async def _forget_old_runs(self) -> None:
        from orch_tui.engine.runs.start import forget_old_runs

        try:
            await asyncio.to_thread(forget_old_runs, self._bench.project, self._bench.value.id)
        except OSError as error:
            self._host.say(f"Old runs could not be deleted: {error.strerror}.", "warning")

    # Stopping

    def cancel(self) -> None:
        model = self._watcher.shown.model
        if model is None:
            say_no_run(self._host)
            return
        if model.finished:
            self._host.say("The run that is shown has ended; there is nothing to stop.", "warning")
            return
        if model.interrupted:
            self._host.say("Nobody executes this run; T takes it over, then it can be stopped.", "warning")
            return
        task = self._desk.task_shown()
        choices = [("r", "Stop the run", "run"), ("n", "At once", "now"), ("c", "Go on", "no")]
        can_task = task is not None and not task.status.final
        if can_task:
            choices.insert(0, ("t", "Stop the task", "task"))
        grace = grace_words(running_tasks(model))
        detail = f"Running tasks get {grace} to end by themselves, then they are killed." if grace else ""
        name = f"\nThe task under the cursor: {name_first(task.name, 60)}" if can_task and task is not None else ""

        def take(answer: str | None) -> None:
            if answer in ("run", "now", "task"):
                self._cancel(model.directory, task.id if answer == "task" and task else None, now=answer == "now")

        self._host.show_screen(Confirm("Stop this run?", choices, f"{detail}{name}"), take)

    def _cancel(self, directory: Path, task: str | None, *, now: bool) -> None:
        try:
            silent = self._control.cancel(directory, task=task, now=now)
        except CannotRun as error:
            self._host.say(str(error), "error")
            return
        if silent is not None:
            self._host.say(asked_words(silent), "error", seconds=20)

    # Taking over

    def take_over_shown(self) -> None:
        model = self._watcher.shown.model
        if model is None:
            say_no_run(self._host)
        elif model.interrupted:
            self.take_over(model.directory)
        else:
            self._host.say("The run that is shown is not interrupted.", "warning")

    def offer_take_over(self) -> None:
        """Ask what becomes of an interrupted run, if there is one."""
        self._host.in_background(self._offer, "offer", "look for an interrupted run")

    async def _offer(self) -> None:
        summary = await asyncio.to_thread(self._control.interrupted, self._bench.value.id)
        if summary is None:
            return
        try:
            left_behind = await asyncio.to_thread(self._control.found, summary.directory)
        except CannotRun as error:
            self._host.say(str(error), "warning")
            return
        answer = await self._host.ask(_take_over_question(summary.id, summary.by, left_behind))
        if answer == "take":
            self.take_over(summary.directory)
        elif answer == "show":
            self._watcher.follow(summary.directory)

    def take_over(self, directory: Path) -> None:
        """Execute an interrupted run here."""
        self._host.in_background(partial(self._take_over, directory), "prepare", "take a run over")

    async def _take_over(self, directory: Path) -> None:
        try:
            run = await asyncio.to_thread(self._control.take_over, directory)
        except OrchError as error:
            self._host.say(str(error), "error", seconds=12)
            return
        self._watcher.follow(run.directory, then=self._ended)


def say_no_run(host: Says) -> None:
    """A key that needs a run was pressed without one."""
    watch, start = host.key_of("run.watch"), host.key_of("run.run-all")
    host.say(f"No run is shown: {watch} shows the newest one, {start} starts one.", seconds=4)


def _take_over_question(run: str, by: str, left_behind: list[str]) -> Confirm[str]:
    """What was found of an interrupted run, and what can be done."""
    return Confirm(
        f"Run {run} was interrupted: its executor is gone.",
        [("t", "Take it over", "take"), ("w", "Show it", "show"), ("l", "Later", "later")],
        "\n".join([f"Started by {safe_line(by, 60)}.", *left_behind[:10]]),
    )
