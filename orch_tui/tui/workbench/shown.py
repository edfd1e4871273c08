"""What the workbench shows: the plan, a run that is followed, or one as it ran. No Textual."""

from __future__ import annotations

from dataclasses import dataclass

from orch_tui.model.orchestration.orchestration import Orchestration, Phase
from orch_tui.model.run.runstate import TaskState
from orch_tui.runs.live.view import RunModel, phases_of
from orch_tui.tui.actions import workbench as actions

OF_A_RUN = frozenset(
    (
        "run.cancel",
        "run.intervene",
        "run.take-over",
        "run.failure",
        "run.approval",
        "run.log",
        "run.text",
        "run.copy-command",
        "run.nested",
    )
)
"""The ids of the actions that need a run, or a certain one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The one place that says what can be done to what is on the screen.

    ``model`` is the run, None for the plan. A run has the phases that it was started with, whatever was edited since,
    and no edit changes it. One that is ``past`` was opened to look at it: it is followed no further once nobody
    executes it.
    """

    model: RunModel | None = None
    past: bool = False

    def phases(self, plan: Orchestration) -> tuple[Phase, ...]:
        """What the tree has: the phases of the run, or of the orchestration as it is edited."""
        return plan.phases if self.model is None else phases_of(self.model)

    @property
    def moving(self) -> bool:
        """True while it is worth another look."""
        return self.model is not None and self.model.moving and not (self.past and self.model.interrupted)

    @property
    def going_on(self) -> bool:
        """Whether it is a run that somebody executes, and that was not opened to look back at it."""
        return self.model is not None and self.model.live and not self.past

    def task(self, task_id: str | None) -> TaskState | None:
        """A task, or a part of one, as the run has it; None for a phase, and in the plan."""
        if self.model is None or task_id is None or task_id not in self.model.state:
            return None
        return self.model.state.task(task_id)

    def allows(self, action_id: str) -> bool:
        """Whether an action has something to work on."""
        model = self.model
        if action_id in actions.CHANGES:
            return model is None
        if action_id not in OF_A_RUN:
            return True
        if model is None:
            return False
        match action_id:
            case "run.cancel" | "run.intervene":
                return model.live and not model.finished
            case "run.take-over":
                return model.interrupted
            case "run.failure":
                return model.state.first_failure is not None
            case "run.approval":
                return bool(model.state.asking)
            case "run.nested":
                return bool(model.children)
            case _:
                return True
