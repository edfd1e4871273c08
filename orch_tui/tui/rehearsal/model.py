"""What is assumed in a rehearsal, with undo, and where a run would go. No Textual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orch_tui.engine.phases.rules import condition_of
from orch_tui.engine.trials.rehearsal import Rehearsal
from orch_tui.model.edits.undo import EditHistory
from orch_tui.model.status import FINAL, Status
from orch_tui.runs.planning.rehearsing import Flow, facts_text
from orch_tui.tui.dialogs.pick import Choice

_FACTS = ("rows", "files", "seconds", "attempts", "exit_code", "error")
_ENDS = (
    Status.ERROR,
    Status.WARNING,
    Status.SUCCESS,
    *(one for one in FINAL if one not in (Status.ERROR, Status.WARNING, Status.SUCCESS)),
)


class Assuming:
    """``rehearsal`` is the walk with what is assumed now."""

    def __init__(self, flow: Flow) -> None:
        """Walks it once. Raises: what a condition that cannot be loaded raises."""
        self.flow = flow
        self._history: EditHistory[tuple[str, ...]] = EditHistory(())
        self.rehearsal: Rehearsal = flow.walk()

    @property
    def assumed(self) -> tuple[str, ...]:
        """As they were typed, in their order; of each fact one."""
        return self._history.value

    def assume(self, text: str) -> None:
        """In the place of what was assumed of the same fact. Raises: AssumptionFault."""
        name, _, value = (part.strip() for part in text.partition("="))
        others = [one for one in self.assumed if one.partition("=")[0] != name]
        self._take((*others, f"{name}={value}"), f"{name}={value}")

    def forget(self, texts: Iterable[str]) -> None:
        gone = set(texts)
        self._take(tuple(one for one in self.assumed if one not in gone), "forgetting")

    def of_task(self, task: str) -> list[str]:
        """What is assumed of a task."""
        return [one for one in self.assumed if one.startswith(f"task.{task}.")]

    def undo(self) -> None:
        """Raises: NothingToUndo."""
        self._history.undo()
        self.rehearsal = self.flow.walk(self.assumed)

    def redo(self) -> None:
        """Raises: NothingToUndo."""
        self._history.redo()
        self.rehearsal = self.flow.walk(self.assumed)

    def _take(self, assumed: tuple[str, ...], label: str) -> None:
        self.rehearsal = self.flow.walk(assumed)
        if assumed != self.assumed:
            self._history.push(assumed, label)

    def choices_of_task(self, task: str) -> list[Choice]:
        """What can be assumed of a task: facts that rules ask for first, then how it ends, then the other facts. An id
        with an = behind it is to be filled in."""
        asked = [one for one in self.flow.asked_of(task) if not one.endswith(".status")]
        facts = [*asked, *(one for fact in _FACTS if (one := f"task.{task}.{fact}") not in asked)]
        ends = [
            Choice(f"task.{task}.status={one.value}", f"ends in {one.value}", f"task.{task}.status={one.value}")
            for one in _ENDS
        ]
        told = [
            Choice(f"{one}=", f"{one.rpartition('.')[2]} …", one, "a rule asks for it" if one in asked else "")
            for one in facts
        ]
        return [*told[: len(asked)], *ends, *told[len(asked) :]]

    def choices_of_rule(self, phase: str, rule: int) -> list[Choice]:
        """The facts that a rule asks for, to be filled in."""
        text = self.rehearsal.state.phases[phase].rules[rule].when
        if text is None:
            return []
        names = [
            facts_text(one) or (one.text if one.root == "vars" and one.keys else "")
            for one in condition_of(text).references
        ]
        return [Choice(f"{name}=", name, "is …") for name in dict.fromkeys(names) if name]


def current_value(assumed: Sequence[str], name: str) -> str:
    """What is assumed of a fact now; empty for nothing."""
    return next((value for one in assumed for key, _, value in [one.partition("=")] if key == name), "")
