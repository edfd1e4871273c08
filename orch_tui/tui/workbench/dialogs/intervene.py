"""What can be done to a run while it goes on, each with a key."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from orch_tui.model.texts.text import safe_line
from orch_tui.runs.people.interventions import InterventionChoice
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import run as actions
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import LineList, Part, Row
from orch_tui.tui.widgets.row_list import RowList
from orch_tui.tui.workbench.layout import look


class Intervene(Dialog[InterventionChoice | None]):
    """Dismissed with what is to be done; a key or Enter chooses something that can be done now."""

    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.INTERVENE)

    def __init__(self, choices: Sequence[InterventionChoice]) -> None:
        super().__init__()
        self._choices = choices

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line("Intervene")
            dialog.border_subtitle = line("a letter or Enter chooses, Esc closes")
            yield RowList([self._row(choice) for choice in self._choices], pick=True, id="parts")

    @staticmethod
    def _row(choice: InterventionChoice) -> Row:
        if choice.refused:
            return Row((Part(f" {choice.key}  {choice.label:<19}", "dim"), Part(safe_line(choice.refused, 80), "dim")))
        label = (Part(f" {choice.key}  ", "accent"), Part(f"{choice.label:<19}", "strong"))
        return Row((*label, Part(choice.detail, "dim")))

    def on_mount(self) -> None:
        self.set_focus(self.query_one(RowList))

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self._take(self._choices[event.index])

    def _take(self, choice: InterventionChoice) -> None:
        if choice.refused:
            self.notify(f"{choice.label}: {choice.refused}.", severity="warning", markup=False)
        else:
            self.dismiss(choice)

    def _take_id(self, wanted: str) -> None:
        for choice in self._choices:
            if choice.id == wanted:
                self._take(choice)

    def action_hold_run(self) -> None:
        self._take_id("hold-run")

    def action_hold_phase(self) -> None:
        self._take_id("hold-phase")

    def action_hold_task(self) -> None:
        self._take_id("hold-task")

    def action_retry(self) -> None:
        self._take_id("retry")

    def action_mark_done(self) -> None:
        self._take_id("mark-done")

    def action_skip(self) -> None:
        self._take_id("skip")

    def action_approve(self) -> None:
        self._take_id("approve")

    def action_reject(self) -> None:
        self._take_id("reject")

    def action_limit(self) -> None:
        self._take_id("limit")
