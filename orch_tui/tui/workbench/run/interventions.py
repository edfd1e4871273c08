"""What people do to the run that is shown while it goes on: chosen, given a reason, and asked of its executor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from orch_tui.engine.requests.wishes import expected
from orch_tui.model.events.interventions import ANSWERS, Intervention, InterventionKind
from orch_tui.model.orchestration.orchestration import Phase
from orch_tui.model.orchestration.rules import phase_of_id
from orch_tui.model.run.runstate import TaskState
from orch_tui.project.journal.file import BrokenJournal, read_run
from orch_tui.runs.live.control import CannotRun, RunControl
from orch_tui.runs.live.view import RunModel
from orch_tui.runs.people.interventions import choices_for
from orch_tui.runs.people.responding import asked_words
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.workbench.dialogs.answer import Approve
from orch_tui.tui.workbench.dialogs.intervene import Intervene
from orch_tui.tui.workbench.host import Asks, Rows
from orch_tui.tui.workbench.run.starter import say_no_run
from orch_tui.tui.workbench.run.watcher import RunWatcher
from orch_tui.tui.workbench.tree.rule_row import RuleRow


class InterventionController:
    """One key, a list of what can be done now, and a line for the reason."""

    def __init__(
        self,
        rows: Rows,
        task_shown: Callable[[], TaskState | None],
        watcher: RunWatcher,
        control: RunControl,
        host: Asks,
    ) -> None:
        """``task_shown`` is the task, or the part of one, under the cursor as the shown run has it."""
        self._rows = rows
        self._task_shown = task_shown
        self._watcher = watcher
        self._control = control
        self._host = host

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {"run.intervene": self.intervene}

    def intervene(self) -> None:
        """Show what can be done to the run, and to what is under the cursor."""
        model = self._watcher.shown.model
        if model is None:
            say_no_run(self._host)
        elif model.finished:
            self._host.say("The run that is shown has ended; R runs again what failed.", "warning")
        elif model.interrupted:
            self._host.say("Nobody executes this run; T takes it over, then this can be done.", "warning")
        else:
            self._host.in_background(partial(self._ask, model), "intervene", "ask what is to be done to a run")

    async def _ask(self, model: RunModel) -> None:
        task, phase = self._under_cursor(model)
        try:
            state = await asyncio.to_thread(expected, model.directory, lambda: read_run(model.directory))
        except (OSError, BrokenJournal) as error:
            self._host.say(f"Run {model.directory.name} cannot be read: {error}", "error", seconds=12)
            return
        choice = await self._host.ask(Intervene(choices_for(state, task, phase)))
        if choice is None:
            return
        if choice.one.kind in ANSWERS and choice.one.task is not None:
            await self._answer(model, choice.one.kind, choice.one.task)
            return
        if choice.one.kind is InterventionKind.LIMIT:
            number = await self._host.ask(Prompt(choice.label, str(choice.one.limit), _wrong_number))
            if number is None:
                return
            choice = replace(choice, one=replace(choice.one, limit=int(number)))
        title = f"{choice.label}: why?"
        reason = await self._host.ask(Prompt(title, placeholder="It stands in the journal; it may be empty"))
        if reason is not None:
            self._tell(model.directory, replace(choice.one, note=reason.strip()))

    def answer(self, kind: InterventionKind, task: str) -> None:
        """A key of the card of an approval."""
        model = self._watcher.shown.model
        if model is not None:
            self._host.in_background(partial(self._answer, model, kind, task), "intervene", "answer what a run asks")

    async def _answer(self, model: RunModel, kind: InterventionKind, task: str) -> None:
        question = model.state.task(task).question
        if question is None:
            self._host.say("It has its answer already.", "warning")
        elif kind is InterventionKind.APPROVE:
            answer = await self._host.ask(Approve(question))
            if answer is not None:
                self._tell(model.directory, Intervention("", kind, "", answer.note, task, given=answer.values))
        else:
            why = await self._host.ask(Prompt("Reject: why?", placeholder="It stands in the journal; it may be empty"))
            if why is not None:
                self._tell(model.directory, Intervention("", kind, "", why.strip(), task))

    def _tell(self, directory: Path, one: Intervention) -> None:
        try:
            silent = self._control.intervene(directory, one)
        except CannotRun as error:
            self._host.say(str(error), "error")
            return
        if silent is not None:
            self._host.say(asked_words(silent), "error", seconds=20)

    def _under_cursor(self, model: RunModel) -> tuple[str | None, str | None]:
        """The task and the phase, as the run has them."""
        item = self._rows.item
        if item is None:
            return None, None
        if isinstance(item, Phase | RuleRow):
            phase = phase_of_id(item.id)
            return None, phase if phase in model.state.phases else None
        task = self._task_shown()
        return (None, None) if task is None else (task.id, task.phase)


def _wrong_number(text: str) -> str | None:
    return None if text.strip().isdecimal() and int(text) > 0 else "Type a whole number from 1 on."
