"""Pick a phase, or type the name of a new one: for moving tasks and for merging phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from orch_tui.model.edits.edits import name_key
from orch_tui.model.orchestration.orchestration import Phase
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import workbench as actions
from orch_tui.tui.dialogs.finding import FindingDialog
from orch_tui.tui.filtering import filter_words, matches
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.row_list import RowList
from orch_tui.tui.workbench.layout import look


@dataclass(frozen=True, slots=True)
class PhaseChoice:
    """Either a phase that exists, by its id, or the name of a new one."""

    phase_id: str | None = None
    name: str | None = None


class PickPhase(FindingDialog[PhaseChoice | None]):
    """Type to filter the phases; a name that none has makes a new one. Dismissed with None on Escape."""

    CSS_PATH = look.DIALOG
    VERTICAL_BREAKPOINTS = look.HEIGHTS
    BINDINGS = bindings(actions.DIALOGS, "pick-phase")

    def __init__(self, title: str, phases: Sequence[Phase], *, here: frozenset[str] = frozenset(), hint: str) -> None:
        """``here`` are the phases that the tasks are in now; the cursor starts on the first other one."""
        placeholder = "Type a new name, or a part of one that exists"
        super().__init__(Input(placeholder=placeholder, id="text", compact=True))
        self._title = title
        self._phases = phases
        self._here = here
        self._hint = hint
        self._choices: list[PhaseChoice] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="medium") as dialog:
            dialog.border_title = line(self._title)
            dialog.border_subtitle = line("Enter takes it, Esc cancels")
            yield self.field
            yield RowList(pick=True, driven=True, id="phases")
            yield Static(line(self._hint), id="hint")
            with Horizontal(id="buttons"):
                yield Button(line("Cancel"), id="cancel", compact=True)

    def on_mount(self) -> None:
        self.narrow("")
        self.set_focus(self.field)

    @property
    def driven(self) -> LineList:
        return self.query_one(RowList)

    def narrow(self, text: str) -> None:
        words, name = filter_words(text), text.strip()
        rows: list[Row] = []
        choices: list[PhaseChoice] = []
        first: int | None = None
        for number, phase in enumerate(self._phases, 1):
            if not matches(phase.name, words):
                continue
            if first is None and phase.id not in self._here:
                first = len(rows)
            right = f"{counted(len(phase.tasks), 'task')} {'(here) ' if phase.id in self._here else ''}"
            label = Part(safe_line(phase.name, 200), "dim" if phase.id in self._here else "text")
            rows.append(Row((Part(f" {number} ", "dim"), label), (Part(right, "dim"),)))
            choices.append(PhaseChoice(phase_id=phase.id))
        if name and all(name_key(phase.name) != name_key(name) for phase in self._phases):
            rows.append(Row((Part(" + ", "accent"), Part("New phase "), Part(safe_line(name, 200), "strong"))))
            choices.append(PhaseChoice(name=name))
            first = len(rows) - 1 if first is None else first
        self._choices = choices
        self.query_one(RowList).show(rows, first or 0)

    def action_enter(self) -> None:
        self.do(self._enter)

    def _enter(self) -> None:
        if self.focused is not None and self.focused.id == "cancel":
            self.dismiss(None)
        elif self._choices:
            self.dismiss(self._choices[self.query_one(RowList).cursor])

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.dismiss(self._choices[event.index])

    def on_button_pressed(self) -> None:
        self.dismiss(None)
