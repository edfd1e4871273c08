"""From other orchestrations into this one, and from a configuration to an orchestration that runs it by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.components.configuration import split_ref
from orch_tui.model.edits import edits
from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.files.source import DefinitionError
from orch_tui.tui.dialogs.pick import Choice, Pick
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.workbench.host import Asks, Rows
from orch_tui.tui.workbench.model import Workbench

if TYPE_CHECKING:
    from orch_tui.model.orchestration.orchestration import Orchestration
    from orch_tui.tui.workbench.catalog import ConfigurationEntry

_DAILY = "0 6 * * *"


class Chosen(Protocol):
    """What is under the cursor of the list of configurations, if that has the focus."""

    def configuration_in_focus(self) -> ConfigurationEntry | None:
        """None where the tree, or something else, has it."""


class OtherOrchestrations:
    """``attempt`` carries an edit out, shows it, and says why it was refused."""

    def __init__(
        self,
        bench: Workbench,
        rows: Rows,
        host: Asks,
        chosen: Chosen,
        attempt: Callable[[Callable[[], object], str | None], bool],
    ) -> None:
        self._bench, self._rows, self._host = bench, rows, host
        self._chosen, self._attempt = chosen, attempt

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {"workbench.copy-phases": self.copy_phases, "workbench.automate": self.automate}

    async def copy_phases(self) -> None:
        """Pick another orchestration; its phases with their tasks come behind the phase of the cursor."""
        found = [one for one in self._bench.project.orchestration_ids() if one != self._bench.value.id]
        choices = [choice for one in found if (choice := self._choice(one)) is not None]
        if not choices:
            self._host.say("There is no other orchestration with tasks to copy.", "warning")
            return

        def take(answer: str | None) -> None:
            if answer is not None:
                self._copy(answer)

        await self._host.push(Pick("Copy all tasks of", choices, "type a part of its name"), take)

    def _choice(self, orchestration_id: str) -> Choice | None:
        value = self._read(orchestration_id)
        number = sum(1 for _ in value.tasks()) if value is not None else 0
        if value is None or not number:
            return None
        right = f"{counted(len(value.phases), 'phase')}, {counted(number, 'task')}"
        return Choice(orchestration_id, value.name, orchestration_id, right)

    def _read(self, orchestration_id: str) -> Orchestration | None:
        try:
            return self._bench.project.orchestration(orchestration_id)
        except DefinitionError:
            # The list of orchestrations says what is wrong with it.
            return None

    def _copy(self, orchestration_id: str) -> None:
        other = self._read(orchestration_id)
        if other is None:
            self._host.say(f"{safe_line(orchestration_id, 60)} cannot be read any more.", "error")
            return
        bench, before = self._bench, self._bench.value
        phase = bench.phase_of(self._rows.item)
        position = before.phases.index(phase) + 1 if phase is not None else None

        def edit() -> None:
            bench.push(edits.copy_phases(before, other, position), f"tasks of {safe_line(other.name, 40)}")

        if not self._attempt(edit, None):
            return
        ids = edits.new_task_ids(before, bench.value)
        self._rows.go_to(ids[0])
        rules = sum(len(one.rules) for one in other.phases)
        left = f"; its {counted(rules, 'rule')} stayed behind" if rules else ""
        self._host.say(f'{counted(len(ids), "task")} of "{safe_line(other.name, 60)}" came{left}.')

    async def automate(self) -> None:
        """Make an orchestration that runs the configuration under the cursor by a schedule."""
        from orch_tui.project.schedules.cron import cron_problem

        ref = self._ref()
        if ref is None:
            self._host.say("Put the cursor on a task or a configuration; it gets an orchestration.", "warning")
            return
        label = self._bench.catalog.entry(ref).name

        def wrong(text: str) -> str | None:
            problem = cron_problem(text.strip())
            return f"It is no schedule: {problem}." if problem else None

        def take(cron: str | None) -> None:
            if cron is not None:
                self._make(ref, label, cron.strip())

        hint = "minute hour day month weekday, or @daily; Enter makes an orchestration that runs it so"
        await self._host.push(Prompt(f"Automate {safe_line(label, 60)}", _DAILY, wrong, _DAILY, hint), take)

    def _ref(self) -> str | None:
        chosen = self._chosen.configuration_in_focus()
        if chosen is not None:
            return chosen.ref
        item = self._rows.item
        if isinstance(item, Phase) and len(item.tasks) == 1:
            item = item.tasks[0]
        return item.configuration if isinstance(item, Task) else None

    def _make(self, ref: str, label: str, cron: str) -> None:
        from orch_tui.project.saving.catalog import create_orchestration
        from orch_tui.project.saving.writer import ChangedOnDisk, SaveError

        project = self._bench.project
        component, _ = split_ref(ref)
        name = f"{label} (automated)" if component == ORCHESTRATION_COMPONENT else label
        value = edits.automation_of(ref, name, cron, project.orchestration_ids())
        try:
            create_orchestration(project, value)
        except (ChangedOnDisk, DefinitionError, SaveError) as error:
            self._host.say(str(error), "error")
            return
        zone = project.settings.timezone or "this machine's time"
        self._host.say(f'The orchestration "{safe_line(value.name, 60)}" starts it: {cron} in {zone}.', seconds=10)
