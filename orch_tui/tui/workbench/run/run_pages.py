"""What can be opened from a run in the workbench: logs, texts, tables, nested runs, the history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from orch_tui.model.run.runstate import TaskState
from orch_tui.runs.past.again import Again
from orch_tui.tui.workbench.dialogs.variables import Variables
from orch_tui.tui.workbench.host import Asks, Opens
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.run.starter import RunStarter, say_no_run
from orch_tui.tui.workbench.run.watcher import RunWatcher

if TYPE_CHECKING:
    from orch_tui.tui.rehearsal.model import Assuming


class PagesHost(Asks, Opens, Protocol):
    """Dialogs, and other places of the program."""


class RehearsalPreview(Protocol):
    """Where a run would go, in the tree."""

    async def rehearsed(self, assuming: Assuming, title: str) -> bool:
        """Show the way of a rehearsal in the tree; True when something else is to be assumed."""


class RunPages:
    """Each is read when it is opened."""

    def __init__(
        self,
        bench: Workbench,
        watcher: RunWatcher,
        starter: RunStarter,
        host: PagesHost,
        task_shown: Callable[[], TaskState | None],
        preview: RehearsalPreview,
    ) -> None:
        """``task_shown`` is the task under the cursor as the shown run has it."""
        self._bench = bench
        self._watcher = watcher
        self._starter = starter
        self._host = host
        self._task_shown = task_shown
        self._preview = preview
        self._from_history: Path | None = None

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {
            "run.log": self.log,
            "run.text": lambda: self.of_attempt("text", self._task_shown()),
            "run.copy-command": lambda: self.of_attempt("command", self._task_shown()),
            "run.nested": self.nested,
            "run.history": self.history,
            "run.rehearse": self.rehearse,
            "workbench.storage": self.storage,
        }

    def log(self) -> None:
        task = self._task_shown()
        if self._watcher.shown.model is None:
            say_no_run(self._host)
        elif task is None:
            self._host.say("Put the cursor on a task of the run that is shown, to see its log.", "warning")
        else:
            self.open_log(task.id)

    def open_log(self, task: str) -> None:
        """The log of a task of the shown run, full screen."""
        from orch_tui.tui.log.viewer import LogViewerScreen

        model = self._watcher.shown.model
        if model is not None:
            self._host.show_screen(
                LogViewerScreen.open_for_task(model.directory, model.state.task(task).telling, model.state)
            )

    def of_attempt(self, what: str, task: TaskState | None) -> None:
        """The ``text`` that the last attempt of a task ran, or its ``command``."""
        from orch_tui.tui.runs.attempt_text import Which, copy_command, show_text

        model = self._watcher.shown.model
        if model is None:
            say_no_run(self._host)
            return
        if task is None:
            self._host.say("Put the cursor on a task of the run that is shown.", "warning")
            return
        which = Which(model.directory, model.state, task)
        if what == "command":
            copy_command(self._host.orch_app, which)
        else:
            self._host.in_background(partial(show_text, self._host.orch_app, which), "text", "read a text")

    def nested(self) -> None:
        model, task = self._watcher.shown.model, self._task_shown()
        if model is None:
            say_no_run(self._host)
            return
        child = model.children.get(task.id) if task is not None else None
        if child is None:
            self._host.say("Put the cursor on a nested orchestration that has begun.", "warning")
            return
        self._host.open_run(child.state.header.orchestration, child.directory)

    def back_from(self, run: Path) -> None:
        """A run is left: back to the history, if it was opened from there."""
        if run == self._from_history:
            self.history(run.name)

    def history(self, cursor: str | None = None) -> None:
        """All runs; ``cursor`` is the one to begin at."""
        from orch_tui.tui.runs.history import HistoryScreen

        def take(answer: tuple[Again | None, Path] | None) -> None:
            if answer is None:
                return
            again, directory = answer
            other = directory.parent.name
            if other != self._bench.value.id:
                # The history of all orchestrations was shown.
                self._host.orch_app.open_run(other, directory, again=again)
            elif again is Again.REST:
                self._starter.rerun(directory.name)
            elif again is Again.AS_IT_RAN:
                self._starter.offer_repeat(directory.name)
            else:
                self._from_history = directory
                model = self._watcher.shown.model
                live = model is not None and model.directory == directory and model.live
                self._watcher.follow(directory, past=not live)

        self._from_history = None
        self._host.show_screen(HistoryScreen(self._bench.project, self._bench.value.id, cursor=cursor), take)

    def rehearse(self) -> None:
        """Of the run that is shown, else of the plan as it is edited."""
        self._host.in_background(self._rehearse, "rehearse", "walk the flow")

    async def _rehearse(self) -> None:
        from orch_tui.tui.rehearsal.opening import CannotRehearse, missing_variables, rehearsal_of, replay_of
        from orch_tui.tui.rehearsal.screen import RehearsalScreen

        project, value, model = self._bench.project, self._bench.value, self._watcher.shown.model
        try:
            if model is not None:
                screen = await replay_of(project, model.directory, value, in_tree=True)
            else:
                given: dict[str, str] | None = {}
                if missing := missing_variables(project, value):
                    given = await self._host.ask(Variables(missing))
                if given is None:
                    return
                screen = await rehearsal_of(project, value, given)
        except CannotRehearse as error:
            self._host.say(error.sentence, "error", seconds=12)
            return
        # To the tree and back, as often as is wanted, with what is assumed.
        while await self._host.ask(screen):
            if not await self._preview.rehearsed(screen.assuming, screen.about):
                return
            screen = RehearsalScreen(screen.assuming, screen.about, in_tree=True)

    def storage(self) -> None:
        """All stored tables of the project."""
        from orch_tui.tui.data.storage import StorageScreen

        self._host.show_screen(StorageScreen())

    def table(self, table: str) -> None:
        """The rows of a stored table."""
        from orch_tui.tui.data.table import TableScreen

        self._host.show_screen(TableScreen(self._bench.project.paths, table))
