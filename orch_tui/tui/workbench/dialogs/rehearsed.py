"""A rehearsal in the tree of the workbench: the way of a run as it is assumed, and every rule with what it saw."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from orch_tui.model.orchestration.rules import rule_id
from orch_tui.runs.live.view import RunModel, phases_of
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import rehearsal as actions
from orch_tui.tui.dialogs.base import Dialog
from orch_tui.tui.rehearsal.model import Assuming
from orch_tui.tui.rehearsal.rows import ending_row, rows_of
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar
from orch_tui.tui.widgets.row_list import RowList
from orch_tui.tui.workbench.dialogs.run_preview import move_behind
from orch_tui.tui.workbench.layout import look
from orch_tui.tui.workbench.tree.phase_tree import PhaseTree
from orch_tui.tui.workbench.tree.run_rows import run_states

_NOTHING = "Nothing is assumed: each task succeeds and tells nothing."


class RehearsedInTree(Dialog[bool]):
    """Below the tree, which shows the way. Dismissed with True to assume something else.

    ``move`` moves the cursor of the tree behind by so many rows and gives the id of the row that it is on then.
    """

    CSS_PATH = look.OWN
    BINDINGS = bindings(actions.IN_TREE)

    def __init__(self, assuming: Assuming, title: str, move: Callable[[int], str | None]) -> None:
        super().__init__()
        self._rehearsal = assuming.rehearsal
        self._assumed = assuming.assumed
        self._title = title
        self._move = move
        self._about = _about_rows(assuming)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = line(f"Rehearsal of {self._title}", limit=80)
            yield RowList([ending_row(self._rehearsal)], driven=True, id="ending")
            assumed = f"Assumed: {', '.join(self._assumed)}" if self._assumed else _NOTHING
            yield Static(line(assumed, limit=300), id="assumed")
            yield Static(line(""), id="about")
        yield KeyBar()

    def on_mount(self) -> None:
        self._show(0)

    def _show(self, step: int) -> None:
        about = self._about.get(self._move(step) or "", "")
        self.query_one("#about", Static).update(line(about, limit=400))

    def action_down(self) -> None:
        self._show(1)

    def action_up(self) -> None:
        self._show(-1)

    def action_assume(self) -> None:
        self.dismiss(True)

    def action_leave(self) -> None:
        self.dismiss(False)

    def action_picture(self) -> None:
        from orch_tui.tui.rehearsal.picture import picture_of

        self.app.push_screen(picture_of(self._rehearsal))


def _about_rows(assuming: Assuming) -> Mapping[str, str]:
    """What there is to say of each row of the tree, by its id."""
    found = {}
    for one in rows_of(assuming.rehearsal, assuming.assumed):
        phase = one.phase if one.rule is None or one.phase is None else rule_id(one.phase, one.rule)
        found[one.task or phase or ""] = one.about
    return found


async def look_in_tree(
    tree: PhaseTree, assuming: Assuming, title: str, ask: Callable[[RehearsedInTree], Awaitable[bool | None]]
) -> bool:
    """Show in the tree what would become of each phase, task and rule, and below it the dialog; True to assume
    something else."""
    model = RunModel(Path(), assuming.rehearsal.state, live=False)
    states = run_states(model, model.state.tasks, model.state.phases, model.now(), wide=True)
    tree.show(phases_of(model))
    # What is assumed has no times: names, reasons and what rules saw have the room of the bars.
    tree.show_states(states, None)

    def move(step: int) -> str | None:
        move_behind(tree, step)
        return tree.item.id if tree.item is not None else None

    return await ask(RehearsedInTree(assuming, title, move)) is True
